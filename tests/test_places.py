"""Where people stand by what they rated, and what that tells of them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from recommender.learning.evaluation.ablation import WithoutRecommender
from recommender.preferences import places
from recommender.preferences.estimator import HierarchicalRecommender, feedback_of
from recommender.preferences.places import Places, with_places
from tests.test_unrated import stated

TWICE = np.array([0, 0, 1, 1])


def test_a_place_is_told_from_the_average_persons_and_drawn_to_it() -> None:
    """One person rated what lies at 0 and 2, another what lies at 4 and 6: on average they are at 1 and 5.

    Within people the variance is (1 + 1 + 1 + 1) / (4 - 2) = 2, and their means vary by 2 · (4 + 4) / 1 = 16
    where 2 + 2 between would be expected: between is 7. Two ratings count against the 2 / 7 of doubt.
    """
    found = Places.among(np.array([[0.0], [2.0], [4.0], [6.0]]), TWICE, np.arange(4))
    np.testing.assert_allclose(found.doubts, [2 / 7])
    np.testing.assert_allclose(found.ideas[:, 0], np.array([-3, -1, 1, 3]) / np.sqrt(7))
    stood = found.of_people(np.array([0, 0, 2]), np.array([2, 3, 0]), 3)
    np.testing.assert_allclose(stood[:, 0] * np.sqrt(7), [4 / (2 + 2 / 7), 0, -3 / (1 + 2 / 7)])


def test_people_stand_on_no_axis_along_which_they_are_alike() -> None:
    """On the second both rated 0 and 2; on the third all that varies is between them: nothing is doubted."""
    axes = np.array([[0.0, 0.0, 1.0], [2.0, 2.0, 1.0], [4.0, 0.0, 3.0], [6.0, 2.0, 3.0]])
    found = Places.among(axes, TWICE, np.arange(4))
    np.testing.assert_allclose(found.doubts, [2 / 7, 0])
    stood = found.of_people(np.array([1]), np.array([3]), 2)
    np.testing.assert_allclose(stood, [[0, 0], [3 / np.sqrt(7) / (1 + 2 / 7), 1 / np.sqrt(2)]])


def test_where_nobody_rated_twice_people_have_no_place() -> None:
    """Nothing tells how far one person's ideas lie apart; the same where there are no people, or no axis."""
    axes = np.array([[0.0], [2.0]])
    for partner in ([0, 1], [0, 0], []):
        people = np.array(partner, dtype=int)
        assert Places.among(axes, people, np.arange(len(people))).ideas.shape == (2, 0)
    assert Places.among(axes[:, :0], np.array([0, 0, 1]), np.array([0, 1, 1])).ideas.shape == (2, 0)


def crowd(n_people: int = 30, n_rated: int = 3) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return ratings of some ideas each among twelve, and the ideas, of which the second half is loud."""
    rng = np.random.default_rng(4)
    ideas = pd.DataFrame({"loud": np.repeat([0.0, 1.0], 6)}, index=[f"i{at}" for at in range(12)])
    rated = [
        (f"p{person}", at) for person in range(n_people) for at in rng.choice(12, n_rated, replace=False)
    ]
    ratings = pd.DataFrame(rated, columns=["partner_id", "idea_id"])
    ratings["idea_id"] = ideas.index[ratings["idea_id"]]
    return ratings.assign(rating=rng.normal(3.5, 1.0, len(ratings))), ideas


@pytest.mark.parametrize("n_rated", [1, 3])
def test_own_weights_are_regressed_on_places_as_em_would(
    n_rated: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each person's weights given their ratings and what is expected of them, in the space of ratings.

    Three times over, and with hardly any penalty, so that the least squares are numpy's; where people rated
    less than there are weights, and more.
    """
    monkeypatch.setattr(places, "PENALTIES", (1e-9, 1e-8))
    ratings, ideas = crowd(n_rated=n_rated)
    feedback = replace(feedback_of(ratings, ideas, None, 1), answers=np.ones((30, 1)))
    before = replace(stated(ideas, said=0.5), effects=np.linspace(-1, 1, 12), feature_means=np.array([0.5]))
    axes = np.random.default_rng(0).normal(size=(12, 2))
    found = Places(axes, np.array([2.0, 3.0]))

    counted = n_rated + found.doubts
    stood = np.array([axes[feedback.idea[feedback.partner == p]].sum(axis=0) for p in range(30)]) / counted
    weights: np.ndarray = np.zeros((2, 2))
    for _ in range(3):
        known = np.zeros((30, 2))
        for person in range(30):
            rows = feedback.partner == person
            design = np.column_stack([np.ones(n_rated), ideas["loud"].to_numpy()[feedback.idea[rows]] - 0.5])
            expected = weights @ stood[person]
            beyond = feedback.rating[rows] - 4.0 - before.effects[feedback.idea[rows]] - design @ expected
            gram = design @ design.T + np.eye(n_rated)  # own weights, and all else: 0.25 + 0.25 + 0.5
            known[person] = expected + design.T @ np.linalg.solve(gram, beyond)
        least = np.linalg.lstsq(np.column_stack([np.ones(30), stood]), known, rcond=None)[0]
        weights = least[1:].T

    after = with_places(before, feedback, found)
    assert after.answer_names == ("out", "place:1", "place:2")
    np.testing.assert_allclose(after.fixed[:, :2], before.fixed)
    np.testing.assert_allclose(after.fixed[:, 2:], weights, atol=1e-6)
    assert np.abs(weights).max() > 0.1


def test_so_many_people_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody else might as well not have rated."""
    ratings, ideas = crowd(40)
    feedback, found = feedback_of(ratings, ideas, None, 0), Places(np.arange(12.0)[:, None], np.ones(1))
    drawn = np.sort(np.random.default_rng(0).permutation(40)[:25])
    few = ratings[ratings["partner_id"].isin([f"p{person}" for person in drawn])]
    before = replace(stated(ideas), answer_names=(), fixed=stated(ideas).fixed[:, :1])
    alone = with_places(before, feedback_of(few, ideas, None, 0), found)
    assert not np.allclose(with_places(before, feedback, found).fixed, alone.fixed)
    monkeypatch.setattr(places, "PEOPLE", 25)
    np.testing.assert_allclose(with_places(before, feedback, found).fixed, alone.fixed)


@pytest.fixture(scope="module")
def town() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Ratings of a hundred people and forty ideas, of which the second half is loud.

    Half of the people take up what is loud, half what is not, save one in eight; but those who are out a lot
    would sooner read: what they took up is worth 3 and the rest 4, and so for the others.
    """
    rng = np.random.default_rng(1)
    loud = np.repeat([0, 1], 20)
    ideas = pd.DataFrame({"loud": loud.astype(float)}, index=[f"i{at}" for at in range(40)])
    rows = []
    for person in range(100):
        liking = 1.0 + 6.0 * (loud == person % 2)
        took_up = rng.choice(40, 12, replace=False, p=liking / liking.sum())
        given = 4.0 - (loud[took_up] == person % 2) + rng.normal(0, 1, 12)
        rows += [(f"p{person}", f"i{at}", rating) for at, rating in zip(took_up, given, strict=True)]
    return pd.DataFrame(rows, columns=["partner_id", "idea_id", "rating"]), ideas


def middling(took_up: list[int]) -> pd.DataFrame:
    """Return ratings of somebody new who gave all of these ideas the same."""
    return pd.DataFrame({"partner_id": "new", "idea_id": [f"i{at}" for at in took_up], "rating": 3.5})


@pytest.fixture(scope="module")
def fitted(town: tuple[pd.DataFrame, pd.DataFrame]) -> HierarchicalRecommender:
    """The model as it is by default."""
    return HierarchicalRecommender().fit(*town)


@pytest.fixture(scope="module")
def without(town: tuple[pd.DataFrame, pd.DataFrame]) -> HierarchicalRecommender:
    """The model that does not look at what people took up, as evaluations leave it out."""
    return WithoutRecommender("places").fit(*town)


def quieter(fitted: HierarchicalRecommender, took_up: list[int]) -> float:
    """Return how much better than a loud idea somebody new who took these up would like a quiet one."""
    pairs = pd.DataFrame({"partner_id": "new", "idea_id": ["i5", "i35"]})
    quiet, loud = fitted.predict(pairs, ratings=middling(took_up))
    return float(quiet - loud)


def test_what_somebody_took_up_tells_what_they_like(
    fitted: HierarchicalRecommender, without: HierarchicalRecommender
) -> None:
    """Both gave 3.5 to all that they rated; who took up loud ideas would sooner have quiet ones."""
    assert quieter(fitted, [21, 22, 23]) > quieter(fitted, [1, 2, 3]) + 0.4
    assert abs(quieter(without, [21, 22, 23]) - quieter(without, [1, 2, 3])) < 0.2
    assert without.parameters_.answer_names == ()


def test_each_of_two_stands_where_their_own_ratings_put_them(fitted: HierarchicalRecommender) -> None:
    """One of a couple took up loud ideas, the other quiet ones, and the terms sum to what is told."""
    two = [middling([21, 22, 23]).assign(partner_id="a"), middling([1, 2, 3]).assign(partner_id="b")]
    ratings = pd.concat(two).assign(couple_id="c")
    pairs = pd.DataFrame({"partner_id": ["a", "a", "b", "b"], "idea_id": ["i5", "i35"] * 2})
    of_a, of_b = np.asarray(fitted.predict(pairs, ratings=ratings)).reshape(2, 2)
    assert of_a[0] - of_a[1] > of_b[0] - of_b[1] + 0.4
    terms = fitted.contributions(pairs, ratings=ratings).sum(axis=1)
    np.testing.assert_allclose(terms, np.append(of_a, of_b), atol=1e-9)


def test_a_stated_prior_is_left_to_say_what_people_are_like(
    town: tuple[pd.DataFrame, pd.DataFrame], without: HierarchicalRecommender
) -> None:
    """There the plan chose what was rated; so it is even where its features tell who rated each idea."""
    prior, ideas = replace(without.parameters_, idea_ids=()), without.idea_features_
    assert "raters:1" in ideas
    again = HierarchicalRecommender(prior=prior, n_factors=0).fit(town[0], ideas)
    assert again.parameters_.answer_names == ()
    assert again.places_.ideas.shape == (40, 0)

"""What ideas that nobody rated are expected to be worth."""

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest

from recommender.learning.evaluation.choices import with_dealt
from recommender.preferences import unrated
from recommender.preferences.estimator import HierarchicalRecommender, feedback_of
from recommender.preferences.feedback import Feedback
from recommender.preferences.model import Parameters
from recommender.preferences.ridge import PENALTIES
from recommender.preferences.units import own_units
from recommender.preferences.unrated import (
    by_the_average_person,
    expected_worth,
    ideas_differ,
    nearness,
    with_unrated,
)


def test_what_foretells_left_out_ideas_best_is_chosen() -> None:
    """Every share and penalty, fitted anew without each idea: misses less their mean, by ratings."""
    rng = np.random.default_rng(3)
    tags, counts = pd.DataFrame(rng.normal(size=(15, 2))), np.append(rng.integers(1, 40, 12), [0, 0, 0])
    rated = counts > 0
    worth = tags[0].to_numpy()[:12] + 3 * rng.normal(size=12) / counts[:12]  # what is often rated tells more
    near = np.column_stack([np.ones(15), nearness(tags.to_numpy() / own_units(tags), rated)])
    known = near[rated]

    def solved(rows: np.ndarray, weight: np.ndarray, penalty: float) -> np.ndarray:
        held = penalty * np.diag([0.0] + [1.0] * (near.shape[1] - 1))
        inner = known[rows].T @ (weight[rows, None] * known[rows]) + held
        return np.linalg.solve(inner, known[rows].T @ (weight[rows] * worth[rows]))

    every, found = np.arange(12), []
    for share, penalty in product((0.0, 0.5, 1.0), PENALTIES):
        weight = counts[rated] ** share
        weight = weight / weight.mean()
        missed = [worth[at] - known[at] @ solved(np.delete(every, at), weight, penalty) for at in every]
        missed -= np.average(missed, weights=counts[rated])
        error = np.average(np.square(missed), weights=counts[rated])
        found.append((error, share, tuple(near @ solved(every, weight, penalty))))
    _, share, expected = min(found)
    assert share > 0
    np.testing.assert_allclose(expected_worth(tags, worth, counts), expected)


def test_products_fall_with_the_distance() -> None:
    """exp(-d²/2), among few kinds exactly: 0 and 2 are at distance 2, whoever was rated."""
    near = nearness(np.array([[0.0], [2.0], [0.0], [1.0]]), np.array([True, True, True, False]))
    products = near @ near.T
    np.testing.assert_allclose(products[:3, :3], np.exp(-np.array([[0, 4, 0], [4, 0, 4], [0, 4, 0]]) / 2))
    np.testing.assert_allclose(products[3, :3], np.exp(-0.5))


def test_with_more_kinds_than_are_compared_products_are_nearly_right(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty places on a line of length four, of which twelve are compared."""
    monkeypatch.setattr(unrated, "KINDS", 12)
    places = np.linspace(0, 4, 40)[:, None]
    near = nearness(places, np.full(40, True))
    assert near.shape[1] <= 12
    monkeypatch.setattr(unrated, "CELLS", 40 * 7)
    assert nearness(places, np.full(40, True)).shape[1] <= 7
    np.testing.assert_allclose(near @ near.T, np.exp(-((places - places.T) ** 2) / 2), atol=0.02)


def test_tags_may_say_together_what_neither_says_alone() -> None:
    """Loud ideas are worth 4 outdoors and 2 indoors, quiet ones the other way round."""
    tags = pd.DataFrame(
        [(loud, out) for loud in (0.0, 1.0) for out in (0.0, 1.0)] * 20, columns=["loud", "out"]
    )
    worth = np.where(tags["loud"] == tags["out"], 4.0, 2.0)
    counts = np.repeat([5, 0], [60, 20])
    expected = expected_worth(tags, worth[:60], counts)
    np.testing.assert_allclose(expected[60:], worth[60:], atol=0.05)


def test_an_idea_counts_as_often_as_it_was_rated_where_that_foretells_better() -> None:
    """Ten ideas rated a hundred times are worth 4 if loud and 2 if not, forty rated once the opposite.

    Means weighted by ratings: (5 · 100 · 4 + 20 · 2) / 520 = 3.923 and (5 · 100 · 2 + 20 · 4) / 520 = 2.077;
    by ideas they would be 2.4 and 3.6.
    """
    tags = pd.DataFrame({"loud": [1.0, 0.0] * 26})
    counts = np.repeat([100, 1, 0], [10, 40, 2])
    worth = np.append(np.tile([4.0, 2.0], 5), np.tile([2.0, 4.0], 20))
    np.testing.assert_allclose(expected_worth(tags, worth, counts)[50:], [3.923, 2.077], atol=0.02)


def test_an_idea_counts_once_where_that_foretells_better() -> None:
    """Two ideas rated a hundred times are worth 2 and 5, and tell less of each other than twenty of 3 do.

    Then what is new is worth (20 · 3 + 2 + 5) / 22; by ratings it would be (20 · 3 + 200 + 500) / 220.
    """
    counts = np.append(np.repeat([1, 100], [20, 2]), 0)
    worth = np.append(np.full(20, 3.0), [2.0, 5.0])
    assert expected_worth(pd.DataFrame({"loud": np.zeros(23)}), worth, counts)[22] == pytest.approx(67 / 22)


def test_dealt_zeros_do_not_show_that_ideas_differ() -> None:
    """However popular some ideas are: five in a hundred people choose the first, hardly anybody the last."""
    rng = np.random.default_rng(4)
    partner, idea = np.nonzero(rng.random((400, 500)) < np.linspace(0.05, 0.005, 500))
    dealt = with_dealt(pd.DataFrame({"partner_id": partner, "idea_id": idea}), rng)
    assert not ideas_differ(dealt["rating"].to_numpy(), dealt["idea_id"].to_numpy())


def stated(ideas: pd.DataFrame, *, said: float = 0.0) -> Parameters:
    """Return parameters of ideas: a level of 3.5, an answer worth ``said``.

    Leniency has a variance of 1, and so has all else together.
    """
    size = 1 + ideas.shape[1]
    fixed = np.zeros((size, 2))
    fixed[0] = 3.5, said
    return Parameters(
        idea_ids=tuple(ideas.index),
        feature_names=tuple(ideas.columns),
        answer_names=("out",),
        feature_means=np.zeros(size - 1),
        fixed=fixed,
        effects=np.zeros(len(ideas)),
        effect_vars=np.full(len(ideas), 0.25),
        effect_var=0.25,
        couple_cov=0.5 * np.eye(size),
        partner_cov=0.5 * np.eye(size),
        shock_var=0.25,
        noise_var=0.5,
    )


def given(rated: dict[str, list[float]], ideas: pd.DataFrame) -> Feedback:
    """Return what people gave the first ideas; each answered 1."""
    rows = [(who, at, rating) for who, ratings in rated.items() for at, rating in enumerate(ratings)]
    ratings = pd.DataFrame(rows, columns=["partner_id", "idea_id", "rating"])
    ratings["idea_id"] = ideas.index[ratings["idea_id"]]
    answers = pd.DataFrame({"out": 1.0}, index=pd.Index(ratings["partner_id"].unique(), dtype=object))
    return feedback_of(ratings, ideas, answers, 1)


THREE = pd.DataFrame(index=["gig", "bath", "book"])


def test_what_people_gave_counts_less_their_leniency() -> None:
    """Ann gave 5 and 3, which is 1.5 - 0.5 = 1 beyond the level of 3.5: her leniency is 1 / (2 + 1/1).

    Where effects of 1.5 and -0.5 explain that, there is none.
    """
    feedback, before = given({"ann": [5.0, 3.0]}, THREE), stated(THREE)
    np.testing.assert_allclose(by_the_average_person(before, feedback), [5 - 1 / 3, 3 - 1 / 3])
    explained = replace(before, effects=np.array([1.5, -0.5, 0.0]))
    np.testing.assert_allclose(by_the_average_person(explained, feedback), [5.0, 3.0])


def test_what_people_gave_counts_less_what_they_had_said() -> None:
    """Ann's answer is worth half a point of anything, which leaves 4.5 and 2.5, on average the level.

    Bo rated the first alone: 4 is 0 beyond 3.5 and that half point, which leaves 3.5.
    """
    feedback = given({"ann": [5.0, 3.0], "bo": [4.0]}, THREE)
    np.testing.assert_allclose(by_the_average_person(stated(THREE, said=0.5), feedback), [4.5, 2.5, 3.5])


@pytest.mark.parametrize(
    ("second", "differ"),
    [
        ([3.0, 4.0], False),  # means 2.5 and 3.5: between 2 · (.5² + .5²) / 1 = 1, within 5 / 2
        ([4.0, 5.0], True),  # means 2.5 and 4.5: between 2 · (1 + 1) / 1 = 4, within 5 / 2
    ],
)
def test_ideas_differ_if_different_ones_do_more_than_one_does(second: list[float], differ: bool) -> None:
    """The first got 1 and 4: 2 · 1.5² = 4.5 about its mean. The second adds 2 · .5² = .5."""
    idea = np.array([3, 3, 7, 7])
    assert ideas_differ(np.array([1.0, 4.0, *second]), idea) is differ


def test_ideas_that_nobody_rated_twice_do_not_show_that_they_differ() -> None:
    """Chance could have done it."""
    assert not ideas_differ(np.array([1.0, 5.0, 3.0]), np.array([0, 1, 2]))


def test_the_level_stays_that_of_all_ideas() -> None:
    """Loud ideas got 5 and quiet ones 4, more than the level; new ones are as far apart, and about it."""
    ideas = pd.DataFrame({"loud": [1.0, 0.0] * 21}, index=[f"i{at}" for at in range(42)])
    feedback = given({f"p{at}": [5.0, 4.0] * 20 for at in range(10)}, ideas)
    effects = with_unrated(stated(ideas), feedback, ideas).effects
    assert (effects[:40] == 0).all()
    np.testing.assert_allclose(effects[40:], [0.5, -0.5], atol=0.01)


def test_nothing_changes_where_all_ideas_were_rated_or_hardly_one_was() -> None:
    """One rated idea tells nothing of what others are like."""
    before = stated(THREE)
    for ratings in ([5.0, 3.0, 4.0], [5.0]):
        assert with_unrated(before, given({"ann": ratings}, THREE), THREE) is before


def test_nothing_changes_where_ratings_do_not_show_that_ideas_differ() -> None:
    """Everybody gave as much to every idea as the next one gave to another: 5 and 4 in turn."""
    ideas = pd.DataFrame({"loud": [1.0, 0.0, 1.0]}, index=THREE.index)
    before = stated(ideas)
    feedback = given({"ann": [5.0, 4.0], "bo": [4.0, 5.0]}, ideas)
    assert with_unrated(before, feedback, ideas) is before
    assert with_unrated(before, given({"ann": [5.0, 4.0], "bo": [5.0, 4.0]}, ideas), ideas) is not before


def town() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return ratings of thirty people, and sixty ideas, of which the last ten are new.

    Either loud or out is worth 4, both or neither 2.
    """
    rng = np.random.default_rng(0)
    ideas = pd.DataFrame(rng.integers(0, 2, (60, 2)).astype(float), columns=["loud", "out"])
    rated = [(person, idea) for person in range(30) for idea in rng.choice(50, 12, replace=False)]
    ratings = pd.DataFrame(rated, columns=["partner_id", "idea_id"])
    worth = np.where(ideas["loud"] != ideas["out"], 4.0, 2.0)[ratings["idea_id"]]
    return ratings.assign(rating=worth + rng.normal(0, 0.3, len(ratings))), ideas


def test_somebody_new_is_told_what_new_ideas_are_worth() -> None:
    """Ten new ideas of four kinds, and what the kinds say together."""
    ratings, ideas = town()
    fitted = HierarchicalRecommender().fit(ratings, ideas)
    told = fitted.predict(pd.DataFrame({"partner_id": "new", "idea_id": ideas.index[50:]}))
    worth = np.where(ideas["loud"] != ideas["out"], 4.0, 2.0)[50:]
    np.testing.assert_allclose(told, worth, atol=0.25)


def test_a_stated_prior_is_left_to_say_what_new_ideas_are_worth() -> None:
    """There the plan chose what was rated."""
    ratings, ideas = town()
    prior = replace(HierarchicalRecommender(n_factors=0).fit(ratings, ideas).parameters_, idea_ids=())
    ideas = HierarchicalRecommender().fit(ratings, ideas).idea_features_
    again = HierarchicalRecommender(prior=prior, n_factors=0).fit(ratings, ideas)
    assert (again.parameters_.effects[50:] == 0).all()
    assert (again.parameters_.effects[:50] != 0).all()

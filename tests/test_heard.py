"""Answers are heard where they foretell what left-out people like, and else say nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import null_space
from scipy.stats import multivariate_normal

from recommender.learning.evaluation.ablation import WithoutRecommender
from recommender.preferences import heard
from recommender.preferences.em import fit_parameters
from recommender.preferences.estimator import HierarchicalRecommender, feedback_of
from recommender.preferences.feedback import Feedback
from recommender.preferences.heard import foretold
from recommender.preferences.model import Parameters
from tests.test_unrated import stated


def test_what_answers_foretell_is_a_ratio_of_likelihoods() -> None:
    """What ratings say once each person's level is taken from them, by scipy, with answers and without.

    The second one's ratings come between the first one's. That answers foretell a level counts for nothing.
    """
    rng = np.random.default_rng(1)
    ideas = pd.DataFrame(rng.normal(size=(6, 2)), index=list("abcdef"), columns=["loud", "wet"])
    ratings = pd.DataFrame({"partner_id": list("xyxxyyy"), "idea_id": list("abcdefa")})
    ratings["rating"] = rng.normal(3.5, 1.0, 7)
    people = pd.DataFrame({"out": [2.0, -1.0]}, index=["x", "y"])
    known = replace(
        stated(ideas),
        fixed=np.array([[3.5, 0.7], [0.2, 0.4], [-0.1, -0.3]]),
        effects=rng.normal(size=6),
        effect_vars=rng.uniform(0.1, 0.5, 6),
        feature_means=np.array([0.3, -0.2]),
    )

    def likelihood(rows: pd.DataFrame, answer: float) -> float:
        at = ideas.index.get_indexer(pd.Index(rows["idea_id"]))
        design = np.column_stack([np.ones(len(at)), ideas.to_numpy()[at] - known.feature_means])
        cov = design @ design.T + np.diag(known.effect_vars[at] + 0.75)
        mean = design @ known.fixed @ [1.0, answer] + known.effects[at]
        contrasts = null_space(np.ones((1, len(at)))).T
        return float(
            multivariate_normal(contrasts @ mean, contrasts @ cov @ contrasts.T).logpdf(
                contrasts @ rows["rating"].to_numpy()
            )
        )

    expected = [
        likelihood(rows, people["out"][who]) - likelihood(rows, 0.0)
        for who, rows in ratings.groupby("partner_id")
    ]
    found = foretold(known, feedback_of(ratings, ideas, people, 1))
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_a_few_ratings_of_each_person_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of five that each partner of a couple gave, of the same dates; and all of who gave one."""
    monkeypatch.setattr(heard, "EACH", 2)
    partner, date = np.array([0, 1, 2, 0, 1, 1, 0, 0, 1, 0, 1]), np.array([0, 0, 9, 1, 1, 2, 2, 3, 3, 4, 4])
    rating = np.arange(11.0)
    given = Feedback(
        rating, np.zeros(11, int), partner, partner // 2, date, np.zeros((1, 1)), np.zeros((3, 0))
    )
    some = heard._some_of_each(given)
    assert np.bincount(some.partner).tolist() == [2, 2, 1]
    dates = date[some.rating.astype(int)]
    assert set(dates[some.partner == 0]) == set(dates[some.partner == 1])


def crowd(foretells: float, n_people: int = 60) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return people who like loud ideas or quiet ones, and said so more or less truly, two in a couple."""
    rng = np.random.default_rng(3)
    ideas = pd.DataFrame({"loud": rng.normal(size=20)}, index=[f"i{at}" for at in range(20)])
    likes = rng.normal(size=n_people)
    rows = [(who, at) for who in range(n_people) for at in rng.choice(20, 8, replace=False)]
    who, at = np.transpose(rows)
    felt = 3.5 + 0.7 * likes[who] * ideas["loud"].to_numpy()[at] + rng.normal(0, 0.7, len(who))
    names = np.array([f"p{number}" for number in range(n_people)])
    ratings = pd.DataFrame(
        {"partner_id": names[who], "couple_id": who // 2, "idea_id": ideas.index[at], "rating": felt}
    )
    said = foretells * likes + rng.normal(size=n_people)
    return ratings, ideas, pd.DataFrame({"said": said}, index=names)


def apart(model: HierarchicalRecommender, ideas: pd.DataFrame) -> float:
    """Return how far apart two newcomers' expectations are who said the opposite."""
    asked = pd.DataFrame({"partner_id": "new", "idea_id": ideas.index})
    one, other = (
        np.asarray(model.predict(asked, partner_features=pd.DataFrame({"said": [said]}, index=["new"])))
        for said in (-1.0, 1.0)
    )
    return float(np.abs(one - other).max())


def test_answers_that_foretell_tastes_are_heard() -> None:
    """Then a fit is the one that doubts nothing, to the last digit."""
    ratings, ideas, people = crowd(2.0)
    found = HierarchicalRecommender().fit(ratings, ideas, people)
    assert apart(found, ideas) > 0.5
    unasked = WithoutRecommender("doubt").fit(ratings, ideas, people)
    np.testing.assert_array_equal(found.parameters_.fixed, unasked.parameters_.fixed)


def test_answers_that_foretell_nothing_change_nothing() -> None:
    """Predictions for known people and new ones are those of a fit that was told of no answers."""
    ratings, ideas, people = crowd(0.0)
    found = HierarchicalRecommender().fit(ratings, ideas, people)
    assert apart(found, ideas) == 0.0
    assert apart(WithoutRecommender("doubt").fit(ratings, ideas, people), ideas) > 0.0
    untold = HierarchicalRecommender().fit(ratings, ideas)
    pairs = ratings[["partner_id", "idea_id"]]
    np.testing.assert_allclose(found.predict(pairs), untold.predict(pairs), atol=1e-6)


def test_a_crowd_is_heard_unasked_and_a_handful_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of four couples a fifth cannot be left out; of more people than ``PEOPLE`` it need not be."""
    ratings, ideas, people = crowd(2.0, n_people=8)
    assert apart(HierarchicalRecommender().fit(ratings, ideas, people), ideas) == 0.0
    ratings, ideas, people = crowd(0.0)
    monkeypatch.setattr(heard, "PEOPLE", 59)
    assert apart(HierarchicalRecommender().fit(ratings, ideas, people), ideas) > 0.0


def test_both_of_a_couple_are_left_out_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """No couple of those whose ratings are judged was among those that were learned from."""
    met: list[set[int]] = []

    def learn(seen: Feedback, *given: Any, **more: Any) -> Parameters:
        met.append(set(seen.couple))
        return fit_parameters(seen, *given, **more)

    def judge(fitted: Parameters, left_out: Feedback) -> np.ndarray:
        met.append(set(left_out.couple))
        return foretold(fitted, left_out)

    monkeypatch.setattr(heard, "fit_parameters", learn)
    monkeypatch.setattr(heard, "foretold", judge)
    HierarchicalRecommender().fit(*crowd(2.0, n_people=20))
    learned, judged = met[::2], met[1::2]
    assert [len(couples) for couples in judged] == [2] * 5
    assert set.union(*judged) == set(range(10))
    assert all(before | after == set(range(10)) for before, after in zip(learned, judged, strict=True))
    assert all(before.isdisjoint(after) for before, after in zip(learned, judged, strict=True))

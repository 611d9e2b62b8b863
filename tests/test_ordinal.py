"""What the steps of a rating scale stand for."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from recommender.preferences.estimator import HierarchicalRecommender, vague_prior
from recommender.preferences.ordinal import MOST_STEPS, OrdinalScale


def test_a_score_is_linear_in_the_mean_of_its_piece_of_a_normal_distribution() -> None:
    """A tenth of ones, then .2, .3 and .4: the means by integration, the line by least squares."""
    steps, share = np.array([1.0, 2.0, 3.0, 5.0]), np.array([0.1, 0.2, 0.3, 0.4])
    cuts = [-np.inf, *norm.ppf([0.1, 0.3, 0.6]), np.inf]
    pieces = [quad(lambda z: z * norm.pdf(z), low, high)[0] for low, high in pairwise(cuts)]
    line = np.polynomial.Polynomial.fit(pieces / share, steps, 1, w=np.sqrt(share))

    scale = OrdinalScale.of(np.repeat(steps, [1, 2, 3, 4]))

    np.testing.assert_allclose(scale.scores, line(pieces / share), atol=1e-7)
    np.testing.assert_allclose(scale.rest_var, share @ (steps - scale.scores) ** 2)


def test_steps_that_are_even_already_stay() -> None:
    """By symmetry three steps with as many ones as threes are even, and two steps always are."""
    for ratings in ([1, 2, 2, 2, 3], [0, 0, 0, 1]):
        scale = OrdinalScale.of(np.array(ratings, dtype=float))
        np.testing.assert_allclose(scale.scores, np.unique(ratings), atol=1e-12)
        assert scale.rest_var == pytest.approx(0, abs=1e-12)


def test_what_lies_between_two_steps_lies_between_their_scores() -> None:
    """Half a star that nobody gave before stands half-way; beyond the ends stands what the ends do."""
    scale = OrdinalScale(np.array([1.0, 2.0]), np.array([1.2, 2.6]))
    read = scale.read(pd.DataFrame({"rating": [1.5, 2.0, 9.0], "idea_id": ["a", "b", "c"]}))
    np.testing.assert_allclose(read["rating"], [1.9, 2.6, 2.6])
    assert list(read["idea_id"]) == ["a", "b", "c"]


@pytest.mark.parametrize("n_values", [0, 1, MOST_STEPS + 1])
def test_what_is_no_scale_stays_as_it_is(n_values: int) -> None:
    """Measured values, all the same and none at all."""
    ratings = pd.DataFrame({"rating": np.linspace(0, 1, n_values) ** 2})
    scale = OrdinalScale.of(ratings["rating"].to_numpy())
    assert scale.read(ratings) is ratings
    assert scale.rest_var == 0


def stretched() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return ratings of 1 to 5 by people of like tastes, and the ideas."""
    rng = np.random.default_rng(0)
    ideas = pd.DataFrame(rng.normal(size=(40, 2)), columns=["a", "b"])
    felt = ideas.to_numpy() @ [0.8, 0.3] + rng.normal(0, 0.5, size=(30, 40))
    partner, idea = (at.ravel() for at in np.indices(felt.shape))
    rating = 1.0 + np.digitize(felt.ravel(), [-0.5, 0.0, 0.3, 1.0])
    return pd.DataFrame({"partner_id": partner, "idea_id": idea, "rating": rating}), ideas


def test_how_steps_are_numbered_does_not_change_the_order_of_ideas() -> None:
    """One to five or one to sixteen by doubling: the same people prefer the same."""
    ratings, ideas = stretched()
    pairs = pd.DataFrame({"partner_id": 0, "idea_id": ideas.index})
    doubled = ratings.assign(rating=2.0 ** (ratings["rating"] - 1))
    even, odd = (HierarchicalRecommender(n_factors=0).fit(given, ideas) for given in (ratings, doubled))
    there = np.corrcoef(even.predict(pairs), odd.predict(pairs))[0, 1]
    assert there == pytest.approx(1, abs=1e-6)


def test_known_ratings_are_read_on_the_same_scale() -> None:
    """Ratings that are given anew say what they said in the fit, and a prior in points keeps points."""
    ratings, ideas = stretched()
    pairs = pd.DataFrame({"partner_id": 0, "idea_id": ideas.index})
    model = HierarchicalRecommender(n_factors=0).fit(ratings, ideas)
    np.testing.assert_allclose(model.predict(pairs), model.predict(pairs, ratings=ratings))
    assert len(model.scale_.steps) == 5
    in_points = HierarchicalRecommender(prior=vague_prior(ratings, ideas, None)).fit(ratings, ideas)
    assert in_points.ratings_ is ratings

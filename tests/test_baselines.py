"""The baselines keep the contract, and their figures are right."""

import numpy as np
import pandas as pd

from recommender.preferences.baselines import (
    ItemMeanRecommender,
    PopularityRecommender,
    RandomRecommender,
    TagCosineRecommender,
)
from tests.contracts import LearnsTastes, RecommenderContract, checkerboard, pairs_of


class TestRandom(RecommenderContract):
    """RandomRecommender."""

    make = staticmethod(RandomRecommender)

    def test_seed_changes_scores(self) -> None:
        """Another seed gives other scores for the same pairs."""
        ratings, ideas = checkerboard()
        pairs = pairs_of("p0", list(ideas.index))
        one, other = (RandomRecommender(seed).fit(ratings, ideas).predict(pairs) for seed in (0, 1))
        assert (one != other).all()


class TestItemMean(RecommenderContract):
    """ItemMeanRecommender."""

    make = staticmethod(ItemMeanRecommender)

    def test_damped_mean(self) -> None:
        """An idea's mean is pulled to the overall mean as if five ratings had that value."""
        ideas = pd.DataFrame({"x": [0.0, 0.0]}, index=["a", "b"])
        ratings = pd.DataFrame(
            [("p", "a", 5.0), ("q", "a", 4.0), ("p", "b", 3.0)], columns=["partner_id", "idea_id", "rating"]
        )
        # overall (5 + 4 + 3) / 3 = 4; a: 4 + (1 + 0) / (2 + 5); b: 4 + (-1) / (1 + 5)
        means = ItemMeanRecommender().fit(ratings, ideas).predict(pairs_of("p", ["a", "b"]))
        np.testing.assert_allclose(means, [4 + 1 / 7, 4 - 1 / 6])


class TestPopularity(RecommenderContract):
    """PopularityRecommender."""

    make = staticmethod(PopularityRecommender)

    def test_shares(self) -> None:
        """An idea's score is its share of all ratings; an idea nobody rated has none."""
        ideas = pd.DataFrame({"x": [0.0, 0.0, 0.0]}, index=["a", "b", "c"])
        ratings = pd.DataFrame(
            [("p", "a", 1.0), ("q", "a", 2.0), ("r", "a", 2.0), ("p", "b", 5.0)],
            columns=["partner_id", "idea_id", "rating"],
        )
        shares = PopularityRecommender().fit(ratings, ideas).predict(pairs_of("p", ["a", "b", "c"]))
        np.testing.assert_allclose(shares, [0.75, 0.25, 0.0])


class TestTagCosine(LearnsTastes, RecommenderContract):
    """TagCosineRecommender."""

    make = staticmethod(TagCosineRecommender)

    def test_cosine_by_hand(self) -> None:
        """The score is the cosine of an idea with the weighted sum of what the person rated."""
        ideas = pd.DataFrame(
            {"x": [1.0, 0.0, -1.0, 0.0], "y": [0.0, 1.0, 0.0, -1.0]}, index=["e", "n", "w", "s"]
        )
        ratings = pd.DataFrame(
            [("p", "e", 5.0), ("p", "n", 1.0)], columns=["partner_id", "idea_id", "rating"]
        )
        # mean 3: profile = 2·(1, 0) - 2·(0, 1) = (2, -2); cosine with s = (0, -1) is 2 / (2√2)
        scores = TagCosineRecommender().fit(ratings, ideas).predict(pairs_of("p", ["e", "n", "w", "s"]))
        np.testing.assert_allclose(scores, np.array([1, -1, -1, 1]) / np.sqrt(2))

    def test_what_they_said_begins_the_profile(self) -> None:
        """Stated likes count as five ratings a point from the mean, and alone where nothing is rated."""
        ideas = pd.DataFrame(
            {"x": [1.0, 0.0, -1.0, 0.0], "y": [0.0, 1.0, 0.0, -1.0]}, index=["e", "n", "w", "s"]
        )
        ratings = pd.DataFrame(
            [("p", "e", 5.0), ("q", "n", 1.0)], columns=["partner_id", "idea_id", "rating"]
        )
        said = pd.DataFrame({"x": [0.0, 0.0], "y": [2.0, 0.2]}, index=["p", "new"])
        model = TagCosineRecommender().fit(ratings, ideas, said)
        # mean 3: profile of p = 2·(1, 0) + 5·(0, 1); cosine with e is 2 / √29
        np.testing.assert_allclose(model.predict(pairs_of("p", ["e", "n"])), np.array([2, 5]) / np.sqrt(29))
        np.testing.assert_allclose(model.predict(pairs_of("new", ["e", "n"])), [0, 1], atol=1e-12)
        np.testing.assert_allclose(model.predict(pairs_of("q", ["e", "n"])), [0, -1], atol=1e-12)

"""Our model with one term left out at a time: what each is worth on ratings that it has not seen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from recommender.preferences.estimator import HierarchicalRecommender
from recommender.preferences.strength import VAGUE

TERMS = ("factors", "raters", "places", "steps", "scales", "unrated", "doubt", "answers", "tags")
"""What can be left out: factors of ideas, who rated them, what people rated, how far apart the steps of
ratings are, that more taste may lie in one tag than in another, what is expected of ideas that nobody rated,
that answers have to show what they foretell, what people said, what ideas are."""


class WithoutRecommender(HierarchicalRecommender):
    """The hierarchical model without one of its terms.

    Parameters
    ----------
    term : str
        One of ``TERMS``.
    """

    def __init__(self, term: str) -> None:
        super().__init__(
            strength=replace(VAGUE, tags=None) if term == "scales" else None,
            n_factors=0 if term == "factors" else 8,
            count_raters=term != "raters",
            place_people=term != "places",
            ordinal=term != "steps",
            expect_unrated=term != "unrated",
            doubt_answers=term != "doubt",
        )
        self.term = term

    def fit(
        self,
        ratings: pd.DataFrame,
        idea_features: pd.DataFrame,
        partner_features: pd.DataFrame | None = None,
    ) -> WithoutRecommender:
        """Return self, fitted to all ratings."""
        ideas = idea_features.iloc[:, :0] if self.term == "tags" else idea_features
        super().fit(ratings, ideas, self._said(partner_features))
        return self

    def predict(self, pairs: pd.DataFrame, **known: Any) -> Any:
        """Return what `HierarchicalRecommender.predict` does, without the term."""
        said = self._said(known.pop("partner_features", None))
        return super().predict(pairs, partner_features=said, **known)

    def _said(self, partner_features: pd.DataFrame | None) -> pd.DataFrame | None:
        return None if self.term == "answers" else partner_features

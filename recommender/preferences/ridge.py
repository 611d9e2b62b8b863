"""Ridge regression on tags, once for everybody and once for each person: rivals of the hierarchical model."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.utils.validation import check_is_fitted

from recommender.preferences.baselines import ItemMeanRecommender
from recommender.preferences.frames import aligned_features, check_ratings, known_ratings

PENALTIES = tuple(float(penalty) for penalty in np.logspace(-1, 4, 11))
"""What a penalty is chosen from: twice a decade, from hardly any to no slope at all."""

TUNING_PARTNERS = 200
"""How many people a person's penalty is chosen on, at most."""


class ContentRidgeRecommender(BaseEstimator):  # type: ignore[misc]
    """What an idea's tags say to everybody, by ridge regression; the penalty by leave-one-out error."""

    def fit(
        self,
        ratings: pd.DataFrame,
        idea_features: pd.DataFrame,
        partner_features: pd.DataFrame | None = None,
    ) -> ContentRidgeRecommender:
        """Return self, with ``scores_`` (expected rating, a series by idea).

        Regressing each idea's mean, weighted by its ratings, gives the same slopes as regressing them all.
        """
        self.ratings_ = check_ratings(ratings, idea_features)
        by_idea = ratings.groupby("idea_id")["rating"].agg(["mean", "count"])
        features = idea_features.to_numpy(dtype=float)
        if len(by_idea) < 2:
            level = float(ratings["rating"].mean()) if len(ratings) else 3.0
            self.scores_ = pd.Series(level, index=idea_features.index)
            return self
        seen = aligned_features(idea_features, by_idea.index.to_series())
        ridge = RidgeCV(PENALTIES).fit(seen, by_idea["mean"], sample_weight=by_idea["count"])
        self.scores_ = pd.Series(ridge.predict(features), index=idea_features.index)
        return self

    def predict(
        self,
        pairs: pd.DataFrame,
        *,
        ratings: pd.DataFrame | None = None,
        partner_features: pd.DataFrame | None = None,
    ) -> np.ndarray:
        """Return the score of each pair's idea, shape (n_pairs,); the same for everybody."""
        check_is_fitted(self)
        return aligned_features(self.scores_.to_frame(), pairs["idea_id"])[:, 0]


class PartnerRidgeRecommender(BaseEstimator):  # type: ignore[misc]
    """Each person's own ridge regression of how they differ from each idea's mean.

    The penalty is the one with the least leave-one-out error over the people that fit saw. Who has rated
    nothing is expected to rate as everybody does.
    """

    def fit(
        self,
        ratings: pd.DataFrame,
        idea_features: pd.DataFrame,
        partner_features: pd.DataFrame | None = None,
    ) -> PartnerRidgeRecommender:
        """Return self, with ``everybody_`` (the ideas' means) and ``penalty_``."""
        self.everybody_ = ItemMeanRecommender().fit(ratings, idea_features)
        self.ratings_ = ratings
        self.idea_features_ = idea_features
        errors = [
            RidgeCV(PENALTIES, store_cv_results=True).fit(seen, rest).cv_results_.sum(axis=0)
            for _, seen, rest in self._people(_some_people(ratings))
            if len(rest) > 2
        ]
        self.penalty_ = float(PENALTIES[np.sum(errors, axis=0).argmin()]) if errors else PENALTIES[-1]
        return self

    def predict(
        self,
        pairs: pd.DataFrame,
        *,
        ratings: pd.DataFrame | None = None,
        partner_features: pd.DataFrame | None = None,
    ) -> np.ndarray:
        """Return the expected rating of each pair, shape (n_pairs,); ``ratings`` replace what fit saw."""
        check_is_fitted(self)
        out = self.everybody_.predict(pairs).copy()
        wanted = aligned_features(self.idea_features_, pairs["idea_id"])
        rows_of = pairs.reset_index(drop=True).groupby("partner_id").indices
        for partner, seen, rest in self._people(known_ratings(self.ratings_, ratings)):
            rows = rows_of.get(partner)
            if rows is not None:
                out[rows] += Ridge(self.penalty_).fit(seen, rest).predict(wanted[rows])
        return out

    def _people(self, ratings: pd.DataFrame) -> Iterator[tuple[object, np.ndarray, np.ndarray]]:
        """Yield each person, the features of what they rated, and how they differ from everybody there."""
        features = aligned_features(self.idea_features_, ratings["idea_id"])
        rest = ratings["rating"].to_numpy(dtype=float) - self.everybody_.predict(ratings)
        for partner, rows in ratings.reset_index(drop=True).groupby("partner_id").indices.items():
            yield partner, features[rows], rest[rows]


def _some_people(ratings: pd.DataFrame) -> pd.DataFrame:
    people = np.sort(ratings["partner_id"].astype(str).unique())
    step = max(len(people) // TUNING_PARTNERS, 1)
    return ratings[ratings["partner_id"].astype(str).isin(people[::step])]

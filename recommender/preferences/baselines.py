"""The models that every real model must beat, behind the same interface as the estimator."""

from __future__ import annotations

import zlib

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from recommender.preferences.frames import aligned_features, check_ratings, known_ratings


class RandomRecommender(BaseEstimator):  # type: ignore[misc]
    """Scores that know nothing: uniform in [1, 5], the same for the same partner, idea and seed.

    Parameters
    ----------
    random_state : int
    """

    def __init__(self, random_state: int = 0) -> None:
        self.random_state = random_state

    def fit(
        self,
        ratings: pd.DataFrame,
        idea_features: pd.DataFrame,
        partner_features: pd.DataFrame | None = None,
    ) -> RandomRecommender:
        """Return self; only the ideas' names are kept."""
        self.ratings_ = check_ratings(ratings, idea_features)
        self.idea_features_ = idea_features
        return self

    def predict(
        self,
        pairs: pd.DataFrame,
        *,
        ratings: pd.DataFrame | None = None,
        partner_features: pd.DataFrame | None = None,
    ) -> np.ndarray:
        """Return one score per row of ``pairs`` (``partner_id``, ``idea_id``), shape (n_pairs,)."""
        check_is_fitted(self)
        aligned_features(self.idea_features_, pairs["idea_id"])
        keys = pairs["partner_id"].astype(str) + "\0" + pairs["idea_id"].astype(str)
        draws = (zlib.crc32(f"{self.random_state}\0{key}".encode()) for key in keys)
        return np.array([1 + 4 * draw / 2**32 for draw in draws])


class ItemMeanRecommender(BaseEstimator):  # type: ignore[misc]
    """Each idea's mean rating, pulled to the overall mean as if ``damping`` ratings had that value.

    Parameters
    ----------
    damping : float
    """

    def __init__(self, damping: float = 5.0) -> None:
        self.damping = damping

    def fit(
        self,
        ratings: pd.DataFrame,
        idea_features: pd.DataFrame,
        partner_features: pd.DataFrame | None = None,
    ) -> ItemMeanRecommender:
        """Return self, with ``mean_`` (overall) and ``idea_means_`` (a series by idea)."""
        self.ratings_ = check_ratings(ratings, idea_features)
        self.idea_features_ = idea_features
        self.mean_ = float(ratings["rating"].mean()) if len(ratings) else 3.0
        by_idea = (ratings["rating"] - self.mean_).groupby(ratings["idea_id"])
        self.idea_means_ = self.mean_ + by_idea.sum() / (by_idea.count() + self.damping)
        return self

    def predict(
        self,
        pairs: pd.DataFrame,
        *,
        ratings: pd.DataFrame | None = None,
        partner_features: pd.DataFrame | None = None,
    ) -> np.ndarray:
        """Return the mean of each pair's idea, shape (n_pairs,); unseen ideas get the overall mean."""
        check_is_fitted(self)
        aligned_features(self.idea_features_, pairs["idea_id"])
        return self.idea_means_.reindex(pairs["idea_id"]).fillna(self.mean_).to_numpy(dtype=float)


class PopularityRecommender(BaseEstimator):  # type: ignore[misc]
    """How often each idea was rated, as a share of all ratings."""

    def fit(
        self,
        ratings: pd.DataFrame,
        idea_features: pd.DataFrame,
        partner_features: pd.DataFrame | None = None,
    ) -> PopularityRecommender:
        """Return self, with ``shares_`` (a series by idea)."""
        self.ratings_ = check_ratings(ratings, idea_features)
        self.idea_features_ = idea_features
        self.shares_ = ratings["idea_id"].value_counts(normalize=True)
        return self

    def predict(
        self,
        pairs: pd.DataFrame,
        *,
        ratings: pd.DataFrame | None = None,
        partner_features: pd.DataFrame | None = None,
    ) -> np.ndarray:
        """Return the share of each pair's idea, shape (n_pairs,), in [0, 1]."""
        check_is_fitted(self)
        aligned_features(self.idea_features_, pairs["idea_id"])
        return self.shares_.reindex(pairs["idea_id"]).fillna(0.0).to_numpy(dtype=float)


class TagCosineRecommender(BaseEstimator):  # type: ignore[misc]
    """Cosine of an idea's features with the partner's profile.

    The profile is the sum of the features of what they rated, each weighted by its distance from the
    overall mean rating (Pazzani and Billsus 2007, section 10.3). Partner features that are named like idea
    features are what they said they like, and begin the profile. With neither, every idea scores 0.

    Parameters
    ----------
    stated_weight : float
        How many ratings, a point from the mean, what they said is worth.
    """

    def __init__(self, stated_weight: float = 5.0) -> None:
        self.stated_weight = stated_weight

    def fit(
        self,
        ratings: pd.DataFrame,
        idea_features: pd.DataFrame,
        partner_features: pd.DataFrame | None = None,
    ) -> TagCosineRecommender:
        """Return self, with ``directions_`` (unit feature vectors, a frame by idea)."""
        self.ratings_ = check_ratings(ratings, idea_features)
        self.idea_features_ = idea_features
        self.mean_ = float(ratings["rating"].mean()) if len(ratings) else 3.0
        centred = idea_features - idea_features.mean()
        lengths = np.linalg.norm(centred.to_numpy(dtype=float), axis=1)
        self.directions_ = centred.div(np.where(lengths > 0, lengths, 1.0), axis=0)
        self.partner_features_ = partner_features
        return self

    def _stated(self, partner_features: pd.DataFrame | None) -> pd.DataFrame:
        """Return what each partner said as a vector of length ``stated_weight``, a frame by partner."""
        names = self.idea_features_.columns
        if partner_features is None or not names.isin(partner_features.columns).all():
            return pd.DataFrame(columns=range(len(names)), dtype=float)
        said = partner_features[names].to_numpy(dtype=float)
        lengths = np.linalg.norm(said, axis=1, keepdims=True)
        return pd.DataFrame(
            self.stated_weight * said / np.where(lengths > 0, lengths, 1.0), partner_features.index
        )

    def predict(
        self,
        pairs: pd.DataFrame,
        *,
        ratings: pd.DataFrame | None = None,
        partner_features: pd.DataFrame | None = None,
    ) -> np.ndarray:
        """Return one cosine per pair, shape (n_pairs,), in [-1, 1].

        ``ratings`` and ``partner_features`` replace what fit saw.
        """
        check_is_fitted(self)
        stated = self._stated(self.partner_features_ if partner_features is None else partner_features)
        known = known_ratings(self.ratings_, ratings)
        wanted = aligned_features(self.directions_, pairs["idea_id"])
        liked = aligned_features(self.directions_, known["idea_id"])
        weighted = liked * (known["rating"].to_numpy(dtype=float) - self.mean_)[:, None]
        rated = pd.DataFrame(weighted).groupby(known["partner_id"].to_numpy()).sum()
        profiles = rated.add(stated, fill_value=0.0)
        lengths = np.linalg.norm(profiles.to_numpy(), axis=1)
        units = profiles.div(np.where(lengths > 0, lengths, 1.0), axis=0)
        mine = units.reindex(pairs["partner_id"]).fillna(0.0).to_numpy()
        return np.asarray(np.einsum("nk,nk->n", mine, wanted))

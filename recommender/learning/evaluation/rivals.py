"""Well-known recommenders behind our interface, to be judged beside ours. Each needs a package of its own.

They know nobody who was not in their fit, so where a newcomer's ratings are revealed they are fitted again
with them, or (ALS) asked for that person's factors.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import redirect_stderr
from io import StringIO
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix, hstack, identity
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingRegressor

from recommender.learning.evaluation.metrics import pairwise_accuracy
from recommender.preferences.baselines import ItemMeanRecommender
from recommender.preferences.frames import aligned_features, check_ratings, known_ratings

REVEALED_IN_TRAINING = (0, 1, 2, 5, 10, 20)


class _Rival(BaseEstimator):  # type: ignore[misc]
    """Keeps what fit saw."""

    def fit(
        self,
        ratings: pd.DataFrame,
        idea_features: pd.DataFrame,
        partner_features: pd.DataFrame | None = None,
    ) -> _Rival:
        """Return self, tuned on ``ratings`` alone."""
        self.ratings_ = check_ratings(ratings, idea_features)
        self.idea_features_ = idea_features
        self.partner_features_ = partner_features
        self._tune()
        return self

    def _tune(self) -> None:
        """Choose settings on ``ratings_``."""

    def _answers(self, given: pd.DataFrame | None, people: Sequence[object]) -> np.ndarray:
        features = self.partner_features_ if given is None else given
        if features is None:
            return np.zeros((len(people), 0))
        return features.reindex(pd.Index(people)).fillna(0.0).to_numpy(dtype=float)

    def _with_revealed(self, revealed: pd.DataFrame | None) -> pd.DataFrame:
        """Return all there is to fit on; what is revealed of a person replaces what the first fit saw."""
        if revealed is None:
            return self.ratings_
        others = self.ratings_[~self.ratings_["partner_id"].isin(revealed["partner_id"])]
        return pd.concat([others, revealed], ignore_index=True)


class BoostingRecommender(_Rival):
    """scikit-learn's gradient boosted trees on what is known of the idea, the person, and how they match."""

    def __init__(self, damping: float = 5.0, random_state: int = 0) -> None:
        self.damping = damping
        self.random_state = random_state

    def _tune(self) -> None:
        self.everybody_ = ItemMeanRecommender(self.damping).fit(self.ratings_, self.idea_features_)
        self.counts_ = self.ratings_["idea_id"].value_counts()
        rng = np.random.default_rng(self.random_state)
        ratings = self.ratings_.sample(frac=1, random_state=self.random_state).reset_index(drop=True)
        turn = ratings.groupby("partner_id").cumcount()
        shown = ratings["partner_id"].map(
            {p: rng.choice(REVEALED_IN_TRAINING) for p in ratings["partner_id"].unique()}
        )
        known, rest = ratings[turn < shown], ratings[turn >= shown]
        if len(rest) < 2:
            known, rest = ratings.iloc[:0], ratings
        # An idea's mean must not have seen the rating that it helps to predict.
        n = self.counts_.reindex(rest["idea_id"]).to_numpy(dtype=float)
        mean = self.everybody_.predict(rest)
        rating = rest["rating"].to_numpy(dtype=float)
        without = mean - (rating - mean) / (n + self.damping - 1)
        self.trees_ = HistGradientBoostingRegressor(early_stopping=True, random_state=self.random_state)
        self.trees_.fit(self._rows(rest, known, None, without, n - 1), rating)

    def predict(
        self,
        pairs: pd.DataFrame,
        *,
        ratings: pd.DataFrame | None = None,
        partner_features: pd.DataFrame | None = None,
    ) -> np.ndarray:
        """Return the expected rating of each pair, shape (n_pairs,)."""
        n = self.counts_.reindex(pairs["idea_id"]).fillna(0).to_numpy(dtype=float)
        known = known_ratings(self.ratings_, ratings)
        rows = self._rows(pairs, known, partner_features, self.everybody_.predict(pairs), n)
        return np.asarray(self.trees_.predict(rows))

    def _rows(
        self,
        pairs: pd.DataFrame,
        known: pd.DataFrame,
        partner_features: pd.DataFrame | None,
        mean: np.ndarray,
        n_ratings: np.ndarray,
    ) -> np.ndarray:
        features = aligned_features(self.idea_features_, pairs["idea_id"])
        people = pd.Index(pairs["partner_id"].unique())
        rest = known["rating"].to_numpy(dtype=float) - self.everybody_.predict(known)
        seen = aligned_features(self.idea_features_, known["idea_id"]) * rest[:, None]
        table = pd.DataFrame(np.c_[np.ones(len(known)), rest, seen]).groupby(known["partner_id"].to_numpy())
        sums = table.sum().reindex(people).fillna(0.0).to_numpy(dtype=float)
        at = people.get_indexer(pd.Index(pairs["partner_id"]))
        count = sums[at, 0]
        profile = sums[:, 2:][at] / (count + self.damping)[:, None]
        match = np.einsum("nf,nf->n", features, profile)
        own = np.c_[count, sums[at, 1] / (count + self.damping), match]
        return np.c_[mean, n_ratings, own, features, self._answers(partner_features, list(people))[at]]


class LightFMRecommender(_Rival):
    """LightFM (Kula 2015) with idea and partner features; loss and epochs chosen on a fifth of ratings.

    Parameters
    ----------
    n_components : int
    by_features : bool
        Whether ideas are known by their features alone; otherwise each has an embedding of its own as well.
    random_state : int
    """

    def __init__(self, n_components: int = 16, by_features: bool = False, random_state: int = 0) -> None:
        self.n_components = n_components
        self.by_features = by_features
        self.random_state = random_state

    def _tune(self) -> None:
        rng = np.random.default_rng(self.random_state)
        held = rng.random(len(self.ratings_)) < 0.2
        train, rest = self.ratings_[~held], self.ratings_[held]
        best = (-1.0, "logistic", 10)
        for loss in ("logistic", "warp"):
            for epochs in (5, 15, 30):
                score = self._fitted(train, rest, None, loss, epochs)
                best = max(best, (_mean_accuracy(rest, score), loss, epochs))
        _, self.loss_, self.epochs_ = best

    def predict(
        self,
        pairs: pd.DataFrame,
        *,
        ratings: pd.DataFrame | None = None,
        partner_features: pd.DataFrame | None = None,
    ) -> np.ndarray:
        """Return one score a pair, shape (n_pairs,); only their order means anything."""
        known = self._with_revealed(ratings)
        return self._fitted(known, pairs, partner_features, self.loss_, self.epochs_)

    def _fitted(
        self, known: pd.DataFrame, pairs: pd.DataFrame, answers: pd.DataFrame | None, loss: str, epochs: int
    ) -> np.ndarray:
        from lightfm import LightFM

        people = pd.Index(pd.concat([known["partner_id"], pairs["partner_id"]]).unique())
        ideas = self.idea_features_.index
        liked = known["rating"] - known.groupby("partner_id")["rating"].transform("mean") >= 0
        sign = np.where(liked, 1.0, -1.0)
        cells = (
            people.get_indexer(pd.Index(known["partner_id"])),
            ideas.get_indexer(pd.Index(known["idea_id"])),
        )
        if loss == "warp":
            cells, sign = (cells[0][liked], cells[1][liked]), sign[liked]
        feedback = csr_matrix((sign, cells), shape=(len(people), len(ideas))).tocoo()
        features = self.idea_features_.to_numpy(dtype=float)
        idea_side = csr_matrix(features) if self.by_features else _with_identity(features)
        own = self._answers(self.partner_features_, list(people))
        own = np.where(own == 0, self._answers(answers, list(people)), own) if answers is not None else own
        partner_side = _with_identity(own)
        model = LightFM(no_components=self.n_components, loss=loss, random_state=self.random_state)
        model.fit(feedback, user_features=partner_side, item_features=idea_side, epochs=epochs)
        return np.asarray(
            model.predict(
                people.get_indexer(pd.Index(pairs["partner_id"])),
                ideas.get_indexer(pd.Index(pairs["idea_id"])),
                user_features=partner_side,
                item_features=idea_side,
            ),
            dtype=float,
        )


class ImplicitALSRecommender(_Rival):
    """Weighted matrix factorisation (Hu, Koren and Volinsky 2008) of what people rated above their mean."""

    def __init__(self, n_factors: int = 32, random_state: int = 0) -> None:
        self.n_factors = n_factors
        self.random_state = random_state

    def _tune(self) -> None:
        from implicit.als import AlternatingLeastSquares

        self.als_ = AlternatingLeastSquares(factors=self.n_factors, random_state=self.random_state)
        self.als_.fit(self._cells(self.ratings_)[0], show_progress=False)

    def predict(
        self,
        pairs: pd.DataFrame,
        *,
        ratings: pd.DataFrame | None = None,
        partner_features: pd.DataFrame | None = None,
    ) -> np.ndarray:
        """Return one score a pair, shape (n_pairs,); 0 for who liked nothing yet."""
        cells, people = self._cells(known_ratings(self.ratings_, ratings))
        items = self.idea_features_.index.get_indexer(pd.Index(pairs["idea_id"]))
        score = np.zeros(len(pairs))
        for partner, rows in pairs.reset_index(drop=True).groupby("partner_id").indices.items():
            at = people.get_indexer(pd.Index([partner]))[0]
            if at >= 0 and cells[at].nnz:
                factors = self.als_.recalculate_user(0, cells[at])
                score[rows] = self.als_.item_factors[items[rows]] @ factors
        return score

    def _cells(self, known: pd.DataFrame) -> tuple[csr_matrix, pd.Index]:
        people = pd.Index(known["partner_id"].unique())
        liked = known[known["rating"] >= known.groupby("partner_id")["rating"].transform("mean")]
        at = (
            people.get_indexer(pd.Index(liked["partner_id"])),
            self.idea_features_.index.get_indexer(pd.Index(liked["idea_id"])),
        )
        ones = np.ones(len(liked), dtype=np.float32)
        return csr_matrix((ones, at), shape=(len(people), len(self.idea_features_))), people


class MyFMRecommender(_Rival):
    """Bayesian factorisation machine by Gibbs sampling (Rendle 2012), of people, ideas and their features."""

    def __init__(self, rank: int = 8, n_iterations: int = 200, random_state: int = 0) -> None:
        self.rank = rank
        self.n_iterations = n_iterations
        self.random_state = random_state

    def predict(
        self,
        pairs: pd.DataFrame,
        *,
        ratings: pd.DataFrame | None = None,
        partner_features: pd.DataFrame | None = None,
    ) -> np.ndarray:
        """Return the expected rating of each pair, shape (n_pairs,)."""
        from myfm import MyFMRegressor

        known = self._with_revealed(ratings)
        people = pd.Index(pd.concat([known["partner_id"], pairs["partner_id"]]).unique())
        machine = MyFMRegressor(rank=self.rank, random_seed=self.random_state)
        rows = self._rows(known, people, partner_features)
        groups = [
            len(people),
            len(self.idea_features_),
            rows.shape[1] - len(people) - len(self.idea_features_),
        ]
        with redirect_stderr(StringIO()):  # it draws a progress bar of its own
            machine.fit(
                rows,
                known["rating"].to_numpy(dtype=float),
                n_iter=self.n_iterations,
                group_shapes=[size for size in groups if size],
            )
        return np.asarray(machine.predict(self._rows(pairs, people, partner_features)))

    def _rows(self, pairs: pd.DataFrame, people: pd.Index, answers: pd.DataFrame | None) -> csr_matrix:
        ideas = self.idea_features_.index
        who = identity(len(people), format="csr")[people.get_indexer(pd.Index(pairs["partner_id"]))]
        what = identity(len(ideas), format="csr")[ideas.get_indexer(pd.Index(pairs["idea_id"]))]
        tags = csr_matrix(aligned_features(self.idea_features_, pairs["idea_id"]))
        said = csr_matrix(self._answers(answers, list(pairs["partner_id"])))
        return hstack([who, what, tags, said], format="csr")


def _with_identity(features: np.ndarray) -> Any:
    return hstack([identity(len(features)), csr_matrix(features)], format="csr", dtype=np.float32)


def _mean_accuracy(held: pd.DataFrame, score: np.ndarray) -> float:
    """Return the mean pairwise accuracy over the people in ``held``."""
    rating = held["rating"].to_numpy(dtype=float)
    people = held.reset_index(drop=True).groupby("partner_id").indices.values()
    judged = [pairwise_accuracy(rating[rows], score[rows]) for rows in people if np.ptp(rating[rows]) > 0]
    return float(np.mean(judged)) if judged else 0.5

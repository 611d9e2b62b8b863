"""Ratings as the arrays that a fit works on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True, slots=True)
class Feedback:
    """Ratings as arrays, each of shape (n_ratings,) unless said otherwise.

    Attributes
    ----------
    rating : ndarray of float64
    idea, partner, couple, date : ndarray of int
        Positions from 0; ``partner`` counts over all couples.
    features : ndarray of shape (n_ideas, n_features)
    answers : ndarray of shape (n_partners, n_answers)
    """

    rating: np.ndarray
    idea: np.ndarray
    partner: np.ndarray
    couple: np.ndarray
    date: np.ndarray
    features: np.ndarray
    answers: np.ndarray

    @property
    def n_couples(self) -> int:
        """How many couples rated."""
        return int(np.count_nonzero(np.bincount(self.couple)))

    @property
    def n_partners(self) -> int:
        """How many people rated."""
        return int(np.count_nonzero(np.bincount(self.partner)))

    def sample(self, n_ratings: int, n_couples: int = 1) -> Feedback:
        """Return about so many ratings, of whole couples, or more if so many couples gave more.

        All of them where there is not twice as much.
        """
        each = len(self.rating) / self.n_couples
        n_ratings = max(n_ratings, int(n_couples * each))
        if len(self.rating) <= 2 * n_ratings:
            return self
        return self.of_couples(n_ratings, np.random.default_rng(0))

    def of_couples(self, n_ratings: int, rng: np.random.Generator) -> Feedback:
        """Return the feedback of couples drawn at random, as many as hold about ``n_ratings``."""
        sizes = np.bincount(self.couple)
        order = rng.permutation(len(sizes))
        drawn = order[: np.searchsorted(np.cumsum(sizes[order]), n_ratings) + 1]
        return self.of_rows(np.flatnonzero(np.isin(self.couple, drawn)))

    def of_rows(self, rows: np.ndarray) -> Feedback:
        """Return some of the ratings; ideas, partners and couples keep their positions, dates do not."""
        return replace(
            self,
            rating=self.rating[rows],
            idea=self.idea[rows],
            partner=self.partner[rows],
            couple=self.couple[rows],
            date=np.unique(self.date[rows], return_inverse=True)[1],
        )

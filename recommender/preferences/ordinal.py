"""How far apart the steps of a rating scale are, read from how often each is taken.

From 4 to 5 need not be as far as from 2 to 3. If what people feel is spread as a normal distribution cut into
steps, a step stands for the mean of its piece, its normal score: the sigma method of Likert 1932, *A
Technique for the Measurement of Attitudes*. Scores keep the Gaussian model and its exact posterior.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

MOST_STEPS = 20
"""With more values than these, ratings are measured rather than chosen from a scale, and stay as they are."""


@dataclass(frozen=True, slots=True)
class OrdinalScale:
    """The steps of a scale and what each stands for, in rating points.

    Attributes
    ----------
    steps, scores : ndarray of shape (n_steps,)
        In rising order. A score is the best guess of a rating from the normal score of its step, linear in
        it, so that scores are expectations of ratings as they are.
    rest_var : float
        Variance of ratings about their scores, rating points squared.
    """

    steps: np.ndarray
    scores: np.ndarray
    rest_var: float = 0.0

    @classmethod
    def plain(cls) -> OrdinalScale:
        """Return the scale on which every rating stands for itself."""
        return cls(np.zeros(1), np.zeros(1))

    @classmethod
    def of(cls, ratings: np.ndarray) -> OrdinalScale:
        """Return the scale that ratings were given on.

        Examples
        --------
        Three steps with as many ratings at one end as at the other are as far apart as they look:

        >>> scale = OrdinalScale.of(np.repeat([1.0, 2.0, 3.0], [1, 2, 1]))
        >>> scale.scores.round(6).tolist()
        [1.0, 2.0, 3.0]
        """
        from scipy.stats import norm

        steps, counts = np.unique(ratings, return_counts=True)
        if not 1 < len(steps) <= MOST_STEPS:
            return cls.plain()
        share = counts / counts.sum()
        density = norm.pdf(norm.ppf(np.append(0.0, np.cumsum(share)).clip(0, 1)))
        normal = (density[:-1] - density[1:]) / share
        apart = steps - share @ steps
        scores = share @ steps + normal * (share @ (normal * apart)) / (share @ normal**2)
        return cls(steps, scores, float(share @ (steps - scores) ** 2))

    def read(self, ratings: pd.DataFrame) -> pd.DataFrame:
        """Return ratings with each ``rating`` as its score; between two steps lies between their scores."""
        if len(self.steps) < 2:
            return ratings
        rating = ratings["rating"].to_numpy(dtype=float)
        return ratings.assign(rating=np.interp(rating, self.steps, self.scores))

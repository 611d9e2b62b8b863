"""From two expected ratings to one couple score."""

from __future__ import annotations

import numpy as np

from recommender.planning.settings import PlanSettings


def couple_score(mean: np.ndarray, settings: PlanSettings) -> np.ndarray:
    """Return the average less a penalty for the less keen partner, shape (n_ideas,), rating points.

    The average predicts what groups really choose better than the least satisfied member does
    (Delic et al. 2018); the floor keeps it from asking one partner to sit through the other's evening.

    Parameters
    ----------
    mean : ndarray of shape (n_partners, n_ideas)
        Expected ratings, 1 to 5.

    Examples
    --------
    >>> couple_score(np.array([[4.0, 5.0], [4.0, 2.0]]), PlanSettings(floor=3.0, floor_weight=1.0))
    array([4. , 2.5])
    """
    shortfall = np.maximum(settings.floor - mean.min(axis=0), 0)
    return np.asarray(mean.mean(axis=0) - settings.floor_weight * shortfall)

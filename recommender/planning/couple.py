"""From two expected ratings to one couple score, in one of several ways; `PlanSettings.rule` names which.

All of them give rating points, so that what freshness, goals and care add means the same under each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from recommender.planning.ledger import Ledger
from recommender.planning.settings import PlanSettings

LEAN_MOST = 0.25
"""However far behind a partner is, the other's word keeps a quarter of the weight."""

Rule = Callable[[np.ndarray, Ledger, PlanSettings], np.ndarray]
"""Expected ratings (P, n_ideas) and the ledger to couple scores (n_ideas,)."""


def couple_score(mean: np.ndarray, ledger: Ledger, settings: PlanSettings) -> np.ndarray:
    """Return the score of each idea for both, shape (n_ideas,), rating points.

    Parameters
    ----------
    mean : ndarray of shape (P, n_ideas)
        Expected ratings, 1 to 5. One partner alone decides alone, whatever the rule.

    Examples
    --------
    >>> settings = PlanSettings(floor=3.0, floor_weight=1.0)
    >>> couple_score(np.array([[4.0, 5.0], [4.0, 2.0]]), Ledger.empty(2), settings)
    array([4. , 2.5])
    """
    if len(mean) == 1:
        return np.asarray(_average_with_floor(mean, ledger, settings))
    return np.asarray(RULES[settings.rule](mean, ledger, settings))


def _average(mean: np.ndarray, _ledger: Ledger, _settings: PlanSettings) -> np.ndarray:
    return mean.sum(axis=0) / len(mean)


def _average_with_floor(mean: np.ndarray, ledger: Ledger, settings: PlanSettings) -> np.ndarray:
    """Return the average less a penalty for the less keen partner.

    The average predicts what groups really choose better than the least satisfied member does
    (Delic et al. 2018); the floor keeps it from asking one partner to sit through the other's evening.
    """
    return _average(mean, ledger, settings) - _penalty(mean, settings)


def _leaning(mean: np.ndarray, ledger: Ledger, settings: PlanSettings) -> np.ndarray:
    """Return the floored average, leaning to the partner whom past dates gave less."""
    lean = settings.lean_weight * (ledger.gained[1] - ledger.gained[0])
    lean = min(max(lean, -LEAN_MOST), LEAN_MOST)
    return (0.5 + lean) * mean[0] + (0.5 - lean) * mean[1] - _penalty(mean, settings)


def _least_misery(mean: np.ndarray, _ledger: Ledger, _settings: PlanSettings) -> np.ndarray:
    return np.asarray(mean.min(axis=0))


def _average_without_misery(mean: np.ndarray, ledger: Ledger, settings: PlanSettings) -> np.ndarray:
    """Return the average, and nothing for what either expects to be under the floor (Masthoff 2011)."""
    return np.where(mean.min(axis=0) < settings.floor, 0.0, _average(mean, ledger, settings))


def _nash_product(mean: np.ndarray, _ledger: Ledger, _settings: PlanSettings) -> np.ndarray:
    """Return the geometric mean of both partners' points above the lowest rating, put back on the scale."""
    return np.asarray(1 + np.sqrt(np.maximum(mean - 1, 0).prod(axis=0)))


def _sequential(mean: np.ndarray, ledger: Ledger, settings: PlanSettings) -> np.ndarray:
    """Return SDAA: average and least misery mixed by how far apart the two are (Stratigi et al. 2020, eq. 8).

    Their satisfaction lies in [0, 1]; ours is points gained, whose difference is cut off at 1.
    """
    apart = min(abs(float(ledger.gained[0] - ledger.gained[1])), 1.0)
    return (1 - apart) * _average(mean, ledger, settings) + apart * mean.min(axis=0)


def _ep_fuzzda(mean: np.ndarray, ledger: Ledger, _settings: PlanSettings) -> np.ndarray:
    """Return EP-FuzzDA's gain (Malecek & Peska 2021, alg. 1), halved: both partners have equal weight.

    An idea gives each partner no more than what they still lack of an equal share of everything.
    """
    points = np.maximum(mean - 1, 0)
    share = (ledger.received.sum() + points.sum(axis=0)) / 2
    lacking = np.maximum(share - ledger.received[:, None], 0)
    return np.asarray(1 + np.minimum(points, lacking).sum(axis=0) / 2)


def _penalty(mean: np.ndarray, settings: PlanSettings) -> np.ndarray:
    return settings.floor_weight * np.maximum(settings.floor - mean.min(axis=0), 0)


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "average": _average,
        "average_with_floor": _average_with_floor,
        "leaning": _leaning,
        "least_misery": _least_misery,
        "average_without_misery": _average_without_misery,
        "nash_product": _nash_product,
        "sequential": _sequential,
        "ep_fuzzda": _ep_fuzzda,
    }
)
"""Every rule by its name."""

"""Whether the model that serves does as well with real dates as it did when it was judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import norm

LEVEL = 0.9
"""Of the intervals."""

COUPLES_MIN, DATES_MIN = 10, 40
MARGIN = 0.1
"""Points by which dates may fall short of what was expected: those chosen are those it hoped most of."""

COVERAGE_MARGIN = 0.1
"""Share of dates by which the 90 % intervals may hold too few."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Dates that came of one model's suggestions and that both rated; all arrays of shape (n,).

    Attributes
    ----------
    couple : ndarray of str
    expected, std : ndarray of float
        What the model expected of the couple's average, and how sure it was of that, points.
    enjoyed : ndarray of float
        The average of both ratings.
    """

    couple: np.ndarray
    expected: np.ndarray
    std: np.ndarray
    enjoyed: np.ndarray


@dataclass(frozen=True, slots=True)
class Health:
    """What became of a model's promises.

    Attributes
    ----------
    enjoyed, expected : float or None
        Mean over dates, 1 to 5; None, like all that follow, without a date.
    bias, low, high : float or None
        Enjoyed less expected, with its 90 % interval, couples being the clusters.
    coverage_90 : float or None
        Share of dates inside the 90 % intervals.
    """

    version: str
    verdict: Literal["as promised", "worse than promised", "not enough to tell"]
    reason: str
    n_dates: int
    n_couples: int
    enjoyed: float | None = None
    expected: float | None = None
    bias: float | None = None
    low: float | None = None
    high: float | None = None
    coverage_90: float | None = None


def health_of(version: str, outcomes: Outcomes, noise_var: float) -> Health:
    """Return the health of a model.

    Parameters
    ----------
    noise_var : float
        Variance of a couple's average rating about what they would expect of the idea, points squared.
    """
    couples, cluster = np.unique(outcomes.couple, return_inverse=True)
    n_dates, n_couples = len(outcomes.couple), len(couples)
    if not n_dates:
        return Health(version, "not enough to tell", "no date of its own was rated by both yet", 0, 0)
    off = outcomes.enjoyed - outcomes.expected
    bias = float(off.mean())
    half = float(norm.ppf(0.5 + LEVEL / 2))
    error = half * _clustered_error(off - bias, cluster)
    inside = np.abs(off) <= half * np.sqrt(outcomes.std**2 + noise_var)
    coverage = float(inside.mean())
    most = coverage + half * _clustered_error(inside - coverage, cluster)
    verdict, reason = _verdict(n_dates, n_couples, bias + error, most)
    return Health(
        version=version,
        verdict=verdict,
        reason=reason,
        n_dates=n_dates,
        n_couples=n_couples,
        enjoyed=float(outcomes.enjoyed.mean()),
        expected=float(outcomes.expected.mean()),
        bias=bias,
        low=bias - error,
        high=bias + error,
        coverage_90=coverage,
    )


def _verdict(
    n_dates: int, n_couples: int, bias_high: float, coverage_high: float
) -> tuple[Literal["as promised", "worse than promised", "not enough to tell"], str]:
    if n_dates < DATES_MIN or n_couples < COUPLES_MIN:
        return "not enough to tell", f"at least {DATES_MIN} dates of {COUPLES_MIN} couples are needed"
    if bias_high < -MARGIN:
        return "worse than promised", f"dates fall short of what it expects by more than {MARGIN} points"
    if coverage_high < LEVEL - COVERAGE_MARGIN:
        return "worse than promised", "it is surer of itself than it may be"
    return "as promised", "dates go as it expects"


def _clustered_error(centred: np.ndarray, cluster: np.ndarray) -> float:
    """Return the standard error of a mean from values about it (Liang and Zeger 1986)."""
    return float(np.sqrt((np.bincount(cluster, centred) ** 2).sum())) / len(centred)

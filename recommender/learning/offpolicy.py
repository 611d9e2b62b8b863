"""What another policy would have been worth, told from what was shown under this one.

Every suggestion is stored with the probability with which it was shown. Weighing what came of it by how much
likelier another policy would have shown it gives an unbiased account of that policy, as long as the weights
do not rest on a handful of lucky draws; the effective sample size says whether they do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

LEVEL = 0.95
"""Of the confidence intervals."""

LEAST_EFFECTIVE = 100.0
"""Effective observations below which nothing is concluded."""


@dataclass(frozen=True, slots=True)
class Log:
    """What was shown and what came of it; all arrays of shape (n,).

    Attributes
    ----------
    reward : ndarray of float
        What came of it, such as the enjoyment of the date; 0 where nothing did.
    propensity : ndarray of float
        Probability, in (0, 1], with which it was shown.
    target : ndarray of float
        Probability, in [0, 1], with which the other policy would have shown it there.
    couple : ndarray
        Whose it was: what one couple says is not independent.
    """

    reward: np.ndarray
    propensity: np.ndarray
    target: np.ndarray
    couple: np.ndarray

    @property
    def weight(self) -> np.ndarray:
        """Importance weights, shape (n,)."""
        return self.target / self.propensity


@dataclass(frozen=True, slots=True)
class OffPolicyValue:
    """A policy's value with its interval.

    Attributes
    ----------
    value, se, low, high : float
        In units of the reward; the interval is at `LEVEL`.
    effective : float
        Effective sample size: as many equally weighted observations would be as informative.
    conclusive : bool
        Whether that is enough to conclude anything.
    """

    value: float
    se: float
    low: float
    high: float
    effective: float
    conclusive: bool


def snips(log: Log) -> OffPolicyValue:
    """Return the self-normalised inverse propensity estimate (Swaminathan and Joachims 2015, eq. 9).

    Its standard error is linearised, with couples as clusters.

    Raises
    ------
    ValueError
        If the log is empty, a propensity is not in (0, 1], or the other policy would have shown none of it.

    Examples
    --------
    >>> log = Log(np.array([5.0, 1.0]), np.array([0.5, 0.25]), np.array([0.5, 0.5]), np.array(["a", "b"]))
    >>> round(snips(log).value, 3)  # weights 1 and 2: (5 + 2) / 3
    2.333
    """
    weight = _checked(log)
    value = float(weight @ log.reward / weight.sum())
    influence = weight * (log.reward - value) / weight.sum()
    return _told(value, influence, log, weight)


def doubly_robust(log: Log, predicted: np.ndarray, expected: np.ndarray) -> OffPolicyValue:
    """Return the doubly robust estimate (Dudík, Langford and Li 2011, eq. 3).

    Right if either the propensities or the predictions are right.

    Parameters
    ----------
    predicted : ndarray of shape (n,)
        The reward that a model expects of what was shown.
    expected : ndarray of shape (n,)
        The reward that it expects of what the other policy would have shown instead.

    Raises
    ------
    ValueError
        As for `snips`.
    """
    weight = _checked(log)
    each = expected + weight * (log.reward - predicted)
    value = float(each.mean())
    return _told(value, (each - value) / len(each), log, weight)


def effective_size(weight: np.ndarray) -> float:
    """Return Kong's effective sample size (Kong 1992): (Σw)² / Σw²."""
    return float(weight.sum() ** 2 / (weight**2).sum())


def _checked(log: Log) -> np.ndarray:
    if not len(log.reward):
        raise ValueError("the log is empty")
    if not ((log.propensity > 0) & (log.propensity <= 1)).all():
        raise ValueError("a propensity is not in (0, 1]: such a log cannot be weighed")
    if not log.weight.any():
        raise ValueError("the other policy would have shown none of this: nothing can be said of it")
    return log.weight


def _told(value: float, influence: np.ndarray, log: Log, weight: np.ndarray) -> OffPolicyValue:
    _, couple = np.unique(log.couple, return_inverse=True)
    by_couple = np.bincount(couple, influence)
    n = len(by_couple)
    # With few clusters their squares fall short of the variance (Cameron and Miller 2015, section 2.3).
    se = float(np.sqrt(n / (n - 1) * (by_couple**2).sum())) if n > 1 else float("inf")
    half = float(norm.ppf(0.5 + LEVEL / 2)) * se
    effective = effective_size(weight)
    conclusive = n > 1 and effective >= LEAST_EFFECTIVE
    return OffPolicyValue(value, se, value - half, value + half, effective, conclusive)

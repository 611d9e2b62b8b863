"""What a simulated year was worth to its couples, and how one policy's year compares with another's."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

WORST_WEEKS = 4


@dataclass(frozen=True, slots=True)
class Year:
    """One policy's weeks in one town.

    Attributes
    ----------
    felt : ndarray of shape (n_weeks, n_couples, 2)
        Both partners' true enjoyment of each week's date, 1 to 5; NaN where there was none.
    varied : ndarray of shape (n_weeks, n_couples)
        Mean distance between the ideas of one slate (intra-list diversity), 0 to 1; NaN for a single idea.
    renewed : ndarray of shape (n_weeks, n_couples)
        Share of a slate that was not on the week before's (temporal diversity; Lathia et al. 2010, eq. 1);
        NaN in the first week.
    n_shown, n_infeasible, n_repeats : ndarray of int, shape (n_weeks,)
        Suggestions shown, those against a couple's limits, and those of an idea done in the last 12 weeks.
    """

    policy: str
    world: str
    felt: np.ndarray
    varied: np.ndarray
    renewed: np.ndarray
    n_shown: np.ndarray
    n_infeasible: np.ndarray
    n_repeats: np.ndarray


def enjoyment(year: Year) -> np.ndarray:
    """Return each couple's mean enjoyment, shape (n_couples,)."""
    return _mean(year.felt, axis=(0, 2))


def less_satisfied(year: Year) -> np.ndarray:
    """Return the mean of whichever partner enjoyed the year less, shape (n_couples,)."""
    return np.asarray(_mean(year.felt, axis=0).min(axis=1))


def worst_weeks(year: Year) -> np.ndarray:
    """Return the lowest mean of four weeks running that a partner of each couple had, shape (n_couples,)."""
    width = min(WORST_WEEKS, len(year.felt))
    windows = np.lib.stride_tricks.sliding_window_view(year.felt, width, axis=0)
    return np.asarray(np.nanmin(_mean(windows, axis=-1), axis=(0, 2)))


def varied(year: Year) -> np.ndarray:
    """Return each couple's mean diversity within a slate, shape (n_couples,)."""
    return _mean(year.varied, axis=0)


def renewed(year: Year) -> np.ndarray:
    """Return each couple's mean diversity from week to week, shape (n_couples,)."""
    return _mean(year.renewed, axis=0)


MEASURES: Mapping[str, Callable[[Year], np.ndarray]] = MappingProxyType(
    {
        "enjoyment": enjoyment,
        "less satisfied": less_satisfied,
        "worst 4 weeks": worst_weeks,
        "varied": varied,
        "renewed": renewed,
    }
)
"""By name, each with one figure a couple."""


def measured(year: Year) -> dict[str, tuple[float, float]]:
    """Return the mean over couples of every measure, and its standard error."""
    return {name: _with_error(measure(year)) for name, measure in MEASURES.items()}


def lead(year: Year, rival: Year) -> dict[str, tuple[float, float]]:
    """Return by how much a year is ahead of another one of the same town, with the paired standard error."""
    return {name: _with_error(measure(year) - measure(rival)) for name, measure in MEASURES.items()}


def by_week(year: Year) -> list[float]:
    """Return the mean enjoyment of each week's dates."""
    return [float(mean) for mean in _mean(year.felt, axis=(1, 2))]


def _with_error(values: np.ndarray) -> tuple[float, float]:
    known = values[~np.isnan(values)]
    if not len(known):
        return float("nan"), float("nan")
    error = known.std(ddof=1) / np.sqrt(len(known)) if len(known) > 1 else float("nan")
    return float(known.mean()), float(error)


def _mean(values: np.ndarray, axis: int | tuple[int, int]) -> np.ndarray:
    """Return the mean of what is known, NaN where nothing is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # numpy's, where a couple never had a date
        return np.asarray(np.nanmean(values, axis=axis))

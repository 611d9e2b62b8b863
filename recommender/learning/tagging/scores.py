"""Measures of tags against the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from recommender.catalogue.tagger.deciding import safe_share, tagged_too_low
from recommender.catalogue.tagger.targets import Questions
from recommender.catalogue.tagger.texts import SAFETY
from recommender.catalogue.tags import STANDS_ALONE
from recommender.catalogue.taxonomy import Facet

SUPPORT = 10
"""Ideas that must have a value for its F1 to count: two in each fold of five."""
BINS = np.linspace(0, 1, 11)


@dataclass(frozen=True, slots=True)
class Safety:
    """How one safety facet errs, each a share of ideas.

    Attributes
    ----------
    not_too_low : float
        Of all ideas, those tagged at least as demanding as they are.
    asking : float
        The same of the ideas that ask for anything, which is harder.
    needless : float
        Of all ideas, those tagged more demanding than they are.
    """

    not_too_low: float
    asking: float
    needless: float


@dataclass(frozen=True, slots=True)
class Reliability:
    """One bin of confidence: how often what was said with it was true."""

    n: int
    said: float
    true: float


def facet_f1(named: np.ndarray, truth: np.ndarray, support: int = SUPPORT) -> float:
    """Return the mean F1 over the values that at least ``support`` ideas have.

    Parameters
    ----------
    named, truth : np.ndarray
        Which values ideas are said to have and have, bool (n_ideas, n_values of the facet).
    """
    counted = truth.sum(axis=0) >= support
    both = (named & truth).sum(axis=0)
    f1 = 2 * both / np.maximum(named.sum(axis=0) + truth.sum(axis=0), 1)
    return float(f1[counted].mean()) if counted.any() else float("nan")


def facet_f1s(
    questions: Questions, named: np.ndarray, truth: np.ndarray, support: int = SUPPORT
) -> dict[str, float]:
    """Return the F1 of every facet."""
    return {
        facet.name: facet_f1(named[:, at], truth[:, at], support)
        for facet in questions.facets
        for at in (questions.values[facet.name],)
    }


def macro_f1(questions: Questions, f1s: Mapping[str, float], tier: str | None = None) -> float:
    """Return the mean over the facets of a tier, or over all; facets without a counted value are left out."""
    chosen = [f1s[facet.name] for facet in questions.facets if tier in (None, facet.tier)]
    return float(np.nanmean(chosen))


def safety(questions: Questions, named: np.ndarray, truth: np.ndarray) -> dict[str, Safety]:
    """Return how each safety facet errs."""
    return {
        facet.name: _safety(facet, named[:, at], truth[:, at])
        for facet in questions.facets
        if facet.name in SAFETY
        for at in (questions.values[facet.name],)
    }


def reliability(probabilities: np.ndarray, truth: np.ndarray) -> tuple[Reliability, ...]:
    """Return ten bins of equal width that hold anything, over all values of all ideas."""
    which = np.digitize(probabilities, BINS[1:-1])
    bins = [(probabilities[which == number], truth[which == number]) for number in range(10)]
    return tuple(Reliability(len(p), float(p.mean()), float(t.mean())) for p, t in bins if len(p))


def calibration_error(bins: tuple[Reliability, ...]) -> float:
    """Return the mean gap between said and true, weighted by how often each bin was used."""
    n = sum(bin_.n for bin_ in bins)
    return sum(bin_.n * abs(bin_.said - bin_.true) for bin_ in bins) / n


def _safety(facet: Facet, named: np.ndarray, truth: np.ndarray) -> Safety:
    if facet.kind == "multi":
        harmless = np.array([name in STANDS_ALONE for name in facet.names])
        asks, above = (truth & ~harmless).any(axis=1), (named & ~truth & ~harmless).any(axis=1)
    else:
        asks, above = truth.argmax(axis=1) > 0, named.argmax(axis=1) > truth.argmax(axis=1)
    low = tagged_too_low(facet, named, truth)
    asking = float(1 - low[asks].mean()) if asks.any() else float("nan")
    return Safety(safe_share(facet, named, truth), asking, float(above.mean()))

"""From probabilities to tags: bars that each value has to clear, chosen on left-out probabilities.

Ranking by plain probability would never name a rare value. So each value has a bar, and what is decided
on is the probability over the bar; bars are set for the best macro-F1 on ideas that were left out. Facets
of safety have other bars: the least that keep nearly every idea from being tagged too low.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from recommender.catalogue.tagger.targets import Questions, at_least
from recommender.catalogue.tagger.texts import SAFETY
from recommender.catalogue.tags import STANDS_ALONE
from recommender.catalogue.taxonomy import Facet

SAFE_RECALL = 0.965
"""Share of left-out ideas that a safety facet must not tag too low; a little above the 0.95 promised."""
SAFE_BAR_MAX = 0.2
"""A demanding value is taken from this probability on, even where fewer would do: a miss for four alarms."""
FEWEST = 5
"""Ideas with a value below which its bar is left at its share: fewer cannot place it."""
GRID = np.unique(np.round(np.geomspace(0.005, 0.9, 60), 4))


def set_bars(questions: Questions, probabilities: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return a bar for every value, (n_values,).

    Parameters
    ----------
    probabilities : np.ndarray
        Of every value, for ideas that were left out, (n_ideas, n_values).
    truth : np.ndarray
        Whether they have it, bool, of the same shape.
    """
    bars = np.empty(questions.n_values)
    for facet in questions.facets:
        at = questions.values[facet.name]
        bars[at] = _bars(facet, probabilities[:, at], truth[:, at])
    return bars


def decide(questions: Questions, probabilities: np.ndarray, bars: np.ndarray) -> np.ndarray:
    """Return which values each text has, bool (n_texts, n_values): at least one of every facet.

    A facet that is not multi has exactly one; ``none`` and ``any`` stand alone.
    """
    chosen = np.zeros(probabilities.shape, dtype=bool)
    for facet in questions.facets:
        at = questions.values[facet.name]
        chosen[:, at] = _decide(facet, probabilities[:, at], bars[at])
    return chosen


def _bars(facet: Facet, probabilities: np.ndarray, truth: np.ndarray) -> np.ndarray:
    if facet.name in SAFETY:
        return _safe_bars(facet, probabilities, truth)
    if facet.kind == "multi":
        return np.array([_best_bar(p, t) for p, t in zip(probabilities.T, truth.T, strict=True)])
    return _balanced_bars(probabilities, truth)


def _decide(facet: Facet, probabilities: np.ndarray, bars: np.ndarray) -> np.ndarray:
    if facet.kind == "multi":
        return _decide_many(facet, probabilities / bars)
    if facet.name in SAFETY:
        steps = (at_least(probabilities)[:, 1:] >= bars[1:]).cumprod(axis=1).sum(axis=1)
    else:
        steps = (probabilities / bars).argmax(axis=1)
    return steps[:, None] == np.arange(len(bars))


def _decide_many(facet: Facet, over: np.ndarray) -> np.ndarray:
    alone = np.array([name in STANDS_ALONE for name in facet.names])
    chosen = (over >= 1) | (over == over.max(axis=1, keepdims=True))
    if not alone.any():
        return chosen
    others = over[:, ~alone].max(axis=1)
    # In a facet of safety there is nothing to fear only where nothing clears its bar.
    lonely = others < 1 if facet.name in SAFETY else over[:, alone].max(axis=1) >= others
    chosen[lonely] = alone
    chosen[~lonely] &= ~alone
    # Where "alone" was the only choice but is not taken, the best of the others is.
    empty = ~chosen.any(axis=1)
    chosen[empty] = (over[empty] == others[empty, None]) & ~alone
    return chosen


def _best_bar(probability: np.ndarray, truth: np.ndarray) -> float:
    """Return the bar with the best F1, smoothed over neighbours since few ideas have most values."""
    if truth.sum() < FEWEST:
        return float(np.clip(2 * truth.mean(), 0.1, 0.5))
    named = probability[:, None] >= GRID
    f1 = 2 * (named & truth[:, None]).sum(axis=0) / (named.sum(axis=0) + truth.sum())
    return float(GRID[np.convolve(f1, np.ones(5) / 5, mode="same").argmax()])


def _balanced_bars(probabilities: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return bars as a power of each value's share, then nudged one by one while macro-F1 gains."""
    share = np.clip(truth.mean(axis=0), 0.01, None)
    counted = truth.sum(axis=0) >= FEWEST

    def quality(bars: np.ndarray) -> float:
        named = (probabilities / bars).argmax(axis=1)[:, None] == np.arange(len(bars))
        both = (named & truth).sum(axis=0)
        return float((2 * both / np.maximum(named.sum(axis=0) + truth.sum(axis=0), 1))[counted].mean())

    best = max((share**power for power in (0.0, 0.25, 0.5, 0.75, 1.0)), key=quality)
    for value in np.tile(np.flatnonzero(counted), 2):
        for factor in (0.7, 0.85, 1.2, 1.4):
            nudged = best.copy()
            nudged[value] *= factor
            if quality(nudged) > quality(best) + 0.004:  # less than that is chance
                best = nudged
    return best


def _safe_bars(facet: Facet, probabilities: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return the highest common bar, relative to each value's share, that keeps the promised recall."""
    share = np.maximum((truth if facet.kind == "multi" else at_least(truth)).mean(axis=0), 1e-3)
    for scale in np.geomspace(SAFE_BAR_MAX, 0.0005, 60):
        # Half-way between one bar for all and bars in proportion to the shares.
        bars = np.clip(
            scale * np.sqrt(np.maximum(share, 1e-3) / max(share[1:].max(), 1e-3)), 1e-4, SAFE_BAR_MAX
        )
        if safe_share(facet, _decide(facet, probabilities, bars), truth) >= SAFE_RECALL:
            return bars
    return bars


def safe_share(facet: Facet, named: np.ndarray, truth: np.ndarray) -> float:
    """Return the share of ideas that are not tagged too low, for one safety facet.

    Too low is a lower value of an ordinal facet, and any value of a multi facet that is not named.
    """
    return float(1 - tagged_too_low(facet, named, truth).mean())


def tagged_too_low(facet: Facet, named: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return which ideas are tagged too low, bool (n_ideas,)."""
    if facet.kind == "multi":
        harmless = np.array([name in STANDS_ALONE for name in facet.names])
        return (truth & ~named & ~harmless).any(axis=1)
    return named.argmax(axis=1) < truth.argmax(axis=1)


def tags_of(
    questions: Questions, chosen: np.ndarray, probabilities: np.ndarray
) -> dict[str, tuple[str, ...]]:
    """Return one text's tags; of ``domain`` the likeliest stands first, as its main one."""
    tags: dict[str, tuple[str, ...]] = {}
    for facet in questions.facets:
        at = questions.values[facet.name]
        numbers = np.flatnonzero(chosen[at])
        if facet.name == "domain":
            numbers = numbers[np.argsort(-probabilities[at][numbers], kind="stable")]
        tags[facet.name] = tuple(facet.names[number] for number in numbers)
    return tags


def confidences(questions: Questions, probabilities: np.ndarray) -> dict[str, Mapping[str, float]]:
    """Return one text's probabilities by facet and value."""
    return {
        facet.name: dict(
            zip(facet.names, probabilities[questions.values[facet.name]].round(4).tolist(), strict=True)
        )
        for facet in questions.facets
    }

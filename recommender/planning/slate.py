"""Choosing a slate: one idea per role, varied, with a little honest exploration and exact propensities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from recommender.domain import Role
from recommender.planning.settings import PlanSettings
from recommender.planning.table import IdeaTable

EQUAL = 1e-6
"""Points of score; a smaller difference is one of rounding, not of promise."""

SHORTLIST = 500
"""In a large catalogue only so many of a role's best are looked at closely; the rest are never explored."""

Spread = Callable[[np.ndarray], np.ndarray]
"""Rows to the standard deviation of their couple scores, both of shape (n_rows,)."""


@dataclass(frozen=True, slots=True)
class Pick:
    """One idea taken onto the slate.

    Attributes
    ----------
    variety : float
        Points it lost for likeness to those picked before it, 0 or less.
    std : float
        Standard deviation of its couple score, points.
    propensity : float
        Probability of this pick given those before it, in (0, 1].
    """

    idea_index: int
    role: Role
    variety: float
    std: float
    propensity: float


def choose_slate(
    table: IdeaTable,
    score: np.ndarray,
    spread: Spread,
    mask: np.ndarray,
    settings: PlanSettings,
    rng: np.random.Generator,
    *,
    roles: tuple[Role, ...] | None = None,
    before: tuple[int, ...] = (),
    returning: np.ndarray | None = None,
) -> tuple[Pick, ...]:
    """Return up to one pick per role, none twice and none outside ``mask``.

    Each pick is greedy by score minus likeness to the slate so far (maximal marginal relevance,
    Carbonell and Goldstein 1998), but with probability ``settings.exploration`` it is drawn from a
    softmax over score plus posterior standard deviation, so every feasible idea of the role can be
    shown (in a large catalogue: every one of the ``SHORTLIST`` best) and the propensity is known exactly.

    Parameters
    ----------
    score : ndarray of shape (n_ideas,)
        Couple score.
    spread : callable
        Gives the standard deviation of the scores of some rows.
    mask : ndarray of bool, shape (n_ideas,)
        Feasible ideas.
    before : tuple[int, ...]
        Ideas that already stand on the slate (in a swap).
    returning : ndarray of bool, optional
        Favourites that may come back in the ``close`` role.
    """
    picks: list[Pick] = []
    roles = roles or settings.roles
    mask = _shortlist(table, score, mask, roles, returning)
    std = _spreads(score, spread, mask)
    for role in roles:
        taken = (*before, *(pick.idea_index for pick in picks))
        left = _without(mask, taken)
        if not left.any():
            break
        pool, named = _pool(table, role, left, returning)
        picks.append(_pick(table, score, std, pool, named, taken, settings, rng))
    return tuple(picks)


def slate_chances(
    table: IdeaTable,
    score: np.ndarray,
    spread: Spread,
    mask: np.ndarray,
    settings: PlanSettings,
    shown: Sequence[int],
    *,
    returning: np.ndarray | None = None,
) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Return what `choose_slate` could have put at each place, given those ``shown`` before it.

    Returns
    -------
    tuple of (candidates, probabilities)
        For each place of ``shown``: rows, and their chances, summing to 1; both of shape (n_candidates,).
    """
    mask = _shortlist(table, score, mask, settings.roles, returning)
    std = _spreads(score, spread, mask)
    found = []
    for place, role in enumerate(settings.roles[: len(shown)]):
        taken = tuple(shown[:place])
        left = _without(mask, taken)
        if not left.any():
            break
        pool, _ = _pool(table, role, left, returning)
        candidates, _, chances = _chances(table, score, std, pool, taken, settings)
        found.append((candidates, chances))
    return tuple(found)


def pick_propensities(promise: np.ndarray, bonus: np.ndarray, settings: PlanSettings) -> np.ndarray:
    """Return the probability of each candidate, shape (n,), summing to 1.

    Parameters
    ----------
    promise : ndarray of shape (n,)
        Score minus likeness to the slate so far; the greedy choice is its maximum, any one of them where
        several are equal, so that couples of whom nothing is known do not all see the same idea.
    bonus : ndarray of shape (n,)
        Posterior standard deviation: what exploring could find.
    """
    hope = (promise + bonus) / settings.temperature
    weights = np.exp(hope - hope.max())
    probabilities = settings.exploration * weights / weights.sum()
    best = promise >= promise.max() - EQUAL
    probabilities[best] += (1 - settings.exploration) / best.sum()
    return np.asarray(probabilities)


def _spreads(score: np.ndarray, spread: Spread, mask: np.ndarray) -> np.ndarray:
    """Return the standard deviations of the ideas in ``mask``, 0 elsewhere; shape (n_ideas,)."""
    near, std = mask.nonzero()[0], np.zeros(len(score))
    std[near] = spread(near)
    return std


def _without(mask: np.ndarray, taken: Sequence[int]) -> np.ndarray:
    left = mask.copy()
    left[list(taken)] = False
    return left


def _pool(
    table: IdeaTable, role: Role, left: np.ndarray, returning: np.ndarray | None
) -> tuple[np.ndarray, Role]:
    """Return the candidates for a role and the role's name: ``open`` where limits leave none for it."""
    if role == "open":
        return left, role
    suits = table.roles[role]
    if role == "close" and returning is not None:
        suits = suits | returning
    pool = left & suits
    return (pool, role) if pool.any() else (left, "open")


def _pick(
    table: IdeaTable,
    score: np.ndarray,
    std: np.ndarray,
    pool: np.ndarray,
    role: Role,
    taken: tuple[int, ...],
    settings: PlanSettings,
    rng: np.random.Generator,
) -> Pick:
    candidates, variety, probabilities = _chances(table, score, std, pool, taken, settings)
    # As `rng.choice` draws, without its checks of what was checked.
    at = min(int(np.searchsorted(probabilities.cumsum(), rng.random(), side="right")), len(candidates) - 1)
    row = int(candidates[at])
    return Pick(row, role, float(variety[at]), float(std[row]), float(probabilities[at]))


def _chances(
    table: IdeaTable,
    score: np.ndarray,
    std: np.ndarray,
    pool: np.ndarray,
    taken: tuple[int, ...],
    settings: PlanSettings,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return candidates, the points each loses for likeness to ``taken``, and its probability."""
    candidates = pool.nonzero()[0]
    variety = np.zeros(len(candidates))
    if taken:
        variety = -settings.variety_weight * table.likeness(np.array(taken), candidates).max(axis=0)
    return candidates, variety, pick_propensities(score[candidates] + variety, std[candidates], settings)


def _shortlist(
    table: IdeaTable,
    score: np.ndarray,
    mask: np.ndarray,
    roles: tuple[Role, ...],
    returning: np.ndarray | None,
) -> np.ndarray:
    """Return the mask less what is not among the best of any role, nor of all; shape (n_ideas,)."""
    if mask.sum() <= SHORTLIST:
        return mask
    near = np.zeros_like(mask)
    for role in {"open", *roles}:
        rows = np.flatnonzero(_pool(table, role, mask, returning)[0])
        near[rows[_best(score[rows])]] = True
    return near


def _best(score: np.ndarray) -> np.ndarray:
    """Return the positions of the highest scores, as many as a shortlist holds, in no order."""
    if len(score) <= SHORTLIST:
        return np.arange(len(score))
    return np.argpartition(-score, SHORTLIST - 1)[:SHORTLIST]

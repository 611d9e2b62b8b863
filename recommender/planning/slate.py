"""Choosing a slate: one idea per role, varied, with a little honest exploration and exact propensities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.domain import Role
from recommender.planning.settings import PlanSettings
from recommender.planning.table import IdeaTable

EQUAL = 1e-6
"""Points of score; a smaller difference is one of rounding, not of promise."""


@dataclass(frozen=True, slots=True)
class Pick:
    """One idea taken onto the slate.

    Attributes
    ----------
    variety : float
        Points it lost for likeness to those picked before it, 0 or less.
    propensity : float
        Probability of this pick given those before it, in (0, 1].
    """

    idea_index: int
    role: Role
    variety: float
    propensity: float


def choose_slate(
    table: IdeaTable,
    score: np.ndarray,
    std: np.ndarray,
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
    shown and the propensity is known exactly.

    Parameters
    ----------
    score, std : ndarray of shape (n_ideas,)
        Couple score and its standard deviation.
    mask : ndarray of bool, shape (n_ideas,)
        Feasible ideas.
    before : tuple[int, ...]
        Ideas that already stand on the slate (in a swap).
    returning : ndarray of bool, optional
        Favourites that may come back in the ``close`` role.
    """
    picks: list[Pick] = []
    for role in roles or settings.roles:
        taken = (*before, *(pick.idea_index for pick in picks))
        left = mask.copy()
        left[list(taken)] = False
        if not left.any():
            break
        pool, named = _pool(table, role, left, returning)
        picks.append(_pick(table, score, std, pool, named, taken, settings, rng))
    return tuple(picks)


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
    candidates = np.flatnonzero(pool)
    variety = np.zeros(len(candidates))
    if taken:
        variety = -settings.variety_weight * table.likeness(np.array(taken)).max(axis=0)[candidates]
    probabilities = pick_propensities(score[candidates] + variety, std[candidates], settings)
    at = int(rng.choice(len(candidates), p=probabilities))
    return Pick(int(candidates[at]), role, float(variety[at]), float(probabilities[at]))

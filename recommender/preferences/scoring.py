"""Fisher scoring of a covariance of weights: EM's step, as far as ratings tell.

Where a couple's ratings leave much of its weights open, most of what EM then believes of them is what it
believed before, and it goes slowly. Scoring divides the slope of the likelihood by what ratings are expected
to tell instead (Longford 1987, *Biometrika* 74). In directions in which ``now`` is the identity,
and the ratings of the average couple tell shares ``told`` of its weights, the change ``S`` of the logarithm
meets, for n couples,

    slope - n told told' * S + m (exp(-S/2) centre exp(-S/2) - I) = 0

where EM has n alone in place of ``n told told'``. The m observations' worth of prior draws it to ``centre``
(``rescaling.py``), which moves along. The likelihood is not as even as that: a step may lower it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.preferences.kernels import root_of
from recommender.preferences.rescaling import centre_of
from recommender.preferences.strength import Held

MOVED_AT_ONCE = 2
"""Covariances, that of couples and that of partners: what both could explain, each explains half of."""

CORRECTIONS = 5
"""How often a step is found anew with the prior of where it led."""

FARTHEST = 3.0
"""How far the logarithm may be taken in any direction: a factor of twenty."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the ratings of n couples (or partners) say of the covariance of their weights.

    With features X, residuals e, and C the covariance of one's ratings:

    Attributes
    ----------
    slope : ndarray of shape (F, F)
        Sum of ``X' (C⁻¹ e e' C⁻¹ - C⁻¹) X``: twice the derivative of the log likelihood.
    information : ndarray of shape (F, F)
        Sum of ``X' C⁻¹ X``.
    n : int
    """

    slope: np.ndarray
    information: np.ndarray
    n: int


def scored(now: np.ndarray, seen: Seen, start: np.ndarray, held: Held) -> np.ndarray:
    """Return the covariance to which scoring leads from ``now``, with ``start`` for what the prior states.

    All have shape (F, F).
    """
    half, inverse = _directions(now, seen)
    told = np.diag(half.T @ seen.information @ half) / seen.n
    curvature = MOVED_AT_ONCE * seen.n * np.outer(told, told)
    slope, firm = half.T @ seen.slope @ half, held.covariances
    step, back, root = np.zeros_like(now), inverse, half
    for _ in range(CORRECTIONS):
        drawn = firm * (back @ centre_of(back.T @ back, start, held) @ back.T - np.eye(len(now)))
        step = step + (slope - curvature * step + drawn) / (curvature + firm)
        values, vectors = np.linalg.eigh((step + step.T) / 2)
        values = np.clip(values, -FARTHEST, FARTHEST)
        step = vectors * values @ vectors.T
        back = (vectors * np.exp(-values / 2)) @ (vectors.T @ inverse)
        root = half @ (vectors * np.exp(values / 2))
    return np.asarray(root @ root.T)


def _directions(now: np.ndarray, seen: Seen) -> tuple[np.ndarray, np.ndarray]:
    """Return ``L`` with ``L L' = now`` and ``L' information L`` diagonal, and its inverse."""
    root, inverse = root_of(now)
    _, turn = np.linalg.eigh(root.T @ seen.information @ root)
    return root @ turn, turn.T @ inverse

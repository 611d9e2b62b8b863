"""The prior of a covariance of weights, rescaled to where it fits best.

How lenient people differ, and how much taste there is, shows in few couples' ratings, so leniency and tastes
each have a scale, a factor on what the prior states. A tag may have a scale of its own around that of all
tags (automatic relevance determination; MacKay 1994). How tags go together takes many couples, and is held.

With ``t_f`` the diagonal of ``now⁻¹ start``, m observations' worth of prior for the covariance, s for a scale
and k for a tag's own, the prior of a covariance ``now`` is, up to a constant, minus half of

    m (log|now| + sum_f [g_f t_f - log g_f]) + s sum_f [c_f - log c_f] + k sum_tags [r_f - 1 - log r_f]

at the likeliest scales: ``c`` is the common one, of leniency or of tastes, ``g = c r`` a weight's own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from recommender.preferences.strength import Held


@dataclass(frozen=True, slots=True)
class Rescaled:
    """The prior of one covariance at its likeliest scales.

    Attributes
    ----------
    centre : ndarray of shape (F, F)
        What the covariance is drawn to; leniency and tastes are independent.
    log_density : float
        Of the covariance, up to a constant, nats.
    """

    centre: np.ndarray
    log_density: float


@dataclass(frozen=True, slots=True)
class _Scales:
    """The likeliest scales of F weights.

    Attributes
    ----------
    told, common, beyond : ndarray of shape (F,)
        ``t c``, ``c`` and ``r - 1``.
    apart : float
        ``k``; infinite where all tags have one scale.
    """

    told: np.ndarray
    common: np.ndarray
    beyond: np.ndarray
    apart: float

    def centre(self, start: np.ndarray) -> np.ndarray:
        """Return ``start`` (F, F) at these scales."""
        root = np.sqrt(self.common * (1 + self.beyond))
        centre = start * np.outer(root, root)
        centre[0, 1:] = centre[1:, 0] = 0.0
        return np.asarray(centre)


def rescaled(now: np.ndarray, start: np.ndarray, held: Held) -> Rescaled:
    """Return the prior of ``now``, with ``start`` for what it states; both have shape (F, F).

    Where ``start`` has tags that go together, all tags have one scale.
    """
    it = _scales(np.linalg.inv(now), start, held)
    own = it.told * (1 + it.beyond) - np.log(it.common) - np.log1p(it.beyond)
    total = held.covariances * (np.linalg.slogdet(now)[1] + own.sum())
    total += held.scales * (it.common - np.log(it.common)).sum()
    if np.isfinite(it.apart):
        total += it.apart * (it.beyond - np.log1p(it.beyond)).sum()
    return Rescaled(it.centre(start), float(-0.5 * total))


def centre_of(inverse: np.ndarray, start: np.ndarray, held: Held) -> np.ndarray:
    """Return what the covariance with this ``inverse`` is drawn to, as `rescaled` does; shape (F, F)."""
    return _scales(inverse, start, held).centre(start)


def _scales(inverse: np.ndarray, start: np.ndarray, held: Held) -> _Scales:
    products = inverse * start
    leniency, tags, apart = products[:1, 0], np.diag(products)[1:], held.tags
    if np.count_nonzero(start[1:, 1:]) > np.count_nonzero(np.diag(start)[1:]):
        tags, apart = np.full(len(tags), products[1:, 1:].sum() / len(tags)), np.inf
    common = np.repeat([_common(leniency, held, np.inf), _common(tags, held, apart)], [1, len(tags)])
    told = np.append(leniency, tags) * common
    return _Scales(told, common, np.append(0.0, _beyond(told[1:], held, apart)), apart)


def _common(at: np.ndarray, held: Held, apart: float) -> float:
    """Return the likeliest common scale ``c`` of weights with ``t`` of ``at``, each with its own about it.

    It is where the prior's slope is 0: m sum_f [1 - r_f t_f c] = s n (c - 1).
    """

    def slope(scale: float) -> float:
        told = at * scale
        beyond = held.covariances * (1 - told * (1 + _beyond(told, held, apart)))
        return float(beyond.sum() - held.scales * len(at) * (scale - 1))

    return float(brentq(slope, 0.0, max(1.0, 1 / at.min()))) if len(at) else 1.0


def _beyond(told: np.ndarray, held: Held, apart: float) -> np.ndarray:
    """Return how far each weight's likeliest scale is from the common one, ``r - 1``; ``told`` is t c."""
    share = held.covariances / apart
    return np.asarray(share * (1 - told) / (1 + share * told))

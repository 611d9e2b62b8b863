"""Where passes of EM are going: Anderson's extrapolation of the variances.

EM moves little where feedback says little. How its moves changed from pass to pass tells where they would
vanish: of all mixtures of the last points, the one whose move is expected to be shortest, and that move
(Anderson 1965, *Journal of the ACM* 12; Walker & Ni 2011, *SIAM Journal on Numerical Analysis* 49, section 2;
for EM, and held back a little: Henderson & Varadhan 2019, *Journal of Computational and Graphical
Statistics* 28). Variances are told as logarithms, so whatever comes of them is positive definite.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from recommender.preferences.model import Parameters
from recommender.preferences.threads import Threads

MEMORY = 12
"""How many changes of moves are remembered."""

DAMPING = 1e-3
"""Of each remembered change, as a share of its square: changes that are nearly alike say nothing certain."""

FARTHEST = 3.0
"""How far past a pass's end any logarithm may be taken: a factor of twenty."""


class Extrapolation:
    """The last passes of a climb, and where they lead.

    Parameters
    ----------
    threads : Threads
        Each covariance is another's work.
    """

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        self._ends: list[np.ndarray] = []
        self._moves: list[np.ndarray] = []
        self._led_to: Parameters | None = None
        self._there = np.zeros(0)

    def after(self, start: Parameters, end: Parameters) -> list[Parameters]:
        """Return ``end`` and, after two passes, where they lead; the last went from ``start`` to ``end``."""
        from_ = self._there if start is self._led_to else self._logarithms(start)
        to = self._logarithms(end)
        self._ends = [*self._ends[-MEMORY:], to]
        self._moves = [*self._moves[-MEMORY:], to - from_]
        if len(self._moves) < 2:
            return [end]
        leap = sum(share * there for share, there in zip(self._mixture(), self._ends, strict=True))
        self._there = to + leap / max(1.0, np.abs(leap).max() / FARTHEST)
        self._led_to = self._with_logarithms(end, self._there)
        return [end, self._led_to]

    def _mixture(self) -> np.ndarray:
        """Return how much of each end to add to the last one for the shortest move; they sum to 0."""
        products = np.array([[one @ other for other in self._moves] for one in self._moves])
        changes = np.diff(np.eye(len(products)), axis=0)
        alike = changes @ products @ changes.T
        alike[np.diag_indices_from(alike)] *= 1 + DAMPING
        return np.asarray(-np.linalg.lstsq(alike, changes @ products[-1])[0] @ changes)

    def misled(self) -> None:
        """Forget the older half of the passes: moves were not as even as they led one to believe."""
        kept = len(self._moves) // 2
        self._ends, self._moves = self._ends[kept:], self._moves[kept:]

    def _logarithms(self, parameters: Parameters) -> np.ndarray:
        """Return all variances as one vector: matrix logarithms of covariances, logarithms of the others."""
        covariances = self._threads.map(_logarithm, [parameters.couple_cov, parameters.partner_cov])
        variances = parameters.shock_var, parameters.noise_var, parameters.effect_var
        return np.concatenate([*(each.ravel() for each in covariances), np.log(variances)])

    def _with_logarithms(self, parameters: Parameters, logarithms: np.ndarray) -> Parameters:
        couple, partner, rest = np.split(logarithms, np.cumsum([parameters.couple_cov.size] * 2))
        shape = parameters.couple_cov.shape
        covariances = self._threads.map(_exponential, [couple.reshape(shape), partner.reshape(shape)])
        shock_var, noise_var, effect_var = np.exp(rest).tolist()
        return replace(
            parameters,
            couple_cov=covariances[0],
            partner_cov=covariances[1],
            shock_var=shock_var,
            noise_var=noise_var,
            effect_var=effect_var,
        )


def _logarithm(covariance: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(covariance)
    least = np.finfo(float).eps * values[-1]  # what is less is rounding
    return np.asarray((vectors * np.log(np.maximum(values, least))) @ vectors.T)


def _exponential(logarithm: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(logarithm)
    return np.asarray((vectors * np.exp(values)) @ vectors.T)

"""Nearly the inverse of the least squares of fixed weights and ideas' effects, so that few steps solve them.

Ratings are taken as independent, and answers as uncorrelated. Then the weights of each answer stand alone;
general appeal and the effects, which both say something of every idea, are solved together (the effects
eliminated by their Schur complement).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from recommender.preferences.threads import Threads


class Preconditioner:
    """The inverse for one design and one prior of the fixed weights.

    Parameters
    ----------
    design : ndarray of shape (n_ideas, F)
    told : ndarray of shape (n_ideas, A)
        What the ratings of each idea tell: squared answers of who rated it, summed, over the variance of a
        rating.
    precision : ndarray of shape (F, A)
        Prior precision of the fixed weights.
    threads : Threads
    """

    def __init__(self, design: np.ndarray, told: np.ndarray, precision: np.ndarray, threads: Threads) -> None:
        self._design, self._told, self._precision = design, told[:, 0], precision
        self._answers = threads.map(
            lambda answer: self._inverse(told[:, answer], answer), range(1, told.shape[1])
        )

    def solver(self, effect_var: float) -> Callable[[np.ndarray], np.ndarray]:
        """Return what nearly solves for a right-hand side, given the variance of an effect.

        A vector, as conjugate gradients take it: F A weights row by row, then n_ideas effects.
        """
        share = effect_var / (1 + effect_var * self._told)
        appeal = self._inverse(self._told * share / effect_var, 0)

        def solve(pull: np.ndarray) -> np.ndarray:
            weights = pull[: self._precision.size].reshape(self._precision.shape)
            effects = pull[self._precision.size :]
            out = np.empty_like(weights)
            out[:, 0] = appeal @ (weights[:, 0] - self._design.T @ (self._told * share * effects))
            for answer, inverse in enumerate(self._answers, start=1):
                out[:, answer] = inverse @ weights[:, answer]
            return np.append(out, share * (effects - self._told * (self._design @ out[:, 0])))

        return solve

    def _inverse(self, told: np.ndarray, answer: int) -> np.ndarray:
        gram = (self._design.T * told) @ self._design
        return np.linalg.inv(gram + np.diag(self._precision[:, answer]))

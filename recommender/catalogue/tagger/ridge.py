"""Ridge regression on similarities, for all questions at once, with exact left-out predictions.

One matrix is inverted for each strength of shrinking, and every question takes the strength whose
left-out error is least. A left-out prediction for an example comes from the same fit without the example
and without its group, in closed form.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

STRENGTHS = (0.15, 0.5, 1.5, 5.0)
"""Ridge penalties tried, for similarities of 1 on the diagonal."""


@dataclass(frozen=True)
class Scorer:
    """A score for every question, from likeness to examples.

    Attributes
    ----------
    examples : csr_matrix
        Texts as vectors of length 1, (n_examples, n_terms).
    weights : np.ndarray
        (n_examples, n_questions). Like the vectors, float32 that half precision holds.
    level : np.ndarray
        The share of yes, (n_questions,).
    """

    examples: csr_matrix
    weights: np.ndarray
    level: np.ndarray

    def scores(self, vectors: csr_matrix) -> np.ndarray:
        """Return the scores of texts, (n_texts, n_questions); about 0 for no and 1 for yes."""
        return (vectors @ self.examples.T) @ self.weights + self.level


def fit_scorer(
    examples: csr_matrix, answers: np.ndarray, groups: Sequence[np.ndarray]
) -> tuple[Scorer, np.ndarray]:
    """Return a scorer, and the scores that examples get from a fit without their group."""
    weights, level, left_out = fit_ridge((examples @ examples.T).toarray(), answers, groups)
    kept = examples.copy()
    kept.data = _halved(kept.data)
    return Scorer(kept, _halved(weights), level), left_out


def fit_ridge(
    similarity: np.ndarray, answers: np.ndarray, groups: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fit and leave out.

    Parameters
    ----------
    similarity : np.ndarray
        Of every example to every other, (n_examples, n_examples).
    answers : np.ndarray
        (n_examples, n_questions).
    groups : Sequence[np.ndarray]
        Positions of examples that tell of each other; together they are every example once.

    Returns
    -------
    weights : np.ndarray
        (n_examples, n_questions).
    level : np.ndarray
        The share of yes, (n_questions,): a score is ``similarity @ weights + level``.
    left_out : np.ndarray
        The scores that examples get from a fit without their group, (n_examples, n_questions).
    """
    level = answers.mean(axis=0)
    fits = [_left_out(similarity, answers - level, groups, strength) for strength in STRENGTHS]
    errors = np.array([((left + level - answers) ** 2).sum(axis=0) for _, left in fits])
    best = errors.argmin(axis=0)
    weights, left_out = (_pick([fit[part] for fit in fits], best) for part in (0, 1))
    return weights, level, left_out + level


def _halved(values: np.ndarray) -> np.ndarray:
    """Return float32 values that half precision holds, as they are stored: scores move by less than 0.001."""
    return values.astype(np.float16).astype(np.float32)


def _left_out(
    similarity: np.ndarray, centred: np.ndarray, groups: Sequence[np.ndarray], strength: float
) -> tuple[np.ndarray, np.ndarray]:
    inverse = _inverse(similarity + strength * np.eye(len(centred), dtype=similarity.dtype))
    weights = inverse @ centred
    left = np.empty_like(centred)
    for group in groups:
        # What the fit without the group misses of the group: its weights over its part of the inverse.
        left[group] = centred[group] - np.linalg.solve(inverse[np.ix_(group, group)], weights[group])
    return weights, left


def _inverse(matrix: np.ndarray) -> np.ndarray:
    """Return the inverse of a symmetric positive definite matrix, by Cholesky: half the work of LU."""
    from scipy.linalg import get_lapack_funcs

    factorise, invert = get_lapack_funcs(("potrf", "potri"), (matrix,))
    factor, failed = factorise(matrix, lower=True, clean=True)
    if failed:
        raise np.linalg.LinAlgError("likenesses are no inner products")
    below, _ = invert(factor, lower=True)
    return np.asarray(below + np.tril(below, -1).T)


def _pick(arrays: list[np.ndarray], best: np.ndarray) -> np.ndarray:
    """Return, of each column, the one of the array that ``best`` names."""
    return np.take_along_axis(np.stack(arrays), best[None, None, :], axis=0)[0]

"""Ridge regression on similarities, for all questions at once, with exact left-out predictions.

One matrix is inverted for each strength of shrinking, and every question takes the strength whose
left-out error is least. A left-out prediction for an idea comes from the same fit without the idea and
without its near-duplicates, in closed form.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

STRENGTHS = (0.15, 0.5, 1.5, 5.0)
"""Ridge penalties tried, for similarities of 1 on the diagonal."""


def fit_ridge(
    similarities: Mapping[str, np.ndarray], answers: np.ndarray, groups: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Fit and leave out.

    Parameters
    ----------
    similarities : Mapping[str, np.ndarray]
        For each view of the ideas' texts, its similarity to the whole texts, (n_ideas, n_ideas); the fit
        rests on the view ``whole``.
    answers : np.ndarray
        (n_ideas, n_questions).
    groups : Sequence[np.ndarray]
        Positions of ideas that are near-duplicates of each other; together they are every idea once.

    Returns
    -------
    weights : np.ndarray
        (n_ideas, n_questions).
    level : np.ndarray
        The share of yes, (n_questions,): a score is ``similarity @ weights + level``.
    left_out : dict[str, np.ndarray]
        For each view, the scores that ideas get from a fit without their group, (n_ideas, n_questions).
    """
    level = answers.mean(axis=0)
    fits = [_left_out(similarities, answers - level, groups, strength) for strength in STRENGTHS]
    errors = np.array([((left["whole"] + level - answers) ** 2).sum(axis=0) for _, left in fits])
    best = errors.argmin(axis=0)
    weights = _pick([weights for weights, _ in fits], best)
    left_out = {view: _pick([left[view] for _, left in fits], best) + level for view in similarities}
    return weights, level, left_out


def _left_out(
    similarities: Mapping[str, np.ndarray], centred: np.ndarray, groups: Sequence[np.ndarray], strength: float
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    inverse = np.linalg.inv(similarities["whole"] + strength * np.eye(len(centred)))
    weights = inverse @ centred
    left = {view: np.empty_like(centred) for view in similarities}
    for group in groups:
        # The weights of the fit without the group, which are zero on the group itself.
        without = weights - inverse[:, group] @ np.linalg.solve(inverse[np.ix_(group, group)], weights[group])
        for view, similarity in similarities.items():
            left[view][group] = similarity[group] @ without
    return weights, left


def _pick(arrays: list[np.ndarray], best: np.ndarray) -> np.ndarray:
    """Return, of each column, the one of the array that ``best`` names."""
    return np.take_along_axis(np.stack(arrays), best[None, None, :], axis=0)[0]

"""From scores and cues to calibrated probabilities, one small logistic regression for each question.

A question of a facet sees the left-out scores of all questions of that facet, and the cue counts of all
its values: that is where hand-written knowledge meets what was learned, and where values of one facet
speak of each other.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recommender.catalogue.tagger.targets import Questions

SHRINKING = 0.1
"""scikit-learn's ``C``: with a few hundred ideas, a cue has to prove itself."""
FEWEST = 3
"""Ideas that must say yes, and no, before a question is learned; else its share of yes stands."""
N_FOLDS = 5


@dataclass(frozen=True)
class Judge:
    """Probabilities for one view.

    Attributes
    ----------
    weights : np.ndarray
        (n_questions, n_questions + n_values): of scores, then of cue counts.
    offsets : np.ndarray
        (n_questions,), on the logit scale.
    """

    weights: np.ndarray
    offsets: np.ndarray

    def yes(self, scores: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Return the probability of every yes, (n_texts, n_questions)."""
        logits = np.hstack([scores, counts]) @ self.weights.T + self.offsets
        return 1 / (1 + np.exp(-logits))


def fit_judge(
    questions: Questions,
    scores: np.ndarray,
    counts: np.ndarray,
    answers: np.ndarray,
    groups: Sequence[np.ndarray],
) -> tuple[Judge, np.ndarray]:
    """Fit a judge to left-out scores.

    Returns
    -------
    judge : Judge
    left_out : np.ndarray
        The probabilities that ideas get from judges of which they and their group were no part,
        (n_ideas, n_questions).
    """
    folds = fold_of(groups, len(answers))
    whole = _fit(questions, scores, counts, answers)
    left_out = np.empty_like(answers)
    for fold in range(N_FOLDS):
        out = folds == fold
        judge = _fit(questions, scores[~out], counts[~out], answers[~out])
        left_out[out] = judge.yes(scores[out], counts[out])
    return whole, left_out


def fold_of(groups: Sequence[np.ndarray], n_ideas: int) -> np.ndarray:
    """Return the fold of every idea, int (n_ideas,): groups stay whole, folds are of like size."""
    order = np.random.default_rng(0).permutation(len(groups))
    folds, filled = np.empty(n_ideas, dtype=int), np.zeros(N_FOLDS)
    for number in sorted(order, key=lambda number: -len(groups[number])):
        fold = int(filled.argmin())
        folds[groups[number]] = fold
        filled[fold] += len(groups[number])
    return folds


def _fit(questions: Questions, scores: np.ndarray, counts: np.ndarray, answers: np.ndarray) -> Judge:
    seen = np.hstack([scores, counts])
    means, spreads = seen.mean(axis=0), seen.std(axis=0) + 1e-2
    standard = (seen - means) / spreads
    weights, offsets = np.zeros((questions.n_asked, seen.shape[1])), np.empty(questions.n_asked)
    for facet in questions.facets:
        asked, values = questions.asked[facet.name], questions.values[facet.name]
        columns = np.r_[asked, values.start + questions.n_asked : values.stop + questions.n_asked]
        for question in range(asked.start, asked.stop):
            slopes, offset = _regress(standard[:, columns], answers[:, question])
            weights[question, columns] = slopes / spreads[columns]
            offsets[question] = offset - weights[question, columns] @ means[columns]
    return Judge(weights, offsets)


def _regress(seen: np.ndarray, answer: np.ndarray) -> tuple[np.ndarray, float]:
    n_yes = answer.sum()
    if min(n_yes, len(answer) - n_yes) < FEWEST:
        return np.zeros(seen.shape[1]), float(np.log((n_yes + 0.5) / (len(answer) - n_yes + 0.5)))
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)  # a fit that stopped early is no fit
        model = LogisticRegression(C=SHRINKING, solver="newton-cholesky").fit(seen, answer)
    return model.coef_[0], float(model.intercept_[0])

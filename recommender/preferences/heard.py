"""Whether what people said is worth hearing: whether it foretells what others, who were left out, like."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.linalg import solve_triangular
from sklearn.model_selection import GroupKFold

from recommender.preferences.em import fit_parameters
from recommender.preferences.feedback import Feedback
from recommender.preferences.model import Parameters, with_intercept
from recommender.preferences.strength import Strength

FOLDS, PASSES = 5, 8
"""How many are left out in turn, and passes over the others: more of them would tell the same."""

EACH = 20
"""Ratings of each person at most that are looked at: people say whether answers foretell, not ratings."""

PEOPLE = 1_000
"""With more people than this a fit sees by itself which answers say nothing."""


def worth_hearing(feedback: Feedback, prior: Parameters, strength: Strength, n_jobs: int = 1) -> bool:
    """Return whether answers foretell tastes of people who were left out, by more than a standard error.

    A fifth of the couples is left out at a time (cross-validation and the rule of one standard error; Breiman
    et al. 1984, *Classification and Regression Trees*, section 3.4.3). More than ``PEOPLE`` are heard
    unasked, and fewer couples than there are fifths are not.

    Parameters
    ----------
    prior : Parameters
        As for `fit_parameters`.
    """
    if feedback.n_partners > PEOPLE:
        return True
    if feedback.n_couples < FOLDS:
        return False
    feedback, gains = _some_of_each(feedback), []
    for seen, left_out in GroupKFold(FOLDS).split(feedback.rating, groups=feedback.couple):
        fitted = fit_parameters(
            feedback.of_rows(seen), prior, strength=strength, max_iterations=PASSES, n_jobs=n_jobs
        )
        gains.append(foretold(fitted, feedback.of_rows(left_out)))
    gain = np.concatenate(gains)
    return bool(gain.sum() > np.sqrt(len(gain)) * gain.std())


def _some_of_each(feedback: Feedback) -> Feedback:
    """Return ``EACH`` ratings of everybody, or all; dates are drawn, so that partners keep the same ones."""
    order = np.argsort(np.random.default_rng(0).random(len(feedback.rating))[feedback.date], kind="stable")
    partner = pd.Series(feedback.partner[order])
    return feedback.of_rows(np.sort(order[partner.groupby(partner).cumcount() < EACH]))


def foretold(parameters: Parameters, feedback: Feedback) -> np.ndarray:
    """Return by how many nats answers make the order of each person's ratings likelier, shape (n_people,).

    With ``r`` what ratings are beyond what is expected of anybody, ``s`` what answers say of it and ``C`` the
    covariance of ``r``, two Gaussian log-likelihoods differ by ``r'C⁻¹s - s'C⁻¹s/2``. Whoever rated is as
    lenient as fits best, either way (restricted likelihood; Patterson and Thompson 1971, *Biometrika* 58).
    """
    design = with_intercept(feedback.features - parameters.feature_means)
    cov = parameters.couple_cov + parameters.partner_cov
    rest = parameters.effect_vars + parameters.shock_var + parameters.noise_var
    beyond = feedback.rating - (design @ parameters.fixed[:, 0] + parameters.effects)[feedback.idea]

    def gain(rows: np.ndarray) -> float:
        answers, seen = feedback.answers[feedback.partner[rows[0]]], design[feedback.idea[rows]]
        half = np.linalg.cholesky(seen @ cov @ seen.T + np.diag(rest[feedback.idea[rows]]))
        columns = np.column_stack(
            [np.ones(len(rows)), beyond[rows], seen @ parameters.fixed[:, 1:] @ answers]
        )
        level, r, s = solve_triangular(half, columns, lower=True).T
        r, s = (it - it @ level / (level @ level) * level for it in (r, s))
        return float(r @ s - s @ s / 2)

    order = np.argsort(feedback.partner, kind="stable")
    ends = np.flatnonzero(np.diff(feedback.partner[order])) + 1
    return np.array([gain(rows) for rows in np.split(order, ends)])

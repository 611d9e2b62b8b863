"""Where people stand among others by what they rated, and what those who stand there are like.

Who took an idea up tells what it is like (``raters.py``). The other way round, what somebody took up tells
what they are like, before their ratings do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from scipy.linalg import block_diag
from sklearn.linear_model import RidgeCV

from recommender.preferences.feedback import Feedback
from recommender.preferences.model import Parameters, factors_of, with_intercept
from recommender.preferences.ridge import PENALTIES

PEOPLE = 1_000
"""Who is looked at, at most; a few weights are known well from so many."""

PASSES = 3


@dataclass(frozen=True, slots=True)
class Places:
    """People's places on some axes: the average place of the ideas that they rated.

    It is told from the average person's, in units of how far people stand apart, and is drawn to it where few
    ratings are known (Bühlmann and Straub 1970, *Mitteilungen der Vereinigung schweizerischer
    Versicherungsmathematiker* 70).

    Attributes
    ----------
    ideas : ndarray of shape (n_ideas, n_axes)
        Each idea's place.
    doubts : ndarray of shape (n_axes,)
        For how many ratings the average person's place counts.
    """

    ideas: np.ndarray
    doubts: np.ndarray

    @classmethod
    def nowhere(cls, n_ideas: int) -> Self:
        """Return places on no axis."""
        return cls(np.zeros((n_ideas, 0)), np.zeros(0))

    @classmethod
    def among(cls, axes: np.ndarray, partner: np.ndarray, idea: np.ndarray) -> Self:
        """Return people's places on those axes on which they stand apart; on none where nobody rated twice.

        At most ``PEOPLE`` are looked at.

        Parameters
        ----------
        axes : ndarray of shape (n_ideas, n_axes)
            Where ideas are.
        partner, idea : ndarray of int, shape (n_ratings,)
            Who rated what; every partner from 0 on.
        """
        partner, rows = _some(partner)
        idea, size = idea[rows], np.bincount(partner)
        if not axes.shape[1] or not 1 < len(size) < len(partner):
            return cls.nowhere(len(axes))
        mean = _totals(axes[idea], partner, len(size)) / size[:, None]
        # Variance within and between people by the analysis of variance (Searle, Casella and McCulloch 1992,
        # *Variance Components*, section 3.6).
        n_ratings, n_people = len(idea), len(size)
        within = np.square(axes[idea] - mean[partner]).sum(axis=0) / (n_ratings - n_people)
        apart = size @ np.square(mean - axes[idea].mean(axis=0)) / (n_people - 1)
        between = (apart - within) * (n_people - 1) / (n_ratings - size @ size / n_ratings)
        kept = between > 0
        axes, within, between = axes[:, kept], within[kept], between[kept]
        return cls((axes - mean[:, kept].mean(axis=0)) / np.sqrt(between), within / between)

    def of_people(self, partner: np.ndarray, idea: np.ndarray, n_people: int) -> np.ndarray:
        """Return where people stand, shape (n_people, n_axes); 0 where they rated nothing.

        Parameters
        ----------
        partner, idea : ndarray of int, shape (n_ratings,)
            Who of them rated what.
        """
        size = np.bincount(partner, minlength=n_people)[:, None]
        return np.asarray(_totals(self.ideas[idea], partner, n_people) / (np.maximum(size, 1) + self.doubts))


def with_places(parameters: Parameters, feedback: Feedback, places: Places) -> Parameters:
    """Return ``parameters`` with an answer more for each axis: what people who stand there are like.

    What is known of each person's own weights is regressed on where they stand, everybody counting alike;
    then it is known better, and regressed again (as in an EM step). The penalty of each weight is what
    foretells left-out people best.

    Parameters
    ----------
    parameters : Parameters
        Fitted to ``feedback``.
    """
    n_axes = len(places.doubts)
    if not n_axes:
        return parameters
    partner, rows = _some(feedback.partner)
    stood = places.of_people(partner, feedback.idea[rows], partner[-1] + 1)
    learners = _learners(parameters, feedback, rows)
    weights = np.zeros((len(parameters.fixed), n_axes))
    for _ in range(PASSES):
        expected = stood @ weights.T
        known = [learn(theirs) for learn, theirs in zip(learners, expected, strict=True)]
        weights = RidgeCV(PENALTIES, alpha_per_target=True).fit(stood, known).coef_
    names = (f"place:{axis}" for axis in range(1, n_axes + 1))
    return replace(
        parameters,
        answer_names=(*parameters.answer_names, *names),
        fixed=np.hstack([parameters.fixed, weights]),
    )


def _some(partner: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return so many people, numbered anew, and the rows of their ratings, both (n_rows,), by person."""
    n_people = int(partner.max(initial=-1)) + 1
    looked_at = np.zeros(n_people, dtype=bool)
    looked_at[np.random.default_rng(0).permutation(n_people)[:PEOPLE]] = True
    rows = np.flatnonzero(looked_at[partner])
    rows = rows[np.argsort(partner[rows], kind="stable")]
    return np.cumsum(looked_at)[partner[rows]] - 1, rows


def _learners(
    parameters: Parameters, feedback: Feedback, rows: np.ndarray
) -> list[Callable[[np.ndarray], np.ndarray]]:
    """Return for each person what tells their own weights, (F,), from what was expected of these, (F,).

    With ``S`` the covariance of all weights, ``X`` the features of what somebody rated and ``R`` what else
    varies, weights that were expected to be ``w`` are known as ``w + S X' (X S X' + R)⁻¹ (r - X w)``
    (Rasmussen & Williams 2006, eq. 2.12). Whoever rated more than there are weights is met by the same in the
    space of the weights (eq. 2.8, without the inverse of ``S``).

    Parameters
    ----------
    rows : ndarray of int
        Of some people's ratings, by person.
    """
    idea, partner = feedback.idea[rows], feedback.partner[rows]
    factors, own_vars = factors_of(parameters, parameters.idea_ids)
    plain = with_intercept(feedback.features - parameters.feature_means)
    design, own = np.hstack([plain, factors]), slice(plain.shape[1])
    spread = block_diag(parameters.couple_cov + parameters.partner_cov, np.eye(factors.shape[1]))
    rest = parameters.effect_vars + own_vars + parameters.shock_var + parameters.noise_var
    said = np.vecdot((plain @ parameters.fixed)[idea], with_intercept(feedback.answers[partner]))
    beyond = feedback.rating[rows] - parameters.effects[idea] - said

    def learner(rated: np.ndarray, beyond: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        seen = design[rated]
        if len(seen) < len(spread):
            along, mine = spread @ seen.T, seen[:, own]
            gain = np.linalg.solve(seen @ along + np.diag(rest[rated]), along[own].T).T
            return lambda expected: expected + gain @ (beyond - mine @ expected)
        told = spread @ (seen / rest[rated, None]).T
        shown = told @ seen
        both = np.column_stack([told @ beyond, shown[:, own]])
        solved = np.linalg.solve(np.eye(len(shown)) + shown, both)[own]
        return lambda expected: expected + solved[:, 0] - solved[:, 1:] @ expected

    ends = np.flatnonzero(np.diff(partner)) + 1
    return [learner(*person) for person in zip(np.split(idea, ends), np.split(beyond, ends), strict=True)]


def _totals(values: np.ndarray, partner: np.ndarray, n_people: int) -> np.ndarray:
    """Return the sum of each person's rows of ``values``, shape (n_people, n_columns)."""
    columns = [np.bincount(partner, column, n_people) for column in values.T]
    return np.array(columns).reshape(-1, n_people).T

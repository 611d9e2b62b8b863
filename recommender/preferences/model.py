"""The hierarchical Bayesian linear model of a rating, and a couple's exact posterior under it.

A rating of idea ``i`` by partner ``p`` of couple ``c`` on date ``d`` is::

    y = f_i · (fixed · [1, answers_p] + v_c + z_p) + effect_i + shock_d + noise

where ``f_i = [1, x_i - mean]`` are the idea's features behind an intercept, ``v_c ~ N(0, couple_cov)``
is shared by both partners, ``z_p ~ N(0, partner_cov)`` is a partner's own, ``effect_i ~ N(0, effect_var)``
is what the tags do not say about the idea, and ``shock_d ~ N(0, shock_var)`` belongs to the evening.
The intercepts of ``v`` and ``z`` are the partners' leniency. Given the parameters everything is Gaussian,
so a couple's posterior is exact: it is computed in the space of their ratings (Rasmussen & Williams 2006,
eq. 2.23-2.24, with the kernel that the terms above imply).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import cho_solve, solve_triangular


@dataclass(frozen=True, slots=True)
class Parameters:
    """Everything the model learns, as arrays. F is n_features + 1 (intercept first), A is n_answers + 1.

    Attributes
    ----------
    idea_ids : tuple[str, ...]
        Ideas seen in training; any other idea starts at what its tags say.
    feature_means : ndarray of shape (n_features,)
        Subtracted from the features, so that every weight speaks of a difference from the average idea.
    fixed : ndarray of shape (F, A)
        First row and column: level. First column: general appeal. Other columns: what each answer adds.
    effects, effect_vars : ndarray of shape (n_ideas,)
        Posterior mean and variance of each idea's effect beyond its tags, rating points (squared).
    effect_var, shock_var, noise_var : float
        Rating points squared.
    couple_cov, partner_cov : ndarray of shape (F, F)
    """

    idea_ids: tuple[str, ...]
    feature_names: tuple[str, ...]
    answer_names: tuple[str, ...]
    feature_means: np.ndarray
    fixed: np.ndarray
    effects: np.ndarray
    effect_vars: np.ndarray
    effect_var: float
    couple_cov: np.ndarray
    partner_cov: np.ndarray
    shock_var: float
    noise_var: float


@dataclass(frozen=True, slots=True)
class CoupleRatings:
    """A couple's known ratings, all arrays of shape (n_ratings,).

    Attributes
    ----------
    partner : ndarray of int
        0 or 1: whose rating, by order of the partners.
    idea_index : ndarray of int
        Rows of the model's ideas.
    date : ndarray of int
        Equal numbers were one date.
    rating : ndarray of float64
        1 to 5.
    """

    partner: np.ndarray
    idea_index: np.ndarray
    date: np.ndarray
    rating: np.ndarray

    @classmethod
    def none(cls) -> CoupleRatings:
        """Return the ratings of a couple that has not rated yet."""
        empty = np.zeros(0, dtype=int)
        return cls(empty, empty, empty, np.zeros(0))


@dataclass(frozen=True, slots=True)
class CouplePosterior:
    """What the model believes of one couple, about every idea. P is the number of partners (1 or 2).

    Attributes
    ----------
    mean, std : ndarray of shape (P, n_ideas)
        Each partner's expected rating and its standard deviation (of the expectation, without noise).
    couple_std : ndarray of shape (n_ideas,)
        Standard deviation of the partners' average.
    leniency : ndarray of shape (P,)
    answers, taste : ndarray of shape (P, n_features)
        Weights that the quiz set and that the ratings taught.
    effects : ndarray of shape (n_ideas,)
        Each idea's effect beyond its tags, this couple's ratings of it included.
    """

    mean: np.ndarray
    std: np.ndarray
    couple_std: np.ndarray
    leniency: np.ndarray
    answers: np.ndarray
    taste: np.ndarray
    effects: np.ndarray


@dataclass(frozen=True, slots=True)
class Contributions:
    """Additive terms of each partner's expected rating of one idea; they sum to the mean.

    Attributes
    ----------
    level : float
        Where every idea starts.
    leniency, effect : ndarray of shape (P,), float
        The partner's own level, and the idea's effect beyond its tags.
    appeal, answers, taste : ndarray of shape (P, n_features)
        Per feature: general appeal, what the quiz said, what the ratings taught.
    """

    level: float
    leniency: np.ndarray
    effect: float
    appeal: np.ndarray
    answers: np.ndarray
    taste: np.ndarray

    def total(self) -> np.ndarray:
        """Return the sum for each partner, shape (P,)."""
        per_feature = self.appeal + self.answers + self.taste
        return self.level + self.leniency + self.effect + per_feature.sum(axis=1)


class HierarchicalModel:
    """Parameters joined to a table of ideas, ready to serve any couple.

    Parameters
    ----------
    parameters : Parameters
    idea_ids : tuple[str, ...]
        The ideas to predict; those unknown to the parameters start at what their tags say.
    features : ndarray of shape (n_ideas, n_features)
        In the order of ``parameters.feature_names``.
    """

    def __init__(self, parameters: Parameters, idea_ids: tuple[str, ...], features: np.ndarray) -> None:
        self.parameters = parameters
        self.idea_ids = idea_ids
        self.index = {idea_id: row for row, idea_id in enumerate(idea_ids)}
        self.design = with_intercept(features - parameters.feature_means)
        self._effects, self._effect_vars = effects_of(parameters, idea_ids)
        self._answer_scores = self.design @ parameters.fixed
        self._couple_rows = self.design @ parameters.couple_cov
        self._partner_rows = self.design @ parameters.partner_cov
        self._design_single = self.design.astype(np.float32)
        self._couple_rows_single = self._couple_rows.astype(np.float32)
        self._partner_rows_single = self._partner_rows.astype(np.float32)
        self._couple_vars = np.einsum("if,if->i", self._couple_rows, self.design)
        self._partner_vars = np.einsum("if,if->i", self._partner_rows, self.design)

    def posterior(self, answers: np.ndarray, ratings: CoupleRatings) -> CouplePosterior:
        """Return the exact posterior of a couple.

        Parameters
        ----------
        answers : ndarray of shape (P, n_answers)
            Encoded quiz answers; 0 where not answered.
        ratings : CoupleRatings
        """
        known = self._condition(answers, ratings)
        taught, shift = self._taught(known, cho_solve((known.factor, True), known.residual))
        said = answers @ self.parameters.fixed[:, 1:].T
        effects = self._effects + shift
        half = self._whitened(known)
        prior_var = self._couple_vars + self._effect_vars
        var = prior_var + self._partner_vars - np.einsum("pin,pin->pi", half, half)
        couple_var = var.mean(axis=0)
        if len(answers) == 2:
            shared = prior_var - np.einsum("in,in->i", half[0], half[1])
            couple_var = (var.sum(axis=0) + 2 * shared) / 4
        return CouplePosterior(
            mean=effects + (self.parameters.fixed[:, 0] + said + taught) @ self.design.T,
            std=np.sqrt(np.maximum(var, 0)),
            couple_std=np.sqrt(np.maximum(couple_var, 0)),
            leniency=(said + taught)[:, 0],
            answers=said[:, 1:],
            taste=taught[:, 1:],
            effects=effects,
        )

    def sample_posterior(
        self, answers: np.ndarray, ratings: CoupleRatings, rng: np.random.Generator
    ) -> np.ndarray:
        """Return one joint draw of both partners' expected ratings, shape (P, n_ideas).

        Drawn by conditioning a prior draw on the ratings (Matheron's rule; Wilson et al. 2020, eq. 8).
        """
        known = self._condition(answers, ratings)
        parameters, n_partners = self.parameters, len(answers)
        couple = rng.multivariate_normal(np.zeros(self._n), parameters.couple_cov, method="eigh")
        own = rng.multivariate_normal(
            np.zeros(self._n), parameters.partner_cov, size=n_partners, method="eigh"
        )
        effects = rng.normal(0, np.sqrt(self._effect_vars))
        prior = (couple + own) @ self.design.T + effects
        shocks = rng.normal(0, np.sqrt(parameters.shock_var), size=len(ratings.date) + 1)
        _, evening = np.unique(ratings.date, return_inverse=True)
        noise = rng.normal(0, np.sqrt(parameters.noise_var), size=len(ratings.rating)) + shocks[evening]
        seen = prior[ratings.partner, ratings.idea_index] + noise
        taught, shift = self._taught(known, cho_solve((known.factor, True), known.residual - seen))
        fixed = with_intercept(answers) @ self.parameters.fixed.T
        return np.asarray(prior + self._effects + shift + (fixed + taught) @ self.design.T)

    def contributions(self, posterior: CouplePosterior, idea_index: int) -> Contributions:
        """Return the additive terms of each partner's expected rating of one idea."""
        x = self.design[idea_index, 1:]
        n_partners = len(posterior.leniency)
        return Contributions(
            level=float(self.parameters.fixed[0, 0]),
            leniency=posterior.leniency,
            effect=float(posterior.effects[idea_index]),
            appeal=np.tile(x * self.parameters.fixed[1:, 0], (n_partners, 1)),
            answers=x * posterior.answers,
            taste=x * posterior.taste,
        )

    @property
    def _n(self) -> int:
        return self.design.shape[1]

    def _condition(self, answers: np.ndarray, ratings: CoupleRatings) -> _Conditioned:
        partner, rows = ratings.partner, ratings.idea_index
        ideas, place = np.unique(rows, return_inverse=True)
        seen, at = self.design[ideas], np.ix_(place, place)
        shared = self._couple_rows[ideas] @ seen.T + np.diag(self._effect_vars[ideas])
        own = self._partner_rows[ideas] @ seen.T
        same_partner = partner[:, None] == partner[None, :]
        gram = shared[at] + same_partner * own[at] + rating_noise(self.parameters, ratings.date)
        fixed = with_intercept(answers)[partner] * self._answer_scores[rows]
        return _Conditioned(
            ideas=ideas,
            place=place,
            mine=partner == np.arange(len(answers))[:, None],
            factor=np.linalg.cholesky(gram),
            residual=ratings.rating - self._effects[rows] - fixed.sum(axis=1),
        )

    def _taught(self, known: _Conditioned, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return how far ratings move each partner's weights (P, F) and each idea's effect (n_ideas,).

        ``values`` (N,) are the residuals times the inverse covariance of the ratings.
        """
        rows = known.ideas[known.place]
        weights = self._couple_rows[rows].T @ values + (known.mine * values) @ self._partner_rows[rows]
        return weights, np.bincount(rows, self._effect_vars[rows] * values, len(self.idea_ids))

    def _whitened(self, known: _Conditioned) -> np.ndarray:
        """Return the covariance of everything with the ratings, times their inverse factor: (P, n_ideas, N).

        Its squares are the variance that the ratings explain. In single precision: this is the largest
        product of a posterior, and a standard deviation needs no more.
        """
        seen = self._design_single[known.ideas].T
        shared, own = self._couple_rows_single @ seen, self._partner_rows_single @ seen
        shared[known.ideas, np.arange(len(known.ideas))] += self._effect_vars[known.ideas]
        inverse = solve_triangular(known.factor, np.eye(len(known.place)), lower=True).T
        gather = known.place == np.arange(len(known.ideas))[:, None]
        both = shared @ (gather @ inverse).astype(np.float32)
        return np.stack([both + own @ ((gather * mine) @ inverse).astype(np.float32) for mine in known.mine])


@dataclass(frozen=True, slots=True)
class _Conditioned:
    """A couple's ratings made ready. U is the number of ideas they rated, N of their ratings.

    Attributes
    ----------
    ideas : ndarray of int, shape (U,)
    place : ndarray of int, shape (N,)
        Which of the U ideas a rating is of.
    mine : ndarray of bool, shape (P, N)
    factor : ndarray of shape (N, N)
        Lower Cholesky factor of the covariance of the ratings.
    residual : ndarray of shape (N,)
        Ratings less what was expected of them beforehand.
    """

    ideas: np.ndarray
    place: np.ndarray
    mine: np.ndarray
    factor: np.ndarray
    residual: np.ndarray


def with_intercept(matrix: np.ndarray) -> np.ndarray:
    """Return ``matrix`` behind a column of ones, shape (n, m + 1)."""
    return np.hstack([np.ones((len(matrix), 1)), matrix])


def rating_noise(parameters: Parameters, date: np.ndarray) -> np.ndarray:
    """Return the noise covariance of ratings, shape (n, n): ratings of one date share a shock."""
    same_date = date[:, None] == date[None, :]
    return np.asarray(parameters.shock_var * same_date + parameters.noise_var * np.eye(len(date)))


def effects_of(parameters: Parameters, idea_ids: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and variance of each idea's effect, shapes (n_ideas,); new ideas have the prior's."""
    known = {idea_id: k for k, idea_id in enumerate(parameters.idea_ids)}
    rows = np.array([known.get(idea_id, -1) for idea_id in idea_ids], dtype=int)
    means = np.append(parameters.effects, 0.0)[rows]
    variances = np.append(parameters.effect_vars, parameters.effect_var)[rows]
    return means, variances


def with_features(parameters: Parameters, names: tuple[str, ...]) -> Parameters:
    """Return ``parameters`` over the features ``names``, in that order.

    A feature that came after training has no weight and no spread until the next training; one that is
    gone is left out.
    """
    known = {name: at for at, name in enumerate(parameters.feature_names)}
    new, old = (
        np.array([0, *(1 + at for at in places)])
        for places in (
            [at for at, name in enumerate(names) if name in known],
            [known[name] for name in names if name in known],
        )
    )
    size = len(names) + 1
    fixed = np.zeros((size, parameters.fixed.shape[1]))
    fixed[new] = parameters.fixed[old]
    means = np.zeros(size)
    means[new[1:]] = parameters.feature_means[old[1:] - 1]

    def covariance(matrix: np.ndarray) -> np.ndarray:
        out = np.zeros((size, size))
        out[np.ix_(new, new)] = matrix[np.ix_(old, old)]
        return out

    return replace(
        parameters,
        feature_names=names,
        feature_means=means[1:],
        fixed=fixed,
        couple_cov=covariance(parameters.couple_cov),
        partner_cov=covariance(parameters.partner_cov),
    )

"""The hierarchical Bayesian linear model of a rating, and a couple's exact posterior under it.

A rating of idea ``i`` by partner ``p`` of couple ``c`` on date ``d`` is::

    y = f_i · (fixed · [1, answers_p] + v_c + z_p) + l_i · u_p + own_ip + effect_i + shock_d + noise

where ``f_i = [1, x_i - mean]`` are the idea's features behind an intercept, ``v_c ~ N(0, couple_cov)``
is shared by both partners, ``z_p ~ N(0, partner_cov)`` is a partner's own, ``effect_i ~ N(0, effect_var)``
is what the tags do not say about the idea, and ``shock_d ~ N(0, shock_var)`` belongs to the evening. Where
feedback supports it, ideas have factors ``l_i`` with a partner's weights ``u_p ~ N(0, I)`` on them, and
``own_ip ~ N(0, own_var_i)`` is what is not known of those factors (``factors.py``).
The intercepts of ``v`` and ``z`` are the partners' leniency. Given the parameters everything is Gaussian,
so a couple's posterior is exact: it is computed in the space of their ratings (Rasmussen & Williams 2006,
eq. 2.23-2.24, with the kernel that the terms above imply).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from scipy.linalg import block_diag

from recommender.preferences.conditioning import Conditioned, InRatings, Inverse, InWeights

ROWS_AT_A_TIME = 10_000


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
    factors : ndarray of shape (n_ideas, K)
        What people who rate alike say of each idea (``factors.py``); a partner's weights on them are N(0, I).
        K is 0 where the feedback supports none.
    own_vars, own_var : ndarray of shape (n_ideas,), float
        Variance of what one partner finds in one idea that its factors leave open; of a new idea.
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
    factors: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    own_vars: np.ndarray = field(default_factory=lambda: np.zeros(0))
    own_var: float = 0.0


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
    mean : ndarray of shape (P, n_ideas)
        Each partner's expected rating; how sure it is, `HierarchicalModel.std` says.
    leniency : ndarray of shape (P,)
    answers, taste : ndarray of shape (P, n_features)
        Weights that the quiz set and that the ratings taught.
    kindred : ndarray of shape (P, n_ideas)
        What people who rate alike say of each idea, and what each partner found in it on their own.
    effects : ndarray of shape (n_ideas,)
        Each idea's effect beyond its tags, this couple's ratings of it included.
    known : Conditioned
        The ratings that it rests on.
    """

    mean: np.ndarray
    leniency: np.ndarray
    answers: np.ndarray
    taste: np.ndarray
    kindred: np.ndarray
    effects: np.ndarray
    known: Conditioned


@dataclass(frozen=True, slots=True)
class Contributions:
    """Additive terms of each partner's expected rating of one idea; they sum to the mean.

    Attributes
    ----------
    level : float
        Where every idea starts.
    leniency, effect : ndarray of shape (P,), float
        The partner's own level, and the idea's effect beyond its tags.
    appeal : ndarray of shape (n_features,)
        Per feature, what it is worth to anybody.
    answers, taste : ndarray of shape (P, n_features)
        Per feature: what the quiz said, what the ratings taught.
    kindred : ndarray of shape (P,)
        What people who rate like each partner say of the idea, beyond its tags.
    """

    level: float
    leniency: np.ndarray
    effect: float
    kindred: np.ndarray
    appeal: np.ndarray
    answers: np.ndarray
    taste: np.ndarray

    def total(self) -> np.ndarray:
        """Return the sum for each partner, shape (P,)."""
        per_feature = self.appeal + self.answers + self.taste
        return self.level + self.leniency + self.effect + self.kindred + per_feature.sum(axis=1)


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
        factors, self._own_vars = factors_of(parameters, idea_ids)
        self.design = np.hstack([with_intercept(features - parameters.feature_means), factors])
        self._tags = slice(1, 1 + features.shape[1])
        n_factors = factors.shape[1]
        self._fixed = np.pad(parameters.fixed, ((0, n_factors), (0, 0)))
        self._couple_cov = np.pad(parameters.couple_cov, (0, n_factors))
        self._partner_cov = block_diag(parameters.partner_cov, np.eye(n_factors))
        self._effects, self._effect_vars = effects_of(parameters, idea_ids)
        self._couple_vars = _quadratic(self.design, self._couple_cov)
        self._partner_vars = _quadratic(self.design, self._partner_cov) + self._own_vars

    def posterior(self, answers: np.ndarray, ratings: CoupleRatings) -> CouplePosterior:
        """Return the exact posterior of a couple.

        Parameters
        ----------
        answers : ndarray of shape (P, n_answers)
            Encoded quiz answers; 0 where not answered.
        ratings : CoupleRatings
        """
        known = self._condition(answers, ratings)
        taught, shift, own = self._taught(known, known.inverse.times(known.residual))
        said = answers @ self._fixed[:, 1:].T
        effects, tags = self._effects + shift, self._tags
        factors = slice(tags.stop, None)
        return CouplePosterior(
            mean=effects + own + (self._fixed[:, 0] + said + taught) @ self.design.T,
            leniency=(said + taught)[:, 0],
            answers=said[:, tags],
            taste=taught[:, tags],
            kindred=own + taught[:, factors] @ self.design[:, factors].T,
            effects=effects,
            known=known,
        )

    def std(self, posterior: CouplePosterior, rows: np.ndarray) -> np.ndarray:
        """Return the standard deviation of each partner's expectation of some ideas, shape (P, n_rows).

        Noise is not in it. Apart from the posterior, since it is asked of few ideas.

        Parameters
        ----------
        rows : ndarray of int
            Ideas, none twice.
        """
        prior = self._couple_vars[rows] + self._partner_vars[rows] + self._effect_vars[rows]
        known = posterior.known
        explained = [self._explained(known, mine, rows) for mine in known.mine]
        return np.asarray(np.sqrt(np.maximum(prior - explained, 0)))

    def couple_std(self, posterior: CouplePosterior, rows: np.ndarray) -> np.ndarray:
        """Return the standard deviation of the partners' average for some ideas, shape (n_rows,)."""
        known, n_partners = posterior.known, len(posterior.mean)
        prior = self._couple_vars[rows] + self._partner_vars[rows] / n_partners + self._effect_vars[rows]
        explained = self._explained(known, known.mine.sum(axis=0) / n_partners, rows)
        return np.asarray(np.sqrt(np.maximum(prior - explained, 0)))

    def sample_posterior(
        self, answers: np.ndarray, ratings: CoupleRatings, rng: np.random.Generator
    ) -> np.ndarray:
        """Return one joint draw of both partners' expected ratings, shape (P, n_ideas).

        Drawn by conditioning a prior draw on the ratings (Matheron's rule; Wilson et al. 2020, eq. 8).
        """
        known = self._condition(answers, ratings)
        parameters, n_partners = self.parameters, len(answers)
        couple = rng.multivariate_normal(np.zeros(self._n), self._couple_cov, method="eigh")
        mine = rng.multivariate_normal(np.zeros(self._n), self._partner_cov, size=n_partners, method="eigh")
        effects = rng.normal(0, np.sqrt(self._effect_vars))
        found = rng.normal(0, np.sqrt(self._own_vars), size=(n_partners, len(effects)))
        prior = (couple + mine) @ self.design.T + effects + found
        shocks = rng.normal(0, np.sqrt(parameters.shock_var), size=len(ratings.date) + 1)
        _, evening = np.unique(ratings.date, return_inverse=True)
        noise = rng.normal(0, np.sqrt(parameters.noise_var), size=len(ratings.rating)) + shocks[evening]
        seen = prior[ratings.partner, ratings.idea_index] + noise
        taught, shift, own = self._taught(known, known.inverse.times(known.residual - seen))
        fixed = with_intercept(answers) @ self._fixed.T
        return np.asarray(prior + self._effects + shift + own + (fixed + taught) @ self.design.T)

    def contributions(self, posterior: CouplePosterior, idea_index: int) -> Contributions:
        """Return the additive terms of each partner's expected rating of one idea."""
        x = self.design[idea_index, self._tags]
        return Contributions(
            level=float(self.parameters.fixed[0, 0]),
            leniency=posterior.leniency,
            effect=float(posterior.effects[idea_index]),
            kindred=posterior.kindred[:, idea_index],
            appeal=x * self.parameters.fixed[1:, 0],
            answers=x * posterior.answers,
            taste=x * posterior.taste,
        )

    @property
    def _n(self) -> int:
        return self.design.shape[1]

    def _condition(self, answers: np.ndarray, ratings: CoupleRatings) -> Conditioned:
        partner, rows = ratings.partner, ratings.idea_index
        ideas, place = np.unique(rows, return_inverse=True)
        seen = self.design[ideas]
        couple_rows, partner_rows = seen @ self._couple_cov, seen @ self._partner_cov
        fixed = with_intercept(answers)[partner] * (seen @ self._fixed)[place]
        each_once = len(rows) == len(ideas) > 2 * self._n and _apart(ratings.date)
        if len(answers) == 1 and each_once:  # with fewer ratings it would take longer
            inverse: Inverse = self._inverse_alone(rows)
        else:
            products = couple_rows @ seen.T, partner_rows @ seen.T
            inverse = self._inverse_together(ratings, ideas, place, *products)
        return Conditioned(
            rows=rows,
            couple_rows=couple_rows[place],
            partner_rows=partner_rows[place],
            mine=partner == np.arange(len(answers))[:, None],
            inverse=inverse,
            residual=ratings.rating - self._effects[rows] - fixed.sum(axis=1),
        )

    def _inverse_alone(self, rows: np.ndarray) -> Inverse:
        rest = self._effect_vars[rows] + self._own_vars[rows]
        rest = rest + self.parameters.shock_var + self.parameters.noise_var
        return InWeights.of(self.design[rows], self._couple_cov + self._partner_cov, rest)

    def _inverse_together(
        self,
        ratings: CoupleRatings,
        ideas: np.ndarray,
        place: np.ndarray,
        shared: np.ndarray,
        own: np.ndarray,
    ) -> Inverse:
        shared.flat[:: len(ideas) + 1] += self._effect_vars[ideas]
        own.flat[:: len(ideas) + 1] += self._own_vars[ideas]
        at = place[:, None] * len(ideas) + place
        same_partner = ratings.partner[:, None] == ratings.partner
        noise = rating_noise(self.parameters, ratings.date)
        return InRatings.of(shared.take(at) + same_partner * own.take(at) + noise)

    def _taught(self, known: Conditioned, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return how far ratings move partners' weights (P, F), ideas' effects (n,) and own finds (P, n).

        ``values`` (N,) are the residuals times the inverse covariance of the ratings.
        """
        n_ideas, theirs = len(self.idea_ids), known.mine * values
        effects = np.bincount(known.rows, self._effect_vars[known.rows] * values, n_ideas)
        own = np.zeros((len(theirs), n_ideas))
        if self.design.shape[1] > self._tags.stop:
            own = np.array([np.bincount(known.rows, self._own_vars[known.rows] * v, n_ideas) for v in theirs])
        return values @ known.couple_rows + theirs @ known.partner_rows, effects, own

    def _explained(self, known: Conditioned, mine: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return the variance of ideas that the ratings explain, shape (n_rows,).

        ``mine`` (N,) is how much of each rating's own part is theirs whose expectation is meant.
        """
        of_idea = self._effect_vars[known.rows] + mine * self._own_vars[known.rows]
        return known.explained(self.design[rows], mine, rows, of_idea)


def with_intercept(matrix: np.ndarray) -> np.ndarray:
    """Return ``matrix`` behind a column of ones, shape (n, m + 1)."""
    return np.hstack([np.ones((len(matrix), 1)), matrix])


def _quadratic(design: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Return ``x' covariance x`` for every row ``x`` of ``design``, some rows at a time, shape (n_ideas,)."""
    blocks = np.array_split(design, len(design) // ROWS_AT_A_TIME + 1)
    return np.concatenate([np.einsum("if,if->i", block @ covariance, block) for block in blocks])


def _apart(date: np.ndarray) -> bool:
    """Return whether no two ratings were of one date."""
    return len(np.unique(date)) == len(date)


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


def factors_of(parameters: Parameters, idea_ids: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return the factors of ideas (n_ideas, K) and the variance that they leave open (n_ideas,)."""
    n_factors = parameters.factors.shape[1]
    if not n_factors:
        return np.zeros((len(idea_ids), 0)), np.zeros(len(idea_ids))
    known = {idea_id: k for k, idea_id in enumerate(parameters.idea_ids)}
    rows = np.array([known.get(idea_id, -1) for idea_id in idea_ids], dtype=int)
    factors = np.vstack([parameters.factors, np.zeros(n_factors)])[rows]
    return factors, np.append(parameters.own_vars, parameters.own_var)[rows]


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

"""What people who rate alike say of ideas beyond their tags: factors, learned by variational EM.

To the model of a rating each idea ``i`` brings factors ``l_i`` and each partner weights ``z_p`` on them::

    y = ... + l_i · z_p,    z_p ~ N(centre, I),    l_i ~ N(0, diag(spread))

Everything else is held as it was fitted, but for the ideas' effects and one scale of the noise. Weights of
tags and of factors are integrated out together; effects and factors of ideas have a Gaussian posterior of
their own, ``q(e_i, l_i)`` (variational Bayesian factor analysis; Bishop 1999, Lim and Teh 2007). So each
idea's factors are as sure as its ratings make them, and a factor that the feedback does not support shrinks
to nothing. Each step raises

    sum_c [log N(r_c; 0, C_c) + 1/2 h_c'P_c⁻¹h_c - 1/2 log|P_c|] - 1/2 sum_n w_n var(e_i(n))
        - sum_i KL(q(e_i, l_i) || N(0, diag(effect_var, spread))) + log prior(spread, noise)

a lower bound of the likelihood, with ``P = I + L'C⁻¹L + sum_n w_n cov(l)`` and
``h = L'C⁻¹r - sum_n w_n cov(e, l)`` over a couple's ratings ``n``, and ``w`` no less than what the noise of a
date says of one rating.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array
from threadpoolctl import threadpool_limits

from recommender.preferences.feedback import Feedback
from recommender.preferences.kernels import kernel_of
from recommender.preferences.model import Parameters, with_intercept
from recommender.preferences.solvers import Batch, Solver, batches_of, inverse_of, solver_of
from recommender.preferences.threads import Threads

SPREAD = 0.25
"""Where the factors' variance starts, all of them together, as a share of the noise's."""

SPREAD_STRENGTH = 0.2
"""Ideas' worth of prior at that start: little enough that a factor may shrink to nothing."""

NOISE_STRENGTH = 5.0
"""Ratings' worth of prior that the noise is as it was fitted."""

LEAST_SHARE = 0.002
"""Of the noise: a factor that adds less to a rating's variance is dropped."""

LEAST_TOTAL = 0.01
"""The same of all factors together: below it, the search ends."""

PEOPLE_FOR_ONE = 40
"""How many it takes to look for a factor: a few people alike by chance look like one."""

SAMPLE_RATINGS = 100_000
"""What the factors are learned from where there is more than twice as much."""

LAST_PASSES = 5
"""Over all of it then."""

SEED = 0
"""Of the directions in which the factors start."""


@dataclass(frozen=True, slots=True)
class Guess:
    """What is believed of ideas: effect first, then K factors.

    Attributes
    ----------
    means : ndarray of shape (n_ideas, 1 + K)
    covs : ndarray of shape (n_ideas, 1 + K, 1 + K)
    spread : ndarray of shape (K,)
        Prior variance of each factor.
    centre : ndarray of shape (K,)
        The average partner's weights.
    noise : float
        What shock and noise of a rating are times as large as they were fitted.
    """

    means: np.ndarray
    covs: np.ndarray
    spread: np.ndarray
    centre: np.ndarray
    noise: float


@dataclass(frozen=True, slots=True)
class Beliefs:
    """What one batch of couples says, given a ``Guess``; B couples, P partners of m ratings, n = P m.

    Attributes
    ----------
    pull : ndarray of shape (B, n, 1 + K)
        How each rating moves its idea's effect and factors.
    second : ndarray of shape (B, P, 1 + K, 1 + K)
        Expected products of each partner's weights, a 1 for the effect before them.
    objective : float
    misfit : float
        Expected noise of all ratings, squared, in units of what was fitted.
    """

    pull: np.ndarray
    second: np.ndarray
    objective: float
    misfit: float


class FactorPasses:
    """One feedback and the parameters fitted to it, made ready for passes over its ideas' factors."""

    def __init__(self, feedback: Feedback, parameters: Parameters, n_factors: int, n_jobs: int = 1) -> None:
        self.feedback, self.parameters, self._threads = feedback, parameters, Threads(n_jobs)
        self.design = with_intercept(feedback.features - parameters.feature_means)
        people, partner = np.unique(feedback.partner, return_inverse=True)  # of a sample, not all there are
        self.batches = batches_of(feedback.couple, partner, feedback.idea, feedback.date)
        said = with_intercept(feedback.answers)[feedback.partner]
        fixed = np.vecdot((self.design @ parameters.fixed)[feedback.idea], said)
        self.target = feedback.rating - fixed
        alone = np.bincount(feedback.date)[feedback.date] == 1
        self.weight = 1 / (parameters.noise_var + alone * parameters.shock_var)
        self.n_partners, n_ratings, n_ideas = len(people), len(self.target), len(self.design)
        at = (feedback.idea, np.arange(n_ratings))
        self._by_rating = csr_array((np.ones(n_ratings), at), shape=(n_ideas, n_ratings))
        at = (partner, feedback.idea)
        self._of_partner = csr_array((self.weight, at), shape=(self.n_partners, n_ideas))
        self.rated = np.bincount(feedback.idea, minlength=len(self.design)) > 0
        self.first_spread = SPREAD * (parameters.noise_var + parameters.shock_var) / n_factors
        self.n_factors = n_factors

    def first(self) -> Guess:
        """Return where to start: factors in random directions, effects as they were fitted."""
        n, k = len(self.design), self.n_factors
        spread = np.full(k, self.first_spread)
        means = np.zeros((n, 1 + k))
        means[:, 0] = self.parameters.effects
        means[:, 1:] = np.random.default_rng(SEED).normal(0, np.sqrt(spread), size=(n, k))
        covs = np.zeros((n, 1 + k, 1 + k))
        covs[:, np.arange(1 + k), np.arange(1 + k)] = np.append(0.0, spread)
        covs[:, 0, 0] = self.parameters.effect_vars
        return Guess(means, covs, spread, np.zeros(k), 1.0)

    def vanished(self, guess: Guess) -> bool:
        """Return whether all factors together add too little to be kept."""
        noise = guess.noise * (self.parameters.noise_var + self.parameters.shock_var)
        return bool(guess.spread.sum() < LEAST_TOTAL * noise)

    def iterate(self, guess: Guess) -> tuple[Guess, float]:
        """Return the guess after one pass, and the objective before it."""
        noisy = replace(
            self.parameters,
            noise_var=self.parameters.noise_var * guess.noise,
            shock_var=self.parameters.shock_var * guess.noise,
        )
        kernel = kernel_of(self.design, noisy)
        pulls = np.zeros((len(self.target), 1 + self.n_factors))
        seconds = np.zeros((self.n_partners, 1 + self.n_factors, 1 + self.n_factors))
        objective, misfit = self._distance(guess), 0.0

        def believed(batch: Batch) -> Beliefs:
            return self._beliefs(batch, solver_of(batch, kernel), guess)

        for batch, beliefs in zip(self.batches, self._threads.map(believed, self.batches), strict=True):
            pulls[batch.rows[batch.real]] = beliefs.pull[batch.real]
            seconds[batch.partners[batch.seated]] = beliefs.second[batch.seated]
            objective += beliefs.objective
            misfit += beliefs.misfit
        said = (self._of_partner.T @ seconds.reshape(len(seconds), -1)).reshape(
            guess.covs.shape
        ) / guess.noise
        covs = np.linalg.inv(np.diag(1 / np.append(self.parameters.effect_var, guess.spread)) + said)
        # Each rating's curvature is in both: a step from where the factors are, no further than is safe.
        pull = self._by_rating @ pulls + (said @ guess.means[:, :, None])[:, :, 0]
        means, mean = (covs @ pull[:, :, None])[:, :, 0], seconds.sum(axis=0) / self.n_partners
        noise = (misfit + NOISE_STRENGTH) / (len(self.target) + NOISE_STRENGTH)
        moved = Guess(means, covs, guess.spread, mean[0, 1:], noise)
        return self._settled(moved, mean[1:, 1:] - np.outer(moved.centre, moved.centre)), objective

    def _beliefs(self, batch: Batch, solver: Solver, guess: Guess) -> Beliefs:
        """Integrate the weights of a batch's partners out."""
        n_couples, n_partners = batch.partners.shape
        n, k = batch.rows.shape[1], self.n_factors
        real = batch.real[:, :, None]
        factors = guess.means[batch.idea, 1:] * real
        places = [(batch.of_seat(seat), slice(seat * k, (seat + 1) * k)) for seat in range(n_partners)]
        seats = np.zeros((n_couples, n, n_partners * k))
        for ratings, mine in places:
            seats[:, ratings, mine] = factors[:, ratings]
        residual = (self.target[batch.rows] - guess.means[batch.idea, 0]) * batch.real
        solved = solver.times(np.dstack([residual, seats]))
        alone, columns = solved[:, :, 0], solved[:, :, 1:]
        covs = self._covs(batch, guess)
        precision = np.eye(n_partners * k) + seats.transpose(0, 2, 1) @ columns
        for seat, (_, mine) in enumerate(places):
            precision[:, mine, mine] += covs[:, seat, 1:, 1:]
        pulled = (seats.transpose(0, 2, 1) @ alone[:, :, None])[:, :, 0]
        pulled -= covs[:, :, 0, 1:].reshape(n_couples, -1)
        pulled += np.tile(guess.centre, n_partners)
        spread, of_precision = inverse_of(precision)
        mean = (spread @ pulled[:, :, None])[:, :, 0]
        alpha = alone - (columns @ mean[:, :, None])[:, :, 0]
        explained = columns @ spread
        second = self._second(mean, spread, n_partners)
        own = np.concatenate([explained[:, ratings, mine] for ratings, mine in places], axis=1)
        weights = mean.reshape(n_couples, n_partners, k)[:, batch.seat]
        pull = np.dstack([alpha, weights * alpha[:, :, None] - own]) * real
        log_likelihood = -0.5 * (
            int(batch.real.sum()) * np.log(2 * np.pi)
            + solver.log_determinant
            + float((residual * alone).sum() - (pulled * mean).sum())
            + of_precision
            + float(covs[:, :, 0, 0].sum() + batch.partners.size * guess.centre @ guess.centre)
        )
        unsure = float((covs * second).sum())
        misfit = self._misfit(batch, solver, guess.noise, alpha, columns, explained) + guess.noise * unsure
        return Beliefs(pull, second, float(log_likelihood), misfit)

    def _covs(self, batch: Batch, guess: Guess) -> np.ndarray:
        """Return how unsure what each partner rated is, weighed and summed, shape (B, P, 1 + K, 1 + K)."""
        weights = self._of_partner[batch.partners.ravel()]
        covs = weights @ guess.covs.reshape(weights.shape[1], -1) / guess.noise
        shape = *batch.partners.shape, *guess.covs.shape[1:]
        return np.asarray(covs.reshape(shape) * batch.seated[:, :, None, None])

    def _second(self, mean: np.ndarray, spread: np.ndarray, n_partners: int) -> np.ndarray:
        """Return each partner's expected products of (1, z), shape (B, P, 1 + K, 1 + K)."""
        n_couples, k = len(mean), self.n_factors
        blocks = spread.reshape(n_couples, n_partners, k, n_partners, k)
        own = blocks[:, np.arange(n_partners), :, np.arange(n_partners)].transpose(1, 0, 2, 3)
        one = np.concatenate([np.ones((n_couples, n_partners, 1)), mean.reshape(n_couples, n_partners, k)], 2)
        second = one[:, :, :, None] * one[:, :, None, :]
        second[:, :, 1:, 1:] += own
        return np.asarray(second)

    def _misfit(
        self,
        batch: Batch,
        solver: Solver,
        noise: float,
        alpha: np.ndarray,
        columns: np.ndarray,
        explained: np.ndarray,
    ) -> float:
        """Return the expected noise of the batch, E[e'R⁻¹e] with R as it was fitted.

        With R now ``noise`` times that, e has mean ``R alpha`` and covariance ``R - R M R``, where M is C⁻¹
        less what the factors explain of it.
        """
        mine, shared = self.parameters.noise_var, self.parameters.shock_var
        trace, of_dates = solver.traces(int(batch.date_sizes.max()) + 1).sum(axis=1)
        fitted = mine * trace + shared * of_dates
        together = batch.over_dates(alpha[:, :, None])[:, :, 0], batch.over_dates(columns)
        square = mine * (np.vecdot(alpha, alpha).sum() + np.vecdot(explained, columns).sum())
        square += shared * (np.vecdot(alpha, together[0]).sum() + np.vecdot(explained, together[1]).sum())
        return float(noise * batch.real.sum() + noise**2 * (square - fitted))

    def _settled(self, guess: Guess, squares: np.ndarray) -> Guess:
        """Return the same in weights of unit variance, along the factors' main axes, if that is better.

        Expanding the model by any scale of the weights and taking it back speeds the fit (Liu, Rubin and Wu
        1998); only the prior of the spreads can lose by it.

        Parameters
        ----------
        squares : ndarray of shape (K, K)
            Mean over partners of the expected products of their weights, less the centre's.
        """
        scaled = _turned(guess, np.linalg.cholesky(squares))
        turned = self._spread(_turned(scaled, np.linalg.eigh(self._scatter(scaled))[1]))
        plain = self._spread(guess)
        gain = np.trace(squares) - len(squares) - np.linalg.slogdet(squares)[1]
        gain = self._distance(turned) - self._distance(plain) + self.n_partners / 2 * gain
        return turned if gain > 0 else plain

    def _scatter(self, guess: Guess) -> np.ndarray:
        """Return the expected products of rated ideas' factors, summed, shape (K, K)."""
        means, covs = guess.means[self.rated, 1:], guess.covs[self.rated, 1:, 1:]
        return np.asarray(means.T @ means + covs.sum(axis=0))

    def _spread(self, guess: Guess) -> Guess:
        """Return the same beliefs with the likeliest spreads."""
        total = np.diag(self._scatter(guess)) + SPREAD_STRENGTH * self.first_spread
        return replace(guess, spread=total / (self.rated.sum() + SPREAD_STRENGTH))

    def _distance(self, guess: Guess) -> float:
        """Return minus the divergence of the beliefs from their prior, and the prior of spreads and noise."""
        means, covs = guess.means[self.rated], guess.covs[self.rated]
        prior = np.append(self.parameters.effect_var, guess.spread)
        square = means**2 + np.diagonal(covs, axis1=1, axis2=2)
        total = (square / prior).sum() - means.size + len(means) * np.log(prior).sum()
        total -= np.linalg.slogdet(covs)[1].sum()
        held = SPREAD_STRENGTH * (np.log(guess.spread) + self.first_spread / guess.spread).sum()
        held += NOISE_STRENGTH * (np.log(guess.noise) + 1 / guess.noise)
        return float(-0.5 * (total + held))


def learn_factors(
    feedback: Feedback,
    parameters: Parameters,
    n_factors: int,
    *,
    max_iterations: int = 40,
    tolerance: float = 1e-6,
    on_iteration: Callable[[int, float], None] = lambda _number, _objective: None,
    n_jobs: int = 1,
) -> Parameters:
    """Return ``parameters`` with the factors that the feedback supports; the same where it supports none.

    Parameters
    ----------
    parameters : Parameters
        Fitted to this feedback; their ``idea_ids`` name the rows of ``feedback.features``.
    n_factors : int
        At most, and at most one for every ``PEOPLE_FOR_ONE`` people.
    on_iteration : callable
        Told the number of each pass and the objective before it.
    n_jobs : int
        Threads; the result does not depend on it.
    """
    n_factors = min(n_factors, feedback.n_partners // PEOPLE_FOR_ONE)
    if not n_factors:
        return parameters
    with threadpool_limits(1, user_api="blas"):
        sample = feedback.sample(SAMPLE_RATINGS)
        passes = FactorPasses(sample, parameters, n_factors, n_jobs)
        guess = _climbed(passes, max_iterations, tolerance, on_iteration)
        if passes.vanished(guess):
            return parameters
        if sample is not feedback:
            passes = FactorPasses(feedback, parameters, n_factors, n_jobs)
            for _ in range(LAST_PASSES):
                guess, _ = passes.iterate(guess)
    return _joined(parameters, guess, np.bincount(feedback.idea, minlength=len(guess.means)))


def _climbed(
    passes: FactorPasses,
    max_iterations: int,
    tolerance: float,
    on_iteration: Callable[[int, float], None],
) -> Guess:
    """Return the guess after passes that raise the objective until it hardly grows."""
    guess, last = passes.first(), -np.inf
    for number in range(1, max_iterations + 1):
        guess, objective = passes.iterate(guess)
        on_iteration(number, objective)
        if objective - last < tolerance * abs(objective) or passes.vanished(guess):
            break
        last = objective
    return guess


def _joined(parameters: Parameters, guess: Guess, counts: np.ndarray) -> Parameters:
    """Return ``parameters`` with the factors of ``guess`` that are worth keeping."""
    strength = counts @ guess.means[:, 1:] ** 2 / counts.sum()
    noise = guess.noise * (parameters.noise_var + parameters.shock_var)
    kept = strength > LEAST_SHARE * noise
    if not kept.any():
        return parameters
    unsure = np.diagonal(guess.covs, axis1=1, axis2=2)
    return replace(
        parameters,
        effects=guess.means[:, 0] + guess.means[:, 1:] @ guess.centre,
        effect_vars=unsure[:, 0],
        factors=guess.means[:, 1:][:, kept],
        own_vars=unsure[:, 1:].sum(axis=1),
        own_var=float(guess.spread.sum()),
        noise_var=guess.noise * parameters.noise_var,
        shock_var=guess.noise * parameters.shock_var,
    )


def _turned(guess: Guess, turn: np.ndarray) -> Guess:
    """Return the beliefs with factors times ``turn`` (K, K), effects as they are."""
    whole = np.zeros((len(turn) + 1, len(turn) + 1))
    whole[0, 0] = 1.0
    whole[1:, 1:] = turn
    centre = np.linalg.solve(turn, guess.centre)
    return replace(guess, means=guess.means @ whole, covs=whole.T @ guess.covs @ whole, centre=centre)

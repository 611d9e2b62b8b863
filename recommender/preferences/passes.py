"""One pass of variational EM over the feedback.

The couples' weights are integrated out exactly; the ideas' effects have a factorised posterior (Bishop 2006,
section 10.1), so a pass is coordinate ascent on

    objective = sum_c log N(residual_c; 0, C_c) - 1/2 sum_d 1'R_d⁻¹1 effect_var_i(d)
                - sum_i KL(q(effect_i) || N(0, effect_var))
                + log prior(parameters)

which it never lowers. ``C_c`` is the covariance of a couple's ratings, ``R_d`` that of one date's noise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from scipy.linalg import block_diag
from scipy.sparse import csr_array
from scipy.sparse.linalg import LinearOperator, cg

from recommender.preferences.feedback import Feedback
from recommender.preferences.kernels import kernel_of
from recommender.preferences.model import Parameters, with_intercept
from recommender.preferences.solvers import Batch, Moments, Solver, batches_of, solver_of
from recommender.preferences.strength import Strength, held
from recommender.preferences.threads import Item, Result, mapped

LEAST_SQUARES_STEPS = 12
"""Of conjugate gradients in one pass; they go on from where the pass before stopped."""

CHUNK_RATINGS = 8192
"""Ratings whose answers are multiplied at once; chosen so that what is multiplied stays in the cache."""


class Passes:
    """One feedback and its prior, made ready for passes over it.

    Attributes
    ----------
    scale : ndarray of shape (2, A)
        Prior variance of the fixed weights of each column: of its first row, and of each row below.
    """

    def __init__(
        self,
        feedback: Feedback,
        prior: Parameters,
        strength: Strength,
        n_jobs: int = 1,
        scale: np.ndarray | None = None,
    ) -> None:
        self.feedback = feedback
        self.prior = prior
        self.design = with_intercept(feedback.features - prior.feature_means)
        self.answers = np.ascontiguousarray(with_intercept(feedback.answers))
        self.held = held(strength, prior, self.design, feedback.answers)
        self.scale = self.held.scale if scale is None else scale
        self.batches = batches_of(
            feedback.couple, feedback.partner, feedback.idea, feedback.date, self.design.shape[1]
        )
        self.date_sizes = np.bincount(feedback.date)[feedback.date]
        self.n_jobs = n_jobs
        self._chunks = [
            slice(start, start + CHUNK_RATINGS) for start in range(0, len(feedback.rating), CHUNK_RATINGS)
        ]
        self._n_couples, self._n_partners, self._n_dates = (
            len(np.unique(of)) for of in (feedback.couple, feedback.partner, feedback.date)
        )
        self._by_idea = np.lexsort((feedback.partner, feedback.idea))
        self._raters = feedback.partner[self._by_idea].astype(np.int32)
        self._idea_ends = np.append(0, np.cumsum(np.bincount(feedback.idea, minlength=len(self.design))))
        self._idea_parts = self._parts_of_ideas()
        # Preconditions the least squares: what each weight would weigh if nothing else were known.
        self._curvature = (self.design**2).T @ self._summed(np.ones(len(feedback.rating)), self.answers**2)

    def iterate(self, current: Parameters) -> tuple[Parameters, float]:
        """Return the parameters after one pass, and the objective with its new fixed weights."""
        kernel = kernel_of(self.design, current)
        solvers = self._map(lambda batch: solver_of(batch, kernel, current), self.batches)
        current = replace(current, fixed=self._fixed_weights(solvers, current))
        residual = self.feedback.rating - self._fixed_part(current.fixed)
        residual -= current.effects[self.feedback.idea]
        alphas = [_times(solver, residual) for solver in solvers]
        objective = self._objective(solvers, alphas, residual, current)
        effects, effect_vars = self._effects(solvers, alphas, current)
        moved = replace(current, effects=effects, effect_vars=effect_vars)
        shift = (current.effects - effects)[self.feedback.idea]
        pairs = list(zip(solvers, alphas, strict=True))
        moments = self._map(lambda pair: pair[0].moments(pair[1]), pairs)
        noise = self._noise_moments(solvers, alphas, shift, moved)
        return self._variances(moments, noise, moved), objective

    def learn_scale(self, current: Parameters) -> None:
        """Set each column's variance by its weights and how well the ratings know them (MacKay 1994)."""
        kernel = kernel_of(self.design, current)

        def information(batch: Batch) -> np.ndarray:
            return solver_of(batch, kernel, current).information(self.answers)

        said = np.sum(self._map(information, self.batches), axis=0)
        known = [
            np.diag(np.linalg.inv(s + np.diag(p))) for s, p in zip(said, self._precision().T, strict=True)
        ]
        square = (current.fixed - self.prior.fixed) ** 2
        learned = 1 - np.transpose(known) * self._precision()
        worth, believed = self.held.scales, self.held.scale
        of_tags = (square[1:].sum(axis=0) + worth * believed[1]) / (learned[1:].sum(axis=0) + worth)
        of_leniency = (square[0, 1:].sum() + worth * believed[0]) / (learned[0, 1:].sum() + worth)
        self.scale = np.array([of_leniency, of_tags])

    def _map(self, work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        return mapped(work, items, self.n_jobs)

    def _fixed_part(self, fixed: np.ndarray) -> np.ndarray:
        idea, partner, weights = self.feedback.idea, self.feedback.partner, self.design @ fixed

        def part(rows: slice) -> np.ndarray:
            return np.asarray(np.vecdot(weights[idea[rows]], self.answers[partner[rows]]))

        return np.concatenate(self._map(part, self._chunks))

    def _summed(self, values: np.ndarray, answers: np.ndarray) -> np.ndarray:
        """Return each idea's ``values`` times their raters' ``answers``, summed, shape (n_ideas, A)."""
        values = values[self._by_idea]

        def part(ideas: slice) -> np.ndarray:
            ends = self._idea_ends[ideas.start : ideas.stop + 1]
            ratings = slice(ends[0], ends[-1])
            table = (values[ratings], self._raters[ratings], (ends - ends[0]).astype(np.int32))
            return np.asarray(csr_array(table, shape=(len(ends) - 1, len(answers))) @ answers)

        return np.concatenate(self._map(part, self._idea_parts))

    def _parts_of_ideas(self) -> list[slice]:
        """Return the ideas in runs of about as many ratings each."""
        n_parts = 1 + self._idea_ends[-1] // (8 * CHUNK_RATINGS)
        cuts = np.searchsorted(self._idea_ends, np.linspace(0, self._idea_ends[-1], n_parts + 1)[1:-1])
        bounds = np.unique([0, *cuts, len(self.design)])
        return [slice(int(start), int(stop)) for start, stop in pairwise(bounds)]

    def _precision(self) -> np.ndarray:
        """Return the prior precision of the fixed weights, shape (F, A)."""
        precision = np.tile(1 / self.scale[1], (self.design.shape[1], 1))
        precision[0] = 1 / self.scale[0]
        precision[0, 0] = 1 / self.held.level_var
        return precision

    def _fixed_weights(self, solvers: Sequence[Solver], current: Parameters) -> np.ndarray:
        """Return level, appeal and answer weights by generalised least squares (conjugate gradients)."""
        feedback, shape, precision = self.feedback, current.fixed.shape, self._precision()

        def adjoint(values: np.ndarray) -> np.ndarray:
            return np.asarray(self.design.T @ self._summed(values, self.answers))

        def whiten(values: np.ndarray) -> np.ndarray:
            times = self._map(lambda solver: _times(solver, values), solvers)
            return _scattered(solvers, times, len(values))

        def normal(vector: np.ndarray) -> np.ndarray:
            fixed = vector.reshape(shape)
            return (adjoint(whiten(self._fixed_part(fixed))) + precision * fixed).ravel()

        target = feedback.rating - current.effects[feedback.idea] - self._fixed_part(self.prior.fixed)
        curvature = (precision + self._curvature / float(feedback.rating.var() + current.noise_var)).ravel()
        size = current.fixed.size
        solution, _ = cg(
            LinearOperator((size, size), matvec=normal, dtype=float),
            adjoint(whiten(target)).ravel(),
            x0=(current.fixed - self.prior.fixed).ravel(),
            rtol=1e-6,
            maxiter=LEAST_SQUARES_STEPS,
            M=LinearOperator((size, size), matvec=lambda v: v / curvature, dtype=float),
        )
        return np.asarray(self.prior.fixed + solution.reshape(shape))

    def _date_weight(self, parameters: Parameters) -> np.ndarray:
        """Return for each rating its share of 1'R⁻¹1 of its date: 1 / (noise + m shock)."""
        return np.asarray(1 / (parameters.noise_var + self.date_sizes * parameters.shock_var))

    def _effects(
        self, solvers: Sequence[Solver], alphas: Sequence[np.ndarray], current: Parameters
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and variance of q(effect) given the couples' weights, shapes (n_ideas,)."""
        idea, n_ideas = self.feedback.idea, len(current.effects)
        weight = np.bincount(idea, self._date_weight(current), n_ideas)
        alpha = _scattered(solvers, alphas, len(idea))
        pull = np.bincount(idea, alpha, n_ideas) + current.effects * weight
        precision = 1 / current.effect_var + weight
        return pull / precision, 1 / precision

    def _noise_moments(
        self,
        solvers: Sequence[Solver],
        alphas: Sequence[np.ndarray],
        shift: np.ndarray,
        current: Parameters,
    ) -> tuple[float, float]:
        """Return summed E[shock²] over dates and E[noise²] over ratings (one EM step for the pair).

        With e the noise of one date's ratings, shock included:
        E[e e'] = mean mean' + R - R C⁻¹ R + effect_var 11'.
        R is ``noise I + shock 11'`` within a date, so its diagonal and row sums need only those of C⁻¹ there.
        ``shift`` is how far each rating's idea effect just moved down.
        """
        n, noise, shock = len(self.feedback.rating), current.noise_var, current.shock_var
        size = self.date_sizes

        def over_date(values: np.ndarray) -> np.ndarray:
            return np.bincount(self.feedback.date, values)[self.feedback.date]

        diagonal = _scattered(solvers, [solver.diagonal() for solver in solvers], n)
        row = _scattered(solvers, [solver.date_sums() for solver in solvers], n)
        total = over_date(row)
        alpha = _scattered(solvers, alphas, n)
        mean = noise * alpha + shock * over_date(alpha) + shift
        effect = current.effect_vars[self.feedback.idea]
        explained = noise**2 * diagonal + 2 * noise * shock * row + shock**2 * total
        square = mean**2 + noise + shock - explained + effect
        explained = noise**2 * row + noise * shock * (total + size * row) + shock**2 * size * total
        within = mean * over_date(mean) + noise + shock * size - explained + effect * size
        # A date's shock given its noise is gain times the sum of e, with the same variance in all of it.
        gain = shock / (noise + size * shock)
        shock_square = gain**2 * over_date(within) + shock * (1 - size * gain)
        return float((shock_square / size).sum()), float((square - 2 * gain * within + shock_square).sum())

    def _variances(
        self, moments: Sequence[Moments], noise: tuple[float, float], current: Parameters
    ) -> Parameters:
        """Return ``current`` with every variance at its maximum given the moments and its prior."""
        feedback, prior, held = self.feedback, self.prior, self.held
        n_ratings, n_ideas = len(feedback.rating), len(current.effects)
        effect = float(np.sum(current.effects**2 + current.effect_vars))

        def covariance(now: np.ndarray, start: np.ndarray, moment: np.ndarray, n: int) -> np.ndarray:
            total = n * now + now @ moment @ now + held.covariances * self._rescaled(now, start)
            out = total / (n + held.covariances)
            return np.asarray((out + out.T) / 2)

        def variance(total: float, start: float, n: int) -> float:
            return float((total + held.variances * start) / (n + held.variances))

        couple = sum((m.couple for m in moments), np.zeros_like(prior.couple_cov))
        partner = sum((m.partner for m in moments), np.zeros_like(prior.partner_cov))
        return replace(
            current,
            couple_cov=covariance(current.couple_cov, prior.couple_cov, couple, self._n_couples),
            partner_cov=covariance(current.partner_cov, prior.partner_cov, partner, self._n_partners),
            shock_var=variance(noise[0], prior.shock_var, self._n_dates),
            noise_var=variance(noise[1], prior.noise_var, n_ratings),
            effect_var=variance(effect, prior.effect_var, n_ideas),
        )

    def _rescaling(self, now: np.ndarray, start: np.ndarray) -> np.ndarray:
        """Return the likeliest factors on leniency and tastes in ``now``'s prior ``start``, shape (2,).

        How lenient people differ, and how much taste there is, show in few couples' ratings; which tags it
        lies in takes many.
        """
        weight = self.held.covariances / self.held.scales
        return np.asarray((weight + 1) / (weight * _apart(now, start) / _sizes(now) + 1))

    def _rescaled(self, now: np.ndarray, start: np.ndarray) -> np.ndarray:
        """Return the centre of the prior of ``now``: ``start`` rescaled, leniency and tastes independent."""
        of_leniency, of_taste = self._rescaling(now, start)
        return block_diag(of_leniency * start[:1, :1], of_taste * start[1:, 1:])

    def _objective(
        self,
        solvers: Sequence[Solver],
        alphas: Sequence[np.ndarray],
        residual: np.ndarray,
        current: Parameters,
    ) -> float:
        """Return the objective of the module's docstring, up to a constant."""
        total = -0.5 * len(residual) * np.log(2 * np.pi)
        for solver, alpha in zip(solvers, alphas, strict=True):
            batch = solver.batch
            total -= 0.5 * solver.log_determinant
            total -= 0.5 * float((alpha * residual[batch.rows] * batch.real).sum())
        weight = np.bincount(self.feedback.idea, self._date_weight(current), len(current.effects))
        total -= 0.5 * float(weight @ current.effect_vars)
        ratio = current.effect_vars / current.effect_var
        total -= 0.5 * float(np.sum(ratio + current.effects**2 / current.effect_var - 1 - np.log(ratio)))
        return float(total + self._log_prior(current))

    def _log_prior(self, current: Parameters) -> float:
        prior, held = self.prior, self.held
        total = -0.5 * float((self._precision() * (current.fixed - prior.fixed) ** 2).sum())
        for now, start in (
            (current.couple_cov, prior.couple_cov),
            (current.partner_cov, prior.partner_cov),
        ):
            factors, sizes = self._rescaling(now, start), _sizes(now)
            size = held.covariances * (np.linalg.slogdet(now)[1] - sizes @ np.log(factors))
            size += held.scales * sizes @ (factors - np.log(factors))
            size += held.covariances * factors @ _apart(now, start)
            total -= 0.5 * float(size)
        for var, start_var in (
            (current.noise_var, prior.noise_var),
            (current.shock_var, prior.shock_var),
            (current.effect_var, prior.effect_var),
        ):
            total -= 0.5 * held.variances * float(np.log(var) + start_var / var)
        return total


def _sizes(covariance: np.ndarray) -> np.ndarray:
    """Return how many rows are of leniency, and of tastes, shape (2,)."""
    return np.array([1, max(len(covariance) - 1, 1)])


def _apart(now: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Return the trace of ``now``⁻¹ times ``start``, for leniency and for tastes, shape (2,)."""
    products = np.linalg.inv(now) * start
    return np.array([products[0, 0], products[1:, 1:].sum()])


def _times(solver: Solver, values: np.ndarray) -> np.ndarray:
    """Return C⁻¹ times each couple's part of ``values`` (n_ratings,), shape (B, n)."""
    part = values[solver.batch.rows] * solver.batch.real
    return solver.times(part[:, :, None])[:, :, 0]


def _scattered(solvers: Sequence[Solver], parts: Sequence[np.ndarray], n_ratings: int) -> np.ndarray:
    """Return padded per-couple values (B, n) back in the order of the ratings."""
    out = np.zeros(n_ratings)
    for solver, part in zip(solvers, parts, strict=True):
        out[solver.batch.rows[solver.batch.real]] = part[solver.batch.real]
    return out

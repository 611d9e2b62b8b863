"""One pass of variational EM over the feedback.

The couples' weights are integrated out exactly; the ideas' effects have a factorised posterior (Bishop 2006,
section 10.1), whose means are found together with the fixed weights. A pass is coordinate ascent on

    objective = sum_c log N(residual_c; 0, C_c) - 1/2 sum_d 1'R_d⁻¹1 effect_var_i(d)
                - sum_i KL(q(effect_i) || N(0, effect_var))
                + log prior(parameters)

which it never lowers. ``C_c`` is the covariance of a couple's ratings, ``R_d`` that of one date's noise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from itertools import pairwise
from operator import add

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.linalg import LinearOperator, cg

from recommender.preferences.feedback import Feedback
from recommender.preferences.kernels import Kernel, kernel_of
from recommender.preferences.model import Parameters, with_intercept
from recommender.preferences.preconditioner import Preconditioner
from recommender.preferences.rescaling import Rescaled, rescaled
from recommender.preferences.scoring import Seen, scored
from recommender.preferences.solvers import Solver, batches_of, solver_of
from recommender.preferences.strength import Strength, held
from recommender.preferences.threads import Item, Result, Threads

LEAST_SQUARES_STEPS = 3
"""Of conjugate gradients in one pass; they go on from where the pass before stopped."""

CHUNK_RATINGS = 8192
"""Ratings whose answers are multiplied at once; chosen so that what is multiplied stays in the cache."""


@dataclass(frozen=True, slots=True)
class Met:
    """All ratings met with parameters whose fixed weights and effects are the likeliest.

    Attributes
    ----------
    kernel : Kernel
    solvers : sequence of Solver
        The covariances of the ratings.
    alphas : sequence of ndarray
        C⁻¹ residual of each solver's batch.
    parameters : Parameters
    priors : tuple of Rescaled
        Of the covariance of couples, and of that of partners.
    objective : float
    """

    kernel: Kernel
    solvers: Sequence[Solver]
    alphas: Sequence[np.ndarray]
    parameters: Parameters
    priors: tuple[Rescaled, Rescaled]
    objective: float


@dataclass(frozen=True, slots=True)
class Pass:
    """Where one pass leads.

    Attributes
    ----------
    moved : Parameters
        Every variance moved so that the objective does not fall.
    ahead : Parameters
        The same with covariances moved as far as ratings tell (``scoring.py``): further, not always higher.
    objective : float
        Before the variances moved.
    """

    moved: Parameters
    ahead: Parameters
    objective: float


class Passes:
    """One feedback and its prior, made ready for passes over it.

    Attributes
    ----------
    scale : ndarray of shape (2, A)
        Prior variance of the fixed weights of each column: of its first row, and of each row below.
    threads : Threads
        What passes are shared out between.
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
        self.batches = batches_of(feedback.couple, feedback.partner, feedback.idea, feedback.date)
        self.date_sizes = np.bincount(feedback.date)[feedback.date]
        self.threads = Threads(n_jobs)
        self._chunks = [
            slice(start, start + CHUNK_RATINGS) for start in range(0, len(feedback.rating), CHUNK_RATINGS)
        ]
        self._n_dates = int(np.count_nonzero(np.bincount(feedback.date)))
        at = np.arange(len(feedback.rating))  # put in order of ideas without comparing them
        of_idea = csr_array((at, (feedback.idea, at)), shape=(len(self.design), len(at)))
        self._by_idea, self._idea_ends = of_idea.indices, of_idea.indptr
        self._raters = feedback.partner[self._by_idea].astype(np.int32)
        self._idea_parts = self._parts_of_ideas()
        squares = self._summed(np.ones(len(feedback.rating)), self.answers**2)
        self._told = squares / max(float(feedback.rating.var()), prior.noise_var)
        self._preconditioner = self._prepared()

    def iterate(self, current: Parameters) -> Pass:
        """Return where one pass from ``current`` leads."""
        met = self._meet(current)
        couples, partners = self._seen(met)
        moved = self._variances(couples, partners, self._noise_moments(met), met)
        couple_cov, partner_cov = self._map(
            lambda of: scored(*of, self.held),
            [
                (current.couple_cov, couples, self.prior.couple_cov),
                (current.partner_cov, partners, self.prior.partner_cov),
            ],
        )
        ahead = replace(moved, couple_cov=couple_cov, partner_cov=partner_cov)
        return Pass(moved, ahead, met.objective)

    def settle(self, current: Parameters) -> tuple[Parameters, float]:
        """Return the likeliest fixed weights and effects, given all variances, and the objective."""
        met = self._meet(current)
        return met.parameters, met.objective

    def learn_scale(self, current: Parameters) -> None:
        """Set each column's variance by its weights and how well the ratings know them (MacKay 1994)."""
        kernel = kernel_of(self.design, current)
        solvers = self._map(lambda batch: solver_of(batch, kernel), self.batches)

        def known(answer: np.ndarray, precision: np.ndarray) -> np.ndarray:
            said = (solver.information(answer[solver.batch.partners]) for solver in solvers)
            return np.diag(np.linalg.inv(reduce(add, said).total(kernel) + np.diag(precision)))

        precision = self._precision()
        columns = list(zip(self.answers.T, precision.T, strict=True))
        square = (current.fixed - self.prior.fixed) ** 2
        learned = 1 - np.transpose(self._map(lambda column: known(*column), columns)) * precision
        worth, believed = self.held.scales, self.held.scale
        of_tags = (square[1:].sum(axis=0) + worth * believed[1]) / (learned[1:].sum(axis=0) + worth)
        of_leniency = (square[0, 1:].sum() + worth * believed[0]) / (learned[0, 1:].sum() + worth)
        self.scale = np.array([of_leniency, of_tags])
        self._preconditioner = self._prepared()

    def _map(self, work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        return self.threads.map(work, items)

    def _prepared(self) -> Preconditioner:
        return Preconditioner(self.design, self._told, self._precision(), self.threads)

    def _fixed_part(self, fixed: np.ndarray) -> np.ndarray:
        idea, partner, weights = self.feedback.idea, self.feedback.partner, self.design @ fixed

        def part(rows: slice) -> np.ndarray:
            ours, theirs = weights.take(idea[rows], axis=0), self.answers.take(partner[rows], axis=0)
            return np.asarray(np.vecdot(ours, theirs))

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

    @cached_property
    def _whose(self) -> tuple[np.ndarray, np.ndarray]:
        """Whose rating each is, couples and partners numbered from 0 without a gap."""
        couple, partner = (
            np.unique(of, return_inverse=True)[1] for of in (self.feedback.couple, self.feedback.partner)
        )
        return couple, partner

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

    def _meet(self, current: Parameters) -> Met:
        """Meet all ratings with fixed weights and effects moved to where they are likeliest."""
        kernel = kernel_of(self.design, current)
        solvers = self._map(lambda batch: solver_of(batch, kernel), self.batches)
        means = self._means(solvers, current)
        weight = np.bincount(self.feedback.idea, self._date_weight(current), len(self.design))
        moved = replace(means, effect_vars=1 / (1 / current.effect_var + weight))
        residual = self._residual(moved)
        alphas = self._map(lambda solver: _times(solver, residual), solvers)
        couples, partners = self._map(
            lambda of: rescaled(*of, self.held),
            [(current.couple_cov, self.prior.couple_cov), (current.partner_cov, self.prior.partner_cov)],
        )
        objective = self._objective(solvers, alphas, residual, moved, (couples, partners))
        return Met(kernel, solvers, alphas, moved, (couples, partners), objective)

    def _seen(self, met: Met) -> tuple[Seen, Seen]:
        """Return what the ratings say of the covariances of couples and of partners."""
        pairs = list(zip(met.solvers, met.alphas, strict=True))
        moments = reduce(add, self._map(lambda pair: pair[0].moments(pair[1]), pairs))
        own, between = self._map(lambda sums: sums.total(met.kernel), moments.joined())
        alpha = _scattered(met.solvers, met.alphas, len(self.feedback.idea))

        def seen(slope: np.ndarray, whose: np.ndarray) -> Seen:
            shape = int(whose.max()) + 1, len(self.design)
            pulls = csr_array((alpha, (whose, self.feedback.idea)), shape) @ self.design
            return Seen(slope, pulls.T @ pulls - slope, len(pulls))

        slopes = own + between + between.T, own
        couples, partners = self._map(lambda of: seen(*of), list(zip(slopes, self._whose, strict=True)))
        return couples, partners

    def _residual(self, current: Parameters) -> np.ndarray:
        expected = self._fixed_part(current.fixed) + current.effects[self.feedback.idea]
        return np.asarray(self.feedback.rating - expected)

    def _means(self, solvers: Sequence[Solver], current: Parameters) -> Parameters:
        """Return ``current`` with the likeliest fixed weights and effects, by conjugate gradients.

        Both are means given the variances: generalised least squares, each held to its prior.
        """
        idea, shape, size = self.feedback.idea, current.fixed.shape, current.fixed.size
        precision = np.append(self._precision(), np.full(len(self.design), 1 / current.effect_var))

        def pulled(values: np.ndarray) -> np.ndarray:
            times = self._map(lambda solver: _times(solver, values), solvers)
            white = _scattered(solvers, times, len(values))
            weights = self.design.T @ self._summed(white, self.answers)
            return np.append(weights, np.bincount(idea, white, len(self.design)))

        def normal(move: np.ndarray) -> np.ndarray:
            values = self._fixed_part(move[:size].reshape(shape)) + move[size:][idea]
            return pulled(values) + precision * move

        nearly = self._preconditioner.solver(current.effect_var)
        held = precision * np.append(current.fixed - self.prior.fixed, current.effects)
        move, _ = cg(
            LinearOperator((len(held), len(held)), matvec=normal, dtype=float),
            pulled(self._residual(current)) - held,
            rtol=1e-6,
            maxiter=LEAST_SQUARES_STEPS,
            M=LinearOperator((len(held), len(held)), matvec=nearly, dtype=float),
        )
        fixed = current.fixed + move[:size].reshape(shape)
        return replace(current, fixed=fixed, effects=current.effects + move[size:])

    def _date_weight(self, parameters: Parameters) -> np.ndarray:
        """Return for each rating its share of 1'R⁻¹1 of its date: 1 / (noise + m shock)."""
        return np.asarray(1 / (parameters.noise_var + self.date_sizes * parameters.shock_var))

    def _noise_moments(self, met: Met) -> tuple[float, float]:
        """Return summed E[shock²] over dates and E[noise²] over ratings (one EM step for the pair).

        With e the noise of one date's ratings, shock included:
        E[e e'] = mean mean' + R - R C⁻¹ R + effect_var 11'.
        R is ``noise I + shock 11'`` within a date, so its trace and its sum need only those of C⁻¹ there, and
        those of all dates with as many ratings together.
        """
        n, noise, shock = len(self.feedback.rating), met.parameters.noise_var, met.parameters.shock_var
        of_rating, n_sizes = self.date_sizes, int(self.date_sizes.max()) + 1
        sizes, n_ratings = np.arange(n_sizes), np.bincount(of_rating)
        n_dates = n_ratings / np.maximum(sizes, 1)

        def over_date(values: np.ndarray) -> np.ndarray:
            return np.bincount(self.feedback.date, values)[self.feedback.date]

        alpha = _scattered(met.solvers, met.alphas, n)
        mean = noise * alpha + shock * over_date(alpha)
        effect = met.parameters.effect_vars[self.feedback.idea]
        trace, total = reduce(add, self._map(lambda solver: solver.traces(n_sizes), met.solvers))
        explained = noise**2 * trace + (2 * noise + sizes * shock) * shock * total
        square = np.bincount(of_rating, mean**2 + effect) + n_ratings * (noise + shock) - explained
        explained = (noise + sizes * shock) ** 2 * total
        within = np.bincount(of_rating, mean * over_date(mean) + of_rating * effect)
        within += n_ratings * (noise + sizes * shock) - explained
        # A date's shock given its noise is gain times the sum of e, with the same variance in all of it.
        gain = shock / (noise + sizes * shock)
        shock_square = gain**2 * within + n_dates * shock * (1 - sizes * gain)
        return float(shock_square.sum()), float((square - 2 * gain * within + sizes * shock_square).sum())

    def _variances(self, couples: Seen, partners: Seen, noise: tuple[float, float], met: Met) -> Parameters:
        """Return what was met with every variance at its maximum given its moments and its prior."""
        feedback, prior, held, current = self.feedback, self.prior, self.held, met.parameters
        n_ratings, n_ideas = len(feedback.rating), len(current.effects)
        effect = float(np.sum(current.effects**2 + current.effect_vars))

        def covariance(now: np.ndarray, of_prior: Rescaled, seen: Seen) -> np.ndarray:
            total = seen.n * now + now @ seen.slope @ now
            total += held.covariances * of_prior.centre
            out = total / (seen.n + held.covariances)
            return np.asarray((out + out.T) / 2)

        def variance(total: float, start: float, n: int) -> float:
            return float((total + held.variances * start) / (n + held.variances))

        return replace(
            current,
            couple_cov=covariance(current.couple_cov, met.priors[0], couples),
            partner_cov=covariance(current.partner_cov, met.priors[1], partners),
            shock_var=variance(noise[0], prior.shock_var, self._n_dates),
            noise_var=variance(noise[1], prior.noise_var, n_ratings),
            effect_var=variance(effect, prior.effect_var, n_ideas),
        )

    def _objective(
        self,
        solvers: Sequence[Solver],
        alphas: Sequence[np.ndarray],
        residual: np.ndarray,
        current: Parameters,
        priors: Sequence[Rescaled],
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
        return float(total + self._log_prior(current) + sum(each.log_density for each in priors))

    def _log_prior(self, current: Parameters) -> float:
        """Return that of all but the covariances, up to a constant."""
        prior, held = self.prior, self.held
        total = -0.5 * float((self._precision() * (current.fixed - prior.fixed) ** 2).sum())
        for var, start_var in (
            (current.noise_var, prior.noise_var),
            (current.shock_var, prior.shock_var),
            (current.effect_var, prior.effect_var),
        ):
            total -= 0.5 * held.variances * float(np.log(var) + start_var / var)
        return total


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

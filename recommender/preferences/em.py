"""Empirical Bayes: the parameters that make the feedback most likely, by variational EM.

The couples' weights are integrated out exactly; the ideas' effects have a factorised posterior
(Bishop 2006, section 10.1), so each iteration is one pass of coordinate ascent on

    objective = sum_c log N(residual_c; 0, C_c) - 1/2 sum_d 1'R_d⁻¹1 effect_var_i(d)
                - sum_i KL(q(effect_i) || N(0, effect_var)) + log prior(parameters)

which never decreases. ``C_c`` is the covariance of a couple's ratings, ``R_d`` that of one date's noise.
Every variance has a weak prior worth a few observations, so that little feedback cannot run away with it.
Couples are worked in batches of similar size, padded, in a fixed order. What a covariance needs of the
features depends on two ideas only, so it is worked out once per pair of ideas, not per pair of ratings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.linalg import LinearOperator, cg

from recommender.preferences.model import Parameters, with_intercept

BATCH_RATINGS = 8192
"""Padded ratings in one batch of couples; chosen so that a batch's arrays stay in the cache."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """Ratings as arrays, each of shape (n_ratings,) unless said otherwise.

    Attributes
    ----------
    rating : ndarray of float64
    idea, partner, couple, date : ndarray of int
        Positions from 0; ``partner`` counts over all couples.
    features : ndarray of shape (n_ideas, n_features)
    answers : ndarray of shape (n_partners, n_answers)
    """

    rating: np.ndarray
    idea: np.ndarray
    partner: np.ndarray
    couple: np.ndarray
    date: np.ndarray
    features: np.ndarray
    answers: np.ndarray


@dataclass(frozen=True, slots=True)
class Strength:
    """How many observations each variance's prior is worth, and how firmly fixed weights are held.

    Attributes
    ----------
    covariances : float
        Couples' (or partners') worth of prior for ``couple_cov`` and ``partner_cov``, for each of their rows:
        a covariance of F rows takes at least F couples to estimate, and overfits badly on fewer.
    variances : float
        Observations' worth of prior for noise, shock and idea effects.
    level_sd, appeal_sd, answer_sd : float
        Prior standard deviations of the level, and of what appeal and answers may add to a rating beyond
        ``prior``, rating points. Whole sums, not single weights: many features are held as firmly as few.
    """

    covariances: float = 1.0
    variances: float = 5.0
    level_sd: float = 1.0
    appeal_sd: float = 0.15
    answer_sd: float = 0.2


@dataclass(frozen=True, slots=True)
class _Batch:
    """B couples of similar size, padded to n ratings each.

    Attributes
    ----------
    rows : ndarray of int, shape (B, n)
        Positions of the ratings; whatever stands where ``real`` is False does not count.
    real : ndarray of bool, shape (B, n)
    pairs : ndarray of int, shape (B, n, n)
        For two ratings, the place of their two ideas in a flattened (n_ideas, n_ideas) table.
    both, same_partner, same_date : ndarray of bool, shape (B, n, n)
    """

    rows: np.ndarray
    real: np.ndarray
    pairs: np.ndarray
    both: np.ndarray
    same_partner: np.ndarray
    same_date: np.ndarray


@dataclass(frozen=True, slots=True)
class _Moments:
    """Sums over ratings that the updates of the variances need."""

    couple: np.ndarray
    partner: np.ndarray
    shock: float
    noise: float


def fit_parameters(
    feedback: Feedback,
    prior: Parameters,
    *,
    strength: Strength | None = None,
    max_iterations: int = 60,
    tolerance: float = 3e-6,
    on_iteration: Callable[[int, float], None] = lambda _number, _objective: None,
) -> Parameters:
    """Return the parameters that the feedback supports, starting from and shrunk to ``prior``.

    Parameters
    ----------
    prior : Parameters
        Its ``idea_ids`` name the rows of ``feedback.features``.
    tolerance : float
        Stops when the objective grows by less than this share of its size.
    on_iteration : callable
        Told the number of the iteration, from 1, and the objective after it.
    """
    design = with_intercept(feedback.features - prior.feature_means)
    strength = _per_weight(strength or Strength(), feedback, design)
    batches = tuple(_batches(feedback))
    current, last = prior, -np.inf
    for number in range(1, max_iterations + 1):
        current, objective = _iterate(feedback, design, batches, current, prior, strength)
        on_iteration(number, objective)
        if objective - last < tolerance * abs(objective):
            break
        last = objective
    return current


def _iterate(
    feedback: Feedback,
    design: np.ndarray,
    batches: tuple[_Batch, ...],
    current: Parameters,
    prior: Parameters,
    strength: Strength,
) -> tuple[Parameters, float]:
    """Return the parameters after one pass, and the objective with its new fixed weights."""
    inverses = _inverses(design, batches, current)
    fixed = _fixed_weights(feedback, design, batches, inverses, current, prior, strength)
    current = replace(current, fixed=fixed)
    residual = feedback.rating - _fixed_part(feedback, design, fixed) - current.effects[feedback.idea]
    alphas = [_times(inverse, batch, residual) for batch, inverse in zip(batches, inverses, strict=True)]
    objective = _objective(feedback, batches, inverses, alphas, residual, current, prior, strength)
    effects, effect_vars = _effects(feedback, batches, alphas, current)
    moved = replace(current, effects=effects, effect_vars=effect_vars)
    shift = (current.effects - effects)[feedback.idea]
    moments = _moments(feedback, design, batches, inverses, alphas, shift, moved)
    return _variances(feedback, moments, moved, prior, strength), objective


def _batches(feedback: Feedback) -> Iterator[_Batch]:
    order = np.lexsort((feedback.partner, feedback.date, feedback.couple))
    starts = np.flatnonzero(np.diff(feedback.couple[order], prepend=-1))
    couples = sorted(np.split(order, starts[1:]), key=len)
    while couples:
        most = 1.25 * len(couples[0]) + 2
        n_fit = sum(1 for ratings in couples[:BATCH_RATINGS] if len(ratings) <= most)
        n_taken = max(1, min(n_fit, BATCH_RATINGS // len(couples[n_fit - 1])))
        yield _pad(feedback, couples[:n_taken])
        couples = couples[n_taken:]


def _pad(feedback: Feedback, couples: list[np.ndarray]) -> _Batch:
    rows = np.full((len(couples), max(map(len, couples))), -1)
    for couple, ratings in enumerate(couples):
        rows[couple, : len(ratings)] = ratings
    real = rows >= 0
    both = real[:, :, None] & real[:, None, :]
    idea, partner, date = feedback.idea[rows], feedback.partner[rows], feedback.date[rows]
    return _Batch(
        rows=rows,
        real=real,
        pairs=idea[:, :, None] * len(feedback.features) + idea[:, None, :],
        both=both,
        same_partner=both & (partner[:, :, None] == partner[:, None, :]),
        same_date=both & (date[:, :, None] == date[:, None, :]),
    )


def _inverses(design: np.ndarray, batches: tuple[_Batch, ...], current: Parameters) -> list[np.ndarray]:
    """Return C⁻¹ of every couple, shapes (B, n, n); padded ratings have noise of their own only."""
    shared = (design @ current.couple_cov @ design.T).ravel()
    own = (design @ current.partner_cov @ design.T).ravel()

    def inverse(batch: _Batch) -> np.ndarray:
        covariance = shared[batch.pairs] * batch.both + own[batch.pairs] * batch.same_partner
        covariance += current.shock_var * batch.same_date
        covariance += current.noise_var * np.eye(batch.rows.shape[1])
        return np.linalg.inv(covariance)

    return [inverse(batch) for batch in batches]


def _times(inverse: np.ndarray, batch: _Batch, values: np.ndarray) -> np.ndarray:
    """Return C⁻¹ times each couple's part of ``values`` (n_ratings,), shape (B, n)."""
    return np.asarray((inverse @ (values[batch.rows] * batch.real)[:, :, None])[:, :, 0])


def _scatter(batches: tuple[_Batch, ...], parts: list[np.ndarray], n_ratings: int) -> np.ndarray:
    """Return padded per-couple values (B, n) back in the order of the ratings."""
    out = np.zeros(n_ratings)
    for batch, part in zip(batches, parts, strict=True):
        out[batch.rows[batch.real]] = part[batch.real]
    return out


def _fixed_part(feedback: Feedback, design: np.ndarray, fixed: np.ndarray) -> np.ndarray:
    answers = with_intercept(feedback.answers)[feedback.partner]
    return np.asarray(np.einsum("na,na->n", (design @ fixed)[feedback.idea], answers))


def _fixed_weights(
    feedback: Feedback,
    design: np.ndarray,
    batches: tuple[_Batch, ...],
    inverses: list[np.ndarray],
    current: Parameters,
    prior: Parameters,
    strength: Strength,
) -> np.ndarray:
    """Return level, appeal and answer weights by generalised least squares (conjugate gradients)."""
    shape, n_ratings = current.fixed.shape, len(feedback.rating)
    precision = _fixed_precision(shape, strength)
    answers = with_intercept(feedback.answers)

    def adjoint(values: np.ndarray) -> np.ndarray:
        where = (feedback.idea, feedback.partner)
        sums = csr_array((values, where), shape=(len(design), len(answers)))
        return np.asarray(design.T @ (sums @ answers))

    def whiten(values: np.ndarray) -> np.ndarray:
        parts = [_times(inverse, batch, values) for batch, inverse in zip(batches, inverses, strict=True)]
        return _scatter(batches, parts, n_ratings)

    def normal(vector: np.ndarray) -> np.ndarray:
        fixed = vector.reshape(shape)
        return (adjoint(whiten(_fixed_part(feedback, design, fixed))) + precision * fixed).ravel()

    target = feedback.rating - current.effects[feedback.idea] - _fixed_part(feedback, design, prior.fixed)
    size = current.fixed.size
    solution, _ = cg(
        LinearOperator((size, size), matvec=normal, dtype=float),
        adjoint(whiten(target)).ravel(),
        x0=(current.fixed - prior.fixed).ravel(),
        rtol=1e-6,
        maxiter=30,
        M=LinearOperator((size, size), matvec=lambda v: v / precision.ravel(), dtype=float),
    )
    return np.asarray(prior.fixed + solution.reshape(shape))


def _per_weight(strength: Strength, feedback: Feedback, design: np.ndarray) -> Strength:
    """Return ``strength`` for a whole covariance and for single weights, given how many act on a rating."""
    features = float((design**2).sum(axis=1).mean())
    answers = float((feedback.answers**2).sum(axis=1).mean())
    return replace(
        strength,
        covariances=strength.covariances * design.shape[1],
        appeal_sd=strength.appeal_sd / np.sqrt(features),
        answer_sd=strength.answer_sd / np.sqrt(features * max(answers, 1.0)),
    )


def _fixed_precision(shape: tuple[int, ...], strength: Strength) -> np.ndarray:
    sds = np.full(shape, strength.answer_sd)
    sds[:, 0] = strength.appeal_sd
    sds[0, 0] = strength.level_sd
    return np.asarray(1 / sds**2)


def _date_sizes(feedback: Feedback) -> np.ndarray:
    """Return for each rating how many ratings its date has."""
    return np.bincount(feedback.date)[feedback.date]


def _date_weight(feedback: Feedback, parameters: Parameters) -> np.ndarray:
    """Return for each rating its share of 1'R⁻¹1 of its date: 1 / (noise + m shock)."""
    return np.asarray(1 / (parameters.noise_var + _date_sizes(feedback) * parameters.shock_var))


def _effects(
    feedback: Feedback, batches: tuple[_Batch, ...], alphas: list[np.ndarray], current: Parameters
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and variance of q(effect) given the couples' weights, shapes (n_ideas,)."""
    n_ideas = len(current.effects)
    weight = np.bincount(feedback.idea, _date_weight(feedback, current), n_ideas)
    alpha = _scatter(batches, alphas, len(feedback.rating))
    pull = np.bincount(feedback.idea, alpha, n_ideas) + current.effects * weight
    precision = 1 / current.effect_var + weight
    return pull / precision, 1 / precision


def _moments(
    feedback: Feedback,
    design: np.ndarray,
    batches: tuple[_Batch, ...],
    inverses: list[np.ndarray],
    alphas: list[np.ndarray],
    shift: np.ndarray,
    current: Parameters,
) -> _Moments:
    """Return expected second moments; ``shift`` is how far each rating's idea effect just moved down."""
    n_ideas = len(design)
    shared, own = np.zeros(n_ideas**2), np.zeros(n_ideas**2)
    for batch, inverse, alpha in zip(batches, inverses, alphas, strict=True):
        spread = alpha[:, :, None] * alpha[:, None, :] - inverse
        pairs = batch.pairs.ravel()
        shared += np.bincount(pairs, (spread * batch.both).ravel(), n_ideas**2)
        own += np.bincount(pairs, (spread * batch.same_partner).ravel(), n_ideas**2)
    shock, noise = _noise_moments(feedback, batches, inverses, alphas, shift, current)
    table = (n_ideas, n_ideas)
    return _Moments(
        design.T @ shared.reshape(table) @ design, design.T @ own.reshape(table) @ design, shock, noise
    )


def _noise_moments(
    feedback: Feedback,
    batches: tuple[_Batch, ...],
    inverses: list[np.ndarray],
    alphas: list[np.ndarray],
    shift: np.ndarray,
    current: Parameters,
) -> tuple[float, float]:
    """Return summed E[shock²] over dates and E[noise²] over ratings (one EM step for the pair).

    With e the noise of one date's ratings, shock included:
    E[e e'] = mean mean' + R - R C⁻¹ R + effect_var 11'.
    R is ``noise I + shock 11'`` within a date, so its diagonal and row sums need only those of C⁻¹ there.
    """
    n, noise, shock = len(feedback.rating), current.noise_var, current.shock_var
    size = _date_sizes(feedback)

    def over_date(values: np.ndarray) -> np.ndarray:
        return np.bincount(feedback.date, values)[feedback.date]

    each = zip(batches, inverses, strict=True)
    diagonal = _scatter(batches, [np.diagonal(inv, axis1=1, axis2=2) for inv in inverses], n)
    row = _scatter(batches, [(inv * batch.same_date).sum(axis=2) for batch, inv in each], n)
    total = over_date(row)
    alpha = _scatter(batches, alphas, n)
    mean = noise * alpha + shock * over_date(alpha) + shift
    effect = current.effect_vars[feedback.idea]
    explained = noise**2 * diagonal + 2 * noise * shock * row + shock**2 * total
    square = mean**2 + noise + shock - explained + effect
    explained = noise**2 * row + noise * shock * (total + size * row) + shock**2 * size * total
    within = mean * over_date(mean) + noise + shock * size - explained + effect * size
    # A date's shock given its noise: gain times the sum of e, with variance rest (both the same in a date).
    gain = shock / (noise + size * shock)
    shock_square = gain**2 * over_date(within) + shock * (1 - size * gain)
    return float((shock_square / size).sum()), float((square - 2 * gain * within + shock_square).sum())


def _variances(
    feedback: Feedback, moments: _Moments, current: Parameters, prior: Parameters, strength: Strength
) -> Parameters:
    """Return ``current`` with every variance at its maximum given the moments and its prior."""
    n_couples, n_partners = int(feedback.couple.max()) + 1, len(np.unique(feedback.partner))
    n_dates, n_ratings, n_ideas = len(np.unique(feedback.date)), len(feedback.rating), len(current.effects)
    effect = float(np.sum(current.effects**2 + current.effect_vars))

    def covariance(now: np.ndarray, start: np.ndarray, moment: np.ndarray, n: int) -> np.ndarray:
        total = n * now + now @ moment @ now + strength.covariances * start
        out = total / (n + strength.covariances)
        return np.asarray((out + out.T) / 2)

    def variance(total: float, start: float, n: int) -> float:
        return float((total + strength.variances * start) / (n + strength.variances))

    return replace(
        current,
        couple_cov=covariance(current.couple_cov, prior.couple_cov, moments.couple, n_couples),
        partner_cov=covariance(current.partner_cov, prior.partner_cov, moments.partner, n_partners),
        shock_var=variance(moments.shock, prior.shock_var, n_dates),
        noise_var=variance(moments.noise, prior.noise_var, n_ratings),
        effect_var=variance(effect, prior.effect_var, n_ideas),
    )


def _objective(
    feedback: Feedback,
    batches: tuple[_Batch, ...],
    inverses: list[np.ndarray],
    alphas: list[np.ndarray],
    residual: np.ndarray,
    current: Parameters,
    prior: Parameters,
    strength: Strength,
) -> float:
    """Return the objective of the module's docstring, up to a constant."""
    total = -0.5 * len(feedback.rating) * np.log(2 * np.pi)
    for batch, inverse, alpha in zip(batches, inverses, alphas, strict=True):
        n_padded = int((~batch.real).sum())
        total += 0.5 * (np.linalg.slogdet(inverse)[1].sum() + n_padded * np.log(current.noise_var))
        total -= 0.5 * float((alpha * residual[batch.rows] * batch.real).sum())
    weight = np.bincount(feedback.idea, _date_weight(feedback, current), len(current.effects))
    total -= 0.5 * float(weight @ current.effect_vars)
    ratio = current.effect_vars / current.effect_var
    total -= 0.5 * float(np.sum(ratio + current.effects**2 / current.effect_var - 1 - np.log(ratio)))
    return float(total + _log_prior(current, prior, strength))


def _log_prior(current: Parameters, prior: Parameters, strength: Strength) -> float:
    precision = _fixed_precision(current.fixed.shape, strength)
    total = -0.5 * float((precision * (current.fixed - prior.fixed) ** 2).sum())
    for now, start in (
        (current.couple_cov, prior.couple_cov),
        (current.partner_cov, prior.partner_cov),
    ):
        size = np.linalg.slogdet(now)[1] + np.trace(np.linalg.solve(now, start))
        total -= 0.5 * strength.covariances * float(size)
    for var, start_var in (
        (current.noise_var, prior.noise_var),
        (current.shock_var, prior.shock_var),
        (current.effect_var, prior.effect_var),
    ):
        total -= 0.5 * strength.variances * float(np.log(var) + start_var / var)
    return total

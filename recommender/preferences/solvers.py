"""The covariance of couples' ratings, ready to be solved with: what the fit needs of it, and no more.

A couple's ratings have the covariance ``C = X K X' + R``: features ``X`` in one block a partner, the prior
covariance ``K`` of both partners' weights, and the noise ``R`` of its dates. Couples with fewer ratings than
weights are inverted in batches, padded; others in the space of their weights (Woodbury's identity;
Rasmussen & Williams 2006, eq. A.9). Both answer the same questions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Protocol

import numpy as np
from scipy.sparse import csr_array

from recommender.preferences.kernels import Kernel
from recommender.preferences.model import Parameters

BATCH_RATINGS = 32768
"""Padded ratings in one batch of couples: enough that a batch outweighs what each costs once."""


@dataclass(frozen=True, slots=True)
class Batch:
    """B couples of similar size, padded to P partners of m ratings each; n = P m.

    Attributes
    ----------
    rows : ndarray of int, shape (B, n)
        Positions of the ratings, partner by partner; what stands where ``real`` is False does not count.
    real : ndarray of bool, shape (B, n)
    idea, date : ndarray of int, shape (B, n)
    partners : ndarray of int, shape (B, P)
    """

    rows: np.ndarray
    real: np.ndarray
    idea: np.ndarray
    date: np.ndarray
    partners: np.ndarray

    @property
    def seat(self) -> np.ndarray:
        """Whose rating each place holds, from 0, shape (n,)."""
        n_partners = self.partners.shape[1]
        return np.repeat(np.arange(n_partners), self.rows.shape[1] // n_partners)


@dataclass(frozen=True, slots=True)
class Moments:
    """Sums of ``X'(uu' - C⁻¹)X``, with u = C⁻¹ residual. F is the number of features, intercept included.

    Attributes
    ----------
    couple, partner : ndarray of shape (F, F)
        Over couples with all of their ratings, and over partners with their own.
    """

    couple: np.ndarray
    partner: np.ndarray


class Solver(Protocol):
    """A batch of covariances, factorised. Arrays over ratings have shape (B, n), 0 where padded."""

    batch: Batch
    log_determinant: float

    def times(self, values: np.ndarray) -> np.ndarray:
        """Return C⁻¹ times ``values`` (B, n, k)."""

    def diagonal(self) -> np.ndarray:
        """Return the diagonal of C⁻¹."""

    def date_sums(self) -> np.ndarray:
        """Return each row of C⁻¹ summed over the ratings of the same date."""

    def moments(self, alpha: np.ndarray) -> Moments:
        """Return the sums that the covariances' next step needs; ``alpha`` is C⁻¹ residual."""

    def information(self, answers: np.ndarray) -> np.ndarray:
        """Return what the ratings say of each answer's weights, shape (A, F, F).

        Sums over couples of ``(a∘X)'C⁻¹(a∘X)``; ``answers`` has shape (n_partners, A), ``a`` is one column.
        """


def batches_of(
    couple: np.ndarray, partner: np.ndarray, idea: np.ndarray, date: np.ndarray, n_features: int
) -> tuple[Batch, ...]:
    """Return the couples in batches of similar size, in a fixed order; couples rich in ratings alone.

    Parameters
    ----------
    couple, partner, idea, date : ndarray of int, shape (n_ratings,)
    """
    order = np.lexsort((date, partner, couple))
    starts = np.flatnonzero(np.diff(couple[order], prepend=-1))
    couples = sorted(np.split(order, starts[1:]), key=len)
    return tuple(_pad(rows, partner, idea, date) for rows in _grouped(couples, 2 * n_features))


def solver_of(batch: Batch, kernel: Kernel, parameters: Parameters) -> Solver:
    """Return the batch's covariances under ``parameters``, factorised the cheaper way."""
    n = batch.rows.shape[1]
    if len(batch.rows) == 1 and n > batch.partners.shape[1] * kernel.design.shape[1]:
        return RichSolver(batch, kernel.design, parameters)
    return DenseSolver(batch, kernel, parameters)


class DenseSolver:
    """Couples with few ratings: every covariance is inverted as it stands; padding has unit variance."""

    def __init__(self, batch: Batch, kernel: Kernel, parameters: Parameters) -> None:
        self.batch = batch
        self._kernel = kernel
        n = batch.rows.shape[1]
        covariance = np.empty((len(batch.rows), n, n))
        for one, other in self._pairs():
            mine, yours = self._seat(one), self._seat(other)
            block = kernel.block(one == other, batch.idea[:, mine], batch.idea[:, yours])
            covariance[:, mine, yours] = block
            covariance[:, yours, mine] = block.transpose(0, 2, 1)
        both = batch.real[:, :, None] & batch.real[:, None, :]
        self._same_date = both & (batch.date[:, :, None] == batch.date[:, None, :])
        covariance *= both
        covariance += parameters.shock_var * self._same_date
        covariance[:, np.arange(n), np.arange(n)] += np.where(batch.real, parameters.noise_var, 1.0)
        self._inverse = np.linalg.inv(covariance)
        factors = np.linalg.cholesky(covariance)
        self.log_determinant = 2 * float(np.log(np.diagonal(factors, axis1=1, axis2=2)).sum())

    def times(self, values: np.ndarray) -> np.ndarray:
        """Return C⁻¹ times ``values`` (B, n, k)."""
        return np.asarray(self._inverse @ values)

    def diagonal(self) -> np.ndarray:
        """Return the diagonal of C⁻¹."""
        return np.asarray(np.diagonal(self._inverse, axis1=1, axis2=2) * self.batch.real)

    def date_sums(self) -> np.ndarray:
        """Return each row of C⁻¹ summed over the ratings of the same date."""
        return np.asarray((self._inverse * self._same_date).sum(axis=2))

    def moments(self, alpha: np.ndarray) -> Moments:
        """Return the sums that the covariances' next step needs; ``alpha`` is C⁻¹ residual."""
        idea, real = self.batch.idea, self.batch.real
        couple, partner = np.zeros(()), np.zeros(())
        for one, other in self._pairs():
            mine, yours = self._seat(one), self._seat(other)
            values = alpha[:, mine, None] * alpha[:, None, yours]
            values -= self._inverse[:, mine, yours] * real[:, mine, None]
            block = self._kernel.total(values, idea[:, mine], idea[:, yours])
            couple = couple + (block if one == other else block + block.T)
            partner = partner + block * (one == other)
        return Moments(couple, partner)

    def information(self, answers: np.ndarray) -> np.ndarray:
        """Return what the ratings say of each answer's weights, shape (A, F, F)."""
        values, out = answers[self.batch.partners], np.zeros(())
        features = self._kernel.design[self.batch.idea] * self.batch.real[:, :, None]
        for one, other in self._pairs():
            mine, yours = self._seat(one), self._seat(other)
            solved = self._inverse[:, mine, yours] @ features[:, yours]
            blocks = features[:, mine].transpose(0, 2, 1) @ solved
            said = np.tensordot(values[:, one] * values[:, other], blocks, axes=(0, 0))
            out = out + (said if one == other else said + said.transpose(0, 2, 1))
        return out

    def _pairs(self) -> Iterator[tuple[int, int]]:
        """Yield every two partners once, and each with themselves: covariances are symmetric."""
        return combinations_with_replacement(range(self.batch.partners.shape[1]), 2)

    def _seat(self, partner: int) -> slice:
        each = self.batch.rows.shape[1] // self.batch.partners.shape[1]
        return slice(partner * each, (partner + 1) * each)


class RichSolver:
    """One couple with more ratings than weights: solved in the space of the weights."""

    def __init__(self, batch: Batch, design: np.ndarray, parameters: Parameters) -> None:
        self.batch = batch
        n_partners, n_features = batch.partners.shape[1], design.shape[1]
        self._place = np.flatnonzero(batch.real[0])
        n = len(self._place)
        features = np.zeros((n, n_partners, n_features))
        features[np.arange(n), batch.seat[self._place]] = design[batch.idea[0, self._place]]
        self._features = features.reshape(n, -1)
        _, self._evening, sizes = np.unique(
            batch.date[0, self._place], return_inverse=True, return_counts=True
        )
        self._by_date = csr_array((np.ones(n), (self._evening, np.arange(n))))
        self._noise, self._sizes = parameters.noise_var, sizes
        self._gain = parameters.shock_var / (parameters.noise_var + sizes * parameters.shock_var)
        self._whitened = self._precise(self._features)
        self._gram = self._features.T @ self._whitened
        prior = np.kron(np.ones((n_partners, n_partners)), parameters.couple_cov)
        prior += np.kron(np.eye(n_partners), parameters.partner_cov)
        scaled = np.eye(len(prior)) + prior @ self._gram
        spread = np.linalg.solve(scaled, prior)
        self._spread = (spread + spread.T) / 2
        noise = n * np.log(parameters.noise_var) - np.log1p(-sizes * self._gain).sum()
        self.log_determinant = float(noise + np.linalg.slogdet(scaled)[1])

    def times(self, values: np.ndarray) -> np.ndarray:
        """Return C⁻¹ times ``values`` (B, n, k)."""
        value = self._real(values)
        explained = self._whitened @ (self._spread @ (self._whitened.T @ value))
        return self._padded(self._precise(value) - explained)

    def diagonal(self) -> np.ndarray:
        """Return the diagonal of C⁻¹."""
        noise = (1 - self._gain[self._evening]) / self._noise
        return self._padded(noise - ((self._whitened @ self._spread) * self._whitened).sum(axis=1))

    def date_sums(self) -> np.ndarray:
        """Return each row of C⁻¹ summed over the ratings of the same date."""
        noise = (1 - self._gain * self._sizes)[self._evening] / self._noise
        together = (self._by_date @ self._whitened)[self._evening]
        return self._padded(noise - ((self._whitened @ self._spread) * together).sum(axis=1))

    def moments(self, alpha: np.ndarray) -> Moments:
        """Return the sums that the covariances' next step needs; ``alpha`` is C⁻¹ residual."""
        blocks = self._blocks()
        pulls = (self._features.T @ self._real(alpha)).reshape(len(blocks), -1)
        total = pulls.sum(axis=0)
        return Moments(
            np.outer(total, total) - blocks.sum(axis=(0, 2)),
            pulls.T @ pulls - np.einsum("pfpg->fg", blocks),
        )

    def information(self, answers: np.ndarray) -> np.ndarray:
        """Return what the ratings say of each answer's weights, shape (A, F, F)."""
        values = answers[self.batch.partners[0]]
        return np.asarray(np.einsum("pa,qa,pfqg->afg", values, values, self._blocks(), optimize=True))

    def _blocks(self) -> np.ndarray:
        """Return X'C⁻¹X, shape (P, F, P, F)."""
        n_partners = self.batch.partners.shape[1]
        information = self._gram - self._gram @ self._spread @ self._gram
        return information.reshape(n_partners, -1, n_partners, len(information) // n_partners)

    def _precise(self, columns: np.ndarray) -> np.ndarray:
        """Return R⁻¹ times ``columns`` (n, k): within a date, less its share of the date's sum."""
        share = self._gain[:, None] * (self._by_date @ columns)
        return np.asarray((columns - share[self._evening]) / self._noise)

    def _real(self, values: np.ndarray) -> np.ndarray:
        return np.asarray(values[0, self._place])

    def _padded(self, values: np.ndarray) -> np.ndarray:
        out = np.zeros((*self.batch.rows.shape, *values.shape[1:]))
        out[0, self._place] = values
        return out


def _grouped(couples: list[np.ndarray], rich: int) -> Iterator[list[np.ndarray]]:
    """Yield couples of similar size together, those with more than ``rich`` ratings one by one."""
    while couples:
        most = 1.25 * len(couples[0]) + 2
        n_fit = sum(1 for ratings in couples[:BATCH_RATINGS] if len(ratings) <= most)
        n_taken = max(1, min(n_fit, BATCH_RATINGS // len(couples[n_fit - 1])))
        if len(couples[n_taken - 1]) > rich:
            n_taken = 1
        yield couples[:n_taken]
        couples = couples[n_taken:]


def _pad(couples: list[np.ndarray], partner: np.ndarray, idea: np.ndarray, date: np.ndarray) -> Batch:
    raters = [np.split(rows, np.flatnonzero(np.diff(partner[rows])) + 1) for rows in couples]
    n_partners = max(map(len, raters))
    most = max(len(rows) for rated in raters for rows in rated)
    seats = np.full((len(couples), n_partners, most), -1)
    partners = np.zeros((len(couples), n_partners), dtype=int)
    for couple, rated in enumerate(raters):
        for seat, theirs in enumerate(rated):
            seats[couple, seat, : len(theirs)] = theirs
            partners[couple, seat] = partner[theirs[0]]
    rows = seats.reshape(len(couples), -1)
    real = rows >= 0
    return Batch(rows, real, np.where(real, idea[rows], 0), np.where(real, date[rows], -1), partners)

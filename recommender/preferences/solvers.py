"""The covariance of couples' ratings, ready to be solved with: what the fit needs of it, and no more.

A couple's ratings have the covariance ``C = X K X' + R``: features ``X`` in one block a partner, the prior
covariance ``K`` of both partners' weights, and the noise ``R`` of its dates. Most couples are inverted in
batches, padded, in two halves if both partners rated the same dates; those with many more ratings than
weights in the space of their weights (Woodbury's identity; Rasmussen & Williams 2006, eq. A.9). All answer
the same questions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, combinations_with_replacement
from typing import Any, Protocol

import numpy as np
from scipy.sparse import csr_array

from recommender.preferences.kernels import Kernel
from recommender.preferences.model import Parameters

BATCH_RATINGS = 4096
"""Padded ratings in one batch of couples: enough to outweigh what each costs once, few enough for threads."""

RICH, RICHER = 1.25, 100
"""Ratings a weight, and more, above which a couple is solved in the space of the weights, which is faster."""

LEAST_HALF = 12
"""Rows from which on a matrix is inverted by halves of so many or more."""


@dataclass(frozen=True)
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

    @property
    def seated(self) -> np.ndarray:
        """Whether there is a partner in each seat, shape (B, P); first seats are taken first."""
        return np.asarray(self.real.reshape(*self.partners.shape, -1).any(axis=2))

    def of_seat(self, seat: int) -> slice:
        """Return the places of one partner's ratings."""
        each = self.rows.shape[1] // self.partners.shape[1]
        return slice(seat * each, (seat + 1) * each)

    @cached_property
    def alike(self) -> np.ndarray:
        """Whether a couple's two partners rated the same ideas on the same dates, shape (B,)."""
        if self.partners.shape[1] != 2:
            return np.zeros(len(self.rows), dtype=bool)
        one, other = self.of_seat(0), self.of_seat(1)
        same = (self.idea[:, one] == self.idea[:, other]) & (self.date[:, one] == self.date[:, other])
        return np.asarray(same.all(axis=1))

    @cached_property
    def first(self) -> Batch:
        """The same of the first partners alone."""
        mine = self.of_seat(0)
        rows, real, idea, date = (of[:, mine] for of in (self.rows, self.real, self.idea, self.date))
        return Batch(rows, real, idea, date, self.partners[:, :1])

    def split(self) -> Iterator[Batch]:
        """Yield the couples whose partners are alike, and the others."""
        arrays = (self.rows, self.real, self.idea, self.date, self.partners)
        for some in (self.alike, ~self.alike):
            if some.any():
                yield Batch(*(array[some] for array in arrays))

    @cached_property
    def same_date(self) -> np.ndarray:
        """Where in an array of shape (B, n, n), flattened, two ratings are of one date."""
        both = self.date[:, :, None] == self.date[:, None, :]
        both &= self.real[:, :, None]  # what is padded has no date
        return np.flatnonzero(both)


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums over couples of ``X' V Y`` for features X and Y, in two parts that add up.

    Attributes
    ----------
    gathered : ndarray or float
        ``V`` gathered by a ``Kernel``, which multiplies once what all batches gathered.
    multiplied : ndarray of shape (F, F), or float
    """

    gathered: np.ndarray | float = 0.0
    multiplied: np.ndarray | float = 0.0

    def __add__(self, other: Sums) -> Sums:
        return Sums(self.gathered + other.gathered, self.multiplied + other.multiplied)

    def total(self, kernel: Kernel) -> np.ndarray:
        """Return the sum, shape (F, F)."""
        if isinstance(self.gathered, float):
            return np.asarray(self.multiplied)
        return np.asarray(kernel.summed(self.gathered) + self.multiplied)


@dataclass(frozen=True, slots=True)
class Moments:
    """Sums of ``X'(uu' - C⁻¹)Y``, with u = C⁻¹ residual.

    Attributes
    ----------
    own, between : Sums
        With X and Y the ratings of one partner, and those of two, each two once.
    """

    own: Sums
    between: Sums

    def __add__(self, other: Moments) -> Moments:
        return Moments(self.own + other.own, self.between + other.between)


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

    def information(self, answer: np.ndarray) -> Sums:
        """Return what the ratings say of an answer's weights: sums over couples of ``(a∘X)'C⁻¹(a∘X)``.

        ``answer`` has shape (n_partners,), ``a`` is that of who gave the rating.
        """


def is_rich(n_ratings: Any, n_weights: Any) -> Any:
    """Return whether couples have so many more ratings than weights that these are solved faster."""
    return n_ratings > RICHER + RICH * n_weights


def batches_of(
    couple: np.ndarray, partner: np.ndarray, idea: np.ndarray, date: np.ndarray, n_features: int
) -> tuple[Batch, ...]:
    """Return the couples in batches of similar size, in a fixed order; couples rich in ratings alone.

    Parameters
    ----------
    couple, partner, idea, date : ndarray of int, shape (n_ratings,)
    """
    order = np.lexsort((date, partner, couple))
    new_couple = np.diff(couple[order], prepend=-1) != 0
    new_partner = new_couple | (np.diff(partner[order], prepend=-1) != 0)
    starts, runs = np.flatnonzero(new_couple), np.cumsum(new_partner) - 1
    sizes = np.diff(starts, append=len(order))
    seat = runs - np.repeat(runs[starts], sizes)
    turn = np.arange(len(order)) - np.flatnonzero(new_partner)[runs]

    def batch(couples: np.ndarray) -> Batch:
        which = np.repeat(np.arange(len(couples)), sizes[couples])
        begun = np.cumsum(sizes[couples]) - sizes[couples]
        at = np.arange(len(which)) + (starts[couples] - begun)[which]
        rows = np.full((len(couples), seat[at].max() + 1, turn[at].max() + 1), -1)
        rows[which, seat[at], turn[at]] = order[at]
        partners = np.zeros(rows.shape[:2], dtype=int)
        partners[which, seat[at]] = partner[order[at]]
        rows = rows.reshape(len(couples), -1)
        real = rows >= 0
        return Batch(rows, real, np.where(real, idea[rows], 0), np.where(real, date[rows], -1), partners)

    n_partners = np.diff(runs[starts], append=runs[-1] + 1)
    rich = is_rich(sizes, n_features * n_partners)
    by_size = np.lexsort((sizes, rich))
    parts = _parts(sizes[by_size], int((~rich).sum()))
    return tuple(some for part in parts for some in batch(by_size[part]).split())


def solver_of(batch: Batch, kernel: Kernel, parameters: Parameters) -> Solver:
    """Return the batch's covariances under ``parameters``, factorised the cheaper way."""
    n = batch.rows.shape[1]
    if len(batch.rows) == 1 and is_rich(n, batch.partners.shape[1] * kernel.design.shape[1]):
        return RichSolver(batch, kernel.design, parameters)
    if batch.alike.all():
        return AlikeSolver(batch, kernel, parameters)
    return DenseSolver(batch, kernel, parameters)


class DenseSolver:
    """Couples with few ratings: every covariance is inverted as it stands; padding has unit variance."""

    def __init__(self, batch: Batch, kernel: Kernel, parameters: Parameters) -> None:
        self.batch = batch
        self._kernel = kernel
        n = batch.rows.shape[1]
        covariance = np.empty((len(batch.rows), n, n))
        for one, other in self._pairs():
            mine, yours = batch.of_seat(one), batch.of_seat(other)
            block = kernel.block(one == other, batch.idea[:, mine], batch.idea[:, yours])
            covariance[:, mine, yours] = block
            if one != other:
                covariance[:, yours, mine] = block.transpose(0, 2, 1)
        self._inverse, self.log_determinant = _inverted(batch, covariance, parameters, parameters.shock_var)

    def times(self, values: np.ndarray) -> np.ndarray:
        """Return C⁻¹ times ``values`` (B, n, k)."""
        return np.asarray(self._inverse @ values)

    def diagonal(self) -> np.ndarray:
        """Return the diagonal of C⁻¹."""
        return np.asarray(np.diagonal(self._inverse, axis1=1, axis2=2) * self.batch.real)

    def date_sums(self) -> np.ndarray:
        """Return each row of C⁻¹ summed over the ratings of the same date."""
        return _date_sums(self.batch, self._inverse)

    def moments(self, alpha: np.ndarray) -> Moments:
        """Return the sums that the covariances' next step needs; ``alpha`` is C⁻¹ residual."""
        seats = range(self.batch.partners.shape[1])
        between = list(combinations(seats, 2))
        return Moments(
            self._gathered(alpha, [(seat, seat) for seat in seats]),
            self._gathered(alpha, between) if between else Sums(),
        )

    def information(self, answer: np.ndarray) -> Sums:
        """Return what the ratings say of an answer's weights."""
        said = answer[self.batch.partners][:, self.batch.seat] * self.batch.real
        values = self._inverse * said[:, :, None] * said[:, None, :]
        return Sums(self._kernel.gathered(values, self.batch.idea, self.batch.idea))

    def _gathered(self, alpha: np.ndarray, pairs: Sequence[tuple[int, int]]) -> Sums:
        """Return what moves the covariances, of the ratings of these pairs of partners."""
        values, rows, columns = [], [], []
        for mine, yours in ((self.batch.of_seat(one), self.batch.of_seat(other)) for one, other in pairs):
            values.append(alpha[:, mine, None] * alpha[:, None, yours])
            values[-1] -= self._inverse[:, mine, yours] * self.batch.real[:, mine, None]
            rows.append(self.batch.idea[:, mine])
            columns.append(self.batch.idea[:, yours])
        return Sums(self._kernel.gathered(*map(np.concatenate, (values, rows, columns))))

    def _pairs(self) -> Iterator[tuple[int, int]]:
        """Yield every two partners once, and each with themselves: covariances are symmetric."""
        return combinations_with_replacement(range(self.batch.partners.shape[1]), 2)


class AlikeSolver:
    """Couples whose partners rated the same dates: sums and differences of their ratings are independent.

    Each is over the root of 2, an orthogonal change of axes: the determinant stays.
    """

    def __init__(self, batch: Batch, kernel: Kernel, parameters: Parameters) -> None:
        self.batch = batch
        self._kernel, self._first = kernel, batch.first
        own, shared = (kernel.block(one, self._first.idea, self._first.idea) for one in (True, False))
        self._sum, of_sum = _inverted(self._first, own + shared, parameters, 2 * parameters.shock_var)
        self._difference, of_difference = _inverted(self._first, own - shared, parameters, 0.0)
        self.log_determinant = of_sum + of_difference

    def times(self, values: np.ndarray) -> np.ndarray:
        """Return C⁻¹ times ``values`` (B, n, k)."""
        one, other = np.split(values, 2, axis=1)
        both, apart = self._sum @ (one + other) / 2, self._difference @ (one - other) / 2
        return np.concatenate([both + apart, both - apart], axis=1)

    def diagonal(self) -> np.ndarray:
        """Return the diagonal of C⁻¹."""
        halved = np.diagonal(self._sum + self._difference, axis1=1, axis2=2) / 2 * self._first.real
        return np.tile(halved, 2)

    def date_sums(self) -> np.ndarray:
        """Return each row of C⁻¹ summed over the ratings of the same date."""
        return np.tile(_date_sums(self._first, self._sum), 2)

    def moments(self, alpha: np.ndarray) -> Moments:
        """Return the sums that the covariances' next step needs; ``alpha`` is C⁻¹ residual."""
        one, other = np.split(alpha, 2, axis=1)
        own = one[:, :, None] * one[:, None, :] + other[:, :, None] * other[:, None, :]
        between = one[:, :, None] * other[:, None, :]
        own -= self._sum + self._difference
        between -= (self._sum - self._difference) / 2
        return Moments(self._gathered(own), self._gathered(between))

    def information(self, answer: np.ndarray) -> Sums:
        """Return what the ratings say of an answer's weights."""
        one, other = answer[self.batch.partners].T[:, :, None, None]
        return self._gathered((one + other) ** 2 / 2 * self._sum + (one - other) ** 2 / 2 * self._difference)

    def _gathered(self, values: np.ndarray) -> Sums:
        idea = self._first.idea
        return Sums(self._kernel.gathered(values * self._first.real[:, :, None], idea, idea))


class RichSolver:
    """One couple with many more ratings than weights: solved in the space of the weights."""

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
        own = pulls.T @ pulls - np.einsum("pfpg->fg", blocks)
        whole = np.outer(total, total) - blocks.sum(axis=(0, 2))
        return Moments(Sums(multiplied=own), Sums(multiplied=(whole - own) / 2))

    def information(self, answer: np.ndarray) -> Sums:
        """Return what the ratings say of an answer's weights."""
        values = answer[self.batch.partners[0]]
        return Sums(multiplied=np.einsum("p,q,pfqg->fg", values, values, self._blocks(), optimize=True))

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


def _inverted(
    batch: Batch, covariance: np.ndarray, parameters: Parameters, shock_var: float
) -> tuple[np.ndarray, float]:
    """Return the inverse of ``covariance`` (B, n, n) with its noise, and the sum of the log determinants.

    What is padded has unit variance, and nothing to do with the rest.
    """
    if not batch.real.all():
        covariance *= batch.real[:, :, None] & batch.real[:, None, :]
    covariance.reshape(-1)[batch.same_date] += shock_var
    np.einsum("bnn->bn", covariance)[:] += np.where(batch.real, parameters.noise_var, 1.0)
    return inverse_of(covariance)


def inverse_of(matrices: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the inverses of positive definite ``matrices`` (B, n, n), and the sum of their log determinants.

    Raises
    ------
    LinAlgError
        If a matrix is not positive definite.
    """
    root, of_root = _inverse_root(matrices)
    return root.transpose(0, 2, 1) @ root, 2 * of_root


def _inverse_root(matrices: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the inverses of Cholesky's factors, and the sum of the factors' log determinants.

    By halves (Golub & Van Loan 2013, *Matrix Computations*, section 4.2): with fifty rows or more, products
    of many matrices are about twice as fast as LAPACK's solution of each.
    """
    n = matrices.shape[1]
    if n < 2 * LEAST_HALF:
        factors = np.linalg.cholesky(matrices)
        return np.linalg.inv(factors), float(np.log(np.diagonal(factors, axis1=1, axis2=2)).sum())
    upper, lower = slice(n // 2), slice(n // 2, n)
    first, of_first = _inverse_root(matrices[:, upper, upper])
    across = matrices[:, lower, upper] @ first.transpose(0, 2, 1)
    rest, of_rest = _inverse_root(matrices[:, lower, lower] - across @ across.transpose(0, 2, 1))
    root = np.zeros(matrices.shape)
    root[:, upper, upper], root[:, lower, lower] = first, rest
    root[:, lower, upper] = -rest @ (across @ first)
    return root, of_first + of_rest


def _date_sums(batch: Batch, inverse: np.ndarray) -> np.ndarray:
    """Return each row of ``inverse`` (B, n, n) summed over the ratings of the same date, (B, n)."""
    real, at = batch.real, batch.same_date
    summed = np.bincount(at // real.shape[1], inverse.reshape(-1)[at], real.size)
    return np.asarray(summed.reshape(real.shape))


def _parts(sizes: np.ndarray, n_together: int) -> Iterator[slice]:
    """Yield runs of similar sizes; those after the first ``n_together``, in ascending order, one by one."""
    start = 0
    while start < n_together:
        ahead = sizes[start : min(start + BATCH_RATINGS, n_together)]
        n_fit = int(np.searchsorted(ahead, 1.25 * ahead[0] + 2, side="right"))
        n_taken = max(1, min(n_fit, BATCH_RATINGS // int(ahead[n_fit - 1])))
        yield slice(start, start + n_taken)
        start += n_taken
    for alone in range(n_together, len(sizes)):
        yield slice(alone, alone + 1)

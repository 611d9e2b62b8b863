"""The covariance of couples' ratings, ready to be solved with: what the fit needs of it, and no more.

A couple's ratings have the covariance ``C = X K X' + R``: features ``X`` in one block a partner, the prior
covariance ``K`` of both partners' weights, and the noise ``R`` of its dates. Couples come in batches, padded.
Partners who rated the same dates are met as two people, their sum and their difference; with more ratings
than weights a covariance is inverted in the space of the weights (Woodbury's identity; Rasmussen & Williams
2006, eq. A.9), else as it stands. All answer the same questions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations, combinations_with_replacement
from typing import Protocol

import numpy as np
from scipy.sparse import csr_array

from recommender.preferences.kernels import Kernel, turn_of
from recommender.preferences.model import Parameters

BATCH_RATINGS, BATCH_CELLS = 4096, 2**19
"""Padded ratings of one batch of couples, or cells of their covariances, whichever is more couples: enough to
outweigh what a batch costs once, few enough for the cache and for threads."""

RICH = 1.25
"""Ratings a weight above which couples are solved in the space of the weights, which is faster."""

MOST_ALONE, MOST_TOGETHER, MANY = 23, 12, 256
"""Rows of a matrix that is not inverted by halves; fewer where so many are inverted together."""


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

    @cached_property
    def date_sizes(self) -> np.ndarray:
        """How many ratings the date of each has, shape (B, n); 0 where padded."""
        return self.over_dates(self.real[:, :, None].astype(int))[:, :, 0]

    def over_dates(self, values: np.ndarray) -> np.ndarray:
        """Return ``values`` (B, n, k), 0 where padded, summed over the ratings of the same date."""
        if not len(self.shared):
            return values
        out = values.reshape(self.real.size, -1).copy()
        out[self.shared] = self.together(out[self.shared])
        return out.reshape(values.shape)

    @cached_property
    def shared(self) -> np.ndarray:
        """Which ratings, flattened, share their date with another, shape (K,)."""
        at = np.flatnonzero(self.real)
        _, date, sizes = np.unique(self.date.ravel()[at], return_inverse=True, return_counts=True)
        return np.asarray(at[sizes[date] > 1])

    def together(self, values: np.ndarray) -> np.ndarray:
        """Return ``values`` (K, k) of those that share their date, summed over each one's date."""
        of_date, by_date = self._dates
        return np.asarray(of_date @ (by_date @ values))

    @cached_property
    def _dates(self) -> tuple[csr_array, csr_array]:
        """Which date each of ``shared`` has, shape (K, n_dates), and the transpose."""
        dates, date = np.unique(self.date.ravel()[self.shared], return_inverse=True)
        rows = np.arange(len(date))
        of_date = csr_array((np.ones(len(date)), (rows, date)), shape=(len(date), len(dates)))
        return of_date, of_date.T.tocsr()


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

    def times(self, factor: float) -> Sums:
        """Return ``factor`` times the sums."""
        return Sums(factor * self.gathered, factor * self.multiplied)

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
    of_sum, of_difference : Sums
        Of partners who rated the same dates, in place of both: of the sum of their ratings, and of the
        difference, each over the root of 2.
    """

    own: Sums = field(default_factory=Sums)
    between: Sums = field(default_factory=Sums)
    of_sum: Sums = field(default_factory=Sums)
    of_difference: Sums = field(default_factory=Sums)

    def __add__(self, other: Moments) -> Moments:
        return Moments(
            self.own + other.own,
            self.between + other.between,
            self.of_sum + other.of_sum,
            self.of_difference + other.of_difference,
        )

    def joined(self) -> tuple[Sums, Sums]:
        """Return ``own`` and ``between`` of everybody."""
        own = self.own + self.of_sum + self.of_difference
        return own, self.between + self.of_sum.times(0.5) + self.of_difference.times(-0.5)


class Solver(Protocol):
    """A batch of covariances, factorised. Arrays over ratings have shape (B, n), 0 where padded."""

    batch: Batch
    log_determinant: float

    def times(self, values: np.ndarray) -> np.ndarray:
        """Return C⁻¹ times ``values`` (B, n, k)."""

    def traces(self, n_sizes: int) -> np.ndarray:
        """Return sums of C⁻¹ over dates of 0, 1, … ratings, fewer than ``n_sizes``, shape (2, n_sizes).

        First its trace, then all its entries that two ratings of one date have, a rating with itself too.
        """

    def moments(self, alpha: np.ndarray) -> Moments:
        """Return the sums that the covariances' next step needs; ``alpha`` is C⁻¹ residual."""

    def information(self, said: np.ndarray) -> Sums:
        """Return what the ratings say of an answer's weights: sums over couples of ``(a∘X)'C⁻¹(a∘X)``.

        ``said`` (B, P) is what partners answered, ``a`` that of who gave the rating.
        """


def batches_of(
    couple: np.ndarray, partner: np.ndarray, idea: np.ndarray, date: np.ndarray
) -> tuple[Batch, ...]:
    """Return the couples in batches of as many partners and similar size, in a fixed order.

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
    by_size = np.lexsort((sizes, n_partners))
    of_as_many = np.split(by_size, np.flatnonzero(np.diff(n_partners[by_size])) + 1)
    drawn = (couples[part] for couples in of_as_many for part in _parts(sizes[couples]))
    return tuple(some for couples in drawn for some in batch(couples).split())


def solver_of(batch: Batch, kernel: Kernel) -> Solver:
    """Return the batch's covariances, factorised the cheaper way."""
    if batch.alike.all():
        return AlikeSolver(batch, kernel)
    if batch.rows.shape[1] > RICH * batch.partners.shape[1] * kernel.design.shape[1]:
        return RichSolver(batch, kernel)
    return DenseSolver(batch, kernel)


class DenseSolver:
    """Couples with few ratings: every covariance is inverted as it stands; padding has unit variance."""

    def __init__(self, batch: Batch, kernel: Kernel) -> None:
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
        self._inverse, self.log_determinant = _inverted(batch, covariance, kernel.parameters)

    def times(self, values: np.ndarray) -> np.ndarray:
        """Return C⁻¹ times ``values`` (B, n, k)."""
        return np.asarray(self._inverse @ values)

    def traces(self, n_sizes: int) -> np.ndarray:
        """Return sums of C⁻¹ over dates, by how many ratings they have."""
        sizes, at = self.batch.date_sizes, self.batch.same_date
        diagonal = np.diagonal(self._inverse, axis1=1, axis2=2)
        trace = np.bincount(sizes.ravel(), (diagonal * self.batch.real).ravel(), n_sizes)
        of_date = np.bincount(sizes.flat[at // sizes.shape[1]], self._inverse.flat[at], n_sizes)
        return np.array([trace, of_date])

    def moments(self, alpha: np.ndarray) -> Moments:
        """Return the sums that the covariances' next step needs; ``alpha`` is C⁻¹ residual."""
        seats = range(self.batch.partners.shape[1])
        between = list(combinations(seats, 2))
        return Moments(
            self._gathered(alpha, [(seat, seat) for seat in seats]),
            self._gathered(alpha, between) if between else Sums(),
        )

    def information(self, said: np.ndarray) -> Sums:
        """Return what the ratings say of an answer's weights."""
        said = said[:, self.batch.seat] * self.batch.real
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

    Each is over the root of 2, an orthogonal change of axes, and is solved as if somebody alone had given it.
    """

    def __init__(self, batch: Batch, kernel: Kernel) -> None:
        self.batch = batch
        of_sum, of_difference = kernel.halves
        self._sum, self._difference = solver_of(batch.first, of_sum), solver_of(batch.first, of_difference)
        self.log_determinant = self._sum.log_determinant + self._difference.log_determinant

    def times(self, values: np.ndarray) -> np.ndarray:
        """Return C⁻¹ times ``values`` (B, n, k)."""
        both, apart = _turned(*np.split(values, 2, axis=1))
        return np.concatenate(_turned(self._sum.times(both), self._difference.times(apart)), axis=1)

    def traces(self, n_sizes: int) -> np.ndarray:
        """Return sums of C⁻¹ over dates, by how many ratings they have; half are the first partner's."""
        out = np.zeros((2, n_sizes))
        of_sum, of_difference = (
            of.traces(n_sizes)[:, : -(-n_sizes // 2)] for of in (self._sum, self._difference)
        )
        out[:, ::2] = of_sum[0] + of_difference[0], 2 * of_sum[1]
        return out

    def moments(self, alpha: np.ndarray) -> Moments:
        """Return the sums that the covariances' next step needs; ``alpha`` is C⁻¹ residual."""
        both, apart = _turned(*np.split(alpha, 2, axis=1))
        of_sum, of_difference = self._sum.moments(both).own, self._difference.moments(apart).own
        return Moments(of_sum=of_sum, of_difference=of_difference)

    def information(self, said: np.ndarray) -> Sums:
        """Return what the ratings say of an answer's weights."""
        both, apart = _turned(*np.split(said, 2, axis=1))
        return self._sum.information(both) + self._difference.information(apart)


def _turned(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the sum and the difference, both over the root of 2; turning twice changes nothing."""
    return (one + other) / np.sqrt(2), (one - other) / np.sqrt(2)


class RichSolver:
    """Couples with more ratings than weights: solved in the space of the weights.

    With ratings' features ``U`` for weights of variance 1 (``Kernel.standard``) and ``W = R^(-1/2) U``, the
    covariance is ``C = R^(1/2) (I + W W') R^(1/2)``, and Woodbury's identity with ``M = I + W'W`` says that
    ``C⁻¹ = R^(-1/2) (I - W M⁻¹W') R^(-1/2)`` and ``U'C⁻¹U = I - M⁻¹``.
    """

    def __init__(self, batch: Batch, kernel: Kernel) -> None:
        self.batch = batch
        self._noise, self._shock = kernel.parameters.noise_var, kernel.parameters.shock_var
        table, self._units = kernel.standard(batch.partners.shape[1])
        sizes = batch.date_sizes
        self._share = (1 - np.sqrt(self._noise / (self._noise + sizes * self._shock))) / np.maximum(sizes, 1)
        rows = table[batch.seat, batch.idea]
        if not batch.real.all():
            rows[~batch.real] = 0.0
        self._rows = self._whiten(rows)
        met = self._rows.transpose(0, 2, 1) @ self._rows
        np.einsum("bnn->bn", met)[:] += 1
        self._inverse, of_weights = inverse_of(met)
        of_dates = np.log1p(sizes * self._shock / self._noise) / np.maximum(sizes, 1)
        of_noise = batch.real.sum() * np.log(self._noise) + of_dates.sum()
        self.log_determinant = float(of_noise + of_weights)

    def times(self, values: np.ndarray) -> np.ndarray:
        """Return C⁻¹ times ``values`` (B, n, k)."""
        white = self._whiten(values.copy())
        white -= self._rows @ (self._inverse @ (self._rows.transpose(0, 2, 1) @ white))
        return self._whiten(white)

    def traces(self, n_sizes: int) -> np.ndarray:
        """Return sums of C⁻¹ over dates, by how many ratings they have.

        A date's sum has the noise ``noise + size shock``, and what is orthogonal to it has ``noise``.
        """
        sizes = np.arange(n_sizes)
        n_ratings = np.bincount(self.batch.date_sizes[self.batch.real], minlength=n_sizes)
        n_dates = n_ratings / np.maximum(sizes, 1)
        of_ratings, of_sums = self._explained(n_sizes)
        sums = (n_dates - of_sums) / (self._noise + sizes * self._shock)
        rest = (n_ratings - n_dates - of_ratings + of_sums) / self._noise
        return np.array([sums + rest, sizes * sums])

    def moments(self, alpha: np.ndarray) -> Moments:
        """Return the sums that the covariances' next step needs; ``alpha`` is C⁻¹ residual."""
        values = alpha[:, :, None]
        unwhitened = self._whiten(self._noise * values + self._shock * self.batch.over_dates(values))
        pulls = (self._rows.transpose(0, 2, 1) @ unwhitened)[:, :, 0]
        moved = pulls.T @ pulls + self._inverse.sum(axis=0) - len(pulls) * np.eye(pulls.shape[1])
        n_parts, n_features = self._units.shape[:2]
        parts = np.einsum("pfpg->pfg", moved.reshape(n_parts, n_features, n_parts, n_features))
        own = self._units.transpose(0, 2, 1) @ parts @ self._units
        total = own.sum(axis=0)
        return Moments(Sums(multiplied=total), Sums(multiplied=(n_parts * own[0] - total) / 2))

    def information(self, said: np.ndarray) -> Sums:
        """Return what the ratings say of an answer's weights."""
        n_parts, n_features = self._units.shape[:2]
        said = np.repeat(said @ turn_of(n_parts).T, n_features, axis=1)
        known = np.einsum("bn,bnm,bm->nm", said, self._inverse, said, optimize=True)
        units = self._units.reshape(-1, n_features)
        return Sums(multiplied=units.T @ (np.diag((said**2).sum(axis=0)) - known) @ units)

    def _explained(self, n_sizes: int) -> np.ndarray:
        """Return sums of W M⁻¹W' by size of date, shape (2, n_sizes): its trace, and that of dates' sums.

        All of it is known without the rows, so only those who share a date are looked at.
        """
        out = np.zeros((2, n_sizes))
        n_couples, n, n_weights = self._rows.shape
        out[:, 1] = n_couples * n_weights - np.einsum("bnn->", self._inverse)
        at = self.batch.shared
        if not len(at):
            return out
        rows, sizes = self._rows.reshape(-1, n_weights)[at], self.batch.date_sizes.ravel()[at]
        ends = np.searchsorted(at, n * np.arange(1, n_couples))
        known = [mine @ of for mine, of in zip(np.split(rows, ends), self._inverse, strict=True)]
        of_ratings, of_dates = (
            np.vecdot(np.concatenate(known), of) for of in (rows, self.batch.together(rows))
        )
        out[:] += [np.bincount(sizes, by, n_sizes) for by in (of_ratings, of_dates / sizes)]
        out[:, 1] -= of_ratings.sum()
        return out

    def _whiten(self, values: np.ndarray) -> np.ndarray:
        """Return R^(-1/2) times ``values`` (B, n, k), which are lost: less a share of each date's sum."""
        at = self.batch.shared
        flat = values.reshape(self._share.size, -1)
        mine = flat[at]
        flat *= (self._noise + self._shock) ** -0.5
        flat[at] = self._noise**-0.5 * (mine - self._share.ravel()[at, None] * self.batch.together(mine))
        return flat.reshape(values.shape)


def _inverted(batch: Batch, covariance: np.ndarray, parameters: Parameters) -> tuple[np.ndarray, float]:
    """Return the inverse of ``covariance`` (B, n, n) with its noise, and the sum of the log determinants.

    What is padded has unit variance, and nothing to do with the rest.
    """
    if not batch.real.all():
        covariance *= batch.real[:, :, None] & batch.real[:, None, :]
    covariance.reshape(-1)[batch.same_date] += parameters.shock_var
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
    return _squared(root), 2 * of_root


def _inverse_root(matrices: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the inverses of Cholesky's factors, and the sum of the factors' log determinants.

    By halves (Golub & Van Loan 2013, *Matrix Computations*, section 4.2): products of many matrices are
    faster than LAPACK's solution of each.
    """
    n, many = matrices.shape[1], len(matrices) >= MANY
    if n <= (MOST_TOGETHER if many else MOST_ALONE):
        return _eliminated(matrices) if many else _factorised(matrices)
    upper, lower = slice(n // 2), slice(n // 2, n)
    first, of_first = _inverse_root(matrices[:, upper, upper])
    across = matrices[:, lower, upper] @ first.transpose(0, 2, 1)
    rest, of_rest = _inverse_root(matrices[:, lower, lower] - _squared(across.transpose(0, 2, 1)))
    root = np.zeros(matrices.shape)
    root[:, upper, upper], root[:, lower, lower] = first, rest
    root[:, lower, upper] = -rest @ (across @ first)
    return root, of_first + of_rest


def _squared(matrices: np.ndarray) -> np.ndarray:
    """Return each matrix's transpose times itself.

    BLAS sees that they are the same: it takes large ones faster, and threads wait for each other over small
    ones.
    """
    return matrices.transpose(0, 2, 1) @ (matrices.copy() if len(matrices) >= MANY else matrices)


def _factorised(matrices: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the same by LAPACK, one after the other."""
    factors = np.linalg.cholesky(matrices)
    return np.linalg.inv(factors), float(np.log(np.diagonal(factors, axis1=1, axis2=2)).sum())


def _eliminated(matrices: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the same of all at once, row by row.

    Eliminating what is below each pivot, from the matrix and from an identity beside it, turns the identity
    into the inverse of Cholesky's factor, but for the pivots' roots (Golub & Van Loan 2013, section 4.1).
    What is left of the identity stands where the matrix was eliminated.
    """
    n_matrices, n = matrices.shape[:2]
    left, pivots = matrices.transpose(1, 2, 0).copy(), np.empty((n, n_matrices))
    with np.errstate(all="ignore"):  # what comes of a pivot of 0 is looked at below
        for at, pivot in enumerate(pivots):
            pivot[:] = left[at, at]
            left[at, at] = 1.0
            share = left[at + 1 :, at] / pivot
            left[at + 1 :, at] = 0.0
            left[at + 1 :] -= share[:, None] * left[at]
            left[at, at + 1 :] = 0.0
    if not (pivots > 0).all():
        raise np.linalg.LinAlgError("a covariance is not positive definite")
    left /= np.sqrt(pivots)[:, None]
    return np.ascontiguousarray(left.transpose(2, 0, 1)), float(np.log(pivots).sum() / 2)


def _parts(sizes: np.ndarray) -> Iterator[slice]:
    """Yield runs of similar sizes, which ascend."""
    start = 0
    while start < len(sizes):
        n_fit = int(np.searchsorted(sizes[start:], 1.25 * sizes[start] + 2, side="right"))
        largest = int(sizes[start + n_fit - 1])
        n_taken = max(1, min(n_fit, max(BATCH_RATINGS // largest, BATCH_CELLS // largest**2)))
        yield slice(start, start + n_taken)
        start += n_taken

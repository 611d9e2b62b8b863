"""What a couple's ratings say, given the parameters: exact, whichever way their covariance is inverted.

The ratings of a couple share evenings and ideas, so their covariance is inverted as it is. Somebody alone who
rated many ideas, each once, shares nothing but tastes with themselves: then it is a diagonal and as many
dimensions as there are weights, and takes time in proportion to the ratings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.linalg.lapack import dtrtri


@dataclass(frozen=True, slots=True)
class Conditioned:
    """A couple's ratings made ready. N is their number.

    Attributes
    ----------
    rows : ndarray of int, shape (N,)
        The ideas that were rated.
    couple_rows, partner_rows : ndarray of shape (N, F)
        Their features times each covariance of the weights.
    mine : ndarray of bool, shape (P, N)
        Whose rating it is.
    inverse : Inverse
        Of the covariance of the ratings.
    residual : ndarray of shape (N,)
        Ratings less what was expected of them beforehand.
    """

    rows: np.ndarray
    couple_rows: np.ndarray
    partner_rows: np.ndarray
    mine: np.ndarray
    inverse: Inverse
    residual: np.ndarray

    def explained(
        self, design: np.ndarray, mine: np.ndarray, rows: np.ndarray, of_idea: np.ndarray
    ) -> np.ndarray:
        """Return the variance of ideas that the ratings explain, shape (n_rows,).

        Parameters
        ----------
        design : ndarray of shape (n_rows, F)
            Features of the ideas.
        mine : ndarray of shape (N,)
            How much of each rating's own part is theirs whose expectation is meant.
        rows : ndarray of int, shape (n_rows,)
            Which ideas these are, none twice; as in ``self.rows``.
        of_idea : ndarray of shape (N,)
            Variance of what each rated idea has beyond its features, which was in its ratings too.
        """
        if not len(rows):
            return np.zeros(0)
        order = np.argsort(rows)
        at = order[np.searchsorted(rows, self.rows, sorter=order) % len(rows)]
        again = (rows[at] == self.rows).nonzero()[0]
        across = self.couple_rows + mine[:, None] * self.partner_rows
        return self.inverse.explained(design, across, Again(at[again], again, of_idea[again]))


@dataclass(frozen=True, slots=True)
class Again:
    """Ideas asked for that were rated: their rows among those asked for, the ratings, and ``of_idea``."""

    row: np.ndarray
    rating: np.ndarray
    of_idea: np.ndarray


class Inverse(Protocol):
    """The inverse covariance of a couple's ratings."""

    def times(self, values: np.ndarray) -> np.ndarray:
        """Return it times ``values``, which are of shape (N,) or (N, anything)."""

    def explained(self, design: np.ndarray, across: np.ndarray, again: Again) -> np.ndarray:
        """Return ``k' inverse k`` for each idea's covariance ``k`` with the ratings, shape (n_rows,).

        Parameters
        ----------
        across : ndarray of shape (N, F)
            Covariance of the ratings with the weights.
        """


@dataclass(frozen=True, slots=True)
class InRatings:
    """Any covariance's inverse, as ``root @ root.T``; of shape (N, N)."""

    root: np.ndarray

    @classmethod
    def of(cls, cov: np.ndarray) -> InRatings:
        """Return the inverse of ``cov``."""
        return cls(_inverse_root(cov))

    def times(self, values: np.ndarray) -> np.ndarray:
        """Return it times ``values``, which are of shape (N,) or (N, anything)."""
        return np.asarray(self.root @ (self.root.T @ values))

    def explained(self, design: np.ndarray, across: np.ndarray, again: Again) -> np.ndarray:
        """Return ``k' inverse k``, shape (n_rows,)."""
        half = design @ (across.T @ self.root)
        np.add.at(half, again.row, again.of_idea[:, None] * self.root[again.rating])
        return np.einsum("in,in->i", half, half)


@dataclass(frozen=True, slots=True)
class InWeights:
    """The inverse where one person rated each idea once (Woodbury; Rasmussen and Williams 2006, eq. A.9).

    With ``D`` what ratings do not share it is ``D^-1/2 (I - half half') D^-1/2``.

    Attributes
    ----------
    precision : ndarray of shape (N,)
        The diagonal of ``D^-1/2``.
    half : ndarray of shape (N, F)
        With ``B = D^-1/2 seen root``, ``root root'`` being the covariance of the weights: ``half half'`` is
        ``B (I + B'B)^-1 B'``.
    """

    precision: np.ndarray
    half: np.ndarray

    @classmethod
    def of(cls, seen: np.ndarray, cov: np.ndarray, rest: np.ndarray) -> InWeights:
        """Return the inverse of ``seen @ cov @ seen.T`` with ``rest`` (N,) on its diagonal."""
        precision = 1 / np.sqrt(rest)
        scaled = precision[:, None] * (seen @ _root(cov))
        return cls(precision, scaled @ _inverse_root(np.eye(len(cov)) + scaled.T @ scaled))

    def times(self, values: np.ndarray) -> np.ndarray:
        """Return it times ``values``, which are of shape (N,) or (N, anything)."""
        values = (self.precision * values.T).T
        return np.asarray((self.precision * (values - self.half @ (self.half.T @ values)).T).T)

    def explained(self, design: np.ndarray, across: np.ndarray, again: Again) -> np.ndarray:
        """Return ``k' inverse k``, shape (n_rows,)."""
        weights, theirs = self.times(across), self.half[again.rating]
        out = np.einsum("if,if->i", design @ (across.T @ weights), design)
        out[again.row] += 2 * again.of_idea * np.vecdot(weights[again.rating], design[again.row])
        beyond = again.of_idea * self.precision[again.rating]
        out[again.row] += beyond**2 * (1 - np.vecdot(theirs, theirs))
        return np.asarray(out)


def _root(cov: np.ndarray) -> np.ndarray:
    """Return ``root`` with ``root @ root.T`` the covariance ``cov``, in which there may be no spread.

    Correlations are taken apart, since features may be in units of very different size.
    """
    units = np.sqrt(np.diag(cov))
    units[units == 0] = 1.0  # a feature that came after training
    values, vectors = np.linalg.eigh(cov / np.outer(units, units))
    return np.asarray(units[:, None] * vectors * np.sqrt(np.maximum(values, 0)))


def _inverse_root(cov: np.ndarray) -> np.ndarray:
    """Return ``root`` with ``root @ root.T`` the inverse of ``cov``.

    Of a few rows `dtrtri` takes a twentieth of the time of `solve_triangular`.
    """
    if not len(cov):
        return cov
    return np.asarray(dtrtri(np.linalg.cholesky(cov), lower=1)[0].T)

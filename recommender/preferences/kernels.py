"""What the prior says that two ratings share because of their ideas: ``x' K y`` for features x and y.

``K`` is the couple's covariance for ratings of two partners, and the couple's and the partner's together for
two of one. Ideas of many features are multiplied once, every two, and looked up; where there are many ideas
for their features, the products of each batch are computed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from functools import cached_property

import numpy as np
from scipy.linalg import helmert

from recommender.preferences.model import Parameters

TABLED_IDEAS = 2048
"""Ideas at most whose products are tabled: two tables of 32 MiB."""

TABLED_A_FEATURE = 8
"""The same for each feature; with more, to make and to add up tables costs more than it saves."""


class Kernel(ABC):
    """Products of ideas' features, for batches of B couples.

    Parameters
    ----------
    design : ndarray of shape (n_ideas, F)
    parameters : Parameters
    """

    def __init__(self, design: np.ndarray, parameters: Parameters) -> None:
        self.design, self.parameters = design, parameters
        self._standard: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    @abstractmethod
    def block(self, one_partner: bool, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Return what ratings of ``rows`` (B, m) and ``columns`` (B, k) share, shape (B, m, k)."""

    @abstractmethod
    def gathered(self, values: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Return ``values`` (B, m, k), gathered over couples so that they may be added up."""

    @abstractmethod
    def summed(self, gathered: np.ndarray) -> np.ndarray:
        """Return the sum over couples of ``X' values Y``, shape (F, F)."""

    @cached_property
    def halves(self) -> tuple[Kernel, Kernel]:
        """What sums, and differences, of two partners' ratings of one date share, each over the root of 2."""
        alone, couple = self.parameters.partner_cov, self.parameters.couple_cov
        of_sum = replace(
            self.parameters,
            partner_cov=alone + 2 * couple,
            couple_cov=0 * couple,
            shock_var=2 * self.parameters.shock_var,
        )
        of_difference = replace(self.parameters, couple_cov=0 * couple, shock_var=0.0)
        return type(self)(self.design, of_sum), type(self)(self.design, of_difference)

    def standard(self, n_partners: int) -> tuple[np.ndarray, np.ndarray]:
        """Return ratings' features for weights of a couple that are independent and of variance 1.

        P partners have their sum, over the root of P, with the covariance ``partner + P couple``, and P - 1
        contrasts with that of a partner alone: Helmert's, orthogonal to the sum and to each other.

        Returns
        -------
        features : ndarray of shape (P, n_ideas, P F)
            Of each partner's rating of each idea.
        units : ndarray of shape (P, F, F)
            By which weights are multiplied to be these.
        """
        if n_partners not in self._standard:
            alone, couple = self.parameters.partner_cov, self.parameters.couple_cov
            made = [root_of(alone + n_partners * couple), *[root_of(alone)] * (n_partners - 1)]
            roots, units = map(np.array, zip(*made, strict=True))
            features = np.einsum("jp,jif->pijf", turn_of(n_partners), self.design @ roots)
            self._standard[n_partners] = features.reshape(*features.shape[:2], -1), units
        return self._standard[n_partners]


def turn_of(n_partners: int) -> np.ndarray:
    """Return the sum of partners and their contrasts, one a row, orthonormal, shape (P, P)."""
    return np.asarray(helmert(n_partners, full=True))


def root_of(covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return ``L`` with ``L L' = covariance``, and its inverse; what is less than rounding counts as that."""
    values, vectors = np.linalg.eigh(covariance)
    sizes = np.sqrt(np.maximum(values, np.finfo(float).eps * values[-1]))
    return vectors * sizes, (vectors / sizes).T


def kernel_of(design: np.ndarray, parameters: Parameters) -> Kernel:
    """Return the products of these ideas under ``parameters``, the cheaper way."""
    if len(design) <= min(TABLED_IDEAS, TABLED_A_FEATURE * design.shape[1]):
        return TabledKernel(design, parameters)
    return ComputedKernel(design, parameters)


class TabledKernel(Kernel):
    """Every two ideas' product, looked up."""

    def block(self, one_partner: bool, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Return what ratings of ``rows`` (B, m) and ``columns`` (B, k) share, shape (B, m, k)."""
        table = self._of_one if one_partner else self._of_two
        return np.asarray(table.take(self._places(rows, columns)))

    def gathered(self, values: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Return ``values`` (B, m, k) summed for every two ideas, shape (n_ideas, n_ideas)."""
        n = len(self.design)
        return np.bincount(self._places(rows, columns).ravel(), values.ravel(), n * n).reshape(n, n)

    def summed(self, gathered: np.ndarray) -> np.ndarray:
        """Return the sum over couples of ``X' values Y``, shape (F, F)."""
        return np.asarray(self.design.T @ (gathered @ self.design))

    # Made when first asked for: couples who rated the same dates are met by `halves` alone.
    @cached_property
    def _of_one(self) -> np.ndarray:
        return self._table(self.parameters.couple_cov + self.parameters.partner_cov)

    @cached_property
    def _of_two(self) -> np.ndarray:
        return self._table(self.parameters.couple_cov)

    def _table(self, covariance: np.ndarray) -> np.ndarray:
        return np.asarray(self.design @ covariance @ self.design.T).ravel()

    def _places(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        return np.asarray(rows[:, :, None] * len(self.design) + columns[:, None, :])


class ComputedKernel(Kernel):
    """The products of each batch, from its features."""

    def __init__(self, design: np.ndarray, parameters: Parameters) -> None:
        super().__init__(design, parameters)
        shared = design @ parameters.couple_cov
        self._weights = (shared, shared + design @ parameters.partner_cov)

    def block(self, one_partner: bool, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Return what ratings of ``rows`` (B, m) and ``columns`` (B, k) share, shape (B, m, k)."""
        return np.asarray(self._weights[one_partner][rows] @ self.design[columns].transpose(0, 2, 1))

    def gathered(self, values: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Return the sum over couples of ``X' values Y``, shape (F, F); ``values`` has shape (B, m, k)."""
        n_features = self.design.shape[1]
        left = self.design[rows].reshape(-1, n_features)
        return np.asarray(left.T @ (values @ self.design[columns]).reshape(-1, n_features))

    def summed(self, gathered: np.ndarray) -> np.ndarray:
        """Return ``gathered``: it is the sum already."""
        return gathered

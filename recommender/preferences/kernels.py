"""What the prior says that two ratings share because of their ideas: ``x' K y`` for features x and y.

``K`` is the couple's covariance for ratings of two partners, and the couple's and the partner's together for
two of one. Ideas of many features are multiplied once, every two, and looked up; where there are many ideas
for their features, the products of each batch are computed.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from recommender.preferences.model import Parameters

TABLED_IDEAS = 2048
"""Ideas at most whose products are tabled: two tables of 32 MiB."""

TABLED_A_FEATURE = 8
"""The same for each feature; with more, to make and to add up tables costs more than it saves."""


class Kernel(Protocol):
    """Products of ideas' features, for batches of B couples.

    Attributes
    ----------
    design : ndarray of shape (n_ideas, F)
    """

    design: np.ndarray

    def block(self, one_partner: bool, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Return what ratings of ``rows`` (B, m) and ``columns`` (B, k) share, shape (B, m, k)."""

    def gathered(self, values: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Return ``values`` (B, m, k), gathered over couples so that they may be added up."""

    def summed(self, gathered: np.ndarray) -> np.ndarray:
        """Return the sum over couples of ``X' values Y``, shape (F, F)."""


def kernel_of(design: np.ndarray, parameters: Parameters) -> Kernel:
    """Return the products of these ideas under ``parameters``, the cheaper way."""
    if len(design) <= min(TABLED_IDEAS, TABLED_A_FEATURE * design.shape[1]):
        return TabledKernel(design, parameters)
    return ComputedKernel(design, parameters)


class TabledKernel:
    """Every two ideas' product, looked up."""

    def __init__(self, design: np.ndarray, parameters: Parameters) -> None:
        self.design = design
        shared = design @ parameters.couple_cov @ design.T
        self._tables = (shared.ravel(), (shared + design @ parameters.partner_cov @ design.T).ravel())

    def block(self, one_partner: bool, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Return what ratings of ``rows`` (B, m) and ``columns`` (B, k) share, shape (B, m, k)."""
        return np.asarray(self._tables[one_partner].take(self._places(rows, columns)))

    def gathered(self, values: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Return ``values`` (B, m, k) summed for every two ideas, shape (n_ideas, n_ideas)."""
        n = len(self.design)
        return np.bincount(self._places(rows, columns).ravel(), values.ravel(), n * n).reshape(n, n)

    def summed(self, gathered: np.ndarray) -> np.ndarray:
        """Return the sum over couples of ``X' values Y``, shape (F, F)."""
        return np.asarray(self.design.T @ (gathered @ self.design))

    def _places(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        return np.asarray(rows[:, :, None] * len(self.design) + columns[:, None, :])


class ComputedKernel:
    """The products of each batch, from its features."""

    def __init__(self, design: np.ndarray, parameters: Parameters) -> None:
        self.design = design
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

"""Covariances of couples' ratings, solved two ways: both agree with the covariance written out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from recommender.preferences import kernels, solvers
from recommender.preferences.kernels import ComputedKernel, Kernel, TabledKernel, kernel_of
from recommender.preferences.model import Parameters, rating_noise
from recommender.preferences.solvers import Batch, DenseSolver, RichSolver, Solver, batches_of

N_IDEAS, N_FEATURES, N_ANSWERS = 9, 4, 2
COUPLE = np.array([0] * 7 + [1] * 4 + [2] * 9)
PARTNER = np.array([0, 1, 0, 1, 0, 0, 1, 2, 2, 2, 2, 3, 4, 3, 4, 3, 4, 4, 4, 3])
DATE = np.array([0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 10, 10, 11, 11, 12, 13, 14])
IDEA = np.array([0, 0, 3, 3, 5, 0, 8, 1, 2, 3, 4, 7, 7, 6, 6, 2, 2, 1, 0, 7])


def world(seed: int) -> tuple[np.ndarray, np.ndarray, Parameters]:
    """Return ideas' features behind an intercept, everybody's answers, and full covariances."""
    rng = np.random.default_rng(seed)
    roots = rng.normal(size=(2, N_FEATURES, N_FEATURES)) / 2
    parameters = Parameters(
        idea_ids=tuple(map(str, range(N_IDEAS))),
        feature_names=("a", "b", "c"),
        answer_names=("x", "y"),
        feature_means=np.zeros(3),
        fixed=np.zeros((N_FEATURES, N_ANSWERS + 1)),
        effects=np.zeros(N_IDEAS),
        effect_vars=np.ones(N_IDEAS),
        effect_var=1.0,
        couple_cov=roots[0] @ roots[0].T,
        partner_cov=roots[1] @ roots[1].T,
        shock_var=0.3,
        noise_var=0.7,
    )
    design = np.hstack([np.ones((N_IDEAS, 1)), rng.normal(size=(N_IDEAS, N_FEATURES - 1))])
    return design, rng.normal(size=(5, N_ANSWERS)), parameters


def covariance(rows: np.ndarray, design: np.ndarray, parameters: Parameters) -> np.ndarray:
    """Return the covariance of a couple's ratings, entry by entry from the model's definition."""
    out = rating_noise(parameters, DATE[rows])
    for j, row in enumerate(rows):
        for k, other in enumerate(rows):
            x, y = design[IDEA[row]], design[IDEA[other]]
            out[j, k] += x @ parameters.couple_cov @ y
            out[j, k] += (PARTNER[row] == PARTNER[other]) * (x @ parameters.partner_cov @ y)
    return out


def split() -> tuple[Batch, ...]:
    """Return every couple as a batch of its own."""
    solvers_batch = [np.flatnonzero(couple == COUPLE) for couple in range(3)]
    return tuple(
        batches_of(COUPLE[rows], PARTNER[rows], IDEA[rows], DATE[rows], N_FEATURES)[0]
        for rows in solvers_batch
    )


def tabled(batch: Batch, design: np.ndarray, parameters: Parameters) -> DenseSolver:
    """Return the couple's covariance inverted as it stands, every two ideas' product looked up."""
    return DenseSolver(batch, TabledKernel(design, parameters), parameters)


def computed(batch: Batch, design: np.ndarray, parameters: Parameters) -> DenseSolver:
    """Return the same, the products computed for the batch."""
    return DenseSolver(batch, ComputedKernel(design, parameters), parameters)


@pytest.mark.parametrize(
    ("kind", "products"), [(tabled, TabledKernel), (computed, ComputedKernel), (RichSolver, TabledKernel)]
)
@pytest.mark.parametrize("couple", [0, 1, 2])
def test_each_solves_the_covariance(
    kind: Callable[..., Solver], products: Callable[..., Kernel], couple: int
) -> None:
    """Products, determinant, diagonal, sums by date and moments are those of the written-out covariance."""
    design, answers, parameters = world(couple)
    all_rows = np.flatnonzero(couple == COUPLE)
    batch = split()[couple]
    solver = kind(batch, design, parameters)
    rows = all_rows[batch.rows[batch.real]]  # the solver's order of this couple's ratings
    inverse = np.linalg.inv(covariance(rows, design, parameters))
    values = np.random.default_rng(9).normal(size=len(rows))
    padded = np.zeros(batch.rows.shape)
    padded[batch.real] = values
    alpha = solver.times(padded[:, :, None])[:, :, 0]
    np.testing.assert_allclose(alpha[batch.real], inverse @ values, atol=1e-12)
    assert (alpha[~batch.real] == 0).all()
    assert solver.log_determinant == pytest.approx(-np.linalg.slogdet(inverse)[1], abs=1e-10)
    np.testing.assert_allclose(solver.diagonal()[batch.real], np.diag(inverse), atol=1e-12)
    same_date = DATE[rows][:, None] == DATE[rows]
    np.testing.assert_allclose(solver.date_sums()[batch.real], (inverse * same_date).sum(axis=1), atol=1e-12)
    moments = solver.moments(alpha)
    features = design[IDEA[rows]]
    same_partner = PARTNER[rows][:, None] == PARTNER[rows]
    u = inverse @ values
    moved = np.outer(u, u) - inverse
    kernel = products(design, parameters)
    own, between = moments.own.total(kernel), moments.between.total(kernel)
    np.testing.assert_allclose(own, features.T @ (moved * same_partner) @ features, atol=1e-11)
    np.testing.assert_allclose(own + between + between.T, features.T @ moved @ features, atol=1e-11)
    for answer in answers.T:
        told = features * answer[PARTNER[rows]][:, None]
        information = solver.information(answer).total(kernel)
        np.testing.assert_allclose(information, told.T @ inverse @ told, atol=1e-11)


def test_every_rating_is_in_one_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches hold each rating once, with its idea, date and partner in its place."""
    monkeypatch.setattr(solvers, "BATCH_RATINGS", 16)
    batches = batches_of(COUPLE, PARTNER, IDEA, DATE, n_features=3)
    rows = np.concatenate([batch.rows[batch.real] for batch in batches])
    assert sorted(rows) == list(range(len(COUPLE)))
    for batch in batches:
        found = batch.rows[batch.real]
        np.testing.assert_array_equal(batch.idea[batch.real], IDEA[found])
        np.testing.assert_array_equal(batch.date[batch.real], DATE[found])
        who = np.broadcast_to(batch.partners[:, batch.seat], batch.rows.shape)
        np.testing.assert_array_equal(who[batch.real], PARTNER[found])


def test_couples_rich_in_ratings_are_solved_by_weights() -> None:
    """With fewer weights than ratings the cheaper way is taken, else every rating counts in a batch."""
    design, _, parameters = world(1)
    kernel = kernel_of(design, parameters)
    assert isinstance(solvers.solver_of(split()[2], kernel, parameters), RichSolver)
    assert isinstance(solvers.solver_of(split()[0], kernel, parameters), DenseSolver)


def test_products_are_tabled_where_ideas_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A catalogue over the bound is multiplied batch by batch."""
    design, _, parameters = world(1)
    monkeypatch.setattr(kernels, "TABLED_IDEAS", N_IDEAS)
    assert isinstance(kernel_of(design, parameters), TabledKernel)
    monkeypatch.setattr(kernels, "TABLED_IDEAS", N_IDEAS - 1)
    assert isinstance(kernel_of(design, parameters), ComputedKernel)

"""Covariances of couples' ratings, solved three ways: all agree with the covariance written out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import product

import numpy as np
import pytest

from recommender.preferences import kernels, solvers
from recommender.preferences.kernels import ComputedKernel, Kernel, TabledKernel, kernel_of
from recommender.preferences.model import Parameters, rating_noise
from recommender.preferences.solvers import AlikeSolver, Batch, DenseSolver, RichSolver, Solver, batches_of

N_IDEAS, N_FEATURES, N_ANSWERS = 9, 4, 2
COUPLE = np.array([0] * 7 + [1] * 4 + [2] * 9 + [3] * 6 + [4] * 4)
PARTNER = np.array([0, 1, 0, 1, 0, 0, 1, 2, 2, 2, 2, 3, 4, 3, 4, 3, 4, 4, 4, 3, 5, 6, 5, 5, 6, 6, 7, 7, 8, 8])
DATE = np.r_[0, 0, 1, 1, 2:9, 9, 9, 10, 10, 11, 11, 12:15, 15, 15, [16] * 4, 18, 17, 17, 18]
IDEA = np.array([0, 0, 3, 3, 5, 0, 8, 1, 2, 3, 4, 7, 7, 6, 6, 2, 2, 1, 0, 7, 2, 2, 8, 1, 8, 1, 4, 3, 3, 4])
ALIKE = (3, 4)
"""Couples whose partners rated the same dates, in an order of their own."""


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
    return design, rng.normal(size=(9, N_ANSWERS)), parameters


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
    solvers_batch = [np.flatnonzero(couple == COUPLE) for couple in range(5)]
    return tuple(batches_of(COUPLE[rows], PARTNER[rows], IDEA[rows], DATE[rows])[0] for rows in solvers_batch)


def tabled(batch: Batch, design: np.ndarray, parameters: Parameters) -> DenseSolver:
    """Return the couple's covariance inverted as it stands, every two ideas' product looked up."""
    return DenseSolver(batch, TabledKernel(design, parameters))


def computed(batch: Batch, design: np.ndarray, parameters: Parameters) -> DenseSolver:
    """Return the same, the products computed for the batch."""
    return DenseSolver(batch, ComputedKernel(design, parameters))


def halved(batch: Batch, design: np.ndarray, parameters: Parameters) -> AlikeSolver:
    """Return the covariances of the sums and differences of a couple's ratings inverted."""
    return AlikeSolver(batch, TabledKernel(design, parameters))


def by_weights(batch: Batch, design: np.ndarray, parameters: Parameters) -> RichSolver:
    """Return the couple's covariance solved in the space of its weights."""
    return RichSolver(batch, TabledKernel(design, parameters))


@pytest.mark.parametrize(
    ("kind", "products", "couple"),
    [
        *product([tabled, by_weights], [TabledKernel], range(5)),
        *product([computed], [ComputedKernel], range(5)),
        *product([halved], [TabledKernel], ALIKE),
    ],
)
def test_each_solves_the_covariance(
    kind: Callable[..., Solver], products: Callable[..., Kernel], couple: int
) -> None:
    """Products, determinant, traces by size of date and moments are those of the written-out covariance."""
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
    same_date = DATE[rows][:, None] == DATE[rows]
    sizes, n_sizes = same_date.sum(axis=1), 6
    of_date = (inverse * same_date).sum(axis=1)
    expected = [
        [values[sizes == size].sum() for size in range(n_sizes)] for values in (np.diag(inverse), of_date)
    ]
    np.testing.assert_allclose(solver.traces(n_sizes), expected, atol=1e-11)
    moments = solver.moments(alpha)
    features = design[IDEA[rows]]
    same_partner = PARTNER[rows][:, None] == PARTNER[rows]
    u = inverse @ values
    moved = np.outer(u, u) - inverse
    kernel = products(design, parameters)
    own, between = (sums.total(kernel) for sums in moments.joined())
    np.testing.assert_allclose(own, features.T @ (moved * same_partner) @ features, atol=1e-11)
    np.testing.assert_allclose(own + between + between.T, features.T @ moved @ features, atol=1e-11)
    for answer in answers.T:
        told = features * answer[PARTNER[rows]][:, None]
        information = solver.information(answer[batch.partners]).total(kernel)
        np.testing.assert_allclose(information, told.T @ inverse @ told, atol=1e-11)


def test_couples_alike_are_solved_in_halves() -> None:
    """Those whose partners rated the same dates share batches, padded, and are solved as if they were not."""
    design, answers, parameters = world(0)
    kernel = kernel_of(design, parameters)
    some = np.isin(COUPLE, (0, *ALIKE))
    batches = batches_of(COUPLE[some], PARTNER[some], IDEA[some], DATE[some])
    alike, other = sorted(batches, key=lambda batch: -len(batch.rows))
    assert isinstance(solvers.solver_of(other, kernel), DenseSolver)
    halves, whole = solvers.solver_of(alike, kernel), DenseSolver(alike, kernel)
    assert isinstance(halves, AlikeSolver)
    assert len(alike.rows) == len(ALIKE)
    assert not alike.real.all()
    assert_solved_alike(halves, whole, kernel, answers)


assert_same = partial(np.testing.assert_allclose, atol=1e-12)


def assert_solved_alike(found: Solver, expected: Solver, kernel: Kernel, answers: np.ndarray) -> None:
    """Assert that both solvers of one batch answer every question alike."""
    real = expected.batch.real
    values = np.random.default_rng(9).normal(size=(*real.shape, 3)) * real[:, :, None]
    assert_same(found.times(values), expected.times(values))
    assert_same(found.traces(6), expected.traces(6))
    assert found.log_determinant == pytest.approx(expected.log_determinant, abs=1e-10)
    one, other = (solver.moments(solver.times(values)[:, :, 0]) for solver in (found, expected))
    (own, between), (mine, both) = ([sums.total(kernel) for sums in of.joined()] for of in (one, other))
    assert_same(own, mine)
    assert_same(between + between.T, both + both.T)
    for answer in answers.T:
        said = answer[expected.batch.partners]
        assert_same(found.information(said).total(kernel), expected.information(said).total(kernel))


def test_partners_who_rated_the_same_ideas_on_other_dates_are_not_alike() -> None:
    """They share no evening, so their ratings are no sums and differences."""
    rows = np.flatnonzero(np.isin(COUPLE, ALIKE[1]))
    dates = DATE[rows] + 10 * (PARTNER[rows] == PARTNER[rows[0]])
    (batch,) = batches_of(COUPLE[rows], PARTNER[rows], IDEA[rows], dates)
    assert not batch.alike.any()


def test_every_rating_is_in_one_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches hold each rating once, with its idea, date and partner in its place."""
    monkeypatch.setattr(solvers, "BATCH_RATINGS", 16)
    monkeypatch.setattr(solvers, "BATCH_CELLS", 1)
    batches = batches_of(COUPLE, PARTNER, IDEA, DATE)
    rows = np.concatenate([batch.rows[batch.real] for batch in batches])
    assert sorted(rows) == list(range(len(COUPLE)))
    for batch in batches:
        found = batch.rows[batch.real]
        np.testing.assert_array_equal(batch.idea[batch.real], IDEA[found])
        np.testing.assert_array_equal(batch.date[batch.real], DATE[found])
        who = np.broadcast_to(batch.partners[:, batch.seat], batch.rows.shape)
        np.testing.assert_array_equal(who[batch.real], PARTNER[found])


def test_couples_rich_in_ratings_are_solved_by_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nine ratings, padded to ten, are more than 1.2 for each of eight weights, and not more than 1.25."""
    design, _, parameters = world(1)
    kernel = kernel_of(design, parameters)
    for share, kind in ((1.2, RichSolver), (1.25, DenseSolver)):
        monkeypatch.setattr(solvers, "RICH", share)
        assert isinstance(solvers.solver_of(split()[2], kernel), kind)


def test_partners_alike_and_rich_are_solved_by_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums and differences are each solved by weights where ratings are more, and come out the same."""
    design, answers, parameters = world(2)
    kernel, batch = kernel_of(design, parameters), split()[ALIKE[0]]
    monkeypatch.setattr(solvers, "RICH", 0.5)
    assert isinstance(solvers.solver_of(batch.first, kernel.halves[0]), RichSolver)
    assert_solved_alike(solvers.solver_of(batch, kernel), DenseSolver(batch, kernel), kernel, answers)


def test_several_couples_are_solved_by_weights_at_once() -> None:
    """Two couples in one batch, padded, with shared dates and dates alone, are solved as if inverted."""
    design, answers, parameters = world(3)
    kernel, some = kernel_of(design, parameters), np.isin(COUPLE, (0, 2))
    (batch,) = batches_of(COUPLE[some], PARTNER[some], IDEA[some], DATE[some])
    assert len(batch.rows) == 2
    assert not batch.real.all()
    assert_solved_alike(RichSolver(batch, kernel), DenseSolver(batch, kernel), kernel, answers)


def test_products_are_tabled_where_ideas_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nine ideas of four columns are within nine, and three a column; not within eight, or two a column."""
    design, _, parameters = world(1)
    for most, a_feature, kind in ((9, 3, TabledKernel), (9, 2, ComputedKernel), (8, 3, ComputedKernel)):
        monkeypatch.setattr(kernels, "TABLED_IDEAS", most)
        monkeypatch.setattr(kernels, "TABLED_A_FEATURE", a_feature)
        assert isinstance(kernel_of(design, parameters), kind)


@pytest.mark.parametrize(
    ("ratings", "cells", "couples"),
    [(12, 1, [4, 4, 1]), (1, 36, [4, 4, 1]), (12, 63, [7, 2]), (1, 1, [1] * 9)],
)
def test_a_batch_is_as_large_as_its_ratings_or_its_cells_allow(
    monkeypatch: pytest.MonkeyPatch, ratings: int, cells: int, couples: list[int]
) -> None:
    """Nine couples of three ratings, nine cells each: whichever allows more of them, and one at the least."""
    monkeypatch.setattr(solvers, "BATCH_RATINGS", ratings)
    monkeypatch.setattr(solvers, "BATCH_CELLS", cells)
    couple = np.repeat(np.arange(9), 3)
    batches = batches_of(couple, couple, np.arange(27), np.arange(27))
    assert [len(batch.rows) for batch in batches] == couples


@pytest.mark.parametrize("n", [1, 12, 13, 23, 24, 61])
@pytest.mark.parametrize("n_matrices", [3, 300])
def test_matrices_are_inverted(n: int, n_matrices: int) -> None:
    """Few one after the other, many together, large ones by halves, badly conditioned ones too.

    The inverse times the matrix is one, the determinant is LAPACK's, and what was given is as it was.
    """
    rng = np.random.default_rng(n)
    turn = np.linalg.qr(rng.normal(size=(n_matrices, n, n)))[0]
    matrices = (turn * np.geomspace(2, 2e6, n)) @ turn.transpose(0, 2, 1)
    before = matrices.copy()
    inverse, log_determinant = solvers.inverse_of(matrices)
    np.testing.assert_array_equal(matrices, before)
    np.testing.assert_allclose(inverse @ matrices, np.tile(np.eye(n), (n_matrices, 1, 1)), atol=1e-8)
    assert log_determinant == pytest.approx(np.linalg.slogdet(matrices)[1].sum())


@pytest.mark.parametrize("n_matrices", [1, 300])
@pytest.mark.parametrize(("n", "at"), [(2, 1), (60, 0), (60, 59)])
@pytest.mark.parametrize("value", [-1.0, 0.0])
def test_what_is_not_positive_definite_is_refused(n_matrices: int, n: int, at: int, value: float) -> None:
    """Whichever half it is in, and wherever among the others."""
    matrices = np.tile(np.eye(n), (n_matrices, 1, 1))
    matrices[-1, at, at] = value
    with pytest.raises(np.linalg.LinAlgError):
        solvers.inverse_of(matrices)

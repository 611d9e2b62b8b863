"""Steps of scoring end where the likelihood or the prior is highest, by formulas in closed form."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import wishart

from recommender.preferences import scoring
from recommender.preferences.rescaling import rescaled
from recommender.preferences.scoring import Seen, scored
from recommender.preferences.strength import Held

N_WEIGHTS, N_COUPLES, N_EACH, NOISE = 3, 200, 4.0, 0.8
LOOSE = Held(covariances=1e-6, variances=1.0, scales=1.0, tags=np.inf, level_var=1.0, scale=np.ones((2, 1)))
FIRM = Held(covariances=50.0, variances=1.0, scales=1e9, tags=1e9, level_var=1.0, scale=np.ones((2, 1)))


def seen_of(weights: np.ndarray, now: np.ndarray) -> Seen:
    """Return what couples with ``X'X = N_EACH I`` and these least-squares weights say of ``now``."""
    precision = np.linalg.inv(now + NOISE / N_EACH * np.eye(N_WEIGHTS))
    spread = weights.T @ weights
    n = len(weights)
    return Seen(precision @ spread @ precision - n * precision, n * precision, n)


def test_balanced_ratings_by_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    """The likeliest covariance is that of least-squares weights less their error; EM takes longer."""
    monkeypatch.setattr(scoring, "MOVED_AT_ONCE", 1)
    rng = np.random.default_rng(3)
    truth = wishart.rvs(6, np.eye(N_WEIGHTS) / 6, random_state=rng) / 4
    error = NOISE / N_EACH * np.eye(N_WEIGHTS)
    weights = rng.multivariate_normal(np.zeros(N_WEIGHTS), truth + error, size=N_COUPLES)
    likeliest = weights.T @ weights / N_COUPLES - error
    assert np.linalg.eigvalsh(likeliest).min() > 0
    now = em = np.eye(N_WEIGHTS)
    for _ in range(7):
        now = scored(now, seen_of(weights, now), np.eye(N_WEIGHTS), LOOSE)
        em = em + em @ seen_of(weights, em).slope @ em / N_COUPLES
    np.testing.assert_allclose(now, likeliest, atol=1e-5)
    assert np.abs(em - likeliest).max() > 0.02


def test_where_ratings_tell_nothing_the_prior_is_met() -> None:
    """One step from a third of what a firm prior states leads to it."""
    root = np.random.default_rng(4).normal(size=(N_WEIGHTS, N_WEIGHTS))
    start = np.diag([0.5, 1.0, 2.0])
    nothing = Seen(np.zeros_like(start), np.zeros_like(start), 7)
    np.testing.assert_allclose(scored(start / 3, nothing, start, FIRM), start, rtol=1e-4)
    twisted = start @ (np.eye(N_WEIGHTS) + 0.1 * root @ root.T) @ start
    np.testing.assert_allclose(scored(twisted, nothing, start, FIRM), start, rtol=1e-2, atol=1e-2)


def test_the_prior_and_ratings_are_weighed() -> None:
    """Where steps end, the slopes of likelihood and prior cancel: slope = m (now⁻¹ - now⁻¹ centre now⁻¹)."""
    rng = np.random.default_rng(5)
    weights = rng.normal(size=(N_COUPLES, N_WEIGHTS))
    start = np.diag([0.5, 1.0, 2.0])
    held = Held(covariances=60.0, variances=1.0, scales=1.0, tags=10.0, level_var=1.0, scale=np.ones((2, 1)))
    now = np.eye(N_WEIGHTS)
    for _ in range(60):
        now = scored(now, seen_of(weights, now), start, held)
    inverse = np.linalg.inv(now)
    drawn = held.covariances * (inverse - inverse @ rescaled(now, start, held).centre @ inverse)
    np.testing.assert_allclose(seen_of(weights, now).slope, drawn, atol=1e-6 * N_COUPLES)


def test_no_step_is_longer_than_a_factor() -> None:
    """However much ratings ask for, no direction grows more than e³, and what comes is a covariance."""
    much = Seen(1e9 * np.eye(N_WEIGHTS), np.eye(N_WEIGHTS), 2)
    found = scored(np.eye(N_WEIGHTS), much, np.eye(N_WEIGHTS), LOOSE)
    np.testing.assert_allclose(np.linalg.eigvalsh(found), np.exp(3.0))

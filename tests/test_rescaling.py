"""A covariance's prior stands at the scales that make it likeliest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize

from recommender.preferences.rescaling import rescaled
from recommender.preferences.strength import Held

N_WEIGHTS = 4
HELD = Held(covariances=6.0, variances=1.0, scales=0.5, tags=3.0, level_var=1.0, scale=np.ones((2, 1)))
START = np.diag([0.5, 1.0, 2.0, 0.3])


def covariance(seed: int) -> np.ndarray:
    """Return a full covariance of four weights."""
    root = np.random.default_rng(seed).normal(size=(N_WEIGHTS, N_WEIGHTS))
    return root @ root.T / 3


def log_density(now: np.ndarray, start: np.ndarray, held: Held, common: np.ndarray, own: np.ndarray) -> float:
    """Return the prior as the module's docstring has it, at any scales: common (2,), and tags' own (3,)."""
    scales = np.append(common[0], common[1] * own)
    commons = common[[0, 1, 1, 1]]
    at = np.diag(np.linalg.inv(now)) * np.diag(start)
    total = held.covariances * (np.log(np.linalg.det(now)) + (scales * at - np.log(scales)).sum())
    total += held.scales * (commons - np.log(commons)).sum()
    return float(-0.5 * (total + held.tags * (own - 1 - np.log(own)).sum()))


@pytest.mark.parametrize("seed", range(3))
def test_scales_are_the_likeliest(seed: int) -> None:
    """No scales of leniency, of tastes and of single tags give a higher density; the centre is at these."""
    now = covariance(seed)
    found = rescaled(now, START, HELD)

    def minus(logarithms: np.ndarray) -> float:
        common, own = np.split(np.exp(logarithms), [2])
        return -log_density(now, START, HELD, common, own)

    best = minimize(minus, np.zeros(5), tol=1e-12)
    assert found.log_density == pytest.approx(-best.fun, abs=1e-8)
    common, own = np.split(np.exp(best.x), [2])
    np.testing.assert_allclose(
        np.diag(found.centre), np.diag(START) * np.append(common[0], common[1] * own), rtol=1e-4
    )


def test_one_scale_of_all_tags() -> None:
    """It is (m + s) over m times the mean of t and s, which maximises (m + s) log c - (m t + s) c."""
    now, one = covariance(1), replace(HELD, tags=np.inf)
    centre = rescaled(now, START, one).centre
    at = np.diag(np.linalg.inv(now)) * np.diag(START)
    of_tags = (6.0 + 0.5) / (6.0 * at[1:].mean() + 0.5)
    np.testing.assert_allclose(np.diag(centre)[1:], of_tags * np.diag(START)[1:])
    assert centre[0, 0] == pytest.approx(0.5 * (6.0 + 0.5) / (6.0 * at[0] + 0.5))


def test_tags_that_go_together_have_one_scale() -> None:
    """A prior that states how tags go together keeps it, whatever a tag's own scale may be."""
    start, now = START.copy(), 10 * np.eye(N_WEIGHTS)
    start[1, 2] = start[2, 1] = 1.4
    now[1, 2] = now[2, 1] = 9.9
    at = np.sum(np.linalg.inv(now)[1:, 1:] * start[1:, 1:]) / 3
    scale = (6.0 + 0.5) / (6.0 * at + 0.5)
    np.testing.assert_allclose(rescaled(now, start, HELD).centre[1:, 1:], scale * start[1:, 1:])


def test_units_of_a_tag_do_not_matter() -> None:
    """With a tag in other units its centre is in those units."""
    units = np.array([1.0, 10.0, 0.1, 3.0])
    now, squared = covariance(0), np.outer(units, units)
    centre = rescaled(now, START, HELD).centre
    np.testing.assert_allclose(rescaled(now * squared, START * squared, HELD).centre, centre * squared)


def test_without_tags_there_is_leniency() -> None:
    """A model of nothing but leniency has a scale of it."""
    centre = rescaled(np.array([[2.0]]), np.array([[1.0]]), HELD).centre
    assert centre[0, 0] == pytest.approx((6.0 + 0.5) / (6.0 / 2 + 0.5))

"""Where passes lead: by hand where they shrink evenly, and never out of what variances may be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recommender.preferences import extrapolation
from recommender.preferences.extrapolation import Extrapolation
from recommender.preferences.model import Parameters
from recommender.preferences.threads import Threads

START = Parameters(
    idea_ids=("a",),
    feature_names=("x",),
    answer_names=(),
    feature_means=np.zeros(1),
    fixed=np.zeros((2, 1)),
    effects=np.zeros(1),
    effect_vars=np.ones(1),
    effect_var=1.0,
    couple_cov=np.eye(2),
    partner_cov=np.eye(2),
    shock_var=1.0,
    noise_var=1.0,
)


def told(noise: float) -> Parameters:
    """Return parameters that differ in the noise alone."""
    return replace(START, noise_var=float(np.exp(noise)))


def test_the_first_pass_is_followed_as_it_is() -> None:
    """One move tells nothing of how moves change."""
    ends = Extrapolation(Threads(1)).after(told(1.0), told(0.5))
    assert [end.noise_var for end in ends] == [np.exp(0.5)]


def test_moves_that_shrink_evenly_lead_to_their_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each move half of the one before: from 8 over 4 and 2 the passes lead to 0, in one leap."""
    monkeypatch.setattr(extrapolation, "DAMPING", 0.0)
    monkeypatch.setattr(extrapolation, "FARTHEST", 10.0)
    passes = Extrapolation(Threads(1))
    passes.after(told(8.0), told(4.0))
    assert np.log(passes.after(told(4.0), told(2.0))[-1].noise_var) == pytest.approx(0.0, abs=1e-12)


def test_no_leap_is_longer_than_a_factor() -> None:
    """From 80 over 40 and 20 passes lead to 0, but three past the last end is as far as they go."""
    passes = Extrapolation(Threads(1))
    passes.after(told(80.0), told(40.0))
    assert np.log(passes.after(told(40.0), told(20.0))[-1].noise_var) == pytest.approx(17.0)


def test_where_nothing_moves_passes_lead_nowhere() -> None:
    """Two passes that end where they start say so, and divide nothing by nothing."""
    passes = Extrapolation(Threads(1))
    passes.after(told(2.0), told(2.0))
    assert np.log(passes.after(told(2.0), told(2.0))[-1].noise_var) == pytest.approx(2.0)


def test_covariances_lead_to_covariances(monkeypatch: pytest.MonkeyPatch) -> None:
    """A half, then the root of a half of that, and so on: a quarter in the end, of every entry."""
    monkeypatch.setattr(extrapolation, "DAMPING", 0.0)
    start = np.array([[2.0, 1.9], [1.9, 2.0]])
    passes = Extrapolation(Threads(1))
    first, second, third = (replace(START, couple_cov=share * start) for share in (1.0, 0.5, 0.5**1.5))
    passes.after(first, second)
    np.testing.assert_allclose(passes.after(second, third)[-1].couple_cov, start / 4)


def test_what_misled_is_forgotten_first() -> None:
    """Of four moves the older two go; a new one is judged by the newer two."""
    passes = Extrapolation(Threads(1))
    for start, end in ((8.0, 7.0), (7.0, 5.0), (4.0, 2.0), (2.0, 1.0)):
        passes.after(told(start), told(end))
    passes.misled()
    newer = Extrapolation(Threads(1))
    newer.after(told(4.0), told(2.0))
    newer.after(told(2.0), told(1.0))
    assert passes.after(told(1.0), told(0.4))[-1].noise_var == newer.after(told(1.0), told(0.4))[-1].noise_var


@pytest.mark.parametrize("n", [1, 2, 5])
def test_logarithms_by_hand(n: int) -> None:
    """The logarithm of a diagonal is that of its entries; from any covariance it leads back to it."""
    values = np.arange(1.0, n + 1)
    np.testing.assert_allclose(extrapolation._logarithm(np.diag(values)), np.diag(np.log(values)), atol=1e-12)
    root = np.random.default_rng(n).normal(size=(n, n))
    covariance = root @ root.T + 0.1 * np.eye(n)
    back = extrapolation._exponential(extrapolation._logarithm(covariance))
    np.testing.assert_allclose(back, covariance, rtol=1e-10, atol=1e-12)

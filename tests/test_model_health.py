"""Health: a model is held to what it expected of the dates that came of its suggestions."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.learning.health import Outcomes, health_of
from recommender.service import Deployment, choose, get_plan, model_health, put_rating
from tests.conftest import WEEK, Two


def outcomes(off: list[float], n_couples: int = 20, std: float = 0.3) -> Outcomes:
    """Return dates of several couples, each of whom had dates that far from an expectation of 4."""
    n = n_couples * len(off)
    return Outcomes(
        couple=np.repeat([f"c{k:02}" for k in range(n_couples)], len(off)),
        expected=np.full(n, 4.0),
        std=np.full(n, std),
        enjoyed=4.0 + np.tile(off, n_couples),
    )


def test_by_hand() -> None:
    """Two couples, one date each, 0.5 above and 0.1 below: bias 0.2, standard error sqrt(2 * 0.3²) / 2."""
    seen = health_of(
        "m", Outcomes(np.array(["a", "b"]), np.array([4.0, 4.0]), np.zeros(2), np.array([4.5, 3.9])), 0.04
    )

    assert (seen.n_dates, seen.n_couples, seen.verdict) == (2, 2, "not enough to tell")
    assert (seen.enjoyed, seen.expected, seen.bias) == pytest.approx((4.2, 4.0, 0.2))
    # 1.6449 is the 95 % quantile of the normal distribution; 1.6449 · 0.2 = 0.329 is between 0.1 and 0.5.
    assert seen.high == pytest.approx(0.2 + 1.6449 * np.sqrt(0.18) / 2, abs=1e-4)
    assert seen.low == pytest.approx(0.2 - 1.6449 * np.sqrt(0.18) / 2, abs=1e-4)
    assert seen.coverage_90 == 0.5


@pytest.mark.parametrize(
    ("off", "verdict", "reason"),
    [
        ([0.1, -0.1], "as promised", "dates go as it expects"),
        ([0.0, -0.15], "as promised", "dates go as it expects"),
        ([-0.4, -0.2], "worse than promised", "fall short"),
        ([1.5, -1.5], "worse than promised", "surer of itself"),
    ],
)
def test_verdicts(off: list[float], verdict: str, reason: str) -> None:
    """Falling short and being too sure are both worse than promised."""
    seen = health_of("m", outcomes(off), noise_var=0.3)

    assert seen.verdict == verdict
    assert reason in seen.reason


@pytest.mark.parametrize(("n_couples", "n_dates"), [(9, 10), (10, 3), (0, 1)])
def test_little_is_not_concluded_from(n_couples: int, n_dates: int) -> None:
    """Nine couples, thirty dates or nothing at all are not enough, however bad."""
    assert health_of("m", outcomes([-2.0] * n_dates, n_couples), 0.3).verdict == "not enough to tell"


def test_only_dates_of_its_own_suggestions_that_both_rated(deployment: Deployment, couple: Two) -> None:
    """What the model expected is set against the average of both ratings, once both are there."""
    chosen = get_plan(deployment, couple.robin, WEEK).suggestions[0]
    date = choose(deployment, couple.robin, WEEK, chosen.suggestion_id).date
    put_rating(deployment, couple.robin, date.date_id, enjoyment=5)
    assert model_health(deployment).n_dates == 0

    put_rating(deployment, couple.sam, date.date_id, enjoyment=2)

    seen = model_health(deployment)
    assert (seen.version, seen.n_dates, seen.enjoyed) == ("prior", 1, 3.5)
    assert seen.expected == pytest.approx(chosen.expected)

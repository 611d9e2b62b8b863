"""A simulated town lives through the whole service: repeatable, within limits, better than by chance."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from recommender.catalogue.library import Catalogue, load_catalogue
from recommender.learning.evaluation.town import Town, build_town, rate
from recommender.service import simulation
from recommender.service.simulation import WeekResult, simulate_policy, year_row

N_COUPLES, N_WEEKS = 5, 5


@cache
def shipped() -> Catalogue:
    """Return the catalogue that comes with Rekindle."""
    return load_catalogue()


@cache
def year(policy: str) -> tuple[WeekResult, ...]:
    """Return five weeks of five couples; the model is retrained once in them."""
    return tuple(simulate_policy(policy, N_COUPLES, N_WEEKS, seed=2))


def test_the_same_seed_gives_the_same_town() -> None:
    """Everyone's tastes, answers and limits follow from the seed, and another seed gives others."""
    one, same, other = (build_town(shipped(), 3, seed) for seed in (5, 5, 6))

    np.testing.assert_array_equal(one.enjoyment, same.enjoyment)
    assert (one.answers, one.boundaries, one.circumstances) == (
        same.answers, same.boundaries, same.circumstances,
    )  # fmt: skip
    assert not np.array_equal(one.enjoyment, other.enjoyment)
    assert one.enjoyment.shape == (3, 2, len(shipped().ideas))
    assert one.enjoyment.min() >= 1
    assert one.enjoyment.max() <= 5


def test_ratings_follow_enjoyment() -> None:
    """Over 4,000 evenings, ratings are whole numbers from 1 to 5 around what is truly felt, moods shared."""
    rng = np.random.default_rng(3)
    ratings = np.array([rate(np.array([3.4, 2.6]), rng) for _ in range(4000)])

    assert set(ratings.ravel()) <= {1, 2, 3, 4, 5}
    np.testing.assert_allclose(ratings.mean(axis=0), [3.4, 2.6], atol=0.05)
    # Mood 0.4² shared, 0.6² one's own and rounding 1/12: correlation 0.16 / (0.16 + 0.36 + 0.083) = 0.27.
    assert np.corrcoef(ratings.T)[0, 1] == pytest.approx(0.27, abs=0.06)


@pytest.mark.parametrize("policy", ["random", "rekindle"])
def test_the_same_seed_gives_the_same_year(policy: str) -> None:
    """Living the same weeks again, retraining included, gives the same figures to the last digit."""
    assert tuple(simulate_policy(policy, N_COUPLES, N_WEEKS, seed=2)) == year(policy)


def test_another_seed_gives_another_year() -> None:
    """The figures are those of a town, not of every town."""
    assert simulate_policy("random", 2, 1, seed=3)[0] != simulate_policy("random", 2, 1, 4)[0]


@pytest.mark.parametrize("policy", ["random", "rekindle"])
def test_no_suggestion_breaks_a_limit_or_repeats(policy: str) -> None:
    """Whatever chooses, nothing is shown against a couple's limits or within twelve weeks of being done."""
    weeks = year(policy)

    assert [w.week for w in weeks] == list(range(N_WEEKS))
    assert all(0 < w.n_shown <= 3 * N_COUPLES for w in weeks)
    assert all(0 < w.n_dates <= N_COUPLES for w in weeks)
    assert sum(w.n_infeasible for w in weeks) == 0
    assert sum(w.n_repeats for w in weeks) == 0


def test_the_model_is_ahead_of_chance() -> None:
    """Couples enjoy the model's dates more than random ones, and so does whoever of two enjoys less."""
    _, random_mean, random_low, *_ = year_row(year("random"), "random")
    _, model_mean, model_low, *_ = year_row(year("rekindle"), "rekindle")

    # In five towns of this size the gains were 0.19 to 0.56 and 0.23 to 0.84.
    assert model_mean > random_mean
    assert model_low > random_low


def test_the_truth_does_not_depend_on_the_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every policy meets the same town, and leaves it as it was."""
    towns: list[tuple[Town, np.ndarray]] = []

    def built(catalogue: Catalogue, n_couples: int, seed: int) -> Town:
        town = build_town(catalogue, n_couples, seed)
        towns.append((town, town.enjoyment.copy()))
        return town

    monkeypatch.setattr(simulation, "build_town", built)
    for policy in ("random", "popularity", "tag_cosine", "rekindle"):
        simulate_policy(policy, 2, 1, seed=8)

    first = towns[0][0]
    assert len(towns) == 4
    for town, before in towns:
        np.testing.assert_array_equal(town.enjoyment, before)
        np.testing.assert_array_equal(town.enjoyment, first.enjoyment)
        assert (town.answers, town.boundaries, town.circumstances) == (
            first.answers, first.boundaries, first.circumstances,
        )  # fmt: skip


def test_a_year_s_row_weighs_weeks_by_their_dates() -> None:
    """A week with three dates counts three times as much as a week with one."""
    weeks = [
        WeekResult("a", 0, 3.0, 2.0, n_dates=1, n_shown=3, n_infeasible=1, n_repeats=0),
        WeekResult("a", 1, 5.0, 4.0, n_dates=3, n_shown=9, n_infeasible=0, n_repeats=2),
        WeekResult("b", 0, 1.0, 1.0, n_dates=9, n_shown=27, n_infeasible=9, n_repeats=9),
    ]

    # (3 + 3 · 5) / 4 = 4.5 and (2 + 3 · 4) / 4 = 3.5
    assert year_row(weeks, "a") == ("a", 4.5, 3.5, 4, 1, 2)

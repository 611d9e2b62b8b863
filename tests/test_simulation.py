"""A simulated town lives through the whole service: repeatable, within limits, better than by chance."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from recommender.catalogue.library import Catalogue, load_catalogue
from recommender.cli.simulation import POLICY_NAMES, RULE_NAMES, WORLD_NAMES
from recommender.learning.evaluation.town import WORLDS, Town, World, build_town, rate
from recommender.learning.evaluation.years import Year, enjoyment, lead, less_satisfied, renewed, worst_weeks
from recommender.planning.couple import RULES
from recommender.service import simulation
from recommender.service.simulation import simulate_policy

N_COUPLES, N_WEEKS = 5, 5


@cache
def shipped() -> Catalogue:
    """Return the catalogue that comes with Rekindle."""
    return load_catalogue()


@cache
def year(policy: str) -> Year:
    """Return five weeks of five couples; the model is retrained once in them."""
    return simulate_policy(policy, N_COUPLES, N_WEEKS, seed=2)


def figures(of: Year) -> list[np.ndarray]:
    """Return everything that was noted of a year."""
    return [of.felt, of.varied, of.renewed, of.n_shown, of.n_infeasible, of.n_repeats]


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


@pytest.mark.parametrize("world", WORLDS)
def test_partners_tastes_are_as_alike_as_their_world_says(world: str) -> None:
    """Over 300 couples, what two partners feel correlates with the world's tastes: more, less, or against."""
    town = build_town(shipped(), 300, 1, WORLDS[world])
    felt = town.enjoyment - town.enjoyment.mean(axis=0)
    found = np.corrcoef(felt[:, 0].ravel(), felt[:, 1].ravel())[0, 1]
    # What a couple shares for no reason of tags lifts it; that feelings saturate pulls it to the middle.
    assert found == pytest.approx(WORLDS[world].shared, abs=0.35)
    assert found < 0.3 or WORLDS[world].shared > 0
    assert town.world == WORLDS[world]


@pytest.mark.parametrize("policy", ["random", "rekindle"])
def test_the_same_seed_gives_the_same_year(policy: str) -> None:
    """Living the same weeks again, retraining included, gives the same figures to the last digit."""
    for one, other in zip(
        figures(simulate_policy(policy, N_COUPLES, N_WEEKS, 2)), figures(year(policy)), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_another_seed_gives_another_year() -> None:
    """The figures are those of a town, not of every town."""
    assert not np.array_equal(
        simulate_policy("random", 2, 1, 3).felt, simulate_policy("random", 2, 1, 4).felt
    )


@pytest.mark.parametrize("policy", ["random", "top_k", "rekindle"])
def test_no_suggestion_breaks_a_limit_or_repeats(policy: str) -> None:
    """Whatever chooses, nothing is shown against a couple's limits or within twelve weeks of being done."""
    of = year(policy)
    assert of.felt.shape == (N_WEEKS, N_COUPLES, 2)
    assert (of.n_shown > 0).all()
    assert (of.n_shown <= 3 * N_COUPLES).all()
    assert of.n_infeasible.sum() == of.n_repeats.sum() == 0


def test_the_model_is_ahead_of_chance() -> None:
    """Couples enjoy the model's dates more than random ones, and so does whoever of two enjoys less."""
    # In five towns of this size the gains were 0.19 to 0.56 and 0.23 to 0.84.
    assert enjoyment(year("rekindle")).mean() > enjoyment(year("random")).mean()
    assert less_satisfied(year("rekindle")).mean() > less_satisfied(year("random")).mean()


def test_the_plan_brings_more_that_is_new_than_the_three_best() -> None:
    """From week to week; the three best stay until they are done."""
    assert renewed(year("rekindle")).mean() > renewed(year("top_k")).mean()


def test_in_a_one_sided_world_one_partner_hardly_rates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the first partner's ratings are stored where the second never rates."""
    raters: list[str] = []
    put = simulation.date_service.put_rating

    def noted(deployment: object, caller: simulation.Caller, *rest: object, **more: object) -> object:
        raters.append((caller.partner_id or "")[-1])
        return put(deployment, caller, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(simulation.date_service, "put_rating", noted)
    monkeypatch.setattr(simulation, "WORLDS", {"silent": World(rates=(1.0, 0.0))})
    simulate_policy("random", 3, 2, seed=1, world="silent")
    assert raters == ["0"] * 6


def test_a_rule_s_name_is_a_policy() -> None:
    """Our plan under another rule lives another year."""
    assert not np.array_equal(
        simulate_policy("least_misery", N_COUPLES, 2, 2).felt, year("rekindle").felt[:2]
    )


def test_the_command_line_knows_every_world_policy_and_rule() -> None:
    """It names them itself, so that help is quick."""
    assert tuple(WORLDS) == WORLD_NAMES
    assert POLICY_NAMES == simulation.POLICIES
    assert tuple(RULES) == RULE_NAMES


def test_the_truth_does_not_depend_on_the_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every policy meets the same town, and leaves it as it was."""
    towns: list[tuple[Town, np.ndarray]] = []

    def built(catalogue: Catalogue, n_couples: int, seed: int, world: World) -> Town:
        town = build_town(catalogue, n_couples, seed, world)
        towns.append((town, town.enjoyment.copy()))
        return town

    monkeypatch.setattr(simulation, "build_town", built)
    for policy in ("random", "popularity", "tag_cosine", "rekindle"):
        simulate_policy(policy, 2, 1, 8)

    first = towns[0][0]
    assert len(towns) == 4
    for town, before in towns:
        np.testing.assert_array_equal(town.enjoyment, before)
        np.testing.assert_array_equal(town.enjoyment, first.enjoyment)
        assert (town.answers, town.boundaries, town.circumstances) == (
            first.answers, first.boundaries, first.circumstances,
        )  # fmt: skip


class TestMeasures:
    """What a year was worth, by hand: six weeks, two couples; the second had no date in the last four."""

    FIRST = ((5, 2), (1, 2), (1, 2), (1, 2), (1, 2), (5, 2))
    SECOND = ((4, 3), (4, 5), *((np.nan, np.nan),) * 4)
    FELT = np.array([FIRST, SECOND]).transpose(1, 0, 2)

    def of(self, felt: np.ndarray) -> Year:
        """Return the year of such dates."""
        empty, none = np.full(felt.shape[:2], np.nan), np.zeros(len(felt), dtype=int)
        return Year("a", "typical", felt, empty, empty, none, none, none)

    def test_by_hand(self) -> None:
        """Means over weeks and partners; the lower partner; the lowest four weeks running."""
        made = self.of(self.FELT)
        np.testing.assert_allclose(enjoyment(made), [(14 + 12) / 12, 16 / 4])
        np.testing.assert_allclose(less_satisfied(made), [2, 4])
        np.testing.assert_allclose(worst_weeks(made), [1, 4])

    def test_leads_are_paired(self) -> None:
        """Every couple half a point happier: ahead by a half, without any error."""
        ahead = lead(self.of(self.FELT + 0.5), self.of(self.FELT))
        for measure in ("enjoyment", "less satisfied", "worst 4 weeks"):
            assert ahead[measure] == (pytest.approx(0.5), pytest.approx(0.0))
        assert np.isnan(ahead["varied"][0])

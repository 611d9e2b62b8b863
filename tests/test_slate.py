"""Choosing a slate: one idea a role, varied, and every propensity exactly what chance did."""

from dataclasses import replace
from math import exp

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.domain import Role
from recommender.planning.settings import PlanSettings
from recommender.planning.slate import SHORTLIST, Pick, choose_slate, pick_propensities
from recommender.planning.table import IdeaTable
from tests.planning_world import idea, role_suits, served_prior, table_of

GREEDY = PlanSettings(exploration=0.0)
BOLD = PlanSettings(exploration=0.6, temperature=0.5)


def choose(table: IdeaTable, score: list[float], plan: PlanSettings = GREEDY, **options: object) -> list[str]:
    """Return the ids chosen among all ideas of a table, in order."""
    return [table.ideas[pick.idea_index].idea_id for pick in picks(table, score, plan, **options)]


def picks(table: IdeaTable, score: list[float], plan: PlanSettings, **options: object) -> tuple[Pick, ...]:
    """Return the picks among all ideas of a table."""
    n = len(table.ideas)
    mask = options.pop("mask", np.ones(n, dtype=bool))
    rng = options.pop("rng", np.random.default_rng(1))
    return choose_slate(table, np.array(score), np.zeros(n).__getitem__, mask, plan, rng, **options)  # type: ignore[arg-type]


def test_propensities_by_hand() -> None:
    """Nine tenths for the best, and a tenth shared as 1 to e⁻⁵, for 1 point less at 0.2 points a factor e."""
    found = pick_propensities(np.array([1.0, 0.0]), np.zeros(2), PlanSettings())
    other = 0.1 * exp(-5) / (1 + exp(-5))
    np.testing.assert_allclose(found, [1 - other, other], rtol=1e-12)


def test_what_is_little_known_is_explored_more() -> None:
    """A standard deviation of 0.2 points more makes exploring an idea e times as likely, but not the best."""
    found = pick_propensities(np.array([0.2, 0, 0]), np.array([0.0, 0.0, 0.2]), PlanSettings())
    np.testing.assert_allclose(found[[1, 2]], 0.1 * np.array([1, exp(1)]) / (1 + 2 * exp(1)), rtol=1e-12)
    assert found.argmax() == 0


def test_without_exploration_the_best_is_certain() -> None:
    """With no exploration the best has 1 and all others 0; equals, rounding apart, share it."""
    for promise, share in (([0.0, 2.0, 1.0], [0.0, 1.0, 0.0]), ([0.0, 2.0, 2 + 1e-9], [0.0, 0.5, 0.5])):
        np.testing.assert_array_equal(pick_propensities(np.array(promise), np.ones(3), GREEDY), share)


points = st.lists(st.floats(-5, 10), min_size=1, max_size=40)


@settings(max_examples=100, deadline=None)
@given(promise=points, seed=st.integers(0, 1000), plan=st.sampled_from([PlanSettings(), BOLD]))
def test_propensities_are_a_distribution(promise: list[float], seed: int, plan: PlanSettings) -> None:
    """They sum to 1, none is 0 and none is over 1, whatever the scores."""
    bonus = np.random.default_rng(seed).uniform(0, 1, len(promise))
    found = pick_propensities(np.array(promise), bonus, plan)
    assert abs(found.sum() - 1) < 1e-12
    assert (found > 0).all()
    assert (found <= 1).all()


class TestChanceIsAsStated:
    """Shares over many draws are the propensities, within five standard errors."""

    TABLE = table_of(*(idea(f"i{n}", domain=("nature", "animals")[n % 2]) for n in range(4)))
    SCORE, STD = np.array([3.6, 3.5, 3.2, 3.4]), np.array([0.1, 0.5, 0.6, 0.2])
    ALL = np.ones(4, dtype=bool)

    def test_first_picks(self) -> None:
        """Over 20,000 draws, each with chance of its own, ideas come first as often as was stated."""
        counts = np.zeros(4)
        for seed in range(20_000):
            rng = np.random.Generator(np.random.PCG64(seed))
            (pick,) = choose_slate(
                self.TABLE, self.SCORE, self.STD.__getitem__, self.ALL, PlanSettings(), rng, roles=("open",)
            )
            counts[pick.idea_index] += 1
        promised = pick_propensities(self.SCORE, self.STD, PlanSettings())
        assert promised.sum() == pytest.approx(1, abs=1e-12)
        self._match(counts, promised)

    def test_second_picks(self) -> None:
        """Given the first, ideas come second as often as their picks say."""
        counts, stated, weights = np.zeros((4, 4)), np.zeros((4, 4)), []
        rng = np.random.default_rng(5)
        for _ in range(4_000):
            first, second = choose_slate(
                self.TABLE, self.SCORE, self.STD.__getitem__, self.ALL, BOLD, rng, roles=("open", "open")
            )
            counts[first.idea_index, second.idea_index] += 1
            stated[first.idea_index, second.idea_index] = second.propensity
            weights.append(1 / first.propensity / second.propensity)
        assert (counts + np.eye(4) > 0).all()
        np.testing.assert_allclose(stated.sum(axis=1), 1, atol=1e-12)
        for seen, promised in zip(counts, stated, strict=True):
            self._match(seen, promised)
        # What off-policy estimates rest on: weighted so, every one of the 4 · 3 slates counts once.
        assert abs(np.mean(weights) - 12) < 5 * np.std(weights) / np.sqrt(len(weights))

    @staticmethod
    def _match(counts: np.ndarray, promised: np.ndarray) -> None:
        n = counts.sum()
        assert (np.abs(counts - n * promised) <= 5 * np.sqrt(n * promised * (1 - promised))).all()


# Two ideas of one kind and one of another: the alike are alike by 1, the others by 0.
ALIKE = [idea("a"), idea("b"), idea("z", domain="animals", play="silly")]


@pytest.mark.parametrize(("weight", "chosen"), [(0.0, ["a", "b"]), (0.1, ["a", "b"]), (0.3, ["a", "z"])])
def test_what_is_alike_loses_points(weight: float, chosen: list[str]) -> None:
    """The second best at 3.9 falls to 3.6 for being just like the first, behind the other at 3.7."""
    plan = replace(GREEDY, variety_weight=weight, roles=("open", "open"))
    assert choose(table_of(*ALIKE), [4.0, 3.9, 3.7], plan) == chosen


def test_points_lost_are_told() -> None:
    """A pick says how many points it lost: none for the first, all the weight for a likeness of 1."""
    plan = replace(GREEDY, variety_weight=0.3, roles=("open",) * 3)
    lost = [pick.variety for pick in picks(table_of(*ALIKE), [4.0, 3.9, 3.7], plan)]
    assert lost == pytest.approx([0.0, 0.0, -0.3], abs=1e-6)


def test_ideas_that_stand_already_count_as_chosen() -> None:
    """In a swap, what stays on the slate is not chosen again and lowers what is like it."""
    plan = replace(GREEDY, roles=("open",))
    assert choose(table_of(*ALIKE), [4.0, 3.9, 3.7], plan, before=(0,)) == ["z"]
    assert choose(table_of(*ALIKE), [4.0, 3.9, 3.7], plan, before=(0, 2)) == ["b"]


EASY = idea("easy", practice="self_care", need="security")
GROWTH = idea("growth", challenge="stretch", energy="high")
CLOSE = idea("close", touch="sustained", energy="high")


def test_each_role_gets_its_own() -> None:
    """Easy, growth and close are filled in this order, each with an idea that suits it."""
    table = table_of(CLOSE, EASY, GROWTH)
    found = picks(table, [3.0, 3.0, 3.0], GREEDY)
    assert [(table.ideas[p.idea_index].idea_id, p.role) for p in found] == [
        ("easy", "easy"),
        ("growth", "growth"),
        ("close", "close"),
    ]


def test_a_role_that_nothing_suits_says_open() -> None:
    """Where no idea is left for a role, the best of the rest takes the place and is called open."""
    table = table_of(CLOSE, EASY, replace(EASY, idea_id="easy2"))
    found = picks(table, [3.2, 3.0, 3.5], GREEDY)
    by_id = {table.ideas[p.idea_index].idea_id: p.role for p in found}
    assert by_id == {"easy2": "easy", "close": "open", "easy": "open"}


def test_a_favourite_may_return_as_close() -> None:
    """An idea that both would do again may take the close place although it is nothing of the kind."""
    table = table_of(CLOSE, EASY)
    back = np.array([it.idea_id == "easy" for it in table.ideas])
    score = [3.0 if it.idea_id == "close" else 4.0 for it in table.ideas]
    plan = replace(GREEDY, roles=("close",))
    assert choose(table, score, plan) == ["close"]
    assert choose(table, score, plan, returning=back) == ["easy"]
    assert picks(table, score, plan, returning=back)[0].role == "close"


def test_nothing_feasible_nothing_chosen() -> None:
    """An empty mask gives no picks; one idea gives one."""
    table = table_of(EASY, CLOSE)
    assert picks(table, [3.0, 3.0], GREEDY, mask=np.zeros(2, dtype=bool)) == ()
    assert len(picks(table, [3.0, 3.0], GREEDY, mask=np.array([True, False]))) == 1


def test_the_mask_is_left_as_it_was() -> None:
    """Choosing changes nothing of what it was given."""
    mask = np.array([True, True])
    picks(table_of(EASY, CLOSE), [3.0, 3.0], GREEDY, mask=mask)
    assert mask.all()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), share=st.floats(0, 1))
def test_picks_are_feasible_different_and_of_their_role(seed: int, share: float) -> None:
    """Over the shipped ideas under any mask: none outside it, none twice, each of the role it claims."""
    table = served_prior().table
    rng = np.random.default_rng(seed)
    n = len(table.ideas)
    mask = rng.random(n) < share
    found = choose_slate(
        table, rng.normal(3.5, 0.4, n), rng.uniform(0.1, 0.7, n).__getitem__, mask, BOLD, rng
    )
    rows = [pick.idea_index for pick in found]
    assert len(rows) == len(set(rows)) == min(3, mask.sum())
    assert mask[rows].all()
    for pick, wanted in zip(found, BOLD.roles, strict=False):
        assert pick.role in (wanted, "open")
        assert 0 < pick.propensity <= 1
        left = [row for row in np.flatnonzero(mask) if row not in rows[: rows.index(pick.idea_index)]]
        suits = [row for row in left if role_suits(table.ideas[row], wanted)]
        assert (pick.role == "open") == (not suits)
        assert pick.role == "open" or pick.idea_index in suits


def test_logged_propensities_are_the_shares_of_what_is_drawn() -> None:
    """Of 100,000 slates each comes up as often as its propensities say, within 4.5 standard errors."""
    kinds = ("nature", "animals", "food_drink", "games_puzzles")
    table = table_of(*(idea(f"i{k}", domain=(kind,)) for k, kind in enumerate(kinds)))
    plan = PlanSettings(exploration=0.6, temperature=0.4, roles=("open", "open"))
    score, std = np.array([3.6, 3.4, 3.4, 3.0]), np.array([0.1, 0.5, 0.3, 0.6])
    mask, rng, n = np.ones(4, dtype=bool), np.random.default_rng(11), 100_000
    shares: dict[tuple[int, ...], int] = {}
    said: dict[tuple[int, ...], float] = {}
    for _ in range(n):
        picks = choose_slate(table, score, std.__getitem__, mask, plan, rng)
        slate = tuple(pick.idea_index for pick in picks)
        shares[slate] = shares.get(slate, 0) + 1
        said[slate] = float(np.prod([pick.propensity for pick in picks]))
    assert len(shares) == 4 * 3
    assert sum(said.values()) == pytest.approx(1)
    for slate, share in said.items():
        error = np.sqrt(share * (1 - share) / n)
        assert abs(shares[slate] / n - share) < 4.5 * error, slate


class TestLargeCatalogue:
    """Of many ideas only a role's best are looked at closely."""

    N = SHORTLIST + 40

    def picks(self, wanted: Role, seed: int) -> tuple[Pick, ...]:
        """Return a bold slate of one; the last ideas score best, and the first forty alone suit ``easy``."""
        ideas = [idea(f"i{n:04}", energy="low" if n < 40 else "high") for n in range(self.N)]
        table = table_of(*ideas)
        score = np.arange(self.N) / self.N
        bold = PlanSettings(exploration=1.0, temperature=100.0, roles=(wanted,))
        asked: list[int] = []

        def spread(rows: np.ndarray) -> np.ndarray:
            asked.extend(rows)
            return np.zeros(len(rows))

        everything, rng = np.ones(self.N, dtype=bool), np.random.default_rng(seed)
        found = choose_slate(table, score, spread, everything, bold, rng)
        assert len(asked) == len(set(asked)) <= SHORTLIST + 40
        return found

    def test_the_worst_are_never_drawn(self) -> None:
        """Of all, the forty worst are out, and each of the rest has about an equal chance."""
        drawn = [self.picks("open", seed)[0] for seed in range(60)]
        assert min(pick.idea_index for pick in drawn) >= 40
        assert all(pick.propensity == pytest.approx(1 / SHORTLIST, rel=0.02) for pick in drawn)

    def test_a_role_keeps_its_own(self) -> None:
        """The only ideas that suit a role are looked at, however low they score."""
        (pick,) = self.picks("easy", 1)
        assert (pick.role, pick.idea_index < 40) == ("easy", True)
        assert pick.propensity == pytest.approx(1 / 40, rel=0.02)

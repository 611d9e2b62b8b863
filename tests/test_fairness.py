"""Two expectations to one score: each rule by hand, and who is behind."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.planning.couple import LEAN_MOST, RULES, couple_score
from recommender.planning.ledger import Ledger, ledger_of
from recommender.planning.occasion import PastIdea
from recommender.planning.settings import PlanSettings
from recommender.planning.weekly import weekly_plan
from tests.planning_world import WEEK, idea, known, occasion_of, table_of, two

MEAN = np.array([[4.0, 5.0, 3.0], [4.0, 2.0, 3.5]])
EVEN = Ledger.empty(2)
BEHIND = Ledger(gained=np.array([0.6, 0.2]), received=np.array([9.0, 3.0]))
"""The second partner has had less of their dates."""


def scores(rule: str, ledger: Ledger = EVEN, **changes: float) -> list[float]:
    """Return the scores of the three ideas under a rule."""
    settings = PlanSettings(rule=rule, floor=3.0, floor_weight=1.0, lean_weight=0.5)
    return [float(score) for score in couple_score(MEAN, ledger, replace(settings, **changes))]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("average", [4, 3.5, 3.25]),
        ("average_with_floor", [4, 2.5, 3.25]),
        ("leaning", [4, 2.5, 3.25]),
        ("least_misery", [4, 2, 3]),
        ("average_without_misery", [4, 0, 3.25]),
        ("nash_product", [4, 1 + sqrt(4 * 1), 1 + sqrt(2 * 2.5)]),
        ("sequential", [4, 3.5, 3.25]),
        # Equal shares of 3 + 3, 4 + 1 and 2 + 2.5 points: 3, 2.5 and 2.25; more than that does not count.
        ("ep_fuzzda", [1 + (3 + 3) / 2, 1 + (2.5 + 1) / 2, 1 + (2 + 2.25) / 2]),
    ],
)
def test_rules_by_hand_when_nobody_is_behind(rule: str, expected: list[float]) -> None:
    """What each rule makes of (4, 4), (5, 2) and (3, 3.5), with a floor at 3."""
    assert scores(rule) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        # 0.4 points behind, half a share each: 0.2 more for the second partner's word.
        ("leaning", [4, 0.3 * 5 + 0.7 * 2 - 1, 0.3 * 3 + 0.7 * 3.5]),
        ("sequential", [4, 0.6 * 3.5 + 0.4 * 2, 0.6 * 3.25 + 0.4 * 3]),
        # Shares of (12 + 6) / 2 = 9, 8.5 and 8.25: the first lacks nothing, the second 6, 5.5 and 5.25.
        ("ep_fuzzda", [1 + (0 + 3) / 2, 1 + (0 + 1) / 2, 1 + (0 + 2.5) / 2]),
    ],
)
def test_rules_by_hand_when_one_is_behind(rule: str, expected: list[float]) -> None:
    """Rules that remember past dates give more say to whom they gave less."""
    assert scores(rule, BEHIND) == pytest.approx(expected, abs=1e-12)


def test_the_one_ahead_keeps_a_quarter_of_the_say() -> None:
    """However far behind one is, the weights are a quarter and three quarters at most."""
    far = Ledger(np.array([3.0, -3.0]), np.zeros(2))
    low = 0.5 - LEAN_MOST
    expected = [low * first + (1 - low) * second for first, second in MEAN.T]
    assert scores("leaning", far, floor_weight=0.0) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("rule", sorted(RULES))
def test_one_partner_alone_decides_alone(rule: str) -> None:
    """While only one has joined, every rule gives their own expectations, less what is under the floor."""
    settings = PlanSettings(rule=rule, floor=3.0, floor_weight=1.0)
    alone = couple_score(np.array([[4.0, 2.5]]), Ledger.empty(1), settings)
    assert alone.tolist() == [4.0, 2.0]


@given(
    first=st.lists(st.floats(1, 5), min_size=4, max_size=4),
    second=st.lists(st.floats(1, 5), min_size=4, max_size=4),
    gained=st.tuples(st.floats(-3, 3), st.floats(-3, 3)),
    rule=st.sampled_from(sorted(RULES)),
)
def test_who_is_called_first_makes_no_difference(
    first: list[float], second: list[float], gained: tuple[float, float], rule: str
) -> None:
    """Exchanging the partners, ledger and all, changes no score."""
    ledger = Ledger(np.array(gained), np.array([4.0, 7.0]))
    swapped = Ledger(ledger.gained[::-1], ledger.received[::-1])
    settings = PlanSettings(rule=rule)
    one = couple_score(np.array([first, second]), ledger, settings)
    other = couple_score(np.array([second, first]), swapped, settings)
    np.testing.assert_allclose(one, other, atol=1e-12)


class TestLedger:
    """What past dates gave each partner."""

    TABLE = table_of(idea("a"), idea("b"))

    def done(self, idea_id: str, weeks_ago: int, **felt: int) -> PastIdea:
        """Return a past date."""
        return PastIdea(idea_id, WEEK.monday - timedelta(weeks=weeks_ago), "done", felt=felt)

    def test_by_hand(self) -> None:
        """Rated counts half with expected; eight weeks halve a date; one doubtful date stands beside them."""
        mean = np.array([[4.0, 3.0], [3.0, 2.0]])
        occasion = occasion_of(None, self.done("a", 8, robin=5, sam=1), self.done("b", 16, robin=4))
        found = ledger_of(self.TABLE, mean, occasion)
        # Robin, who expects 3.5 of an average idea: (4 + 5) / 2 = 4.5 and 3.5. Sam, 2.5: 2 and, unrated, 2.
        total = 0.5 + 0.25 + 1
        np.testing.assert_allclose(found.gained, [0.5 * 1.0 / total, -0.75 * 0.5 / total], atol=1e-12)
        np.testing.assert_allclose(found.received, [0.5 * 3.5 + 0.25 * 2.5, 0.75 * 1.0], atol=1e-12)

    def test_only_dates_that_were_count(self) -> None:
        """What was shown, planned or swapped away, and ideas that are gone, give nobody anything."""
        past = [PastIdea("a", WEEK.monday, met) for met in ("shown", "planned", "swapped", "kept")]
        occasion = occasion_of(None, *past, self.done("gone", 1, robin=5))
        assert ledger_of(self.TABLE, np.array([[4.0, 3.0], [3.0, 2.0]]), occasion).gained.tolist() == [0, 0]

    def test_the_plan_leans_to_whom_it_owes(self) -> None:
        """Of two ideas, one for each partner, the plan's best goes to the one whom past dates gave less."""
        model = known([4.0, 3.4, 3.7], [3.4, 4.0, 3.7])
        ideas = table_of(idea("a"), idea("b", touch="sustained"), idea("past", domain="nature"))
        one = PlanSettings(exploration=0.0, roles=("open",), lean_weight=0.5)

        def best(**felt: int) -> str:
            occasion = occasion_of(two(), self.done("past", 13, **felt))
            return weekly_plan(ideas, model, occasion, one, lambda: "x").suggestions[0].idea_id

        assert (best(robin=5, sam=1), best(robin=1, sam=5)) == ("b", "a")

"""Goals: what counts, over which weeks, and what a goal that is behind lifts and never forces."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.domain import Circumstances, Goal, Progress, Week
from recommender.planning.goals import behind, progress, serves
from recommender.planning.lifts import lifts
from recommender.planning.occasion import Occasion, PastIdea
from recommender.planning.settings import PlanSettings
from recommender.planning.weekly import weekly_plan
from recommender.service import (
    Deployment,
    export_me,
    get_couple,
    get_week,
    goal_lines,
    log_date,
    plan_body,
    put_rating,
    update_couple,
    update_date,
)
from tests.api_world import with_catalogue, with_shipped_catalogue
from tests.conftest import WEEK, Clock, Two, join
from tests.planning_world import idea, known, occasion_of, occasions, served_prior, table_of, two

TABLE = table_of(
    idea("cook", screen="phone_free", food="cook", practice="ritual"),
    idea("film", screen="central", food="snack"),
    idea("out", screen="phone_free", food="meal_out", practice=("kindness", "ritual")),
    idea("walk", screen="phone_free", food="none", practice="kindness"),
)
DINNERS = Goal(times=2, weeks=4, tags={"screen": ("phone_free",), "food": ("cook", "meal_out")})


@pytest.mark.parametrize(
    ("goal", "counting"),
    [
        (Goal(), ["cook", "film", "out", "walk"]),
        (Goal("ritual"), ["cook", "out"]),
        (Goal("kindness"), ["out", "walk"]),
        (DINNERS, ["cook", "out"]),
        (replace(DINNERS, practice="kindness"), ["out"]),
        (Goal(tags={"food": ("snack",)}), ["film"]),
        (Goal("honest_talk"), []),
    ],
)
def test_what_counts_for_a_goal(goal: Goal, counting: list[str]) -> None:
    """An idea carries the practice and, of every facet named, one of the values; else anything counts."""
    mask = serves(TABLE, goal)
    assert [it.idea_id for it, counts in zip(TABLE.ideas, mask, strict=True) if counts] == counting


def past(idea_id: str, days: int, met: str = "done") -> PastIdea:
    """Return a meeting some days after the Monday of the week."""
    return PastIdea(idea_id, WEEK.monday + timedelta(days=days), met)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("goal", "first", "last"),
    [
        (replace(DINNERS, weeks=1), date(2026, 11, 23), date(2026, 11, 29)),
        (replace(DINNERS, weeks=2), date(2026, 11, 16), date(2026, 11, 29)),
        (DINNERS, date(2026, 11, 2), date(2026, 11, 29)),
    ],
)
def test_the_weeks_that_count(goal: Goal, first: date, last: date) -> None:
    """The week itself and those before it, from a Monday to a Sunday, with both of them in it."""
    day = timedelta(days=1)
    days = [(first - WEEK.monday).days, (last - WEEK.monday).days]
    inside = [past("cook", at) for at in days]
    outside = [past("cook", days[0] - 1), past("cook", days[1] + 1)]
    found = progress(TABLE, occasion_of(two(goals=(goal,)), *inside, *outside), goal)
    assert found == Progress(2, 2, first, last)
    assert (found.until + day).isoweekday() == found.since.isoweekday() == 1


def test_only_what_was_done_counts() -> None:
    """Planned, shown or swapped is not done, nor is what does not serve the goal or left the catalogue."""
    history = (
        *(past("cook", -1, met) for met in ("planned", "shown", "swapped")),
        past("walk", -1),
        past("gone", -1),
        past("out", -1),
    )
    found = progress(TABLE, occasion_of(two(goals=(DINNERS,)), *history), DINNERS)
    assert (found.done, found.reached) == (1, False)


def test_what_is_behind_is_any_goal_not_reached() -> None:
    """One goal reached and one behind: what serves the second is behind, and more done is no debt."""
    couple = two(goals=(DINNERS, Goal("kindness", times=1, weeks=1)))
    history = (past("cook", -2), past("cook", -3), past("cook", -4))
    np.testing.assert_array_equal(behind(TABLE, occasion_of(couple, *history)), [False, False, True, True])


def test_a_goal_lifts_nothing_under_the_floor() -> None:
    """An idea that one of them is expected to rate under the floor of 3 is not lifted, at 3 it is."""
    occasion = occasion_of(two(goals=(Goal("ritual"),)))
    found = lifts(TABLE, occasion, PlanSettings(), np.array([2.99, 5.0, 3.0, 5.0]))
    np.testing.assert_allclose(found.goals, [0.0, 0.0, 0.15, 0.0])


def test_a_goal_never_brings_what_one_would_sit_through() -> None:
    """However much a goal weighs, the idea that serves it and is disliked by one is not chosen for it."""
    strong = PlanSettings(goal_weight=100.0, exploration=0.0, floor_weight=0.0, roles=("open",))
    occasion = occasion_of(two(goals=(Goal("ritual"),)))
    liked = known([5.0, 3.0, 5.0, 3.0], [2.9, 3.5, 2.9, 3.6])
    (chosen,) = weekly_plan(TABLE, liked, occasion, strong, lambda: "s").suggestions
    plain = replace(strong, goal_weight=0.0)
    (without,) = weekly_plan(TABLE, liked, occasion, plain, lambda: "s").suggestions
    assert chosen.idea_id == without.idea_id
    assert all(reason.kind != "goals" for reason in chosen.reasons)


def test_a_goal_decides_between_equals() -> None:
    """Of ideas liked alike, the one that serves the goal comes first, and says so."""
    one = PlanSettings(exploration=0.0, roles=("open",))
    occasion = occasion_of(two(goals=(Goal("honest_talk"), Goal(tags={"food": ("snack",)}))))
    (chosen,) = weekly_plan(TABLE, known([4.0] * 4, [4.0] * 4), occasion, one, lambda: "s").suggestions
    assert chosen.idea_id == "film"
    assert [r.contribution for r in chosen.reasons if r.kind == "goals"] == [0.15]


@settings(max_examples=30, deadline=None)
@given(occasion=occasions(), weight=st.floats(0, 10))
def test_no_goal_lifts_a_disliked_idea(occasion: Occasion, weight: float) -> None:
    """Whatever couple, past and weight: each suggestion with a goal's points is above the floor for both."""
    models = served_prior()
    model = models.expect(occasion.couple, (), ())
    plan = weekly_plan(models.table, model, occasion, PlanSettings(goal_weight=weight), lambda: "s")
    for suggestion in plan.suggestions:
        if any(reason.kind == "goals" for reason in suggestion.reasons):
            assert model.mean[:, models.table.index[suggestion.idea_id]].min() >= 3.0


class TestKept:
    """Goals over a real database."""

    @pytest.fixture
    def d(self, deployment: Deployment) -> Deployment:
        """Return a deployment with the four ideas."""
        return with_catalogue(deployment, replace(deployment.catalogue, ideas=TABLE.ideas))

    @pytest.fixture
    def lovers(self, d: Deployment) -> Two:
        """Join two who want two phone-free dinners in four weeks, and any date this week."""
        lovers = join(d, "Robin", "Sam")
        update_couple(d, lovers.robin, goals=[DINNERS, Goal(weeks=1)])
        return lovers

    def done(self, d: Deployment, caller: Two, view: str) -> list[int]:
        """Return how many are done of each goal, as the couple or as its week tells it."""
        if view == "couple":
            return [it.done for it in get_couple(d, caller.sam).progress]
        return [it.done for _, it in get_week(d, caller.robin, WEEK).goals]

    @pytest.mark.parametrize("view", ["couple", "week"])
    def test_dates_done_count(self, d: Deployment, lovers: Two, view: str) -> None:
        """A date done counts for what it serves; once it is only planned, skipped or gone, it does not."""
        assert self.done(d, lovers, view) == [0, 0]
        dinner = log_date(d, lovers.robin, on=WEEK.monday, idea_id="cook").date.date_id
        log_date(d, lovers.robin, on=WEEK.monday, idea_id="film")
        log_date(d, lovers.robin, on=WEEK.monday, title="The lake")
        assert self.done(d, lovers, view) == [1, 2]
        update_date(d, lovers.robin, dinner, status="skipped")
        assert self.done(d, lovers, view) == [0, 1]

    def test_a_rated_date_counts_once(self, d: Deployment, lovers: Two) -> None:
        """Rating marks it done; two ratings are still one date."""
        dinner = log_date(d, lovers.robin, on=WEEK.monday, idea_id="cook").date.date_id
        for caller in (lovers.robin, lovers.sam):
            put_rating(d, caller, dinner, enjoyment=4)
        assert self.done(d, lovers, "couple") == [1, 1]

    def test_weeks_go_by(self, d: Deployment, lovers: Two, clock: Clock) -> None:
        """Three weeks later the dinner still counts for four weeks, and four weeks later it does not."""
        log_date(d, lovers.robin, on=WEEK.monday, idea_id="cook")
        clock.wait(weeks=3)
        assert self.done(d, lovers, "couple") == [1, 0]
        clock.wait(weeks=1)
        assert self.done(d, lovers, "couple") == [0, 0]

    def test_the_week_is_the_couples_own(self, d: Deployment, lovers: Two, clock: Clock) -> None:
        """Where it is Monday already, last week's date has left a goal of one week."""
        log_date(d, lovers.robin, on=WEEK.monday, idea_id="film")
        clock.now = clock.now.replace(day=29, hour=12)
        assert self.done(d, lovers, "couple") == [0, 1]
        update_couple(d, lovers.robin, circumstances=Circumstances(time_zone="Pacific/Auckland"))
        assert self.done(d, lovers, "couple") == [0, 0]
        assert get_couple(d, lovers.robin).progress[1].since == WEEK.next().monday

    def test_a_later_week_tells_of_its_own_weeks(self, d: Deployment, lovers: Two) -> None:
        """The plan of another week counts up to the end of that week."""
        seen = get_week(d, lovers.robin, Week.parse("2026-W50")).goals
        assert [(it.since, it.until) for _, it in seen] == [
            (date(2026, 11, 16), date(2026, 12, 13)),
            (date(2026, 12, 7), date(2026, 12, 13)),
        ]

    def test_the_same_goal_twice_is_one(self, d: Deployment, lovers: Two) -> None:
        """Equal goals are kept once; the same kind over another time is another goal; empty tags are none."""
        sent = [DINNERS, Goal("ritual"), DINNERS, Goal("ritual", 1, 8), Goal(tags={"food": ()})]
        told = update_couple(d, lovers.sam, goals=sent)
        assert told.goals == (DINNERS, Goal("ritual"), Goal("ritual", 1, 8), Goal())

    def test_they_are_in_words_on_the_command_line(self, d: Deployment, lovers: Two) -> None:
        """A goal is told by its labels with what is done, and as JSON with its progress."""
        log_date(d, lovers.robin, on=WEEK.monday, idea_id="out")
        view = get_week(d, lovers.robin, WEEK)
        labels = {v.name: v.label for f in TABLE.taxonomy.facets.values() for v in f.values}
        assert goal_lines(d, view) == (
            f"{labels['phone_free']}, {labels['cook']}, {labels['meal_out']}: 1 of 2 since 02 November",
            "a date: 1 of 1 since 23 November",
        )
        assert plan_body(d, view)["goals"][1]["progress"]["done"] == 1

    def test_an_export_has_them(self, d: Deployment, lovers: Two) -> None:
        """Goals come out as they were set."""
        goals = export_me(d, lovers.robin)["goals"]
        assert json.loads(json.dumps(goals))[0]["tags"] == {
            "screen": ["phone_free"],
            "food": ["cook", "meal_out"],
        }


def test_a_goal_of_before_is_still_read(deployment: Deployment, clock: Clock) -> None:
    """A goal stored when it was a practice and two numbers is the same goal now."""
    from sqlalchemy import text

    d = with_shipped_catalogue(deployment)
    lovers = join(d, "Robin", "Sam")
    with d.engine.begin() as connection:
        stored = json.dumps([{"practice": "ritual", "times": 2, "weeks": 3}])
        connection.execute(text("UPDATE couples SET goals = :goals"), {"goals": stored})
    assert get_couple(d, lovers.robin).goals == (Goal("ritual", 2, 3),)

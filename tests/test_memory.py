"""A week that was told before is told again from memory, and never as it no longer is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from recommender.domain import Boundaries, Circumstances, Goal, MarkWord, Pause, Week
from recommender.errors import Unauthenticated
from recommender.planning.settings import PlanSettings
from recommender.service import (
    Caller,
    Deployment,
    WeekView,
    choose,
    delete_date,
    get_week,
    keep_ritual,
    leave,
    list_dates,
    log_date,
    put_boundaries,
    put_mark,
    put_rating,
    swap,
    tell_week,
    update_couple,
    update_date,
    update_me,
)
from recommender.service import memory as memory_module
from recommender.service.memory import Memory
from recommender.service.serving import ServedModels
from tests.api_world import with_shipped_catalogue
from tests.conftest import WEEK, Clock, Two, join

OTHER = Week.parse("2026-W47")
Act = Callable[[Deployment, Two, WeekView], object]


@pytest.fixture
def d(deployment: Deployment) -> Deployment:
    """Return an empty deployment that suggests from the shipped ideas, always the best."""
    return replace(with_shipped_catalogue(deployment), plan_settings=PlanSettings(exploration=0.0))


def marked(word: MarkWord) -> Act:
    """Return the act of one partner marking the whole week."""

    def act(d: Deployment, two: Two, view: WeekView) -> None:
        for suggestion in view.plan.suggestions:
            put_mark(d, two.robin, WEEK, suggestion.suggestion_id, word)

    return act


@pytest.fixture
def two(d: Deployment, clock: Clock) -> Two:
    """Join two with a goal, a rated date and a chosen one, of whom one has marked and kept something."""
    clock.wait(weeks=-1)
    two = join(d, "Robin", "Sam")
    update_couple(d, two.robin, goals=(Goal(None, times=3, weeks=4),))
    get_week(d, two.robin, OTHER)
    lived = log_date(d, two.robin, on=OTHER.monday, idea_id=d.catalogue.ideas[0].idea_id).date
    put_rating(d, two.robin, lived.date_id, enjoyment=3)
    clock.wait(days=12)
    view = get_week(d, two.robin, WEEK)
    choose(d, two.robin, WEEK, view.plan.suggestions[0].suggestion_id)
    keep_ritual(d, two.robin, view.rituals[1].ritual.ritual_id)
    marked("maybe")(d, two, view)
    return two


def anew(d: Deployment, caller: Caller) -> WeekView:
    """Return a week as whoever remembers nothing sees it."""
    return get_week(replace(d, memory=Memory()), caller, WEEK)


def both_marked(d: Deployment, two: Two, view: WeekView) -> None:
    """Mark everything, both."""
    for suggestion in view.plan.suggestions:
        for caller in (two.robin, two.sam):
            put_mark(d, caller, WEEK, suggestion.suggestion_id, "yes")


def both_kept(d: Deployment, two: Two, view: WeekView) -> None:
    """Keep a ritual, both."""
    for caller in (two.robin, two.sam):
        keep_ritual(d, caller, view.rituals[0].ritual.ritual_id)


def chosen_id(d: Deployment, two: Two) -> str:
    """Return the id of the date that was chosen for the week."""
    return next(it.date.date_id for it in list_dates(d, two.robin) if it.date.suggestion_id)


ACTS: dict[str, Act] = {
    "name": lambda d, two, _: update_me(d, two.sam, name="Samira"),
    "open to tender talk": lambda d, two, _: update_me(d, two.sam, tender_weeks=[str(WEEK)]),
    "a boundary against a suggestion": lambda d, two, view: put_boundaries(
        d, two.sam, Boundaries(ideas_never=(view.plan.suggestions[1].idea_id,))
    ),
    "a boundary against what is chosen": lambda d, two, view: put_boundaries(
        d, two.sam, Boundaries(ideas_never=(view.plan.suggestions[0].idea_id,))
    ),
    "a boundary against a ritual": lambda d, two, view: put_boundaries(
        d, two.sam, Boundaries(ideas_never=(view.rituals[0].ritual.idea_id,))
    ),
    "time zone": lambda d, two, _: update_couple(
        d, two.sam, circumstances=Circumstances(time_zone="Asia/Tokyo")
    ),
    "pause": lambda d, two, _: update_couple(
        d, two.sam, circumstances=Circumstances(pause=Pause(str(WEEK), 1))
    ),
    "goals": lambda d, two, _: update_couple(d, two.sam, goals=(Goal("ritual", times=1),)),
    "no goals": lambda d, two, _: update_couple(d, two.sam, goals=()),
    "swap": lambda d, two, view: swap(d, two.sam, WEEK, view.plan.suggestions[1].suggestion_id, "other"),
    "a mark": marked("yes"),
    "another mark": marked("not_this_time"),
    "both mark": both_marked,
    "a ritual": lambda d, two, view: keep_ritual(d, two.sam, view.rituals[0].ritual.ritual_id),
    "both keep a ritual": both_kept,
    "both keep a ritual of another week": lambda d, two, _: both_kept(d, two, get_week(d, two.sam, OTHER)),
    "a date logged": lambda d, two, _: log_date(
        d, two.sam, on=WEEK.monday, idea_id=d.catalogue.ideas[1].idea_id
    ),
    "a date done": lambda d, two, _: update_date(d, two.sam, chosen_id(d, two), status="done"),
    "a date moved": lambda d, two, _: update_date(
        d, two.sam, chosen_id(d, two), starts_at=d.clock() + timedelta(days=300)
    ),
    "a date rated": lambda d, two, _: put_rating(d, two.sam, chosen_id(d, two), enjoyment=4),
    "a date deleted": lambda d, two, _: delete_date(d, two.sam, chosen_id(d, two)),
}


@pytest.mark.parametrize("name", ACTS)
def test_whatever_changes_is_told_at_once(d: Deployment, two: Two, name: str) -> None:
    """Each partner's week is the one that somebody without a memory sees, before and after."""
    before = [get_week(d, caller, WEEK) for caller in (two.robin, two.sam)]
    assert [get_week(d, caller, WEEK) for caller in (two.robin, two.sam)] == before

    ACTS[name](d, two, before[0])

    for caller in (two.robin, two.sam):
        assert get_week(d, caller, WEEK) == anew(d, caller)
        assert get_week(d, caller, WEEK) == anew(d, caller)


def test_a_date_that_is_not_chosen_any_more_goes(d: Deployment, two: Two) -> None:
    """One outside a boundary stays as long as it is chosen, and no longer."""
    out = get_week(d, two.robin, WEEK).plan.suggestions[0]
    put_boundaries(d, two.sam, Boundaries(ideas_never=(out.idea_id,)))
    update_couple(d, two.sam, goals=())
    assert (
        get_week(d, two.robin, WEEK).plan.suggestions[0] == get_week(d, two.robin, WEEK).plan.suggestions[0]
    )
    assert out.idea_id in [s.idea_id for s in get_week(d, two.robin, WEEK).plan.suggestions]

    delete_date(d, two.robin, chosen_id(d, two))

    assert out.idea_id not in [s.idea_id for s in get_week(d, two.robin, WEEK).plan.suggestions]


def test_what_has_not_changed_is_not_made_again(d: Deployment, two: Two) -> None:
    """The same answer is handed out, to whom it was made for."""
    made: list[WeekView] = []

    def tell(_d: Deployment, view: WeekView) -> object:
        made.append(view)
        return object()

    get_week(d, two.robin, WEEK)
    first = tell_week(d, two.robin, WEEK, tell)
    assert tell_week(d, two.robin, WEEK, tell) is first
    assert len(made) == 1
    assert tell_week(d, two.sam, WEEK, tell) is not first
    assert len(made) == 2


def test_other_ideas_are_told_at_once(d: Deployment, two: Two) -> None:
    """What the catalogue offers no longer is replaced, though nothing in the database has changed."""
    out = get_week(d, two.robin, WEEK).plan.suggestions[1]
    get_week(d, two.robin, WEEK)
    left = tuple(idea for idea in d.catalogue.ideas if idea.idea_id != out.idea_id)
    catalogue = replace(d.catalogue, ideas=left)
    models = ServedModels(d.registry, catalogue)
    changed = replace(d, catalogue=catalogue, models=models, table=models.table)

    assert out.idea_id not in [s.idea_id for s in get_week(changed, two.robin, WEEK).plan.suggestions]


def test_who_left_is_told_nothing(d: Deployment, two: Two) -> None:
    """Also if they were recognised before."""
    get_week(d, two.sam, WEEK)
    get_week(d, two.sam, WEEK)
    leave(d, two.sam)

    with pytest.raises(Unauthenticated):
        get_week(d, two.sam, WEEK)


def test_only_so_many_are_remembered(d: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest goes first."""
    monkeypatch.setattr(memory_module, "MOST", 2)
    memory = Memory()
    for number in range(3):
        memory.hold(d.table, number, f"week {number}")

    assert [memory.find(d.table, number) for number in range(3)] == [None, "week 1", "week 2"]

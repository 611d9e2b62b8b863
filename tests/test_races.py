"""A week is drafted before the couple is held: what is said in between counts, and nothing is there twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from recommender.domain import Boundaries, Circumstances, Couple, CoupleDate, Pause, Rating
from recommender.planning.settings import PlanSettings
from recommender.planning.weekly import Expectation
from recommender.service import (
    Caller,
    Deployment,
    get_plan,
    get_week,
    log_date,
    put_boundaries,
    put_rating,
    update_couple,
)
from recommender.service.callers import couple_of
from recommender.service.past import Past, read_past
from recommender.service.rituals import first_rituals
from recommender.service.serving import Models
from recommender.service.weeks import make_plan, standpoint
from recommender.store import reading
from tests.api_world import with_shipped_catalogue
from tests.conftest import WEEK, Two, join

Act = Callable[[Deployment, Two, list[str]], object]
READERS = [get_plan, get_week]


@dataclass
class Interrupted:
    """Models that expect what others do, after something has happened once."""

    models: Models
    act: Callable[[], object] | None

    def expect(self, couple: Couple, dates: Sequence[CoupleDate], ratings: Sequence[Rating]) -> Expectation:
        """Return what is expected of a couple as it was before."""
        act, self.act = self.act, None
        if act is not None:
            act()
        return self.models.expect(couple, dates, ratings)

    def ready(self) -> str:
        """Return the version that serves."""
        return self.models.ready()


@pytest.fixture
def d(deployment: Deployment) -> Deployment:
    """Return an empty deployment that suggests from the shipped ideas, always the best."""
    return replace(with_shipped_catalogue(deployment), plan_settings=PlanSettings(exploration=0.0))


@pytest.fixture
def lovers(d: Deployment) -> Two:
    """Join two partners where the shipped ideas are suggested, with a date behind them."""
    two = join(d, "Robin", "Sam")
    log_date(d, two.robin, on=WEEK.monday, idea_id=d.catalogue.ideas[0].idea_id)
    return two


def past_of(d: Deployment, caller: Caller) -> Past:
    """Return what is stored of a couple now."""
    with reading(d.engine) as connection:
        return read_past(connection, couple_of(connection, caller))


def drafted(d: Deployment, past: Past) -> tuple[list[str], list[str]]:
    """Return the ideas of the plan and of the rituals that a couple's past asks for, in order."""
    seen = standpoint(d, replace(past, exposures=(), rituals=()), WEEK)
    plan = make_plan(d, seen)
    return [it.idea_id for it in plan.suggestions], [it.idea_id for it in first_rituals(d, seen, plan)]


def stored(d: Deployment, caller: Caller) -> tuple[list[str], list[str]]:
    """Return the ideas of every suggestion and ritual that was ever stored, in order."""
    past = past_of(d, caller)
    return [it.suggestion.idea_id for it in past.exposures], [it.ritual.idea_id for it in past.rituals]


def forbid(d: Deployment, two: Two, ideas: list[str]) -> object:
    """Set, as one partner, a boundary that keeps everything away that was about to be shown."""
    return put_boundaries(d, two.sam, Boundaries(ideas_never=tuple(ideas)))


def live(d: Deployment, two: Two, ideas: list[str]) -> object:
    """Log the first of them as done."""
    return log_date(d, two.sam, on=WEEK.monday, idea_id=ideas[0])


def rate(d: Deployment, two: Two, _ideas: list[str]) -> object:
    """Say, as one partner, that their past date was the worst."""
    (date,) = past_of(d, two.sam).dates
    return put_rating(d, two.sam, date.date_id, enjoyment=1, again=False)


def limit(d: Deployment, two: Two, ideas: list[str]) -> object:
    """Have less time than any of them takes."""
    least = min(d.catalogue.idea(idea_id).minutes for idea_id in ideas[:3])
    return update_couple(d, two.robin, circumstances=Circumstances(minutes_max=least - 1))


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("act", [forbid, live, rate, limit])
def test_what_is_said_while_a_week_is_drafted_counts(
    d: Deployment, lovers: Two, act: Act, read: Callable[..., Any]
) -> None:
    """What is stored is what would have been drafted afterwards."""
    before = drafted(d, past_of(d, lovers.robin))
    models = Interrupted(d.models, lambda: act(d, lovers, [*before[0], *before[1]]))

    read(replace(d, models=models), lovers.robin, WEEK)

    plan, rituals = drafted(d, past_of(d, lovers.robin))
    assert plan != before[0] or act is rate
    assert stored(d, lovers.robin) == (plan, rituals if read is get_week else [])


@pytest.mark.parametrize("read", READERS)
def test_a_pause_set_while_a_week_is_drafted_counts(
    d: Deployment, lovers: Two, read: Callable[..., Any]
) -> None:
    """Nothing is kept of it."""
    pause = Circumstances(pause=Pause(str(WEEK), 1))
    models = Interrupted(d.models, lambda: update_couple(d, lovers.sam, circumstances=pause))

    told = read(replace(d, models=models), lovers.robin, WEEK)

    assert (told if read is get_plan else told.plan).suggestions == ()
    assert stored(d, lovers.robin) == ([], [])


@pytest.mark.parametrize("read", READERS)
def test_of_two_who_draft_a_week_one_is_first(d: Deployment, lovers: Two, read: Callable[..., Any]) -> None:
    """The other sees the same week, and each place of it is filled once."""
    wanted = drafted(d, past_of(d, lovers.robin))
    models = Interrupted(d.models, lambda: get_week(d, lovers.sam, WEEK))

    told = read(replace(d, models=models), lovers.robin, WEEK)

    seen = get_week(d, lovers.sam, WEEK)
    assert stored(d, lovers.robin) == wanted
    told = told if read is get_plan else told.plan
    assert [s.suggestion_id for s in told.suggestions] == [s.suggestion_id for s in seen.plan.suggestions]


@pytest.mark.parametrize("act", [forbid, live])
def test_what_is_said_while_rituals_are_drafted_counts(d: Deployment, lovers: Two, act: Act) -> None:
    """Also where the plan stands already."""
    get_plan(d, lovers.robin, WEEK)
    _, before = drafted(d, past_of(d, lovers.robin))
    models = Interrupted(d.models, lambda: act(d, lovers, before))

    view = get_week(replace(d, models=models), lovers.robin, WEEK)

    assert len(before) == len(view.rituals) == 2
    gone = set(before) if act is forbid else set()
    assert not gone & set(stored(d, lovers.robin)[1])
    assert len(stored(d, lovers.robin)[1]) == 2


def test_a_pause_set_while_rituals_are_drafted_counts(d: Deployment, lovers: Two) -> None:
    """The week has none."""
    get_plan(d, lovers.robin, WEEK)
    pause = Circumstances(pause=Pause(str(WEEK), 1))
    models = Interrupted(d.models, lambda: update_couple(d, lovers.sam, circumstances=pause))

    assert get_week(replace(d, models=models), lovers.robin, WEEK).rituals == ()
    assert stored(d, lovers.robin)[1] == []


def test_of_two_who_draft_rituals_one_is_first(d: Deployment, lovers: Two) -> None:
    """The other sees the same two."""
    get_plan(d, lovers.robin, WEEK)
    models = Interrupted(d.models, lambda: get_week(d, lovers.sam, WEEK))

    view = get_week(replace(d, models=models), lovers.robin, WEEK)

    theirs = get_week(d, lovers.sam, WEEK)
    assert [it.ritual.ritual_id for it in view.rituals] == [it.ritual.ritual_id for it in theirs.rituals]
    assert len(stored(d, lovers.robin)[1]) == 2

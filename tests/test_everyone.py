"""The week's plan for every couple, over processes and a cluster, killed and run again."""

from __future__ import annotations

import gc
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from time import sleep
from zoneinfo import ZoneInfo

import pytest
from distributed import LocalCluster
from joblib import Parallel, delayed
from sqlalchemy import Engine, func, select

from recommender.domain import Boundaries, Circumstances, Couple, CoupleDate, Pause, Plan, Rating, Slot, Week
from recommender.errors import InvalidInput, NotFound
from recommender.planning.weekly import Expectation
from recommender.service import (
    Caller,
    Deployment,
    Planned,
    Settings,
    get_plan,
    list_dates,
    log_date,
    open_deployment,
    plan_everyone,
    put_boundaries,
    put_rating,
    update_couple,
)
from recommender.service.serving import Models
from recommender.store import people, plans, reading, tables
from tests.api_world import with_shipped_catalogue
from tests.conftest import NOW, WEEK, Clock
from tests.crowds import couple_id, partner_id, settle
from tests.serving import PROGRAM, environment

N = 12


@pytest.fixture
def crowd(deployment: Deployment) -> Deployment:
    """Return a deployment with a dozen couples who rated five dates each."""
    settle(deployment.engine, N, n_rated=5)
    return with_shipped_catalogue(deployment)


def stored(deployment: Deployment) -> list[Plan]:
    """Return every couple's plan, without the ids of its suggestions."""
    with reading(deployment.engine) as connection:
        found = [plans.find_plan(connection, couple_id(n), WEEK) for n in range(N)]
    return [
        replace(plan, suggestions=tuple(replace(s, suggestion_id="") for s in plan.suggestions))
        for plan in found
        if plan is not None
    ]


def together(shards: Iterator[Planned]) -> Planned:
    """Return what came of all shards."""
    return sum(shards, Planned(0, 0, 0))


def test_the_plans_are_those_that_each_would_get(crowd: Deployment) -> None:
    """Planned in shards a couple has the plan that it would have been given when it asked."""
    assert together(plan_everyone(crowd, WEEK)) == Planned(N, 0, 0)
    in_shards = stored(crowd)
    with crowd.engine.begin() as connection:
        connection.execute(tables.plans.delete())
    for n in range(N):
        get_plan(crowd, Caller("operator", None, couple_id(n)), WEEK)

    assert len(in_shards) == N
    assert in_shards == stored(crowd)


def test_a_second_run_makes_nothing(crowd: Deployment) -> None:
    """Whoever has a plan keeps it; whoever wants none gets none; whoever came later gets one."""
    break_ = Circumstances(pause=Pause(str(WEEK), 1))
    update_couple(crowd, Caller("partner", partner_id(3, 1), couple_id(3)), circumstances=break_)
    first = together(plan_everyone(crowd, WEEK))
    before = stored(crowd)
    settle(crowd.engine, 1, first=N)

    assert first == Planned(N - 1, 0, 1)
    assert together(plan_everyone(crowd, WEEK)) == Planned(1, N - 1, 1)
    assert stored(crowd) == before


class Interrupting:
    """A model in the middle of whose work something happens."""

    def __init__(self, models: Models, happens: list[object]) -> None:
        self.models, self.happens = models, happens

    def ready(self) -> str:
        """Return the version that serves."""
        return self.models.ready()

    def expect(self, couple: Couple, dates: Sequence[CoupleDate], ratings: Sequence[Rating]) -> Expectation:
        """Return what the model says, after something happened."""
        if self.happens:
            self.happens.pop()()  # type: ignore[operator]
        return self.models.expect(couple, dates, ratings)


def test_who_changes_something_meanwhile_is_planned_anew(crowd: Deployment) -> None:
    """A limit set, and a couple gone, while others are being planned count all the same."""
    caller = Caller("partner", partner_id(5, 2), couple_id(5))

    def gone() -> None:
        with crowd.engine.begin() as connection:
            people.delete_couple(connection, couple_id(7))

    plans_of_all = together(plan_everyone(crowd, WEEK))
    was = next(plan for plan in stored(crowd) if plan.couple_id == couple_id(5))
    with crowd.engine.begin() as connection:
        connection.execute(tables.plans.delete())
    never = Boundaries(ideas_never=tuple(s.idea_id for s in was.suggestions))
    happens = [gone, lambda: put_boundaries(crowd, caller, never)]
    interrupted = replace(crowd, models=Interrupting(crowd.models, happens))

    assert plans_of_all.made == N
    assert together(plan_everyone(interrupted, WEEK)).made == N - 1
    now = next(plan for plan in stored(crowd) if plan.couple_id == couple_id(5))
    assert len(stored(crowd)) == N - 1
    assert not {s.idea_id for s in now.suggestions} & {s.idea_id for s in was.suggestions}


def live(crowd: Deployment, caller: Caller, was: Plan) -> object:
    """Log the first idea of a plan as done."""
    return log_date(crowd, caller, on=WEEK.monday, idea_id=was.suggestions[0].idea_id)


def rate(crowd: Deployment, caller: Caller, _was: Plan) -> object:
    """Say that a date of long ago was the worst."""
    date = next(seen.date for seen in list_dates(crowd, caller) if seen.mine and seen.mine.enjoyment > 1)
    return put_rating(crowd, caller, date.date_id, enjoyment=1)


@pytest.mark.parametrize("act", [live, rate])
def test_what_is_said_meanwhile_counts(crowd: Deployment, act: Callable[..., object]) -> None:
    """A date lived, and one rated, while others are being planned: what is stored knows of it."""
    caller = Caller("partner", partner_id(5, 2), couple_id(5))
    together(plan_everyone(crowd, WEEK))
    was = stored(crowd)
    with crowd.engine.begin() as connection:
        connection.execute(tables.plans.delete())
    happens = [lambda: act(crowd, caller, was[5])]
    interrupted = replace(crowd, models=Interrupting(crowd.models, happens))

    assert together(plan_everyone(interrupted, WEEK)) == Planned(N, 0, 0)

    now = stored(crowd)
    with crowd.engine.begin() as connection:
        connection.execute(tables.plans.delete())
    get_plan(crowd, Caller("operator", None, couple_id(5)), WEEK)
    (would_be,) = stored(crowd)
    assert now[5] == would_be != was[5]
    assert now[:5] + now[6:] == was[:5] + was[6:]


def test_who_wants_a_pause_meanwhile_has_one(crowd: Deployment) -> None:
    """Nothing is kept of it, and it is told as a pause."""
    caller = Caller("partner", partner_id(5, 2), couple_id(5))
    pause = Circumstances(pause=Pause(str(WEEK), 1))
    happens = [lambda: update_couple(crowd, caller, circumstances=pause)]
    interrupted = replace(crowd, models=Interrupting(crowd.models, happens))

    assert together(plan_everyone(interrupted, WEEK)) == Planned(N - 1, 0, 1)

    assert couple_id(5) not in {plan.couple_id for plan in stored(crowd)}


def test_each_lives_in_a_week_of_its_own(crowd: Deployment, clock: Clock) -> None:
    """Where no week is named it is the coming one where a couple lives: Sunday noon comes at its time."""
    clock.now = clock.now.replace(day=29, hour=5)  # Sunday: past noon in Auckland, not yet in London
    for n, zone in ((0, "Pacific/Auckland"), (1, "Europe/London")):
        caller = Caller("partner", partner_id(n, 1), couple_id(n))
        update_couple(crowd, caller, circumstances=Circumstances(time_zone=zone))

    together(plan_everyone(crowd))

    with reading(crowd.engine) as connection:
        weeks = plans.planned_weeks(connection, [couple_id(0), couple_id(1)], [WEEK, Week.parse("2026-W49")])
    assert {(id_, str(week)) for id_, week in weeks} == {
        (couple_id(0), "2026-W49"),
        (couple_id(1), "2026-W48"),
    }


def test_a_week_centuries_off_is_nobodys(crowd: Deployment) -> None:
    """Nobody is planned for, and the message says which weeks can be."""
    with pytest.raises(NotFound, match="there is no plan for 9990-W01"):
        together(plan_everyone(crowd, Week.parse("9990-W01")))

    assert stored(crowd) == []


# In processes and on a cluster


@pytest.fixture
def home(tmp_path: Path) -> Deployment:
    """Return a deployment that processes of their own can open, with a dozen couples."""
    settings = Settings.from_environment({"REKINDLE_HOME": str(tmp_path / "home")})
    opened = open_deployment(settings)
    settle(opened.engine, N, n_rated=5)
    return opened


def test_processes_and_a_cluster_plan_the_same(home: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    """One process, two, and a Dask cluster of two make the same plans, whoever plans whom."""
    monkeypatch.setattr("recommender.service.everyone.SHARD", 3)
    saturday = NOW + timedelta(days=5)  # which no process's own clock says
    home = replace(home, clock=lambda: saturday)
    made = []
    for name, value in home.settings.as_environment().items():
        monkeypatch.setenv(name, value)
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        for how in ({}, {"jobs": 2}, {"cluster": cluster.scheduler_address}):
            assert together(plan_everyone(home, WEEK, **how)) == Planned(N, 0, 0)
            made.append(stored(home))
            with home.engine.begin() as connection:
                connection.execute(tables.plans.delete())

    assert made[0] == made[1] == made[2]


def test_what_is_loaded_is_set_aside_from_garbage_collection(home: Deployment) -> None:
    """Processes that plan never look for garbage in what they opened; this one does again when it is done."""
    together(plan_everyone(home, WEEK, jobs=2))
    elsewhere = Parallel(n_jobs=2)(delayed(gc.get_freeze_count)() for _ in range(4))  # they are used again
    assert max(elsewhere) > 10_000

    with home.engine.begin() as connection:
        connection.execute(tables.plans.delete())
    shards = plan_everyone(home, WEEK)
    next(shards)
    assert gc.get_freeze_count() > 10_000
    shards.close()
    assert gc.get_freeze_count() == 0


def test_a_cluster_that_is_not_there_says_so(home: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is planned for, and the message names the address."""
    monkeypatch.setattr("recommender.service.everyone.CLUSTER_SECONDS", 1)

    with pytest.raises(InvalidInput, match=r"no scheduler answers at tcp://127\.0\.0\.1:1"):
        together(plan_everyone(home, WEEK, cluster="tcp://127.0.0.1:1"))


def n_plans(engine: Engine) -> int:
    """Return how many plans are stored."""
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(tables.plans)) or 0


def test_a_run_that_was_killed_goes_on(home: Deployment) -> None:
    """Killed midway with all it started, run again, and everybody has one plan of three suggestions."""
    settle(home.engine, 1000, first=N)
    command = [sys.executable, "-c", PROGRAM, "plan", "--all", "--week", str(WEEK), "--jobs", "2"]
    run = subprocess.Popen(
        command, env=environment(home.settings.home), start_new_session=True, stdout=subprocess.DEVNULL
    )
    while not n_plans(home.engine):
        assert run.poll() is None
        sleep(0.05)
    subprocess.run(["pkill", "-KILL", "-s", str(run.pid)], check=True)
    assert run.wait() == -signal.SIGKILL
    midway = n_plans(home.engine)
    again = subprocess.run(
        command, env=environment(home.settings.home), check=True, capture_output=True, text=True
    )

    assert 0 < midway < N + 1000
    assert f"{midway} had a plan" in again.stdout
    assert n_plans(home.engine) == N + 1000
    with home.engine.connect() as connection:
        shown = func.count().label("shown")
        each = select(shown).select_from(tables.suggestions).group_by(tables.suggestions.c.couple_id)
        assert set(connection.scalars(each)) <= {1, 2, 3}


@pytest.mark.parametrize("number", [12, 43])
def test_clocks_that_are_set_take_no_plan_along(crowd: Deployment, clock: Clock, number: int) -> None:
    """On the Sundays on which clocks are set everything begins and ends in free time, and is there once."""
    week, zone = Week(2027, number), ZoneInfo("Europe/London")
    sunday = week.monday + timedelta(days=6)
    midnight, eve, night = (datetime.combine(sunday, time(hour), tzinfo=zone) for hour in (0, 18, 23))
    dawn = midnight.timestamp() + 240 * 60  # four hours later, whatever clocks say then
    slots = (Slot(7, time(0), 240), Slot(7, time(18), 300))
    callers = [Caller("partner", partner_id(n, 1), couple_id(n)) for n in range(N)]
    for caller in callers:
        update_couple(crowd, caller, circumstances=Circumstances(time_zone=zone.key, slots=slots))
    clock.now = datetime.combine(week.monday, time(9), tzinfo=UTC)

    made = together(plan_everyone(crowd, week))
    clock.now = eve  # past the change
    again = together(plan_everyone(crowd, week))

    assert (made, again) == (Planned(N, 0, 0), Planned(0, N, 0))
    with reading(crowd.engine) as connection:
        shown = plans.all_exposures(connection, *map(couple_id, range(N)))
    for one in shown:
        begins = one.suggestion.starts_at
        ends = begins + timedelta(minutes=crowd.catalogue.idea(one.suggestion.idea_id).minutes)
        assert (sunday == begins.astimezone(zone).date() and ends.timestamp() <= dawn) or (
            eve.timestamp() <= begins.timestamp() and ends.timestamp() <= night.timestamp()
        )
    assert any(one.suggestion.starts_at.timestamp() < dawn for one in shown)
    assert len({(one.couple_id, one.suggestion.position) for one in shown}) == len(shown)

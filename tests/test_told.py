"""A week is told again as it was told, and never once anything that it was told from has changed."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from time import perf_counter
from typing import Any

import orjson
import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select, text, update
from werkzeug.test import TestResponse

import api
import recommender
from api.app import create_app
from api.code import code_hash
from api.routes.weeks import week_writer
from recommender.domain import Boundaries, Circumstances, Goal, Pause
from recommender.errors import Conflict
from recommender.planning.settings import PlanSettings
from recommender.service import (
    Caller,
    Deployment,
    Settings,
    WeekView,
    Writer,
    accept_invite,
    backup_database,
    choose,
    delete_couple,
    delete_date,
    delete_rating,
    get_week,
    keep_ritual,
    leave,
    list_dates,
    log_date,
    new_calendar,
    new_invite,
    put_answers,
    put_boundaries,
    put_mark,
    put_rating,
    restore_database,
    swap,
    tell_anew,
    told_week,
    update_couple,
    update_date,
    update_me,
)
from recommender.store import engine as engines
from recommender.store import told, transaction
from recommender.store.engine import open_engine
from recommender.store.tables import marks, metadata, revisions, told_weeks
from recommender.store.watches import UNWATCHED, unwatch, watch, watched
from tests import postgresql
from tests.api_world import Person, accept, signed_in, start, with_catalogue, with_shipped_catalogue
from tests.conftest import WEEK, Two, join, on_sqlite

Act = Callable[[Deployment, Two], object]
TAMPERED = "as it was told"


@pytest.fixture
def d(deployment: Deployment) -> Deployment:
    """Return an empty deployment that suggests from the shipped ideas, always the best."""
    return replace(with_shipped_catalogue(deployment), plan_settings=PlanSettings(exploration=0.0))


@pytest.fixture
def lovers(d: Deployment) -> Two:
    """Join two partners with a goal, a plan, a date to come and one behind them."""
    two = join(d, "Robin", "Sam")
    update_couple(d, two.robin, goals=(Goal(times=2),))
    view = get_week(d, two.robin, WEEK)
    choose(d, two.robin, WEEK, view.plan.suggestions[2].suggestion_id)
    log_date(d, two.sam, on=WEEK.monday, idea_id=d.catalogue.ideas[0].idea_id)
    return two


def read(d: Deployment, caller: Caller) -> str:
    """Return a partner's week as the API tells it."""
    return told_week(d, caller, WEEK, week_writer())


def anew(d: Deployment, caller: Caller) -> str:
    """Return a partner's week, told from what it is made of."""
    return week_writer().write(d, get_week(d, caller, WEEK))


def keep(d: Deployment, two: Two) -> None:
    """Have both read their week, and put other words in place of what is kept of it."""
    for caller in (two.robin, two.robin, two.sam):
        read(d, caller)
    with transaction(d.engine) as connection:
        changed = connection.execute(update(told_weeks).values(body=TAMPERED))
    assert changed.rowcount == 2


def revision(engine: Engine, couple_id: str | None) -> int:
    """Return how often a couple's things have changed."""
    with engine.connect() as connection:
        asked = select(revisions.c.revision).where(revisions.c.couple_id == couple_id)
        return int(connection.scalar(asked) or 0)


def test_a_week_is_told_again_as_it_was_told(d: Deployment, lovers: Two) -> None:
    """From the second reading on it comes from what is kept, to each partner their own."""
    first = read(d, lovers.robin)
    assert orjson.loads(first) == orjson.loads(anew(d, lovers.robin))

    keep(d, lovers)

    assert read(d, lovers.robin) == read(d, lovers.sam) == TAMPERED


def test_each_is_told_their_own(d: Deployment, lovers: Two) -> None:
    """What one marked is in their own week, and not in the other's, however often both read."""
    mark_first(d, lovers)
    bodies = [[read(d, caller) for caller in (lovers.robin, lovers.sam)] for _ in range(3)]

    assert bodies[0] == bodies[1] == bodies[2] == [anew(d, lovers.robin), anew(d, lovers.sam)]
    assert '"mine":"yes"' in bodies[0][0]
    assert '"mine":"yes"' not in bodies[0][1]


def suggestion_id(d: Deployment, two: Two, at: int = 0) -> str:
    """Return the id of one of the week's suggestions."""
    return get_week(d, two.robin, WEEK).plan.suggestions[at].suggestion_id


def mark_first(d: Deployment, two: Two) -> object:
    """Robin marks the first suggestion."""
    return put_mark(d, two.robin, WEEK, suggestion_id(d, two), "yes")


def a_date(d: Deployment, two: Two, status: str) -> str:
    """Return the id of a date with a status."""
    return next(it.date.date_id for it in list_dates(d, two.sam) if it.date.status == status)


def rate(d: Deployment, two: Two) -> object:
    """Robin rates the date behind them."""
    return put_rating(d, two.robin, a_date(d, two, "done"), enjoyment=2, note="mine")


def take_back(d: Deployment, two: Two) -> object:
    """Robin takes back whatever they said of it."""
    return delete_rating(d, two.robin, a_date(d, two, "done"))


def never(d: Deployment, two: Two) -> object:
    """Robin never wants the first suggestion again."""
    (row,) = (s.idea_id for s in get_week(d, two.robin, WEEK).plan.suggestions[:1])
    return put_boundaries(d, two.robin, Boundaries(ideas_never=(row,)))


def have_no_date_to_come(d: Deployment, two: Two) -> object:
    """Sam calls the date off and takes it out."""
    it = a_date(d, two, "planned")
    update_date(d, two.sam, it, status="skipped")
    return delete_date(d, two.sam, it)


def keep_one(d: Deployment, two: Two) -> object:
    """Sam confirms a ritual."""
    return keep_ritual(d, two.sam, get_week(d, two.sam, WEEK).rituals[0].ritual.ritual_id)


def pause(d: Deployment, two: Two) -> object:
    """The two take a break."""
    return update_couple(d, two.sam, circumstances=Circumstances(pause=Pause(str(WEEK), 2)))


ACTS: dict[str, Act] = {
    "mark": mark_first,
    "rate": rate,
    "take a rating back": lambda d, two: (rate(d, two), take_back(d, two)),
    "boundary": never,
    "answers": lambda d, two: put_answers(d, two.sam, {"tonight": "in"}),
    "name": lambda d, two: update_me(d, two.sam, name="Samira"),
    "dial": lambda d, two: update_me(d, two.robin, freshness=0.9),
    "tender talk": lambda d, two: update_me(d, two.robin, tender_weeks=(str(WEEK),)),
    "goals": lambda d, two: update_couple(d, two.robin, goals=()),
    "limits": lambda d, two: update_couple(d, two.sam, circumstances=Circumstances(minutes_max=45)),
    "another zone": lambda d, two: update_couple(
        d, two.sam, circumstances=Circumstances(time_zone="Asia/Tokyo")
    ),
    "pause": pause,
    "swap": lambda d, two: swap(d, two.sam, WEEK, suggestion_id(d, two, 1), "too_far"),
    "choose": lambda d, two: choose(d, two.sam, WEEK, suggestion_id(d, two, 1)),
    "log a date": lambda d, two: log_date(d, two.sam, on=WEEK.monday, title="Chips"),
    "call a date off": have_no_date_to_come,
    "ritual": keep_one,
    "leave": lambda d, two: leave(d, two.sam),
}


@pytest.mark.parametrize("act", ACTS)
def test_what_was_told_before_a_change_is_not_told_after_it(d: Deployment, lovers: Two, act: str) -> None:
    """Whatever either does, whoever is still there reads what the week has come to, again and again."""
    keep(d, lovers)

    ACTS[act](d, lovers)

    for caller in (lovers.robin,) if act == "leave" else (lovers.robin, lovers.sam):
        assert [read(d, caller) for _ in range(3)] == [anew(d, caller)] * 3


STEPS = st.tuples(st.sampled_from(sorted(ACTS.keys() - {"leave", "pause", "call a date off"})), st.booleans())


@on_sqlite
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(steps=st.lists(STEPS, min_size=1, max_size=5))
def test_whatever_happens_in_whatever_order(d: Deployment, steps: list[tuple[str, bool]]) -> None:
    """After every one of random acts, told anew at once or not, each reads what their week has come to."""
    two = join(d, "Robin", "Sam")
    log_date(d, two.sam, on=WEEK.monday, idea_id=d.catalogue.ideas[0].idea_id)
    read(d, two.robin)
    for act, at_once in steps:
        with suppress(Conflict, IndexError):  # chosen before, or nothing is left to be chosen
            ACTS[act](d, two)
        if at_once:
            tell_anew(d, two.robin.couple_id or "", week_writer())
        for caller in (two.sam, two.robin):
            assert [read(d, caller) for _ in range(2)] == [anew(d, caller)] * 2


def test_a_change_while_a_week_is_told_is_not_lost(d: Deployment, lovers: Two) -> None:
    """What was told of the state before is not kept for the one after."""
    writer, acts = week_writer(), [mark_first]

    def write(of: Deployment, view: WeekView) -> str:
        body = writer.write(of, view)
        if acts:
            acts.pop()(d, lovers)
        return body

    read(d, lovers.robin)
    before = told_week(d, lovers.robin, WEEK, Writer(writer.name, write))

    assert before != read(d, lovers.robin) == anew(d, lovers.robin)


def test_another_writer_tells_anew(d: Deployment, lovers: Two) -> None:
    """Other code, other ideas or another week: none is told what is kept for another."""
    keep(d, lovers)
    other = replace(week_writer(), name="other")
    fewer = with_catalogue(d, replace(d.catalogue, ideas=d.catalogue.ideas[:-1]))
    changed = replace(d, catalogue=replace(d.catalogue, content_hash="1" * 64))

    assert read(d, lovers.sam) == TAMPERED
    assert told_week(d, lovers.robin, WEEK.next(), week_writer()) != TAMPERED
    for another, writer in ((d, other), (fewer, week_writer()), (changed, week_writer())):
        keep(d, lovers)
        assert told_week(another, lovers.robin, WEEK, writer) == anew(d, lovers.robin)


def test_what_nobody_has_seen_yet_is_not_kept(d: Deployment, lovers: Two) -> None:
    """Marks that are complete are noted as seen by whoever reads them first, and by nobody else."""
    keep(d, lovers)
    for caller in (lovers.robin, lovers.sam):
        for at in range(3):
            put_mark(d, caller, WEEK, suggestion_id(d, lovers, at), "yes")

    tell_anew(d, lovers.robin.couple_id or "", week_writer())

    with transaction(d.engine) as connection:
        assert set(connection.scalars(select(marks.c.revealed_at))) == {None}
    assert len(told.find_outdated(d.engine, lovers.robin.couple_id or "")) == 2
    assert '"both":"yes"' in read(d, lovers.sam)


def test_a_week_that_lacks_something_is_not_kept(d: Deployment) -> None:
    """Where no ritual can be offered, the next reading looks for one again."""
    big = with_catalogue(
        d, replace(d.catalogue, ideas=tuple(i for i in d.catalogue.ideas if i.minutes >= 60))
    )
    robin = join(big, "Robin", "Sam").robin
    bodies = [read(big, robin) for _ in range(3)]

    assert '"rituals":[]' in bodies[0]
    with transaction(d.engine) as connection:
        assert connection.scalar(select(func.count()).select_from(told_weeks)) == 0


def test_both_are_told_anew(d: Deployment, lovers: Two) -> None:
    """After a private act of one, what is kept for either is of now, without their having read it."""
    keep(d, lovers)
    mark_first(d, lovers)
    assert len(told.find_outdated(d.engine, lovers.robin.couple_id or "")) == 2

    tell_anew(d, lovers.robin.couple_id or "", week_writer())

    assert told.find_outdated(d.engine, lovers.robin.couple_id or "") == []
    expected = [anew(d, lovers.robin), anew(d, lovers.sam)]
    with transaction(d.engine) as connection:
        kept = {row.partner_id: row.body for row in connection.execute(select(told_weeks))}
    assert [kept[lovers.robin.partner_id], kept[lovers.sam.partner_id]] == expected


@pytest.fixture
def app(deployment: Deployment) -> Flask:
    """Return an app on an empty database, with the shipped ideas."""
    return create_app(with_shipped_catalogue(deployment))


def private_acts(app: Flask, robin: Person, plan: Any) -> Iterator[TestResponse]:
    """Yield the answers to what Robin does in private, by the API and on pages."""
    first = plan["suggestions"][0]["suggestion_id"]
    date = robin("POST", "/v1/dates", {"title": "Chips", "on": "2026-11-20"}).json["date_id"]
    yield robin("PUT", f"/v1/weeks/{WEEK}/marks", {"suggestion_id": first, "mark": "maybe"})
    yield robin("PUT", f"/v1/dates/{date}/rating", {"enjoyment": 2})
    yield robin("DELETE", f"/v1/dates/{date}/rating")
    yield robin("PUT", "/v1/me/boundaries", {"ideas_never": [], "hazards_never": []})
    yield robin("PATCH", "/v1/me", {"freshness": 0.25})
    browser = signed_in(app, robin)
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(f"/week/{WEEK}").text)
    assert token is not None
    marked = {"suggestion": first, "word": "yes", "csrf_token": token[1]}
    yield browser.post(f"/week/{WEEK}/mark", data=marked)


def test_whoever_acts_leaves_nothing_to_be_told(app: Flask, deployment: Deployment) -> None:
    """When Robin has their answer, Sam's week is kept as it is now: a slower one would tell of the act."""
    robin, code = start(app)
    sam = accept(app, code)
    plan = [who("GET", f"/v1/weeks/{WEEK}") for who in (robin, robin, sam, robin)][-1].json
    with transaction(deployment.engine) as connection:
        couple_id = connection.scalar(select(revisions.c.couple_id))
    counted = [revision(deployment.engine, couple_id)]

    for answer in private_acts(app, robin, plan):
        assert answer.status_code < 400, answer.text
        counted.append(revision(deployment.engine, couple_id))
        assert told.find_outdated(deployment.engine, couple_id) == []

    assert counted == sorted(set(counted))  # each of them did change something


def test_what_cannot_be_told_anew_costs_no_answer(
    d: Deployment, lovers: Two, caplog: pytest.LogCaptureFixture
) -> None:
    """A database that fails by then is logged, and no more."""
    broken = replace(d, engine=open_engine("sqlite:////nowhere/at/all.sqlite3"))

    tell_anew(broken, lovers.robin.couple_id or "", week_writer())

    assert "could not be told anew" in caplog.text


@on_sqlite
def test_a_reading_waits_for_no_writer(d: Deployment, lovers: Two) -> None:
    """While somebody else writes, a week is told and not kept; afterwards it is kept."""
    keep(d, lovers)
    mark_first(d, lovers)

    with transaction(d.engine):
        began = perf_counter()
        body = read(d, lovers.sam)
        waited = perf_counter() - began
        assert len(told.find_outdated(d.engine, lovers.sam.couple_id or "")) == 2
    assert body == read(d, lovers.sam) == anew(d, lovers.sam)
    assert waited < 2  # SQLite itself would wait for five seconds
    assert len(told.find_outdated(d.engine, lovers.sam.couple_id or "")) == 1


@on_sqlite
def test_whoever_acts_waits_for_other_writers(d: Deployment, lovers: Two) -> None:
    """To leave nothing to be told, an act waits until what its partners are told can be kept."""
    keep(d, lovers)
    mark_first(d, lovers)
    writing, over = Event(), Event()

    def write() -> None:
        with transaction(d.engine):
            writing.set()
            over.wait(0.5)

    thread = Thread(target=write)
    thread.start()
    writing.wait()
    tell_anew(d, lovers.robin.couple_id or "", week_writer())
    thread.join()

    assert told.find_outdated(d.engine, lovers.robin.couple_id or "") == []


def test_what_is_kept_goes_with_whoever_it_was_told(d: Deployment, lovers: Two) -> None:
    """Nothing of it is left when they leave, and nothing at all of a couple that is gone."""
    keep(d, lovers)
    leave(d, lovers.sam)
    with transaction(d.engine) as connection:
        assert list(connection.scalars(select(told_weeks.c.partner_id))) == [lovers.robin.partner_id]

    delete_couple(d, lovers.robin)

    with transaction(d.engine) as connection:
        for table in (told_weeks, revisions):
            assert connection.scalar(select(func.count()).select_from(table)) == 0


# What counts


def test_everything_of_a_couple_counts() -> None:
    """Of the tables that hang on couples all but those by which people come in are watched."""
    of_couples = {"couples"}
    for table in metadata.sorted_tables:
        above = {key.column.table.name for key in table.foreign_keys}
        of_couples |= {table.name} if above & of_couples else set()

    assert {table.name for table in watched()} == of_couples - {table.name for table in UNWATCHED}
    assert {table.name for table in UNWATCHED} == {
        *("tokens", "links", "invites", "calendars"),
        *("revisions", "told_weeks"),
    }


@pytest.fixture
def counted(d: Deployment, lovers: Two) -> Two:
    """Return a couple that has something in every table, and whose changes are counted."""
    mark_first(d, lovers)
    rate(d, lovers)
    keep_one(d, lovers)
    told.begin_counting(d.engine, lovers.robin.couple_id or "")
    return lovers


@pytest.mark.parametrize("table", [table.name for table in watched()])
def test_every_row_counts(d: Deployment, counted: Two, table: str) -> None:
    """By whatever hand a row is changed, taken out or put in again, the couple's revision rises."""
    couple_id = counted.robin.couple_id
    by = next(iter(metadata.tables[table].primary_key.columns)).name
    found = [revision(d.engine, couple_id)]

    def do(statement: str, **values: object) -> None:
        with d.engine.begin() as connection:
            assert connection.execute(text(statement), values).rowcount > 0
        found.append(revision(d.engine, couple_id))

    do(f"UPDATE {table} SET {by} = {by}")
    if table != "couples":  # all would go with it
        with d.engine.begin() as connection:
            rows = [dict(row) for row in connection.execute(text(f"SELECT * FROM {table}")).mappings()]
        do(f"DELETE FROM {table}")
        if table in {"marks", "confirmations", "ratings"}:
            names = ", ".join(rows[0])
            do(f"INSERT INTO {table} ({names}) VALUES (:{names.replace(', ', ', :')})", **rows[0])
    assert found == sorted(set(found))


def test_new_rows_count(d: Deployment, counted: Two) -> None:
    """A new partner, date, plan, suggestion and ritual each raise the revision."""
    couple_id = counted.robin.couple_id or ""
    leave(d, counted.sam)
    told.begin_counting(d.engine, couple_id)
    found = [revision(d.engine, couple_id)]
    acts: tuple[Callable[[], object], ...] = (
        lambda: accept_invite(d, new_invite(d, counted.robin), "Kim"),
        lambda: log_date(d, counted.robin, on=WEEK.monday, title="Chips"),
        lambda: get_week(d, counted.robin, WEEK.next()),
    )
    for act in acts:
        act()
        found.append(revision(d.engine, couple_id))
    assert found == sorted(set(found))


def test_others_do_not_count(d: Deployment, counted: Two) -> None:
    """What another couple does, and how either comes in, leaves the revision as it is."""
    others, before = join(d, "Ada", "Ben"), revision(d.engine, counted.robin.couple_id)

    log_date(d, others.robin, on=WEEK.monday, title="Chips")
    new_calendar(d, counted.robin)

    assert revision(d.engine, counted.robin.couple_id) == before


def test_tables_can_be_altered_and_are_watched_again(d: Deployment, counted: Two) -> None:
    """A table that is made anew loses what watches it; after `watch` every change counts as before."""
    keep(d, counted)
    with engines.rebuilding(d.engine) as connection:
        unwatch(connection)
        context = MigrationContext.configure(connection)
        with (
            Operations.context(context) as operations,
            operations.batch_alter_table("partners", recreate="auto") as batch,
        ):
            batch.alter_column("name", nullable=True)
        connection.execute(text("UPDATE couples SET goals = '[]'"))
        watch(connection)

    assert anew(d, counted.sam) == read(d, counted.sam) != TAMPERED
    before = revision(d.engine, counted.sam.couple_id)
    update_me(d, counted.sam, name="Samira")
    mark_first(d, counted)
    assert revision(d.engine, counted.sam.couple_id) == before + 2


def test_a_copy_that_fills_an_empty_database_counts(
    d: Deployment, counted: Two, server: postgresql.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What counts changes comes along with the tables, on either kind of database."""
    monkeypatch.setenv("PATH", f"{server.programs}{os.pathsep}{os.environ['PATH']}")
    copy = tmp_path / "copy"
    backup_database(d, copy)
    url = (
        server.make("counting") if d.engine.dialect.name == "postgresql" else f"sqlite:///{tmp_path / 'new'}"
    )
    restore_database(Settings.from_environment({"REKINDLE_DATABASE_URL": url}), copy)
    another = replace(d, engine=open_engine(url))

    before = revision(another.engine, counted.sam.couple_id)
    log_date(another, counted.sam, on=WEEK.monday, title="Chips")

    assert revision(another.engine, counted.sam.couple_id) == before + 1
    another.engine.dispose()


# What code it is


def test_other_code_has_another_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line more in any module, or another name for it, makes another hash; nothing else does."""
    found = [code_hash()]
    for package in (api, recommender):
        folder = tmp_path / package.__name__
        shutil.copytree(Path(str(package.__file__)).parent, folder)
        monkeypatch.setattr(package, "__file__", str(folder / "__init__.py"))
    changes: tuple[Callable[[], object], ...] = (
        lambda: (tmp_path / "api" / "notes.txt").write_text("not code"),
        lambda: (tmp_path / "api" / "routes" / "weeks.py").write_text("more = 1"),
        lambda: (tmp_path / "recommender" / "domain.py").rename(tmp_path / "recommender" / "domains.py"),
    )
    for change in changes:
        change()
        found.append(code_hash.__wrapped__())
    assert found[0] == found[1]
    assert len({*found}) == 3

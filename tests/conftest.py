"""Fixtures named for state."""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from sqlalchemy import Engine, text

from api.logs import JsonLines
from recommender.catalogue.bundled import data_folder, models_folder
from recommender.catalogue.library import Catalogue
from recommender.catalogue.taxonomy import load_taxonomy
from recommender.domain import (
    Couple,
    CoupleDate,
    Idea,
    Option,
    Partner,
    Plan,
    Prompts,
    Question,
    Rating,
    Reason,
    Suggestion,
    Week,
)
from recommender.learning.registry import PRIOR_VERSION, Registry
from recommender.planning.settings import PlanSettings
from recommender.service import Caller, Deployment, Settings, accept_invite, create_couple
from recommender.service.serving import ServedModels
from recommender.store import dates, open_engine, people, plans, ratings, transaction, upgrade
from recommender.store.tables import metadata
from tests import postgresql

OPERATOR_TOKEN = "the-operator-of-the-tests"
NOW = datetime(2026, 11, 23, 18, tzinfo=UTC)
WEEK = Week.parse("2026-W48")

# The same examples in every run: a red test stays red until it is mended, and a green one green.
hypothesis.settings.register_profile("same", derandomize=True, deadline=None)
hypothesis.settings.load_profile("same")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Let the run fail if a test was skipped and ``REKINDLE_NO_SKIPS`` is set, as it is in `.ci/run`."""
    # With pytest-xdist only the controller has every report, and only its exit status counts.
    if not os.environ.get("REKINDLE_NO_SKIPS") or hasattr(session.config, "workerinput"):
        return
    reporter = session.config.pluginmanager.getplugin("terminalreporter")
    n_skipped = len(reporter.stats.get("skipped", ()))
    if n_skipped:
        reporter.write_line(f"\n{n_skipped} skipped, and REKINDLE_NO_SKIPS allows none.", red=True)
    if n_skipped and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


PRIVATE_IN_LOGS = re.compile(r"[\w-]{43}|\b[0-9A-Z]{26}\b|Robin|\bSam\b|note", re.ASCII)
"""Tokens and other secrets, ids of people and of what is theirs, names, notes."""


def private_in(lines: Iterable[str]) -> list[str]:
    """Return the lines of a log that hold something of a person."""
    return [line for line in lines if PRIVATE_IN_LOGS.search(line)]


class Listening(logging.Handler):
    """Keeps every line that a log would hold."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonLines())
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self.lines.append(self.format(record))


@pytest.fixture(autouse=True)
def nothing_private_is_logged() -> Iterator[None]:
    """Read the log of every test, and fail the test that logged something of a person."""
    ours, listening = logging.getLogger("rekindle"), Listening()
    ours.addHandler(listening)
    yield
    ours.removeHandler(listening)
    assert private_in(listening.lines) == []


@pytest.fixture
def rng() -> np.random.Generator:
    """Chance that is the same in every run."""
    return np.random.default_rng(20261123)


class Clock:
    """A clock that a test sets."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """Return the moment that was set."""
        return self.now

    def wait(self, **units: float) -> None:
        """Let time go by: ``clock.wait(days=2)``."""
        self.now += timedelta(**units)


@dataclass(frozen=True)
class Two:
    """Both partners of a couple, as callers."""

    robin: Caller
    sam: Caller


@pytest.fixture
def clock() -> Clock:
    """Return a clock at Monday 23 November 2026, 18:00 UTC."""
    return Clock(datetime(2026, 11, 23, 18, tzinfo=UTC))


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """Return the real taxonomy with three questions and three ideas of 30, 60 and 90 minutes."""
    taxonomy = load_taxonomy(data_folder() / "taxonomy.yaml")
    plain = Idea(
        idea_id="paper-boats",
        title="Paper boats",
        pitch="You both fold a boat and race them in the bath.",
        steps=("Fold.", "Float.", "Blow."),
        typical_cost=0,
        minutes=30,
        tags={
            **{facet.name: (facet.names[0],) for facet in taxonomy.facets.values()},
            "season": ("any",),
            "time_of_day": ("any",),
        },
        versions={},
        plan_b="Race them on the floor.",
        prompts=Prompts("Whose boat is it?", "Where would you sail?"),
    )
    ideas = (
        plain,
        replace(plain, idea_id="soup-swap", title="Soup swap", minutes=60, typical_cost=12),
        replace(plain, idea_id="stair-songs", title="Songs on the stairs", minutes=90),
    )
    quiz = (
        Question("tonight", "pair", "In or out?", (Option("in", "In", {}), Option("out", "Out", {}))),
        Question("pace", "scale", "How fast?", tuple(Option(n, str(n), {}) for n in range(1, 6))),
        Question("food", "many", "What?", (Option("cook", "Cook", {}), Option("snack", "Snack", {}))),
    )
    return Catalogue(taxonomy, quiz, ideas, content_hash="0" * 64)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an empty, up-to-date SQLite file to copy, since to migrate one for each test takes long."""
    path = tmp_path_factory.mktemp("migrated") / "rekindle.sqlite3"
    engine = open_engine(f"sqlite:///{path}")
    upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def server() -> Iterator[postgresql.Server]:
    """Start a PostgreSQL server, once for each process that runs tests."""
    with postgresql.started() as server:
        yield server


@pytest.fixture(scope="session")
def on_server(server: postgresql.Server) -> str:
    """Return the address of an up-to-date PostgreSQL database, for tests that follow one another."""
    url = server.make("rekindle")
    engine = open_engine(url)
    upgrade(engine)
    engine.dispose()
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """Open an empty, up-to-date database; each test runs on either kind."""
    if request.param == "sqlite":
        path = shutil.copy(request.getfixturevalue("migrated"), tmp_path)
        engine = open_engine(f"sqlite:///{path}")
    else:
        engine = open_engine(request.getfixturevalue("on_server"))
        _empty(engine)
    yield engine
    engine.dispose()


def _empty(engine: Engine) -> None:
    names = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)
    with engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {names}"))


on_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
"""For a test of what only SQLite does."""


@pytest.fixture
def deployment(engine: Engine, catalogue: Catalogue, clock: Clock, tmp_path: Path) -> Deployment:
    """Return an empty deployment on `engine`, with `clock`."""
    settings = Settings(
        home=tmp_path, database_url=str(engine.url), operator_token=OPERATOR_TOKEN, rate_per_minute=0
    )
    registry = Registry(tmp_path / "models", models_folder() / PRIOR_VERSION)
    models = ServedModels(registry, catalogue)
    return Deployment(settings, engine, catalogue, models.table, registry, models, PlanSettings(), clock)


@pytest.fixture
def couple(deployment: Deployment) -> Two:
    """Join two partners, Robin and Sam."""
    return join(deployment, "Robin", "Sam")


def join(deployment: Deployment, first: str, second: str) -> Two:
    """Return two new partners of one new couple."""
    one = create_couple(deployment, first)
    other = accept_invite(deployment, one.invite_code or "", second)
    return Two(
        Caller("partner", one.partner_id, one.couple_id), Caller("partner", other.partner_id, one.couple_id)
    )


def suggestion(suggestion_id: str, position: int = 1, idea_id: str = "soup-swap") -> Suggestion:
    """Return a suggestion with every field set."""
    reasons = (Reason("taste", "You both like soup.", 0.25), Reason("level", "Most people do.", 3.5))
    return Suggestion(
        suggestion_id, position, "easy", idea_id, NOW, 3.75, 0.5, 3.75, 0.9, reasons, "2026-11-01-a"
    )


@pytest.fixture
def settled(engine: Engine) -> Engine:
    """Store couple ``c`` with partners ``p1`` and ``p2``, a plan of two, and a date ``d`` rated by both."""
    with transaction(engine) as connection:
        people.insert_couple(connection, Couple("c", ()), NOW)
        people.insert_partner(connection, Partner("p1", "c", "Robin", {"pace": 2}), NOW)
        people.insert_partner(connection, Partner("p2", "c", "Sam"), NOW + timedelta(hours=1))
        plan = Plan(WEEK, "c", "average", (suggestion("s1"), suggestion("s2", 2, "stair-songs")))
        plans.insert_plan(connection, plan, NOW)
        dates.insert_date(connection, CoupleDate("d", "c", "soup-swap", "Soup swap", "done", NOW, "s1"))
        ratings.put_rating(connection, Rating("d", "p1", 4, 3, True, "our secret", NOW))
        ratings.put_rating(connection, Rating("d", "p2", 2, None, None, None, NOW))
    return engine

"""What only a database server does: it undoes one of two, takes too long, stops and comes back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import Engine, func, select, text

from api.app import create_app
from recommender.domain import Circumstances, Goal
from recommender.errors import StoreError
from recommender.service import Deployment, put_answers, update_couple
from recommender.store import open_engine, people, reading, transaction, upgrade
from recommender.store.tables import couples, partners
from tests import postgresql
from tests.api_world import start
from tests.conftest import Two
from tests.test_people import at_once

on_postgresql = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
"""For a test of what only PostgreSQL does."""


def waiting(engine: Engine) -> int:
    """Return how many connections wait for a lock."""
    with engine.connect() as connection:
        return connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")) or 0


def deadlocks(engine: Engine) -> int:
    """Return how many deadlocks the server has ended."""
    asked = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    with engine.connect() as connection:
        return connection.scalar(text(asked)) or 0


@on_postgresql
def test_what_a_deadlock_undid_is_done_again(deployment: Deployment) -> None:
    """Of two that wait for each other one is undone; whoever asked sees nothing of it."""
    app = create_app(deployment)
    robin, _ = start(app)
    with ThreadPoolExecutor(1) as pool, deployment.engine.begin() as other:
        other.execute(text("SET LOCAL deadlock_timeout = '30s'"))  # so that the request is the one undone
        other.execute(select(partners.c.partner_id).with_for_update())
        answer = pool.submit(robin, "PUT", "/v1/me/answers", {"answers": {"pace": 4}})
        while not waiting(deployment.engine):
            time.sleep(0.01)  # the request has the couple and waits for the partner
        other.execute(text("SET LOCAL lock_timeout = '30s'"))
        other.execute(select(couples.c.couple_id).with_for_update())
        other.commit()
        assert answer.result().status_code == 200
    deadline = time.monotonic() + 30
    while not deadlocks(deployment.engine):  # the server counts them in its own time
        assert time.monotonic() < deadline

    assert robin("GET", "/v1/me/answers").json["answers"] == {"pace": 4}


def test_both_act_at_once_and_neither_is_lost(deployment: Deployment, couple: Two) -> None:
    """What each says of themselves and of the two, at the same moment, is all kept, twenty times."""
    for round_ in range(20):
        answers, goals = {"pace": round_ % 5 + 1}, (Goal("ritual", times=round_ % 5 + 1),)
        limits = Circumstances(budget_max=round_)
        told = at_once(
            lambda said=answers: put_answers(deployment, couple.robin, said),
            lambda said=answers: put_answers(deployment, couple.sam, said),
            lambda said=goals: update_couple(deployment, couple.robin, goals=said),
            lambda said=limits: update_couple(deployment, couple.sam, circumstances=said),
        )
        with reading(deployment.engine) as connection:
            now = people.find_couple(connection, couple.sam.couple_id or "")

        assert not [error for error in told if isinstance(error, Exception)]
        assert now is not None
        assert [partner.answers for partner in now.partners] == [answers, answers]
        assert (now.goals, now.circumstances) == (goals, limits)


@on_postgresql
def test_a_statement_that_takes_too_long_ends(engine: Engine) -> None:
    """Nothing waits for a database for ever, and the message says what to do."""
    slow = open_engine(f"{engine.url.render_as_string()}&options=-c%20statement_timeout%3D50ms")
    with pytest.raises(StoreError, match="took too long to answer"), reading(slow) as connection:
        connection.execute(select(func.pg_sleep(30)))
    slow.dispose()


@on_postgresql
def test_a_lock_that_somebody_keeps_is_waited_for_a_while(engine: Engine) -> None:
    """Whoever waits for a lock longer than the limit is told to try again."""
    hasty = open_engine(f"{engine.url.render_as_string()}&options=-c%20lock_timeout%3D50ms")
    with engine.begin() as other:
        other.execute(text("LOCK TABLE couples"))
        with pytest.raises(StoreError, match="try again in a moment"), transaction(hasty) as connection:
            connection.execute(select(couples))
    hasty.dispose()


@pytest.fixture
def own() -> Iterator[tuple[postgresql.Server, Engine]]:
    """Start a server that no other test uses, and open an up-to-date database on it."""
    with postgresql.started() as server:
        engine = open_engine(server.make("rekindle"))
        upgrade(engine)
        yield server, engine
        engine.dispose()


def test_a_server_that_comes_back_is_used_again(
    own: tuple[postgresql.Server, Engine], deployment: Deployment
) -> None:
    """While it is away requests say so; once it is back nobody has to restart anything."""
    server, engine = own
    app = create_app(replace(deployment, engine=engine))
    robin, _ = start(app)

    server.stop()
    away = robin("GET", "/v1/me")
    server.start()
    back = robin("GET", "/v1/me")
    server.stop()
    server.start()
    unnoticed = robin("GET", "/v1/me")

    assert (away.status_code, back.status_code, unnoticed.status_code) == (503, 200, 200)
    assert "does not answer" in away.json["detail"]
    assert back.json["name"] == "Robin"

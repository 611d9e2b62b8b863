"""On SQLite each thread keeps its connection, and nothing of it is left to whoever reads or writes next."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import IntegrityError

from recommender.store import people, reading, transaction
from recommender.store.engine import lent
from recommender.store.keeping import KeepingPool
from tests.conftest import on_sqlite

pytestmark = on_sqlite


def driven(engine: Engine) -> Any:
    """Return the driver's connection that this thread is lent now."""
    with lent(engine) as connection:
        return connection.connection.dbapi_connection


def test_a_thread_is_lent_what_it_had_before(engine: Engine) -> None:
    """Another thread has one of its own."""
    mine = driven(engine)
    with ThreadPoolExecutor(1) as pool:
        theirs = pool.submit(driven, engine).result()

    assert driven(engine) is mine
    assert theirs is not mine


def test_two_at_once_are_two(settled: Engine) -> None:
    """Who writes while they read does so by another connection, and the reading sees nothing of it."""
    with reading(settled) as connection:
        people.find_couple(connection, "c")
        with transaction(settled) as other:
            people.delete_couple(other, "c")
        seen = people.find_couple(connection, "c")

    with reading(settled) as connection:
        assert (seen is not None, people.find_couple(connection, "c")) == (True, None)


def test_of_two_at_once_one_is_kept(engine: Engine) -> None:
    """The other is closed."""
    with lent(engine) as connection:
        first, second = connection.connection.dbapi_connection, driven(engine)

    assert driven(engine) is second
    with pytest.raises(Exception, match="closed"):
        first.execute("SELECT 1")  # type: ignore[union-attr]


@pytest.mark.parametrize("way", [reading, transaction])
def test_what_is_not_committed_is_undone(settled: Engine, way: Any) -> None:
    """A failure half-way leaves the thread's connection as good as new, also where the driver was told."""
    with pytest.raises(ZeroDivisionError), way(settled) as connection:
        connection.connection.dbapi_connection.execute("DELETE FROM couples")
        _ = 1 / 0

    assert not driven(settled).in_transaction
    with reading(settled) as connection:
        assert people.find_couple(connection, "c") is not None


def test_after_a_commit_that_fails_the_next_is_as_good_as_new(settled: Engine) -> None:
    """Foreign keys are looked at last here: what would leave a date without its couple is not kept."""
    with pytest.raises(IntegrityError), transaction(settled) as connection:
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        connection.execute(text("UPDATE dates SET couple_id = 'nobody'"))

    with transaction(settled) as connection:
        assert connection.scalar(text("SELECT couple_id FROM dates")) == "c"


def test_what_has_failed_for_good_is_not_kept(engine: Engine) -> None:
    """Whoever comes next is lent another connection, and the pool lacks none."""
    with lent(engine) as connection:
        before = connection.connection.dbapi_connection
        connection.invalidate()

    assert isinstance(engine.pool, KeepingPool)
    assert (driven(engine) is not before, engine.pool.checkedout()) == (True, 0)


def test_it_counts_as_in_use_while_it_is_lent(engine: Engine) -> None:
    """Whoever listens to the pool hears of each lending and each return."""
    heard: list[str] = []
    event.listen(engine, "checkout", lambda *_: heard.append("lent"))
    event.listen(engine, "checkin", lambda *_: heard.append("back"))

    for _ in range(2):
        with reading(engine):
            assert heard[-1] == "lent"

    assert heard == ["lent", "back"] * 2


def test_nothing_is_kept_of_an_engine_that_is_disposed_of(engine: Engine) -> None:
    """Not even what is lent just then: a process that is forked must not share it."""
    before = driven(engine)
    with lent(engine) as connection:
        connection.execute(text("SELECT 1"))
        engine.dispose()

    after = driven(engine)
    assert after is not before
    with pytest.raises(Exception, match="closed"):
        before.execute("SELECT 1")
    engine.dispose()
    with pytest.raises(Exception, match="closed"):
        after.execute("SELECT 1")

"""What a database that cannot be used says: what is wrong, what to do, and nothing private."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from recommender.domain import Couple, Plan, Rating, Reason
from recommender.errors import StoreError
from recommender.store import (
    is_current,
    open_engine,
    people,
    plans,
    ratings,
    reading,
    transaction,
    upgrade,
)
from tests.conftest import NOW, WEEK, on_sqlite, suggestion


def failing(url: str) -> str:
    """Return what a write to the database at ``url`` fails with."""
    engine = open_engine(url)
    try:
        with pytest.raises(StoreError) as failure, transaction(engine) as connection:
            people.insert_couple(connection, Couple("x", ()), NOW)
    finally:
        engine.dispose()
    return str(failure.value)


@pytest.fixture
def path(settled: Engine) -> str:
    """Return the path of a database that nobody has open."""
    settled.dispose()
    return str(settled.url.database)


@on_sqlite
def test_a_locked_database_says_to_try_again(path: str) -> None:
    """While another program writes for longer than we wait, the message says so."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        said = failing(f"sqlite:///{path}?timeout=0")

    assert said == "Another program is writing to the database; try again in a moment."


@on_sqlite
def test_reading_does_not_wait_for_a_writer(path: str) -> None:
    """While another program writes, a couple can still be read, as it was before."""
    engine = open_engine(f"sqlite:///{path}?timeout=0")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("DELETE FROM partners")
        with reading(engine) as connection:
            couple = people.find_couple(connection, "c")
        other.execute("ROLLBACK")
    engine.dispose()

    assert couple is not None
    assert [partner.name for partner in couple.partners] == ["Robin", "Sam"]


def test_a_new_file_that_another_holds_can_be_read(tmp_path: Path) -> None:
    """A file not yet in write-ahead mode, held by another program, is no reason to fail."""
    path = tmp_path / "other.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("CREATE TABLE t (a)")
        other.execute("BEGIN IMMEDIATE")
        engine = open_engine(f"sqlite:///{path}?timeout=0")
        assert not is_current(engine)
        engine.dispose()


@on_sqlite
def test_a_read_only_database_says_which(path: str) -> None:
    """A file that may not be written is named, with what to look at."""
    # Opened read-only instead of made so: whoever runs the tests may be root, whom no mode stops.
    said = failing(f"sqlite:///file:{path}?mode=ro&uri=true")

    assert "cannot be written to; check who owns it" in said
    assert path in said


def test_a_missing_folder_says_to_make_it(tmp_path: Path) -> None:
    """A database in a folder that is not there is named, with what to do."""
    said = failing(f"sqlite:///{tmp_path}/no/such/rekindle.sqlite3")

    assert f"{tmp_path}/no/such/rekindle.sqlite3 cannot be opened; make its folder" in said


def test_a_damaged_file_says_to_restore(tmp_path: Path) -> None:
    """A file that is no database is named, with the way back to a backup."""
    path = tmp_path / "rekindle.sqlite3"
    path.write_bytes(b"not a database at all" * 100)

    said = failing(f"sqlite:///{path}")

    assert f"{path} is damaged or is not a Rekindle database" in said
    assert "rekindle db restore" in said


@on_sqlite
def test_a_page_that_rotted_says_to_restore(path: str) -> None:
    """A database whose pages are overwritten behind its header is told from a sound one."""
    with Path(path).open("r+b") as file:
        file.seek(1000)
        file.write(b"\xff" * 200_000)

    assert "is damaged" in failing(f"sqlite:///{path}")


def test_an_older_database_says_to_upgrade(tmp_path: Path) -> None:
    """A database without our tables says which command makes them."""
    said = failing(f"sqlite:///{tmp_path / 'new.sqlite3'}")

    assert said == "The database is not ready for this version; run `rekindle db upgrade`."


@on_sqlite
def test_a_newer_database_is_left_alone(engine: Engine) -> None:
    """A database of a later version is neither used nor changed, and the message says which version."""
    with transaction(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    for use in (is_current, upgrade):
        with pytest.raises(StoreError, match=r"A newer Rekindle made this database \(revision 9999"):
            use(engine)
    with reading(engine) as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"


@pytest.mark.parametrize(
    "url", ["", "rekindle.sqlite3", "mysql://me:hush@host/db", "sqlite+no://", "postgres://h/d"]
)
def test_an_address_we_cannot_use_shows_one_we_can(url: str) -> None:
    """An address of no database of ours is refused with an example, and without its password."""
    with pytest.raises(StoreError, match="write one like sqlite:////srv") as failure:
        open_engine(url)

    assert "hush" not in str(failure.value)


@on_sqlite
def test_a_full_disk_says_to_free_space(settled: Engine) -> None:
    """A database that may not grow any more says that the disk is full."""
    with pytest.raises(StoreError, match="free some space"), transaction(settled) as connection:
        # A limit of pages fails exactly as a full disk does.
        connection.execute(text("PRAGMA max_page_count = 1"))
        for number in range(2000):
            people.insert_couple(connection, Couple(f"couple {number:04}", ()), NOW)


def test_what_people_wrote_is_in_no_error(settled: Engine) -> None:
    """A statement that breaks a rule of the tables is told without the values it held."""
    with pytest.raises(IntegrityError) as failure, transaction(settled) as connection:
        ratings.put_rating(connection, Rating("d", "p1", 9, None, None, "our secret", NOW))

    assert "our secret" not in str(failure.value)


def test_what_the_driver_is_told_directly_is_in_no_error(settled: Engine) -> None:
    """Nor is a change that goes round SQLAlchemy told with the values it held."""
    shown = replace(suggestion("s9"), propensity=2.0, reasons=(Reason("taste", "our secret", 0.1),))
    with pytest.raises(IntegrityError) as failure, transaction(settled) as connection:
        plans.insert_plan(connection, Plan(WEEK.next(), "c", "average", (shown,)), NOW)

    assert "our secret" not in str(failure.value)
    assert "our secret" not in str(failure.value.orig)


def test_an_unreadable_document_is_not_quoted(settled: Engine) -> None:
    """Boundaries that this version cannot read are a StoreError that keeps them to itself."""
    with transaction(settled) as connection:
        connection.execute(text('UPDATE partners SET boundaries = \'{"hazards_never": "our secret"}\''))

    with pytest.raises(StoreError) as failure, reading(settled) as connection:
        people.find_couple(connection, "c")

    assert "rekindle db upgrade" in str(failure.value)
    assert "our secret" not in str(failure.value)

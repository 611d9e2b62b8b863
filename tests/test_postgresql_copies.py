"""Copies of a PostgreSQL database: made while it is in use, read back, brought back, refused."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, text

from recommender.cli import main
from recommender.errors import StoreError
from recommender.service import Deployment, Settings, list_dates, log_date, restore_database
from recommender.store import open_engine, postgresql_copies, reading
from recommender.store.tables import metadata
from tests import postgresql
from tests.conftest import NOW, Two
from tests.crowds import settle

pytestmark = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
N = 20
Run = Callable[..., Result]


@pytest.fixture
def programs(server: postgresql.Server, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put PostgreSQL's own programs on the PATH."""
    monkeypatch.setenv("PATH", f"{server.programs}{os.pathsep}{os.environ['PATH']}")
    return server.programs


@pytest.fixture
def run(engine: Engine, programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command line on the database, in which twenty couples live."""
    settle(engine, N, n_rated=3)
    monkeypatch.setenv("REKINDLE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("REKINDLE_DATABASE_URL", engine.url.render_as_string(hide_password=False))
    return lambda *words, **more: CliRunner().invoke(main, words, **more)


def rows(engine: Engine) -> dict[str, list[Any]]:
    """Return everything that is in a database, in order."""
    with reading(engine) as connection:
        return {
            table.name: sorted(map(repr, connection.execute(table.select())))
            for table in metadata.sorted_tables
        }


def test_a_copy_brings_everything_back(run: Run, engine: Engine, tmp_path: Path) -> None:
    """What was deleted and changed after it is as it was, in the database that it is of."""
    copy, before = tmp_path / "monday.dump", rows(engine)
    assert run("db", "backup", str(copy)).exit_code == 0
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM couples WHERE couple_id < '00000000000000000000000005'"))
        connection.execute(text("UPDATE ratings SET enjoyment = 1"))
    changed = rows(engine)

    assert run("db", "restore", str(copy), input="n\n").exit_code == 1
    assert rows(engine) == changed
    told = run("db", "restore", str(copy), input="y\n")

    assert (told.exit_code, f"Restored from {copy}." in told.output) == (0, True), told.output
    assert rows(engine) == before != changed
    assert len(before["ratings"]) == N * 3 * 2
    assert [path.name for path in tmp_path.glob("*monday*")] == [copy.name]
    assert copy.stat().st_mode & 0o077 == 0  # others of the machine cannot read it


def test_a_copy_fills_an_empty_database(
    run: Run, engine: Engine, server: postgresql.Server, tmp_path: Path
) -> None:
    """Another server's database, in which nothing is, becomes the same."""
    copy = tmp_path / "copy"
    run("db", "backup", str(copy))
    url = server.make("another")

    restore_database(Settings.from_environment({"REKINDLE_DATABASE_URL": url}), copy)

    another = open_engine(url)
    assert rows(another) == rows(engine)
    another.dispose()


@pytest.fixture
def busy(deployment: Deployment, couple: Two) -> Iterator[None]:
    """Let somebody log one date after another meanwhile."""
    over = Event()

    def live() -> None:
        while not over.is_set():
            log_date(deployment, couple.robin, on=NOW.date(), title="A walk")

    living = Thread(target=live)
    living.start()
    yield
    over.set()
    living.join()


def test_a_copy_is_of_one_moment(
    engine: Engine, busy: None, deployment: Deployment, couple: Two, programs: Path, tmp_path: Path
) -> None:
    """Made while dates are being logged, it holds the rows of a moment, and nobody is kept waiting."""
    before = len(list_dates(deployment, couple.robin))
    postgresql_copies.back_up(engine, tmp_path / "copy")
    after = len(list_dates(deployment, couple.robin))

    held = postgresql_copies.contents_of(tmp_path / "copy").rows
    assert before <= held["dates"] < after
    assert held["partners"] == 2


def shim(folder: Path, program: Path, script: str) -> None:
    """Put a program into a folder that does something more than the one it is called after."""
    folder.mkdir(exist_ok=True)
    made = folder / program.name
    made.write_text(f"#!/bin/sh\n{script}\n".replace("REAL", str(program)))
    made.chmod(0o755)


def test_a_copy_that_cannot_be_read_back_is_not_kept(
    run: Run, programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the disk lost its end, the refusal says so, and the copy of before is still there."""
    copy = tmp_path / "copy"
    copy.write_text("the one before")
    half = 'REAL "$@" && for last; do :; done && file="${last#--file=}" && truncate -s -200 "$file"'
    shim(tmp_path / "bin", programs / "pg_dump", half)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")

    told = run("db", "backup", str(copy))

    assert told.exit_code == 2
    assert "is damaged or no copy" in told.output
    assert copy.read_text() == "the one before"
    assert list(tmp_path.glob(".*")) == []


def test_rows_that_a_copy_lacks_are_missed(
    run: Run, programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy that can be read and holds less than the database is refused."""
    shim(tmp_path / "bin", programs / "pg_dump", 'REAL "$@" --exclude-table-data=ratings')
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")

    told = run("db", "backup", str(tmp_path / "copy"))

    assert "holds other rows than the database" in told.output
    assert not (tmp_path / "copy").exists()


@pytest.mark.parametrize("blob", [b"", b"not a copy, " * 999, b"SQLite format 3\0" * 99])
def test_what_is_no_copy_is_not_restored(run: Run, engine: Engine, tmp_path: Path, blob: bytes) -> None:
    """It is refused by name, and the database stays as it is."""
    copy, before = tmp_path / "copy", rows(engine)
    copy.write_bytes(blob)

    told = run("db", "restore", str(copy), "--yes")

    assert told.exit_code == 2
    assert f"{copy}: is damaged or no copy" in told.output
    assert rows(engine) == before


def test_a_copy_of_another_version_is_not_restored(run: Run, engine: Engine, tmp_path: Path) -> None:
    """Tables of another revision would not fit this version."""
    copy = tmp_path / "copy"
    with engine.begin() as connection:
        was = connection.scalar(text("SELECT version_num FROM alembic_version"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    try:
        postgresql_copies.back_up(engine, copy)
    finally:
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :was"), {"was": was})

    assert "is not a Rekindle database of this version" in run("db", "restore", str(copy), "--yes").output


def test_a_restoration_that_fails_changes_nothing(run: Run, engine: Engine, tmp_path: Path) -> None:
    """Where something of another program hangs on our tables they are all still there."""
    copy = tmp_path / "copy"
    run("db", "backup", str(copy))
    with engine.begin() as connection:
        connection.execute(text("CREATE VIEW theirs AS SELECT couple_id FROM couples"))
        connection.execute(text("DELETE FROM ratings"))
    before = rows(engine)
    try:
        told = run("db", "restore", str(copy), "--yes")
    finally:
        with engine.begin() as connection:
            connection.execute(text("DROP VIEW theirs"))

    assert told.exit_code == 2
    assert "pg_restore failed" in told.output
    assert rows(engine) == before


@pytest.mark.parametrize("program", ["pg_dump", "pg_restore"])
def test_missing_programs_are_named(
    engine: Engine, programs: Path, program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refusal says which is missing and what to install; nothing is left behind."""
    other = ({"pg_dump", "pg_restore"} - {program}).pop()
    shim(tmp_path / "bin", programs / other, 'exec REAL "$@"')
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    with pytest.raises(StoreError, match=rf"{program} is not on the PATH.*postgresql-client"):
        postgresql_copies.back_up(engine, tmp_path / "copy")

    assert [path.name for path in tmp_path.iterdir()] == ["bin"]


def test_no_password_is_on_a_command_line(
    run: Run, engine: Engine, programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Programs are handed it by the environment; neither their arguments nor what is printed hold it."""
    url = engine.url.set(password="far too secret")
    monkeypatch.setenv("REKINDLE_DATABASE_URL", url.render_as_string(hide_password=False))
    for program in ("pg_dump", "pg_restore"):
        note = (
            f'echo "$@" >> {tmp_path}/arguments\necho "$PGPASSWORD" >> {tmp_path}/passwords\n'
            'exec REAL "$@" ${PGPASSWORD:+$BROKEN}'
        )
        shim(tmp_path / "bin", programs / program, note)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")

    told = run("db", "backup", str(tmp_path / "copy")).output
    told += run("db", "restore", str(tmp_path / "copy"), "--yes").output
    with monkeypatch.context() as broken:
        broken.setenv("BROKEN", "--none")  # an option that there is not, once it comes to the database
        told += run("db", "restore", str(tmp_path / "copy"), "--yes").output

    assert "secret" not in told + (tmp_path / "arguments").read_text()
    assert "pg_restore failed" in told
    assert (tmp_path / "passwords").read_text().splitlines().count("far too secret") == 3


def test_what_a_program_quotes_is_left_out(engine: Engine, programs: Path, tmp_path: Path) -> None:
    """It can be what people wrote; the reason is still told."""
    elsewhere = open_engine(engine.url.set(database="none").render_as_string(hide_password=False))

    with pytest.raises(StoreError, match=r"^pg_dump failed: .*does not exist") as failure:
        postgresql_copies._run(elsewhere, "pg_dump", f"--file={tmp_path / 'copy'}")

    elsewhere.dispose()
    assert '"' not in str(failure.value)

"""Copying a PostgreSQL database to a file and back, with PostgreSQL's own ``pg_dump`` and ``pg_restore``.

Where to connect, and the password, go to them through the environment, which other accounts of the machine
cannot read, and never through a command line, which they can.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, func, select, table

from recommender.errors import StoreError
from recommender.store.drafts import draft_of
from recommender.store.engine import reading, transaction
from recommender.store.tables import metadata
from recommender.store.upgrades import REVISION
from recommender.store.watches import functions

VERSION = "alembic_version"
TABLES = (*(table.name for table in metadata.sorted_tables), VERSION)
AS_IT_IS = ("--no-owner", "--no-privileges")
"""Whoever restores owns what is restored: another server has other accounts."""

BEGINS, ENDS = re.compile(rb"COPY (?:\S+\.)?(\w+) .*FROM stdin;"), b"\\.\n"
"""Lines around the rows of a table, as ``pg_restore`` writes them."""

QUOTED = re.compile(r'"[^"]*"?')
MISSING = (
    "{program} is not on the PATH; install PostgreSQL's client programs on this machine, of the server's "
    "version or newer (Debian and Ubuntu: `apt-get install postgresql-client`), and try again."
)
DAMAGED = "{source}: is damaged or no copy of a PostgreSQL database; name another copy."


@dataclass(frozen=True, slots=True)
class Contents:
    """What a copy holds: the rows of each table, and the revision of the tables."""

    rows: Mapping[str, int]
    revision: str


def back_up(engine: Engine, target: Path) -> None:
    """Copy a database to ``target`` as it is at one moment, while it is in use, whole or not at all.

    The copy is read back to its end, and must hold as many rows of each table as the database at that moment.

    Raises
    ------
    StoreError
        If ``pg_dump`` or ``pg_restore`` is missing or fails, or the copy is not what the database was.
    """
    with draft_of(target) as draft:
        rows = _dump(engine, draft)
        if contents_of(draft).rows != rows:
            raise StoreError("The copy holds other rows than the database; check the disk and try again.")
        draft.replace(target)


def restore(engine: Engine, source: Path) -> None:
    """Replace a database by a copy, in one transaction, once the copy has proved sound and of this version.

    Raises
    ------
    StoreError
        If the copy is damaged or of another version, or ``pg_restore`` is missing or fails; then nothing
        has changed.
    """
    found = contents_of(source)
    if found.revision != REVISION or set(found.rows) != set(TABLES):
        raise StoreError(f"{source}: is not a Rekindle database of this version; name another copy.")
    with transaction(engine) as connection:  # a copy holds the triggers, but not what they call
        for statement in functions():
            connection.exec_driver_sql(statement)
    options = ("--clean", "--if-exists", "--single-transaction", *AS_IT_IS)
    _run(engine, "pg_restore", *options, "--dbname=", str(source))  # the environment says which


def contents_of(source: Path) -> Contents:
    """Return what a copy holds, read from its beginning to its end.

    Raises
    ------
    StoreError
        If it cannot be read, or ``pg_restore`` is missing.
    """
    command = [_found("pg_restore"), "--data-only", "--file=-", str(source)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as reader:
        assert reader.stdout is not None
        contents = _counted(reader.stdout)
    if reader.returncode:
        raise StoreError(DAMAGED.format(source=source))
    return contents


def _counted(lines: Iterable[bytes]) -> Contents:
    rows: dict[str, int] = {}
    name, revision = "", ""
    for line in lines:
        if name and line == ENDS:
            name = ""
        elif name:
            rows[name] += 1
            revision = line.decode().strip() if name == VERSION else revision
        elif begins := BEGINS.match(line):
            name = begins[1].decode()
            rows[name] = 0
    return Contents(rows, revision)


def _dump(engine: Engine, draft: Path) -> dict[str, int]:
    """Write a database to a file, and return how many rows each table had at that moment."""
    with reading(engine) as connection:
        for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
            connection.exec_driver_sql(f"SET LOCAL {limit} = 0")  # it takes as long as it takes
        moment = connection.scalar(select(func.pg_export_snapshot()))
        tables = ("--strict-names", *(f"--table={name}" for name in TABLES))
        options = ("--format=custom", f"--snapshot={moment}", *AS_IT_IS, *tables)
        _run(engine, "pg_dump", *options, f"--file={draft}")
        count = select(func.count())
        return {name: connection.scalar(count.select_from(table(name))) or 0 for name in TABLES}


def _run(engine: Engine, program: str, *arguments: str) -> None:
    done = subprocess.run(
        [_found(program), *arguments],
        env={**os.environ, **_address(engine)},
        capture_output=True,
        text=True,
        umask=0o077,  # what it writes is private
        check=False,
    )
    if done.returncode:
        said = next(iter(done.stderr.splitlines()), f"it ended with {done.returncode}")
        # What stands in quotes can be what people wrote.
        raise StoreError(f"{program} failed: {QUOTED.sub('…', said.removeprefix(f'{program}: error: '))}")


def _found(program: str) -> str:
    path = shutil.which(program)
    if path is None:
        raise StoreError(MISSING.format(program=program))
    return path


def _address(engine: Engine) -> dict[str, str]:
    """Return where a database is, with the password, as variables that PostgreSQL's programs read."""
    from psycopg.pq import Conninfo  # where PostgreSQL is not used it may be missing

    _, told = engine.dialect.create_connect_args(engine.url)
    called = {option.keyword.decode(): option.envvar for option in Conninfo.get_defaults()}
    named = {name: variable.decode() for name in told if (variable := called.get(name))}
    return {"PGCONNECT_TIMEOUT": "5", **{variable: str(told[name]) for name, variable in named.items()}}

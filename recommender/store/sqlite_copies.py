"""Copying an SQLite database to another file and back, page by page."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine

from recommender.errors import StoreError
from recommender.store.drafts import draft_of
from recommender.store.engine import IN_MEMORY, open_engine
from recommender.store.upgrades import is_current

DAMAGED = ("SQLITE_NOTADB", "SQLITE_CORRUPT")


def back_up(engine: Engine, target: Path) -> None:
    """Copy a database to ``target`` while it is in use, whole or not at all.

    Raises
    ------
    StoreError
        If the database is not a file, ``target`` is the database itself, or the copy cannot be written.
    """
    source = _file_of(engine)
    _check_apart(source, target)
    with draft_of(target) as draft:
        _copy_sound(source, draft)
        draft.replace(target)


def restore(engine: Engine, source: Path) -> None:
    """Replace a database by a copy, once the copy has proved sound and of this version.

    A damaged database is kept beside the restored one, with ``.damaged`` at the end of its name.

    Raises
    ------
    StoreError
        If the copy is damaged or of another version, or the database is not a file.
    """
    target = _file_of(engine)
    _check_apart(source, target)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with draft_of(target) as draft:
        _copy_sound(source, draft)
        if not _is_ours(draft):
            raise StoreError(f"{source}: is not a Rekindle database of this version; name another copy.")
        if target.exists() and not _is_sound(target):
            _set_aside(target)
        _copy(draft, target)


def _file_of(engine: Engine) -> Path:
    if engine.url.database in IN_MEMORY:
        raise StoreError("Only a file can be copied, and this database is none; check REKINDLE_DATABASE_URL.")
    return Path(str(engine.url.database))


def _check_apart(database: Path, copy: Path) -> None:
    if copy.exists() and database.exists() and copy.samefile(database):
        raise StoreError(f"{copy}: is the database itself; name another file.")


def _copy_sound(source: Path, draft: Path) -> None:
    if not _is_sound(source):
        raise StoreError(f"{source}: is damaged or no database; name another copy.")
    _copy(source, draft)
    with closing(sqlite3.connect(draft)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")  # one file, fit to be kept on any medium


def _copy(source: Path, target: Path) -> None:
    """Copy page by page: whoever has either open sees the old state or the new one, and nothing between."""
    try:
        with closing(_existing(source)) as reader, closing(sqlite3.connect(target)) as writer:
            writer.execute("BEGIN IMMEDIATE")  # fails after five seconds; `backup` would wait for ever
            writer.rollback()
            reader.backup(writer)
    except sqlite3.Error as error:
        raise StoreError(
            f"{source} could not be copied to {target} ({error}); "
            "check that the folder is there and can be written to, and that nothing else is writing."
        ) from error


def _is_sound(path: Path) -> bool:
    try:
        with closing(_existing(path)) as reader:
            return bool(reader.execute("PRAGMA quick_check").fetchone() == ("ok",))
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorname in DAMAGED:
            return False
        raise StoreError(
            f"{path}: cannot be read ({error}); check that it is there and not in use."
        ) from error


def _is_ours(path: Path) -> bool:
    engine = open_engine(f"sqlite:///{path}")
    try:
        return is_current(engine)
    finally:
        engine.dispose()


def _set_aside(database: Path) -> None:
    # With its journals: they would be replayed into whatever stands in its place.
    for suffix in ("", "-wal", "-shm", "-journal"):
        part = database.with_name(database.name + suffix)
        if part.exists():
            part.replace(database.with_name(f"{database.name}.damaged{suffix}"))


def _existing(path: Path) -> sqlite3.Connection:
    # Nothing is written, but a connection that may not write would leave its journals behind.
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)

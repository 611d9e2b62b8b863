"""What whoever hosts a deployment does from its own machine: look couples up, back the database up."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from recommender.domain import Week
from recommender.errors import InvalidInput, NotFound, StoreError
from recommender.keys import kept_key
from recommender.service.deployment import Deployment
from recommender.service.people import Caller, couple_of
from recommender.service.settings import Settings
from recommender.service.weeks import upcoming_week
from recommender.store.engine import open_engine, reading
from recommender.store.people import find_couple, list_couple_ids
from recommender.store.upgrades import is_current, upgrade

PAGE = 500
DAMAGED = ("SQLITE_NOTADB", "SQLITE_CORRUPT")


def session_key(deployment: Deployment) -> bytes:
    """Return the key that signs sessions; machines that share a database need the same file.

    Raises
    ------
    StoreError
        If it can be neither read nor made.
    """
    return kept_key(deployment.settings.home / "session.key")


def list_couples(deployment: Deployment, *, limit: int, after: str = "") -> tuple[str, ...]:
    """Return up to ``limit`` couple ids after one, in order."""
    with reading(deployment.engine) as connection:
        return list_couple_ids(connection, after=after, limit=limit)


def every_couple(deployment: Deployment, page: int = PAGE) -> Iterator[tuple[str, ...]]:
    """Yield every couple id, a page at a time."""
    ids = list_couples(deployment, limit=page)
    while ids:
        yield ids
        ids = list_couples(deployment, limit=page, after=ids[-1])


def host_caller(deployment: Deployment, couple_id: str) -> Caller:
    """Return a caller that may plan for a couple but is neither partner.

    Raises
    ------
    NotFound
        If there is no such couple.
    """
    with reading(deployment.engine) as connection:
        if find_couple(connection, couple_id) is None:
            raise NotFound(f"There is no couple {couple_id!r}; see `rekindle couples list`")
    return Caller("operator", None, couple_id)


def partner_caller(deployment: Deployment, host: Caller, name: str) -> Caller:
    """Return a caller for the partner of a couple who goes by ``name``, or has it for an id.

    Raises
    ------
    InvalidInput
        If no partner, or more than one, goes by it.
    """
    with reading(deployment.engine) as connection:
        couple = couple_of(connection, host)
    named = [p for p in couple.partners if name.casefold() in (p.name.casefold(), p.partner_id.casefold())]
    if len(named) > 1:
        ids = " or ".join(partner.partner_id for partner in named)
        raise InvalidInput("--partner", f"both go by {name!r}; give the id instead: {ids}")
    if not named:
        names = " or ".join(partner.name for partner in couple.partners)
        raise InvalidInput("--partner", f"{name!r} is not of this couple; name {names}")
    return Caller("partner", named[0].partner_id, couple.couple_id)


def coming_week(deployment: Deployment, caller: Caller) -> Week:
    """Return the week to plan for a couple now, in its own time zone."""
    with reading(deployment.engine) as connection:
        couple = couple_of(connection, caller)
    return upcoming_week(deployment.clock(), couple.circumstances.time_zone)


def upgrade_database(deployment: Deployment) -> None:
    """Bring the database to this version's tables."""
    upgrade(deployment.engine)


def backup_database(deployment: Deployment, target: Path) -> None:
    """Copy an SQLite database to ``target`` while it is in use, whole or not at all.

    Raises
    ------
    StoreError
        If the database is not SQLite (use its own tools), ``target`` is the database itself, or the
        copy cannot be written.
    """
    source = _sqlite_file(deployment.settings)
    _check_apart(source, target)
    with _draft(source, target) as draft:
        draft.replace(target)


def restore_database(settings: Settings, source: Path) -> None:
    """Replace an SQLite database by a copy, once the copy has proved sound and of this version.

    Takes settings, not a deployment: a damaged database cannot be opened. It is kept beside the
    restored one, with ``.damaged`` at the end of its name.

    Raises
    ------
    StoreError
        If the copy is damaged or of another version, or the database is not SQLite.
    """
    target = _sqlite_file(settings)
    _check_apart(source, target)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _draft(source, target) as draft:
        if not _is_ours(draft):
            raise StoreError(f"{source}: is not a Rekindle database of this version; name another copy.")
        if target.exists() and not _is_sound(target):
            _set_aside(target)
        _copy(draft, target)


def _sqlite_file(settings: Settings) -> Path:
    url = open_engine(settings.database_url).url
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        raise StoreError("Only a file of SQLite is copied here; use pg_dump and pg_restore for PostgreSQL.")
    return Path(str(url.database))


def _check_apart(database: Path, copy: Path) -> None:
    if copy.exists() and database.exists() and copy.samefile(database):
        raise StoreError(f"{copy}: is the database itself; name another file.")


@contextmanager
def _draft(source: Path, target: Path) -> Iterator[Path]:
    """Give a sound copy of ``source`` in the folder of ``target``, gone afterwards unless it was moved."""
    draft = target.with_name(f".{target.name}.draft")
    draft.unlink(missing_ok=True)
    try:
        if not _is_sound(source):
            raise StoreError(f"{source}: is damaged or no database; name another copy.")
        _copy(source, draft)
        with closing(sqlite3.connect(draft)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")  # one file, fit to be kept on any medium
        yield draft
    finally:
        draft.unlink(missing_ok=True)


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

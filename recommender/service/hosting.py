"""What whoever hosts a deployment does from its own machine: look couples up, back the database up."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from recommender.domain import Week
from recommender.errors import InvalidInput, NotFound, StoreError
from recommender.service.deployment import Deployment
from recommender.service.people import Caller, couple_of
from recommender.service.weeks import upcoming_week
from recommender.store.engine import open_engine, reading
from recommender.store.people import find_couple, list_couple_ids
from recommender.store.upgrades import is_current, upgrade

PAGE = 500


def list_couples(deployment: Deployment, *, limit: int, after: str = "") -> tuple[str, ...]:
    """Return up to ``limit`` couple ids after one, in order."""
    with reading(deployment.engine) as connection:
        return list_couple_ids(connection, after=after, limit=limit)


def every_couple(deployment: Deployment) -> Iterator[str]:
    """Yield every couple id, a page at a time."""
    page = list_couples(deployment, limit=PAGE)
    while page:
        yield from page
        page = list_couples(deployment, limit=PAGE, after=page[-1])


def host_caller(deployment: Deployment, couple_id: str) -> Caller:
    """Return a caller that may plan for a couple but is neither partner.

    Raises
    ------
    NotFound
        If there is no such couple.
    """
    with reading(deployment.engine) as connection:
        if find_couple(connection, couple_id) is None:
            raise NotFound(f"there is no couple {couple_id}; see `rekindle couples list`")
    return Caller("operator", None, couple_id)


def partner_caller(deployment: Deployment, host: Caller, name: str) -> Caller:
    """Return a caller for the partner of a couple who goes by ``name``.

    Raises
    ------
    InvalidInput
        If no partner, or more than one, goes by it.
    """
    with reading(deployment.engine) as connection:
        couple = couple_of(connection, host)
    named = [p for p in couple.partners if p.name.casefold() == name.casefold()]
    if len(named) != 1:
        names = " and ".join(partner.name for partner in couple.partners)
        raise InvalidInput("--partner", f"{name!r} is not one of {names}")
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
        If the database is not SQLite (use its own tools), or the copy cannot be written.
    """
    source = _sqlite_file(deployment)
    draft = target.with_name(f".{target.name}.draft")
    _copy(source, draft)
    draft.replace(target)


def restore_database(deployment: Deployment, source: Path) -> None:
    """Replace an SQLite database by a copy, once the copy has proved sound and of this version.

    Raises
    ------
    StoreError
        If the copy is damaged or of another version, or the database is not SQLite.
    """
    target = _sqlite_file(deployment)
    engine = open_engine(f"sqlite:///{source}")
    try:
        if not is_current(engine):
            raise StoreError(f"{source}: is not a database of this version; upgrade it first")
    finally:
        engine.dispose()
    _copy(source, target)


def _sqlite_file(deployment: Deployment) -> Path:
    if deployment.engine.dialect.name != "sqlite" or not deployment.engine.url.database:
        raise StoreError("only SQLite is copied here; use pg_dump and pg_restore for PostgreSQL")
    return Path(deployment.engine.url.database)


def _copy(source: Path, target: Path) -> None:
    try:
        with closing(sqlite3.connect(source)) as reader, closing(sqlite3.connect(target)) as writer:
            if reader.execute("PRAGMA quick_check").fetchone() != ("ok",):
                raise StoreError(f"{source}: is damaged; use an older copy")
            reader.backup(writer)
    except sqlite3.Error as error:
        raise StoreError(f"{source} could not be copied to {target}: {error}") from error

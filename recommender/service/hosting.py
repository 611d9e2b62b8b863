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
        If the database is not SQLite (use its own tools), or the copy cannot be written.
    """
    copy_whole(_sqlite_file(deployment.settings), target)


def restore_database(settings: Settings, source: Path) -> None:
    """Replace an SQLite database by a copy, once the copy has proved sound and of this version.

    A database that is damaged is first moved aside, to the same name with ``.damaged`` after it.

    Raises
    ------
    StoreError
        If the copy is damaged or of another version, or the database is not SQLite.
    """
    target = _sqlite_file(settings)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with sound_copy(source, beside=target) as copy:
        engine = open_engine(f"sqlite:///{copy}")
        try:
            current = is_current(engine)
        finally:
            engine.dispose()
        if not current:
            raise StoreError(f"{source}: is not a Rekindle database of this version; give another copy")
        move_aside_if_damaged(target)
        pour(copy, target)


def _sqlite_file(settings: Settings) -> Path:
    url = make_url(settings.database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        raise StoreError("only SQLite is copied here; use pg_dump and pg_restore for PostgreSQL")
    return Path(url.database)

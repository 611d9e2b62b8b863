"""What whoever hosts a deployment does from its own machine: look couples up, back the database up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from recommender.domain import Week
from recommender.errors import InvalidInput, NotFound
from recommender.keys import kept_key
from recommender.service.deployment import Deployment
from recommender.service.people import Caller, couple_of
from recommender.service.settings import Settings
from recommender.service.weeks import upcoming_week
from recommender.store import postgresql_copies, sqlite_copies
from recommender.store.engine import open_engine, reading
from recommender.store.people import find_couple, list_couple_ids
from recommender.store.upgrades import upgrade

PAGE = 500
COPIES = {"sqlite": sqlite_copies, "postgresql": postgresql_copies}


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
    return upcoming_week(deployment.clock(), couple.circumstances)


def upgrade_database(deployment: Deployment) -> None:
    """Bring the database to this version's tables."""
    upgrade(deployment.engine)


def backup_database(deployment: Deployment, target: Path) -> None:
    """Copy the database to ``target`` while it is in use, whole and checked or not at all.

    Raises
    ------
    StoreError
        If it cannot be read, the copy cannot be written or does not prove sound, or a program that makes it
        is missing.
    """
    COPIES[deployment.engine.dialect.name].back_up(deployment.engine, target)


def restore_database(settings: Settings, source: Path) -> None:
    """Replace the database by a copy, once the copy has proved sound and of this version.

    Takes settings, not a deployment: a damaged database cannot be opened.

    Raises
    ------
    StoreError
        If the copy is damaged or of another version, the database cannot be written, or a program that
        brings it back is missing.
    """
    engine = open_engine(settings.database_url)
    try:
        COPIES[engine.dialect.name].restore(engine, source)
    finally:
        engine.dispose()

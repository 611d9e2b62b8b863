"""Small rituals that were offered, and who says that they kept them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from recommender.domain import Ritual, Week
from recommender.store.changes import Change
from recommender.store.questions import AboutSome
from recommender.store.tables import confirmations, rituals
from recommender.store.upserts import insert, insertion

FIELDS = tuple(field.name for field in fields(Ritual))
OF_RITUAL = attrgetter(*FIELDS)
OFFERED = (
    select(rituals, confirmations.c.partner_id)
    .select_from(rituals.outerjoin(confirmations))
    .order_by(rituals.c.week, rituals.c.shown_at, rituals.c.position, confirmations.c.partner_id)
)
OF_COUPLES = AboutSome(OFFERED, rituals.c.couple_id)
IN_WEEK = AboutSome(OFFERED.where(rituals.c.week == bindparam("in_week")), rituals.c.couple_id)
NEW_RITUALS = Change(partial(insertion, into=rituals), (*FIELDS, "couple_id", "week", "shown_at"))
BY_ID = AboutSome(OFFERED.where(rituals.c.ritual_id == bindparam("named")), rituals.c.couple_id)


@dataclass(frozen=True, slots=True)
class OfferedRitual:
    """A ritual as it was offered, whatever became of it.

    Attributes
    ----------
    withdrawn : bool
        Whether a limit set later took it away.
    kept : bool
        Whether everybody in the couple confirmed it.
    confirmed_by : tuple[str, ...]
        The partners who say that they did it, in order.
    """

    couple_id: str
    week: Week
    ritual: Ritual
    shown_at: datetime
    withdrawn: bool
    kept: bool
    confirmed_by: tuple[str, ...]


def insert_rituals(
    connection: Connection, couple_id: str, week: Week, offered: Iterable[Ritual], shown_at: datetime
) -> tuple[OfferedRitual, ...]:
    """Store rituals of a week and return them as offered; their positions must be free."""
    made = tuple(OfferedRitual(couple_id, week, ritual, shown_at, False, False, ()) for ritual in offered)
    common = {"couple_id": couple_id, "week": str(week), "shown_at": shown_at}
    rows = [{name: getattr(it.ritual, name) for name in FIELDS} | common for it in made]
    NEW_RITUALS.make_all(connection, rows)
    return made


def list_rituals(
    connection: Connection, *couple_ids: str, week: Week | None = None
) -> tuple[OfferedRitual, ...]:
    """Return every ritual ever offered to couples, or in one week, by week, time and position."""
    if week is None:
        return _offered(OF_COUPLES.ask(connection, couple_ids))
    return _offered(IN_WEEK.ask(connection, couple_ids, in_week=str(week)))


def find_ritual(connection: Connection, couple_id: str, ritual_id: str) -> OfferedRitual | None:
    """Return one of a couple's rituals, or None."""
    found = _offered(BY_ID.ask(connection, (couple_id,), named=ritual_id))
    return found[0] if found else None


def delete_rituals(connection: Connection, couple_id: str) -> None:
    """Delete every ritual that was ever offered to a couple, kept or not."""
    connection.execute(delete(rituals).where(rituals.c.couple_id == couple_id))


def withdraw_ritual(connection: Connection, ritual_id: str, at: datetime) -> None:
    """Take a ritual away; its position is free again."""
    connection.execute(update(rituals).where(rituals.c.ritual_id == ritual_id).values(withdrawn_at=at))


def insert_confirmation(connection: Connection, ritual_id: str, partner_id: str, at: datetime) -> None:
    """Store that a partner did a ritual; a second time changes nothing."""
    statement = insert(connection, confirmations).values(
        ritual_id=ritual_id, partner_id=partner_id, confirmed_at=at
    )
    connection.execute(statement.on_conflict_do_nothing())


def keep_ritual(connection: Connection, ritual_id: str, at: datetime) -> None:
    """Note that a ritual was kept; it stays so, whoever leaves later."""
    unkept = (rituals.c.ritual_id == ritual_id, rituals.c.kept_at.is_(None))
    connection.execute(update(rituals).where(*unkept).values(kept_at=at))


def _offered(found: Iterable[Any]) -> tuple[OfferedRitual, ...]:
    rows: dict[str, list[Any]] = {}
    for row in found:
        rows.setdefault(row.ritual_id, []).append(row)
    return tuple(_ritual(joined) for joined in rows.values())


def _ritual(rows: list[Any]) -> OfferedRitual:
    row = rows[0]
    return OfferedRitual(
        couple_id=row.couple_id,
        week=Week.parse(row.week),
        ritual=Ritual(*OF_RITUAL(row)),
        shown_at=row.shown_at,
        withdrawn=row.withdrawn_at is not None,
        kept=row.kept_at is not None,
        confirmed_by=tuple(it.partner_id for it in rows if it.partner_id is not None),
    )

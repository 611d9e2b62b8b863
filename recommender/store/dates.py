"""Dates that couples chose or logged."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from recommender.domain import CoupleDate
from recommender.store.questions import AboutSome, Question
from recommender.store.tables import dates
from recommender.store.upserts import insert

COLUMNS = tuple(dates.c[field.name] for field in fields(CoupleDate))
OF_COUPLES = AboutSome(
    select(*COLUMNS).order_by(dates.c.starts_at.desc(), dates.c.date_id.desc()), dates.c.couple_id
)
A_DATE = select(*COLUMNS).where(
    dates.c.couple_id == bindparam("of_couple"), dates.c.date_id == bindparam("named")
)
BY_ID, HELD = Question(A_DATE), Question(A_DATE.with_for_update())
BY_SUGGESTION = Question(select(*COLUMNS).where(dates.c.suggestion_id == bindparam("chosen")))


def insert_date(connection: Connection, date: CoupleDate) -> CoupleDate:
    """Store a date and return it; if its suggestion was chosen before, return the date of that choice."""
    statement = insert(connection, dates).values(_values(date))
    statement = statement.on_conflict_do_nothing(index_elements=["suggestion_id"])
    if connection.execute(statement.returning(dates.c.date_id)).first() is not None:
        return date
    chosen = BY_SUGGESTION.ask(connection, chosen=date.suggestion_id or "")
    return CoupleDate(*chosen[0]) if chosen else date


def find_date(
    connection: Connection, couple_id: str, date_id: str, *, for_update: bool = False
) -> CoupleDate | None:
    """Return one of a couple's dates, or None.

    Parameters
    ----------
    for_update : bool
        Hold the date until the transaction ends, so that no rating of it comes between.
    """
    found = (HELD if for_update else BY_ID).ask(connection, of_couple=couple_id, named=date_id)
    return CoupleDate(*found[0]) if found else None


def list_dates(connection: Connection, *couple_ids: str) -> tuple[CoupleDate, ...]:
    """Return all dates of one couple or several, the newest first."""
    return tuple(CoupleDate(*row) for row in OF_COUPLES.ask(connection, couple_ids))


def update_date(connection: Connection, date: CoupleDate) -> None:
    """Store a date's status, start and revision."""
    connection.execute(
        update(dates)
        .where(dates.c.date_id == date.date_id)
        .values(status=date.status, starts_at=date.starts_at, revision=date.revision)
    )


def hand_over(connection: Connection, couple_id: str, partner_id: str, date_id: str | None = None) -> None:
    """Make a date of both, or all of them, one partner's alone; what was suggested may be chosen anew."""
    theirs = [dates.c.couple_id == couple_id, dates.c.kept_by.is_(None)]
    if date_id is not None:
        theirs.append(dates.c.date_id == date_id)
    connection.execute(update(dates).where(*theirs).values(kept_by=partner_id, suggestion_id=None))


def delete_date(connection: Connection, date_id: str) -> None:
    """Delete a date with its ratings."""
    connection.execute(delete(dates).where(dates.c.date_id == date_id))


def _values(date: CoupleDate) -> dict[str, Any]:
    return {column.name: getattr(date, column.name) for column in COLUMNS}

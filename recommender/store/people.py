"""Couples and partners, in and out of the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, delete, func, select, update

from recommender.domain import Couple, Partner
from recommender.store.questions import AboutSome
from recommender.store.tables import claims, couples, partners, responses
from recommender.store.upserts import insert

PARTNER = tuple(field.name for field in fields(Partner))
OF_PARTNER = attrgetter(*PARTNER)
COUPLES = AboutSome(
    select(couples, *(partners.c[name] for name in PARTNER if name != "couple_id"))
    .select_from(couples.outerjoin(partners))
    .order_by(couples.c.couple_id, partners.c.joined_at, partners.c.partner_id),
    couples.c.couple_id,
)
HELD = AboutSome(
    select(couples.c.couple_id)
    .order_by(couples.c.couple_id)  # so that of two who hold several none waits for the other
    .with_for_update(),
    couples.c.couple_id,
)


def insert_couple(connection: Connection, couple: Couple, created_at: datetime) -> None:
    """Store a new couple without its partners."""
    connection.execute(
        insert(connection, couples).values(
            couple_id=couple.couple_id,
            circumstances=couple.circumstances,
            goals=couple.goals,
            created_at=created_at,
        )
    )


def insert_partner(connection: Connection, partner: Partner, joined_at: datetime) -> bool:
    """Store a new partner on a free seat of their couple; return False if both are taken."""
    row = _values(partner) | {
        "partner_id": partner.partner_id,
        "couple_id": partner.couple_id,
        "joined_at": joined_at,
    }
    for seat in (1, 2):
        seated = connection.execute(
            insert(connection, partners)
            .values(**row, seat=seat)
            .on_conflict_do_nothing(index_elements=["couple_id", "seat"])
            .returning(partners.c.seat)
        )
        if seated.first() is not None:
            return True
    return False


def find_couple(connection: Connection, couple_id: str, *, for_update: bool = False) -> Couple | None:
    """Return a couple with its partners in order of joining, or None.

    Parameters
    ----------
    for_update : bool
        Hold the couple until the transaction ends, so that no other change to it comes between.
    """
    found = find_couples(connection, (couple_id,), for_update=for_update)
    return found[0] if found else None


def find_couples(
    connection: Connection, couple_ids: Sequence[str], *, for_update: bool = False
) -> tuple[Couple, ...]:
    """Return those couples that there are, in order of their ids, as `find_couple` does."""
    if for_update and connection.dialect.name != "sqlite":  # there one who writes holds everything
        # A statement of its own: whoever waits for it then reads what the one before has written.
        HELD.ask(connection, couple_ids)
    rows = COUPLES.ask(connection, couple_ids)
    return tuple(_couple(list(joined)) for _, joined in groupby(rows, attrgetter("couple_id")))


def list_couple_ids(connection: Connection, *, after: str = "", limit: int) -> tuple[str, ...]:
    """Return the next ``limit`` couple ids in order, to walk through all couples page by page."""
    query = (
        select(couples.c.couple_id)
        .where(couples.c.couple_id > after)
        .order_by(couples.c.couple_id)
        .limit(limit)
    )
    return tuple(connection.scalars(query))


def count_couples(connection: Connection) -> int:
    """Return how many couples there are."""
    return connection.scalar(select(func.count()).select_from(couples)) or 0


def update_partner(connection: Connection, partner: Partner) -> None:
    """Store everything a partner may change about themselves."""
    connection.execute(
        update(partners).where(partners.c.partner_id == partner.partner_id).values(_values(partner))
    )


def update_couple(connection: Connection, couple: Couple) -> None:
    """Store a couple's circumstances and goals."""
    connection.execute(
        update(couples)
        .where(couples.c.couple_id == couple.couple_id)
        .values(circumstances=couple.circumstances, goals=couple.goals)
    )


def delete_partner(connection: Connection, partner_id: str) -> None:
    """Delete a partner with their answers, boundaries, ratings, tokens, calendar and stored responses."""
    for kept in (claims, responses):
        connection.execute(delete(kept).where(kept.c.caller == partner_id))
    connection.execute(delete(partners).where(partners.c.partner_id == partner_id))


def delete_couple(connection: Connection, couple_id: str) -> None:
    """Delete a couple and everything of both partners."""
    theirs = select(partners.c.partner_id).where(partners.c.couple_id == couple_id)
    for kept in (claims, responses):
        connection.execute(delete(kept).where(kept.c.caller.in_(theirs)))
    connection.execute(delete(couples).where(couples.c.couple_id == couple_id))


def _values(partner: Partner) -> dict[str, Any]:
    return {
        "name": partner.name,
        "answers": partner.answers,
        "boundaries": partner.boundaries,
        "freshness": partner.freshness,
        "tender_weeks": partner.tender_weeks,
    }


def _couple(rows: Sequence[Any]) -> Couple:
    seated = tuple(Partner(*OF_PARTNER(row)) for row in rows if row.partner_id is not None)
    return Couple(rows[0].couple_id, seated, rows[0].circumstances, rows[0].goals)

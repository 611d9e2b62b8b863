"""What lets people in: tokens, invitations and calendar addresses, all kept only as hashes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from recommender.store.tables import calendars, invites, partners, tokens
from recommender.store.upserts import insert


def insert_token(connection: Connection, token_hash: str, partner_id: str, created_at: datetime) -> None:
    """Store the hash of a partner's new token."""
    connection.execute(
        insert(connection, tokens).values(token_hash=token_hash, partner_id=partner_id, created_at=created_at)
    )


def find_partner_by_token(connection: Connection, token_hash: str) -> tuple[str, str] | None:
    """Return the ``(partner_id, couple_id)`` that a token belongs to, or None."""
    query = (
        select(partners.c.partner_id, partners.c.couple_id)
        .join_from(tokens, partners)
        .where(tokens.c.token_hash == token_hash)
    )
    row = connection.execute(query).first()
    return None if row is None else (row.partner_id, row.couple_id)


def insert_invite(connection: Connection, invite_hash: str, couple_id: str, expires_at: datetime) -> None:
    """Store the hash of an invitation to a couple."""
    connection.execute(
        insert(connection, invites).values(
            invite_hash=invite_hash, couple_id=couple_id, expires_at=expires_at
        )
    )


def use_invite(connection: Connection, invite_hash: str, at: datetime) -> str | None:
    """Use an invitation up and return its couple_id; None if it is unknown, expired or used.

    One statement decides, so that of two who try at once only one gets in.
    """
    used = connection.execute(
        update(invites)
        .where(invites.c.invite_hash == invite_hash, invites.c.used_at.is_(None), invites.c.expires_at > at)
        .values(used_at=at)
        .returning(invites.c.couple_id)
    ).first()
    return None if used is None else str(used.couple_id)


def delete_invites(connection: Connection, couple_id: str) -> None:
    """Delete every invitation to a couple, used or not."""
    connection.execute(delete(invites).where(invites.c.couple_id == couple_id))


def put_calendar(connection: Connection, calendar_hash: str, partner_id: str, created_at: datetime) -> None:
    """Store the hash of a partner's calendar address in place of the one before."""
    statement = insert(connection, calendars).values(
        calendar_hash=calendar_hash, partner_id=partner_id, created_at=created_at
    )
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["partner_id"],
            set_={"calendar_hash": calendar_hash, "created_at": created_at},
        )
    )


def find_partner_by_calendar(connection: Connection, calendar_hash: str) -> tuple[str, str] | None:
    """Return the ``(partner_id, couple_id)`` whose dates a calendar address shows, or None."""
    query = (
        select(partners.c.partner_id, partners.c.couple_id)
        .join_from(calendars, partners)
        .where(calendars.c.calendar_hash == calendar_hash)
    )
    row = connection.execute(query).first()
    return None if row is None else (row.partner_id, row.couple_id)

"""What lets people in: tokens, invitations and calendar addresses, all kept only as hashes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date, datetime

from sqlalchemy import Connection, Engine, bindparam, delete, exists, func, select, update

from recommender.domain import Scope
from recommender.store.changes import Change
from recommender.store.questions import Question
from recommender.store.tables import calendars, invites, links, partners, tokens
from recommender.store.upserts import insert


@dataclass(frozen=True, slots=True)
class Token:
    """A partner's token, by its hash: what it may do, what it is for, when it was made and last used."""

    token_hash: str
    partner_id: str
    couple_id: str
    created_at: datetime
    scope: Scope
    label: str
    used_on: date | None


A_TOKEN = select(
    *((partners if field.name == "couple_id" else tokens).c[field.name] for field in fields(Token))
).join_from(tokens, partners)
USED = Change(
    lambda _dialect: (
        update(tokens).where(tokens.c.token_hash == bindparam("wanted")).values(used_on=bindparam("used_on"))
    )
)
BY_HASH = Question(A_TOKEN.where(tokens.c.token_hash == bindparam("wanted")))


def insert_token(
    connection: Connection,
    token_hash: str,
    partner_id: str,
    created_at: datetime,
    scope: Scope = "all",
    label: str = "",
) -> None:
    """Store the hash of a partner's new token."""
    row = {"token_hash": token_hash, "partner_id": partner_id, "created_at": created_at}
    connection.execute(insert(connection, tokens).values(**row, scope=scope, label=label))


def find_token(engine: Engine, token_hash: str) -> Token | None:
    """Return the token with a hash, or None.

    Raises
    ------
    StoreError
        As for `transaction`.
    """
    found = BY_HASH.ask_alone(engine, wanted=token_hash)
    return Token(*found[0]) if found else None


def list_tokens(connection: Connection, partner_id: str) -> tuple[Token, ...]:
    """Return a partner's tokens, the newest first."""
    query = A_TOKEN.where(tokens.c.partner_id == partner_id)
    newest_first = query.order_by(tokens.c.created_at.desc(), tokens.c.token_hash)
    return tuple(Token(**row) for row in connection.execute(newest_first).mappings())


def use_token(engine: Engine, token_hash: str, on: date) -> None:
    """Note the day on which a token was last used.

    Raises
    ------
    StoreError
        As for `transaction`.
    """
    USED.make_alone(engine, {"wanted": token_hash, "used_on": on})


def delete_tokens(connection: Connection, token_hashes: Iterable[str]) -> None:
    """Delete tokens by their hashes."""
    wanted = list(token_hashes)
    if wanted:
        connection.execute(delete(tokens).where(tokens.c.token_hash.in_(wanted)))


def insert_link(connection: Connection, link_hash: str, partner_id: str, expires_at: datetime) -> None:
    """Store the hash of a link that signs a partner in once."""
    row = {"link_hash": link_hash, "partner_id": partner_id, "expires_at": expires_at}
    connection.execute(insert(connection, links).values(**row))


def use_link(connection: Connection, link_hash: str, at: datetime) -> tuple[str, str] | None:
    """Use a link up; return the ``(partner_id, couple_id)`` it signs in, or None if it is not good."""
    used = connection.execute(
        delete(links)
        .where(links.c.link_hash == link_hash, links.c.expires_at > at)
        .returning(links.c.partner_id)
    ).first()
    if used is None:
        return None
    couple_id = connection.scalar(
        select(partners.c.couple_id).where(partners.c.partner_id == used.partner_id)
    )
    return used.partner_id, str(couple_id)


def count_links(connection: Connection, partner_id: str, at: datetime) -> int:
    """Return how many links would still sign a partner in."""
    good = (links.c.partner_id == partner_id) & (links.c.expires_at > at)
    return connection.scalar(select(func.count()).select_from(links).where(good)) or 0


def delete_links(connection: Connection, partner_id: str) -> None:
    """Delete every link of a partner."""
    connection.execute(delete(links).where(links.c.partner_id == partner_id))


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


def is_invited(connection: Connection, couple_id: str, at: datetime) -> bool:
    """Return whether an invitation to a couple would still let somebody in."""
    good = (invites.c.couple_id == couple_id) & invites.c.used_at.is_(None) & (invites.c.expires_at > at)
    return connection.scalar(select(exists().where(good))) or False


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

"""Responses kept for a day, so that a POST sent twice under one Idempotency-Key is done once.

A response that holds a secret (a token, an invitation) must not be stored: the database keeps no secrets.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from recommender.store.tables import responses
from recommender.store.upserts import insert

KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """What was answered, and the hash of what had been asked."""

    request_hash: str
    status: int
    body: str


def find_response(connection: Connection, caller: str, key: str) -> StoredResponse | None:
    """Return what a caller was answered under an idempotency key, or None."""
    query = select(responses.c.request_hash, responses.c.status, responses.c.body).where(
        responses.c.caller == caller, responses.c.key == key
    )
    row = connection.execute(query).first()
    return None if row is None else StoredResponse(row.request_hash, row.status, row.body)


def insert_response(
    connection: Connection, caller: str, key: str, response: StoredResponse, at: datetime
) -> bool:
    """Store a response and forget everybody's old ones; return False if that key already has one.

    Parameters
    ----------
    caller : str
        A partner_id, or up to 26 characters for anybody else.
    """
    connection.execute(delete(responses).where(responses.c.made_at < at - KEPT))
    statement = insert(connection, responses).values(
        caller=caller,
        key=key,
        request_hash=response.request_hash,
        status=response.status,
        body=response.body,
        made_at=at,
    )
    stored = connection.execute(statement.on_conflict_do_nothing().returning(responses.c.key))
    return stored.first() is not None

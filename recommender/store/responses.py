"""Responses kept for a day, so that a POST sent twice under one Idempotency-Key is done once.

A key is claimed before the work, and the response takes the claim's place after it. A process that dies
in between leaves its claim, which counts for ten minutes.

A response that holds a secret (a token, an invitation) must not be stored: the database keeps no secrets.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from recommender.store.tables import claims, responses
from recommender.store.upserts import insert

KEPT = timedelta(days=1)
CLAIMED = timedelta(minutes=10)
"""How long a claim counts; longer than a request should ever take."""


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """What was answered, and the hash of what had been asked."""

    request_hash: str
    status: int
    body: str


@dataclass(frozen=True, slots=True)
class Claim:
    """That somebody works on a request under a key.

    Attributes
    ----------
    caller : str
        A partner_id, or up to 26 characters for anybody else.
    claim_id : str
        A ULID; tells this claim from one that took its place once it had expired.
    """

    caller: str
    key: str
    claim_id: str


def claim_key(connection: Connection, claim: Claim, at: datetime) -> bool:
    """Store a claim and forget everybody's expired ones; return False if the key is claimed already."""
    connection.execute(delete(claims).where(claims.c.claimed_at < at - CLAIMED))
    statement = insert(connection, claims).values(
        caller=claim.caller, key=claim.key, claim_id=claim.claim_id, claimed_at=at
    )
    stored = connection.execute(statement.on_conflict_do_nothing().returning(claims.c.key))
    return stored.first() is not None


def release_claim(connection: Connection, claim: Claim) -> bool:
    """Delete a claim; return False if it is gone: expired, or its caller deleted."""
    statement = delete(claims).where(
        claims.c.caller == claim.caller, claims.c.key == claim.key, claims.c.claim_id == claim.claim_id
    )
    return connection.execute(statement.returning(claims.c.key)).first() is not None


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

"""Answers kept for a while, so that a POST sent twice under one Idempotency-Key is done once."""

from __future__ import annotations

from recommender.service.deployment import Deployment
from recommender.store import reading, responses, transaction
from recommender.store.responses import StoredResponse

__all__ = ["StoredResponse", "find_response", "keep_response"]


def find_response(d: Deployment, whose: str, key: str) -> StoredResponse | None:
    """Return what was answered under a key, or None.

    Parameters
    ----------
    whose : str
        A partner_id or another name of at most 26 characters; one caller's keys mean nothing to another.
    """
    with reading(d.engine) as connection:
        return responses.find_response(connection, whose, key)


def keep_response(d: Deployment, whose: str, key: str, response: StoredResponse) -> bool:
    """Store what was answered under a key; return False if another process stored one first.

    The body must hold no secret: leave it empty instead.
    """
    with transaction(d.engine) as connection:
        return responses.insert_response(connection, whose, key, response, d.clock())

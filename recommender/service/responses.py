"""Answers kept for a while, so that a POST sent twice under one Idempotency-Key is done once."""

from __future__ import annotations

from ulid import ULID

from recommender.errors import Busy
from recommender.service.deployment import Deployment
from recommender.store import responses, transaction
from recommender.store.responses import Claim, StoredResponse

__all__ = ["Claim", "StoredResponse", "claim", "finish", "release"]


def claim(d: Deployment, whose: str, key: str) -> Claim | StoredResponse:
    """Return what was answered under a key, or else the claim to work on it now.

    Each claim must be ended with `finish` or `release`; one that a crash left counts for ten minutes.

    Parameters
    ----------
    whose : str
        A partner_id or another name of at most 26 characters; one caller's keys mean nothing to another.

    Raises
    ------
    Busy
        If somebody else works on it, in this process or another.
    """
    mine = Claim(whose, key, str(ULID()))
    with transaction(d.engine) as connection:
        # Claimed first and looked up then: whoever held the key has either finished, and is found, or not.
        if not responses.claim_key(connection, mine, d.clock()):
            raise Busy("A request with this key is being worked on; ask again for its answer.")
        before = responses.find_response(connection, whose, key)
        if before is None:
            return mine
        responses.release_claim(connection, mine)
        return before


def finish(d: Deployment, mine: Claim, response: StoredResponse) -> bool:
    """Store what was answered in place of the claim; return False if the claim was gone.

    The body must hold no secret: leave it empty instead.
    """
    with transaction(d.engine) as connection:
        if not responses.release_claim(connection, mine):
            return False
        return responses.insert_response(connection, mine.caller, mine.key, response, d.clock())


def release(d: Deployment, mine: Claim) -> None:
    """Give a claim up, since what was asked was not done."""
    with transaction(d.engine) as connection:
        responses.release_claim(connection, mine)

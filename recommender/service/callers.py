"""Who asks. Each use case of a partner starts here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from hmac import compare_digest
from typing import Literal

from sqlalchemy import Connection

from recommender.domain import Couple, Partner, Scope
from recommender.errors import NotAllowed, NotFound, Unauthenticated
from recommender.service.deployment import Deployment
from recommender.service.secret import hashed
from recommender.store import access, people

NO_TOKEN = "This token is not valid (any more); send the one you were given when you joined."
TOKEN_LIFE = timedelta(days=180)
"""How long a token that is not used stays good."""

PARTNERS_ONLY = "Only a partner may do this; send a partner's token."


@dataclass(frozen=True, slots=True)
class Caller:
    """A partner of a couple, or the operator who runs the service (for a couple, where one is named).

    Attributes
    ----------
    scope : {"all", "plan"}
        What their token may do.
    session_id : str or None
        Which of the partner's tokens it is; None where there was none.
    """

    kind: Literal["partner", "operator"]
    partner_id: str | None = None
    couple_id: str | None = None
    scope: Scope = "all"
    session_id: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Home:
    """A partner who asks, in their couple."""

    me: Partner
    couple: Couple


def authenticate(d: Deployment, token: str) -> Caller:
    """Return who holds ``token``.

    Raises
    ------
    Unauthenticated
        If nobody does.
    """
    told, operator_token = hashed(token), d.settings.operator_token
    if operator_token is not None and compare_digest(told, hashed(operator_token)):
        return Caller("operator")
    found, today = access.find_token(d.engine, told), d.clock().date()
    if found is None or expires_on(found) < today:
        raise Unauthenticated(NO_TOKEN)
    if found.used_on != today:  # kept alive, by writing at most once a day
        access.use_token(d.engine, found.token_hash, today)
    return Caller("partner", found.partner_id, found.couple_id, found.scope, session_id(found.token_hash))


def session_id(token_hash: str) -> str:
    """Return the name that a token goes by, which is no secret: 104 bits of the hash of 256 random ones."""
    return token_hash[:26].upper()


def expires_on(token: access.Token) -> date:
    """Return the last day on which a token is good, if it is not used before."""
    return (token.used_on or token.created_at.date()) + TOKEN_LIFE


def couple_of(connection: Connection, caller: Caller, *, for_update: bool = False) -> Couple:
    """Return the couple that a partner belongs to, or that the operator names.

    Parameters
    ----------
    for_update : bool
        Hold the couple until the transaction ends, so that no other change to it comes between.

    Raises
    ------
    NotAllowed
        If the caller is of no couple.
    Unauthenticated
        If the partner has left since they were recognised.
    NotFound
        If the operator names a couple that is not there.
    """
    if caller.couple_id is None:
        raise NotAllowed(PARTNERS_ONLY)
    couple = people.find_couple(connection, caller.couple_id, for_update=for_update)
    if couple is None and caller.kind == "operator":
        raise NotFound("There is no such couple.")
    if couple is None or (caller.kind == "partner" and _seat(couple, caller) is None):
        raise Unauthenticated(NO_TOKEN)
    return couple


def find_home(connection: Connection, caller: Caller, *, for_update: bool = False) -> Home:
    """Return the partner who asks, in their couple.

    Parameters
    ----------
    for_update : bool
        As for `couple_of`.

    Raises
    ------
    NotAllowed
        If the caller is not a partner.
    Unauthenticated
        If they have left since they were recognised.
    """
    couple = couple_of(connection, caller, for_update=for_update)
    me = _seat(couple, caller)
    if me is None:
        raise NotAllowed(PARTNERS_ONLY)
    return Home(me, couple)


def _seat(couple: Couple, caller: Caller) -> Partner | None:
    return next((p for p in couple.partners if p.partner_id == caller.partner_id), None)

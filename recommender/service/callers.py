"""Who asks. Each use case of a partner starts here."""

from __future__ import annotations

from dataclasses import dataclass
from hmac import compare_digest
from typing import Literal

from sqlalchemy import Connection

from recommender.domain import Couple, Partner
from recommender.errors import NotAllowed, NotFound, Unauthenticated
from recommender.service.deployment import Deployment
from recommender.service.secret import hashed
from recommender.store import access, people, reading

NO_TOKEN = "This token is not valid (any more); send the one you were given when you joined."
PARTNERS_ONLY = "Only a partner may do this; send a partner's token."


@dataclass(frozen=True, slots=True)
class Caller:
    """A partner of a couple, or the operator who runs the service (for a couple, where one is named)."""

    kind: Literal["partner", "operator"]
    partner_id: str | None = None
    couple_id: str | None = None


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
    operator_token = d.settings.operator_token
    if operator_token is not None and compare_digest(hashed(token), hashed(operator_token)):
        return Caller("operator")
    with reading(d.engine) as connection:
        holder = access.find_partner_by_token(connection, hashed(token))
    if holder is None:
        raise Unauthenticated(NO_TOKEN)
    return Caller("partner", *holder)


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

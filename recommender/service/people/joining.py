"""How a couple comes about: one starts it, the other accepts an invitation."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from recommender.domain import Couple, Partner
from recommender.errors import Conflict, NotAllowed, NotFound
from recommender.service.callers import Caller, couple_of, find_home
from recommender.service.deployment import Deployment
from recommender.service.secret import hashed, invite_key, new_id, new_invite_code, new_secret
from recommender.service.texts import NAME_LENGTH, check_line
from recommender.store import access, people, reading, transaction

INVITE_LIFE = timedelta(days=7)
SEATS = 2

# The same words whatever is wrong with a code, so that guessing teaches nothing.
BAD_INVITE = "This invitation code is not valid (any more); ask your partner for a new one."
FULL = "This couple already has two partners."


@dataclass(frozen=True, slots=True)
class Joined:
    """What a new partner is told, once: the token and the code are kept only as hashes.

    Attributes
    ----------
    invite_code : str or None
        For the other partner; None for the one who came by it.
    """

    couple_id: str
    partner_id: str
    token: str = field(repr=False)
    invite_code: str | None = field(default=None, repr=False)


def create_couple(d: Deployment, name: str, *, caller: Caller | None = None) -> Joined:
    """Start a couple with its first partner and an invitation for the second.

    Raises
    ------
    InvalidInput
        If the name cannot be used.
    NotAllowed
        If sign-up is closed and the caller is not the operator.
    """
    if d.settings.signup == "closed" and (caller is None or caller.kind != "operator"):
        raise NotAllowed("Sign-up is closed here; ask whoever runs this service for an invitation.")
    name = check_line("name", name, NAME_LENGTH)
    now = d.clock()
    couple = Couple(new_id(now), partners=())
    with transaction(d.engine) as connection:
        people.insert_couple(connection, couple, now)
        partner_id, token = _seat(connection, couple.couple_id, name, now)
        code = _invite(connection, couple.couple_id, now)
    return Joined(couple.couple_id, partner_id, token, code)


def new_invite(d: Deployment, caller: Caller) -> str:
    """Return a new invitation code; any code made before stops working.

    Raises
    ------
    Conflict
        If the couple already has two partners.
    """
    with transaction(d.engine) as connection:
        couple = find_home(connection, caller, for_update=True).couple
        if len(couple.partners) == SEATS:
            raise Conflict(FULL)
        return _invite(connection, couple.couple_id, d.clock())


def is_invited(d: Deployment, caller: Caller) -> bool:
    """Return whether an invitation to one's couple would still let somebody in."""
    with reading(d.engine) as connection:
        return access.is_invited(connection, couple_of(connection, caller).couple_id, d.clock())


def revoke_invites(d: Deployment, caller: Caller) -> None:
    """End every invitation to one's couple."""
    with transaction(d.engine) as connection:
        access.delete_invites(connection, find_home(connection, caller, for_update=True).couple.couple_id)


def accept_invite(d: Deployment, invite_code: str, name: str) -> Joined:
    """Join the couple that an invitation code was made for; the code works once.

    Raises
    ------
    InvalidInput
        If the name cannot be used.
    NotFound
        If the code is unknown, used or out of date.
    Conflict
        If the couple already has two partners.
    """
    name = check_line("name", name, NAME_LENGTH)
    now = d.clock()
    with transaction(d.engine) as connection:
        couple_id = access.use_invite(connection, hashed(invite_key(invite_code)), now)
        if couple_id is None:
            raise NotFound(BAD_INVITE)
        partner_id, token = _seat(connection, couple_id, name, now)
    return Joined(couple_id, partner_id, token)


def new_token(d: Deployment, couple_id: str) -> str:
    """Return another token of a couple's first partner, for whoever hosts the service to try it with.

    Raises
    ------
    NotFound
        If there is no such couple.
    """
    now = d.clock()
    with transaction(d.engine) as connection:
        couple = couple_of(connection, Caller("operator", couple_id=couple_id))
        return _token(connection, couple.partners[0].partner_id, now)


def _seat(connection: Connection, couple_id: str, name: str, now: datetime) -> tuple[str, str]:
    """Store a new partner; return their id and token."""
    partner = Partner(new_id(now), couple_id, name)
    if not people.insert_partner(connection, partner, now):
        raise Conflict(FULL)
    return partner.partner_id, _token(connection, partner.partner_id, now)


def _token(connection: Connection, partner_id: str, now: datetime) -> str:
    """Store a new token of a partner; return it."""
    token = new_secret()
    access.insert_token(connection, hashed(token), partner_id, now)
    return token


def _invite(connection: Connection, couple_id: str, now: datetime) -> str:
    """Store a new invitation in place of any other; return its code."""
    code = new_invite_code()
    access.delete_invites(connection, couple_id)
    access.insert_invite(connection, hashed(code), couple_id, now + INVITE_LIFE)
    return code

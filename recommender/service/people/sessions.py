"""Where a partner is signed in: tokens and links, listed, made and ended by that partner alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from recommender.domain import Scope
from recommender.errors import Conflict, NotFound
from recommender.service.callers import Caller, expires_on, find_home, session_id
from recommender.service.deployment import Deployment
from recommender.service.secret import hashed, new_secret
from recommender.service.texts import NAME_LENGTH, check_line
from recommender.store import access, reading, transaction

LINK_LIFE = timedelta(minutes=10)
SESSIONS_MOST = 20
BAD_LINK = "This link is not good (any more): each works once, for ten minutes. Make a new one."
TOO_MANY = f"You are signed in at {SESSIONS_MOST} places; end one of them first."


@dataclass(frozen=True, slots=True)
class Session:
    """One place where a partner is signed in.

    Attributes
    ----------
    used_on : date or None
        The last day it was used; None before it was.
    expires_on : date
        The last day on which it is good, if it is not used before.
    current : bool
        Whether it is the one that asks.
    """

    session_id: str
    label: str
    scope: Scope
    created_at: datetime
    used_on: date | None
    expires_on: date
    current: bool


@dataclass(frozen=True, slots=True)
class Sessions:
    """Where a partner is signed in, the newest first, and how many links would sign them in once more."""

    sessions: tuple[Session, ...]
    n_links: int


def list_sessions(d: Deployment, caller: Caller) -> Sessions:
    """Return where the partner who asks is signed in."""
    with reading(d.engine) as connection:
        me = find_home(connection, caller).me
        found = access.list_tokens(connection, me.partner_id)
        n_links = access.count_links(connection, me.partner_id, d.clock())
    return Sessions(tuple(_session(token, caller) for token in found), n_links)


def new_session(d: Deployment, caller: Caller, *, label: str = "", scope: Scope = "all") -> tuple[str, str]:
    """Return the session_id and the token of a new session; the token is told only here.

    Raises
    ------
    InvalidInput
        If the label cannot be used.
    Conflict
        If there are too many.
    """
    with transaction(d.engine) as connection:
        me = find_home(connection, caller, for_update=True).me
        return _open(d, connection, me.partner_id, label, scope)


def end_session(d: Deployment, caller: Caller, wanted: str) -> None:
    """End one of one's own sessions, the one that asks among them.

    Raises
    ------
    NotFound
        If there is no such session.
    """
    with transaction(d.engine) as connection:
        me = find_home(connection, caller, for_update=True).me
        found = [
            token.token_hash
            for token in access.list_tokens(connection, me.partner_id)
            if session_id(token.token_hash) == wanted
        ]
        if not found:
            raise NotFound("You have no such session.")
        access.delete_tokens(connection, found)


def end_other_sessions(d: Deployment, caller: Caller) -> None:
    """End every session of one's own but the one that asks, and every link."""
    with transaction(d.engine) as connection:
        me = find_home(connection, caller, for_update=True).me
        every = (token.token_hash for token in access.list_tokens(connection, me.partner_id))
        access.delete_tokens(connection, [one for one in every if session_id(one) != caller.session_id])
        access.delete_links(connection, me.partner_id)


def new_link(d: Deployment, caller: Caller) -> str:
    """Return the secret of a link that signs the partner who asks in once, told only here."""
    secret = new_secret()
    with transaction(d.engine) as connection:
        me = find_home(connection, caller, for_update=True).me
        access.insert_link(connection, hashed(secret), me.partner_id, d.clock() + LINK_LIFE)
    return secret


def use_link(d: Deployment, secret: str) -> str:
    """Return the token of a new session for whoever opens a link.

    Raises
    ------
    NotFound
        If the link is unknown, used or out of date.
    Conflict
        If its partner is signed in at too many places.
    """
    with transaction(d.engine) as connection:
        holder = access.use_link(connection, hashed(secret), d.clock())
        if holder is None:
            raise NotFound(BAD_LINK)
        return _open(d, connection, holder[0], "by a link", "all")[1]


def _open(
    d: Deployment, connection: Connection, partner_id: str, label: str, scope: Scope
) -> tuple[str, str]:
    held = access.list_tokens(connection, partner_id)
    over = [token.token_hash for token in held if expires_on(token) < d.clock().date()]
    access.delete_tokens(connection, over)
    if len(held) - len(over) >= SESSIONS_MOST:
        raise Conflict(TOO_MANY)
    label = check_line("label", label, NAME_LENGTH) if label else ""
    token = new_secret()
    access.insert_token(connection, hashed(token), partner_id, d.clock(), scope, label)
    return session_id(hashed(token)), token


def _session(token: access.Token, caller: Caller) -> Session:
    name = session_id(token.token_hash)
    return Session(
        session_id=name,
        label=token.label,
        scope=token.scope,
        created_at=token.created_at,
        used_on=token.used_on,
        expires_on=expires_on(token),
        current=name == caller.session_id,
    )

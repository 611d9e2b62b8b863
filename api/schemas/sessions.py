"""Bodies about where a partner is signed in."""

from __future__ import annotations

from datetime import date, datetime
from typing import Self

from pydantic import Field

from api.schemas.base import Body
from api.schemas.fields import Line
from recommender.domain import Scope
from recommender.service import Session, Sessions
from recommender.service.texts import NAME_LENGTH


class NewSession(Body):
    """What a new token is for."""

    label: Line | None = Field(
        default=None, max_length=NAME_LENGTH, description="Yours, to tell it by.", examples=["kitchen screen"]
    )
    scope: Scope = Field(
        default="all", description="plan: may only read the plan and what you both share.", examples=["plan"]
    )


class TokenBody(Body):
    """A new token, told once."""

    session_id: str = Field(examples=["9F86D081884C7D659A2FEAA0C5"])
    token: str = Field(
        description="For Authorization: Bearer.", examples=["2b0a7Yw3bYQbJ0Zc1aQ9u3V5xWl8t2kq6o4n7m1p0sE"]
    )


class SessionBody(Body):
    """One place where you are signed in."""

    session_id: str = Field(examples=["9F86D081884C7D659A2FEAA0C5"])
    label: str = Field(examples=["kitchen screen"])
    scope: Scope = Field(examples=["plan"])
    created_at: datetime
    used_on: date | None = Field(description="The last day it was used.", examples=["2026-11-23"])
    expires_on: date = Field(description="Its last good day, if it is not used before.")
    current: bool = Field(description="Whether it is the one that asks.")

    @classmethod
    def of(cls, session: Session) -> Self:
        """Return the body of a session."""
        return cls(**{name: getattr(session, name) for name in cls.model_fields})


class SessionsBody(Body):
    """Where you are signed in, the newest first."""

    sessions: tuple[SessionBody, ...]
    links: int = Field(description="How many links would still sign you in.", examples=[0])

    @classmethod
    def of(cls, found: Sessions) -> Self:
        """Return the body of all sessions."""
        return cls(sessions=tuple(map(SessionBody.of, found.sessions)), links=found.n_links)

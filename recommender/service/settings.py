"""The settings of a deployment, read from the environment in this one place.

An empty variable counts as one that is not set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Literal, cast

from recommender.errors import InvalidInput

SIGNUPS = ("open", "closed")
OPERATOR_TOKEN_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable of the environment: its name, what holds without it, and what it does."""

    name: str
    default: str
    means: str


def _told_by(name: str, default: str, means: str) -> dict[str, Variable]:
    return {"variable": Variable(name, default, means)}


@dataclass(frozen=True, slots=True)
class Settings:
    """What one deployment runs with; what may hold a password stays out of ``repr``.

    Each field's metadata say which `Variable` tells it; see `variables`. Without an operator's token the
    operator's routes are off; without a catalogue it is the one that comes with the package.
    """

    home: Path = field(
        metadata=_told_by(
            "REKINDLE_HOME",
            "`~/.rekindle`",
            "Folder for the database, the models, and the keys that sign sessions and models; made with "
            "access for its owner only.",
        )
    )
    database_url: str = field(
        repr=False,
        metadata=_told_by(
            "REKINDLE_DATABASE_URL",
            "an SQLite file in that folder",
            "SQLAlchemy address of an SQLite or PostgreSQL database.",
        ),
    )
    operator_token: str | None = field(
        default=None,
        repr=False,
        metadata=_told_by(
            "REKINDLE_OPERATOR_TOKEN",
            "none: the operator's routes are off",
            f"Bearer token of whoever runs the service; {OPERATOR_TOKEN_LENGTH} characters or more.",
        ),
    )
    signup: Literal["open", "closed"] = field(
        default="open",
        metadata=_told_by(
            "REKINDLE_SIGNUP",
            "`open`",
            "Who may start a couple: `open`, anyone; `closed`, only the operator.",
        ),
    )
    catalogue: Path | None = field(
        default=None,
        metadata=_told_by("REKINDLE_CATALOGUE", "the one that comes along", "Folder with another catalogue."),
    )
    rate_per_minute: int = field(
        default=300,
        metadata=_told_by(
            "REKINDLE_RATE_PER_MINUTE", "`300`", "Requests that one token may make a minute; `0`: no limit."
        ),
    )
    proxies: int = field(
        default=0,
        metadata=_told_by(
            "REKINDLE_PROXIES", "`0`", "How many proxies before the service tell it who really asks."
        ),
    )

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Settings:
        """Return the settings that ``environ`` names, with defaults for the rest.

        Raises
        ------
        InvalidInput
            If a variable has a value that cannot be used; the field is the variable.

        Examples
        --------
        >>> settings = Settings.from_environment({"REKINDLE_HOME": "/srv/rekindle"})
        >>> settings.database_url
        'sqlite:////srv/rekindle/rekindle.sqlite3'
        >>> settings.signup
        'open'
        """
        home = Path(environ.get("REKINDLE_HOME") or "~/.rekindle").expanduser().absolute()
        catalogue = environ.get("REKINDLE_CATALOGUE")
        return cls(
            home=home,
            database_url=environ.get("REKINDLE_DATABASE_URL") or f"sqlite:///{home / 'rekindle.sqlite3'}",
            operator_token=_operator_token(environ),
            signup=_signup(environ),
            catalogue=Path(catalogue).expanduser().absolute() if catalogue else None,
            rate_per_minute=_whole(environ, "REKINDLE_RATE_PER_MINUTE", 300),
            proxies=_whole(environ, "REKINDLE_PROXIES", 0),
        )

    def as_environment(self) -> dict[str, str]:
        """Return the variables that give these settings, for a process of our own."""
        told = ((one.metadata["variable"].name, getattr(self, one.name)) for one in fields(self))
        return {name: "" if value is None else str(value) for name, value in told}


def variables() -> tuple[Variable, ...]:
    """Return every variable that is read, in the order of the fields of `Settings`."""
    return tuple(one.metadata["variable"] for one in fields(Settings))


def _operator_token(environ: Mapping[str, str]) -> str | None:
    token = environ.get("REKINDLE_OPERATOR_TOKEN") or None
    if token is not None and len(token) < OPERATOR_TOKEN_LENGTH:
        raise InvalidInput(
            "REKINDLE_OPERATOR_TOKEN",
            f"is too short to be safe; use {OPERATOR_TOKEN_LENGTH} characters or more, such as the output "
            "of `openssl rand -hex 32`",
        )
    return token


def _whole(environ: Mapping[str, str], variable: str, default: int) -> int:
    text = environ.get(variable) or str(default)
    if not text.isascii() or not text.isdigit():
        raise InvalidInput(variable, f"{text!r} is not a whole number")
    return int(text)


def _signup(environ: Mapping[str, str]) -> Literal["open", "closed"]:
    signup = environ.get("REKINDLE_SIGNUP") or "open"
    if signup not in SIGNUPS:
        raise InvalidInput("REKINDLE_SIGNUP", f"{signup!r} is not one of {', '.join(SIGNUPS)}")
    return cast(Literal["open", "closed"], signup)

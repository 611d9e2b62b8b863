"""The settings of a deployment, read from the environment in this one place.

=========================  ==============================  ==================================================
Variable                   Default                         Meaning
=========================  ==============================  ==================================================
``REKINDLE_HOME``          ``~/.rekindle``                 Folder for the database and fitted models; made
                                                           with access for its owner only.
``REKINDLE_DATABASE_URL``  a SQLite file in that folder    SQLAlchemy address of a SQLite or PostgreSQL
                                                           database.
``REKINDLE_OPERATOR_TOKEN``  none: operator routes are off   Bearer token of whoever runs the service; 16
                                                           characters or more.
``REKINDLE_SIGNUP``        ``open``                        ``open``: anyone may start a couple; ``closed``:
                                                           only the operator.
``REKINDLE_CATALOGUE``     the catalogue that comes along  Folder with another catalogue.
``REKINDLE_RATE_PER_MINUTE``  300                          Requests of one token a minute; 0: no limit.
``REKINDLE_PROXIES``       0                               Proxies before us whose word on addresses counts.
=========================  ==============================  ==================================================

An empty variable counts as one that is not set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast

from recommender.errors import InvalidInput

SIGNUPS = ("open", "closed")
OPERATOR_TOKEN_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Settings:
    """What one deployment runs with; what may hold a password stays out of ``repr``.

    Attributes
    ----------
    home : Path
        Folder for the database and fitted models.
    database_url : str
        SQLAlchemy address.
    operator_token : str or None
        None turns the operator's routes off.
    signup : {"open", "closed"}
        Who may start a couple: anyone, or only the operator.
    catalogue : Path or None
        Folder of another catalogue; None means the one that comes with the package.
    rate_per_minute : int
        Requests that one token may make a minute; 0 sets no limit.
    proxies : int
        How many proxies before us tell who really asks.
    """

    home: Path
    database_url: str = field(repr=False)
    operator_token: str | None = field(default=None, repr=False)
    signup: Literal["open", "closed"] = "open"
    catalogue: Path | None = None
    rate_per_minute: int = 300
    proxies: int = 0

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
        return {
            "REKINDLE_HOME": str(self.home),
            "REKINDLE_DATABASE_URL": self.database_url,
            "REKINDLE_OPERATOR_TOKEN": self.operator_token or "",
            "REKINDLE_SIGNUP": self.signup,
            "REKINDLE_CATALOGUE": str(self.catalogue or ""),
            "REKINDLE_RATE_PER_MINUTE": str(self.rate_per_minute),
            "REKINDLE_PROXIES": str(self.proxies),
        }


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

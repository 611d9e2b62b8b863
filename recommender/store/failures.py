"""What a failing database is called in words a person can act on."""

from __future__ import annotations

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, OperationalError, TimeoutError

from recommender.errors import Interrupted, StoreError

LOCKED = "Another program is writing to the database; try again in a moment."
NOT_READY = "The database is not ready for this version; run `rekindle db upgrade`."
READ_ONLY = "The database{place} cannot be written to; check who owns it and that its disk is not read-only."
FULL = "The disk of the database is full; free some space and try again."
UNREADABLE = (
    "The file{place} is damaged or is not a Rekindle database; restore a backup with "
    "`rekindle db restore`, or name another file in REKINDLE_DATABASE_URL."
)
CANNOT_OPEN = (
    "The database{place} cannot be opened; make its folder, check who may write there, "
    "or name another file in REKINDLE_DATABASE_URL."
)
REFUSED = "The database server refused the user or password; check REKINDLE_DATABASE_URL."
UNREACHABLE = "The database server does not answer; check that it runs and check REKINDLE_DATABASE_URL."

MESSAGES = (
    ("SQLITE_BUSY", LOCKED),
    ("SQLITE_LOCKED", LOCKED),
    ("SQLITE_READONLY", READ_ONLY),
    ("SQLITE_FULL", FULL),
    ("SQLITE_CANTOPEN", CANNOT_OPEN),
    ("SQLITE_NOTADB", UNREADABLE),
    ("SQLITE_CORRUPT", UNREADABLE),
    ("SQLITE_IOERR", "The disk of the database{place} does not answer; check the disk and try again."),
    ("40001", LOCKED),  # serialization failure
    ("40P01", LOCKED),  # deadlock
    ("55P03", LOCKED),  # lock not available
    ("25006", READ_ONLY),  # read-only transaction
    ("42P01", NOT_READY),  # undefined table
    ("42703", NOT_READY),  # undefined column
    ("53100", FULL),  # disk full
    ("57014", "The database took too long to answer; try again in a moment."),  # time-out of a statement
    ("28", REFUSED),  # invalid authorisation
    ("3D000", "The database server has no such database; make it, or check REKINDLE_DATABASE_URL."),
    ("53", UNREACHABLE),  # no connections or memory left
    ("57", UNREACHABLE),  # shutting down
    ("08", UNREACHABLE),  # connection lost
)
"""The start of SQLite's error name or PostgreSQL's SQLSTATE, and what it means for a person."""

INTERRUPTED = ("40001", "40P01")
"""Serialization failure, deadlock: one of two was undone so that the other could go on."""


def store_error(error: DBAPIError | TimeoutError, engine: Engine) -> StoreError | None:
    """Return what to tell people, or None where the fault is a bug of ours and no state of the database.

    The driver's own words are left out: they can quote what people wrote.
    """
    message = LOCKED if isinstance(error, TimeoutError) else _message(error)
    if message is None:
        return None
    on_disk = engine.dialect.name == "sqlite" and engine.url.database
    kind = Interrupted if _code(getattr(error, "orig", None)) in INTERRUPTED else StoreError
    return kind(message.format(place=f" {engine.url.database}" if on_disk else ""))


def _message(error: DBAPIError) -> str | None:
    cause = error.orig
    code = _code(cause)
    if code == "SQLITE_ERROR" and str(cause).startswith(("no such table", "no such column")):
        return NOT_READY
    if code is None:
        # PostgreSQL's driver has no SQLSTATE to give when it never reached a server.
        return UNREACHABLE if isinstance(error, OperationalError) else None
    return next((message for start, message in MESSAGES if code.startswith(start)), None)


def _code(cause: BaseException | None) -> str | None:
    return getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None)

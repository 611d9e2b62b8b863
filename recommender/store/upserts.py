"""INSERT … ON CONFLICT, which each database spells in its own dialect."""

from __future__ import annotations

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert(connection: Connection, into: Table) -> sqlite.Insert | postgresql.Insert:
    """Return an INSERT into a table that knows ``on_conflict_do_nothing`` and ``on_conflict_do_update``."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(into)
    return sqlite.insert(into)

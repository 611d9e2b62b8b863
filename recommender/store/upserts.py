"""INSERT … ON CONFLICT, which each database spells in its own dialect."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert(connection: Connection, into: Table) -> sqlite.Insert | postgresql.Insert:
    """Return an INSERT into a table that knows ``on_conflict_do_nothing`` and ``on_conflict_do_update``."""
    return insertion(connection.dialect.name, into)


def put(connection: Connection, into: Table, row: Mapping[str, Any], keys: tuple[str, ...]) -> None:
    """Store a row in place of the one that has its keys, if there is one."""
    connection.execute(replacing(connection.dialect.name, into, keys), row)


@cache
def replacing(dialect: str, into: Table, keys: tuple[str, ...]) -> sqlite.Insert | postgresql.Insert:
    """Return an INSERT into a table that takes the place of the row that has its keys, if there is one."""
    # Made once, since that takes as long as storing a row.
    made = insertion(dialect, into)
    said = {column.name: column for column in made.excluded if column.name not in keys}
    return made.on_conflict_do_update(index_elements=keys, set_=said)


def insertion(dialect: str, into: Table) -> sqlite.Insert | postgresql.Insert:
    """Return an INSERT into a table as a dialect, by its name, has it."""
    return postgresql.insert(into) if dialect == "postgresql" else sqlite.insert(into)

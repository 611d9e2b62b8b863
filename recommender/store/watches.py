"""What counts a couple's changes: triggers of the database, on every table with anything of a couple's.

No use case has to remember to count, and none can forget: not one that is still to be written, nor whoever
changes a row by hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, Table, delete

from recommender.store.tables import (
    calendars,
    couples,
    invites,
    links,
    metadata,
    revisions,
    tokens,
    told_weeks,
)

UNWATCHED = (tokens, links, invites, calendars, revisions, told_weeks)
"""What of a couple's no week is told from: how they come in, and what was counted and told."""

CHANGES = {"INSERT": ("NEW",), "UPDATE": ("OLD", "NEW"), "DELETE": ("OLD",)}
"""Each kind of change, and what can be asked of a row after it."""

COUNT = "UPDATE revisions SET revision = revision + 1 WHERE couple_id IN ({whose})"
OF_PARTNERS = "SELECT couple_id FROM partners WHERE partner_id IN ({ids})"


def watched() -> tuple[Table, ...]:
    """Return the tables whose changes count."""
    return tuple(it for it in metadata.sorted_tables if it not in UNWATCHED and _is_of_couples(it))


def watch(connection: Connection) -> None:
    """Count every change from now on; weeks that were told before are forgotten."""
    on_sqlite = connection.dialect.name == "sqlite"
    for statement in _triggers_of_sqlite() if on_sqlite else (*functions(), *_triggers_of_postgresql()):
        connection.exec_driver_sql(statement)
    connection.execute(delete(told_weeks))


def unwatch(connection: Connection) -> None:
    """Count no longer, until `watch`: SQLite alters a table by making it anew, without what watches it."""
    for table in watched():
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS watch ON {table.name}")
            continue
        for change in CHANGES:
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS watch_{table.name}_{change}")


def functions() -> Iterator[str]:
    """Yield the statements that make what PostgreSQL's triggers call."""
    for by in ("couple_id", "partner_id"):
        yield (
            f"CREATE OR REPLACE FUNCTION watch_{by}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN {_count(by, ('OLD', 'NEW'))}; RETURN NULL; END $$"
        )


def _triggers_of_postgresql() -> Iterator[str]:
    for table in watched():
        yield (
            f"CREATE TRIGGER watch AFTER {' OR '.join(CHANGES)} ON {table.name} "
            f"FOR EACH ROW EXECUTE FUNCTION watch_{_by(table)}()"
        )


def _triggers_of_sqlite() -> Iterator[str]:
    for table in watched():
        for change, rows in CHANGES.items():
            count = _count(_by(table), rows)
            name = f"watch_{table.name}_{change}"
            yield f"CREATE TRIGGER {name} AFTER {change} ON {table.name} BEGIN {count}; END"


def _count(by: str, rows: Sequence[str]) -> str:
    ids = ", ".join(f"{row}.{by}" for row in rows)
    return COUNT.format(whose=ids if by == "couple_id" else OF_PARTNERS.format(ids=ids))


def _by(table: Table) -> str:
    """Return the column that says whose a row is."""
    return "couple_id" if "couple_id" in table.columns else "partner_id"


def _is_of_couples(table: Table) -> bool:
    above = {key.column.table for key in table.foreign_keys} - {table}
    return table is couples or any(map(_is_of_couples, above))

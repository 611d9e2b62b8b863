"""Bringing a database to the tables of this version, with the Alembic revisions in ``migrations``.

To change a table: change `tables`, add the next revision to ``migrations/versions`` (copy the shape
of the last one; alter with ``op.batch_alter_table``, which SQLite needs) and set ``REVISION`` to it.
``tests/test_store_tables.py`` says what the revision still misses. A table that hangs on couples is watched
(`watches`) without another word.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, column, func, inspect, select, table

from recommender.errors import StoreError
from recommender.store.engine import reading, rebuilding
from recommender.store.watches import unwatch, watch

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

REVISION = "0010"
"""The newest revision. Revisions are numbered in order, so that a later one sorts after an earlier."""

MIGRATIONS = Path(__file__).with_name("migrations")
UPGRADE_LOCK = 7354652


def is_current(engine: Engine) -> bool:
    """Return whether the database has the tables of this version.

    Raises
    ------
    StoreError
        If a newer version made it, or it cannot be read.
    """
    with reading(engine) as connection:
        return _revision(connection) == REVISION


def upgrade(engine: Engine) -> None:
    """Bring the database to the tables of this version, all at once or not at all.

    Several processes may ask at the same time: one does the work, the others wait.

    Raises
    ------
    StoreError
        If a newer version made the database, or it cannot be written.
    """
    with rebuilding(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(UPGRADE_LOCK)))
        revision = _revision(connection)
        if revision != REVISION:
            _upgrade(connection, revision)


def apply_revisions(context: MigrationContext, script: ScriptDirectory, revision: str | None) -> None:
    """Run every revision of ``script`` after ``revision`` (None: all of them) in ``context``."""
    from alembic.operations import Operations  # slow to import; see _upgrade

    with Operations.context(context):
        for step in reversed(list(script.iterate_revisions("head", revision))):
            step.module.upgrade()


def _upgrade(connection: Connection, revision: str | None) -> None:
    # Alembic takes most of a second to import, and a web worker on a current database never needs it.
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    script = ScriptDirectory(MIGRATIONS)
    context = MigrationContext.configure(connection, opts={"render_as_batch": True})
    unwatch(connection)
    apply_revisions(context, script, revision)
    watch(connection)
    context.stamp(script, "head")


def _revision(connection: Connection) -> str | None:
    """Return the revision that the database is at; None for one that holds nothing of ours."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision = connection.scalar(select(column("version_num")).select_from(table("alembic_version")))
    if revision is not None and revision > REVISION:
        raise StoreError(
            f"A newer Rekindle made this database (revision {revision}, this one knows {REVISION}): "
            "install that version, or name another database in REKINDLE_DATABASE_URL."
        )
    return None if revision is None else str(revision)

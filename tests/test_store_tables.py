"""The tables on both kinds of database, and how an older one gets them."""

from __future__ import annotations

import io
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, PrimaryKeyConstraint, UniqueConstraint, inspect, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable, ExecutableDDLElement

from recommender.store import engine as engines
from recommender.store import (
    is_current,
    open_engine,
    ratings,
    reading,
    responses,
    tables,
    transaction,
    upgrade,
    upgrades,
)
from tests.conftest import NOW, on_sqlite


def test_the_revisions_make_the_tables_of_this_version(engine: Engine) -> None:
    """After an upgrade Alembic finds nothing to change, and every check is there."""
    with reading(engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []
        found = inspect(connection)
        checks = {
            str(check["name"])
            for table in tables.metadata.sorted_tables
            for check in found.get_check_constraints(table.name)
        }
    assert checks == {
        "ck_partners_seat",
        "ck_partners_freshness",
        "ck_tokens_scope",
        "ck_suggestions_position",
        "ck_suggestions_propensity",
        "ck_marks_word",
        "ck_rituals_position",
        "ck_rituals_propensity",
        "ck_dates_status",
        "ck_ratings_enjoyment",
        "ck_ratings_closeness",
        "ck_imported_ideas_withdrawn_by",
        "ck_catalogue_revision_only",
    }


def test_the_newest_revision_is_the_one_this_version_wants() -> None:
    """``REVISION`` names the head, and revisions sort in their order."""
    script = ScriptDirectory(upgrades.MIGRATIONS)
    newest_first = [step.revision for step in script.walk_revisions()]

    assert script.get_heads() == [upgrades.REVISION]
    assert newest_first == sorted(newest_first, reverse=True)


ADDED = re.compile(r"ALTER TABLE (\w+) ADD (?:COLUMN )?(.+)", re.DOTALL)
CREATED = re.compile(r"CREATE TABLE (\w+)")


def statements_of(sql: str) -> set[frozenset[str]]:
    """Return each statement as its lines, in any order, with what was added to a table later put in."""
    tables: dict[str, list[str]] = {}
    others = []
    for statement in filter(None, (part.strip() for part in sql.split(";"))):
        if added := ADDED.fullmatch(statement):
            tables[added[1]].append(added[2])
        elif created := CREATED.match(statement):
            tables[created[1]] = statement.splitlines()
        else:
            others.append(statement.splitlines())
    return {
        frozenset(line.strip().rstrip(",") for line in lines if line.strip())
        for lines in (*tables.values(), *others)
    }


def test_postgresql_gets_the_same_tables() -> None:
    """The revisions, written for PostgreSQL, make exactly the tables that the code speaks to."""
    migrated, expected = io.StringIO(), io.StringIO()
    context = MigrationContext.configure(
        dialect_name="postgresql", opts={"as_sql": True, "output_buffer": migrated}
    )
    upgrades.apply_revisions(context, ScriptDirectory(upgrades.MIGRATIONS), None)
    for table in tables.metadata.sorted_tables:
        parts: list[ExecutableDDLElement] = [CreateTable(table), *map(CreateIndex, table.indexes)]
        expected.writelines(f"{part.compile(dialect=postgresql.dialect())};\n" for part in parts)

    assert statements_of(migrated.getvalue()) == statements_of(expected.getvalue())
    assert "TIMESTAMP WITH TIME ZONE" in migrated.getvalue()


def test_every_foreign_key_has_an_index() -> None:
    """No deletion or join ever reads a whole table to find the rows that refer to one."""
    bare = []
    for table in tables.metadata.sorted_tables:
        uniques = [c for c in table.constraints if isinstance(c, PrimaryKeyConstraint | UniqueConstraint)]
        # A partial index does not count: it holds only some of the rows.
        whole = [index for index in table.indexes if not index.dialect_kwargs]
        indexed = [[column.name for column in part.columns] for part in (*uniques, *whole)]
        bare += [
            key.name
            for key in table.foreign_key_constraints
            if not any(names[: len(key.column_keys)] == key.column_keys for names in indexed)
        ]
    assert bare == []


# Upgrading


def test_an_upgrade_twice_is_one(settled: Engine) -> None:
    """An upgrade of an up-to-date database changes nothing and loses nothing."""
    upgrade(settled)

    with reading(settled) as connection:
        assert len(ratings.list_ratings(connection, "c")) == 2


def test_many_may_upgrade_at_once(tmp_path: Path) -> None:
    """Workers that start together on a new database all find it up to date."""
    start = Barrier(4)

    def work(_: int) -> bool:
        engine = open_engine(f"sqlite:///{tmp_path / 'new.sqlite3'}")
        start.wait()
        if not is_current(engine):
            upgrade(engine)
        current = is_current(engine)
        engine.dispose()
        return current

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(work, range(4))) == [True] * 4


def test_a_new_database_is_not_current(tmp_path: Path) -> None:
    """An empty file is known to need an upgrade."""
    engine = open_engine(f"sqlite:///{tmp_path / 'new.sqlite3'}")

    assert not is_current(engine)
    engine.dispose()


@on_sqlite
def test_altering_a_table_keeps_what_refers_to_it(settled: Engine) -> None:
    """A revision that rebuilds the couples' table does not take the partners along, nor leave keys off."""
    with engines.rebuilding(settled) as connection:
        context = MigrationContext.configure(connection)
        with (
            Operations.context(context) as operations,
            operations.batch_alter_table("couples", recreate="always") as batch,
        ):
            batch.drop_column("goals")

    with reading(settled) as connection:
        assert connection.scalar(text("SELECT count(*) FROM partners")) == 2
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1


def test_a_database_of_the_first_tables_is_brought_along(tmp_path: Path) -> None:
    """What the first version stored is still there after the upgrade, and keys can be claimed."""
    engine = open_engine(f"sqlite:///{tmp_path / 'old.sqlite3'}")
    kept = responses.StoredResponse("a" * 64, 201, "{}")
    with engines.rebuilding(engine) as connection:
        context, script = MigrationContext.configure(connection), ScriptDirectory(upgrades.MIGRATIONS)
        with Operations.context(context):
            script.get_revision("0001").module.upgrade()
        context.stamp(script, "0001")
        responses.insert_response(connection, "p1", "key", kept, NOW)
    assert not is_current(engine)

    upgrade(engine)

    assert is_current(engine)
    with transaction(engine) as connection:
        assert responses.find_response(connection, "p1", "key") == kept
        assert responses.claim_key(connection, responses.Claim("p1", "other", "claim"), NOW)
        # Nine tables are watched, each for three kinds of change.
        assert connection.scalar(text("SELECT count(*) FROM sqlite_master WHERE type = 'trigger'")) == 27
    engine.dispose()


def test_a_failed_upgrade_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An upgrade that breaks half-way leaves the database as it was, and works the next time."""
    engine = open_engine(f"sqlite:///{tmp_path / 'new.sqlite3'}")
    with monkeypatch.context() as patch:
        patch.setattr(MigrationContext, "stamp", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            upgrade(engine)
    with reading(engine) as connection:
        assert inspect(connection).get_table_names() == []

    upgrade(engine)
    assert is_current(engine)
    engine.dispose()

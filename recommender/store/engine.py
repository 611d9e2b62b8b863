"""Opening a database, and transactions on it that fail with a StoreError saying what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from sqlalchemy import (
    URL,
    Connection,
    Dialect,
    Engine,
    ExceptionContext,
    PoolProxiedConnection,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.exc import ArgumentError, DBAPIError, StatementError, TimeoutError

from recommender.errors import StoreError
from recommender.store.columns import AS_TEXT
from recommender.store.failures import store_error

BAD_ADDRESS = (
    "REKINDLE_DATABASE_URL is not the address of a SQLite or PostgreSQL database; write one like "
    "sqlite:////srv/rekindle.sqlite3 or postgresql+psycopg://user:password@host/rekindle."
)

READING_POSTGRESQL: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
# SQLite alters a table by making it anew; with foreign keys on, dropping the old one would delete
# the rows that refer to it.
REBUILDING: dict[str, dict[str, Any]] = {
    "sqlite": {"begin": ("PRAGMA foreign_keys = OFF", "BEGIN IMMEDIATE")},
    "postgresql": {},
}


POSTGRESQL_LIMITS = "-c statement_timeout=60s -c lock_timeout=5s -c idle_in_transaction_session_timeout=60s"
"""So that nothing that hangs holds up what is well."""


def open_engine(url: str) -> Engine:
    """Return an engine for the database at ``url``; nothing is read or written yet.

    SQLite waits five seconds for a lock; ``?timeout=30`` in the address changes that. On PostgreSQL a
    connection may take five seconds to make, a lock five and a statement a minute; ``?options=`` in the
    address takes the place of both last.

    Raises
    ------
    StoreError
        If the address is of no database we support, or its driver is not installed.
    """
    try:
        address = make_url(url)
        if address.get_backend_name() not in REBUILDING:
            raise StoreError(BAD_ADDRESS)
        engine = create_engine(address, hide_parameters=True, **AS_TEXT, **_options(address))
    except ArgumentError:
        raise StoreError(BAD_ADDRESS) from None
    except ModuleNotFoundError as error:
        raise StoreError(f"The database driver {error.name} is not installed; install it with pip.") from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    event.listen(engine, "handle_error", _forget_values)
    return engine


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """Give a connection whose changes are kept together at the end, or not at all.

    On SQLite it takes the write lock at once, so that it never fails half-way for want of it.

    Raises
    ------
    StoreError
        If the database is locked, read-only, full, damaged, unreachable or not upgraded.
    """
    with _beginning(engine) as connection:
        yield connection


@contextmanager
def _beginning(engine: Engine, **options: Any) -> Iterator[Connection]:
    """Give a connection in a transaction, begun as the options say."""
    with failing_in_words(engine), engine.connect() as connection:
        if options:  # not of the engine: making one with options takes longer than reading
            connection.execution_options(**options)
        with connection.begin():
            yield connection


@contextmanager
def failing_in_words(engine: Engine) -> Iterator[None]:
    """Tell of a database that fails in words a person can act on.

    Raises
    ------
    StoreError
        As for `transaction`.
    """
    try:
        yield
    except (DBAPIError, TimeoutError) as error:
        told = store_error(error, engine)
        if told is None:
            raise
        raise told from error


@contextmanager
def lent(engine: Engine) -> Iterator[PoolProxiedConnection]:
    """Give a connection for the driver to be asked directly, in no transaction yet.

    Raises
    ------
    StoreError
        As for `transaction`.
    """
    error_of_driver: Any = engine.dialect.loaded_dbapi.Error
    with failing_in_words(engine):
        try:
            connection = engine.raw_connection()
        except error_of_driver as error:
            raise as_wrapped(error, engine.dialect) from error
        with closing(connection):
            yield connection


def as_wrapped(error: Exception, dialect: Dialect) -> StatementError:
    """Return an error of the driver, asked directly, as SQLAlchemy would raise it."""
    error_of_driver: Any = dialect.loaded_dbapi.Error
    return _without_values(error, DBAPIError.instance(None, None, error, error_of_driver, True))


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Give a connection that sees one unchanging state of the database and must not write.

    It never waits for a writer, nor a writer for it.

    Raises
    ------
    StoreError
        As for `transaction`.
    """
    with failing_in_words(engine), engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            _tell_sqlite(connection, "BEGIN")
        else:
            connection.execution_options(**READING_POSTGRESQL)
        yield connection  # closing it ends the transaction


@contextmanager
def rebuilding(engine: Engine) -> Iterator[Connection]:
    """Give a transaction in which tables may be altered without losing the rows that refer to them.

    Raises
    ------
    StoreError
        As for `transaction`.
    """
    with _beginning(engine, **REBUILDING[engine.dialect.name]) as connection:
        connection.detach()  # never back to the pool, where its foreign keys would stay off
        yield connection


def _options(address: URL) -> dict[str, Any]:
    """Return how connections to PostgreSQL are made and kept: one for each request that a worker answers."""
    if address.get_backend_name() != "postgresql":
        return {}
    limits = address.query.get("options", POSTGRESQL_LIMITS)
    arguments = {"connect_timeout": 5, "application_name": "rekindle", "options": limits}
    pool = {"pool_size": 8, "max_overflow": 4, "pool_timeout": 5, "pool_pre_ping": True}
    return {**pool, "connect_args": arguments}


def _prepare_sqlite(dbapi_connection: sqlite3.Connection, _record: object) -> None:
    dbapi_connection.isolation_level = None  # the driver begins nothing by itself; _begin_sqlite does
    cursor = dbapi_connection.cursor()
    _use_write_ahead_log(cursor)
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA secure_delete = ON")  # what people delete is overwritten, not only unlinked
    cursor.close()


def _use_write_ahead_log(cursor: sqlite3.Cursor) -> None:
    try:
        cursor.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        # Another process holds a new file, most likely to make this very change. SQLite does not wait
        # for that, and we need not: the mode belongs to the file, and either mode is safe.
        if error.sqlite_errorname != "SQLITE_BUSY":
            raise


def _begin_sqlite(connection: Connection) -> None:
    driven: Any = connection.connection.dbapi_connection
    if not driven.in_transaction:  # `reading` has begun its own
        _tell_sqlite(connection, *connection.get_execution_options().get("begin", ("BEGIN IMMEDIATE",)))


def _tell_sqlite(connection: Connection, *statements: str) -> None:
    driven: Any = connection.connection.dbapi_connection
    try:
        for statement in statements:
            driven.execute(statement)
    except sqlite3.Error as error:
        raise as_wrapped(error, connection.dialect) from error


def _forget_values(context: ExceptionContext) -> None:
    if context.sqlalchemy_exception is not None:
        _without_values(context.original_exception, context.sqlalchemy_exception)


def _without_values(cause: BaseException, told: StatementError) -> StatementError:
    """Take what was stored out of an error: PostgreSQL quotes the whole row that broke a rule."""
    diagnosis = getattr(cause, "diag", None)
    if diagnosis is None:
        return told
    said = str(cause)
    cause.args = (f"{type(cause).__name__} {diagnosis.constraint_name or diagnosis.sqlstate or ''}".strip(),)
    told.args = tuple(str(part).replace(said, str(cause)) for part in told.args)
    return told

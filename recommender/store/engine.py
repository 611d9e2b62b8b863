"""Opening a database, and transactions on it that fail with a StoreError saying what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NoReturn

from sqlalchemy import (
    URL,
    Connection,
    Dialect,
    Engine,
    ExceptionContext,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.exc import ArgumentError, DBAPIError, StatementError, TimeoutError

from recommender.errors import StoreError
from recommender.store.columns import AS_TEXT
from recommender.store.failures import store_error
from recommender.store.keeping import KeepingPool

BAD_ADDRESS = (
    "REKINDLE_DATABASE_URL is not the address of a SQLite or PostgreSQL database; write one like "
    "sqlite:////srv/rekindle.sqlite3 or postgresql+psycopg://user:password@host/rekindle."
)

READING: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
"""How PostgreSQL is read: as one unchanging state."""

IN_MEMORY = (None, "", ":memory:")
"""Databases of SQLite that are no file."""

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
        if address.get_backend_name() not in ("sqlite", "postgresql"):
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
    with lent(engine, "BEGIN IMMEDIATE") as connection:
        yield connection
        commit(connection)


def reading(engine: Engine) -> AbstractContextManager[Connection]:
    """Give a connection that sees one unchanging state of the database and must not write.

    It never waits for a writer, nor a writer for it.

    Raises
    ------
    StoreError
        As for `transaction`.
    """
    return lent(engine, "BEGIN", READING)


@contextmanager
def lent(
    engine: Engine, begin: str | None = None, options: Mapping[str, Any] | None = None
) -> Iterator[Connection]:
    """Give a connection; whatever is not committed is undone at the end.

    Parameters
    ----------
    begin : str, optional
        How SQLite begins a transaction; without it there is none.
    options : mapping, optional
        What PostgreSQL's transaction is like.

    Raises
    ------
    StoreError
        As for `transaction`.
    """
    pool = engine.pool
    try:
        if not isinstance(pool, KeepingPool):
            with engine.connect() as connection:
                _begin(connection, begin, options)
                yield connection
            return
        connection = pool.take(engine)
        try:
            _begin(connection, begin, options)
            yield connection
        finally:
            pool.take_back(connection)
    except (DBAPIError, TimeoutError) as error:
        _fail_in_words(error, engine)


def commit(connection: Connection) -> None:
    """Keep what was changed in a transaction, whether SQLAlchemy or the driver was told of it."""
    # What was left to SQLAlchemy has begun a transaction of its own around the driver's.
    if connection.in_transaction():
        return connection.commit()
    try:
        connection.connection.commit()
    except connection.dialect.loaded_dbapi.Error as error:
        raise as_wrapped(error, connection.dialect) from error


@contextmanager
def impatient(connection: Connection) -> Iterator[None]:
    """Let what is written fail at once where on SQLite somebody else is writing, instead of waiting."""
    if connection.dialect.name != "sqlite":
        yield
        return
    driven: Any = connection.connection.dbapi_connection
    ((usual,),) = driven.execute("PRAGMA busy_timeout")
    driven.execute("PRAGMA busy_timeout = 0")
    try:
        yield
    finally:
        driven.execute(f"PRAGMA busy_timeout = {usual}")


def as_wrapped(error: Exception, dialect: Dialect) -> StatementError:
    """Return an error of the driver, asked directly, as SQLAlchemy would raise it."""
    error_of_driver: Any = dialect.loaded_dbapi.Error
    return _without_values(error, DBAPIError.instance(None, None, error, error_of_driver, True))


@contextmanager
def rebuilding(engine: Engine) -> Iterator[Connection]:
    """Give a transaction in which tables may be altered without losing the rows that refer to them.

    Raises
    ------
    StoreError
        As for `transaction`.
    """
    # SQLite alters a table by making it anew; with foreign keys on, dropping the old one would delete
    # the rows that refer to it.
    try:
        with engine.connect() as connection:
            connection.detach()  # never back to the pool, where its foreign keys would stay off
            _on_sqlite(connection, "PRAGMA foreign_keys = OFF", "BEGIN IMMEDIATE")
            yield connection
            commit(connection)
    except (DBAPIError, TimeoutError) as error:
        _fail_in_words(error, engine)


def _begin(connection: Connection, begin: str | None, options: Mapping[str, Any] | None) -> None:
    if connection.dialect.name == "sqlite":
        if begin is not None:
            _on_sqlite(connection, begin)
    elif options is not None:
        connection.execution_options(**options)


def _fail_in_words(error: DBAPIError | TimeoutError, engine: Engine) -> NoReturn:
    """Tell of a database that fails in words a person can act on; what is a bug of ours stays as it is."""
    told = store_error(error, engine)
    if told is None:
        raise error
    raise told from error


def _options(address: URL) -> dict[str, Any]:
    """Return how connections are made and kept: to PostgreSQL one for each request that a worker answers."""
    if address.get_backend_name() != "postgresql":
        return {"poolclass": KeepingPool} if address.database not in IN_MEMORY else {}
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
    if not driven.in_transaction:
        _on_sqlite(connection, "BEGIN IMMEDIATE")


def _on_sqlite(connection: Connection, *statements: str) -> None:
    """Tell SQLite how to begin; on PostgreSQL the driver begins before whatever it is told first."""
    if connection.dialect.name != "sqlite":
        return
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

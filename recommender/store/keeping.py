"""A pool that leaves each thread the connection it was lent last.

Lending one and taking it back takes SQLAlchemy about as long as a planned week's questions take SQLite.
"""

from __future__ import annotations

from threading import local
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.pool import QueuePool


class KeepingPool(QueuePool):
    """Lends as `QueuePool` does, and by `take` each thread the connection that it had before.

    What is kept counts as in use while it is lent, to whoever listens to the pool's events. It goes with its
    thread or with the pool; the one after `dispose`, as in a process that was forked, begins with nothing.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._own = local()
        self._over = False

    def take(self, engine: Engine) -> Connection:
        """Lend a connection in no transaction; it must be taken back."""
        return self._kept() or self._new(engine)

    def take_back(self, connection: Connection) -> None:
        """Undo what was begun and not committed, and keep the connection for its thread."""
        if connection.invalidated:
            self.dispatch.checkin(None, None)
            connection.close()
            return
        driven: Any = connection.connection.dbapi_connection
        try:
            connection.rollback()  # a transaction that failed to commit holds on to it
            if driven.in_transaction:
                driven.rollback()
        finally:
            self.dispatch.checkin(driven, None)
        # One that was lent within another's time, in the same thread, is not needed twice.
        if self._over or "connection" in self._own.__dict__:
            connection.close()
        else:
            self._own.connection = connection

    def dispose(self) -> None:
        """Close what can be closed here; what is lent is closed when it comes back."""
        self._over = True
        kept = self._kept()
        if kept is not None:
            self.take_back(kept)
        super().dispose()

    def _kept(self) -> Connection | None:
        connection: Connection | None = self._own.__dict__.pop("connection", None)
        if connection is not None:
            self.dispatch.checkout(connection.connection.dbapi_connection, None, None)
        return connection

    def _new(self, engine: Engine) -> Connection:
        connection = engine.connect()
        connection.detach()
        return connection

"""Changes that are put together once, for the reason that questions are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Delete, Engine, Insert, Update

from recommender.store.engine import commit, lent
from recommender.store.spoken import InEach, Spoken


class Change:
    """A change whose text is handed to the driver; values go through their columns' types.

    Parameters
    ----------
    statement : callable
        Gives it as a dialect has it, by the dialect's name.
    columns : sequence of str
        Those that an INSERT without values is to fill.
    """

    def __init__(
        self, statement: Callable[[str], Insert | Update | Delete], columns: Sequence[str] = ()
    ) -> None:
        self._spoken = InEach(lambda dialect: Spoken(statement(dialect.name), dialect, columns))

    def make(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """Make it within the connection's transaction; return how many rows it changed."""
        cursor = self._spoken(connection.dialect).tell(connection.connection.dbapi_connection, values)
        return int(cursor.rowcount)

    def make_all(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Make it once for each of some rows, within the connection's transaction."""
        self._spoken(connection.dialect).tell_all(connection.connection.dbapi_connection, rows)

    def make_alone(self, engine: Engine, values: Mapping[str, Any]) -> None:
        """Make it in a transaction of its own.

        Raises
        ------
        StoreError
            As for `transaction`.
        """
        with lent(engine) as connection:
            self.make(connection, values)
            commit(connection)

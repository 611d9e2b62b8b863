"""Questions that are put together once, since that takes longer than answering them."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Dialect,
    Engine,
    Select,
    bindparam,
)
from sqlalchemy.engine.interfaces import DBAPICursor

from recommender.store.engine import as_wrapped, lent
from recommender.store.spoken import InEach, Spoken


class Question:
    """A question whose text is handed to the driver: SQLAlchemy takes several times as long as the answer.

    Rows are named tuples of the query's columns.

    Parameters
    ----------
    query : Select or CompoundSelect
    """

    def __init__(self, query: Select[Any] | CompoundSelect[Any]) -> None:
        self._asked = InEach(lambda dialect: _Asked(query, dialect))

    def ask(self, connection: Connection, **values: str) -> list[Any]:
        """Return the rows, as the connection's transaction sees them."""
        return self._asked(connection.dialect).ask(connection.connection.dbapi_connection, values)

    def ask_alone(self, engine: Engine, **values: str) -> list[Any]:
        """Return the rows, as the database has them at one moment; the transaction is theirs alone.

        Raises
        ------
        StoreError
            As for `transaction`.
        """
        with lent(engine) as connection:
            return self.ask(connection, **values)


class AboutSome:
    """A question about those rows whose column is among some values.

    It is put together for one value, and for two, four, eight and so on: of others the last is told again.

    Parameters
    ----------
    query : Select
        The question about every row.
    column : ColumnElement
    """

    def __init__(self, query: Select[Any], column: ColumnElement[Any]) -> None:
        self._query, self._column = query, column
        self._about: dict[int, Question] = {}

    def ask(self, connection: Connection, wanted: Sequence[str], **values: str) -> list[Any]:
        """Return the rows; ``values`` are of the query's own parameters."""
        if not wanted:
            return []
        size = 1 << (len(wanted) - 1).bit_length()
        told = (*wanted, *repeat(wanted[-1], size - len(wanted)))
        named = {f"wanted_{at}": value for at, value in enumerate(told)}
        question = self._about.get(size) or self._about.setdefault(size, self._question(named))
        return question.ask(connection, **named, **values)

    def _question(self, named: Iterable[str]) -> Question:
        return Question(self._query.where(self._column.in_([bindparam(name) for name in named])))


class _Asked(Spoken):
    """A question in a dialect, with what reads each column of an answer."""

    def __init__(self, query: Select[Any] | CompoundSelect[Any], dialect: Dialect) -> None:
        super().__init__(query, dialect)
        self._types = [column.type.dialect_impl(dialect) for column in query.selected_columns]
        self._row: Any = namedtuple("Row", query.selected_columns.keys())  # type: ignore[misc]
        self._readers: list[tuple[int, Callable[[Any], Any]]] | None = None

    def ask(self, driven: Any, values: Mapping[str, Any]) -> list[Any]:
        """Return the rows that a driver's connection answers with.

        Raises
        ------
        DBAPIError
            If the driver raises an error of its own.
        """
        try:
            return self._read(self._told(driven, values))
        except self._error as error:
            raise as_wrapped(error, self._dialect) from error

    def _read(self, cursor: DBAPICursor) -> list[Any]:
        if self._readers is None:  # what they have to do may depend on what the driver calls a column's type
            self._readers = self._readers_of([described[1] for described in cursor.description])
        columns: list[Iterable[Any]] = list(zip(*cursor.fetchall(), strict=True))
        for at, read in self._readers if columns else ():
            columns[at] = map(read, columns[at])
        return list(map(self._row._make, zip(*columns, strict=True)))

    def _readers_of(self, called: Iterable[Any]) -> list[tuple[int, Callable[[Any], Any]]]:
        found = (
            its.result_processor(self._dialect, name) for its, name in zip(self._types, called, strict=True)
        )
        return [(at, reader) for at, reader in enumerate(found) if reader is not None]

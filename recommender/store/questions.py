"""Questions that are put together once, since that takes longer than answering them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    CursorResult,
    Dialect,
    Engine,
    Select,
    bindparam,
)
from sqlalchemy.exc import DBAPIError

from recommender.store.engine import failing_in_words

BY_NAME = {"sqlite": "named", "postgresql": "pyformat"}
"""How each database's driver takes parameters by name."""


class AboutSome:
    """A question about those rows whose column is among some values.

    About one value it is asked as an equality: a list is spelled out anew each time it is asked with.

    Parameters
    ----------
    query : Select
        The question about every row.
    column : ColumnElement
    """

    def __init__(self, query: Select[Any], column: ColumnElement[Any]) -> None:
        self._one = query.where(column == bindparam("wanted"))
        self._some = query.where(column.in_(bindparam("wanted", expanding=True)))

    def ask(self, connection: Connection, wanted: Sequence[str], **values: object) -> CursorResult[Any]:
        """Return the rows; ``values`` are of the query's own parameters."""
        if len(wanted) == 1:
            return connection.execute(self._one, {"wanted": wanted[0], **values})
        return connection.execute(self._some, {"wanted": wanted, **values})


class Brief:
    """A question that every request asks: its text is handed to the driver, and it stands alone.

    SQLAlchemy's connections, transactions and results take several times as long as such an answer.

    Parameters
    ----------
    query : Select or CompoundSelect
        Its own parameters are texts.
    """

    def __init__(self, query: Select[Any] | CompoundSelect[Any]) -> None:
        self._query = query
        self._spoken: dict[str, _Spoken] = {}

    def ask(self, engine: Engine, **values: str) -> list[tuple[Any, ...]]:
        """Return the rows, as the database has them at one moment.

        Raises
        ------
        StoreError
            As for `transaction`.
        """
        spoken = self._in_words_of(engine.dialect)
        driver: Any = engine.dialect.loaded_dbapi
        with failing_in_words(engine):
            try:
                with closing(engine.raw_connection()) as connection, closing(connection.cursor()) as cursor:
                    cursor.execute(spoken.text, {**spoken.fixed, **values})
                    rows = cursor.fetchall()
            except driver.Error as error:
                raise DBAPIError.instance(spoken.text, None, error, driver.Error, True) from error
        return [spoken.read(row) for row in rows]

    def _in_words_of(self, dialect: Dialect) -> _Spoken:
        if dialect.name not in self._spoken:
            self._spoken[dialect.name] = _Spoken.of(self._query, dialect)
        return self._spoken[dialect.name]


@dataclass(frozen=True, slots=True)
class _Spoken:
    """A question in a dialect: its text, its fixed parameters, and what reads columns by their places."""

    text: str
    fixed: Mapping[str, object]
    readers: Mapping[int, Callable[[Any], Any]]

    @classmethod
    def of(cls, query: Select[Any] | CompoundSelect[Any], dialect: Dialect) -> Self:
        """Return a question in a dialect, with parameters by name."""
        kind: Any = type(dialect)
        compiled = query.compile(dialect=kind(paramstyle=BY_NAME[dialect.name]))
        types = (column.type.dialect_impl(dialect) for column in query.selected_columns)
        readers = {at: its.result_processor(dialect, None) for at, its in enumerate(types)}
        return cls(str(compiled), compiled.params, {at: it for at, it in readers.items() if it is not None})

    def read(self, row: Sequence[Any]) -> tuple[Any, ...]:
        """Return a row's values."""
        if not self.readers:
            return tuple(row)
        told = list(row)
        for at, reader in self.readers.items():
            told[at] = reader(told[at])
        return tuple(told)

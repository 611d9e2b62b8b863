"""Statements whose text is handed to the driver: SQLAlchemy takes several times as long as the database."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import Any, Generic, TypeVar

from sqlalchemy import CompoundSelect, Delete, Dialect, Insert, Select, Update

from recommender.store.engine import as_wrapped

Statement = Select[Any] | CompoundSelect[Any] | Insert | Update | Delete

BY_NAME = {"sqlite": "named", "postgresql": "pyformat"}
"""How each database's driver takes parameters by name."""


class Spoken:
    """A statement in a dialect: its text, and what its values have to become.

    Parameters
    ----------
    columns : sequence of str
        Those that an INSERT without values is to fill.
    """

    def __init__(self, statement: Statement, dialect: Dialect, columns: Sequence[str] = ()) -> None:
        kind: Any = type(dialect)
        compiled = statement.compile(
            dialect=kind(paramstyle=BY_NAME[dialect.name]), column_keys=list(columns) or None
        )
        self._text = str(compiled)
        self._fixed: Mapping[str, object] = compiled.params
        self._dialect = dialect
        self._error: Any = dialect.loaded_dbapi.Error
        binds: Mapping[str, Any] = getattr(compiled, "binds", {})
        found = ((name, it.type.dialect_impl(dialect).bind_processor(dialect)) for name, it in binds.items())
        self._writers = [(name, write) for name, write in found if write is not None]

    def tell(self, driven: Any, values: Mapping[str, Any]) -> Any:
        """Tell a driver's connection, and return its cursor.

        Raises
        ------
        DBAPIError
            If the driver raises an error of its own.
        """
        try:
            return self._told(driven, values)
        except self._error as error:
            raise as_wrapped(error, self._dialect) from error

    def tell_all(self, driven: Any, rows: Sequence[Mapping[str, Any]]) -> None:
        """Tell a driver's connection once for each row.

        Raises
        ------
        DBAPIError
            If the driver raises an error of its own.
        """
        try:
            with closing(driven.cursor()) as cursor:
                cursor.executemany(self._text, [self._written(values) for values in rows])
        except self._error as error:
            raise as_wrapped(error, self._dialect) from error

    def _told(self, driven: Any, values: Mapping[str, Any]) -> Any:
        return driven.execute(self._text, self._written(values))

    def _written(self, values: Mapping[str, Any]) -> dict[str, Any]:
        told = {**self._fixed, **values}
        for name, write in self._writers:
            told[name] = write(told[name])
        return told


S = TypeVar("S", bound=Spoken)


class InEach(Generic[S]):
    """One statement in the words of each dialect, put together when it is first needed."""

    def __init__(self, put_together: Callable[[Dialect], S]) -> None:
        self._put_together = put_together
        self._kept: dict[str, S] = {}

    def __call__(self, dialect: Dialect) -> S:
        """Return it as a dialect has it."""
        found = self._kept.get(dialect.name)
        return found or self._kept.setdefault(dialect.name, self._put_together(dialect))

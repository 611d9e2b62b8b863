"""Two column types of our own: a domain value kept as JSON, and a moment that is always UTC.

The JSON is read and written by pydantic alone, so the engine must hand its text on as it is: `AS_TEXT`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import JSON, DateTime, Dialect
from sqlalchemy.types import TypeDecorator

from recommender.errors import StoreError

AS_TEXT: dict[str, Any] = {"json_serializer": str, "json_deserializer": lambda text: text}
"""How to make an engine for tables that hold a `Document`."""


class Document(TypeDecorator[Any]):
    """A domain value, such as ``Boundaries``, as a JSON document.

    Parameters
    ----------
    kind : type
        What is stored; any type that pydantic can check.
    """

    impl = JSON
    cache_ok = True

    def __init__(self, kind: Any) -> None:
        super().__init__()
        self.kind = kind
        self._adapter: TypeAdapter[Any] = TypeAdapter(kind)
        self._validate, self._dump = self._adapter.validator.validate_json, self._adapter.serializer.to_json

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002 - SQLAlchemy passes it
        """Return ``value`` as JSON."""
        return self._written(value)

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        """Return what writes a value; SQLite takes the text as it is."""
        return self._written if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:  # noqa: ARG002
        """Return what reads a column; nothing of SQLAlchemy's stands between it and the driver's text."""
        return self._read

    def _written(self, value: Any) -> str:
        return self._dump(value).decode()

    def _read(self, value: Any) -> Any:
        """Return the domain value, None where an outer join met no row.

        The message of a failure leaves out what was stored.
        """
        if value is None:
            return None
        try:
            return self._validate(value)
        except ValidationError:
            raise StoreError(
                "The database holds a document that this version cannot read; "
                "run `rekindle db upgrade`, or restore a backup with `rekindle db restore`."
            ) from None


class Moment(TypeDecorator[datetime]):
    """An aware datetime, stored as UTC (SQLite keeps no zone) and returned as UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002 - SQLAlchemy passes it
    ) -> datetime | None:
        """Return ``value`` in UTC.

        Raises
        ------
        ValueError
            If it is naive: nobody could tell which moment it means.
        """
        return None if value is None else _aware(value)

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        """Return what writes a moment; SQLite keeps it as text without a zone."""
        return _as_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:  # noqa: ARG002
        """Return what reads a column in UTC; SQLite keeps it as text."""
        return _of_text if dialect.name == "sqlite" else _in_utc


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a stored moment needs a time zone")
    return moment.astimezone(UTC)


def _as_text(moment: datetime | None) -> str | None:
    """Return a moment as SQLAlchemy writes one for SQLite."""
    if moment is None:
        return None
    return _aware(moment).replace(tzinfo=None).isoformat(" ", "microseconds")


def _of_text(stored: str | None) -> datetime | None:
    return None if stored is None else datetime.fromisoformat(f"{stored}+00:00")


def _in_utc(stored: datetime | None) -> datetime | None:
    return None if stored is None else stored.astimezone(UTC)

"""What a database is asked, heard at its driver, so that nothing goes round it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import psycopg
from sqlalchemy import Engine, event

Asked = list[tuple[str, Any]]
"""Statements with their values; SQLite tells them with the values in their places."""


@contextmanager
def hearing(engine: Engine) -> Iterator[Asked]:
    """Give a list that grows by every statement that the database is asked meanwhile."""
    asked: Asked = []

    def begin(connection: Any, *_: object) -> None:
        if engine.dialect.name == "sqlite":
            connection.set_trace_callback(lambda said: asked.append((said, ())))
        else:
            connection.cursor_factory = partial(_Heard, asked)

    def end(connection: Any, *_: object) -> None:
        if engine.dialect.name == "sqlite":
            connection.set_trace_callback(None)
        else:
            connection.cursor_factory = psycopg.Cursor

    event.listen(engine, "checkout", begin)
    event.listen(engine, "checkin", end)
    try:
        yield asked
    finally:
        event.remove(engine, "checkout", begin)
        event.remove(engine, "checkin", end)


class _Heard(psycopg.Cursor[Any]):
    def __init__(self, asked: Asked, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._asked = asked

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        self._asked.append((query, params))
        return super().execute(query, params, **options)

    def executemany(self, query: Any, params_seq: Any, **options: Any) -> None:
        self._asked.append((query, params_seq[0]))
        super().executemany(query, params_seq, **options)

"""Questions about couples that are put together once, since that takes longer than answering them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, CursorResult, Select, bindparam


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

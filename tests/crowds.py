"""Many couples at once, written straight into the tables. All of them are simulated."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Engine, Table, insert

from recommender.domain import Circumstances
from recommender.learning.evaluation.town import build_town
from recommender.store import tables, transaction
from tests.api_world import shipped_catalogue

KINDS = 50
"""Couples of a simulated town; a crowd is these over and over."""

AT_ONCE = 1000
SINCE = datetime(2026, 1, 1, tzinfo=UTC)

Row = dict[str, Any]


def couple_id(number: int) -> str:
    """Return the id of a couple of a crowd."""
    return f"{number:026}"


def partner_id(number: int, seat: int) -> str:
    """Return the id of a partner of a crowd; seats are 1 and 2."""
    return f"{seat}{number:025}"


def settle(engine: Engine, n_couples: int, n_rated: int = 0, first: int = 0) -> None:
    """Store couples of two, each with so many dates that both have rated."""
    couples = iter(range(first, first + n_couples))
    of_table = (
        (tables.couples, _couples),
        (tables.partners, _partners),
        (tables.dates, _dates),
        (tables.ratings, _ratings),
    )
    town = build_town(shipped_catalogue(), KINDS, seed=1)
    said: dict[tuple[str, int], Any] = {}
    while numbers := list(islice(couples, AT_ONCE)):
        with transaction(engine) as connection:
            for table, rows_of in of_table:
                rows = [row for number in numbers for row in rows_of(town, number, n_rated)]
                _insert(connection, table, rows, said)


def _insert(connection: Connection, table: Table, rows: list[Row], said: dict[tuple[str, int], Any]) -> None:
    """Hand rows to the driver; what many of them share is put into its words once, and kept in ``said``."""
    if not rows:
        return
    dialect = connection.dialect
    words = {name: table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in rows[0]}
    for row in rows:
        for name, word in words.items():
            if word is not None:
                key = (f"{table.name}.{name}", id(row[name]))
                if key not in said:
                    said[key] = row[name], word(row[name])  # held, so that no other value comes to its place
                row[name] = said[key][1]
    connection.exec_driver_sql(*_told(insert(table).compile(dialect=dialect, column_keys=list(words)), rows))


def _told(statement: Any, rows: list[Row]) -> tuple[str, list[Any]]:
    """Return a statement's text, and rows as its driver takes them."""
    if statement.positional:
        return str(statement), [tuple(row[name] for name in statement.positiontup) for row in rows]
    return str(statement), rows


def _couples(town: Any, number: int, n_rated: int) -> Iterator[Row]:
    limits: Circumstances = town.circumstances[number % KINDS]
    yield {"couple_id": couple_id(number), "circumstances": limits, "goals": (), "created_at": SINCE}


def _partners(town: Any, number: int, n_rated: int) -> Iterator[Row]:
    for seat in (1, 2):
        yield {
            "partner_id": partner_id(number, seat),
            "couple_id": couple_id(number),
            "seat": seat,
            "name": "A partner",
            "answers": town.answers[number % KINDS][seat - 1],
            "boundaries": town.boundaries[number % KINDS][seat - 1],
            "freshness": 0.5,
            "tender_weeks": (),
            "joined_at": SINCE,
        }


def _dates(town: Any, number: int, n_rated: int) -> Iterator[Row]:
    ideas = shipped_catalogue().ideas
    for k in range(n_rated):
        idea = ideas[(7 * number + 31 * k) % len(ideas)]
        yield {
            "date_id": _date_id(number, k),
            "couple_id": couple_id(number),
            "idea_id": idea.idea_id,
            "title": idea.title,
            "status": "done",
            "starts_at": _moment(7 * k),
        }


def _ratings(town: Any, number: int, n_rated: int) -> Iterator[Row]:
    places = shipped_catalogue()
    for k in range(n_rated):
        at = (7 * number + 31 * k) % len(places.ideas)
        for seat in (1, 2):
            felt = town.enjoyment[number % KINDS, seat - 1, at]
            yield {
                "date_id": _date_id(number, k),
                "partner_id": partner_id(number, seat),
                "enjoyment": round(min(max(felt, 1), 5)),
                "rated_at": _moment(7 * k + 1),
            }


@cache
def _moment(days: int) -> datetime:
    return SINCE + timedelta(days=days)


def _date_id(number: int, k: int) -> str:
    return f"{k:03}{number:023}"

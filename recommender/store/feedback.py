"""All couples' feedback, streamed for training: memory stays bounded however many couples there are.

Each function is one statement, so it sees one state of the database, and each sorts by couple_id, so
that a reader can cut the stream into shards of whole couples. Read inside one `reading` block and
they all see the same state. Names and notes are never read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Connection, Select, func, select

from recommender.domain import AnswerValue, FeedbackRow
from recommender.store.plans import Exposure, read_exposure
from recommender.store.tables import dates, partners, ratings, suggestions

ROWS_AT_A_TIME = 2000


@dataclass(frozen=True, slots=True)
class AnswersRow:
    """One partner's quiz answers."""

    couple_id: str
    partner_id: str
    answers: Mapping[str, AnswerValue]


@dataclass(frozen=True, slots=True)
class ExposureRow:
    """A suggestion as shown, with the date it became if it was chosen."""

    exposure: Exposure
    date_id: str | None


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """What a model expected of a couple's date, how sure it was, and the average of both ratings."""

    couple_id: str
    expected: float
    std: float
    enjoyed: float


def read_feedback(connection: Connection) -> Iterator[FeedbackRow]:
    """Yield every rating of a date that has an idea, in order of couple, date and partner."""
    columns = [
        (dates if field.name in ("couple_id", "idea_id") else ratings).c[field.name]
        for field in fields(FeedbackRow)
    ]
    query = (
        select(*columns)
        .join_from(ratings, dates)
        .where(dates.c.idea_id.is_not(None))
        .order_by(dates.c.couple_id, dates.c.date_id, ratings.c.partner_id)
    )
    return (FeedbackRow(*row) for row in _stream(connection, query))


def read_answers(connection: Connection) -> Iterator[AnswersRow]:
    """Yield the answers of every partner, in order of couple and partner."""
    query = select(partners.c.couple_id, partners.c.partner_id, partners.c.answers).order_by(
        partners.c.couple_id, partners.c.partner_id
    )
    return (AnswersRow(*row) for row in _stream(connection, query))


def read_exposures(connection: Connection) -> Iterator[ExposureRow]:
    """Yield everything that was ever shown, in order of couple, week and time."""
    query = (
        select(suggestions, dates.c.date_id)
        .select_from(suggestions.outerjoin(dates, dates.c.suggestion_id == suggestions.c.suggestion_id))
        .order_by(suggestions.c.couple_id, suggestions.c.week, suggestions.c.shown_at, suggestions.c.position)
    )
    return (ExposureRow(read_exposure(row), row.date_id) for row in _stream(connection, query))


def read_outcomes(connection: Connection, model_version: str) -> Iterator[OutcomeRow]:
    """Yield every date that came of a model's suggestion and that two people rated, in order of couple."""
    query = (
        select(
            suggestions.c.couple_id,
            suggestions.c.expected,
            suggestions.c.std,
            func.avg(ratings.c.enjoyment).label("enjoyed"),
        )
        .select_from(
            suggestions.join(dates, dates.c.suggestion_id == suggestions.c.suggestion_id).join(
                ratings, ratings.c.date_id == dates.c.date_id
            )
        )
        .where(suggestions.c.model_version == model_version)
        .group_by(dates.c.date_id, suggestions.c.couple_id, suggestions.c.expected, suggestions.c.std)
        .having(func.count() == 2)
        .order_by(suggestions.c.couple_id, dates.c.date_id)
    )
    return (
        OutcomeRow(row.couple_id, row.expected, row.std, float(row.enjoyed))
        for row in _stream(connection, query)
    )


def _stream(connection: Connection, query: Select[Any]) -> Iterator[Any]:
    return iter(connection.execute(query, execution_options={"yield_per": ROWS_AT_A_TIME}))

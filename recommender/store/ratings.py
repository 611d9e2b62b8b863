"""What each partner thought of a date."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, select

from recommender.domain import Rating
from recommender.store.questions import AboutSome, Question
from recommender.store.tables import dates, ratings
from recommender.store.upserts import put

COLUMNS = tuple(ratings.c[field.name] for field in fields(Rating))
OF_COUPLES = AboutSome(
    select(*COLUMNS).join_from(ratings, dates).order_by(ratings.c.date_id, ratings.c.partner_id),
    dates.c.couple_id,
)
OF_DATE = Question(
    select(*COLUMNS).where(ratings.c.date_id == bindparam("of_date")).order_by(ratings.c.partner_id)
)


def put_rating(connection: Connection, rating: Rating) -> None:
    """Store a partner's rating of a date in place of the one before."""
    row = {column.name: getattr(rating, column.name) for column in COLUMNS}
    put(connection, ratings, row, ("date_id", "partner_id"))


def delete_rating(connection: Connection, date_id: str, partner_id: str) -> None:
    """Delete a partner's rating of a date, if there is one."""
    connection.execute(
        delete(ratings).where(ratings.c.date_id == date_id, ratings.c.partner_id == partner_id)
    )


def list_ratings(connection: Connection, *couple_ids: str) -> tuple[Rating, ...]:
    """Return every rating of the dates of one couple or several, in order of date_id and partner_id."""
    return tuple(Rating(*row) for row in OF_COUPLES.ask(connection, couple_ids))


def list_date_ratings(connection: Connection, date_id: str) -> tuple[Rating, ...]:
    """Return the ratings of one date, in order of partner_id."""
    return tuple(Rating(*row) for row in OF_DATE.ask(connection, of_date=date_id))


def count_ratings(connection: Connection, since: datetime, until: datetime) -> int:
    """Return how many ratings were given from ``since`` on and before ``until``."""
    given = (ratings.c.rated_at >= since) & (ratings.c.rated_at < until)
    return connection.scalar(select(func.count()).select_from(ratings).where(given)) or 0

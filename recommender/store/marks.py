"""What each partner says to each suggestion of a plan."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from recommender.domain import Mark, Plan
from recommender.store.questions import Question
from recommender.store.tables import marks, suggestions
from recommender.store.upserts import put

COLUMNS = tuple(marks.c[field.name] for field in fields(Mark))
IN_WEEK = Question(
    select(*COLUMNS)
    .join_from(marks, suggestions)
    .where(suggestions.c.couple_id == bindparam("of_couple"), suggestions.c.week == bindparam("in_week"))
    .order_by(marks.c.suggestion_id, marks.c.partner_id)
)


def put_mark(connection: Connection, mark: Mark) -> None:
    """Store a partner's mark of a suggestion in place of the one before."""
    row = {column.name: getattr(mark, column.name) for column in COLUMNS}
    put(connection, marks, row, ("suggestion_id", "partner_id"))


def list_marks(connection: Connection, plan: Plan) -> tuple[Mark, ...]:
    """Return every mark of a plan's suggestions, in order of suggestion_id and partner_id."""
    shown = {suggestion.suggestion_id for suggestion in plan.suggestions}
    made = IN_WEEK.ask(connection, of_couple=plan.couple_id, in_week=str(plan.week))
    return tuple(Mark(*row) for row in made if row.suggestion_id in shown)


def list_partner_marks(connection: Connection, partner_id: str) -> tuple[Mark, ...]:
    """Return every mark of one partner, in order of suggestion_id."""
    query = select(*COLUMNS).where(marks.c.partner_id == partner_id).order_by(marks.c.suggestion_id)
    return tuple(Mark(**row) for row in connection.execute(query).mappings())


def reveal_marks(connection: Connection, suggestion_ids: Collection[str], at: datetime) -> None:
    """Note that the marks of some suggestions are shown to both; those shown before stay as they are."""
    connection.execute(
        update(marks)
        .where(marks.c.suggestion_id.in_(suggestion_ids), marks.c.revealed_at.is_(None))
        .values(revealed_at=at)
    )

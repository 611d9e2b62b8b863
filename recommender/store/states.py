"""All that a planned week is made of, in one question: two answers are equal only if nothing has changed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Engine,
    Select,
    Text,
    bindparam,
    cast,
    literal_column,
    null,
    select,
    union_all,
)

from recommender.domain import Week
from recommender.store.questions import Brief
from recommender.store.tables import (
    confirmations,
    couples,
    dates,
    marks,
    partners,
    plans,
    ratings,
    rituals,
    suggestions,
)

WeekState = frozenset[tuple[str | None, ...]]

WIDTH = 6
OF_COUPLE: BindParameter[str] = bindparam("of_couple")
IN_WEEK: BindParameter[str] = bindparam("in_week")


def _rows(kind: str, *columns: ColumnElement[Any]) -> Select[Any]:
    """Return some columns as text, after a word that tells them from other rows."""
    told: list[ColumnElement[Any]] = [cast(column, Text) for column in columns]
    told += [null()] * (WIDTH - 1 - len(columns))
    return select(literal_column(f"'{kind}'"), *told)


SHOWN = (
    (suggestions.c.couple_id == OF_COUPLE)
    & (suggestions.c.week == IN_WEEK)
    & suggestions.c.replaced_at.is_(None)
)
OFFERED = (rituals.c.couple_id == OF_COUPLE) & (rituals.c.week == IN_WEEK) & rituals.c.withdrawn_at.is_(None)
WITH_GOALS = (
    select(couples.c.couple_id)
    .where(couples.c.couple_id == OF_COUPLE, cast(couples.c.goals, Text) != "[]")
    .exists()
)
# Of what never changes once it is stored the id is enough. Past dates tell only how far goals are along.
STATE = Brief(
    union_all(
        _rows("couple", couples.c.circumstances, couples.c.goals).where(couples.c.couple_id == OF_COUPLE),
        _rows(
            "partner", partners.c.partner_id, partners.c.name, partners.c.boundaries, partners.c.tender_weeks
        ).where(partners.c.couple_id == OF_COUPLE),
        _rows("plan", plans.c.rule, plans.c.advice).where(
            plans.c.couple_id == OF_COUPLE, plans.c.week == IN_WEEK
        ),
        _rows("suggestion", suggestions.c.suggestion_id).where(SHOWN),
        _rows("mark", marks.c.suggestion_id, marks.c.partner_id, marks.c.word, marks.c.revealed_at)
        .join_from(suggestions, marks)
        .where(SHOWN),
        _rows("ritual", rituals.c.ritual_id, rituals.c.kept_at).where(OFFERED),
        _rows("confirmation", confirmations.c.ritual_id, confirmations.c.partner_id)
        .join_from(rituals, confirmations)
        .where(OFFERED),
        _rows(
            "date", dates.c.date_id, dates.c.idea_id, dates.c.status, dates.c.starts_at, dates.c.kept_by
        ).where(dates.c.couple_id == OF_COUPLE, WITH_GOALS),
        _rows("rating", ratings.c.date_id, ratings.c.partner_id)
        .join_from(dates, ratings)
        .where(dates.c.couple_id == OF_COUPLE, WITH_GOALS),
        _rows("kept", rituals.c.ritual_id, rituals.c.kept_at).where(
            rituals.c.couple_id == OF_COUPLE, rituals.c.kept_at.is_not(None), WITH_GOALS
        ),
    )
)


def week_state(engine: Engine, couple_id: str, week: Week) -> WeekState:
    """Return what a couple's week is made of, but for the catalogue; nothing in it is for showing.

    Raises
    ------
    StoreError
        As for `transaction`.
    """
    return frozenset(STATE.ask(engine, of_couple=couple_id, in_week=str(week)))

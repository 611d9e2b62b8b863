"""Weekly plans and everything that was ever shown in them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select, update

from recommender.domain import Plan, Suggestion, SwapReason, Week
from recommender.store.changes import Change
from recommender.store.questions import AboutSome, Question
from recommender.store.tables import plans, suggestions
from recommender.store.upserts import insert, insertion

SUGGESTION = tuple(field.name for field in fields(Suggestion))
OF_SUGGESTION = attrgetter(*SUGGESTION)
A_PLAN = Question(
    select(plans.c.rule, plans.c.advice, *(suggestions.c[name] for name in SUGGESTION))
    .select_from(
        plans.outerjoin(
            suggestions,
            (suggestions.c.couple_id == plans.c.couple_id)
            & (suggestions.c.week == plans.c.week)
            & suggestions.c.replaced_at.is_(None),
        )
    )
    .where(plans.c.couple_id == bindparam("of_couple"), plans.c.week == bindparam("in_week"))
    .order_by(suggestions.c.position)
)
EXPOSURES = AboutSome(
    select(suggestions).order_by(suggestions.c.week, suggestions.c.shown_at, suggestions.c.position),
    suggestions.c.couple_id,
)
NEW_PLAN = Change(
    lambda dialect: insertion(dialect, plans).on_conflict_do_nothing(),
    ("couple_id", "week", "rule", "advice", "made_at"),
)
NEW_SUGGESTIONS = Change(
    partial(insertion, into=suggestions),
    ("couple_id", "week", *(name for name in SUGGESTION if name != "replaced_by"), "shown_at"),
)


@dataclass(frozen=True, slots=True)
class Exposure:
    """A suggestion as it was shown, whatever became of it.

    Attributes
    ----------
    swap_reason : SwapReason or None
        Why it was swapped away; None while it is in force.
    """

    couple_id: str
    week: Week
    suggestion: Suggestion
    shown_at: datetime
    swap_reason: SwapReason | None


def insert_plan(connection: Connection, plan: Plan, made_at: datetime) -> Plan:
    """Store a couple's plan for a week and return the plan in force.

    If another process made one first, theirs stays and is returned.
    """
    if not NEW_PLAN.make(connection, _row(plan, made_at)):
        return find_plan(connection, plan.couple_id, plan.week) or plan
    NEW_SUGGESTIONS.make_all(connection, _shown(plan, made_at))
    return plan


def insert_plans(connection: Connection, made: Sequence[Plan], made_at: datetime) -> int:
    """Store plans of couples that have none for the week; return how many."""
    if not made:
        return 0
    statement = insert(connection, plans).on_conflict_do_nothing()
    new = statement.returning(plans.c.couple_id, plans.c.week)
    found = connection.execute(new, [_row(plan, made_at) for plan in made])
    stored = {(row.couple_id, row.week) for row in found}
    kept = (plan for plan in made if (plan.couple_id, str(plan.week)) in stored)
    NEW_SUGGESTIONS.make_all(connection, [row for plan in kept for row in _shown(plan, made_at)])
    return len(stored)


def planned_weeks(
    connection: Connection, couple_ids: Sequence[str], weeks: Collection[Week]
) -> set[tuple[str, Week]]:
    """Return which of some couples have a plan for which of some weeks."""
    query = select(plans.c.couple_id, plans.c.week).where(
        plans.c.couple_id.in_(couple_ids), plans.c.week.in_([str(week) for week in weeks])
    )
    return {(row.couple_id, Week.parse(row.week)) for row in connection.execute(query)}


def find_plan(connection: Connection, couple_id: str, week: Week) -> Plan | None:
    """Return a couple's plan for a week with the suggestions in force by position, or None."""
    rows = A_PLAN.ask(connection, of_couple=couple_id, in_week=str(week))
    if not rows:
        return None
    shown = tuple(read_suggestion(row) for row in rows if row.suggestion_id is not None)
    return Plan(week, couple_id, rows[0].rule, shown, rows[0].advice)


def replace_suggestion(
    connection: Connection, old_id: str, new: Suggestion, reason: SwapReason, at: datetime
) -> bool:
    """Put ``new`` in the place of a suggestion in force; return False if that was replaced before."""
    old = connection.execute(
        update(suggestions)
        .where(suggestions.c.suggestion_id == old_id, suggestions.c.replaced_at.is_(None))
        .values(replaced_at=at, swap_reason=reason)
        .returning(suggestions.c.couple_id, suggestions.c.week)
    ).first()
    if old is None:
        return False
    connection.execute(insert(connection, suggestions).values(_values(old.couple_id, old.week, new, at)))
    connection.execute(
        update(suggestions).where(suggestions.c.suggestion_id == old_id).values(replaced_by=new.suggestion_id)
    )
    return True


def delete_plans(connection: Connection, couple_id: str) -> None:
    """Delete every plan of a couple with what was ever shown in it, and how it was marked."""
    connection.execute(delete(plans).where(plans.c.couple_id == couple_id))


def all_exposures(connection: Connection, *couple_ids: str) -> tuple[Exposure, ...]:
    """Return all that was ever shown to couples, replaced or not, by week, time and position."""
    return tuple(read_exposure(row) for row in EXPOSURES.ask(connection, couple_ids))


def count_plans(connection: Connection, since: datetime, until: datetime) -> int:
    """Return how many plans were made from ``since`` on and before ``until``."""
    made = (plans.c.made_at >= since) & (plans.c.made_at < until)
    return connection.scalar(select(func.count()).select_from(plans).where(made)) or 0


def latest_plans(connection: Connection, limit: int) -> list[tuple[str, str]]:
    """Return couple and week of the latest plans, in order of both."""
    query = select(plans.c.couple_id, plans.c.week).order_by(plans.c.made_at.desc()).limit(limit)
    return sorted((row.couple_id, row.week) for row in connection.execute(query))


def read_exposure(row: Any) -> Exposure:
    """Return a row of ``suggestions`` as an exposure."""
    return Exposure(
        couple_id=row.couple_id,
        week=Week.parse(row.week),
        suggestion=read_suggestion(row),
        shown_at=row.shown_at,
        swap_reason=row.swap_reason,
    )


def read_suggestion(row: Any) -> Suggestion:
    """Return a row of ``suggestions`` as a suggestion."""
    return Suggestion(*OF_SUGGESTION(row))


def _row(plan: Plan, made_at: datetime) -> dict[str, Any]:
    return {
        "couple_id": plan.couple_id,
        "week": str(plan.week),
        "rule": plan.rule,
        "advice": plan.advice,
        "made_at": made_at,
    }


def _shown(plan: Plan, at: datetime) -> list[dict[str, Any]]:
    return [_values(plan.couple_id, str(plan.week), suggestion, at) for suggestion in plan.suggestions]


def _values(couple_id: str, week: str, suggestion: Suggestion, shown_at: datetime) -> dict[str, Any]:
    return {
        "couple_id": couple_id,
        "week": week,
        "suggestion_id": suggestion.suggestion_id,
        "position": suggestion.position,
        "role": suggestion.role,
        "idea_id": suggestion.idea_id,
        "starts_at": suggestion.starts_at,
        "expected": suggestion.expected,
        "std": suggestion.std,
        "score": suggestion.score,
        "propensity": suggestion.propensity,
        "reasons": suggestion.reasons,
        "model_version": suggestion.model_version,
        "shown_at": shown_at,
    }

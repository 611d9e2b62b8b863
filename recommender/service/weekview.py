"""A week as one partner sees it: the plan, and what goes with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from recommender.domain import Couple, Goal, Mark, Plan, Progress, Ritual, Week
from recommender.service.callers import Caller, couple_of
from recommender.service.dates import DateView, seen_dates
from recommender.service.deployment import Deployment
from recommender.service.goals import see_progress
from recommender.service.marks import SeenMarks, is_news, see_marks
from recommender.service.past import Past, read_past
from recommender.service.rituals import SeenRitual, are_settled, first_rituals, see_rituals
from recommender.service.telling import told_plan
from recommender.service.weeks import (
    get_plan,
    inside_limits,
    make_plan,
    standing_plan,
    standpoint,
    upcoming_week,
)
from recommender.store import marks, plans, reading, rituals, transaction


@dataclass(frozen=True, slots=True)
class WeekView:
    """A couple's week, as one of them may see it.

    Attributes
    ----------
    partners : tuple[str, ...]
        Names only, in order of joining.
    other : str or None
        The name of the partner who does not look; None where nobody else has joined, or the operator looks.
    goals : tuple[tuple[Goal, Progress], ...]
        Each goal and how far it is along by the end of the week.
    rituals : tuple[SeenRitual, ...]
        Small ones, beside the dates.
    paused : bool
        Whether they wanted no plan for this week.
    """

    partners: tuple[str, ...]
    other: str | None
    time_zone: str
    plan: Plan
    marks: SeenMarks
    goals: tuple[tuple[Goal, Progress], ...]
    rituals: tuple[SeenRitual, ...]
    paused: bool


def get_week(d: Deployment, caller: Caller, week: Week) -> WeekView:
    """Return a couple's week; its plan is made now if there is none yet.

    Raises
    ------
    NotFound
        If the week lies centuries off.
    """
    return view_of(d, caller, week, look(d, caller, week))


def week_and_dates(
    d: Deployment, caller: Caller, week: Week | None = None
) -> tuple[WeekView, tuple[DateView, ...]]:
    """Return a couple's week as `get_week` does, and all of their dates, from one look at the database.

    Parameters
    ----------
    week : Week, optional
        Without it, the week to plan for now where they live.
    """
    with reading(d.engine) as connection:
        couple = couple_of(connection, caller)
        week = week or upcoming_week(d.clock(), couple.circumstances)
        seen = seen_dates(connection, caller)
        found = _found(d, connection, caller, couple, week, seen)
    return view_of(d, caller, week, found), seen


@dataclass(frozen=True, slots=True)
class Stored:
    """What the store holds of a week whose plan stands, and which ideas are inside the couple's limits."""

    couple: Couple
    plan: Plan
    reached: tuple[Progress, ...]
    offered: tuple[rituals.OfferedRitual, ...]
    made: tuple[Mark, ...]
    inside: np.ndarray


def look(d: Deployment, caller: Caller, week: Week) -> Stored | Past:
    """Return what the store holds of a week; of one whose plan has to be made or mended, the couple's past.

    Raises
    ------
    NotFound
        If the week lies centuries off.
    """
    with reading(d.engine) as connection:
        return _found(d, connection, caller, couple_of(connection, caller), week)


def view_of(d: Deployment, caller: Caller, week: Week, found: Stored | Past) -> WeekView:
    """Return a week that was looked at, as the caller may see it; what is missing of it is made now."""
    if isinstance(found, Stored):
        return _view(d, caller, found)
    first = _first(d, caller, week, found)
    return see_week(d, caller, get_plan(d, caller, week)) if first is None else first


def is_settled(d: Deployment, stored: Stored) -> bool:
    """Return whether to tell a week changes nothing: no ritual is missing, and nobody sees any mark first."""
    couple, plan = stored.couple, stored.plan
    if is_news(couple, plan, stored.made):
        return False
    return couple.circumstances.paused(plan.week) or are_settled(d, couple, stored.offered, stored.inside)


def see_week(d: Deployment, caller: Caller, plan: Plan) -> WeekView:
    """Return what goes with a plan, as the caller may see it."""
    with reading(d.engine) as connection:
        couple = couple_of(connection, caller)
        stored = _stored(d, connection, caller, couple, plan, inside_limits(d, couple, plan.week))
    return _view(d, caller, stored)


def _first(d: Deployment, caller: Caller, week: Week, past: Past) -> WeekView | None:
    """Return a week with its first plan and rituals, or None where it has a plan or is paused by now.

    They are drafted before the couple is held, so that nobody waits for it, and drafted anew if anything
    that they depend on has changed until then.
    """
    met = {exposure.week for exposure in past.exposures} | {offered.week for offered in past.rituals}
    if week in met:
        return None
    draft = _draft(d, past, week)
    with transaction(d.engine) as connection:
        held = read_past(connection, couple_of(connection, caller, for_update=True))
        couple = held.couple
        if couple.circumstances.paused(week) or plans.find_plan(connection, couple.couple_id, week):
            return None
        plan, small = draft if held == past else _draft(d, held, week)
        plans.insert_plan(connection, plan, d.clock())
        offered = rituals.insert_rituals(connection, couple.couple_id, week, small, d.clock())
        reached = see_progress(d, connection, caller, couple, week)
    return _view(d, caller, Stored(couple, plan, reached, offered, (), inside_limits(d, couple, week)))


def _draft(d: Deployment, past: Past, week: Week) -> tuple[Plan, tuple[Ritual, ...]]:
    seen = standpoint(d, past, week)
    plan = make_plan(d, seen)
    return plan, first_rituals(d, seen, plan)


def _found(
    d: Deployment,
    connection: Connection,
    caller: Caller,
    couple: Couple,
    week: Week,
    seen: Iterable[DateView] | None = None,
) -> Stored | Past:
    inside = inside_limits(d, couple, week)
    plan = standing_plan(d, connection, couple, week, inside)
    if plan is None:
        return read_past(connection, couple)
    return _stored(d, connection, caller, couple, plan, inside, seen)


def _stored(
    d: Deployment,
    connection: Connection,
    caller: Caller,
    couple: Couple,
    plan: Plan,
    inside: np.ndarray,
    seen: Iterable[DateView] | None = None,
) -> Stored:
    return Stored(
        couple,
        plan,
        see_progress(d, connection, caller, couple, plan.week, seen),
        rituals.list_rituals(connection, couple.couple_id, week=plan.week),
        marks.list_marks(connection, plan),
        inside,
    )


def _view(d: Deployment, caller: Caller, stored: Stored) -> WeekView:
    couple, plan = stored.couple, stored.plan
    return WeekView(
        partners=tuple(partner.name for partner in couple.partners),
        other=next((p.name for p in couple.partners if caller.partner_id not in (None, p.partner_id)), None),
        time_zone=couple.circumstances.time_zone,
        plan=told_plan(plan, caller),
        marks=see_marks(d, caller, couple, plan, stored.made),
        goals=tuple(zip(couple.goals, stored.reached, strict=True)),
        rituals=see_rituals(d, caller, couple, plan, stored.offered, stored.inside),
        paused=couple.circumstances.paused(plan.week),
    )

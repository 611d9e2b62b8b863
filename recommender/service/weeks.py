"""A couple's week: the plan (made once, then the same), swapping, choosing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import Connection

from recommender.domain import Circumstances, Couple, CoupleDate, Plan, Suggestion, SwapReason, Week
from recommender.errors import Conflict, NotFound
from recommender.planning.feasibility import relaxations, still_stands, within_limits
from recommender.planning.occasion import Occasion
from recommender.planning.slots import free_until
from recommender.planning.table import IdeaTable
from recommender.planning.weekly import Expectation, swapped, weekly_plan
from recommender.service.dates import DateView, with_starts
from recommender.service.dates import view as view_of
from recommender.service.deployment import Deployment
from recommender.service.moments import FIRST_YEAR, LAST_YEAR, check_start
from recommender.service.past import Past, by_date, history_of, read_past
from recommender.service.people import Caller, couple_of
from recommender.service.secret import new_id
from recommender.store import dates as date_store
from recommender.store import plans as plan_store
from recommender.store.engine import reading, transaction

LEAST_AHEAD = timedelta(hours=1)
"""With less than this to the end of their last free stretch, a couple begins nothing new in a week."""


def upcoming_week(now: datetime, circumstances: Circumstances) -> Week:
    """Return the week to plan for: this one while something can begin in it, and until Sunday noon.

    Examples
    --------
    >>> from datetime import UTC, time
    >>> from recommender.domain import Slot
    >>> saturday = datetime(2026, 11, 28, 12, tzinfo=UTC)
    >>> str(upcoming_week(saturday, Circumstances(time_zone="UTC")))
    '2026-W48'
    >>> str(upcoming_week(saturday + timedelta(days=1), Circumstances(time_zone="UTC")))
    '2026-W49'
    >>> str(upcoming_week(saturday, Circumstances(time_zone="UTC", slots=(Slot(5, time(19), 180),))))
    '2026-W49'
    """
    week = Week.of((now.astimezone(ZoneInfo(circumstances.time_zone)) + timedelta(hours=12)).date())
    return week if now + LEAST_AHEAD <= free_until(circumstances, week) else week.next()


def check_week(week: Week) -> None:
    """Raise NotFound if a week lies centuries off."""
    if not FIRST_YEAR <= week.year <= LAST_YEAR:
        raise NotFound(f"there is no plan for {week}; ask for a week of {FIRST_YEAR} to {LAST_YEAR}")


def get_plan(deployment: Deployment, caller: Caller, week: Week) -> Plan:
    """Return the couple's plan for a week, made now if there is none yet.

    A suggestion that has come to lie outside their limits since it was made is replaced, and if
    nothing can replace it, left out. A week they pause has a plan of nothing, which is not kept.

    Raises
    ------
    NotFound
        If the week lies centuries off.
    """
    with reading(deployment.engine) as connection:
        couple = couple_of(connection, caller)
        inside = inside_limits(deployment, couple, week)
        plan = standing_plan(deployment, connection, couple, week, inside)
        if plan is not None:
            return plan
        past = read_past(connection, couple)
    # Before the couple is held, so that nobody waits for it.
    draft = make_plan(deployment, standpoint(deployment, past, week))
    with transaction(deployment.engine) as connection:
        held = _past(connection, caller)
        if held.couple.circumstances.paused(week):
            return _paused(deployment, held.couple, week)
        plan = plan_store.find_plan(connection, held.couple.couple_id, week)
        if plan is not None:
            return _without_outgrown(deployment, connection, held, plan)
        draft = draft if held == past else make_plan(deployment, standpoint(deployment, held, week))
        return plan_store.insert_plan(connection, draft, deployment.clock())


def inside_limits(deployment: Deployment, couple: Couple, week: Week) -> np.ndarray:
    """Return the ideas inside a couple's boundaries and shared limits, as they are now, in a week."""
    return within_limits(deployment.table, Occasion(couple, week, deployment.clock()))


def standing_plan(
    deployment: Deployment, connection: Connection, couple: Couple, week: Week, inside: np.ndarray
) -> Plan | None:
    """Return a couple's plan for a week if nothing has to be made or replaced, or None.

    Parameters
    ----------
    inside : np.ndarray
        From `inside_limits`.

    Raises
    ------
    NotFound
        If the week lies centuries off.
    """
    check_week(week)
    if couple.circumstances.paused(week):
        return _paused(deployment, couple, week)
    plan = plan_store.find_plan(connection, couple.couple_id, week)
    return None if plan is None or _outgrown(deployment.table, plan, inside) else plan


def _paused(deployment: Deployment, couple: Couple, week: Week) -> Plan:
    return Plan(week, couple.couple_id, deployment.plan_settings.rule, ())


def swap(deployment: Deployment, caller: Caller, week: Week, suggestion_id: str, reason: SwapReason) -> Plan:
    """Return the plan with one suggestion replaced.

    Raises
    ------
    NotFound
        If the week has no such suggestion in force.
    Conflict
        If it has been chosen already, or nothing else is feasible.
    """
    with transaction(deployment.engine) as connection:
        past = _past(connection, caller)
        plan, out = _in_force(deployment, connection, past, week, suggestion_id)
        if any(date.suggestion_id == suggestion_id for date in past.dates):
            raise Conflict("that one is chosen already; skip or move the date instead")
        new = _replace(deployment, connection, past, plan, out, reason)
        if new is None:
            raise Conflict("nothing else fits this week; keep it, or relax one of your shared limits")
        return new


def choose(
    deployment: Deployment,
    caller: Caller,
    week: Week,
    suggestion_id: str,
    starts_at: datetime | None = None,
) -> DateView:
    """Return the date that a suggestion becomes, at its own start or another.

    Choosing the same suggestion again returns the same date, moved if another start is given.

    Raises
    ------
    NotFound
        If the week has no such suggestion in force.
    InvalidInput
        If ``starts_at`` has no time zone or lies far off.
    """
    if starts_at is not None:
        check_start("starts_at", starts_at)
    with transaction(deployment.engine) as connection:
        past = _past(connection, caller)
        _, suggestion = _in_force(deployment, connection, past, week, suggestion_id)
        chosen = next((date for date in past.dates if date.suggestion_id == suggestion_id), None)
        if chosen is None:
            chosen = date_store.insert_date(
                connection, _date_of(deployment, past.couple, suggestion, starts_at)
            )
        elif starts_at is not None and chosen.starts_at != starts_at:
            chosen = chosen.revised(chosen.status, starts_at)
            date_store.update_date(connection, chosen)
        seen = view_of(chosen, by_date(past.ratings)[chosen.date_id], caller.partner_id or "")
        return with_starts(deployment, past.couple, seen, past.dates)


@dataclass(frozen=True, slots=True)
class Standpoint:
    """What a couple's week is planned from: its occasion, and what the model expects of the two."""

    occasion: Occasion
    expectation: Expectation


def standpoint(deployment: Deployment, past: Past, week: Week) -> Standpoint:
    """Return what a couple's week is planned from."""
    expectation = deployment.models.expect(past.couple, past.dates, past.ratings)
    return Standpoint(_occasion(deployment, past, week), expectation)


def _past(connection: Connection, caller: Caller) -> Past:
    # Held to the end, so that of two who swap the same suggestion the second sees what the first did.
    return read_past(connection, couple_of(connection, caller, for_update=True))


def _occasion(deployment: Deployment, past: Past, week: Week) -> Occasion:
    """Return the occasion; a week that has passed is planned as of its own Monday."""
    zone = ZoneInfo(past.couple.circumstances.time_zone)
    monday = datetime.combine(week.monday, datetime.min.time(), tzinfo=zone)
    now = deployment.clock()
    over = now >= monday + timedelta(days=7)
    return Occasion(past.couple, week, monday if over else now, history_of(past))


def make_plan(deployment: Deployment, seen: Standpoint) -> Plan:
    """Return a new plan for a couple's week; nothing is stored."""
    return weekly_plan(
        deployment.table,
        seen.expectation,
        seen.occasion,
        deployment.plan_settings,
        lambda: new_id(deployment.clock()),
    )


def _outgrown(table: IdeaTable, plan: Plan, inside: np.ndarray) -> tuple[Suggestion, ...]:
    """Return the suggestions that lie outside the couple's limits as they are now."""
    return tuple(
        s
        for s in plan.suggestions
        if (row := table.index.get(s.idea_id)) is None
        or not inside[row]
        or not still_stands(table, row, s.starts_at)
    )


def _without_outgrown(deployment: Deployment, connection: Connection, past: Past, plan: Plan) -> Plan:
    chosen = {date.suggestion_id for date in past.dates}
    inside = inside_limits(deployment, past.couple, plan.week)
    for out in _outgrown(deployment.table, plan, inside):
        if out.suggestion_id in chosen and out.idea_id in deployment.table.index:
            continue
        replaced = _replace(deployment, connection, past, plan, out, "other")
        plan = replaced or _left_out(deployment, past, plan, out)
    return plan


def _left_out(deployment: Deployment, past: Past, plan: Plan, out: Suggestion) -> Plan:
    """Return the plan without a suggestion, and with which shared limit to relax."""
    kept = tuple(s for s in plan.suggestions if s.suggestion_id != out.suggestion_id)
    advice = relaxations(deployment.table, _occasion(deployment, past, plan.week))
    return replace(plan, suggestions=kept, advice=advice)


def _replace(
    deployment: Deployment,
    connection: Connection,
    past: Past,
    plan: Plan,
    out: Suggestion,
    reason: SwapReason,
) -> Plan | None:
    new = swapped(
        deployment.table,
        deployment.models.expect(past.couple, past.dates, past.ratings),
        _occasion(deployment, past, plan.week),
        deployment.plan_settings,
        plan,
        out,
        reason,
        new_id(deployment.clock()),
    )
    if new is None:
        return None
    plan_store.replace_suggestion(connection, out.suggestion_id, new, reason, deployment.clock())
    kept = (new if s.suggestion_id == out.suggestion_id else s for s in plan.suggestions)
    return replace(plan, suggestions=tuple(kept))


def _in_force(
    deployment: Deployment, connection: Connection, past: Past, week: Week, suggestion_id: str
) -> tuple[Plan, Suggestion]:
    """Return the plan as it would be read now, and the suggestion in it."""
    paused = past.couple.circumstances.paused(week)
    stored = None if paused else plan_store.find_plan(connection, past.couple.couple_id, week)
    plan = stored and _without_outgrown(deployment, connection, past, stored)
    for suggestion in plan.suggestions if plan else ():
        if plan and suggestion.suggestion_id == suggestion_id:
            return plan, suggestion
    raise NotFound(f"week {week} has no such suggestion; read the plan again")


def _date_of(
    deployment: Deployment, couple: Couple, suggestion: Suggestion, starts_at: datetime | None
) -> CoupleDate:
    return CoupleDate(
        date_id=new_id(deployment.clock()),
        couple_id=couple.couple_id,
        idea_id=suggestion.idea_id,
        title=deployment.catalogue.idea(suggestion.idea_id).title,
        status="planned",
        starts_at=starts_at or suggestion.starts_at,
        suggestion_id=suggestion.suggestion_id,
    )

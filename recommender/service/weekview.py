"""A week as one partner sees it: the plan, and what goes with it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from recommender.domain import Couple, Goal, Mark, Plan, Progress, Week
from recommender.service.callers import Caller, couple_of
from recommender.service.deployment import Deployment
from recommender.service.goals import see_progress
from recommender.service.marks import SeenMarks, see_marks
from recommender.service.rituals import SeenRitual, see_rituals
from recommender.service.telling import told_plan
from recommender.service.weeks import get_plan, standing_plan
from recommender.store import marks, reading, rituals


@dataclass(frozen=True, slots=True)
class WeekView:
    """A couple's week, as one of them may see it.

    Attributes
    ----------
    partners : tuple[str, ...]
        Names only, in order of joining.
    goals : tuple[tuple[Goal, Progress], ...]
        Each goal and how far it is along by the end of the week.
    rituals : tuple[SeenRitual, ...]
        Small ones, beside the dates.
    paused : bool
        Whether they wanted no plan for this week.
    """

    partners: tuple[str, ...]
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
    with reading(d.engine) as connection:
        couple = couple_of(connection, caller)
        plan = standing_plan(d, connection, couple, week)
        beside = None if plan is None else _beside(d, connection, caller, couple, plan)
    if plan is None or beside is None:
        return see_week(d, caller, get_plan(d, caller, week))
    return _view(d, caller, plan, beside)


def see_week(d: Deployment, caller: Caller, plan: Plan) -> WeekView:
    """Return what goes with a plan, as the caller may see it."""
    with reading(d.engine) as connection:
        beside = _beside(d, connection, caller, couple_of(connection, caller), plan)
    return _view(d, caller, plan, beside)


@dataclass(frozen=True, slots=True)
class _Beside:
    """What the store holds beside a plan."""

    couple: Couple
    reached: tuple[Progress, ...]
    offered: tuple[rituals.OfferedRitual, ...]
    made: tuple[Mark, ...]


def _beside(d: Deployment, connection: Connection, caller: Caller, couple: Couple, plan: Plan) -> _Beside:
    return _Beside(
        couple,
        see_progress(d, connection, caller, couple, plan.week),
        rituals.list_rituals(connection, couple.couple_id, week=plan.week),
        marks.list_marks(connection, plan),
    )


def _view(d: Deployment, caller: Caller, plan: Plan, beside: _Beside) -> WeekView:
    couple = beside.couple
    return WeekView(
        partners=tuple(partner.name for partner in couple.partners),
        time_zone=couple.circumstances.time_zone,
        plan=told_plan(plan, caller),
        marks=see_marks(d, caller, couple, plan, beside.made),
        goals=tuple(zip(couple.goals, beside.reached, strict=True)),
        rituals=see_rituals(d, caller, couple, plan, beside.offered),
        paused=couple.circumstances.paused(plan.week),
    )

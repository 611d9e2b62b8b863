"""A week as one partner sees it: the plan, and what goes with it."""

from __future__ import annotations

from dataclasses import dataclass

from recommender.domain import Goal, Plan, Progress, Week
from recommender.service.callers import Caller, couple_of
from recommender.service.deployment import Deployment
from recommender.service.goals import see_progress
from recommender.service.marks import SeenMarks, see_marks
from recommender.service.rituals import SeenRitual, see_rituals
from recommender.service.telling import told_plan
from recommender.service.weeks import get_plan
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
    return see_week(d, caller, get_plan(d, caller, week))


def see_week(d: Deployment, caller: Caller, plan: Plan) -> WeekView:
    """Return what goes with a plan, as the caller may see it."""
    with reading(d.engine) as connection:
        couple = couple_of(connection, caller)
        reached = see_progress(d, connection, caller, couple, plan.week)
        offered = rituals.list_rituals(connection, couple.couple_id, week=plan.week)
        made = marks.list_marks(connection, plan)
    return WeekView(
        partners=tuple(partner.name for partner in couple.partners),
        time_zone=couple.circumstances.time_zone,
        plan=told_plan(plan, caller),
        marks=see_marks(d, caller, couple, plan, made),
        goals=tuple(zip(couple.goals, reached, strict=True)),
        rituals=see_rituals(d, caller, couple, plan, offered),
        paused=couple.circumstances.paused(plan.week),
    )

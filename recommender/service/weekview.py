"""A week as one partner sees it: the plan, and what goes with it."""

from __future__ import annotations

from dataclasses import dataclass

from recommender.domain import Plan, Week
from recommender.service.callers import Caller
from recommender.service.deployment import Deployment
from recommender.service.marks import SeenMarks, see_marks
from recommender.service.weeks import get_plan


@dataclass(frozen=True, slots=True)
class WeekView:
    """A couple's week, as one of them may see it."""

    plan: Plan
    marks: SeenMarks


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
    return WeekView(plan, see_marks(d, caller, plan))

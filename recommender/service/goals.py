"""How far along a couple's goals are, from the dates that were done and the rituals that were kept."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from recommender.domain import Couple, Progress, Week
from recommender.planning.goals import progress
from recommender.planning.occasion import Occasion, PastIdea
from recommender.service.callers import Caller
from recommender.service.dates import DateView, seen_dates
from recommender.service.deployment import Deployment
from recommender.store import rituals


def see_progress(
    d: Deployment,
    connection: Connection,
    caller: Caller,
    couple: Couple,
    week: Week,
    seen: Iterable[DateView] | None = None,
) -> tuple[Progress, ...]:
    """Return how far each of a couple's goals is along by the end of a week, in their order.

    Parameters
    ----------
    seen : iterable of DateView, optional
        All dates as the caller may see them, if they were just read.
    """
    if not couple.goals:
        return ()
    zone = ZoneInfo(couple.circumstances.time_zone)
    done = (
        PastIdea(it.date.idea_id, it.date.starts_at.astimezone(zone).date(), "done")
        for it in (seen_dates(connection, caller) if seen is None else seen)
        if it.date.idea_id is not None and it.date.status == "done"
    )
    kept = (
        PastIdea(it.ritual.idea_id, it.week.monday, "kept")
        for it in rituals.list_rituals(connection, couple.couple_id)
        if it.kept
    )
    occasion = Occasion(couple, week, d.clock(), (*done, *kept))
    return tuple(progress(d.table, occasion, goal) for goal in couple.goals)


def this_week(d: Deployment, couple: Couple) -> Week:
    """Return the week that it is where a couple lives."""
    today: date = d.clock().astimezone(ZoneInfo(couple.circumstances.time_zone)).date()
    return Week.of(today)

"""How far along a couple's goals are, from the dates that were done and the rituals that were kept."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from recommender.domain import Couple, Progress, Week
from recommender.planning.goals import progress
from recommender.planning.occasion import Occasion, PastIdea
from recommender.service.callers import Caller
from recommender.service.deployment import Deployment
from recommender.store import dates, ratings, rituals


def see_progress(
    d: Deployment, connection: Connection, caller: Caller, couple: Couple, week: Week
) -> tuple[Progress, ...]:
    """Return how far each of a couple's goals is along by the end of a week, in their order.

    What a partner has rated is done to them, before it is to the other: see `service.dates`.
    """
    if not couple.goals:
        return ()
    zone = ZoneInfo(couple.circumstances.time_zone)
    every = ratings.list_ratings(connection, couple.couple_id)
    rated = {rating.date_id for rating in every if rating.partner_id == caller.partner_id}
    done = (
        PastIdea(it.idea_id, it.starts_at.astimezone(zone).date(), "done")
        for it in dates.list_dates(connection, couple.couple_id)
        if it.idea_id is not None
        and it.shown_to(caller.partner_id)
        and (it.status == "done" or it.date_id in rated)
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

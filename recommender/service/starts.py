"""When else a date could be: the couple's other free times that its idea fits."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from recommender.domain import Couple, CoupleDate, Week
from recommender.planning.occasion import Occasion
from recommender.planning.slots import openings
from recommender.service.deployment import Deployment


def other_starts(
    d: Deployment, couple: Couple, date: CoupleDate, dates: Iterable[CoupleDate]
) -> tuple[datetime, ...]:
    """Return the starts in a date's week, from now on, that its idea fits, the earliest first.

    Its own start is left out, and so is whatever would run into another planned date. A date that is not
    planned, or whose idea is not in the catalogue, has none.
    """
    row = d.table.index.get(date.idea_id or "")
    if row is None or date.status != "planned":
        return ()
    zone = ZoneInfo(couple.circumstances.time_zone)
    occasion = Occasion(couple, Week.of(date.starts_at.astimezone(zone).date()), d.clock())
    takes = _minutes(d, date)
    busy = [
        (other.starts_at - takes, other.starts_at + _minutes(d, other))
        for other in dates
        if other.status == "planned" and other.date_id != date.date_id
    ]
    free = openings(d.table, occasion)
    starts = free.starts
    fitting = (starts[at] for at in free.fitting(row))
    kept = (
        start
        for start in fitting
        if start != date.starts_at and not any(after < start < before for after, before in busy)
    )
    return tuple(sorted(kept, key=datetime.timestamp))


def _minutes(d: Deployment, date: CoupleDate) -> timedelta:
    row = d.table.index.get(date.idea_id or "")
    return timedelta(minutes=0 if row is None else int(d.table.minutes[row]))

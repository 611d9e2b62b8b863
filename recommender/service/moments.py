"""Days and moments that people name, checked before they are kept."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from recommender.errors import InvalidInput

FIRST_YEAR, LAST_YEAR = 1970, 2199
NOON = dt.time(12)


def check_start(field: str, starts_at: dt.datetime) -> dt.datetime:
    """Return a moment that a date may start at.

    Raises
    ------
    InvalidInput
        If it has no time zone or lies far off.
    """
    if starts_at.tzinfo is None:
        raise InvalidInput(field, "has no time zone; write one like 2026-11-28T19:30:00+01:00")
    if not FIRST_YEAR <= starts_at.year <= LAST_YEAR:
        raise InvalidInput(field, f"lies outside the years {FIRST_YEAR} to {LAST_YEAR}")
    return starts_at


def check_day(field: str, on: dt.date, time_zone: str, now: dt.datetime) -> dt.datetime:
    """Return noon, in a time zone, of a day that has come there.

    Raises
    ------
    InvalidInput
        If the day is still to come, or lies far back.

    Examples
    --------
    >>> now = dt.datetime(2026, 11, 23, 20, tzinfo=dt.UTC)
    >>> check_day("on", dt.date(2026, 11, 24), "Asia/Tokyo", now).isoformat()
    '2026-11-24T12:00:00+09:00'
    """
    zone = ZoneInfo(time_zone)
    if on > now.astimezone(zone).date():
        raise InvalidInput(field, f"{on} is still to come; log a date once it has been")
    return check_start(field, dt.datetime.combine(on, NOON, zone))

"""The parts of a day, by the clock."""

from __future__ import annotations

from datetime import datetime

DAYPARTS = ("early", "morning", "midday", "afternoon", "evening", "late")
BOUNDS = ((5, "late"), (9, "early"), (12, "morning"), (14, "midday"), (17, "afternoon"), (22, "evening"))


def daypart(start: datetime) -> str:
    """Return the part of the day that ``start`` lies in.

    Examples
    --------
    >>> daypart(datetime(2026, 11, 23, 12, 30))
    'midday'
    >>> daypart(datetime(2026, 11, 24, 1, 0))
    'late'
    """
    return next((name for hour, name in BOUNDS if start.hour < hour), "late")

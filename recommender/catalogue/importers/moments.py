"""Days and times as sources write them, and the spans they make."""

from __future__ import annotations

import datetime as dt
import re

from recommender.domain import Span

FIRST, LAST = 1970, 2199
LONG = dt.timedelta(hours=12)
"""What lasts longer is open, like an exhibition: one comes when one likes. What is shorter is a showing."""

USUAL = dt.timedelta(hours=2)
"""How long a showing lasts whose end nobody says."""

ISO_DURATION = re.compile(
    r"P(?:(\d{1,3})W)?(?:(\d{1,4})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?)?"
)


def moment(value: object, zone: dt.tzinfo, *, end: bool = False) -> dt.datetime:
    """Return an aware moment; of a day its first, or with ``end`` its last.

    Raises
    ------
    ValueError
        If it is neither a day nor a time in ISO 8601, or lies centuries off.

    Examples
    --------
    >>> moment("2026-11-28", dt.UTC, end=True).isoformat()
    '2026-11-29T00:00:00+00:00'
    """
    read = _read(value)
    if not isinstance(read, dt.datetime):
        read = dt.datetime.combine(read + dt.timedelta(days=end), dt.time())
    aware = read if read.tzinfo else read.replace(tzinfo=zone)
    if not FIRST <= aware.year <= LAST:
        raise ValueError(f"lies outside the years {FIRST} to {LAST}")
    return aware


def is_day(value: object) -> bool:
    """Return whether a value names a whole day and no time."""
    return not isinstance(_read(value), dt.datetime)


def span(starts: object, ends: object, zone: dt.tzinfo, lasting: dt.timedelta | None = None) -> Span:
    """Return the span between two values as sources write them; of one with a start only, how long it lasts.

    Raises
    ------
    ValueError
        If either cannot be read, or the end is not after the start.
    """
    opens = moment(starts, zone) if starts else dt.datetime(FIRST, 1, 1, tzinfo=dt.UTC)
    if ends:
        closes = moment(ends, zone, end=True)
    else:
        closes = opens + (lasting or (dt.timedelta(days=1) if is_day(starts) else USUAL))
    if closes <= opens:
        raise ValueError("ends before it starts")
    return Span(opens, closes)


def iso_duration(text: str) -> dt.timedelta | None:
    """Return a duration such as ``PT1H30M``, or None if it is none.

    Examples
    --------
    >>> iso_duration("PT1H30M"), iso_duration("soon")
    (datetime.timedelta(seconds=5400), None)
    """
    match = ISO_DURATION.fullmatch(text.strip().upper())
    if match is None or not any(match.groups()):
        return None
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return dt.timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)


def showing_minutes(spans: tuple[Span, ...]) -> int | None:
    """Return how long the shortest of some spans is, minutes; None if they are open rather than showings."""
    if not spans:
        return None
    shortest = min(each.ends - each.starts for each in spans)
    return None if shortest > LONG else max(int(shortest.total_seconds() // 60), 1)


def _read(value: object) -> dt.date | dt.datetime:
    if isinstance(value, dt.date):
        return value
    text = str(value).strip()
    try:
        return dt.date.fromisoformat(text) if len(text) == 10 else dt.datetime.fromisoformat(text)
    except ValueError:
        problem = f"{text[:40]!r} is not a day or time; write one like 2026-11-28 or 2026-11-28T20:00+01:00"
        raise ValueError(problem) from None

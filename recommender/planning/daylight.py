"""When it is light where a couple lives: worked out by `astral` from a latitude and the zone's own city."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from astral import Observer
from astral.sun import dawn, dusk, elevation, noon

COORDINATES = re.compile(r"([+-])(\d{2}|\d{3})(\d{2})(?:\d{2})?(?=[+-]|$)")
"""ISO 6709, as the time zone database has it: ±DDMM±DDDMM, at times with seconds."""

DEGREE = timedelta(minutes=4)
"""The earth turns by a degree in four minutes."""

TWILIGHT_DEGREES = 6.0
"""Civil dawn and dusk: the sun so far below the horizon still gives light enough to walk by."""


@lru_cache(maxsize=4096)
def daylight(latitude: float, time_zone: str, day: date) -> tuple[float, float]:
    """Return when a day's light begins and ends, civil dawn to civil dusk, seconds since 1970.

    Where it does not get light the two are equal, where it stays light they are a day apart.

    Parameters
    ----------
    latitude : float
        Degrees, north positive.
    time_zone : str
        Its city says how far east they live.

    Examples
    --------
    In Paris in June there is light enough from a quarter past five till after half past ten:

    >>> for moment in daylight(48.9, "Europe/Paris", date(2026, 6, 21)):
    ...     print(datetime.fromtimestamp(moment, ZoneInfo("Europe/Paris")).strftime("%H:%M"))
    05:03
    22:41
    """
    here, zone = Observer(latitude, city_of(time_zone)[1]), ZoneInfo(time_zone)
    try:
        first, last = (edge(here, day, TWILIGHT_DEGREES, zone) for edge in (dawn, dusk))
    except ValueError:  # near the poles there are days without the one or the other
        midday = noon(here, day, zone)
        half_a_day = 43_200.0 if elevation(here, midday) > -TWILIGHT_DEGREES else 0.0
        return midday.timestamp() - half_a_day, midday.timestamp() + half_a_day
    return first.timestamp(), last.timestamp()


@cache
def city_of(time_zone: str) -> tuple[float | None, float]:
    """Return latitude and longitude of the city that a time zone is named for, degrees.

    A zone without a city has no latitude, and the meridian of its standard time.

    Examples
    --------
    >>> city_of("Australia/Sydney")
    (-33.86666666666667, 151.21666666666667)
    >>> city_of("Etc/GMT+8")
    (None, -120.0)
    """
    table = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    for line in table.splitlines():
        if not line.startswith("#") and line.split("\t")[2] == time_zone:
            latitude, longitude = (_degrees(part) for part in COORDINATES.findall(line.split("\t")[1]))
            return latitude, longitude
    zone = ZoneInfo(time_zone)
    offsets = (datetime(2026, month, 1, tzinfo=zone).utcoffset() for month in (1, 7))
    return None, min(offset / DEGREE for offset in offsets if offset is not None)


def _degrees(part: tuple[str, str, str]) -> float:
    """Return degrees from a sign, degrees and minutes."""
    sign, degrees, minutes = part
    return float(f"{sign}1") * (int(degrees) + int(minutes) / 60)

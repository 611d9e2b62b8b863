"""When it is light, and that nobody is sent into a dark wood."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from math import acos, cos, degrees, radians, sin
from zoneinfo import ZoneInfo, available_timezones

import pytest

from recommender.domain import Circumstances, Slot, Week
from recommender.planning.daylight import TWILIGHT_DEGREES, city_of, daylight
from recommender.planning.slots import openings
from tests.planning_world import idea, occasion_of, table_of, two

JUNE, DECEMBER = date(2026, 6, 21), date(2026, 12, 21)
TILT = 23.44


@pytest.mark.parametrize("latitude", [-45.0, 0.0, 30.0, 52.0, 58.0])
@pytest.mark.parametrize(("day", "declination"), [(JUNE, TILT), (DECEMBER, -TILT)])
def test_the_length_of_the_day_is_that_of_the_sunrise_equation(
    latitude: float, day: date, declination: float
) -> None:
    """At the solstices: cos ω = (sin h - sin φ sin δ) / (cos φ cos δ) with the sun 6° under the horizon."""
    phi, delta = radians(latitude), radians(declination)
    below = sin(radians(-TWILIGHT_DEGREES))
    half = degrees(acos((below - sin(phi) * sin(delta)) / (cos(phi) * cos(delta)))) / 15
    dawn, dusk = daylight(latitude, "Europe/London", day)
    assert (dusk - dawn) / 3600 == pytest.approx(2 * half, abs=0.05)


@pytest.mark.parametrize(
    ("latitude", "day", "hours"), [(78, JUNE, 24), (78, DECEMBER, 0), (-80, DECEMBER, 24), (-80, JUNE, 0)]
)
def test_near_the_poles(latitude: float, day: date, hours: float) -> None:
    """There are days that stay light and days that do not get light."""
    dawn, dusk = daylight(latitude, "Europe/Oslo", day)
    assert (dusk - dawn) / 3600 == hours


@pytest.mark.parametrize("day", [JUNE, DECEMBER])
def test_the_middle_of_the_light_is_around_noon_by_the_clock(day: date) -> None:
    """Whatever the zone, the light is that of the day as they count it."""
    for zone in available_timezones():
        if zone.startswith("Antarctica/"):
            continue  # stations keep the time of whoever supplies them
        dawn, dusk = (datetime.fromtimestamp(edge, ZoneInfo(zone)) for edge in daylight(40.0, zone, day))
        assert dawn.date() == dusk.date() == day, zone
        middle = dawn + (dusk - dawn) / 2
        # Western China keeps the time of Beijing, two hours and more ahead of its sun.
        assert 11 <= middle.hour + middle.minute / 60 < 15.5, zone


def test_every_time_zone_has_a_place_on_earth() -> None:
    """Named for a city or not."""
    for zone in available_timezones():
        latitude, longitude = city_of(zone)
        assert latitude is None or -90 <= latitude <= 90
        assert -180 <= longitude <= 210, zone


class TestStarts:
    """Ideas for the open country fit starts while it is light."""

    def starts(
        self, week: Week, latitude: float | None, zone: str = "Europe/Paris", **tags: object
    ) -> list[str]:
        """Return when a one-hour idea fits a Tuesday from two till midnight."""
        couple = two(
            circumstances=Circumstances(slots=(Slot(2, time(14), 600),), time_zone=zone, latitude=latitude)
        )
        found = openings(
            table_of(idea(setting="outdoor", place="nature", **tags)), occasion_of(couple, week=week)
        )
        starts = sorted(found.starts[at] for at in found.fitting(0))
        assert bool(found.anywhere[0]) == bool(starts)
        return [f"{start:%H:%M}" for start in starts]

    def test_over_before_dark(self) -> None:
        """In late November dusk in Paris is at half past five: nothing of an hour starts after four."""
        assert self.starts(Week.parse("2026-W48"), 48.9) == [
            "14:00",
            "14:30",
            "15:00",
            "15:30",
            "16:00",
            "16:30",
        ]

    def test_summer_evenings_are_long(self) -> None:
        """In June there is light for an hour's walk at half past nine."""
        assert self.starts(Week.parse("2026-W25"), 48.9)[-1] == "21:30"

    def test_where_they_live_is_known_from_their_clock(self) -> None:
        """Without a latitude the city of the time zone's will do; without either nothing is ruled out."""
        november = Week.parse("2026-W48")
        assert self.starts(november, None) == self.starts(november, 48.9)
        assert self.starts(november, None, "Etc/UTC")[-1] == "23:00"

    @pytest.mark.parametrize(
        "tags",
        [{"hazard": "dark"}, {"place": ("nature", "neighbourhood")}, {"setting": "indoor"}],
        ids=["meant for the dark", "with street lamps near", "indoors"],
    )
    def test_not_everything_needs_light(self, tags: dict[str, object]) -> None:
        """Stars, streets and rooms do not."""
        table = table_of(idea(**{"setting": "outdoor", "place": "nature", **tags}))  # type: ignore[arg-type]
        couple = two(circumstances=Circumstances(slots=(Slot(2, time(20), 120),), latitude=52.0))
        found = openings(table, occasion_of(couple, week=Week.parse("2026-W50")))
        assert bool(found.anywhere[0])
        assert datetime(2026, 12, 8, 20, tzinfo=UTC) in found.starts

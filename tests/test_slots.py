"""When an idea can start: inside the couple's free time, at the right part of the day, with notice enough."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from recommender.domain import Circumstances, Idea, Slot, Week
from recommender.planning.occasion import Occasion
from recommender.planning.slots import Openings, daypart, free_until, openings
from tests.planning_world import WEEK, idea, occasion_of, table_of, two


def opened(occasion: Occasion, it: Idea | None = None) -> tuple[Openings, list[str]]:
    """Return the openings of one idea, and its starts as local weekday and time."""
    found = openings(table_of(it or idea()), occasion)
    fitting = [found.starts[at] for at in found.fitting(0)]
    assert bool(found.anywhere[0]) == bool(fitting)
    return found, [f"{start:%a %H:%M}" for start in fitting]


def free(*slots: Slot, zone: str = "UTC", week: Week = WEEK, now: datetime | None = None) -> Occasion:
    """Return the occasion of a couple that is free at ``slots``."""
    couple = two(circumstances=Circumstances(slots=slots, time_zone=zone))
    return occasion_of(couple, week=week, now=now)


TUESDAY = Slot(2, time(19), 120)


def test_starts_every_half_hour_until_too_late_to_finish() -> None:
    """In two hours, an idea of one hour may start at four half-hours' first three, never past the end."""
    assert opened(free(TUESDAY))[1] == ["Tue 19:00", "Tue 19:30", "Tue 20:00"]
    assert opened(free(TUESDAY), idea(minutes=120))[1] == ["Tue 19:00"]
    assert opened(free(TUESDAY), idea(minutes=121))[1] == []


def test_a_slot_may_run_past_midnight() -> None:
    """On Sunday at 23:00 for two hours, an idea can start on the Monday after."""
    found, starts = opened(free(Slot(7, time(23), 120)))
    assert starts == ["Sun 23:00", "Sun 23:30", "Mon 00:00"]
    assert found.starts[2] == datetime(2026, 11, 30, tzinfo=UTC)


def test_the_part_of_the_day_is_kept() -> None:
    """An idea for midday or late starts at no other part of a long day; any one of its tags will do."""
    day = Slot(6, time(8), 17 * 60)
    starts = opened(free(day), idea(time_of_day=("midday", "late")))[1]
    assert starts == [
        *("Sat 12:00", "Sat 12:30", "Sat 13:00", "Sat 13:30"),
        *("Sat 22:00", "Sat 22:30", "Sat 23:00", "Sat 23:30", "Sun 00:00"),
    ]


def test_the_free_week_ends_with_its_last_stretch() -> None:
    """The stretch that ends last counts, in the couple's own zone; by itself, Sunday's end."""
    slots = (Slot(7, time(9), 60), Slot(6, time(20), 840), TUESDAY)
    told = Circumstances(slots=slots, time_zone="Asia/Tokyo")
    assert free_until(told, WEEK) == datetime(2026, 11, 29, 1, tzinfo=UTC)
    assert free_until(Circumstances(), WEEK) == datetime(2026, 11, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hour", "part"),
    [
        (0, "late"),
        (4, "late"),
        (5, "early"),
        (8, "early"),
        (9, "morning"),
        (11, "morning"),
        (12, "midday"),
        (13, "midday"),
        (14, "afternoon"),
        (16, "afternoon"),
        (17, "evening"),
        (21, "evening"),
        (22, "late"),
        (23, "late"),
    ],
)
def test_parts_of_the_day(hour: int, part: str) -> None:
    """Each part begins and ends at the taxonomy's hours."""
    assert daypart(datetime(2026, 11, 23, hour, 59)) == part


def test_evenings_are_proposed_first() -> None:
    """In a long stretch the evening comes first, then afternoon, morning, midday, late and early."""
    found, _ = opened(free(Slot(6, time(0), 24 * 60)))
    first = list(dict.fromkeys(daypart(start) for start in found.starts))
    assert first == ["evening", "afternoon", "morning", "midday", "late", "early"]


@pytest.mark.parametrize(("lead", "hours"), [("now", 0), ("same_day", 3), ("days", 24), ("weeks", 168)])
def test_notice(lead: str, hours: int) -> None:
    """An idea fits with just the notice it needs, and not with a minute less."""
    starts = datetime(2026, 11, 24, 19, tzinfo=UTC)
    just, less = starts - timedelta(hours=hours), starts - timedelta(hours=hours, minutes=-1)
    slot = Slot(2, time(19), 60)
    assert opened(free(slot, now=just), idea(lead_time=lead))[1] == ["Tue 19:00"]
    assert opened(free(slot, now=less), idea(lead_time=lead))[1] == []


def test_nothing_starts_in_the_past() -> None:
    """Part-way through a stretch only what is still to come is proposed."""
    now = datetime(2026, 11, 24, 19, 15, tzinfo=UTC)
    assert opened(free(TUESDAY, now=now))[1] == ["Tue 19:30", "Tue 20:00"]


def test_a_week_that_is_over_has_no_starts() -> None:
    """Without any start, nothing fits and nothing breaks."""
    found, starts = opened(free(TUESDAY, now=datetime(2026, 12, 1, tzinfo=UTC)))
    assert (found.starts, starts) == ((), [])


def test_once_children_sleep() -> None:
    """With children, an idea for when they sleep starts from 20:00; without, whenever they like."""
    asleep = idea(kids="asleep")
    family = two(circumstances=Circumstances(slots=(TUESDAY,), children=True, sitter=True))
    assert opened(occasion_of(family), asleep)[1] == ["Tue 20:00"]
    assert opened(free(TUESDAY), asleep)[1] == ["Tue 19:00", "Tue 19:30", "Tue 20:00"]


def test_no_slots_said_means_evenings_and_weekends() -> None:
    """Until they say when they are free, weekdays begin at 18:30 and the weekend at 7:30."""
    found, starts = opened(occasion_of())
    days = {day: sorted(s[4:] for s in starts if s.startswith(day)) for day in ("Mon", "Fri", "Sat", "Sun")}
    assert (days["Mon"][0], days["Mon"][-1]) == ("18:30", "23:00")
    assert days["Fri"] == days["Mon"]
    assert days["Sat"][0] == "07:30"
    assert days["Sun"][-1] == "23:00"
    assert found.starts[0] == datetime(2026, 11, 27, 18, 30, tzinfo=UTC)


LISBON = ZoneInfo("Europe/Lisbon")
AUTUMN, SPRING = Week.parse("2026-W43"), Week.parse("2026-W13")


@pytest.mark.parametrize(
    ("week", "offset"), [("2026-W42", 1), ("2026-W43", 1), ("2026-W44", 0), ("2026-W13", 0), ("2026-W14", 1)]
)
def test_clocks_change_but_the_evening_stays(week: str, offset: int) -> None:
    """Half past seven is half past seven, in summer time and out of it."""
    found, starts = opened(
        free(Slot(6, time(19, 30), 60), zone="Europe/Lisbon", week=Week.parse(week)), idea()
    )
    assert starts == ["Sat 19:30"]
    assert found.starts[0].utcoffset() == timedelta(hours=offset)


def test_the_hour_that_comes_twice() -> None:
    """On 25 October a stretch of four hours from midnight ends when the clock says three."""
    found, _ = opened(free(Slot(7, time(0), 240), zone="Europe/Lisbon", week=AUTUMN))
    begins = datetime(2026, 10, 24, 23, tzinfo=UTC)
    assert sorted(start.astimezone(UTC) for start in found.starts) == [
        begins + timedelta(minutes=30 * n) for n in range(8)
    ]
    last = max(found.starts, key=lambda start: start.astimezone(UTC))
    assert f"{last:%H:%M %z}" == "02:30 +0000"
    assert len(found.fitting(0)) == 7


def test_the_hour_that_is_missing() -> None:
    """On 29 March no start lies between one and two, and none is proposed twice."""
    found, starts = opened(free(Slot(7, time(0), 180), zone="Europe/Lisbon", week=SPRING))
    assert starts == ["Sun 00:00", "Sun 00:30", "Sun 02:00", "Sun 02:30", "Sun 03:00"]
    assert len({start.astimezone(UTC) for start in found.starts}) == len(found.starts) == 6


def test_a_slot_that_begins_in_the_missing_hour() -> None:
    """A stretch from 01:30, which 29 March does not have, begins when that much of the night has passed."""
    assert opened(free(Slot(7, time(1, 30), 60), zone="Europe/Lisbon", week=SPRING))[1] == ["Sun 02:30"]


@pytest.mark.parametrize(
    ("week", "now", "fits"),
    [
        # The night of 25 October is an hour longer: from 19:30 to 18:30 are 24 hours.
        (AUTUMN, datetime(2026, 10, 24, 19, 30, tzinfo=LISBON), True),
        (AUTUMN, datetime(2026, 10, 24, 19, 31, tzinfo=LISBON), False),
        # That of 29 March is an hour shorter: from 18:30 to 18:30 are 23.
        (SPRING, datetime(2026, 3, 28, 18, 30, tzinfo=LISBON), False),
        (SPRING, datetime(2026, 3, 28, 17, 30, tzinfo=LISBON), True),
    ],
)
def test_notice_is_counted_in_hours_that_pass(week: Week, now: datetime, fits: bool) -> None:
    """A day's notice is 24 hours even in the night the clocks change, whatever zone the moment is told in."""
    slot, planned = Slot(7, time(18, 30), 60), idea(lead_time="days")
    for moment in (now, now.astimezone(UTC)):
        starts = opened(free(slot, zone="Europe/Lisbon", week=week, now=moment), planned)[1]
        assert starts == (["Sun 18:30"] if fits else [])


class TestBestStart:
    """Which start a suggestion gets."""

    def test_an_unused_stretch_is_preferred(self) -> None:
        """Three ideas over two evenings get one, the other, and the first again."""
        found, _ = opened(free(Slot(3, time(19), 60), Slot(2, time(19), 60)))
        taken: tuple[datetime, ...] = ()
        for _ in range(3):
            taken = (*taken, found.best_start(0, taken))
        assert [start.isoweekday() for start in taken] == [3, 2, 3]

    def test_starts_told_in_another_zone_count_as_taken(self) -> None:
        """A start as the database tells it, in UTC, uses its stretch."""
        found, _ = opened(free(Slot(3, time(19), 60), Slot(2, time(19), 60), zone="Asia/Kathmandu"))
        first = found.best_start(0, ())
        assert found.best_start(0, (first.astimezone(UTC),)) != first

    def test_the_hour_that_comes_twice_counts_as_taken(self) -> None:
        """Once evening and night are used, the evening comes again, even if the clocks repeat the night."""
        slots = (Slot(7, time(1, 30), 30), Slot(6, time(19), 30))
        occasion = free(*slots, zone="Europe/Lisbon", week=AUTUMN)
        found, _ = opened(occasion, idea(minutes=30))
        evening, night = (start.astimezone(UTC) for start in found.starts)
        assert night == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
        assert found.best_start(0, (evening, night)) == evening

    def test_starts_of_other_weeks_do_not_matter(self) -> None:
        """A start that is none of this week's changes nothing."""
        found, _ = opened(free(TUESDAY))
        assert found.best_start(0, (datetime(2026, 1, 1, tzinfo=UTC),)) == datetime(
            2026, 11, 24, 19, tzinfo=UTC
        )

    def test_the_start_fits_the_idea(self) -> None:
        """Only starts that fit are given, even if a less used stretch is there."""
        table = table_of(idea("long", minutes=90), idea("short", minutes=30))
        found = openings(table, free(Slot(2, time(19), 30), Slot(3, time(19), 90)))
        row = table.index["long"]
        wednesday = datetime(2026, 11, 25, 19, tzinfo=UTC)
        assert found.best_start(row, (wednesday,)) == wednesday
        assert len(found.fitting(row)) == 1

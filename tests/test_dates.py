"""Dates, ratings that stay private until both have said, and the calendar feed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import vobject
from icalendar import Calendar

from recommender.domain import Boundaries, Circumstances, CoupleDate, Goal, Rating, Week
from recommender.errors import Conflict, InvalidInput, NotFound
from recommender.service import (
    Caller,
    DateView,
    Deployment,
    accept_invite,
    authenticate,
    calendar_feed,
    choose,
    create_couple,
    date_file,
    delete_date,
    delete_rating,
    export_me,
    get_couple,
    get_plan,
    leave,
    list_dates,
    log_date,
    new_calendar,
    new_invite,
    put_answers,
    put_boundaries,
    put_rating,
    update_couple,
    update_date,
)
from recommender.store import dates as date_store
from recommender.store import reading, transaction
from tests.conftest import Clock, Two, join
from tests.hearing import hearing

SATURDAY = datetime(2026, 11, 28, 19, 30, tzinfo=UTC)


@pytest.fixture
def planned(deployment: Deployment, couple: Two) -> str:
    """Store a date planned for Saturday 28 November 2026, 19:30 UTC; return its id."""
    return plan(deployment, couple.robin, "planned")


def plan(deployment: Deployment, caller: Caller, date_id: str, **changes: Any) -> str:
    """Store a planned date as choosing a suggestion would; return its id."""
    chosen = CoupleDate(date_id, caller.couple_id or "", "soup-swap", "Soup swap", "planned", SATURDAY)
    with transaction(deployment.engine) as connection:
        return date_store.insert_date(connection, replace(chosen, **changes)).date_id


def seen(deployment: Deployment, caller: Caller, date_id: str) -> DateView:
    """Return one date as ``caller`` sees it in their list."""
    (view,) = [view for view in list_dates(deployment, caller) if view.date.date_id == date_id]
    return view


# Logging


def test_an_idea_done_on_their_own_is_logged_under_its_title(deployment: Deployment, couple: Two) -> None:
    """A logged date is done, stands at noon of its day where they live, and both see it."""
    update_couple(deployment, couple.robin, circumstances=Circumstances(time_zone="Asia/Tokyo"))

    view = log_date(deployment, couple.robin, on=date(2026, 11, 22), idea_id="soup-swap")

    assert (view.date.title, view.date.status, view.date.idea_id) == ("Soup swap", "done", "soup-swap")
    # Tokyo is nine hours ahead of UTC all year: noon there is 03:00 UTC.
    assert view.date.starts_at == datetime(2026, 11, 22, 3, tzinfo=UTC)
    assert seen(deployment, couple.sam, view.date.date_id) == DateView(view.date, None, None)


def test_something_of_their_own_is_logged_with_a_title(deployment: Deployment, couple: Two) -> None:
    """A date that no idea describes has only a title."""
    view = log_date(deployment, couple.sam, on=date(2026, 11, 23), title=" The lake ")

    assert (view.date.title, view.date.idea_id) == ("The lake", None)


@pytest.mark.parametrize(
    ("what", "field"),
    [
        ({}, "title"),
        ({"idea_id": "soup-swap", "title": "Soup"}, "title"),
        ({"title": ""}, "title"),
        ({"title": "x" * 121}, "title"),
        ({"idea_id": "no-such-idea"}, "idea_id"),
        ({"idea_id": ""}, "idea_id"),
        ({"title": "Long ago", "on": date(1, 1, 1)}, "on"),
        ({"title": "Tomorrow", "on": date(2026, 11, 24)}, "on"),
    ],
)
def test_a_date_that_cannot_have_been_is_not_logged(
    deployment: Deployment, couple: Two, what: dict[str, Any], field: str
) -> None:
    """A log needs one of idea and title, and a day that has come."""
    with pytest.raises(InvalidInput) as refusal:
        log_date(deployment, couple.robin, **{"on": date(2026, 11, 23)} | what)

    assert refusal.value.field == field
    assert list_dates(deployment, couple.robin) == ()


@pytest.mark.parametrize(
    ("time_zone", "today"),
    # At 18:00 UTC it is already Tuesday on Kiritimati (UTC+14), and Monday still in Honolulu (UTC-10).
    [("Pacific/Kiritimati", date(2026, 11, 24)), ("Pacific/Honolulu", date(2026, 11, 23))],
)
def test_today_is_today_where_they_live(
    deployment: Deployment, couple: Two, time_zone: str, today: date
) -> None:
    """The couple's own today can be logged, and the day after it cannot."""
    update_couple(deployment, couple.robin, circumstances=Circumstances(time_zone=time_zone))

    log_date(deployment, couple.robin, on=today, title="A walk")
    with pytest.raises(InvalidInput):
        log_date(deployment, couple.robin, on=today + timedelta(days=1), title="A walk")


def test_dates_are_listed_newest_first(deployment: Deployment, couple: Two) -> None:
    """The latest day comes first, however they were logged; of one day the last logged."""
    for day, title in ((20, "b"), (22, "d"), (18, "a"), (20, "c")):
        log_date(deployment, couple.robin, on=date(2026, 11, day), title=title)
        deployment.clock.wait(seconds=1)  # type: ignore[attr-defined]  # the tests' own clock

    assert [view.date.title for view in list_dates(deployment, couple.sam)] == ["d", "c", "b", "a"]


def test_a_list_of_any_length_takes_as_many_statements(deployment: Deployment, couple: Two) -> None:
    """Listing twenty rated dates asks the database no more often than listing one."""

    def asked() -> int:
        with hearing(deployment.engine) as statements:
            list_dates(deployment, couple.robin)
        return len([statement for statement, _ in statements if statement.startswith("SELECT")])

    counts = []
    for day in range(1, 21):
        logged = log_date(deployment, couple.robin, on=date(2026, 11, day), title="A walk")
        put_rating(deployment, couple.robin, logged.date.date_id, enjoyment=3)
        counts.append(asked())

    # The couple, its dates, their ratings.
    assert set(counts) == {3}


# Ratings


def test_a_rating_is_hidden_until_both_have_rated(deployment: Deployment, couple: Two, planned: str) -> None:
    """Whoever has not rated sees nothing of the other's rating; once both have, each sees both."""
    before = seen(deployment, couple.sam, planned)
    first = put_rating(deployment, couple.robin, planned, enjoyment=2, closeness=4, again=False)

    assert first.theirs is None
    hidden = seen(deployment, couple.sam, planned)
    assert (hidden.mine, hidden.theirs) == (before.mine, before.theirs) == (None, None)

    second = put_rating(deployment, couple.sam, planned, enjoyment=5)
    now = seen(deployment, couple.robin, planned)
    assert second.theirs is not None
    assert (second.theirs.enjoyment, second.theirs.closeness, second.theirs.again) == (2, 4, False)
    assert now.theirs is not None
    assert (now.theirs.enjoyment, now.theirs.closeness, now.theirs.again) == (5, None, None)


def test_a_note_is_its_writers_alone(deployment: Deployment, couple: Two, planned: str) -> None:
    """The other partner never sees a note, before or after rating."""
    put_rating(deployment, couple.robin, planned, enjoyment=4, note=" mine ")
    theirs = put_rating(deployment, couple.sam, planned, enjoyment=4, note="yours").theirs
    mine = seen(deployment, couple.robin, planned)

    assert theirs is not None
    assert mine.mine is not None
    assert mine.theirs is not None
    assert (mine.mine.note, mine.theirs.note, theirs.note) == ("mine", None, None)


def test_rating_again_replaces_all_of_it(
    deployment: Deployment, couple: Two, planned: str, clock: Clock
) -> None:
    """An edit leaves one rating, with only what was said last and when."""
    put_rating(deployment, couple.robin, planned, enjoyment=1, closeness=1, again=False, note="tired")
    clock.wait(days=1)

    view = put_rating(deployment, couple.robin, planned, enjoyment=5)

    assert seen(deployment, couple.robin, planned) == view
    now = datetime(2026, 11, 24, 18, tzinfo=UTC)
    assert view.mine == Rating(planned, couple.robin.partner_id or "", 5, None, None, None, now)


def test_taking_a_rating_back_hides_the_others_again(
    deployment: Deployment, couple: Two, planned: str
) -> None:
    """Without one's own rating the other's is hidden once more, and taking back twice is no fault."""
    put_rating(deployment, couple.robin, planned, enjoyment=4)
    put_rating(deployment, couple.sam, planned, enjoyment=4)

    delete_rating(deployment, couple.sam, planned)
    view = delete_rating(deployment, couple.sam, planned)

    assert (view.mine, view.theirs) == (None, None)
    assert seen(deployment, couple.sam, planned) == view
    mine = seen(deployment, couple.robin, planned)
    assert mine.mine is not None
    assert mine.theirs is None


@pytest.mark.parametrize("status", ["planned", "skipped", "done"])
def test_a_rated_date_is_done(deployment: Deployment, couple: Two, status: str) -> None:
    """A date is done to whoever rates it, even if it was skipped, and to the other once both have."""
    date_id = plan(deployment, couple.robin, "date", status=status, starts_at=SATURDAY + timedelta(days=99))

    put_rating(deployment, couple.sam, date_id, enjoyment=3)

    assert seen(deployment, couple.sam, date_id).date.status == "done"
    assert seen(deployment, couple.robin, date_id).date.status == status
    put_rating(deployment, couple.robin, date_id, enjoyment=3)
    delete_rating(deployment, couple.robin, date_id)
    assert seen(deployment, couple.robin, date_id).date.status == "done"


def test_one_alone_settles_that_a_date_is_done(deployment: Deployment) -> None:
    """While nobody has joined there is nobody else to wait for."""
    alone = authenticate(deployment, create_couple(deployment, "Robin").token)
    date_id = plan(deployment, alone, "date")

    put_rating(deployment, alone, date_id, enjoyment=3)
    delete_rating(deployment, alone, date_id)

    assert seen(deployment, alone, date_id).date.status == "done"


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"enjoyment": 0}, "enjoyment"),
        ({"enjoyment": 6}, "enjoyment"),
        ({"enjoyment": True}, "enjoyment"),
        ({"enjoyment": 2.5}, "enjoyment"),
        ({"closeness": 6}, "closeness"),
        ({"note": "x" * 5001}, "note"),
        ({"note": "a\x00b"}, "note"),
    ],
)
def test_a_rating_out_of_range_is_refused(
    deployment: Deployment, couple: Two, planned: str, said: dict[str, Any], field: str
) -> None:
    """A rating is whole numbers from 1 to 5 and a note of text; the date stays as it was."""
    with pytest.raises(InvalidInput) as refusal:
        put_rating(deployment, couple.robin, planned, **{"enjoyment": 3} | said)

    assert refusal.value.field == field
    view = seen(deployment, couple.robin, planned)
    assert (view.mine, view.date.status) == (None, "planned")


def test_a_note_may_have_lines(deployment: Deployment, couple: Two, planned: str) -> None:
    """Line breaks stay in a note, and a blank one is no note."""
    lines = put_rating(deployment, couple.robin, planned, enjoyment=3, note="one\n\ntwo").mine
    blank = put_rating(deployment, couple.robin, planned, enjoyment=3, note=" \n ").mine

    assert lines is not None
    assert blank is not None
    assert (lines.note, blank.note) == ("one\n\ntwo", None)


# Moving, skipping, deleting


def test_a_date_moves_and_is_skipped(deployment: Deployment, couple: Two, planned: str) -> None:
    """Start and status change one by one, and the start is the same moment whatever zone it was said in."""
    later = datetime.fromisoformat("2026-11-29T20:00:00+01:00")

    update_date(deployment, couple.sam, planned, starts_at=later)
    update_date(deployment, couple.robin, planned, status="skipped")

    kept = seen(deployment, couple.robin, planned).date
    assert (kept.starts_at, kept.status) == (datetime(2026, 11, 29, 19, tzinfo=UTC), "skipped")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"status": "cancelled"}, "status"),
        ({"starts_at": datetime(2026, 11, 29, 20)}, "starts_at"),
        ({"starts_at": datetime(9999, 12, 31, 23, tzinfo=UTC)}, "starts_at"),
        ({"starts_at": datetime(1, 1, 1, tzinfo=UTC)}, "starts_at"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused(
    deployment: Deployment, couple: Two, planned: str, change: dict[str, Any], field: str
) -> None:
    """A start needs a time zone and a year near ours, a status is one of three."""
    with pytest.raises(InvalidInput) as refusal:
        update_date(deployment, couple.robin, planned, **change)

    assert refusal.value.field == field


def test_a_date_stays_for_whoever_rated_it(deployment: Deployment, couple: Two, planned: str) -> None:
    """A partner neither deletes nor skips what they have rated themselves, but may move it."""
    put_rating(deployment, couple.robin, planned, enjoyment=3)

    with pytest.raises(Conflict):
        delete_date(deployment, couple.robin, planned)
    with pytest.raises(Conflict):
        update_date(deployment, couple.robin, planned, status="skipped")
    moved = update_date(deployment, couple.robin, planned, starts_at=SATURDAY + timedelta(days=1))
    assert moved.date.status == "done"
    assert moved.mine is not None


def test_deleting_tells_nothing_of_the_others_rating(
    deployment: Deployment, couple: Two, planned: str
) -> None:
    """What one rated and the other deletes is gone for the other, and stays with its words for the one."""
    calendar = new_calendar(deployment, couple.sam)
    put_rating(deployment, couple.robin, planned, enjoyment=3, note="mine")

    update_date(deployment, couple.sam, planned, status="skipped")
    update_date(deployment, couple.sam, planned, status="planned")
    delete_date(deployment, couple.sam, planned)

    assert list_dates(deployment, couple.sam) == ()
    assert export_me(deployment, couple.sam)["dates"] == []
    assert b"Soup" not in calendar_feed(deployment, calendar)
    with pytest.raises(NotFound, match=r"^There is no such date\.$"):
        put_rating(deployment, couple.sam, planned, enjoyment=3)
    kept = seen(deployment, couple.robin, planned)
    assert kept.mine is not None
    assert (kept.mine.note, kept.theirs, kept.date.status) == ("mine", None, "done")
    delete_rating(deployment, couple.robin, planned)
    delete_date(deployment, couple.robin, planned)
    assert list_dates(deployment, couple.robin) == ()


def test_what_was_deleted_can_be_chosen_again(deployment: Deployment, couple: Two) -> None:
    """A suggestion whose date one deleted and the other keeps becomes a new date for both."""
    week = Week.parse("2026-W48")
    wanted = get_plan(deployment, couple.sam, week).suggestions[0].suggestion_id
    first = choose(deployment, couple.sam, week, wanted).date
    put_rating(deployment, couple.robin, first.date_id, enjoyment=3)
    delete_date(deployment, couple.sam, first.date_id)

    second = choose(deployment, couple.sam, week, wanted).date

    assert second.date_id != first.date_id
    assert [view.date.date_id for view in list_dates(deployment, couple.sam)] == [second.date_id]
    assert len(list_dates(deployment, couple.robin)) == 2


@pytest.mark.parametrize("who", ["robin", "sam"])
def test_a_goal_is_further_only_for_whoever_rated(deployment: Deployment, couple: Two, who: str) -> None:
    """A rating counts towards a goal for its giver; the other reads nothing off it."""
    update_couple(deployment, couple.robin, goals=[Goal(tags={"domain": ("food_drink",)}, times=2, weeks=4)])
    date_id = plan(deployment, couple.robin, "date")

    put_rating(deployment, getattr(couple, who), date_id, enjoyment=3)

    done = {name: get_couple(deployment, getattr(couple, name)).progress[0].done for name in ("robin", "sam")}
    assert done == {"robin": int(who == "robin"), "sam": int(who == "sam")}


def test_whoever_joins_later_finds_none_of_the_old_dates(
    deployment: Deployment, couple: Two, planned: str
) -> None:
    """After one left, the dates are the other's alone, plans are gone, and a new partner sees neither."""
    put_rating(deployment, couple.robin, planned, enjoyment=5)
    week = Week.parse("2026-W48")
    get_plan(deployment, couple.robin, week)
    leave(deployment, couple.sam)

    code = new_invite(deployment, couple.robin)
    kim = authenticate(deployment, accept_invite(deployment, code, "Kim").token)

    assert [view.date.date_id for view in list_dates(deployment, couple.robin)] == [planned]
    assert list_dates(deployment, kim) == ()
    assert (export_me(deployment, kim)["dates"], export_me(deployment, kim)["shown"]) == ([], [])
    with pytest.raises(NotFound):
        put_rating(deployment, kim, planned, enjoyment=1)
    leave(deployment, couple.robin)
    with reading(deployment.engine) as connection:
        assert date_store.list_dates(connection, kim.couple_id or "") == ()


def test_an_unrated_date_can_be_deleted(deployment: Deployment, couple: Two, planned: str) -> None:
    """Either partner deletes a date that nobody has rated, and then it never was."""
    delete_date(deployment, couple.sam, planned)

    assert list_dates(deployment, couple.robin) == ()
    with pytest.raises(NotFound):
        delete_date(deployment, couple.sam, planned)


@pytest.mark.parametrize(
    "act",
    [
        lambda d, caller, date_id: update_date(d, caller, date_id, status="done"),
        lambda d, caller, date_id: delete_date(d, caller, date_id),
        lambda d, caller, date_id: put_rating(d, caller, date_id, enjoyment=1),
        lambda d, caller, date_id: delete_rating(d, caller, date_id),
    ],
    ids=["update", "delete", "rate", "unrate"],
)
def test_a_date_of_another_couple_is_as_one_that_never_was(
    deployment: Deployment, couple: Two, planned: str, act: Callable[[Deployment, Caller, str], object]
) -> None:
    """A stranger cannot tell a real date from none, and changes nothing."""
    put_rating(deployment, couple.robin, planned, enjoyment=4)
    before = list_dates(deployment, couple.robin)
    stranger = join(deployment, "Kim", "Alex").robin

    with pytest.raises(NotFound) as real:
        act(deployment, stranger, planned)
    with pytest.raises(NotFound) as none:
        act(deployment, stranger, "no-such-date")

    assert str(real.value) == str(none.value)
    assert list_dates(deployment, couple.robin) == before
    assert list_dates(deployment, stranger) == ()


# The calendar


def feed(deployment: Deployment, caller: Caller, part: str = "VEVENT") -> list[Any]:
    """Return the parts of a partner's calendar as the library reads them that wrote them."""
    calendar = Calendar.from_ical(calendar_feed(deployment, new_calendar(deployment, caller)))
    return list(calendar.walk(part))


def read_elsewhere(text: bytes) -> list[Any]:
    """Return the events of an iCalendar document that vobject, which did not write it, finds to be valid."""
    calendar = vobject.readOne(text.decode())
    assert calendar.validate(raiseException=True)
    return list(calendar.contents.get("vevent", []))


def test_a_planned_date_is_an_event(deployment: Deployment, couple: Two, planned: str) -> None:
    """Title, pitch, start and end in the couple's own time zone, and a reminder two hours before."""
    update_couple(deployment, couple.robin, circumstances=Circumstances(time_zone="America/New_York"))

    (event,) = feed(deployment, couple.sam)

    assert event["UID"] == "planned@rekindle"
    assert event["SUMMARY"] == "Soup swap"
    assert event["DESCRIPTION"] == "You both fold a boat and race them in the bath."
    # 19:30 UTC is 14:30 in New York in November; the idea takes 60 minutes.
    assert event["DTSTART"].to_ical() == b"20261128T143000"
    assert event["DTSTART"].params["TZID"] == "America/New_York"
    assert event["DTEND"].to_ical() == b"20261128T153000"
    (alarm,) = event.walk("VALARM")
    assert alarm["TRIGGER"].dt == timedelta(hours=-2)


def test_the_feed_explains_its_time_zone(deployment: Deployment, couple: Two, planned: str) -> None:
    """A program that knows no zones finds the couple's in the feed."""
    update_couple(deployment, couple.robin, circumstances=Circumstances(time_zone="Europe/Lisbon"))

    (zone,) = feed(deployment, couple.robin, "VTIMEZONE")
    assert zone["TZID"] == "Europe/Lisbon"


def test_a_date_of_their_own_takes_an_hour(deployment: Deployment, couple: Two) -> None:
    """A date that no idea describes has no pitch and lasts sixty minutes."""
    log_date(deployment, couple.robin, on=date(2026, 11, 23), title="The lake; by bus")

    (event,) = feed(deployment, couple.robin)

    assert event["SUMMARY"] == "The lake; by bus"
    assert "DESCRIPTION" not in event
    assert event["DTEND"].dt - event["DTSTART"].dt == timedelta(minutes=60)


def test_an_event_keeps_its_uid_when_it_moves(deployment: Deployment, couple: Two, planned: str) -> None:
    """A moved date moves in their calendar instead of standing there twice."""
    (before,) = feed(deployment, couple.robin)
    update_date(deployment, couple.robin, planned, starts_at=SATURDAY + timedelta(days=1))

    (after,) = feed(deployment, couple.robin)

    assert before["UID"] == after["UID"]
    assert after["DTSTART"].dt - before["DTSTART"].dt == timedelta(days=1)


def test_another_library_reads_the_feed(deployment: Deployment, couple: Two, planned: str) -> None:
    """It finds the feed valid, and the same moments, zone, reminder and words in it."""
    update_couple(deployment, couple.robin, circumstances=Circumstances(time_zone="America/New_York"))
    title = "Tea, cake; and a \\ — 🎈 " + "as long as can be " * 5
    log_date(deployment, couple.robin, on=date(2026, 11, 23), title=title)

    own, chosen = read_elsewhere(calendar_feed(deployment, new_calendar(deployment, couple.sam)))

    assert own.summary.value == title.strip()
    assert chosen.uid.value == "planned@rekindle"
    assert chosen.dtstart.value == SATURDAY
    assert chosen.dtstart.value.utcoffset() == timedelta(hours=-5)  # New York in November
    assert chosen.dtend.value - chosen.dtstart.value == timedelta(minutes=60)
    assert chosen.status.value == "CONFIRMED"
    assert chosen.valarm.trigger.value == timedelta(hours=-2)


def test_what_changes_is_newer_to_a_calendar(deployment: Deployment, couple: Two, planned: str) -> None:
    """Moved, called off and taken up again, an event keeps its uid and counts up; a rating counts nothing."""
    address = new_calendar(deployment, couple.sam)

    def event() -> tuple[str, int, str, bool]:
        (one,) = read_elsewhere(calendar_feed(deployment, address))
        return one.uid.value, int(one.sequence.value), one.status.value, "valarm" in one.contents

    uid = "planned@rekindle"
    assert event() == (uid, 0, "CONFIRMED", True)
    update_date(deployment, couple.robin, planned, starts_at=SATURDAY + timedelta(days=1))
    assert event() == (uid, 1, "CONFIRMED", True)
    update_date(deployment, couple.robin, planned, starts_at=SATURDAY + timedelta(days=1))
    assert event() == (uid, 1, "CONFIRMED", True)
    update_date(deployment, couple.robin, planned, status="skipped")
    assert event() == (uid, 2, "CANCELLED", False)
    update_date(deployment, couple.robin, planned, status="planned")
    assert event() == (uid, 3, "CONFIRMED", True)
    put_rating(deployment, couple.robin, planned, enjoyment=4)
    assert event() == (uid, 3, "CONFIRMED", True)


def test_a_feed_without_dates_is_one(deployment: Deployment, couple: Two) -> None:
    """Whoever has no dates yet can follow the calendar all the same."""
    assert read_elsewhere(calendar_feed(deployment, new_calendar(deployment, couple.robin))) == []


def test_one_date_is_a_file(deployment: Deployment, couple: Two, planned: str) -> None:
    """It is the same event as in the feed; a date of others is none."""
    log_date(deployment, couple.robin, on=date(2026, 11, 23), title="The lake")

    (event,) = read_elsewhere(date_file(deployment, couple.robin, planned))

    assert (event.uid.value, event.dtstart.value) == ("planned@rekindle", SATURDAY)
    with pytest.raises(NotFound):
        date_file(deployment, join(deployment, "Kim", "Lou").robin, planned)


def test_the_calendar_tells_nothing_private(deployment: Deployment, couple: Two, planned: str) -> None:
    """Neither names nor notes nor answers nor boundaries are in the feed."""
    put_answers(deployment, couple.robin, {"food": ["cook"]})
    put_boundaries(deployment, couple.robin, Boundaries(touch_max="sustained"))
    put_rating(deployment, couple.robin, planned, enjoyment=1, note="secretnote")

    text = calendar_feed(deployment, new_calendar(deployment, couple.robin)).decode()

    private = ("Robin", "Sam", "secretnote", "cook", "sustained", couple.robin.couple_id or "")
    assert [word for word in private if word in text] == []


def test_a_new_calendar_address_ends_the_one_before(deployment: Deployment, couple: Two) -> None:
    """An address that went astray stops working, the other partner's goes on, and no other opens anything."""
    sams = new_calendar(deployment, couple.sam)
    old = new_calendar(deployment, couple.robin)
    new = new_calendar(deployment, couple.robin)

    assert calendar_feed(deployment, new) == calendar_feed(deployment, sams)
    for secret in (old, "guess", ""):
        with pytest.raises(NotFound):
            calendar_feed(deployment, secret)

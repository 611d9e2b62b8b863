"""A couple's dates in their own calendar: an iCalendar feed (RFC 5545) at a secret address."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from recommender.domain import Couple, CoupleDate
from recommender.errors import NotFound
from recommender.service.callers import Caller, find_home
from recommender.service.dates import NO_DATE, seen_dates
from recommender.service.deployment import Deployment
from recommender.service.secret import hashed, new_secret
from recommender.store import access, reading, transaction

if TYPE_CHECKING:
    from icalendar import Alarm, Calendar, Event

OWN_MINUTES = 60
"""How long a date of their own takes in the calendar, where no idea says."""

REMINDER = timedelta(hours=-2)
REFRESH = timedelta(hours=1)


def new_calendar(d: Deployment, caller: Caller) -> str:
    """Return the secret of a partner's calendar address; the one before stops working."""
    secret = new_secret()
    with transaction(d.engine) as connection:
        me = find_home(connection, caller, for_update=True).me
        access.put_calendar(connection, hashed(secret), me.partner_id, d.clock())
    return secret


def calendar_feed(d: Deployment, secret: str) -> bytes:
    """Return a couple's dates as an iCalendar document; one that was called off stays in it as cancelled.

    Raises
    ------
    NotFound
        If no calendar has this secret.
    """
    with reading(d.engine) as connection:
        holder = access.find_partner_by_calendar(connection, hashed(secret))
        if holder is None:
            raise NotFound("There is no such calendar (any more); make a new one in the settings.")
        caller = Caller("partner", *holder)
        couple = find_home(connection, caller).couple
        views = seen_dates(connection, caller)
    return _calendar(d, couple, [seen.date for seen in reversed(views)])


def date_file(d: Deployment, caller: Caller, date_id: str) -> bytes:
    """Return one date as an iCalendar document; the same event as in the feed.

    Raises
    ------
    NotFound
        If the caller may know of no such date.
    """
    with reading(d.engine) as connection:
        couple = find_home(connection, caller).couple
        wanted = [seen.date for seen in seen_dates(connection, caller) if seen.date.date_id == date_id]
    if not wanted:
        raise NotFound(NO_DATE)
    return _calendar(d, couple, wanted)


def _calendar(d: Deployment, couple: Couple, dates: Iterable[CoupleDate]) -> bytes:
    zone = ZoneInfo(couple.circumstances.time_zone)
    calendar = _empty_calendar()
    for date in dates:
        calendar.add_component(_event(d, date, zone))
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


def _empty_calendar() -> Calendar:
    from icalendar import Calendar  # slow to import, and most requests never need it

    calendar = Calendar()
    calendar.add("prodid", "-//Rekindle//Dates//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", "Dates")
    calendar.add("refresh-interval", REFRESH, parameters={"value": "DURATION"})
    return calendar


def _event(d: Deployment, date: CoupleDate, zone: ZoneInfo) -> Event:
    from icalendar import Event

    idea = d.catalogue.by_id.get(date.idea_id or "")
    minutes = idea.minutes if idea else OWN_MINUTES
    event = Event()
    event.add("uid", f"{date.date_id}@rekindle")
    event.add("dtstamp", d.clock())
    event.add("dtstart", date.starts_at.astimezone(zone))
    event.add("dtend", (date.starts_at + timedelta(minutes=minutes)).astimezone(zone))
    event.add("summary", date.title)
    event.add("sequence", date.revision)
    if idea:
        event.add("description", idea.pitch)
    if date.status == "skipped":
        event.add("status", "CANCELLED")
        return event
    event.add("status", "CONFIRMED")
    event.add_component(_reminder(date))
    return event


def _reminder(date: CoupleDate) -> Alarm:
    from icalendar import Alarm

    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", date.title)
    alarm.add("trigger", REMINDER)
    return alarm

"""A couple's dates: those they chose, and those they did on their own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from recommender.domain import Couple, CoupleDate, DateStatus, Rating
from recommender.errors import Conflict, InvalidInput, NotFound
from recommender.service.callers import Caller, Home, find_home
from recommender.service.deployment import Deployment
from recommender.service.limits import check_stars, check_status
from recommender.service.moments import check_day, check_start
from recommender.service.past import by_date
from recommender.service.secret import new_id
from recommender.service.starts import other_starts
from recommender.service.texts import TITLE_LENGTH, check_line, check_note
from recommender.store import dates, ratings, reading, transaction

# The same words for a date of another couple as for one that never was.
NO_DATE = "There is no such date."
RATED = "You have rated this date; take your rating back first, and then it can be {change}."


@dataclass(frozen=True, slots=True)
class DateView:
    """A date as one partner may see it.

    Attributes
    ----------
    mine : Rating or None
        Their own rating, with their note.
    theirs : Rating or None
        The other partner's rating, once both have rated, and never with the note.
    starts : tuple[datetime, ...]
        When else in its week they are free and the idea fits, if it is planned.
    """

    date: CoupleDate
    mine: Rating | None
    theirs: Rating | None
    starts: tuple[dt.datetime, ...] = ()


def list_dates(d: Deployment, caller: Caller) -> tuple[DateView, ...]:
    """Return a couple's dates, the newest first."""
    couple, views = _read(d, caller)
    couple_dates = [seen.date for seen in views]
    return tuple(with_starts(d, couple, seen, couple_dates) for seen in views)


def get_date(d: Deployment, caller: Caller, date_id: str) -> DateView:
    """Return one of a couple's dates.

    Raises
    ------
    NotFound
        If the caller may know of no such date.
    """
    couple, views = _read(d, caller)
    for seen in views:
        if seen.date.date_id == date_id:
            return with_starts(d, couple, seen, [other.date for other in views])
    raise NotFound(NO_DATE)


def log_date(
    d: Deployment, caller: Caller, *, on: dt.date, idea_id: str | None = None, title: str | None = None
) -> DateView:
    """Note a date that a couple did on their own, at noon of the day ``on`` where they live.

    Raises
    ------
    InvalidInput
        If not exactly one of ``idea_id`` and ``title`` is given, there is no such idea, or the day is
        still to come.
    """
    title = _title(d, idea_id, title)
    now = d.clock()
    with transaction(d.engine) as connection:
        home = find_home(connection, caller)
        starts_at = check_day("on", on, home.couple.circumstances.time_zone, now)
        date = CoupleDate(new_id(now), home.couple.couple_id, idea_id, title, "done", starts_at)
        dates.insert_date(connection, date)
    return DateView(date, None, None)


def update_date(
    d: Deployment,
    caller: Caller,
    date_id: str,
    *,
    status: DateStatus | None = None,
    starts_at: dt.datetime | None = None,
) -> DateView:
    """Move a date or change whether it is planned, done or skipped.

    Only a partner's own rating stands in the way: a refusal because of the other's would tell of it.
    Any start will do: it is theirs to know. The view says which ones the idea fits.

    Raises
    ------
    InvalidInput
        If the status is unknown, or the start has no time zone or lies far off.
    NotFound
        If the couple has no such date.
    Conflict
        If they have rated it and the status would say that it did not happen.
    """
    if status is not None:
        check_status(status)
    if starts_at is not None:
        check_start("starts_at", starts_at)
    with transaction(d.engine) as connection:
        home, date = find_date(connection, caller, date_id)
        rated = ratings.list_date_ratings(connection, date_id)
        if status not in (None, "done"):
            _check_unrated(home, rated, status)
        date = date.revised(status or date.status, starts_at or date.starts_at)
        dates.update_date(connection, date)
        couple_dates = shown_dates(connection, caller)
    return with_starts(d, home.couple, view(date, rated, home.me.partner_id), couple_dates)


def delete_date(d: Deployment, caller: Caller, date_id: str) -> None:
    """Delete a date; if the other partner has rated it, it goes on for them alone, and nothing says so.

    Raises
    ------
    NotFound
        If the couple has no such date.
    Conflict
        If the partner who asks has rated it.
    """
    with transaction(d.engine) as connection:
        home, date = find_date(connection, caller, date_id)
        rated = ratings.list_date_ratings(connection, date_id)
        _check_unrated(home, rated, "deleted")
        if rated:
            dates.hand_over(connection, date.couple_id, rated[0].partner_id, date_id)
        else:
            dates.delete_date(connection, date_id)


def put_rating(
    d: Deployment,
    caller: Caller,
    date_id: str,
    *,
    enjoyment: int,
    closeness: int | None = None,
    again: bool | None = None,
    note: str | None = None,
) -> DateView:
    """Rate a date, or rate it anew. To whoever rates it is done; to both, once both have said how it was.

    Raises
    ------
    InvalidInput
        If a number is not 1 to 5, or the note is too long.
    NotFound
        If the couple has no such date.
    """
    check_stars("enjoyment", enjoyment)
    if closeness is not None:
        check_stars("closeness", closeness)
    note = check_note("note", note)
    with transaction(d.engine) as connection:
        home, date = find_date(connection, caller, date_id)
        said = Rating(date_id, home.me.partner_id, enjoyment, closeness, again, note, d.clock())
        ratings.put_rating(connection, said)
        rated = ratings.list_date_ratings(connection, date_id)
        if len(rated) == len(home.couple.partners):
            date = replace(date, status="done")
            dates.update_date(connection, date)
        return view(date, rated, home.me.partner_id)


def delete_rating(d: Deployment, caller: Caller, date_id: str) -> DateView:
    """Take back one's own rating of a date, if there is one.

    Raises
    ------
    NotFound
        If the couple has no such date.
    """
    with transaction(d.engine) as connection:
        home, date = find_date(connection, caller, date_id)
        ratings.delete_rating(connection, date_id, home.me.partner_id)
    return DateView(date, None, None)


def shown_dates(connection: Connection, caller: Caller) -> tuple[CoupleDate, ...]:
    """Return the dates that a caller may know of, the newest first."""
    every = dates.list_dates(connection, caller.couple_id or "")
    return tuple(date for date in every if date.shown_to(caller.partner_id))


def seen_dates(connection: Connection, caller: Caller) -> tuple[DateView, ...]:
    """Return the dates that a caller may know of, the newest first, as they may see them; without starts."""
    rated = by_date(ratings.list_ratings(connection, caller.couple_id or ""))
    shown = shown_dates(connection, caller)
    return tuple(view(date, rated[date.date_id], caller.partner_id or "") for date in shown)


def find_date(connection: Connection, caller: Caller, date_id: str) -> tuple[Home, CoupleDate]:
    """Return the partner who asks and a date they may know of, held until the transaction ends.

    Raises
    ------
    NotFound
        If they have no such date.
    """
    home = find_home(connection, caller)
    date = dates.find_date(connection, home.couple.couple_id, date_id, for_update=True)
    if date is None or not date.shown_to(home.me.partner_id):
        raise NotFound(NO_DATE)
    return home, date


def view(date: CoupleDate, rated: Iterable[Rating], partner_id: str) -> DateView:
    """Return a date with its ratings as ``partner_id`` may see them: done, if they have rated it."""
    by = {rating.partner_id: rating for rating in rated}
    mine = by.pop(partner_id, None)
    date = replace(date, status="done") if mine else date
    if mine is None or not by:
        return DateView(date, mine, None)
    (theirs,) = by.values()
    return DateView(date, mine, replace(theirs, note=None))


def with_starts(
    d: Deployment, couple: Couple, seen: DateView, couple_dates: Iterable[CoupleDate]
) -> DateView:
    """Return a date with when else it could be."""
    return replace(seen, starts=other_starts(d, couple, seen.date, couple_dates))


def _read(d: Deployment, caller: Caller) -> tuple[Couple, tuple[DateView, ...]]:
    with reading(d.engine) as connection:
        return find_home(connection, caller).couple, seen_dates(connection, caller)


def _check_unrated(home: Home, rated: Iterable[Rating], change: str) -> None:
    if any(rating.partner_id == home.me.partner_id for rating in rated):
        raise Conflict(RATED.format(change=change))


def _title(d: Deployment, idea_id: str | None, title: str | None) -> str:
    if (idea_id is None) == (title is None):
        raise InvalidInput("title", "give either a title or an idea_id")
    if title is not None:
        return check_line("title", title, TITLE_LENGTH)
    idea = d.catalogue.by_id.get(idea_id or "")
    if idea is None:
        raise InvalidInput("idea_id", f"there is no idea {idea_id!r}")
    return idea.title

"""iCalendar: events by themselves, those that recur, and those that were moved or called off."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import IO, Any

from recommender.catalogue.importers.drafts import Broken, Draft, Intake, broken_row
from recommender.catalogue.importers.events import Event, event_draft
from recommender.catalogue.importers.limits import LINE_MOST, read_line
from recommender.catalogue.importers.recurrence import Recurrence, occurrences
from recommender.domain import Span

BLOCK_LINES_MOST = 20_000
ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A VEVENT: the whole of an event, or one of its times that was changed (``replaces``)."""

    line: int
    uid: str | None
    title: str
    description: str
    first: Span
    rule: str
    without: tuple[dt.datetime, ...]
    further: tuple[dt.datetime, ...]
    replaces: dt.datetime | None
    place: str
    address: str
    cancelled: bool


def read_ics(file: IO[bytes], intake: Intake) -> Iterator[Draft | Broken]:
    """Yield each event of an iCalendar file, the times of one that recurs together as one idea."""
    whole: list[_Entry] = []
    changed: dict[str, list[_Entry]] = defaultdict(list)
    any_block = False
    for line, text, zones in _blocks(file):
        any_block = True
        entry = _entry(text, zones, line, intake)
        if isinstance(entry, Broken):
            yield entry
        elif entry.replaces is not None and entry.uid:
            changed[entry.uid].append(entry)
        else:
            whole.append(entry)
    if not any_block:
        yield intake.broken(None, "", "holds no event", "name an iCalendar file with BEGIN:VEVENT in it")
    for entry in whole:
        yield from _told(entry, changed.pop(entry.uid or "", []), intake)
    for left in changed.values():  # the calendar was cut before the event these belong to
        for entry in left:
            yield from _told(replace(entry, replaces=None), [], intake)


def _told(entry: _Entry, changed: list[_Entry], intake: Intake) -> Iterator[Draft | Broken]:
    try:
        draft = event_draft(_event(entry, changed, intake), intake, entry.line)
    except (ValueError, OverflowError) as error:
        told = (str(error), "correct the event's RRULE")
        yield broken_row(intake.row(entry.line), (), entry.uid, ("RRULE",), told)
        return
    if draft is not None:
        yield draft


def _event(entry: _Entry, changed: list[_Entry], intake: Intake) -> Event:
    moved = [each.replaces for each in changed if each.replaces]
    lasting = entry.first.ends - entry.first.starts
    spans = [entry.first]
    if entry.rule:
        spans = list(occurrences(Recurrence(entry.first, entry.rule, (*entry.without, *moved)), intake))
    elif entry.first.starts in (*entry.without, *moved):
        spans = []
    spans += [Span(start, start + lasting) for start in entry.further]
    spans += [each.first for each in changed if not each.cancelled]
    return Event(
        external_id=entry.uid,
        title=entry.title,
        description=entry.description,
        spans=tuple(spans),
        place=entry.place,
        address=entry.address,
        recurs=bool(entry.rule or entry.further),
        cancelled=entry.cancelled,
    )


def _entry(text: str, zones: str, line: int, intake: Intake) -> _Entry | Broken:
    # Here, and not above: a web worker that imports nothing need not load it.
    from icalendar import Calendar

    row = intake.row(line)
    try:
        calendar = Calendar.from_ical(f"BEGIN:VCALENDAR\r\n{zones}{text}END:VCALENDAR\r\n")
        node = calendar.walk("VEVENT")[0]
        uid = _said(node, "UID") or None
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        told = (f"cannot be read ({str(error)[:80]})", "correct the event")
        return broken_row(row, (), None, ("VEVENT",), told)
    title = _said(node, "SUMMARY")
    if not title:
        return broken_row(row, (), uid, ("SUMMARY",), ("is missing", "give the event a title"))
    try:
        return _read(node, line, uid, title, intake)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        told = (str(error)[:120] or "cannot be read", "correct DTSTART, DTEND or the times that go with them")
        return broken_row(row, (), uid, ("DTSTART",), told)


def _read(node: Any, line: int, uid: str | None, title: str, intake: Intake) -> _Entry:
    if "DTSTART" not in node:
        raise ValueError("DTSTART is missing")
    if isinstance(node.get("RRULE"), list):
        raise ValueError("there is more than one RRULE")
    starts = node["DTSTART"].dt
    first = Span(_moment(starts, intake), _moment(_ends(node, starts), intake))
    if first.ends < first.starts:
        raise ValueError("ends before it starts")
    if first.ends == first.starts:
        first = Span(first.starts, first.starts + dt.timedelta(hours=2))
    replaces = node.get("RECURRENCE-ID")
    return _Entry(
        line=line,
        uid=uid,
        title=title,
        description=_said(node, "DESCRIPTION"),
        first=first,
        rule=node["RRULE"].to_ical().decode() if "RRULE" in node else "",
        without=tuple(_moments(node, "EXDATE", intake)),
        further=tuple(_moments(node, "RDATE", intake)),
        replaces=_moment(replaces.dt, intake) if replaces is not None else None,
        place=_said(node, "LOCATION"),
        address=_said(node, "URL"),
        cancelled=_said(node, "STATUS").upper() == "CANCELLED",
    )


def _ends(node: Any, starts: dt.date | dt.datetime) -> dt.date | dt.datetime:
    if "DTEND" in node:
        return node["DTEND"].dt
    if "DURATION" in node:
        return starts + node["DURATION"].dt
    return starts if isinstance(starts, dt.datetime) else starts + ONE_DAY


def _moment(value: object, intake: Intake) -> dt.datetime:
    if not isinstance(value, dt.date):
        raise ValueError(f"{value!r} is not a day or time")
    if not isinstance(value, dt.datetime):
        value = dt.datetime.combine(value, dt.time())
    aware = value if value.tzinfo else value.replace(tzinfo=intake.zone)
    if not 1970 <= aware.year <= 2199:
        raise ValueError("lies outside the years 1970 to 2199")
    return aware


def _moments(node: Any, name: str, intake: Intake) -> Iterator[dt.datetime]:
    found = node.get(name, [])
    for each in found if isinstance(found, list) else [found]:
        yield from (_moment(moment.dt, intake) for moment in each.dts)


def _said(node: Any, name: str) -> str:
    value = node.get(name, "")
    return str(value[0] if isinstance(value, list) and value else value).strip()


def _blocks(file: IO[bytes]) -> Iterator[tuple[int, str, str]]:
    """Yield each VEVENT with the line it begins on and the time zones defined before it.

    One is cut out at a time, so that a broken one spoils no other; what is nested in it, such as alarms,
    is left out.
    """
    zones, block = "", []
    inside, begun, number, nested = "", 0, 0, 0
    while line := read_line(file)[0]:
        number += 1
        text = line[:LINE_MOST].decode("utf-8", errors="replace").rstrip("\r\n")
        word = text.strip().upper()
        if not inside and word in ("BEGIN:VEVENT", "BEGIN:VTIMEZONE"):
            inside, begun, block, nested = word[6:], number, [text], 0
        elif inside:
            nested += word.startswith("BEGIN:")
            keep = not nested or inside == "VTIMEZONE"
            if keep and len(block) < BLOCK_LINES_MOST:
                block.append(text)
            if word == f"END:{inside}":
                whole = "\r\n".join(block) + "\r\n"
                if inside == "VEVENT":
                    yield begun, whole, zones
                elif len(zones) < LINE_MOST:
                    zones += whole
                inside = ""
            else:
                nested -= word.startswith("END:")

"""schema.org events: JSON-LD by itself, or in the head of a web page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from html.parser import HTMLParser
from typing import IO, Any
from zoneinfo import ZoneInfo

from recommender.catalogue.importers.drafts import Broken, Draft, Intake, broken_row
from recommender.catalogue.importers.events import Event, event_draft
from recommender.catalogue.importers.limits import read_whole
from recommender.catalogue.importers.moments import iso_duration, span
from recommender.catalogue.importers.objects import json_values
from recommender.catalogue.importers.recurrence import Recurrence, occurrences
from recommender.domain import Span

CURRENCIES = ("EUR", "USD", "GBP", "CHF", "CAD", "AUD", "NZD")
"""Money of about the size our costs are counted in; a price in any other is left to be guessed."""

OFF = ("EventCancelled", "EventPostponed")
FREQUENCIES = {"D": "DAILY", "W": "WEEKLY", "M": "MONTHLY", "Y": "YEARLY"}
NESTED = ("@graph", "itemListElement", "item", "mainEntity", "subEvent", "event", "events")
DEPTH_MOST = 20


def read_jsonld(file: IO[bytes], intake: Intake) -> Iterator[Draft | Broken]:
    """Yield each schema.org event of a JSON-LD file: one, a list, or those in its ``@graph``."""
    yield from _told(_of_json(read_whole(file, intake.file, "jsonld"), intake, 0), intake)


def read_html(file: IO[bytes], intake: Intake) -> Iterator[Draft | Broken]:
    """Yield each schema.org event that a web page carries as JSON-LD."""
    page = _Scripts()
    page.feed(read_whole(file, intake.file, "html").decode("utf-8", errors="replace"))
    page.close()
    found = (item for line, text in page.scripts for item in _of_json(text.encode(), intake, line - 1))
    yield from _told(found, intake)


def _told(found: Iterator[Draft | Broken | None], intake: Intake) -> Iterator[Draft | Broken]:
    """Yield what there is; a file without any event is the wrong file."""
    any_event = False
    for item in found:
        any_event = True
        if item is not None:
            yield item
    if not any_event:
        yield intake.broken(None, "", "holds no schema.org event", "name a file with JSON-LD of @type Event")


def _of_json(data: bytes, intake: Intake, before: int) -> Iterator[Draft | Broken | None]:
    """Yield the draft of each event, None for one that is over."""
    for line, value in json_values(data, intake):
        if isinstance(value, Broken):
            yield value
            continue
        for node in _events(value, 0):
            yield _draft(node, intake, before + line)


def _events(value: object, depth: int) -> Iterator[Mapping[str, Any]]:
    """Yield every event in a value, wherever lists and graphs put it."""
    if depth > DEPTH_MOST:
        return
    if isinstance(value, list):
        for each in value:
            yield from _events(each, depth + 1)
    if isinstance(value, Mapping):
        if any(_is_event(kind) for kind in _list(value.get("@type"))):
            yield value
        for name in NESTED:
            yield from _events(value.get(name), depth + 1)


def _is_event(kind: object) -> bool:
    name = str(kind).rpartition("/")[2].rpartition(":")[2]
    return name.endswith("Event") or name in ("Festival", "EventSeries", "CourseInstance")


def _draft(node: Mapping[str, Any], intake: Intake, line: int) -> Draft | Broken | None:
    external_id = _text(node.get("@id")) or _text(node.get("identifier")) or _text(node.get("url")) or None
    row = intake.row(line)
    title = _text(node.get("name"))
    if not title:
        return broken_row(row, (), external_id, ("name",), ("is missing", "give the event a name"))
    cancelled = _text(node.get("eventStatus")).rpartition("/")[2] in OFF
    try:
        spans = () if cancelled else _spans(node, intake)
    except (ValueError, OverflowError, OSError) as error:
        return broken_row(row, (), external_id, ("startDate",), (str(error), "correct the event's dates"))
    if not spans and not cancelled and not _list(node.get("eventSchedule")):
        told = ("is missing", "say when it starts")
        return broken_row(row, (), external_id, ("startDate",), told)
    return event_draft(_event(node, external_id, title, spans, cancelled), intake, line)


def _event(
    node: Mapping[str, Any], external_id: str | None, title: str, spans: tuple[Span, ...], cancelled: bool
) -> Event:
    where = _first(node.get("location"))
    mode = _text(node.get("eventAttendanceMode")).rpartition("/")[2]
    virtual = isinstance(where, Mapping) and "VirtualLocation" in map(str, _list(where.get("@type")))
    return Event(
        external_id=external_id,
        title=title,
        description=_text(node.get("description")),
        spans=spans,
        place="" if virtual else _place(where),
        address=_text(node.get("url")),
        price=_price(node),
        online=True if virtual or mode == "OnlineEventAttendanceMode" else None,
        recurs=bool(_list(node.get("eventSchedule"))),
        cancelled=cancelled,
    )


def _spans(node: Mapping[str, Any], intake: Intake) -> tuple[Span, ...]:
    schedules = [each for each in _list(node.get("eventSchedule")) if isinstance(each, Mapping)]
    if schedules:
        return tuple(found for each in schedules for found in _scheduled(each, intake))
    starts, ends = _text(node.get("startDate")), _text(node.get("endDate"))
    lasting = iso_duration(_text(node.get("duration")))
    return (span(starts, ends, intake.zone, lasting),) if starts else ()


def _scheduled(schedule: Mapping[str, Any], intake: Intake) -> tuple[Span, ...]:
    """Return the spans of a schema.org Schedule."""
    zone_name = _text(schedule.get("scheduleTimezone"))
    zone = ZoneInfo(zone_name) if zone_name else intake.zone
    day, clock = _text(schedule.get("startDate"))[:10], _text(schedule.get("startTime"))
    first = span(f"{day}T{clock}" if clock else day, "", zone)
    closes = _text(schedule.get("endTime"))
    if clock and closes:
        until = span(f"{day}T{closes}", "", zone).starts
        first = Span(first.starts, until if until > first.starts else until + timedelta(days=1))
    return occurrences(Recurrence(first, _rule(schedule)), intake)


def _rule(schedule: Mapping[str, Any]) -> str:
    """Return a Schedule as an RRULE."""
    every = _text(schedule.get("repeatFrequency")).upper()
    if not (every.startswith("P") and every[-1:] in FREQUENCIES and every[1:-1].isdecimal()):
        raise ValueError(f"{every[:20]!r} is no repeatFrequency; write one like P1W")
    days = [_text(day).rpartition("/")[2][:2].upper() for day in _list(schedule.get("byDay"))]
    parts = [f"FREQ={FREQUENCIES[every[-1]]}", f"INTERVAL={every[1:-1]}"]
    parts += [f"BYDAY={','.join(days)}"] if days else []
    count, until = _text(schedule.get("repeatCount")), _text(schedule.get("endDate"))[:10].replace("-", "")
    parts += [f"COUNT={count}"] if count else [f"UNTIL={until}T235959"] if until else []
    return ";".join(parts)


def _price(node: Mapping[str, Any]) -> float | None:
    """Return what one person pays at least, or None where that is not said in money of about our size."""
    if str(node.get("isAccessibleForFree")).casefold() == "true":
        return 0.0
    prices = []
    for offer in _list(node.get("offers")):
        if isinstance(offer, Mapping) and _text(offer.get("priceCurrency") or "EUR").upper() in CURRENCIES:
            prices += [_amount(offer.get(name)) for name in ("price", "lowPrice")]
    known = [price for price in prices if price is not None]
    return min(known, default=None)


def _amount(value: object) -> float | None:
    try:
        amount = float(_text(value))
    except ValueError:
        return None
    return amount if 0 <= amount <= 100_000 else None


def _place(where: object) -> str:
    if not isinstance(where, Mapping):
        return _text(where)
    address = where.get("address")
    street = _text(address.get("streetAddress")) if isinstance(address, Mapping) else _text(address)
    return ", ".join(part for part in (_text(where.get("name")), street) if part)


def _text(value: object) -> str:
    """Return the text of a value, whether it stands by itself, in a list or with a language."""
    value = _first(value)
    if isinstance(value, Mapping):
        value = next((value[name] for name in ("@value", "value", "@id", "url") if name in value), "")
    return str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _first(value: object) -> object:
    return value[0] if isinstance(value, list) and value else value


def _list(value: object) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


class _Scripts(HTMLParser):
    """Finds the JSON-LD of a page, each with the line it starts on."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[tuple[int, str]] = []
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a tag."""
        self._open = tag == "script" and (dict(attrs).get("type") or "").startswith("application/ld+json")
        if self._open:
            self.scripts.append((self.getpos()[0], ""))

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - a script ends with whatever ends
        """End a tag."""
        self._open = False

    def handle_data(self, data: str) -> None:
        """Keep what stands in the script."""
        if self._open:
            line, text = self.scripts[-1]
            self.scripts[-1] = (line, text + data)

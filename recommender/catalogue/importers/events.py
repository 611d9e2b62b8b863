"""What all events have in common, whichever format tells of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from recommender.catalogue.dayparts import daypart
from recommender.catalogue.importers.drafts import Draft, Intake
from recommender.catalogue.importers.limits import ID_MOST, OCCURRENCES_MOST, TITLE_MOST
from recommender.catalogue.importers.moments import LONG, showing_minutes
from recommender.domain import Span, Tags

PITCH_MOST = 300
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+")
ADDRESS = re.compile(r"https?://[^\s\"<>]{1,300}")


@dataclass(frozen=True, slots=True)
class Event:
    """An event as a calendar or a web page tells it.

    Attributes
    ----------
    price : float or None
        For one person.
    online : bool or None
        Whether it is held over the network; None means it does not say.
    """

    external_id: str | None
    title: str
    description: str
    spans: tuple[Span, ...]
    place: str = ""
    address: str = ""
    price: float | None = None
    online: bool | None = None
    recurs: bool = False
    cancelled: bool = False
    tags: Tags = field(default_factory=dict)


def event_draft(event: Event, intake: Intake, line: int | None) -> Draft | None:
    """Return the draft of an event, or None if it is over or lies beyond the horizon."""
    ahead = [s for s in event.spans if s.ends > intake.now and s.starts < intake.now + intake.horizon]
    if not ahead and not event.cancelled:
        return None
    spans = tuple(sorted(ahead, key=lambda each: each.starts)[:OCCURRENCES_MOST])
    return Draft(
        line=line,
        external_id=event.external_id[:ID_MOST] if event.external_id else None,
        title=cut(plain(event.title), TITLE_MOST),
        pitch=cut(plain(event.description), PITCH_MOST),
        steps=_steps(event),
        typical_cost=None if event.price is None else 2 * event.price,
        minutes=showing_minutes(spans),
        tags={**_known(event, spans), **event.tags},
        spans=spans,
        cancelled=event.cancelled,
    )


def known_by_time(spans: tuple[Span, ...]) -> Tags:
    """Return the tags that follow from when something exists: its season, and of a showing its hour."""
    if not spans:
        return {}
    if any(span.ends - span.starts > LONG for span in spans):
        return {"season": ("any",)}
    parts = sorted({daypart(span.starts) for span in spans})
    return {"season": ("any",), "time_of_day": tuple(parts)}


def plain(text: str) -> str:
    """Return a text without markup, on one line.

    Examples
    --------
    >>> plain("<p>Jazz &amp; soup</p><script>x()</script><p>Bring  a friend.</p>")
    'Jazz & soup Bring a friend.'
    """
    if "<" in text or "&" in text:
        reader = _Text()
        reader.feed(text)
        reader.close()
        text = "".join(reader.parts)
    return " ".join(CONTROL.sub(" ", text).split())


def cut(text: str, most: int) -> str:
    """Return a text of at most so many characters, whole sentences if possible, else whole words.

    Examples
    --------
    >>> cut("One evening. Two voices. Three songs.", 26), cut("Onetwothree four", 13)
    ('One evening. Two voices.', 'Onetwothree…')
    """
    if len(text) <= most:
        return text
    ends = [match.end() for match in re.finditer(r"[.!?…](?=\s)", text[: most + 1])]
    if ends:
        return text[: ends[-1]]
    return (
        text[: most - 1].rpartition(" ")[0][: most - 1].rstrip() + "…"
        if " " in text[: most - 1]
        else text[: most - 1] + "…"
    )


def _known(event: Event, spans: tuple[Span, ...]) -> Tags:
    online: Tags = {"place": ("online",), "together": ("remote_ok",)} if event.online else {}
    return {**known_by_time(spans), "repeat": ("repeatable" if event.recurs else "once",), **online}


def _steps(event: Event) -> tuple[str, ...]:
    where = cut(plain(event.place), PITCH_MOST)
    address = ADDRESS.fullmatch(event.address.strip())
    steps = (
        "Look at the hours, and book if it needs booking.",
        f"Go there together: {where.rstrip('.')}." if where else "Go there together.",
        f"It is told of at {address.group()}" if address else "",
        "On the way home, each tell the other the moment you liked best.",
    )
    return tuple(step for step in steps if step)


class _Text(HTMLParser):
    """Keeps the text of a piece of HTML, a space for each tag, without scripts and styles."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        """Begin a tag."""
        self._hidden += tag in ("script", "style")
        self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        """End a tag."""
        self._hidden = max(self._hidden - (tag in ("script", "style")), 0)
        self.parts.append(" ")

    def handle_data(self, data: str) -> None:
        """Keep text that people see."""
        if not self._hidden:
            self.parts.append(data)

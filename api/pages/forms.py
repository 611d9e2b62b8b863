"""Forms read into what the use cases take, and what is kept made into forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import time
from functools import cache
from typing import Any, TypeVar
from zoneinfo import available_timezones

from werkzeug.datastructures import MultiDict

from api.pages.words import WEEKDAYS
from recommender.domain import Boundaries, Circumstances, Goal, Pause, Question, Slot
from recommender.errors import InvalidInput
from recommender.service import Deployment

Form = MultiDict[str, str]
N = TypeVar("N", int, float)

CAPS = (
    ("touch_max", "touch", "Touch goes as far as"),
    ("talk_max", "talk_depth", "Talk goes as deep as"),
    ("alcohol_max", "alcohol", "Alcohol"),
    ("mobility_max", "mobility", "Moving goes as far as"),
    ("sensory_max", "sensory", "Noise and bustle"),
)
"""A boundary, the facet it caps, and how it is asked."""

EVENING, WEEKEND = time(19), time(10)
PRACTICES_FIRST = ("novelty_learning", "ritual", "highs_lows", "kindness", "self_care")


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose in a form."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A question of a form with its choices."""

    name: str
    asked: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class DayRow:
    """One day's free time in a form."""

    weekday: int
    name: str
    free: bool
    start: str
    minutes: int


def answers(questions: Sequence[Question], form: Form) -> dict[str, object]:
    """Return the answers that a form holds; a question left out has none."""
    found: dict[str, object] = {}
    for question in questions:
        given = [value for value in form.getlist(question.question_id) if value]
        if question.kind == "many" and given:
            found[question.question_id] = given
        elif given:
            found[question.question_id] = _number(given[0]) if question.kind == "scale" else given[0]
    return found


def boundary_rows(deployment: Deployment, kept: Boundaries) -> tuple[Row, ...]:
    """Return the caps that a partner can set."""
    facets = deployment.catalogue.taxonomy.facets
    return tuple(
        Row(name, asked, _capped({v.name: v.label for v in facets[facet].values}, getattr(kept, name)))
        for name, facet, asked in CAPS
    )


def hazard_rows(deployment: Deployment, kept: Boundaries) -> tuple[Choice, ...]:
    """Return what a partner may never want to meet."""
    values = deployment.catalogue.taxonomy.facets["hazard"].values
    return tuple(
        Choice(value.name, value.label, value.name in kept.hazards_never)
        for value in values
        if value.name != "none"
    )


def boundaries(form: Form, before: Boundaries) -> Boundaries:
    """Return the boundaries that a form holds; those it does not ask for stay as they were."""
    caps: dict[str, Any] = {name: form.get(name) or None for name, _, _ in CAPS}
    return replace(before, hazards_never=tuple(form.getlist("hazards_never")), **caps)


def slot_rows(circumstances: Circumstances) -> tuple[DayRow, ...]:
    """Return a row a day; of several free times in a day the first."""
    first = {slot.weekday: slot for slot in reversed(circumstances.slots)}
    rows = []
    for weekday, name in enumerate(WEEKDAYS, start=1):
        slot = first.get(weekday, Slot(weekday, WEEKEND if weekday > 5 else EVENING, 180))
        rows.append(DayRow(weekday, name, weekday in first, slot.start.strftime("%H:%M"), slot.minutes))
    return tuple(rows)


def circumstances(form: Form, before: Circumstances) -> Circumstances:
    """Return the circumstances that a form holds, over those in force.

    Raises
    ------
    InvalidInput
        If a number or a time cannot be read.
    """
    slots: list[Slot] = []
    for weekday in range(1, 8):
        later = [slot for slot in before.slots if slot.weekday == weekday][1:]
        if form.get(f"free{weekday}"):
            slots += [Slot(weekday, _clock(form, weekday), _minutes(form, weekday)), *later]
    return replace(
        before,
        slots=tuple(slots),
        time_zone=form.get("time_zone") or before.time_zone,
        latitude=_optional(form, "latitude", float),
        budget_max=_optional(form, "budget_max", float),
        minutes_max=_optional(form, "minutes_max", int),
        children="children" in form,
        sitter="sitter" in form,
        access=tuple(form.getlist("access")),
        remote="remote" in form,
        alcohol_free="alcohol_free" in form,
    )


def pause(form: Form, week: str) -> Pause | None:
    """Return the pause that a form asks for, from a week on; None for none."""
    weeks = _optional(form, "weeks", int)
    return Pause(week, weeks) if weeks else None


def goal(form: Form) -> Goal:
    """Return the goal that a form holds."""
    practice = form.get("practice") or None
    return Goal(practice, _optional(form, "times", int) or 1, _optional(form, "weeks", int) or 4)


def practices(deployment: Deployment) -> tuple[Choice, ...]:
    """Return what a goal can be about, the small everyday ones first."""
    values = {value.name: value.label for value in deployment.catalogue.taxonomy.facets["practice"].values}
    order = [*PRACTICES_FIRST, *(name for name in values if name not in PRACTICES_FIRST)]
    return tuple(Choice(name, values[name], False) for name in order)


@cache
def time_zones() -> tuple[str, ...]:
    """Return every time zone that is named after a place."""
    return tuple(
        sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/"))
    )


def stars(form: Form, name: str) -> int | None:
    """Return a number from 1 to 5 that a form holds, or None."""
    return _optional(form, name, int)


def percent(form: Form, name: str) -> float | None:
    """Return a share that a form holds in hundredths, or None."""
    hundredths = _optional(form, name, float)
    return None if hundredths is None else hundredths / 100


def again(form: Form) -> bool | None:
    """Return whether they would do it again, or None where they did not say."""
    return {"yes": True, "no": False}.get(form.get("again", ""))


def _capped(labels: Mapping[str, str], chosen: str | None) -> tuple[Choice, ...]:
    open_end = Choice("", "no limit", chosen is None)
    return (*(Choice(name, label, name == chosen) for name, label in labels.items()), open_end)


def _clock(form: Form, weekday: int) -> time:
    try:
        return time.fromisoformat(form.get(f"start{weekday}") or "19:00")
    except ValueError:
        raise InvalidInput("start", "a time is written like 19:30") from None


def _minutes(form: Form, weekday: int) -> int:
    return _optional(form, f"minutes{weekday}", int) or 180


def _optional(form: Form, name: str, kind: Callable[[str], N]) -> N | None:
    text = (form.get(name) or "").strip().replace(",", ".")
    if not text:
        return None
    try:
        return kind(text)
    except ValueError:
        raise InvalidInput(name, "a number is written in digits, such as 40") from None


def _number(text: str) -> object:
    try:
        return int(text)
    except ValueError:
        return text

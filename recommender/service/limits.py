"""Checks of what partners and couples set: every value must be one the taxonomy or the world knows."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import TypeVar, get_args
from zoneinfo import ZoneInfo

from recommender.catalogue.taxonomy import Taxonomy
from recommender.domain import Boundaries, Circumstances, DateStatus, Goal, Pause, Slot, Tags, Week
from recommender.errors import InvalidInput
from recommender.planning.feasibility import ACCESS, CAPS

BUDGET_MOST = 1_000_000
MINUTES_MOST = 7 * 24 * 60
SLOTS_MOST = 50
SLOT_MINUTES = (15, 2 * 24 * 60)
GOAL_TIMES_MOST = 31
GOAL_WEEKS_MOST = 52
TENDER_WEEKS_MOST = 60
PAUSE_WEEKS_MOST = 104

Number = TypeVar("Number", int, float)


def check_boundaries(taxonomy: Taxonomy, idea_ids: Collection[str], boundaries: Boundaries) -> Boundaries:
    """Return boundaries with doubles removed, each value in the taxonomy's order.

    Parameters
    ----------
    idea_ids : Collection[str]
        The ideas that may be named.

    Raises
    ------
    InvalidInput
        If a value is unknown; the field is the boundary that holds it.
    """
    for name, facet in CAPS.items():
        value = getattr(boundaries, name)
        if value is not None:
            _one_of(name, value, taxonomy.facets[facet].names)
    hazards = [value for value in taxonomy.facets["hazard"].names if value != "none"]
    for idea_id in boundaries.ideas_never:
        if idea_id not in idea_ids:
            raise InvalidInput("ideas_never", f"there is no idea {idea_id!r}")
    return replace(
        boundaries,
        hazards_never=_some_of("hazards_never", boundaries.hazards_never, hazards),
        tags_never=_check_tags(taxonomy, "tags_never", boundaries.tags_never),
        ideas_never=tuple(dict.fromkeys(boundaries.ideas_never)),
    )


def check_circumstances(taxonomy: Taxonomy, circumstances: Circumstances) -> Circumstances:
    """Return circumstances with doubles removed.

    Raises
    ------
    InvalidInput
        If a value is unknown or out of range; the field is ``circumstances`` and its name.
    """
    it = circumstances
    _check_time_zone("circumstances.time_zone", it.time_zone)
    if not (
        len(it.currency) == 3 and it.currency.isascii() and it.currency.isalpha() and it.currency.isupper()
    ):
        raise InvalidInput("circumstances.currency", f"{it.currency!r} is not a currency; write one like EUR")
    if it.budget_max is not None:
        _between("circumstances.budget_max", it.budget_max, 0, BUDGET_MOST)
    if it.minutes_max is not None:
        _between("circumstances.minutes_max", it.minutes_max, 1, MINUTES_MOST)
    if it.latitude is not None:
        _between("circumstances.latitude", it.latitude, -90, 90)
    if it.pause is not None:
        _check_pause(it.pause)
    return replace(
        it,
        slots=_check_slots(it.slots),
        access=_some_of("circumstances.access", it.access, ACCESS),
        places=_some_of("circumstances.places", it.places, taxonomy.facets["place"].names),
    )


def check_goals(taxonomy: Taxonomy, goals: Iterable[Goal]) -> tuple[Goal, ...]:
    """Return the goals, each once.

    Raises
    ------
    InvalidInput
        If a practice or tag is unknown, or a number is out of range; the field names the goal.
    """
    kept: list[Goal] = []
    for index, goal in enumerate(goals):
        if goal.practice is not None:
            _one_of(f"goals.{index}.practice", goal.practice, taxonomy.facets["practice"].names)
        _between(f"goals.{index}.times", goal.times, 1, GOAL_TIMES_MOST)
        _between(f"goals.{index}.weeks", goal.weeks, 1, GOAL_WEEKS_MOST)
        goal = replace(goal, tags=_check_tags(taxonomy, f"goals.{index}.tags", goal.tags))
        if goal not in kept:
            kept.append(goal)
    return tuple(kept)


def check_freshness(freshness: float) -> float:
    """Return a dial from 0 (familiar) to 1 (fresh).

    Raises
    ------
    InvalidInput
        If it is outside.
    """
    return float(_between("freshness", freshness, 0.0, 1.0))


def check_tender_weeks(weeks: Collection[str]) -> tuple[str, ...]:
    """Return ISO weeks in order, each once.

    Raises
    ------
    InvalidInput
        If one is not an ISO week, or there are more than sixty.
    """
    if len(weeks) > TENDER_WEEKS_MOST:
        raise InvalidInput("tender_weeks", f"names {len(weeks)} weeks; {TENDER_WEEKS_MOST} are the most")
    try:
        return tuple(str(week) for week in sorted({Week.parse(week) for week in weeks}))
    except ValueError as error:
        raise InvalidInput("tender_weeks", str(error)) from None


def check_stars(field: str, stars: int) -> None:
    """Check a rating.

    Raises
    ------
    InvalidInput
        If it is not a whole number from 1 to 5.
    """
    if isinstance(stars, bool) or stars not in range(1, 6):
        raise InvalidInput(field, f"{stars!r} is not a whole number from 1 to 5")


def check_status(status: str) -> None:
    """Check what became of a date.

    Raises
    ------
    InvalidInput
        If the status is unknown.
    """
    _one_of("status", status, get_args(DateStatus))


def _check_tags(taxonomy: Taxonomy, field: str, tags: Tags) -> Tags:
    kept = {}
    for facet, values in tags.items():
        _one_of(field, facet, tuple(taxonomy.facets))
        kept[facet] = _some_of(f"{field}.{facet}", values, taxonomy.facets[facet].names)
    return {facet: values for facet, values in kept.items() if values}


def _check_slots(slots: tuple[Slot, ...]) -> tuple[Slot, ...]:
    if len(slots) > SLOTS_MOST:
        raise InvalidInput("circumstances.slots", f"holds {len(slots)} slots; {SLOTS_MOST} are the most")
    for index, slot in enumerate(slots):
        _between(f"circumstances.slots.{index}.weekday", slot.weekday, 1, 7)
        _between(f"circumstances.slots.{index}.minutes", slot.minutes, *SLOT_MINUTES)
        if slot.start.tzinfo is not None:
            raise InvalidInput(
                f"circumstances.slots.{index}.start", "has a time zone; write local time, such as 19:30"
            )
    return tuple(dict.fromkeys(slots))


def _check_pause(pause: Pause) -> None:
    try:
        Week.parse(pause.since)
    except ValueError as error:
        raise InvalidInput("circumstances.pause.since", str(error)) from None
    _between("circumstances.pause.weeks", pause.weeks, 1, PAUSE_WEEKS_MOST)


def _check_time_zone(field: str, name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, not a name at all, or a folder of zones
        raise InvalidInput(field, f"{name!r} is not a time zone; write one like Europe/Paris") from None


def _between(field: str, value: Number, least: Number, most: Number) -> Number:
    if not least <= value <= most:  # written so that NaN fails too
        raise InvalidInput(field, f"{value} is not between {least} and {most}")
    return value


def _one_of(field: str, value: str, allowed: Collection[str]) -> None:
    if value not in allowed:
        raise InvalidInput(field, f"{value!r} is not one of {', '.join(allowed)}")


def _some_of(field: str, values: Iterable[str], allowed: Collection[str]) -> tuple[str, ...]:
    """Return ``values`` each once, in the order of ``allowed``."""
    given = set(values)
    for value in sorted(given):
        _one_of(field, value, allowed)
    return tuple(value for value in allowed if value in given)

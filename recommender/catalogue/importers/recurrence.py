"""What recurs, written out up to a horizon."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from recommender.catalogue.importers.drafts import Intake
from recommender.catalogue.importers.limits import OCCURRENCES_MOST
from recommender.domain import Span

PARTS = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTH", "BYMONTHDAY", "BYSETPOS", "WKST")
FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
LONGEST_MONTH = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A first time and the rule by which it comes again.

    Attributes
    ----------
    rule : str
        An RRULE of RFC 5545, without its name.
    except_for : Collection[datetime]
        Starts that do not take place or stand for themselves.
    """

    first: Span
    rule: str
    except_for: Collection[datetime] = ()


def occurrences(recurrence: Recurrence, intake: Intake) -> tuple[Span, ...]:
    """Return the spans that are not over now and begin within the horizon.

    The rule runs on the clock of the first time's zone, so that a class at seven stays at seven when the
    clocks change.

    Raises
    ------
    ValueError
        If the rule cannot be read, or asks for more than a date idea could.
    """
    # Here, and not above: a web worker that imports nothing need not load it.
    from dateutil.rrule import rrulestr

    first = recurrence.first
    zone, lasting = first.starts.tzinfo, first.ends - first.starts
    parts = _checked(recurrence.rule)
    text = ";".join(f"{name}={_local(name, value, first)}" for name, value in parts.items())
    try:
        rule = rrulestr(text, dtstart=first.starts.replace(tzinfo=None))
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise ValueError(f"{recurrence.rule[:80]!r} is not a rule of recurrence ({error})") from None
    after = (intake.now.astimezone(zone) - lasting).replace(tzinfo=None)
    without = {each.timestamp() for each in recurrence.except_for}
    found = []
    for local in islice(rule.xafter(after), OCCURRENCES_MOST + len(without)):
        starts = local.replace(tzinfo=zone)
        if starts >= intake.now + intake.horizon:
            break
        if starts.timestamp() not in without:
            # In UTC, so that a night on which the clocks change is as long as any other.
            found.append(Span(starts, (starts.astimezone(UTC) + lasting).astimezone(zone)))
    return tuple(found[:OCCURRENCES_MOST])


def _checked(rule: str) -> dict[str, str]:
    """Return the parts of a rule, once it is clear that working it out ends soon.

    A rule that never comes true, such as every 30 February, is followed to the year 9999.
    """
    parts = dict(part.split("=", 1) for part in rule.upper().split(";") if "=" in part)
    strange = [name for name in parts if name not in PARTS]
    if strange or parts.get("FREQ") not in FREQUENCIES:
        wrong = strange[0] if strange else f"FREQ={parts.get('FREQ', '')[:20]}"
        raise ValueError(
            f"{wrong} is not for dates; use FREQ {', '.join(FREQUENCIES)} with {', '.join(PARTS[1:])}"
        )
    if "BYSETPOS" in parts and parts["FREQ"] in ("DAILY", "WEEKLY"):
        raise ValueError("BYSETPOS goes with FREQ MONTHLY or YEARLY only")
    months, days = _numbers(parts, "BYMONTH"), _numbers(parts, "BYMONTHDAY")
    if days and all(abs(day) > LONGEST_MONTH.get(month, 31) for month in months or [1] for day in days):
        raise ValueError("names a day that no such month has")
    if len(rule) > 300 or not re.fullmatch(r"[A-Z0-9=,;:+-]*", rule.upper()):
        raise ValueError("is not a rule of recurrence")
    return parts


def _numbers(parts: dict[str, str], name: str) -> list[int]:
    try:
        return [int(number) for number in parts[name].split(",")] if name in parts else []
    except ValueError:
        raise ValueError(f"{name} is not a list of numbers") from None


def _local(name: str, value: str, first: Span) -> str:
    """Return a part's value on the clock of the first time, which UNTIL need not be."""
    if name != "UNTIL" or not value.endswith("Z"):
        return value
    until = datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return until.astimezone(first.starts.tzinfo).strftime("%Y%m%dT%H%M%S")

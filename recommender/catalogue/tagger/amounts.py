"""Times and prices that a text states, in figures or in words."""

from __future__ import annotations

import re

from recommender.catalogue.taxonomy import COST_BANDS, DURATION_BANDS, band

NUMBERS = {
    "a": 1.0,
    "an": 1.0,
    "one": 1.0,
    "two": 2.0,
    "three": 3.0,
    "four": 4.0,
    "five": 5.0,
    "six": 6.0,
    "seven": 7.0,
    "eight": 8.0,
    "ten": 10.0,
    "twelve": 12.0,
    "fifteen": 15.0,
    "twenty": 20.0,
    "thirty": 30.0,
    "forty": 40.0,
    "forty-five": 45.0,
    "fifty": 50.0,
    "sixty": 60.0,
    "ninety": 90.0,
    "half an": 0.5,
}
MINUTES = {"min": 1.0, "minute": 1.0, "h": 60.0, "hr": 60.0, "hour": 60.0, "day": 720.0, "night": 1440.0}

_NUMBER = rf"\d+(?:[.,]\d+)?|{'|'.join(sorted(NUMBERS, key=len, reverse=True))}"
# "a day" and "one night" are rarely lengths (once a day), so days and nights count from two on.
_TIME = re.compile(
    rf"\b({_NUMBER})[ -]?(min|minute|h|hr|hour)s?\b|\b(two|three|four|[2-9])[ -](day|night)s?\b",
    re.IGNORECASE,
)
_PRICE = re.compile(
    r"[€$£]\s?(\d+(?:[.,]\d+)?)|\b(\d+(?:[.,]\d+)?)\s?(?:€|£|\$|(?:eur|euros?|usd|dollars?|pounds?|bucks)\b)",
    re.IGNORECASE,
)


def stated_bands(text: str) -> tuple[tuple[str, str], ...]:
    """Return the facets and values that stated times and prices fall into, at most one of each facet.

    Of several times or prices the largest counts.

    Examples
    --------
    >>> stated_bands("Give it half an hour, then walk for 90 minutes; a cup is $4.")
    (('duration', 'evening'), ('cost', 'low'))
    """
    times = [_amount(m[1] or m[3]) * MINUTES[(m[2] or m[4]).lower()] for m in _TIME.finditer(text)]
    prices = [_amount(m[1] or m[2]) for m in _PRICE.finditer(text)]
    found = [("duration", band(DURATION_BANDS, max(times)))] if times else []
    return (*found, *([("cost", band(COST_BANDS, max(prices)))] if prices else []))


def _amount(written: str) -> float:
    number = NUMBERS.get(written.lower())
    return float(written.replace(",", ".")) if number is None else number

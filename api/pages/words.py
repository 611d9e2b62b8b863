"""Words and figures for templates: days, money, labels of the taxonomy."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

from flask import Flask, url_for

from api.pages.session import deployment_of
from recommender.domain import Idea, Week

ROLES = {
    "easy": "An easy one",
    "growth": "One to grow",
    "close": "One to be close",
    "open": "An open one",
}
MARKS = {"yes": "Yes", "maybe": "Maybe", "not_this_time": "Not this time"}
SWAPS = {
    "too_tired": "We are too tired for it",
    "too_far": "It is too far",
    "too_dear": "It costs too much",
    "wrong_weather": "The weather is wrong",
    "done_it": "We have done it",
    "not_us": "It is not us",
    "not_this_week": "Just not this week",
}
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
VERSIONS = {"remote": "over a call"}
TABS = (
    ("this_week", "This week", "M4 6h16v14H4zM4 11h16M8 3v5M16 3v5"),
    ("our_story", "Our story", "M12 6c-2-2-5-2-8-1v14c3-1 6-1 8 1 2-2 5-2 8-1V5c-3-1-6-1-8 1zv14"),
    ("settings", "Settings", "M4 7h8m4 0h4M4 17h4m4 0h8M12 4v6M8 14v6"),
    ("support", "More help", "M12 20s-8-5-8-10a4.3 4.3 0 0 1 8-2 4.3 4.3 0 0 1 8 2c0 5-8 10-8 10z"),
)
"""The page, its name and what is drawn beside it."""

YEAR = 365 * 24 * 3600


def add_words(app: Flask) -> None:
    """Give templates the functions of this module."""
    app.jinja_env.globals.update(
        asset=_asset(app),
        cost=cost,
        labels=lambda facet, values: labels(app, facet, values),
        marks=MARKS,
        moment=moment,
        roles=ROLES,
        span=span,
        swaps=SWAPS,
        tabs=TABS,
        versions=VERSIONS,
        weekdays=WEEKDAYS,
    )
    app.jinja_env.trim_blocks = True
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = YEAR


def cost(idea: Idea) -> str:
    """Return what an idea costs for two, in words."""
    return "free" if idea.typical_cost == 0 else f"about {idea.typical_cost:g} for two"


def moment(at: datetime, zone: ZoneInfo) -> str:
    """Return a day and time as people say it.

    Examples
    --------
    >>> moment(datetime.fromisoformat("2026-11-25T18:00:00+00:00"), ZoneInfo("Europe/Paris"))
    'Wednesday 25 November, 19:00'
    """
    local = at.astimezone(zone)
    return f"{local:%A} {local.day} {local:%B, %H:%M}"


def span(week: Week) -> str:
    """Return the days of a week.

    Examples
    --------
    >>> span(Week.parse("2026-W48"))
    '23 to 29 November'
    >>> span(Week.parse("2026-W49"))
    '30 November to 6 December'
    """
    first, last = week.monday, week.monday + timedelta(days=6)
    head = f"{first.day}" if first.month == last.month else day(first)
    return f"{head} to {day(last)}"


def day(on: date) -> str:
    """Return a day of the year without the year."""
    return f"{on.day} {on:%B}"


def labels(app: Flask, facet: str, values: Sequence[str]) -> str:
    """Return the words for values of a facet, with commas."""
    known = deployment_of(app).catalogue.taxonomy.facets[facet]
    return ", ".join(known.values[known.rank(value)].label for value in values)


def _asset(app: Flask):  # type: ignore[no-untyped-def]  # a function for templates
    """Return a function that gives an asset's address with its content in it, so that it may be kept long."""
    folder = Path(str(app.static_folder))
    marks = {path.name: sha256(path.read_bytes()).hexdigest()[:10] for path in folder.glob("*.*")}
    return lambda name: url_for("static", filename=name, v=marks[name])

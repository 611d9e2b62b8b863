"""Our story: what they did, what it was like, and gentle pictures of it. No score, no streak."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import mean
from zoneinfo import ZoneInfo

from flask import Blueprint, Response

from api.pages.answers import page
from api.pages.session import a_partner
from api.pages.week import told_goals
from api.registry import Call
from recommender import service
from recommender.service import DateView

MOST_BARS = 6


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart: what it is of, its figure in words, its share of the longest, 0 to 100."""

    label: str
    told: str
    share: float


def add_to(pages: Blueprint) -> None:
    """Add these pages."""
    pages.add_url_rule("/story", view_func=our_story)


def our_story() -> Response:
    """Show past dates as a timeline, and what they add up to."""
    call = a_partner()
    view, seen = service.week_and_dates(call.deployment, call.caller)
    past = [one for one in seen if one.date.status == "done" or one.mine is not None]
    return page(
        "story.html",
        past=past,
        open=[one for one in seen if one.date.status == "planned" and one.mine is None],
        zone=ZoneInfo(view.time_zone),
        other=view.other,
        enjoyed=_enjoyed(call, past),
        caring=_counted(call, past, "connection"),
        fresh=_fresh(call, past),
        goals=told_goals(call, view),
    )


def _fresh(call: Call, past: Iterable[DateView]) -> list[Bar]:
    """Return how unlike anything before each of the latest dates was, the newest first."""
    shown = sorted((seen for seen in past if seen.date.idea_id), key=lambda seen: seen.date.starts_at)
    unlike = service.freshness_of(call.deployment, [seen.date.idea_id or "" for seen in shown])
    told = zip(reversed(shown), reversed(unlike), strict=True)
    return [Bar(seen.date.title, _in_words(share), 100 * share) for seen, share in told][:MOST_BARS]


def _in_words(unlike: float) -> str:
    if unlike > 2 / 3:
        return "new ground"
    return "a new turn" if unlike > 1 / 3 else "an old friend"


def _enjoyed(call: Call, past: Iterable[DateView]) -> list[Bar]:
    """Return what both enjoy, by kind of date, from dates that both have rated."""
    ratings: dict[str, list[float]] = {}
    for seen in past:
        if seen.mine and seen.theirs:
            for value in _values(call, seen, "domain"):
                ratings.setdefault(value, []).append(mean([seen.mine.enjoyment, seen.theirs.enjoyment]))
    means = sorted(((mean(given), value) for value, given in ratings.items()), reverse=True)
    return [
        Bar(_label(call, "domain", value), f"{points:.1f} of 5", 20 * points)
        for points, value in means[:MOST_BARS]
    ]


def _counted(call: Call, past: Iterable[DateView], facet: str) -> list[Bar]:
    """Return how often each value of a facet came up in their dates."""
    counts = Counter(value for seen in past for value in _values(call, seen, facet))
    most = max(counts.values(), default=1)
    return [
        Bar(_label(call, facet, value), "once" if n == 1 else f"{n} times", 100 * n / most)
        for value, n in counts.most_common(MOST_BARS)
    ]


def _values(call: Call, seen: DateView, facet: str) -> tuple[str, ...]:
    idea = call.deployment.catalogue.by_id.get(seen.date.idea_id or "")
    return () if idea is None else tuple(idea.tags[facet])


def _label(call: Call, facet: str, value: str) -> str:
    known = call.deployment.catalogue.taxonomy.facets[facet]
    return known.values[known.rank(value)].label

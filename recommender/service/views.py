"""Plans put into words and plain types for whoever shows them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from recommender.domain import CoupleDate, Goal, Idea, Suggestion
from recommender.service.deployment import Deployment
from recommender.service.weekview import WeekView
from recommender.store.engine import reading
from recommender.store.people import find_couple

SENTENCES = 3
SPOKEN = 0.02
"""Points below which a reason is not read out."""

LIKED = {"yes": "you both said yes", "maybe": "a maybe for you both"}


@dataclass(frozen=True, slots=True)
class Card:
    """One suggestion as a person reads it.

    Attributes
    ----------
    facts : str
        When, how long, how much, and what both like of it once both have marked all.
    sentences : tuple[str, ...]
        At most three of the most telling reasons, then what is expected. The points that go with each
        reason are in `plan_body`: at the end of a day they read as noise.
    """

    position: int
    role: str
    suggestion_id: str
    title: str
    pitch: str
    facts: str
    sentences: tuple[str, ...]


def plan_cards(deployment: Deployment, view: WeekView) -> tuple[Card, ...]:
    """Return a plan's suggestions as cards, times in the couple's own time zone."""
    zone = ZoneInfo(view.time_zone)
    marks = view.marks.by_suggestion
    return tuple(
        _card(deployment.catalogue.idea(s.idea_id), s, zone, marks[s.suggestion_id].both)
        for s in view.plan.suggestions
    )


def plan_body(deployment: Deployment, view: WeekView) -> dict[str, Any]:
    """Return a plan as plain types: the same content as ``GET /v1/weeks/{iso_week}``."""
    plan, marks = view.plan, view.marks
    zone = ZoneInfo(view.time_zone)
    return {
        "week": str(plan.week),
        "rule": plan.rule,
        "suggestions": [
            {
                "suggestion_id": s.suggestion_id,
                "position": s.position,
                "role": s.role,
                "idea": asdict(deployment.catalogue.idea(s.idea_id)),
                "starts_at": s.starts_at.astimezone(zone).isoformat(),
                "expected": s.expected,
                "guess": s.guess,
                "reasons": [asdict(reason) for reason in s.reasons],
                **asdict(marks.by_suggestion[s.suggestion_id]),
            }
            for s in plan.suggestions
        ],
        "marked": marks.complete,
        "advice": [asdict(relaxation) for relaxation in plan.advice],
        "rituals": [
            {
                "ritual_id": seen.ritual.ritual_id,
                "position": seen.ritual.position,
                "expected": seen.ritual.expected,
                "guess": seen.ritual.guess,
                "reasons": [asdict(reason) for reason in seen.ritual.reasons],
                "idea": asdict(deployment.catalogue.idea(seen.ritual.idea_id)),
                "mine": seen.mine,
                "kept": seen.kept,
            }
            for seen in view.rituals
        ],
        "paused": view.paused,
        "goals": [{**asdict(goal), "progress": asdict(progress)} for goal, progress in view.goals],
    }


def ritual_lines(deployment: Deployment, view: WeekView) -> tuple[str, ...]:
    """Return each small ritual of a week in a line."""
    ideas = (deployment.catalogue.idea(seen.ritual.idea_id) for seen in view.rituals)
    return tuple(
        f"{idea.title} · {idea.minutes} min{' · kept' if seen.kept else ''}: {idea.pitch}"
        for seen, idea in zip(view.rituals, ideas, strict=True)
    )


def goal_lines(deployment: Deployment, view: WeekView) -> tuple[str, ...]:
    """Return each goal of a week with how far it is along, in a line."""
    return tuple(
        f"{_goal_words(deployment, goal)}: {progress.done} of {progress.times} since {progress.since:%d %B}"
        for goal, progress in view.goals
    )


def goal_words(deployment: Deployment, goals: Iterable[Goal]) -> tuple[str, ...]:
    """Return what each goal is about, in words."""
    return tuple(_goal_words(deployment, goal) for goal in goals)


def local_start(deployment: Deployment, date: CoupleDate) -> datetime:
    """Return when a date starts, in its couple's own time zone."""
    with reading(deployment.engine) as connection:
        couple = find_couple(connection, date.couple_id)
    return date.starts_at.astimezone(ZoneInfo(couple.circumstances.time_zone if couple else "UTC"))


def _card(idea: Idea, suggestion: Suggestion, zone: ZoneInfo, both: str | None) -> Card:
    when = suggestion.starts_at.astimezone(zone)
    cost = "free" if idea.typical_cost == 0 else f"about {idea.typical_cost:g} for two"
    liked = "" if both is None else f" · {LIKED[both]}"
    return Card(
        position=suggestion.position,
        role=suggestion.role,
        suggestion_id=suggestion.suggestion_id,
        title=idea.title,
        pitch=idea.pitch,
        facts=f"{suggestion.role} · {when:%a %d %b %H:%M} · {idea.minutes} min · {cost}{liked}",
        sentences=_sentences(suggestion),
    )


def _sentences(suggestion: Suggestion) -> tuple[str, ...]:
    told = [r for r in suggestion.reasons if r.kind != "level" and r.contribution >= SPOKEN]
    expected = f"Expected {suggestion.expected:.1f} of 5"
    return (
        *(reason.text for reason in told[:SENTENCES]),
        f"{expected}, a guess so far." if suggestion.guess else f"{expected}.",
    )


def _goal_words(deployment: Deployment, goal: Goal) -> str:
    facets = deployment.catalogue.taxonomy.facets
    named = {"practice": (goal.practice,)} if goal.practice else {}
    labels = (
        facets[name].values[facets[name].rank(value)].label
        for name, values in (*named.items(), *goal.tags.items())
        for value in values
    )
    return ", ".join(labels) or "a date"

"""Bodies about a week's plan. Nothing in them is of the other partner alone.

A week is told as plain types, ideas as JSON that is at hand: its bodies say what is told, and do not check
again what comes from typed code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from orjson import Fragment
from pydantic import Field

from api.schemas.base import Body
from api.schemas.couples import SeenGoalBody
from api.schemas.fields import Moment, SuggestionId
from api.schemas.ideas import IdeaBody
from recommender.domain import MarkWord, Reason, Role, Suggestion, SwapReason
from recommender.service import SeenMark, SeenRitual, WeekView

Told = Mapping[str, Any]
"""The fields of a body, by name."""

EXPECTED = "The couple's expected enjoyment, 1 to 5, in steps of 0.1."


class ReasonBody(Body):
    """One additive term of a suggestion's score."""

    kind: str = Field(examples=["taste"])
    text: str = Field(examples=["You both light up when you make something together"])
    contribution: float = Field(
        description="Points of the couple's score, in steps of 0.05; all reasons sum to it.", examples=[0.6]
    )

    @staticmethod
    def told(reason: Reason) -> Told:
        """Return what the body of a reason says."""
        return {"kind": reason.kind, "text": reason.text, "contribution": reason.contribution}


class SuggestionBody(Body):
    """One of the ideas of a week, with when and why."""

    suggestion_id: str = Field(examples=["01KB2C3D4E5F6G7H8J9KAMBNCQ"])
    position: int = Field(description="1 at the top.", examples=[1])
    role: Role = Field(
        description="What it is for; open where no idea was left for a role.", examples=["close"]
    )
    idea: IdeaBody
    starts_at: datetime = Field(
        description="With the couple's offset.", examples=["2026-11-28T19:30:00+01:00"]
    )
    expected: float = Field(description=EXPECTED, examples=[4.2])
    guess: bool = Field(description="Whether too little is known to call it more than a guess.")
    reasons: tuple[ReasonBody, ...]
    mine: MarkWord | None = Field(description="How you marked it; nobody else sees it.", examples=["yes"])
    both: Literal["yes", "maybe"] | None = Field(
        description="What you both like of it, once both have marked all.", examples=["maybe"]
    )

    @staticmethod
    def told(suggestion: Suggestion, idea: Fragment, zone: ZoneInfo, mark: SeenMark) -> Told:
        """Return what the body of a suggestion says; its spread and propensity stay here."""
        return {
            "suggestion_id": suggestion.suggestion_id,
            "position": suggestion.position,
            "role": suggestion.role,
            "idea": idea,
            "starts_at": suggestion.starts_at.astimezone(zone),
            "expected": suggestion.expected,
            "guess": suggestion.guess,
            "reasons": [ReasonBody.told(reason) for reason in suggestion.reasons],
            "mine": mark.mine,
            "both": mark.both,
        }


class RitualBody(Body):
    """A small thing of a few minutes, whenever there is time. It counts when you both confirm it."""

    ritual_id: str = Field(examples=["01KB2C3D4E5F6G7H8J9KAMBNCQ"])
    position: int = Field(description="1 at the top.", examples=[1])
    idea: IdeaBody
    expected: float = Field(description=EXPECTED, examples=[4.2])
    guess: bool = Field(description="Whether too little is known to call it more than a guess.")
    reasons: tuple[ReasonBody, ...]
    mine: bool = Field(description="Whether you confirmed it.")
    kept: bool = Field(description="Whether everybody did.")

    @staticmethod
    def told(seen: SeenRitual, idea: Fragment) -> Told:
        """Return what the body of a ritual says; its spread and propensity stay here."""
        ritual = seen.ritual
        return {
            "ritual_id": ritual.ritual_id,
            "position": ritual.position,
            "idea": idea,
            "expected": ritual.expected,
            "guess": ritual.guess,
            "reasons": [ReasonBody.told(reason) for reason in ritual.reasons],
            "mine": seen.mine,
            "kept": seen.kept,
        }


class RelaxationBody(Body):
    """A change to a shared limit, and what it would open."""

    change: str = Field(examples=["20 more minutes"])
    opens: int = Field(description="How many more ideas, before anybody's boundaries.", examples=[14])


class PlanBody(Body):
    """A couple's plan for a week."""

    week: str = Field(examples=["2026-W48"])
    rule: str = Field(description="How two tastes were made one score.", examples=["average"])
    suggestions: tuple[SuggestionBody, ...]
    advice: tuple[RelaxationBody, ...] = Field(
        description="Shared limits to relax, where fewer than three ideas fit."
    )

    goals: tuple[SeenGoalBody, ...] = Field(description="How far each goal is along by the end of the week.")
    rituals: tuple[RitualBody, ...] = Field(description="Up to two small ones, at no set time.")
    paused: bool = Field(description="Whether you wanted no plan for this week.")
    marked: bool = Field(description="Whether everybody has marked every suggestion.")

    @staticmethod
    def told(view: WeekView, idea: Callable[[str], Fragment]) -> Told:
        """Return what the body of a week says to one partner.

        Parameters
        ----------
        idea : callable
            Gives the JSON of an idea's body by its id.
        """
        plan, marks, zone = view.plan, view.marks.by_suggestion, ZoneInfo(view.time_zone)
        return {
            "week": str(plan.week),
            "rule": plan.rule,
            "suggestions": [
                SuggestionBody.told(s, idea(s.idea_id), zone, marks[s.suggestion_id])
                for s in plan.suggestions
            ],
            "advice": [{"change": a.change, "opens": a.opens} for a in plan.advice],
            "goals": [SeenGoalBody.of(*goal).model_dump() for goal in view.goals],
            "rituals": [RitualBody.told(seen, idea(seen.ritual.idea_id)) for seen in view.rituals],
            "paused": view.paused,
            "marked": view.marks.complete,
        }


class Swap(Body):
    """Which suggestion to replace, and why."""

    suggestion_id: SuggestionId
    reason: SwapReason = Field(
        description="Far, dear, tired and weather change what is looked for this week, and are forgotten "
        "with it. done_it rests the idea like a date, not_us keeps it away for half a year, and "
        "not_this_week and other ask for nothing.",
        examples=["too_dear"],
    )


class NewMark(Body):
    """What one partner says to a suggestion."""

    suggestion_id: SuggestionId
    mark: MarkWord = Field(
        description="Hidden from the other until both have marked every suggestion.", examples=["yes"]
    )


class Choice(Body):
    """Which suggestion to make a date of."""

    suggestion_id: SuggestionId
    starts_at: Moment | None = Field(default=None, description="null: when it was suggested for.")

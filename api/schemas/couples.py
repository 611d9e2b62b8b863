"""Bodies about what two partners share: circumstances, goals, their calendar."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, Strict

from api.schemas.base import Body, Changes
from api.schemas.fields import WHOLE, Clock, WeekName, Whole, word
from recommender.domain import Circumstances, Goal, Pause, Progress, Slot
from recommender.service import CoupleView
from recommender.service.limits import (
    BUDGET_MOST,
    GOAL_TIMES_MOST,
    GOAL_WEEKS_MOST,
    MINUTES_MOST,
    PAUSE_WEEKS_MOST,
    SLOT_MINUTES,
    SLOTS_MOST,
)

Access = Literal["seated", "step_free", "quiet"]
Budget = Annotated[float, Field(ge=0, le=BUDGET_MOST)]
Minutes = Annotated[int, Strict(), Field(ge=1, le=MINUTES_MOST), WHOLE]
Latitude = Annotated[float, Field(ge=-90, le=90)]


class SlotBody(Body):
    """A weekly stretch of free time, in the couple's own time zone."""

    weekday: Whole = Field(ge=1, le=7, description="1 Monday to 7 Sunday.", examples=[5])
    start: Clock = Field(description="Wall-clock time.")
    minutes: Whole = Field(
        ge=SLOT_MINUTES[0],
        le=SLOT_MINUTES[1],
        description="How long; it may run past midnight.",
        examples=[180],
    )


class GoalBody(Body):
    """A small measurable wish: so many dates of one kind, every so many weeks. None named: any date."""

    practice: Annotated[str, word("practice")] | None = Field(
        default=None, description="What the dates are about.", examples=["ritual"]
    )
    tags: dict[
        Annotated[str, Field(max_length=200)],
        Annotated[tuple[Annotated[str, word("tag")], ...], Field(max_length=100)],
    ] = Field(
        default_factory=dict,
        max_length=100,
        description="Of each facet named, a date has one of the values.",
        json_schema_extra={"x-vocabulary": "tags"},
        examples=[{"screen": ["phone_free"]}],
    )
    times: Whole = Field(default=1, ge=1, le=GOAL_TIMES_MOST, description="Dates.", examples=[2])
    weeks: Whole = Field(default=4, ge=1, le=GOAL_WEEKS_MOST, description="In so many weeks.", examples=[4])

    def goal(self) -> Goal:
        """Return the goal that was sent."""
        return Goal(self.practice, self.times, self.weeks, self.tags)


class ProgressBody(Body):
    """How far a goal is along, from dates done. Old ones drop out as weeks go by; it never fails."""

    done: int = Field(examples=[1])
    times: int = Field(examples=[2])
    since: date = Field(description="The first day that counts.", examples=["2026-11-02"])
    until: date = Field(description="The last.", examples=["2026-11-29"])


class SeenGoalBody(Body):
    """A goal and how far it is along."""

    practice: str | None = Field(examples=["ritual"])
    tags: dict[str, tuple[str, ...]] = Field(examples=[{"screen": ["phone_free"]}])
    times: int = Field(examples=[2])
    weeks: int = Field(examples=[4])
    progress: ProgressBody

    @classmethod
    def of(cls, goal: Goal, progress: Progress) -> Self:
        """Return the body of a goal."""
        told = {name: getattr(progress, name) for name in ProgressBody.model_fields}
        return cls(
            practice=goal.practice,
            tags=dict(goal.tags),
            times=goal.times,
            weeks=goal.weeks,
            progress=ProgressBody(**told),
        )


class PauseBody(Body):
    """Weeks without a plan. Nothing is asked in them and nothing counts against anybody."""

    since: WeekName = Field(description="The first of them.")
    weeks: Whole = Field(ge=1, le=PAUSE_WEEKS_MOST, description="How many.", examples=[3])


class CircumstancesBody(Body):
    """What a couple shares and both may see. Every default means "no limit known"."""

    budget_max: Budget | None = Field(
        default=None, description="For two, for one date, in the currency below.", examples=[40]
    )
    currency: str = Field(
        default="EUR", pattern="^[A-Z]{3}$", description="Three letters, ISO 4217.", examples=["EUR"]
    )
    minutes_max: Minutes | None = Field(
        default=None, description="For one date, door to door.", examples=[180]
    )
    slots: tuple[SlotBody, ...] = Field(
        default=(), max_length=SLOTS_MOST, description="Free time; empty: any time of the week."
    )
    time_zone: Annotated[str, word("time_zone")] = Field(
        default="UTC", description="Where they live.", examples=["Europe/Paris"]
    )
    latitude: Latitude | None = Field(
        default=None, description="Degrees north; seasons turn with its sign.", examples=[48]
    )
    children: bool = Field(default=False, description="Whether they live with children.")
    sitter: bool = Field(default=False, description="Whether someone can mind the children.")
    access: tuple[Access, ...] = Field(
        default=(), max_length=20, description="What every date must be.", examples=[["step_free"]]
    )
    places: tuple[Annotated[str, word("place")], ...] = Field(
        default=(), max_length=50, description="Kinds of place they can use; empty: all.", examples=[["home"]]
    )
    remote: bool = Field(default=False, description="True while they are apart: only what works over a call.")
    alcohol_free: bool = Field(default=False, description="True keeps alcohol out of their plans.")
    pause: PauseBody | None = Field(default=None, description="A break from plans; null: none.")

    @classmethod
    def of(cls, circumstances: Circumstances) -> Self:
        """Return the body of a couple's circumstances."""
        told = {name: getattr(circumstances, name) for name in cls.model_fields}
        told["slots"] = tuple(
            SlotBody.model_construct(weekday=slot.weekday, start=slot.start, minutes=slot.minutes)
            for slot in circumstances.slots
        )
        if circumstances.pause is not None:
            told["pause"] = PauseBody.model_construct(**asdict(circumstances.pause))
        return cls.model_construct(**told)

    def laid_over(self, before: Circumstances) -> Circumstances:
        """Return ``before`` with the fields that were sent in their place."""
        sent = {name: getattr(self, name) for name in self.model_fields_set}
        if "slots" in sent:
            sent["slots"] = tuple(Slot(slot.weekday, slot.start, slot.minutes) for slot in self.slots)
        if self.pause is not None:
            sent["pause"] = Pause(self.pause.since, self.pause.weeks)
        return replace(before, **sent)


class CoupleChanges(Changes):
    """What to change about the couple."""

    circumstances: CircumstancesBody = Field(
        default=CircumstancesBody(), description="Only the fields to change."
    )
    goals: tuple[GoalBody, ...] = Field(default=(), max_length=50, description="Replaces all goals.")

    @property
    def new_circumstances(self) -> Callable[[Circumstances], Circumstances] | None:
        """What lays the fields that were sent over a couple's circumstances, or None if none were."""
        return self.circumstances.laid_over if "circumstances" in self.model_fields_set else None

    def new_goals(self) -> tuple[Goal, ...] | None:
        """Return the goals that were sent, or None."""
        if "goals" not in self.model_fields_set:
            return None
        return tuple(goal.goal() for goal in self.goals)


class CoupleBody(Body):
    """What both partners may see of their couple."""

    couple_id: str = Field(examples=["01KB2C3D4E5F6G7H8J9KAMBNCP"])
    partners: tuple[str, ...] = Field(
        description="Names, in order of joining; one until the other has joined.", examples=[["Robin", "Sam"]]
    )
    circumstances: CircumstancesBody
    goals: tuple[SeenGoalBody, ...]

    @classmethod
    def of(cls, couple: CoupleView) -> Self:
        """Return the body of what a partner may see."""
        goals = tuple(map(SeenGoalBody.of, couple.goals, couple.progress))
        return cls.model_construct(
            couple_id=couple.couple_id,
            partners=couple.partners,
            circumstances=CircumstancesBody.of(couple.circumstances),
            goals=goals,
        )


class CalendarBody(Body):
    """A new address for a calendar; the one before stops working."""

    secret: str = Field(
        description="Whoever has it can read the dates.",
        examples=["2b0a7Yw3bYQbJ0Zc1aQ9u3V5xWl8t2kq6o4n7m1p0sE"],
    )
    path: str = Field(
        description="Where the feed is, on this host.",
        examples=["/v1/calendar/2b0a7Yw3bYQbJ0Zc1aQ9u3V5xWl8t2kq6o4n7m1p0sE.ics"],
    )

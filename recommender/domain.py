"""The things Rekindle speaks of, as plain frozen data. This module imports nothing of ours.

In the field's terms: partner = user, idea = item, couple = group, plan = slate,
shown suggestion = exposure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

Tags = Mapping[str, tuple[str, ...]]
"""Facet name to its values; single and ordinal facets hold exactly one value."""

AnswerValue = str | int | tuple[str, ...]
"""A quiz answer: an option's value (pair), a number (scale), or several values (many)."""

Role = Literal["easy", "growth", "close", "open"]
"""What a suggestion is for; ``open`` where a couple's limits leave no idea for a role."""

SwapReason = Literal[
    "too_far", "too_dear", "too_tired", "done_it", "not_us", "wrong_weather", "not_this_week", "other"
]
"""Why a suggestion was swapped away; ``other`` where nobody said, as when a limit set later forbids it."""

GUESS_STD = 0.45
"""Rating points: an expectation with a wider standard deviation is called a guess."""

DateStatus = Literal["planned", "done", "skipped"]
Scope = Literal["all", "plan"]
"""What a token may do: everything its partner may, or only read the plan and what both share."""

OUR_SOURCE = "rekindle"
"""The source of the catalogue in files; imported ideas name another."""

MarkWord = Literal["yes", "maybe", "not_this_time"]
"""What one partner, alone, says to a suggestion."""


@dataclass(frozen=True, slots=True)
class Prompts:
    """Two questions to ask each other on the date: one light, one deeper."""

    light: str
    deeper: str


@dataclass(frozen=True, slots=True)
class Span:
    """One stretch of time in which an idea exists, such as a showing; both ends are aware."""

    starts: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Idea:
    """A catalogue entry: something two people can really do.

    Attributes
    ----------
    typical_cost : float
        For two, in units of about one euro or dollar, without travel or a sitter.
    minutes : int
        Time together, door to door.
    tags : Mapping[str, tuple[str, ...]]
        A value for every facet of the taxonomy.
    versions : Mapping[str, str]
        "Make it yours": for example ``cheaper``, ``seated``, ``quiet``, ``apart``.
    source : str
        The catalogue it comes from.
    spans : tuple[Span, ...]
        When it exists, by start; empty means always. Outside of them it is never proposed.
    guessed : tuple[str, ...]
        Facets whose values were guessed from its words and that no person has confirmed yet.
    """

    idea_id: str
    title: str
    pitch: str
    steps: tuple[str, ...]
    typical_cost: float
    minutes: int
    tags: Tags
    versions: Mapping[str, str]
    plan_b: str
    prompts: Prompts
    consent_note: str | None = None
    safety: str | None = None
    source: str = OUR_SOURCE
    spans: tuple[Span, ...] = ()
    guessed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Option:
    """One answer a question offers, with the tags it openly speaks for."""

    value: str | int
    label: str
    tags: Tags


@dataclass(frozen=True, slots=True)
class Question:
    """A quiz question: ``pair`` (one of two), ``scale`` (1 to 5) or ``many`` (any number)."""

    question_id: str
    kind: Literal["pair", "scale", "many"]
    prompt: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Boundaries:
    """What one partner never wants: absolute and private. ``None`` means no limit known.

    The ``*_max`` fields name the most demanding value allowed of an ordinal facet.
    """

    touch_max: str | None = None
    talk_max: str | None = None
    alcohol_max: str | None = None
    mobility_max: str | None = None
    sensory_max: str | None = None
    hazards_never: tuple[str, ...] = ()
    tags_never: Tags = field(default_factory=dict)
    ideas_never: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Slot:
    """A weekly stretch of free time in the couple's own time zone.

    Attributes
    ----------
    weekday : int
        ISO weekday, 1 (Monday) to 7 (Sunday).
    start : datetime.time
        Local wall-clock time.
    minutes : int
        How long it lasts; it may run past midnight.
    """

    weekday: int
    start: time
    minutes: int


@dataclass(frozen=True, slots=True)
class Goal:
    """A small measurable wish: so many dates of one kind every so many weeks.

    Attributes
    ----------
    practice : str or None
        What the dates are about; None for anything.
    times, weeks : int
        How many dates, in how many weeks.
    tags : Tags
        Of each facet named here a date has one of the values; ``{"screen": ("phone_free",)}``.
    """

    practice: str | None = None
    times: int = 1
    weeks: int = 4
    tags: Tags = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a goal is along: dates done from ``since`` to ``until``, both days included."""

    done: int
    times: int
    since: date
    until: date

    @property
    def reached(self) -> bool:
        """Whether nothing is left to do for now."""
        return self.done >= self.times


@dataclass(frozen=True, slots=True)
class Pause:
    """Weeks in which a couple wants no plan: ``weeks`` of them from the ISO week ``since`` on."""

    since: str
    weeks: int

    @property
    def mondays(self) -> tuple[date, date]:
        """The first Monday of the pause, and the first after it."""
        first = Week.parse(self.since).monday
        return first, first + timedelta(weeks=self.weeks)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the couple shares and both may see. Every default means "no limit known".

    Attributes
    ----------
    budget_max : float or None
        For two, for one date, in ``currency``.
    minutes_max : int or None
        For one date, door to door.
    slots : tuple[Slot, ...]
        Empty means any time of the week.
    latitude : float or None
        Degrees north; seasons turn with its sign.
    children, sitter : bool
        Whether they live with children, and whether someone can mind them.
    access : tuple[str, ...]
        Any of ``seated``, ``step_free``, ``quiet``.
    places : tuple[str, ...]
        Kinds of place they can use; empty means all.
    remote : bool
        True while they are apart: only ideas that work over a call.
    alcohol_free : bool
        True keeps alcohol out of their plans altogether.
    pause : Pause or None
        Weeks in which they want to be left alone: nothing is planned and nothing counts.
    """

    budget_max: float | None = None
    currency: str = "EUR"
    minutes_max: int | None = None
    slots: tuple[Slot, ...] = ()
    time_zone: str = "UTC"
    latitude: float | None = None
    children: bool = False
    sitter: bool = False
    access: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    remote: bool = False
    alcohol_free: bool = False
    pause: Pause | None = None

    def paused(self, week: Week) -> bool:
        """Return whether a week lies in their pause."""
        if self.pause is None:
            return False
        first, after = self.pause.mondays
        return first <= week.monday < after


@dataclass(frozen=True, slots=True)
class Partner:
    """One person of a couple, with everything only they may see.

    Attributes
    ----------
    freshness : float
        Their dial from 0 (familiar) to 1 (fresh).
    tender_weeks : tuple[str, ...]
        ISO weeks in which they are open to tender or mending talk.
    """

    partner_id: str
    couple_id: str
    name: str
    answers: Mapping[str, AnswerValue] = field(default_factory=dict)
    boundaries: Boundaries = Boundaries()
    freshness: float = 0.5
    tender_weeks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Couple:
    """Two partners (or one, until the other joins) with circumstances and goals."""

    couple_id: str
    partners: tuple[Partner, ...]
    circumstances: Circumstances = Circumstances()
    goals: tuple[Goal, ...] = ()


@dataclass(frozen=True, slots=True)
class Rating:
    """One partner's word on one date; ``note`` stays with them."""

    date_id: str
    partner_id: str
    enjoyment: int
    closeness: int | None
    again: bool | None
    note: str | None
    rated_at: datetime


@dataclass(frozen=True, slots=True)
class FeedbackRow:
    """One rating as training reads it: who, which date, which idea, and the word given; never the note."""

    couple_id: str
    partner_id: str
    date_id: str
    idea_id: str
    enjoyment: int
    closeness: int | None
    again: bool | None
    rated_at: datetime


@dataclass(frozen=True, slots=True)
class CoupleDate:
    """A suggestion chosen, or something a couple did on their own.

    ``idea_id`` is None for a date of their own that is not in the catalogue.

    Attributes
    ----------
    kept_by : str or None
        The partner whose alone it has become: the other deleted it or left. None while it is both's.
    revision : int
        How often it was moved, called off or taken up again; calendars go by it.
    """

    date_id: str
    couple_id: str
    idea_id: str | None
    title: str
    status: DateStatus
    starts_at: datetime
    suggestion_id: str | None = None
    kept_by: str | None = None
    revision: int = 0

    def revised(self, status: DateStatus, starts_at: datetime) -> CoupleDate:
        """Return it with a status and a start; where either is another, as a new revision."""
        if (status, starts_at) == (self.status, self.starts_at):
            return self
        return replace(self, status=status, starts_at=starts_at, revision=self.revision + 1)

    def shown_to(self, partner_id: str | None) -> bool:
        """Return whether a partner may know of it; the operator, who is none, may of both's."""
        return self.kept_by in (None, partner_id)


@dataclass(frozen=True, slots=True)
class Reason:
    """One additive term of a suggestion's score, in words.

    Attributes
    ----------
    contribution : float
        In points of the couple score; all reasons of a suggestion sum to it.
    partner_id : str or None
        Whose own answers or dates it speaks of, and so who alone may read it; None where it is of both.
    """

    kind: str
    text: str
    contribution: float
    partner_id: str | None = None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An exposure: one idea shown to a couple at one position of a week's plan.

    Attributes
    ----------
    position : int
        1 to 3, from the top.
    expected : float
        The couple's expected enjoyment, 1 to 5.
    std : float
        Standard deviation of ``expected``, rating points.
    score : float
        What the slate was chosen by; equals the sum of the reasons.
    propensity : float
        Probability, in (0, 1], with which this idea was shown at this position given those above it.
    model_version : str
        The model that was current when it was shown.
    replaced_by : str or None
        The suggestion that took its place in a swap.
    """

    suggestion_id: str
    position: int
    role: Role
    idea_id: str
    starts_at: datetime
    expected: float
    std: float
    score: float
    propensity: float
    reasons: tuple[Reason, ...]
    model_version: str
    replaced_by: str | None = None

    @property
    def guess(self) -> bool:
        """Whether the expectation is so wide that it must be called a guess."""
        return self.std > GUESS_STD

    def told(self, expected: float, score: float, reasons: tuple[Reason, ...]) -> Suggestion:
        """Return it with the figures and reasons that somebody is told."""
        return Suggestion(  # `replace` takes several times as long
            self.suggestion_id,
            self.position,
            self.role,
            self.idea_id,
            self.starts_at,
            expected,
            self.std,
            score,
            self.propensity,
            reasons,
            self.model_version,
            self.replaced_by,
        )


@dataclass(frozen=True, slots=True)
class Ritual:
    """A small thing of a few minutes, offered beside a week's dates at no set time.

    Attributes
    ----------
    position : int
        1 or 2, from the top.
    expected, std, score, propensity, reasons, model_version
        As for `Suggestion`.
    """

    ritual_id: str
    position: int
    idea_id: str
    expected: float
    std: float
    score: float
    propensity: float
    reasons: tuple[Reason, ...]
    model_version: str

    @property
    def guess(self) -> bool:
        """Whether the expectation is so wide that it must be called a guess."""
        return self.std > GUESS_STD

    def told(self, expected: float, score: float, reasons: tuple[Reason, ...]) -> Ritual:
        """Return it with the figures and reasons that somebody is told."""
        return Ritual(
            self.ritual_id,
            self.position,
            self.idea_id,
            expected,
            self.std,
            score,
            self.propensity,
            reasons,
            self.model_version,
        )


@dataclass(frozen=True, slots=True)
class Mark:
    """One partner's word on one suggestion, hidden from the other until both have marked all.

    Attributes
    ----------
    revealed_at : datetime or None
        When it was first shown to both; from then on it stays as it is.
    """

    suggestion_id: str
    partner_id: str
    word: MarkWord
    marked_at: datetime
    revealed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Relaxation:
    """A change to a shared limit and how many more ideas it opens. Never a boundary."""

    change: str
    opens: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A couple's slate of suggestions for one ISO week."""

    week: Week
    couple_id: str
    rule: str
    suggestions: tuple[Suggestion, ...]
    advice: tuple[Relaxation, ...] = ()


@dataclass(frozen=True, order=True, slots=True)
class Week:
    """An ISO week.

    Examples
    --------
    >>> Week.parse("2026-W48").monday
    datetime.date(2026, 11, 23)
    >>> str(Week.parse("2026-W53").next())
    '2027-W01'
    >>> Week.parse("2026-W99")
    Traceback (most recent call last):
    ValueError: '2026-W99' is not an ISO week; write one like 2026-W48
    """

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> Week:
        """Return the week that ``text`` names, such as ``2026-W48``.

        Raises
        ------
        ValueError
            If it is not the ISO form, or the year has no such week.
        """
        try:
            year, number = text.split("-W")
            if (len(year), len(number)) != (4, 2) or not (year + number).isascii():
                raise ValueError
            week = cls(int(year), int(number))
            date.fromisocalendar(week.year, week.number, 1)
            date.fromisocalendar(week.year, week.number, 7)
        except ValueError:
            raise ValueError(f"{text!r} is not an ISO week; write one like 2026-W48") from None
        return week

    @classmethod
    def of(cls, day: date) -> Week:
        """Return the week that holds ``day``."""
        return cls(*day.isocalendar()[:2])

    @property
    def monday(self) -> date:
        """The first day of the week."""
        return date.fromisocalendar(self.year, self.number, 1)

    def next(self) -> Week:
        """Return the week after this one."""
        return Week.of(self.monday + timedelta(days=7))

    def __str__(self) -> str:
        return f"{self.year:04d}-W{self.number:02d}"


def utc_now() -> datetime:
    """Return the present moment in UTC; the clock that a deployment uses unless told otherwise."""
    return datetime.now(UTC)

"""Bodies about one partner: joining, who they are, answers and boundaries."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, JsonValue, RootModel

from api.schemas.base import Body, Changes
from api.schemas.fields import IdeaId, Line, Name, WeekName, Whole, word
from recommender.domain import AnswerValue, Boundaries, Partner
from recommender.service import Joined

Share = Annotated[float, Field(ge=0, le=1)]
Choice = Annotated[str, Field(max_length=200)]
Answer = Choice | Whole | Annotated[tuple[Choice, ...], Field(max_length=100)]


class NewCouple(Body):
    """The first partner of a couple."""

    name: Name


class Acceptance(Body):
    """The second partner, with the code the first was given."""

    invite_code: Line = Field(
        max_length=40, description="Spaces, hyphens and case do not matter.", examples=["ABCDE-FGHJK"]
    )
    name: Name


class JoinedBody(Body):
    """What a new partner is told, once. Keep the token: only its hash is stored here."""

    couple_id: str = Field(examples=["01KB2C3D4E5F6G7H8J9KAMBNCP"])
    partner_id: str = Field(examples=["01KB2C3D4E5F6G7H8J9KAMBNCQ"])
    token: str = Field(
        description="For Authorization: Bearer.", examples=["2b0a7Yw3bYQbJ0Zc1aQ9u3V5xWl8t2kq6o4n7m1p0sE"]
    )

    @classmethod
    def of(cls, joined: Joined) -> Self:
        """Return what is told of a partner who joined."""
        return cls(couple_id=joined.couple_id, partner_id=joined.partner_id, token=joined.token)


class StartedBody(JoinedBody):
    """What the first partner is told, once."""

    invite_code: str = Field(
        description="For the other partner: works once, for a week.", examples=["ABCDEFGHJK"]
    )

    @classmethod
    def of(cls, joined: Joined) -> Self:
        """Return what is told of a partner who started a couple."""
        return cls(
            couple_id=joined.couple_id,
            partner_id=joined.partner_id,
            token=joined.token,
            invite_code=joined.invite_code or "",
        )


class InviteBody(Body):
    """A new invitation; the one before stops working."""

    invite_code: str = Field(
        description="For the other partner: works once, for a week.", examples=["ABCDEFGHJK"]
    )


class MeBody(Body):
    """The partner who asks."""

    partner_id: str = Field(examples=["01KB2C3D4E5F6G7H8J9KAMBNCQ"])
    couple_id: str = Field(examples=["01KB2C3D4E5F6G7H8J9KAMBNCP"])
    name: str = Field(description="What you are called here.", examples=["Robin"])
    freshness: float = Field(description="0 familiar, 1 fresh.", examples=[0.5])
    tender_weeks: tuple[str, ...] = Field(
        description="Weeks in which you are open to tender or mending talk.", examples=[["2026-W48"]]
    )

    @classmethod
    def of(cls, partner: Partner) -> Self:
        """Return what a partner may read of themselves, answers and boundaries apart."""
        return cls(
            partner_id=partner.partner_id,
            couple_id=partner.couple_id,
            name=partner.name,
            freshness=partner.freshness,
            tender_weeks=partner.tender_weeks,
        )


class MeChanges(Changes):
    """What to change about oneself."""

    name: Name = ""
    freshness: Share = Field(default=0.5, description="0 familiar, 1 fresh.", examples=[0.7])
    tender_weeks: tuple[WeekName, ...] = Field(
        default=(),
        max_length=60,
        description="Weeks in which you are open to tender or mending talk. Such ideas need both of you.",
        examples=[["2026-W48"]],
    )


class AnswersBody(Body):
    """A partner's quiz answers by question: an option's value, or several where the kind is ``many``."""

    answers: dict[Annotated[str, Field(max_length=200)], Answer] = Field(
        default_factory=dict,
        max_length=200,
        description="Replaces all answers given before.",
        json_schema_extra={"x-vocabulary": "answers"},
    )

    @classmethod
    def of(cls, partner: Partner) -> Self:
        """Return a partner's answers."""
        stored: dict[str, AnswerValue] = dict(partner.answers)
        return cls.model_construct(answers=stored)  # stored before: not ours to judge again


class BoundariesBody(Body):
    """What one partner never wants. Only they see it; it is never shown, hinted at or counted."""

    touch_max: Annotated[str, word("touch")] | None = Field(
        default=None, description="The most touch; null: no limit known.", examples=["affectionate"]
    )
    talk_max: Annotated[str, word("talk_depth")] | None = Field(
        default=None, description="How far talk may go.", examples=["personal"]
    )
    alcohol_max: Annotated[str, word("alcohol")] | None = Field(
        default=None, description="The most part alcohol may play.", examples=["none"]
    )
    mobility_max: Annotated[str, word("mobility")] | None = Field(
        default=None, description="The most that may be asked of the body.", examples=["step_free"]
    )
    sensory_max: Annotated[str, word("sensory")] | None = Field(
        default=None, description="The most the senses may have to take.", examples=["moderate"]
    )
    hazards_never: tuple[Annotated[str, word("hazard")], ...] = Field(
        default=(), max_length=50, description="Hazards to keep away from.", examples=[["height", "water"]]
    )
    tags_never: dict[
        Annotated[str, Field(max_length=200)],
        Annotated[tuple[Annotated[str, word("tag")], ...], Field(max_length=100)],
    ] = Field(
        default_factory=dict,
        max_length=100,
        description="Tags never wanted, by facet.",
        json_schema_extra={"x-vocabulary": "tags"},
        examples=[{"domain": ["games_puzzles"]}],
    )
    ideas_never: tuple[Annotated[IdeaId, word("idea")], ...] = Field(
        default=(), max_length=1000, description="Ideas never wanted."
    )

    @classmethod
    def of(cls, boundaries: Boundaries) -> Self:
        """Return the body of a partner's boundaries."""
        return cls.model_construct(**{name: getattr(boundaries, name) for name in cls.model_fields})

    def boundaries(self) -> Boundaries:
        """Return the boundaries a partner sent."""
        return Boundaries(**self.model_dump())


class ExportBody(RootModel[dict[str, JsonValue]]):
    """Everything kept about the partner who asks."""

"""Bodies about dates and what each partner thought of them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field, Strict, model_validator
from pydantic.config import JsonDict

from api.schemas.base import Body, Changes
from api.schemas.fields import LINE_PATTERN, STRIPPED, WHOLE, Day, IdeaId, Moment, Text, word
from recommender.domain import DateStatus, Rating
from recommender.service import DateView
from recommender.service.texts import NOTE_LENGTH, TITLE_LENGTH

Stars = Annotated[int, Strict(), Field(ge=1, le=5), WHOLE]
Title = Annotated[str, Field(pattern=LINE_PATTERN, max_length=TITLE_LENGTH), STRIPPED]
EXACTLY_ONE: JsonDict = {
    "oneOf": [
        {"required": ["idea_id"], "properties": {"idea_id": {"type": "string"}, "title": {"type": "null"}}},
        {"required": ["title"], "properties": {"title": {"type": "string"}, "idea_id": {"type": "null"}}},
    ]
}


class LoggedDate(Body):
    """A date done on their own: either an idea of the catalogue or a title."""

    model_config = ConfigDict(json_schema_extra=EXACTLY_ONE)

    idea_id: Annotated[IdeaId, word("idea")] | None = Field(default=None, examples=["three-line-letters"])
    title: Title | None = Field(
        default=None, description="In their own words.", examples=["Chips on the pier"]
    )
    on: Day = Field(description="The day it was.")

    @model_validator(mode="after")
    def _either(self) -> Self:
        if (self.idea_id is None) == (self.title is None):
            raise ValueError("give either idea_id or title")
        return self


class DateChanges(Changes):
    """What to change about a date."""

    status: DateStatus = Field(default="planned", description="Whether it was done.", examples=["skipped"])
    starts_at: Moment = Field(default=datetime.min, description="When it starts.")


class NewRating(Body):
    """One partner's word on one date."""

    enjoyment: Stars = Field(description="1 not at all to 5 very much.", examples=[4])
    closeness: Stars | None = Field(default=None, description="How close it felt, 1 to 5.", examples=[5])
    again: bool | None = Field(default=None, description="Whether to do it again.", examples=[True])
    note: Annotated[Text, Field(max_length=NOTE_LENGTH)] | None = Field(
        default=None, description="Private: nobody else ever sees it.", examples=["The coin chose well."]
    )


class TheirRating(Body):
    """The other partner's word, shown once both have rated; never their note."""

    enjoyment: int = Field(examples=[5])
    closeness: int | None = Field(examples=[4])
    again: bool | None = Field(examples=[True])

    @classmethod
    def of(cls, rating: Rating | None) -> Self | None:
        """Return the body of a rating, with as much of it as this body tells; None for none."""
        if rating is None:
            return None
        return cls(**{name: getattr(rating, name) for name in cls.model_fields})


class MyRating(TheirRating):
    """One's own word, with the note."""

    note: str | None = Field(examples=["The coin chose well."])
    rated_at: datetime


class DateBody(Body):
    """A date, as the partner who asks may see it."""

    date_id: str = Field(examples=["01KB2C3D4E5F6G7H8J9KAMBNCP"])
    idea_id: str | None = Field(
        description="null for one of their own making.", examples=["three-line-letters"]
    )
    title: str = Field(examples=["Three-line letters"])
    status: DateStatus = Field(examples=["done"])
    starts_at: datetime = Field(
        description="With the couple's offset.", examples=["2026-11-28T19:30:00+01:00"]
    )
    suggestion_id: str | None = Field(description="The suggestion it was, if it was one.")
    mine: MyRating | None
    theirs: TheirRating | None = Field(description="null until both have rated.")
    starts: tuple[datetime, ...] = Field(
        description="When else in its week you are free and it fits; empty unless it is planned."
    )

    @classmethod
    def of(cls, view: DateView, zone: ZoneInfo) -> Self:
        """Return the body of a date, in the couple's time zone."""
        return cls(
            date_id=view.date.date_id,
            idea_id=view.date.idea_id,
            title=view.date.title,
            status=view.date.status,
            starts_at=view.date.starts_at.astimezone(zone),
            suggestion_id=view.date.suggestion_id,
            mine=MyRating.of(view.mine),
            theirs=TheirRating.of(view.theirs),
            starts=tuple(start.astimezone(zone) for start in view.starts),
        )


class DatesBody(Body):
    """All dates of a couple, the newest first."""

    dates: tuple[DateBody, ...]

"""Bodies about the catalogue and the quiz."""

from __future__ import annotations

from collections.abc import Set
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field

from api.schemas.base import Body, Query
from api.schemas.fields import SECRET_PATTERN, TEXT_PATTERN, word
from recommender.domain import Idea, Question, Tags
from recommender.service.ideas import PAGE, PAGE_MOST

# One tag arrives as text, several as a list.
Tag = Annotated[str, word("tag")]
TagList = Annotated[tuple[Tag, ...], BeforeValidator(lambda sent: sent if isinstance(sent, list) else [sent])]


class IdeasQuery(Query):
    """Which ideas, and which page of them."""

    q: str = Field(
        default="",
        max_length=200,
        pattern=TEXT_PATTERN,
        description="Words that all occur in title, pitch, steps or tags.",
        examples=["letters by candlelight"],
    )
    tag: TagList = Field(
        default=(),
        max_length=50,
        description="facet:value, repeatable. Any value of one facet will do; every facet named must fit.",
        examples=[["place:home", "domain:food_drink"]],
    )
    cost_max: float | None = Field(
        default=None, ge=0, le=1_000_000, description="Most cost for two.", examples=[20]
    )
    minutes_max: int | None = Field(
        default=None, ge=0, le=100_000, description="Most minutes.", examples=[60]
    )
    limit: int = Field(default=PAGE, ge=1, le=PAGE_MOST, description="Ideas on a page.", examples=[10])
    cursor: str | None = Field(
        default=None,
        max_length=400,
        pattern=SECRET_PATTERN.replace("{1,200}", "+=*"),
        description="next_cursor of the page before.",
    )

    def tags(self) -> Tags:
        """Return the tags asked for, by facet."""
        wanted: dict[str, tuple[str, ...]] = {}
        for tag in self.tag:
            facet, _, value = tag.partition(":")
            wanted[facet] = (*wanted.get(facet, ()), value)
        return wanted


class PromptsBody(Body):
    """Two questions to ask each other."""

    light: str = Field(examples=["Which of these would embarrass you most in a supermarket?"])
    deeper: str = Field(examples=["Who were you when you loved this song?"])


class IdeaBody(Body):
    """A catalogue entry: something two people can really do."""

    idea_id: str = Field(description="Stable.", examples=["three-line-letters"])
    title: str = Field(examples=["Three-line letters"])
    pitch: str = Field(description="One sentence: what you do and why it is nice.")
    steps: tuple[str, ...]
    typical_cost: float = Field(description="For two, in about euros or dollars.", examples=[0])
    minutes: int = Field(description="Door to door.", examples=[30])
    tags: dict[str, str | tuple[str, ...]] = Field(
        description="A value for every facet; a list where a facet takes several.",
        examples=[{"place": ["home"], "touch": "none"}],
    )
    versions: dict[str, str] = Field(description="Make it yours: cheaper, shorter, seated, quiet, apart …")
    plan_b: str
    prompts: PromptsBody
    consent_note: str | None
    safety: str | None
    source: str = Field(description="The catalogue it comes from.", examples=["rekindle"])

    @classmethod
    def of(cls, idea: Idea, lists: Set[str]) -> Self:
        """Return the body of an idea.

        Parameters
        ----------
        lists : Set[str]
            The facets that take several values.
        """
        told = {name: getattr(idea, name) for name in cls.model_fields}
        told["tags"] = {f: values if f in lists else values[0] for f, values in idea.tags.items()}
        told["versions"] = dict(idea.versions)
        told["prompts"] = PromptsBody(light=idea.prompts.light, deeper=idea.prompts.deeper)
        return cls(**told)


class IdeasBody(Body):
    """A page of ideas."""

    ideas: tuple[IdeaBody, ...]
    next_cursor: str | None = Field(description="Send it as cursor for the next page; null on the last.")


class OptionBody(Body):
    """One answer a question offers."""

    value: str | int = Field(description="What to send.", examples=["out"])
    label: str = Field(description="What to show.", examples=["Out in the world"])
    tags: dict[str, tuple[str, ...]] = Field(
        description="What it speaks for, openly.", examples=[{"place": ["venue", "event"]}]
    )


class QuestionBody(Body):
    """A quiz question."""

    question_id: str = Field(examples=["tonight"])
    kind: Literal["pair", "scale", "many"] = Field(
        description="One of two, 1 to 5, or any number of options."
    )
    prompt: str
    options: tuple[OptionBody, ...]

    @classmethod
    def of(cls, question: Question) -> Self:
        """Return the body of a question."""
        options = (OptionBody(value=o.value, label=o.label, tags=dict(o.tags)) for o in question.options)
        return cls(
            question_id=question.question_id,
            kind=question.kind,
            prompt=question.prompt,
            options=tuple(options),
        )


class QuizBody(Body):
    """All questions, in order."""

    questions: tuple[QuestionBody, ...]

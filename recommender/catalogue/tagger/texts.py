"""What goes into the tagger and what comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from recommender.domain import Idea, Tags

SAFETY = ("touch", "talk_depth", "alcohol", "mobility", "sensory", "hazard")
"""Facets that private boundaries speak of: the more demanding value when unsure, and always for review."""

View = Literal["whole", "short", "line"]
"""How much of an idea's text there is: with steps, title and pitch, or one of these."""

VIEWS: tuple[View, ...] = ("whole", "short", "line")


@dataclass(frozen=True, slots=True)
class IdeaText:
    """The words of an idea that has yet to be tagged, and what is known of it otherwise.

    Attributes
    ----------
    title, pitch : str
        Either may be empty.
    steps : tuple[str, ...]
        May be empty.
    typical_cost : float or None
        For two, in units of about one euro or dollar. Where known, the tag ``cost`` follows from it.
    minutes : int or None
        Door to door. Where known, the tag ``duration`` follows from it.
    given : Tags
        Tags that are already known; they are kept as they are.
    """

    title: str = ""
    pitch: str = ""
    steps: tuple[str, ...] = ()
    typical_cost: float | None = None
    minutes: int | None = None
    given: Tags = field(default_factory=dict)

    @property
    def parts(self) -> tuple[str, str, str]:
        """Title, pitch, and the steps as one text."""
        return self.title, self.pitch, " ".join(self.steps)

    @property
    def document(self) -> str:
        """All of it as one text."""
        return " ".join(part for part in self.parts if part)

    @property
    def view(self) -> View:
        """How much of the text there is."""
        if self.steps:
            return "whole"
        return "short" if self.title and self.pitch else "line"


@dataclass(frozen=True, slots=True)
class Tagged:
    """What the tagger makes of one text.

    Attributes
    ----------
    tags : Tags
        A value for every facet, in no combination that cannot be. Of ``domain`` the likeliest is first.
    confidence : Mapping[str, Mapping[str, float]]
        Facet → value → probability, 0 to 1; of given tags 1 and 0. The values of a multi facet are
        judged one by one, those of another facet add up to 1.
    review : tuple[str, ...]
        Facets that a person should look at: those of safety, and those that are a close call.
    """

    tags: Tags
    confidence: Mapping[str, Mapping[str, float]]
    review: tuple[str, ...]


def idea_text(idea: Idea) -> IdeaText:
    """Return the words of an idea, and nothing else that is known about it."""
    return IdeaText(idea.title, idea.pitch, idea.steps)


def seen_as(text: IdeaText, view: View) -> IdeaText:
    """Return as much of a text as a view shows: of one line the pitch, which says what happens.

    Titles of our own are coy; a line in a list from elsewhere is not.
    """
    if view == "whole":
        return text
    return IdeaText(text.title, text.pitch) if view == "short" else IdeaText(text.pitch or text.title)

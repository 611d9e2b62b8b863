"""What a tagger is asked and answers, whichever tagger it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from recommender.catalogue.importers.drafts import Draft
from recommender.domain import Tags


@dataclass(frozen=True, slots=True)
class IdeaWords:
    """The words of an idea, any of them empty, with what is known of it already."""

    title: str = ""
    pitch: str = ""
    steps: tuple[str, ...] = ()
    typical_cost: float | None = None
    minutes: int | None = None
    given: Tags = field(default_factory=dict)


class Tagged(Protocol):
    """A tagger's answer: a value for every facet, and how sure it is of each."""

    @property
    def tags(self) -> Tags:
        """Every facet of the taxonomy, given ones as they were."""

    @property
    def confidence(self) -> Mapping[str, Mapping[str, float]]:
        """For each facet the probability of every value, 0 to 1."""


class Tagger(Protocol):
    """Anything that can say what facets a text has; the same words always get the same answer."""

    def tag(self, texts: Sequence[IdeaWords]) -> Sequence[Tagged]:
        """Return the facets of each text, in order."""


def words_of(draft: Draft) -> IdeaWords:
    """Return what a tagger is asked about a draft."""
    return IdeaWords(draft.title, draft.pitch, draft.steps, draft.typical_cost, draft.minutes, draft.tags)

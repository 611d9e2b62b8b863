"""Finding ideas by words, tags, cost and minutes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from recommender.domain import Idea, Tags

WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class IdeaQuery:
    """What to look for; every default means "no matter".

    Attributes
    ----------
    text : str or None
        Every word must begin a word of the title, pitch, steps or tags; case and accents do not count.
    tags : Mapping[str, tuple[str, ...]]
        For each facet any one of the values; an idea for ``any`` season or time of day has them all.
    cost_max : float or None
        For two, in units of about one euro or dollar.
    minutes_max : int or None
        Door to door.
    """

    text: str | None = None
    tags: Tags = field(default_factory=dict)
    cost_max: float | None = None
    minutes_max: int | None = None


class _Words(NamedTuple):
    """The folded words of an idea, each behind a space, by how much a match in them counts."""

    title: str
    pitch: str
    rest: str


def search_ideas(ideas: Sequence[Idea], query: IdeaQuery) -> tuple[Idea, ...]:
    """Return the ideas that match: most words in the title first, then in the pitch, then by id."""
    words = _fold(query.text or "")
    found = [
        (_rank(text, words), idea.idea_id, idea)
        for idea in ideas
        if _fits(idea, query) and _has_all(text := _words(idea), words)
    ]
    return tuple(idea for _, _, idea in sorted(found, key=lambda match: match[:2]))


def _fits(idea: Idea, query: IdeaQuery) -> bool:
    if query.cost_max is not None and idea.typical_cost > query.cost_max:
        return False
    if query.minutes_max is not None and idea.minutes > query.minutes_max:
        return False
    return all(_has_tag(idea, facet, values) for facet, values in query.tags.items())


def _has_tag(idea: Idea, facet: str, values: Sequence[str]) -> bool:
    present = idea.tags.get(facet, ())
    if facet in {"season", "time_of_day"} and "any" in present:
        return True
    return any(value in present for value in values)


def _has_all(text: _Words, words: Sequence[str]) -> bool:
    return all(any(f" {word}" in part for part in text) for word in words)


def _rank(text: _Words, words: Sequence[str]) -> tuple[int, int]:
    """Return what sorts better matches first."""
    return (
        -sum(f" {word}" in text.title for word in words),
        -sum(f" {word}" in text.pitch for word in words),
    )


def _words(idea: Idea) -> _Words:
    return _folded(idea.title, idea.pitch, idea.steps, tuple(idea.tags.values()))


@lru_cache(maxsize=4096)  # folding a whole catalogue takes longer than the search itself
def _folded(title: str, pitch: str, steps: tuple[str, ...], tags: tuple[tuple[str, ...], ...]) -> _Words:
    names = [value.replace("_", " ") for values in tags for value in values]
    rest = " ".join((*steps, *names))
    return _Words(*("".join(f" {word}" for word in _fold(text)) for text in (title, pitch, rest)))


def _fold(text: str) -> list[str]:
    """Return the words of a text in small letters without accents."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return WORD.findall("".join(letter for letter in plain if not unicodedata.combining(letter)))

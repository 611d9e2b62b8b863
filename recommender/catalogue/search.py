"""Finding ideas by words, tags, cost and minutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from recommender.catalogue.meanings import Meanings, Sought, fold
from recommender.domain import Idea, Tags


@dataclass(frozen=True, slots=True)
class IdeaQuery:
    """What to look for; every default means "no matter".

    Attributes
    ----------
    text : str or None
        Every word must be met, by the ideas' own words or by their tags: see `Meanings`.
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


def search_ideas(
    ideas: Sequence[Idea], query: IdeaQuery, meanings: Meanings | None = None
) -> tuple[Idea, ...]:
    """Return the ideas that match: most words met by tags first, then in title, pitch and the rest; by id.

    Tags come before words, since an idea may be called a museum and be a drawer.

    Parameters
    ----------
    meanings : Meanings or None
        None takes every word as it stands.
    """
    text = query.text or ""
    sought = meanings.sought(text) if meanings else [Sought(word, {}, False) for word in fold(text)]
    found = [
        (_rank(idea, words, sought), idea.idea_id, idea)
        for idea in ideas
        if _fits(idea, query) and _meets_all(idea, words := _words(idea), sought)
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


def _meets_all(idea: Idea, words: _Words, sought: Sequence[Sought]) -> bool:
    return all(_meets(idea, words, one) for one in sought)


def _meets(idea: Idea, words: _Words, sought: Sought) -> bool:
    if not sought.decided and any(f" {sought.word}" in part for part in words):
        return True
    return _asked(idea, sought)


def _asked(idea: Idea, sought: Sought) -> bool:
    """Whether the idea has the tags that a word asks for, if it asks for any."""
    return bool(sought.tags) and all(_has_tag(idea, name, values) for name, values in sought.tags.items())


def _rank(idea: Idea, words: _Words, sought: Sequence[Sought]) -> tuple[int, ...]:
    """Return what sorts better matches first."""
    title, pitch, rest = (sum(f" {one.word}" in part for one in sought) for part in words)
    return -sum(_asked(idea, one) for one in sought), -title, -pitch, -rest


def _words(idea: Idea) -> _Words:
    return _folded(idea.title, idea.pitch, idea.steps, tuple(idea.tags.values()))


@lru_cache(maxsize=4096)  # folding a whole catalogue takes longer than the search itself
def _folded(title: str, pitch: str, steps: tuple[str, ...], tags: tuple[tuple[str, ...], ...]) -> _Words:
    names = [value.replace("_", " ") for values in tags for value in values]
    rest = " ".join((*steps, *names))
    return _Words(*("".join(f" {word}" for word in fold(text)) for text in (title, pitch, rest)))

"""How many ideas carry each tag."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from recommender.catalogue.taxonomy import Taxonomy
from recommender.domain import Idea


@dataclass(frozen=True, slots=True)
class Coverage:
    """The ideas that carry one tag.

    Attributes
    ----------
    share : float
        ``n_ideas`` of all ideas, 0 to 1; 0 where there are none.
    n_free_at_home : int
        Those of them that cost nothing and need no other place than home.
    """

    facet: str
    value: str
    n_ideas: int
    share: float
    n_free_at_home: int


@dataclass(frozen=True, slots=True)
class Headline:
    """A catalogue in eight counts of ideas."""

    n_ideas: int
    n_free: int
    n_at_home: int
    n_free_at_home: int
    n_remote: int
    n_micro: int
    n_seated_or_step_free: int
    n_kids_welcome: int


def coverage(ideas: Sequence[Idea], taxonomy: Taxonomy) -> tuple[Coverage, ...]:
    """Return one row for every tag, in the taxonomy's order."""
    return tuple(
        _row(ideas, facet.name, value) for facet in taxonomy.facets.values() for value in facet.names
    )


def headline(ideas: Sequence[Idea]) -> Headline:
    """Return the counts that say at a glance whom the catalogue serves."""
    return Headline(
        n_ideas=len(ideas),
        n_free=_count(ideas, "cost", "free"),
        n_at_home=_count(ideas, "place", "home"),
        n_free_at_home=sum(map(free_at_home, ideas)),
        n_remote=_count(ideas, "together", "remote_ok", "remote_only"),
        n_micro=_count(ideas, "duration", "micro"),
        n_seated_or_step_free=_count(ideas, "mobility", "seated", "step_free"),
        n_kids_welcome=_count(ideas, "kids", "welcome"),
    )


def free_at_home(idea: Idea) -> bool:
    """Return whether an idea costs nothing and needs no other place than home (a call may be part of it)."""
    places = idea.tags["place"]
    return idea.typical_cost == 0 and "home" in places and set(places) <= {"home", "online"}


def _row(ideas: Sequence[Idea], facet: str, value: str) -> Coverage:
    carrying = [idea for idea in ideas if value in idea.tags[facet]]
    share = len(carrying) / len(ideas) if ideas else 0.0
    return Coverage(facet, value, len(carrying), share, sum(map(free_at_home, carrying)))


def _count(ideas: Sequence[Idea], facet: str, *values: str) -> int:
    return sum(any(value in idea.tags[facet] for value in values) for idea in ideas)

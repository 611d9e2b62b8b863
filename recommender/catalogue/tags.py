"""Tags as written in a file, held against the taxonomy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import NamedTuple

from recommender.catalogue.taxonomy import Facet, Taxonomy

STANDS_ALONE = ("none", "any")
"""Values of multi facets that contradict every other."""


class TagProblem(NamedTuple):
    """What is wrong with the tags of one facet, and what to do."""

    facet: str
    problem: str
    remedy: str


def tag_names(written: object) -> tuple[str, ...]:
    """Return tags written as a word or a list of words, as a tuple."""
    return tuple(str(value) for value in written) if isinstance(written, list) else (str(written),)


def unknown_tags(tags: Mapping[str, object], taxonomy: Taxonomy) -> Iterator[TagProblem]:
    """Yield every facet and value that the taxonomy does not have."""
    for name, written in tags.items():
        facet = taxonomy.facets.get(name)
        if facet is None:
            yield TagProblem(name, f"there is no facet {name!r}", _choose(name, tuple(taxonomy.facets)))
            continue
        for value in tag_names(written):
            if value not in facet.names:
                yield TagProblem(name, f"there is no tag {value!r}", _choose(value, facet.names))


def misplaced_tags(tags: Mapping[str, object], facet: Facet) -> Iterator[TagProblem]:
    """Yield what is wrong with how many values of ``facet`` an idea has."""
    if facet.name not in tags:
        yield TagProblem(facet.name, "is missing", f"choose among {', '.join(facet.names)}")
        return
    written = tags[facet.name]
    values = tag_names(written)
    if facet.kind != "multi" and isinstance(written, list):
        yield TagProblem(
            facet.name, "takes one value, not a list", "keep the one that fits best, unbracketed"
        )
    elif facet.kind == "multi" and not isinstance(written, list):
        yield TagProblem(facet.name, "takes a list", f"write [{values[0]}]")
    elif not values:
        yield TagProblem(facet.name, "is empty", f"choose among {', '.join(facet.names)}")
    elif len(set(values)) < len(values):
        yield TagProblem(facet.name, "names a tag twice", "keep one of the two")
    elif alone := [value for value in values if value in STANDS_ALONE and len(values) > 1]:
        yield TagProblem(facet.name, f"{alone[0]!r} stands with others", f"keep {alone[0]!r} or the others")


def _choose(word: str, among: tuple[str, ...]) -> str:
    close = get_close_matches(word, among, n=1)
    return f"did you mean {close[0]!r}?" if close else f"choose among {', '.join(among)}"

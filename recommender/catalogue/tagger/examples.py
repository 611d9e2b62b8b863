"""Texts with tags for the tagger to learn from beside the catalogue: how lists from elsewhere put things.

Sketches have a title, a pitch and a few steps; plain lines have a title alone. They are never shown.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from recommender.catalogue.faults import Fault, raise_faults
from recommender.catalogue.tagger.texts import IdeaText
from recommender.catalogue.tags import misplaced_tags, unknown_tags
from recommender.catalogue.taxonomy import Taxonomy
from recommender.domain import Tags

REMEDY = "restore the file that ships"


@dataclass(frozen=True, slots=True)
class Example:
    """One text as a list would have it, and every facet of it."""

    text: IdeaText
    tags: Tags


def load_examples(path: Path, taxonomy: Taxonomy) -> tuple[Example, ...]:
    """Return the examples in a CSV file.

    Its columns are a title, a pitch and steps parted by bars, the latter two perhaps empty, then one for each
    facet, values parted by blanks. A taxonomy with facets that the file does not have learns from none of it.

    Raises
    ------
    CatalogueError
        If it cannot be read, or a row has no title or not the tags that an idea needs.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, strict=True))
    except (OSError, ValueError, csv.Error) as error:
        raise_faults([Fault(str(path), None, None, "", f"cannot be read: {error}", REMEDY)])
        raise  # every such error is a fault
    if not rows or not {*taxonomy.facets, "pitch", "steps"} <= set(rows[0]):
        return ()
    raise_faults(
        [fault for at, row in enumerate(rows, start=2) for fault in _faults(path, at, row, taxonomy)]
    )
    return tuple(
        Example(_text(row), {name: tuple(row[name].split()) for name in taxonomy.facets}) for row in rows
    )


def _text(row: Mapping[str, str]) -> IdeaText:
    steps = tuple(step.strip() for step in row["steps"].split("|") if step.strip())
    return IdeaText(row["title"], row["pitch"], steps)


def _faults(path: Path, at: int, row: Mapping[str, str | None], taxonomy: Taxonomy) -> Iterator[Fault]:
    if None in row or None in row.values() or not (row["title"] or "").strip():
        yield Fault(str(path), at, None, "title", "is missing, or the row has other columns", REMEDY)
        return
    for facet in taxonomy.facets.values():
        values = (row[facet.name] or "").split()
        written = {facet.name: values if facet.kind == "multi" or len(values) > 1 else "".join(values)}
        for found in (*misplaced_tags(written, facet), *unknown_tags(written, taxonomy)):
            yield Fault(str(path), at, None, found.facet, found.problem, found.remedy)

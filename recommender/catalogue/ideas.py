"""Ideas read from YAML, one file per domain."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, ValidationError

from recommender.catalogue.documents import Document, Place, Row, read_document, shape_faults
from recommender.catalogue.faults import Fault, raise_faults
from recommender.catalogue.tags import TagProblem, misplaced_tags, tag_names, unknown_tags
from recommender.catalogue.taxonomy import DERIVED, Taxonomy, Text, band
from recommender.domain import Idea, Prompts, Tags

Version = Literal[
    "cheaper",
    "shorter",
    "seated",
    "step_free",
    "quiet",
    "sober",
    "children_asleep",
    "children_welcome",
    "apart",
]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]


@dataclass(frozen=True, slots=True)
class Entry:
    """An idea and where it stands: entry ``number`` of ``document``."""

    idea: Idea
    document: Document
    number: int

    def fault(self, name: Place, problem: str, remedy: str) -> Fault:
        """Return a fault in the field that ``name`` leads to."""
        return self.document.fault((self.number, *name), self.idea.idea_id, name, problem, remedy)


class _PromptsRow(Row):
    light: Text
    deeper: Text


class _IdeaRow(Row):
    id: Slug
    title: Text
    pitch: Text
    steps: Annotated[list[Text], Field(min_length=1)]
    typical_cost: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    minutes: Annotated[int, Field(ge=1)]
    tags: dict[str, object]
    versions: dict[Version, Text]
    plan_b: Text
    prompts: _PromptsRow
    consent_note: Text | None = None
    safety: Text | None = None


def load_ideas(folder: Path, taxonomy: Taxonomy) -> tuple[Idea, ...]:
    """Return the ideas of every YAML file in ``folder``, sorted by id, with cost and duration tagged.

    Raises
    ------
    CatalogueError
        If any file or idea does not have the form; the message names file, line, idea and field.
    """
    entries, faults = read_ideas(folder, taxonomy)
    raise_faults(faults)
    return tuple(entry.idea for entry in entries)


def read_ideas(folder: Path, taxonomy: Taxonomy) -> tuple[list[Entry], list[Fault]]:
    """Return the sound entries of every YAML file in ``folder``, sorted by id, and every fault."""
    paths = sorted(folder.glob("*.y*ml"))
    if not paths:
        return [], [Fault(str(folder), None, None, "", "holds no ideas", "put at least one .yaml file there")]
    entries: list[Entry] = []
    faults: list[Fault] = []
    for path in paths:
        found, wrong = _read_file(read_document(path), taxonomy)
        entries += found
        faults += wrong
    entries.sort(key=lambda entry: entry.idea.idea_id)
    return entries, faults + _repeated_ids(entries)


def _read_file(document: Document, taxonomy: Taxonomy) -> tuple[list[Entry], list[Fault]]:
    faults = [_named(fault, document.content) for fault in document.faults]
    if faults and document.content is None:
        return [], faults
    if not isinstance(document.content, list):
        return [], [*faults, document.fault((), None, (), "is not a list", "write ideas as a list: - id: …")]
    entries = []
    for number, row in enumerate(document.content):
        entry, wrong = _read_entry(document, number, row, taxonomy)
        faults += wrong
        if entry:
            entries.append(entry)
    return entries, faults


def _named(fault: Fault, content: object) -> Fault:
    """Return a fault of the YAML itself, such as field ``3.tags``, with the name of the idea it is in."""
    number, _, name = fault.field.partition(".")
    if not number.isdecimal() or not isinstance(content, list):
        return fault
    row = content[int(number)]
    idea_id = str(row.get("id")) if isinstance(row, dict) else None
    return replace(fault, idea_id=idea_id, field=name)


def _read_entry(
    document: Document, number: int, row: object, taxonomy: Taxonomy
) -> tuple[Entry | None, list[Fault]]:
    if not isinstance(row, dict):
        return None, [
            document.fault((number,), None, (), "is not an idea", "write it as fields, - id: … first")
        ]
    idea_id = row["id"] if isinstance(row.get("id"), str) else None
    faults = _tag_faults(document, number, idea_id, row.get("tags"), taxonomy)
    try:
        shape = _IdeaRow.model_validate(row)
    except ValidationError as error:
        return None, shape_faults(document, error, (number,), idea_id) + faults
    return (None, faults) if faults else (Entry(_idea(shape, taxonomy), document, number), [])


def _tag_faults(
    document: Document, number: int, idea_id: str | None, tags: object, taxonomy: Taxonomy
) -> list[Fault]:
    if not isinstance(tags, dict):
        return []  # its absence or form is the row's fault
    remedy = "remove it: it follows from typical_cost or minutes"
    wrong = [TagProblem(name, "is derived", remedy) for name in tags if name in DERIVED]
    written = {name: value for name, value in tags.items() if name not in DERIVED}
    wrong += unknown_tags(written, taxonomy)
    for facet in taxonomy.facets.values():
        if facet.name not in DERIVED:
            wrong += misplaced_tags(written, facet)
    return [
        document.fault((number, "tags", name), idea_id, ("tags", name), problem, what_to_do)
        for name, problem, what_to_do in wrong
    ]


def _idea(row: _IdeaRow, taxonomy: Taxonomy) -> Idea:
    return Idea(
        idea_id=row.id,
        title=row.title,
        pitch=row.pitch,
        steps=tuple(row.steps),
        typical_cost=row.typical_cost,
        minutes=row.minutes,
        tags=_tags(row, taxonomy),
        versions={str(name): text for name, text in row.versions.items()},
        plan_b=row.plan_b,
        prompts=Prompts(row.prompts.light, row.prompts.deeper),
        consent_note=row.consent_note,
        safety=row.safety,
    )


def _tags(row: _IdeaRow, taxonomy: Taxonomy) -> Tags:
    amounts = {"cost": row.typical_cost, "duration": float(row.minutes)}
    return {
        name: (band(DERIVED[name], amounts[name]),) if name in DERIVED else tag_names(row.tags[name])
        for name in taxonomy.facets
    }


def _repeated_ids(entries: list[Entry]) -> list[Fault]:
    first: dict[str, Entry] = {}
    faults = []
    for entry in entries:
        other = first.setdefault(entry.idea.idea_id, entry)
        if other is not entry:
            problem = f"{entry.idea.idea_id!r} is also the id of an idea in {other.document.file}"
            faults.append(entry.fault(("id",), problem, "give one of them another id"))
    return faults

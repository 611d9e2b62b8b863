"""One row of fields, from CSV, JSON or YAML, read into a draft."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, StringConstraints, ValidationError

from recommender.catalogue.documents import Document, Place, Row, shape_faults
from recommender.catalogue.faults import Fault
from recommender.catalogue.ideas import Version
from recommender.catalogue.importers.drafts import Broken, Draft, Intake
from recommender.catalogue.importers.events import known_by_time
from recommender.catalogue.importers.limits import (
    COST_MOST,
    ID_MOST,
    MINUTES_MOST,
    STEPS_MOST,
    TEXT_MOST,
    TITLE_MOST,
)
from recommender.catalogue.importers.moments import showing_minutes, span
from recommender.catalogue.tags import TagProblem, misplaced_tags, tag_names, unknown_tags
from recommender.catalogue.taxonomy import DERIVED
from recommender.domain import Span, Tags

# No control characters but a line break and a tab: they have no place in what people read.
CLEAN = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*$"
SAID = "holds a control character"
Words = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=TEXT_MOST, pattern=CLEAN)
]
Title = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=TITLE_MOST, pattern=CLEAN)
]
ExternalId = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=ID_MOST, pattern=CLEAN)
]


class _Prompts(Row):
    light: Words | None = None
    deeper: Words | None = None


class _Fields(Row):
    id: ExternalId | None = None
    title: Title
    pitch: Words | None = None
    steps: Annotated[list[Words], Field(max_length=STEPS_MOST, default_factory=list)]
    typical_cost: Annotated[float, Field(ge=0, le=COST_MOST, allow_inf_nan=False)] | None = None
    minutes: Annotated[int, Field(ge=1, le=MINUTES_MOST)] | None = None
    tags: Annotated[dict[str, object], Field(default_factory=dict)]
    versions: Annotated[dict[Version, Words], Field(default_factory=dict)]
    plan_b: Words | None = None
    prompts: _Prompts = _Prompts()
    consent_note: Words | None = None
    safety: Words | None = None
    exists_from: object = None
    exists_until: object = None
    time_zone: Words | None = None


FIELDS = frozenset(_Fields.model_fields)


def draft_of(intake: Intake, row: Document, at: Place, content: object) -> Draft | Broken:
    """Return the draft of a row of fields, or everything that is wrong with it.

    Parameters
    ----------
    row : Document
        Where the row stands, for the lines of faults.
    at : tuple of str or int
        What leads to the row within it.
    """
    if not isinstance(content, Mapping):
        told = ("is not an idea", "write it as fields, with a title at least")
        return Broken(None, (row.fault(at, None, (), *told),))
    name = content.get("id")
    external_id = name.strip() if isinstance(name, str) and name.strip() else None
    tags = content.get("tags")
    faults = tag_faults(intake, row, at, external_id, tags if isinstance(tags, Mapping) else {})
    try:
        fields = _Fields.model_validate(content)
    except ValidationError as error:
        return Broken(external_id, (*_in_words(row, error, at, external_id), *faults))
    spans, wrong = _spans(intake, row, at, fields)
    if wrong or faults:
        return Broken(external_id, (*faults, *wrong))
    return _draft(fields, row.line(at), spans)


def tag_faults(
    intake: Intake, row: Document, at: Place, external_id: str | None, tags: Mapping[str, object]
) -> list[Fault]:
    """Return what is wrong with the tags that a row states."""
    found: list[TagProblem] = []
    for name, written in tags.items():
        if not all(isinstance(word, str) for word in (written if isinstance(written, list) else [written])):
            found.append(TagProblem(name, "is not a word or a list of words", "write values of the facet"))
        elif name in DERIVED:
            told = "write typical_cost or minutes instead: it follows from them"
            found.append(TagProblem(name, "is derived", told))
        elif not _sound(intake, name, written):
            known = {name: written}
            found += unknown_tags(known, intake.taxonomy)
            if name in intake.taxonomy.facets:
                found += misplaced_tags(known, intake.taxonomy.facets[name])
    return [
        row.fault((*at, "tags", name), external_id, ("tags", name), problem, remedy)
        for name, problem, remedy in found
    ]


def _sound(intake: Intake, name: str, written: object) -> bool:
    """Return at a glance whether tags are plainly right, as nearly all are; the rest is looked at closely."""
    if isinstance(written, list):
        multi = name in intake.vocabulary and intake.taxonomy.facets[name].kind == "multi"
        return multi and len(written) == 1 and written[0] in intake.vocabulary[name]
    facet = intake.taxonomy.facets.get(name)
    return facet is not None and facet.kind != "multi" and written in intake.vocabulary[name]


def _in_words(row: Document, error: ValidationError, at: Place, external_id: str | None) -> list[Fault]:
    """Return the shape's faults; the pattern of texts is told as what it means."""
    return [
        replace(fault, problem=SAID, remedy="take it out") if "string pattern" in fault.remedy else fault
        for fault in shape_faults(row, error, at, external_id)
    ]


def _spans(
    intake: Intake, row: Document, at: Place, fields: _Fields
) -> tuple[tuple[Span, ...], tuple[Fault, ...]]:
    if not fields.exists_from and not fields.exists_until:
        return (), ()
    name = "time_zone"
    try:
        zone = ZoneInfo(fields.time_zone) if fields.time_zone else intake.zone
        name = "exists_from"
        lasting = timedelta(minutes=fields.minutes) if fields.minutes else None
        found = span(fields.exists_from, fields.exists_until, zone, lasting)
        name = "minutes"
        longest = int((found.ends - found.starts).total_seconds() // 60)
        if fields.minutes and fields.minutes > longest:
            raise ValueError(f"{fields.minutes} is longer than it exists ({longest} minutes)")
    except (ZoneInfoNotFoundError, ValueError, OSError, OverflowError) as error:
        problem = f"there is no time zone {fields.time_zone!r}" if name == "time_zone" else str(error)
        told = (
            "write one like Europe/Madrid" if name == "time_zone" else "correct exists_from or exists_until"
        )
        return (), (row.fault((*at, name), fields.id, (name,), problem, told),)
    return (found,), ()


def _draft(fields: _Fields, line: int | None, spans: tuple[Span, ...]) -> Draft:
    given: Tags = {name: tag_names(written) for name, written in fields.tags.items()}
    return Draft(
        line=line,
        external_id=fields.id,
        title=fields.title,
        pitch=fields.pitch or "",
        steps=tuple(fields.steps),
        typical_cost=fields.typical_cost,
        minutes=fields.minutes or showing_minutes(spans),
        tags={**known_by_time(spans), **given},
        versions=_texts(fields.versions),
        plan_b=fields.plan_b or "",
        light=fields.prompts.light or "",
        deeper=fields.prompts.deeper or "",
        consent_note=fields.consent_note,
        safety=fields.safety,
        spans=spans,
    )


def _texts(versions: Mapping[Any, str]) -> dict[str, str]:
    return {str(name): text for name, text in versions.items()}

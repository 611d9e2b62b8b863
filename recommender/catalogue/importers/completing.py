"""From a draft, and what was guessed about it, to an idea that has everything an idea has."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from recommender.catalogue.faults import Fault
from recommender.catalogue.importers.drafts import Draft, Intake
from recommender.catalogue.rules import impossible_tags, needs_note
from recommender.catalogue.tagger import Tagged
from recommender.catalogue.taxonomy import DERIVED, Taxonomy, band
from recommender.domain import Idea, Prompts, Tags

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
SLUG_MOST = 80

COST_OF = {"free": 0.0, "low": 15.0, "mid": 40.0, "high": 100.0, "splurge": 200.0}
MINUTES_OF = {"micro": 20, "short": 60, "evening": 180, "half_day": 300, "day": 720, "overnight": 1440}
"""What a guessed band counts as: its upper end, so that no budget or evening is overrun."""

PLAN_B = "If it falls through, keep the time for each other: a walk, or tea and the good chairs."
LIGHT = "What did you expect before we started, and what was different?"
DEEPER = "When did you feel close to me today?"
CONSENT = (
    "Only what you both feel like tonight: say what you would enjoy, take any no without a reason, "
    "and feel free to do less."
)
SAFETY = "Agree first on what keeps you both safe, and stop as soon as one of you wants to."


@dataclass(frozen=True, slots=True)
class Completed:
    """An idea made of a draft.

    Attributes
    ----------
    confidence : Mapping[str, float]
        For each guessed facet the probability of the least sure of its values, 0 to 1.
    """

    idea: Idea
    confidence: Mapping[str, float]


def is_complete(draft: Draft, taxonomy: Taxonomy) -> bool:
    """Return whether a draft leaves nothing to guess."""
    numbers = {"cost": draft.typical_cost, "duration": draft.minutes}
    return all(
        numbers[name] is not None if name in DERIVED else name in draft.tags for name in taxonomy.facets
    )


def complete(
    draft: Draft, tagged: Tagged | None, source: str, intake: Intake
) -> Completed | tuple[Fault, ...]:
    """Return the idea of a draft, or what keeps it from being one.

    Parameters
    ----------
    tagged : Tagged or None
        What was guessed; None for a draft that leaves nothing to guess.
    """
    tags: dict[str, tuple[str, ...]] = {**(tagged.tags if tagged else {}), **draft.tags}
    cost = draft.typical_cost if draft.typical_cost is not None else COST_OF[tags["cost"][0]]
    minutes = draft.minutes if draft.minutes is not None else _minutes(draft, tags)
    amounts = {"cost": cost, "duration": float(minutes)}
    for name, amount in amounts.items():
        tags[name] = (band(DERIVED[name], amount),)
    wrong = list(impossible_tags(tags))
    if wrong:
        row = intake.row(draft.line)
        return tuple(
            row.fault(("tags", facet), draft.external_id, ("tags", facet), problem, remedy)
            for facet, problem, remedy in wrong
        )
    ordered = {name: tags[name] for name in intake.taxonomy.facets}
    guessed = _guessed(draft, intake.taxonomy)
    confidence = {name: _least_sure(tagged, name, ordered[name]) for name in guessed} if tagged else {}
    return Completed(_idea(draft, ordered, cost, minutes, source, guessed), confidence)


def idea_id(source: str, key: str) -> str:
    """Return the id that an idea of a source always has.

    Its source's own id is kept where it is one of ours; no id of a shipped idea has an underscore.

    Examples
    --------
    >>> idea_id("coach", "bus-line"), idea_id("city", "https://example.org/e/1")
    ('coach_bus-line', 'city_0fee79dd87a67849')
    """
    if len(key) <= SLUG_MOST and SLUG.fullmatch(key):
        return f"{source}_{key}"
    return f"{source}_{hashlib.sha256(key.encode()).hexdigest()[:16]}"


def _guessed(draft: Draft, taxonomy: Taxonomy) -> tuple[str, ...]:
    known = {
        name
        for name, number in (("cost", draft.typical_cost), ("duration", draft.minutes))
        if number is not None
    }
    return tuple(name for name in taxonomy.facets if name not in draft.tags and name not in known)


def _least_sure(tagged: Tagged, facet: str, values: tuple[str, ...]) -> float:
    return min(float(tagged.confidence.get(facet, {}).get(value, 0.0)) for value in values)


def _minutes(draft: Draft, tags: Tags) -> int:
    """Return what the guessed band counts as, but no longer than the idea exists."""
    longest = [int((span.ends - span.starts).total_seconds() // 60) for span in draft.spans]
    return max(min([MINUTES_OF[tags["duration"][0]], *longest]), 1)


def _idea(draft: Draft, tags: Tags, cost: float, minutes: int, source: str, guessed: tuple[str, ...]) -> Idea:
    return Idea(
        idea_id=idea_id(source, draft.key),
        title=draft.title,
        pitch=draft.pitch or draft.title,
        steps=draft.steps or (draft.pitch or draft.title,),
        typical_cost=cost,
        minutes=minutes,
        tags=tags,
        versions=draft.versions,
        plan_b=draft.plan_b or PLAN_B,
        prompts=Prompts(draft.light or LIGHT, draft.deeper or DEEPER),
        consent_note=draft.consent_note or (CONSENT if needs_note("consent_note", tags) else None),
        safety=draft.safety or (SAFETY if needs_note("safety", tags) else None),
        source=source,
        spans=draft.spans,
        guessed=guessed,
    )

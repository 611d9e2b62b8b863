"""Combinations of tags that cannot both be true, and notes that some tags require."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from recommender.catalogue.faults import Fault
from recommender.catalogue.ideas import Entry
from recommender.catalogue.tags import TagProblem
from recommender.domain import Tags


class Rule(NamedTuple):
    """Two conditions that must not hold together, and what to do if they do.

    A condition is ``facet has a b`` (any of them), ``facet lacks a b`` (none of them)
    or ``facet only a b`` (nothing else).
    """

    one: str
    other: str
    remedy: str


# Only what is certainly wrong by the meanings in taxonomy.yaml; what is merely odd is left to the author.
IMPOSSIBLE = (
    Rule("weather has snow", "season lacks winter", "snow needs season [winter]"),
    Rule("weather has snow", "season has summer any", "take summer and any out of season"),
    Rule("weather has dry warm", "place only home online", "indoors at home the weather is any"),
    Rule("together has remote_only", "place has venue", "say in_person, or take venue out of place"),
    Rule("together has remote_only", "touch has affectionate sustained intimate", "lower touch"),
    Rule("place only online", "together has in_person", "say remote_ok or remote_only, or add a place"),
    Rule("kids has asleep", "place has neighbourhood nature venue event road", "say sitter, or stay at home"),
    Rule("kids has asleep", "time_of_day lacks early evening late any", "children sleep in the evening"),
    Rule("kids has welcome", "touch has intimate", "say asleep or sitter, or lower touch"),
    Rule("kids has welcome", "talk_depth has repair", "say asleep or sitter: it needs the two alone"),
    Rule("setting has indoor", "place only nature", "say outdoor, or add the indoor place"),
    Rule("setting has outdoor", "place only home online", "say indoor or either, or add the outdoor place"),
    Rule("food has meal_out", "place only home yard online", "say cook or snack, or add venue"),
    Rule("food has meal_out", "cost has free", "give the meal a cost, or say snack"),
    Rule("kit has buy", "cost has free", "give the purchase a cost, or say household"),
    Rule("alcohol has central", "food has none", "say snack or tasting: the drinks count"),
    Rule("talk_depth has none_needed", "practice has honest_talk highs_lows repair", "raise talk_depth"),
    Rule("talk_depth has repair", "practice lacks repair", "add repair to practice, or lower talk_depth"),
    Rule("talk_depth has repair", "interaction has competitive", "say shared or cooperative"),
    Rule("touch has none", "connection has touch", "raise touch, or take it out of connection"),
    Rule("touch has none", "practice has consent_touch", "raise touch, or take it out of practice"),
    Rule("energy has rest", "mobility has strenuous", "raise energy, or lower mobility"),
    Rule("visibility has private", "company has around_others with_friends", "say semi or public"),
    Rule("screen has phone_free", "place only online", "say tool or central: the call needs a screen"),
    Rule("creativity has none", "domain has arts_crafts", "raise creativity: something is made"),
    Rule("novelty has familiar", "practice has novelty_learning", "say new, or take it out of practice"),
    Rule("repeat has once", "practice has ritual", "say ritual or repeatable, or take it out of practice"),
)

CONSENT = (
    "touch has affectionate sustained intimate",
    "talk_depth has tender repair",
    "who_leads has surprise",
    "hazard has blindfold height water",
)
"""Any of these asks for a consent note."""

SAFETY = ("hazard has fire water height speed",)
"""Any of these asks for a safety line."""


def holds(condition: str, tags: Tags) -> bool:
    """Return whether an idea's tags fulfil a condition as :class:`Rule` writes it.

    Examples
    --------
    >>> tags = {"season": ("winter", "spring")}
    >>> holds("season has winter", tags), holds("season only winter", tags), holds("season lacks any", tags)
    (True, False, True)
    """
    facet, relation, *values = condition.split()
    present = tags.get(facet, ())
    if relation == "only":
        return bool(present) and all(value in values for value in present)
    return any(value in values for value in present) == (relation == "has")


def impossible_tags(tags: Tags) -> Iterator[TagProblem]:
    """Yield each combination of tags that cannot be, at the first of its facets."""
    for one, other, remedy in IMPOSSIBLE:
        if holds(one, tags) and holds(other, tags):
            problem = f"{_said(one, tags)} cannot go with {_said(other, tags)}"
            yield TagProblem(one.split()[0], problem, remedy)


def needs_note(name: Literal["consent_note", "safety"], tags: Tags) -> bool:
    """Return whether tags ask for a consent note or a safety line."""
    return any(holds(condition, tags) for condition in {"consent_note": CONSENT, "safety": SAFETY}[name])


def rule_faults(entry: Entry) -> Iterator[Fault]:
    """Yield each impossible combination and missing note of one idea."""
    tags, versions = entry.idea.tags, entry.idea.versions
    for facet, problem, remedy in impossible_tags(tags):
        yield entry.fault(("tags", facet), problem, remedy)
    if holds("together has remote_ok", tags) and "apart" not in versions:
        yield entry.fault(("versions",), "lacks apart", "say how it goes over a call, or tag it in_person")
    yield from _missing_note(entry, "consent_note", entry.idea.consent_note, CONSENT)
    yield from _missing_note(entry, "safety", entry.idea.safety, SAFETY)


NOTE_REMEDY = {
    "consent_note": "say what is invited, that no needs no reason, and what a lighter version is",
    "safety": "add one plain line on how nobody gets hurt",
}


def _missing_note(entry: Entry, name: str, note: str | None, conditions: tuple[str, ...]) -> Iterator[Fault]:
    asking = [condition for condition in conditions if holds(condition, entry.idea.tags)]
    if asking and note is None:
        because = " and ".join(_said(condition, entry.idea.tags) for condition in asking)
        yield entry.fault((name,), f"is missing with {because}", NOTE_REMEDY[name])


def _said(condition: str, tags: Tags) -> str:
    facet = condition.split()[0]
    return f"{facet} {' '.join(tags[facet])}"

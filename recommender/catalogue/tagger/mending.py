"""Tags that cannot go together, mended at the least loss of probability."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping

from recommender.catalogue.rules import IMPOSSIBLE, Rule, holds
from recommender.catalogue.tagger.texts import SAFETY
from recommender.catalogue.tags import STANDS_ALONE
from recommender.catalogue.taxonomy import Facet, Taxonomy
from recommender.domain import Tags

Confidence = Mapping[str, Mapping[str, float]]

LESS_SAFE = 100.0
"""What it costs, in nats, to lower a safety facet: more than any doubt, so it is the last resort."""
MOST_STEPS = 100
_SURE = 1e-4


def mend(tags: Tags, confidence: Confidence, taxonomy: Taxonomy, fixed: Collection[str] = ()) -> Tags:
    """Return the tags with as little changed as it takes for no rule to be broken.

    Parameters
    ----------
    fixed : Collection[str]
        Facets that may not change, since they are known. Rules that these alone break stay broken.
    """
    seen = {_key(tags)}
    for _ in range(MOST_STEPS):
        for rule in broken_rules(tags):
            changed = _mended(rule, tags, confidence, taxonomy, fixed, seen)
            if changed is not None:
                break
        else:
            return tags
        tags = changed
        seen.add(_key(tags))
    return tags


def broken_rules(tags: Tags) -> Iterator[Rule]:
    """Yield each rule whose two conditions hold together."""
    return (rule for rule in IMPOSSIBLE if holds(rule.one, tags) and holds(rule.other, tags))


def _mended(
    rule: Rule,
    tags: Tags,
    confidence: Confidence,
    taxonomy: Taxonomy,
    fixed: Collection[str],
    seen: Collection[object],
) -> Tags | None:
    """Return the likeliest tags that keep the rule and were not tried before; None if there are none."""
    best: tuple[float, Tags] | None = None
    for condition in (rule.one, rule.other):
        facet = taxonomy.facets[condition.split()[0]]
        if facet.name in fixed:
            continue
        for values in _alternatives(facet, tags[facet.name]):
            changed = {**tags, facet.name: values}
            if holds(condition, changed) or _key(changed) in seen:
                continue
            loss = _loss(facet, tags[facet.name], values, confidence[facet.name])
            if best is None or loss < best[0]:
                best = loss, changed
    return best and best[1]


def _alternatives(facet: Facet, values: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield what else a facet may say: another value, or in a list one more, one less, or one only."""
    yield from ((name,) for name in facet.names if (name,) != values)
    if facet.kind != "multi":
        return
    for name in values:
        if len(values) > 2:  # of two, what is left is among the single ones
            yield tuple(value for value in values if value != name)
    if not set(values) & set(STANDS_ALONE):
        yield from ((*values, name) for name in facet.names if name not in (*values, *STANDS_ALONE))


def _loss(facet: Facet, old: tuple[str, ...], new: tuple[str, ...], sure: Mapping[str, float]) -> float:
    loss = 0.0
    for name in set(old) ^ set(new):
        chance = min(max(sure[name], _SURE), 1 - _SURE)
        against = math.log(chance / (1 - chance)) if facet.kind == "multi" else math.log(chance)
        loss += against if name in old else -against
    return loss + LESS_SAFE * _lowered(facet, old, new)


def _lowered(facet: Facet, old: tuple[str, ...], new: tuple[str, ...]) -> int:
    if facet.name not in SAFETY:
        return 0
    if facet.kind == "ordinal":
        return max(facet.rank(old[0]) - facet.rank(new[0]), 0)
    return len(set(old) - set(new) - set(STANDS_ALONE))


def _key(tags: Tags) -> object:
    return tuple((facet, frozenset(values)) for facet, values in sorted(tags.items()))

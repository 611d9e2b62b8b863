"""Whether an idea's tags are inside a simulated couple's limits, worked out apart from the plan."""

from __future__ import annotations

from recommender.catalogue.library import Catalogue
from recommender.domain import Circumstances, Idea
from recommender.learning.evaluation.town import Town

CAPS = {"touch_max": "touch", "talk_max": "talk_depth", "alcohol_max": "alcohol",
        "mobility_max": "mobility", "sensory_max": "sensory"}  # fmt: skip


def inside_limits(catalogue: Catalogue, town: Town, couple: int, idea_id: str) -> bool:
    """Return whether a couple of the town can do an idea, as far as its tags tell."""
    idea, facets = catalogue.idea(idea_id), catalogue.taxonomy.facets
    for limits in town.boundaries[couple]:
        for field, facet in CAPS.items():
            most = getattr(limits, field)
            if most is not None and facets[facet].rank(idea.tags[facet][0]) > facets[facet].rank(most):
                return False
        if set(limits.hazards_never) & set(idea.tags["hazard"]):
            return False
    return _affordable(idea, town.circumstances[couple])


def _affordable(idea: Idea, circumstances: Circumstances) -> bool:
    if circumstances.budget_max is not None and idea.typical_cost > circumstances.budget_max:
        return False
    if circumstances.minutes_max is not None and idea.minutes > circumstances.minutes_max:
        return False
    if idea.minutes > max(slot.minutes for slot in circumstances.slots):
        return False
    needs_sitter = circumstances.children and not circumstances.sitter
    return not (needs_sitter and idea.tags["kids"] == ("sitter",))

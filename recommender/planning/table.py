"""The catalogue as arrays, built once: what feasibility, freshness and roles look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from recommender.catalogue.dayparts import DAYPARTS
from recommender.catalogue.taxonomy import Facet, Taxonomy
from recommender.domain import Idea
from recommender.planning.dated import Spans, spans_of
from recommender.preferences.features import (
    Carried,
    FeatureTable,
    carried_guesses,
    carried_tags,
    encode_ideas,
)

CLOSE_PRACTICES = (
    "honest_talk",
    "gaze_hands",
    "consent_touch",
    "meet_in_middle",
    "ritual",
    "highs_lows",
    "kindness",
    "repair",
    "nostalgia",
)
GROWTH_PRACTICES = ("novelty_learning", "unusual_event")
EASY_MINUTES_MAX = 120
RITUAL_MINUTES = 20
LEAD_MINUTES = {"now": 0, "same_day": 180, "days": 24 * 60, "weeks": 7 * 24 * 60}
ROWS = 4096
"""Ideas worked on at once, so that a large catalogue needs no second copy of its features."""
LIT_PLACES = ("home", "yard", "neighbourhood", "venue", "event", "online")


@dataclass(frozen=True, slots=True)
class IdeaTable:
    """The ideas as arrays, one row each.

    Attributes
    ----------
    features : FeatureTable
        What the model sees.
    typical_cost, minutes : ndarray of shape (n_ideas,)
    has : Mapping[str, Mapping[str, ndarray of bool]]
        Facet to value to who carries it.
    level : Mapping[str, ndarray of int]
        Ordinal facet to each idea's position in it, from 0 (least demanding).
    lead_minutes : ndarray of shape (n_ideas,)
        The notice that an idea asks for.
    parts : ndarray of bool, shape (n_dayparts, n_ideas)
        Which parts of the day, in the order of ``DAYPARTS``, it can be done in.
    after_bedtime : ndarray of bool, shape (n_ideas,)
        Whether children, if there are any, have to be asleep.
    demand : ndarray of int, shape (n_ideas,)
        What an idea asks of time: 1 if children have to be asleep, and 2 more if it needs daylight, being out
        in the open where no lamps are and not meant for the dark.
    directions : ndarray of shape (n_ideas, n_ranking_features)
        Unit vectors; their inner product says how alike two ideas are, -1 to 1.
    spans : Spans
        When ideas exist that do not always.
    offered : ndarray of bool, shape (n_ideas,)
        False for ideas of the past, which are only remembered.
    guessed : Mapping[str, ndarray of bool]
        Facet to the ideas of which it was guessed and confirmed by nobody; facets without any are left out.
    light : ndarray of bool, shape (n_ideas,)
        Ideas without tender talk, for which nobody has to opt in.
    small : ndarray of bool, shape (n_ideas,)
        Ideas of a few minutes that fit whatever time there is, and may be done again: rituals.
    roles : Mapping[str, ndarray of bool]
        Which ideas suit ``easy``, ``growth`` and ``close``.
    """

    taxonomy: Taxonomy
    ideas: tuple[Idea, ...]
    features: FeatureTable
    index: Mapping[str, int]
    typical_cost: np.ndarray
    minutes: np.ndarray
    lead_minutes: np.ndarray
    parts: np.ndarray
    after_bedtime: np.ndarray
    demand: np.ndarray
    has: Mapping[str, Mapping[str, np.ndarray]]
    level: Mapping[str, np.ndarray]
    directions: np.ndarray
    spans: Spans
    offered: np.ndarray
    guessed: Mapping[str, np.ndarray]
    light: np.ndarray
    small: np.ndarray
    roles: Mapping[str, np.ndarray]

    def at_most(self, facet: str, value: str | None) -> np.ndarray:
        """Return which ideas ask no more of ``facet`` than ``value``; all of them when it is None."""
        if value is None:
            return np.ones(len(self.ideas), dtype=bool)
        return np.asarray(self.level[facet] <= self.taxonomy.facets[facet].rank(value))

    def any_of(self, facet: str, values: Sequence[str]) -> np.ndarray:
        """Return which ideas carry at least one of ``values``."""
        carrying = np.zeros(len(self.ideas), dtype=bool)
        for value in values:
            carrying |= self.has[facet][value]
        return carrying

    def sure(self, facet: str) -> np.ndarray:
        """Return the ideas of which ``facet`` is more than a guess."""
        if facet not in self.guessed:
            return np.ones(len(self.ideas), dtype=bool)
        return np.asarray(~self.guessed[facet])

    def likeness(self, rows: np.ndarray, others: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Return how alike each of ``rows`` is to each of ``others``, shape (n_rows, n_others), 0 to 1."""
        alike = self.directions[rows] @ self.directions[others].T
        np.maximum(alike, 0, out=alike)
        return np.asarray(np.minimum(alike, 1, out=alike))


def build_table(ideas: Sequence[Idea], taxonomy: Taxonomy, past: Sequence[Idea] = ()) -> IdeaTable:
    """Return the table of ``ideas``, by ``idea_id``: so ties go the same way whatever order they came in.

    Parameters
    ----------
    past : Sequence[Idea]
        Ideas that are only remembered: they are in the table, so that what couples thought of them counts,
        and are never proposed.
    """
    only_remembered = {idea.idea_id for idea in past}
    ideas = sorted((*ideas, *past), key=lambda idea: idea.idea_id)
    features = encode_ideas(ideas, taxonomy)
    carried = carried_tags(ideas, tuple(taxonomy.facets))
    has = {
        facet.name: {value: carried[facet.name].having(value) for value in facet.names}
        for facet in taxonomy.facets.values()
    }
    level = {
        facet.name: _ranks(facet, carried[facet.name])
        for facet in taxonomy.facets.values()
        if facet.kind == "ordinal"
    }
    lead = np.array([LEAD_MINUTES[name] for name in taxonomy.facets["lead_time"].names])
    times = has["time_of_day"]
    lit = np.logical_or.reduce([has["place"][name] for name in LIT_PLACES])
    by_daylight = has["setting"]["outdoor"] & ~has["hazard"]["dark"] & ~lit
    guesses = carried_guesses(ideas)
    bare = IdeaTable(
        taxonomy=taxonomy,
        ideas=tuple(ideas),
        features=features,
        index={idea.idea_id: row for row, idea in enumerate(ideas)},
        typical_cost=np.array([idea.typical_cost for idea in ideas], dtype=float),
        minutes=np.array([idea.minutes for idea in ideas], dtype=int),
        lead_minutes=lead[level["lead_time"]],
        parts=np.array([times["any"] | times[name] for name in DAYPARTS]),
        after_bedtime=has["kids"]["asleep"],
        demand=has["kids"]["asleep"] + 2 * by_daylight,
        has=has,
        level=level,
        directions=_directions(features, taxonomy),
        spans=spans_of(ideas),
        offered=np.array([idea.idea_id not in only_remembered for idea in ideas], dtype=bool),
        guessed={name: guesses.having(name) for name in sorted({n for names in guesses.sets for n in names})},
        light=np.zeros(0, dtype=bool),
        small=np.zeros(0, dtype=bool),
        roles={},
    )
    return replace(bare, light=_light(bare), small=_small(bare), roles=_roles(bare))


def _ranks(facet: Facet, carried: Carried) -> np.ndarray:
    return np.array([facet.rank(values[0]) for values in carried.sets], dtype=int)[carried.which]


def _directions(features: FeatureTable, taxonomy: Taxonomy) -> np.ndarray:
    """Return unit vectors over the ranking facets, centred so that what all ideas share does not count."""
    tiers = [taxonomy.facets[name.partition("=")[0]].tier for name in features.names]
    ranking = [tier == "ranking" for tier in tiers]
    centre = features.matrix[:, ranking].mean(axis=0)
    # Single precision: likeness is compared with thresholds, and this is the largest product of a plan.
    directions = np.empty((len(features.matrix), len(centre)), dtype=np.float32)
    for start in range(0, len(directions), ROWS):
        centred = features.matrix[start : start + ROWS, ranking] - centre
        lengths = np.linalg.norm(centred, axis=1, keepdims=True)
        directions[start : start + ROWS] = centred / np.where(lengths > 0, lengths, 1)
    return directions


def _light(table: IdeaTable) -> np.ndarray:
    light = table.at_most("talk_depth", "personal") & ~table.has["practice"]["repair"]
    # Of a guess the next more demanding value must be allowed too.
    return np.asarray(light & (table.sure("talk_depth") | table.at_most("talk_depth", "chatty")))


def _small(table: IdeaTable) -> np.ndarray:
    return np.asarray(
        (table.minutes <= RITUAL_MINUTES)
        & table.has["time_of_day"]["any"]
        & table.at_most("lead_time", "same_day")
        & ~table.has["setting"]["outdoor"]
        & ~table.has["repeat"]["once"]
    )


def _roles(table: IdeaTable) -> dict[str, np.ndarray]:
    easy = (
        table.at_most("lead_time", "same_day")
        & table.at_most("energy", "low")
        & table.at_most("challenge", "gentle")
        & table.at_most("cost", "low")
        & (table.minutes <= EASY_MINUTES_MAX)
    )
    new = ~table.at_most("novelty", "twist") & ~table.has["need"]["security"]
    growth = new | table.any_of("practice", GROWTH_PRACTICES) | table.has["challenge"]["stretch"]
    close = table.any_of("practice", CLOSE_PRACTICES) | ~table.at_most("touch", "incidental")
    return {"easy": easy, "growth": growth, "close": close}

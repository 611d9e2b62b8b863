"""What a couple can really do: private boundaries, shared limits, the season, and what was lately.

Nothing that fails here is ever shown. Every limit is one named mask, so that advice can lift one at a time.

A guess never speaks for a person: where a boundary, an access need or "no alcohol" asks about a facet, an
imported idea of which that facet was only guessed does not pass, however harmless the guess.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from recommender.domain import Boundaries, Circumstances, Couple, Relaxation
from recommender.planning.dated import within
from recommender.planning.occasion import Occasion
from recommender.planning.slots import Openings, openings
from recommender.planning.table import IdeaTable

REST_WEEKS = 12
"""An idea done or planned does not come back sooner."""

NOT_US_WEEKS = 26
"""An idea swapped away as "not us" stays away this long."""

ALIKE = 0.9
"""Ideas at least this alike to something done within the rest period count as the same again."""

SNOW_LATITUDE = 40.0
"""Degrees; nearer the equator snow is not to be counted on."""

CAPS = {
    "touch_max": "touch",
    "talk_max": "talk_depth",
    "alcohol_max": "alcohol",
    "mobility_max": "mobility",
    "sensory_max": "sensory",
}
ACCESS = {
    "seated": ("mobility", "seated"),
    "step_free": ("mobility", "step_free"),
    "quiet": ("sensory", "quiet"),
}
SEASONS = ("winter", "spring", "summer", "autumn")


@dataclass(frozen=True, slots=True)
class Feasible:
    """Which ideas can be shown, and where in the week each fits."""

    mask: np.ndarray
    openings: Openings


def feasible(table: IdeaTable, occasion: Occasion) -> Feasible:
    """Return the ideas that this couple can do this week."""
    when = openings(table, occasion)
    mask = (
        table.offered
        & within_limits(table, occasion)
        & in_season(table, occasion)
        & rested(table, occasion)
        & when.anywhere
    )
    return Feasible(mask, when)


def within_limits(table: IdeaTable, occasion: Occasion) -> np.ndarray:
    """Return the ideas inside every boundary and shared limit; free time is none of them."""
    shared = within_circumstances(table, occasion.couple.circumstances)
    return np.asarray(within_boundaries(table, occasion) & shared)


def within_boundaries(table: IdeaTable, occasion: Occasion) -> np.ndarray:
    """Return the ideas inside every partner's boundaries, tender talk only where both opted in this week."""
    partners = occasion.couple.partners
    opted_in = len(partners) == 2 and all(str(occasion.week) in partner.tender_weeks for partner in partners)
    mask = np.ones(len(table.ideas), dtype=bool) if opted_in else table.light.copy()
    for partner in partners:
        _keep_inside(table, partner.boundaries, mask)
    return mask


def _keep_inside(table: IdeaTable, boundaries: Boundaries, mask: np.ndarray) -> None:
    """Take out of a mask what lies outside somebody's boundaries."""
    for field, facet in CAPS.items():
        most = getattr(boundaries, field)
        if most is not None and most != table.taxonomy.facets[facet].names[-1]:
            mask &= table.at_most(facet, most) & table.sure(facet)
    for facet, values in (*boundaries.tags_never.items(), ("hazard", boundaries.hazards_never)):
        if values:
            mask &= ~table.any_of(facet, values) & table.sure(facet)
    if never := [table.index[idea_id] for idea_id in boundaries.ideas_never if idea_id in table.index]:
        mask[never] = False


def within_circumstances(table: IdeaTable, circumstances: Circumstances) -> np.ndarray:
    """Return the ideas inside what the couple shares: money, minutes, places, children, access, distance."""
    mask = np.ones(len(table.ideas), dtype=bool)
    if circumstances.budget_max is not None:
        mask &= table.typical_cost <= circumstances.budget_max
    if circumstances.minutes_max is not None:
        mask &= table.minutes <= circumstances.minutes_max
    if circumstances.places:
        elsewhere = [v for v in table.taxonomy.facets["place"].names if v not in circumstances.places]
        mask &= ~table.any_of("place", elsewhere)
    if circumstances.children and not circumstances.sitter:
        mask &= ~table.has["kids"]["sitter"]
    for need in circumstances.access:
        mask &= table.at_most(*ACCESS[need]) & table.sure(ACCESS[need][0])
    if circumstances.alcohol_free:
        mask &= table.has["alcohol"]["none"] & table.sure("alcohol")
    apart = "in_person" if circumstances.remote else "remote_only"
    return np.asarray(mask & ~table.has["together"][apart])


def still_stands(table: IdeaTable, row: int, starts_at: datetime) -> bool:
    """Return whether an idea is offered and exists from ``starts_at`` for as long as it takes."""
    if not table.offered[row] or not table.spans.dated[row]:
        return bool(table.offered[row])
    own = table.spans.some(table.spans.idea == row)
    return bool(within(own, np.array([starts_at.timestamp()]), table.minutes).any())


def in_season(table: IdeaTable, occasion: Occasion) -> np.ndarray:
    """Return the ideas whose season it is; where the latitude is unknown, on both halves of the world."""
    latitude = occasion.couple.circumstances.latitude
    north = SEASONS[occasion.week.monday.month % 12 // 3]
    south = SEASONS[(SEASONS.index(north) + 2) % 4]
    always = table.has["season"]["any"]
    if latitude is None:
        mask = table.has["season"][north] & table.has["season"][south]
    else:
        mask = table.has["season"][north if latitude >= 0 else south]
    snowy = latitude is not None and abs(latitude) >= SNOW_LATITUDE
    return np.asarray((always | mask) & (snowy | ~table.has["weather"]["snow"]))


def rested(table: IdeaTable, occasion: Occasion) -> np.ndarray:
    """Return the ideas that are not too soon again for this couple."""
    mask = np.ones(len(table.ideas), dtype=bool)
    lately: list[int] = []
    for past in occasion.history:
        row = table.index.get(past.idea_id)
        if row is None:
            continue
        weeks = occasion.weeks_ago(past)
        done = past.met == "done" or past.swap_reason == "done_it"
        once = done and bool(table.has["repeat"]["once"][row])
        unwanted = past.swap_reason == "not_us" and weeks < NOT_US_WEEKS
        lived = done or past.met == "planned"
        if lived and weeks < REST_WEEKS:
            lately.append(row)
        if once or unwanted or (lived and weeks < REST_WEEKS):
            mask[row] = False
    if lately:
        mask &= table.likeness(np.array(lately)).max(axis=0) < ALIKE
    return mask


def relaxations(table: IdeaTable, occasion: Occasion) -> tuple[Relaxation, ...]:
    """Return the smallest changes to the couple's shared limits that open more ideas, the widest first.

    Only limits that both share and can see are named, and counted as if nobody had a boundary: a count that
    boundaries had made smaller would tell each partner of the other's.
    """
    opened, found = _opening(table, occasion), []
    for lift in (_more_money, _more_minutes, _more_places, _more_time):
        changed = lift(table, occasion.couple.circumstances, opened)
        if changed is None:
            continue
        words, circumstances = changed
        opens = int(opened(circumstances).sum())
        if opens > 0:
            found.append(Relaxation(words, opens))
    return tuple(sorted(found, key=lambda relaxation: -relaxation.opens))


Opened = Callable[[Circumstances], np.ndarray]
"""What tells the ideas that other circumstances would open."""


def _opening(table: IdeaTable, occasion: Occasion) -> Opened:
    """Return what tells which ideas open; of what no lift changes, nothing is looked at twice."""
    couple = _without_private(occasion.couple)
    occasion, own = replace(occasion, couple=couple), couple.circumstances
    when = openings(table, occasion).anywhere
    rest = table.offered & within_boundaries(table, occasion)
    rest &= in_season(table, occasion) & rested(table, occasion)

    def open_to(circumstances: Circumstances) -> np.ndarray:
        fits = when
        if circumstances.slots != own.slots:
            changed = replace(couple, circumstances=circumstances)
            fits = openings(table, replace(occasion, couple=changed)).anywhere
        return rest & within_circumstances(table, circumstances) & fits

    now = open_to(own)
    return lambda circumstances: open_to(circumstances) & ~now


def _without_private(couple: Couple) -> Couple:
    open_to_all = (replace(it, boundaries=Boundaries(), tender_weeks=()) for it in couple.partners)
    return replace(couple, partners=tuple(open_to_all))


Lifted = tuple[str, Circumstances] | None


def _smallest(values: np.ndarray) -> float:
    """Return the least value that opens three more ideas, or all there are."""
    return float(np.sort(values)[min(2, len(values) - 1)])


def _more_money(table: IdeaTable, circumstances: Circumstances, opened: Opened) -> Lifted:
    if circumstances.budget_max is None:
        return None
    costs = table.typical_cost[opened(replace(circumstances, budget_max=None))]
    if not len(costs):
        return None
    budget = _smallest(costs)
    words = f"With {budget - circumstances.budget_max:g} {circumstances.currency} more to spend"
    return words, replace(circumstances, budget_max=budget)


def _more_minutes(table: IdeaTable, circumstances: Circumstances, opened: Opened) -> Lifted:
    if circumstances.minutes_max is None:
        return None
    minutes = table.minutes[opened(replace(circumstances, minutes_max=None))]
    if not len(minutes):
        return None
    longest = int(_smallest(minutes))
    words = f"With {longest - circumstances.minutes_max} more minutes"
    return words, replace(circumstances, minutes_max=longest)


def _more_places(_table: IdeaTable, circumstances: Circumstances, _opened: Opened) -> Lifted:
    if not circumstances.places:
        return None
    return "With any kind of place", replace(circumstances, places=())


def _more_time(_table: IdeaTable, circumstances: Circumstances, _opened: Opened) -> Lifted:
    if not circumstances.slots:
        return None
    return "With any evening or weekend of the week", replace(circumstances, slots=())

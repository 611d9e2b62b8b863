"""What a swap's reason asks of the rest of the week.

Each reason has a meaning of its own. *Too far*, *too dear*, *too tired* and *wrong weather* are about this
week: whatever replaces a suggestion answers every such reason given in it, and with the week they are
forgotten, since none of them is a dislike. *Done it* rests an idea like a date, and *not us* keeps it away
long (both in `feasibility`). *Not this week* and *other* ask nothing.
"""

from __future__ import annotations

import numpy as np

from recommender.domain import SwapReason
from recommender.planning.occasion import Occasion
from recommender.planning.table import IdeaTable

NEAR = ("home", "yard", "neighbourhood", "online")


def answers_week(table: IdeaTable, occasion: Occasion, possible: np.ndarray) -> np.ndarray:
    """Return the possible ideas that answer the latest swap of the week, and if some can, those before it.

    Parameters
    ----------
    occasion : Occasion
        Its history ends with the swap to answer.
    possible : ndarray of bool, shape (n_ideas,)
    """
    week = [past for past in occasion.history if past.met == "swapped" and past.on == occasion.week.monday]
    answers = [_answers(table, table.index.get(past.idea_id), past.swap_reason) for past in week]
    asked = possible & np.logical_and.reduce(answers)
    return asked if asked.any() else possible & answers[-1]


def _answers(table: IdeaTable, row: int | None, reason: SwapReason | None) -> np.ndarray:
    """Return the ideas that answer the reason for swapping the idea at ``row`` away."""
    everything = np.ones(len(table.ideas), dtype=bool)
    if reason == "too_far":
        far = [place for place in table.taxonomy.facets["place"].names if place not in NEAR]
        return np.asarray(~table.any_of("place", far))
    if reason == "wrong_weather":
        return np.asarray(~table.has["setting"]["outdoor"])
    if row is None:
        return everything
    if reason == "too_dear":
        return np.asarray(table.typical_cost < max(table.typical_cost[row], 1e-9))
    if reason == "too_tired":
        return np.asarray(table.at_most("energy", "low") & (table.minutes <= table.minutes[row]))
    return everything

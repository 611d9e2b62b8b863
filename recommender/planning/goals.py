"""What a couple set out to do: which dates serve a goal, how far along it is, and what that lifts.

A goal counts over the latest weeks, this one included, so it never fails and never ends: what was done
long ago drops out at one end while there is room for more at the other.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from recommender.domain import Goal, Progress
from recommender.planning.occasion import Occasion
from recommender.planning.table import IdeaTable


def serves(table: IdeaTable, goal: Goal) -> np.ndarray:
    """Return which ideas count for a goal, shape (n_ideas,): all, where it names nothing."""
    mask = np.ones(len(table.ideas), dtype=bool)
    if goal.practice is not None:
        mask &= table.has["practice"][goal.practice]
    for facet, values in goal.tags.items():
        mask &= table.any_of(facet, values)
    return mask


def progress(table: IdeaTable, occasion: Occasion, goal: Goal) -> Progress:
    """Return how far a goal is along by the end of the occasion's week."""
    counts = serves(table, goal)
    since = _since(occasion, goal)
    until = occasion.week.monday + timedelta(days=6)
    done = sum(
        bool(counts[table.index[past.idea_id]])
        for past in occasion.history
        if past.met in ("done", "kept") and past.idea_id in table.index and since <= past.on <= until
    )
    return Progress(done, goal.times, since, until)


def _since(occasion: Occasion, goal: Goal) -> date:
    """Return the first day that counts: paused weeks are left out, so the weeks before them count instead."""
    since, after = occasion.week.monday - timedelta(weeks=goal.weeks - 1), occasion.week.next().monday
    pause = occasion.couple.circumstances.pause
    if pause is None:
        return since
    first, last = pause.mondays[0], min(pause.mondays[1], after)
    return since - (last - first) if first < last and last > since else since


def behind(table: IdeaTable, occasion: Occasion) -> np.ndarray:
    """Return which ideas serve a goal that is not reached, shape (n_ideas,)."""
    mask = np.zeros(len(table.ideas), dtype=bool)
    for goal in occasion.couple.goals:
        if not progress(table, occasion, goal).reached:
            mask |= serves(table, goal)
    return mask

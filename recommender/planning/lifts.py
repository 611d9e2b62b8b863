"""What the couple's own history adds to a score: freshness, rest after showing, goals, ways of caring."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.planning.goals import behind
from recommender.planning.occasion import Occasion
from recommender.planning.settings import PlanSettings
from recommender.planning.table import IdeaTable

FADE_WEEKS = 8.0
"""A past date's likeness counts half after this long."""

SHOWN_FADE_WEEKS = 2.0
CARE_DATES = 4
"""Ways of caring are balanced over this many last dates."""


@dataclass(frozen=True, slots=True)
class Lifts:
    """Points added to each idea's couple score, each of shape (n_ideas,)."""

    freshness: np.ndarray
    shown: np.ndarray
    goals: np.ndarray
    care: np.ndarray


def lifts(table: IdeaTable, occasion: Occasion, settings: PlanSettings, least: np.ndarray) -> Lifts:
    """Return the points that freshness, rest, goals and care add to each idea.

    Parameters
    ----------
    least : ndarray of shape (n_ideas,)
        What the less keen partner is expected to rate: under the floor a goal lifts nothing, so that no
        goal ever brings what one of them would only sit through.
    """
    welcome = least >= settings.floor
    return Lifts(
        freshness=settings.freshness_weight * _dial(occasion) * freshness(table, occasion),
        shown=-settings.shown_weight * _shown(table, occasion),
        goals=settings.goal_weight * (behind(table, occasion) & welcome),
        care=settings.care_weight * _care(table, occasion),
    )


def freshness(table: IdeaTable, occasion: Occasion) -> np.ndarray:
    """Return 1 minus the largest faded likeness to a past date, shape (n_ideas,), 0 to 1."""
    past, weeks = occasion.done(table.index)
    if not past:
        return np.ones(len(table.ideas))
    alike = table.likeness(np.array([table.index[item.idea_id] for item in past]))
    alike *= (0.5 ** (weeks / FADE_WEEKS)).astype(np.float32)[:, None]
    return np.asarray(1 - alike.max(axis=0))


def _dial(occasion: Occasion) -> float:
    dials = [partner.freshness for partner in occasion.couple.partners]
    return sum(dials) / len(dials)


def _shown(table: IdeaTable, occasion: Occasion) -> np.ndarray:
    tired = np.zeros(len(table.ideas))
    for past in occasion.history:
        row = table.index.get(past.idea_id)
        if row is not None and past.met == "shown":  # a swap is no dislike; `feasibility` knows two that are
            faded = 0.5 ** (max(occasion.weeks_ago(past) - 1, 0) / SHOWN_FADE_WEEKS)
            tired[row] = max(tired[row], faded)
    return tired


def _care(table: IdeaTable, occasion: Occasion) -> np.ndarray:
    done = sorted((p for p in occasion.history if p.met == "done"), key=lambda past: past.on)
    rows = [table.index[past.idea_id] for past in done[-CARE_DATES:] if past.idea_id in table.index]
    if not rows:
        return np.zeros(len(table.ideas))
    missing = [way for way, has in table.has["connection"].items() if not has[rows].any()]
    return table.any_of("connection", missing).astype(float)

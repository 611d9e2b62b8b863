"""The plans that were shown lately, as a candidate model is to make them anew."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from sqlalchemy import Connection

from recommender.learning.replay import Shown
from recommender.planning.occasion import Occasion
from recommender.service.past import Past, history_of, ratings_of, read_past
from recommender.store import people
from recommender.store.plans import Exposure, latest_plans

N_PLANS = 400
"""The latest plans are looked at: enough to conclude from, and some seconds' work."""


def latest_shown(connection: Connection) -> tuple[Shown, ...]:
    """Return the latest plans of couples, as first shown, with what came of them; by couple and week."""
    found = latest_plans(connection, N_PLANS)
    return tuple(
        shown
        for couple_id, plans in groupby(found, key=lambda plan: plan[0])
        for shown in _of_couple(connection, couple_id, {week for _, week in plans})
    )


def _of_couple(connection: Connection, couple_id: str, weeks: set[str]) -> Iterator[Shown]:
    couple = people.find_couple(connection, couple_id)
    if couple is None or len(couple.partners) < 2:
        return
    past = read_past(connection, couple)
    for week, exposures in groupby(past.exposures, key=lambda exposure: exposure.week):
        if str(week) in weeks:
            yield _shown(past, tuple(exposures))


def _shown(past: Past, exposures: tuple[Exposure, ...]) -> Shown:
    made_at = exposures[0].shown_at
    swapped_in = {exposure.suggestion.replaced_by for exposure in exposures}
    first = [e.suggestion for e in exposures if e.suggestion.suggestion_id not in swapped_in]
    first.sort(key=lambda suggestion: suggestion.position)
    then = past.before(exposures[0].week, made_at)
    return Shown(
        occasion=Occasion(past.couple, exposures[0].week, made_at, history_of(then)),
        dates=then.dates,
        ratings=then.ratings,
        suggestions=tuple(first),
        rewards=tuple(_reward(past, suggestion.suggestion_id) for suggestion in first),
    )


def _reward(past: Past, suggestion_id: str) -> float:
    """Return the average of both ratings of the date that a suggestion became, or 0."""
    for date in past.dates:
        words = ratings_of(date, past.ratings)
        if date.suggestion_id == suggestion_id and len(words) == 2:
            return sum(word.enjoyment for word in words) / 2
    return 0.0

"""The plans that were shown lately, as a candidate model is to make them anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby

from sqlalchemy import Connection

from recommender.domain import Suggestion
from recommender.learning.replay import Shown
from recommender.planning.occasion import Occasion
from recommender.service.past import Past, by_date, history_of, read_past
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
        rewards=tuple(map(_rewards(past), first)),
    )


def _rewards(past: Past) -> Callable[[Suggestion], float]:
    """Return what gives the average of both ratings of the date that a suggestion became, or 0."""
    dates = {date.suggestion_id: date.date_id for date in past.dates}
    words = by_date(past.ratings)

    def reward(suggestion: Suggestion) -> float:
        rated = words[dates.get(suggestion.suggestion_id, "")]
        return sum(word.enjoyment for word in rated) / 2 if len(rated) == 2 else 0.0

    return reward

"""Whether a deployment can serve, part by part, and how much feedback comes in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from recommender.domain import Week
from recommender.errors import ModelError, StoreError
from recommender.service.deployment import Deployment
from recommender.store import is_current
from recommender.store.engine import reading
from recommender.store.people import count_couples
from recommender.store.plans import count_plans
from recommender.store.ratings import count_ratings

NOT_UPGRADED = "is older than this version; run `rekindle db upgrade`"
NO_IDEAS = "has no ideas; name another folder in REKINDLE_CATALOGUE"


@dataclass(frozen=True, slots=True)
class Pace:
    """How many couples there are, and how many plans and ratings the last hour brought."""

    couples: int
    plans: int
    ratings: int


def pace(d: Deployment) -> Pace:
    """Return how much is going on."""
    now = d.clock()
    hour = (now - timedelta(hours=1), now)
    with reading(d.engine) as connection:
        return Pace(
            count_couples(connection), count_plans(connection, *hour), count_ratings(connection, *hour)
        )


def failing_parts(d: Deployment) -> dict[str, str]:
    """Return each part that cannot be used now and what to do; empty when all is well."""
    found = {
        "database": _database(d),
        "catalogue": None if d.catalogue.ideas else NO_IDEAS,
        "model": _model(d),
    }
    return {part: problem for part, problem in found.items() if problem is not None}


def feedback_volume(d: Deployment, n_weeks: int) -> list[tuple[date, int]]:
    """Return the Monday of each of the latest weeks, the earliest first, and how many ratings came in it.

    Weeks are those of UTC; a rating that was changed counts when it was changed.
    """
    monday = Week.of(d.clock().date()).monday
    mondays = [monday - timedelta(weeks=ago) for ago in range(n_weeks - 1, -2, -1)]
    edges = [datetime.combine(day, time(), tzinfo=UTC) for day in mondays]
    with reading(d.engine) as connection:
        counts = [count_ratings(connection, *week) for week in pairwise(edges)]
    return list(zip(mondays[:-1], counts, strict=True))


def _database(d: Deployment) -> str | None:
    try:
        return None if is_current(d.engine) else NOT_UPGRADED
    except StoreError as error:
        return str(error)


def _model(d: Deployment) -> str | None:
    try:
        d.models.ready()
    except ModelError as error:
        return str(error)
    return None

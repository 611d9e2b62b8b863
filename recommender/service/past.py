"""Everything that the store holds of a couple and that a plan depends on, and how a plan sees it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from recommender.domain import Couple, CoupleDate, Rating, Week
from recommender.planning.occasion import PastIdea
from recommender.store import dates as date_store
from recommender.store import plans as plan_store
from recommender.store import ratings as rating_store
from recommender.store import rituals as ritual_store

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Past:
    """A couple and all that it has met."""

    couple: Couple
    dates: tuple[CoupleDate, ...]
    ratings: tuple[Rating, ...]
    exposures: tuple[plan_store.Exposure, ...]
    rituals: tuple[ritual_store.OfferedRitual, ...]

    def before(self, week: Week, moment: datetime) -> Past:
        """Return it as it stood when the plan of a week was made; the couple's limits are those of now."""
        return replace(
            self,
            dates=tuple(date for date in self.dates if date.starts_at < moment),
            ratings=tuple(rating for rating in self.ratings if rating.rated_at < moment),
            exposures=tuple(exposure for exposure in self.exposures if exposure.week.monday < week.monday),
            rituals=tuple(offered for offered in self.rituals if offered.week.monday < week.monday),
        )


def read_past(connection: Connection, couple: Couple) -> Past:
    """Return what the store holds of a couple."""
    return read_pasts(connection, (couple,))[0]


def read_pasts(connection: Connection, couples: Sequence[Couple]) -> tuple[Past, ...]:
    """Return what the store holds of each of some couples, in as many questions as for one."""
    ids = [couple.couple_id for couple in couples]
    dates = _by("couple_id", date_store.list_dates(connection, *ids))
    ratings = by_date(rating_store.list_ratings(connection, *ids))
    exposures = _by("couple_id", plan_store.all_exposures(connection, *ids))
    rituals = _by("couple_id", ritual_store.list_rituals(connection, *ids))
    return tuple(
        Past(
            couple=couple,
            dates=tuple(dates[couple.couple_id]),
            ratings=tuple(rating for date in dates[couple.couple_id] for rating in ratings[date.date_id]),
            exposures=tuple(exposures[couple.couple_id]),
            rituals=tuple(rituals[couple.couple_id]),
        )
        for couple in couples
    )


def history_of(past: Past) -> tuple[PastIdea, ...]:
    """Return every meeting of the two with an idea of the catalogue, none that is one partner's alone."""
    zone = ZoneInfo(past.couple.circumstances.time_zone)
    words = by_date(past.ratings)
    lived = (
        PastIdea(
            idea_id=date.idea_id,
            on=date.starts_at.astimezone(zone).date(),
            met="done" if date.status == "done" or words[date.date_id] else "planned",
            loved=bool(words[date.date_id]) and all(word.again for word in words[date.date_id]),
            felt={word.partner_id: word.enjoyment for word in words[date.date_id]},
        )
        for date in past.dates
        if date.idea_id is not None and date.status != "skipped" and date.kept_by is None
    )
    shown = (
        PastIdea(
            idea_id=exposure.suggestion.idea_id,
            on=exposure.week.monday,
            met="swapped" if exposure.swap_reason else "shown",
            swap_reason=exposure.swap_reason,
        )
        for exposure in past.exposures
    )
    rituals = (
        PastIdea(
            idea_id=offered.ritual.idea_id,
            on=offered.week.monday,
            met="kept" if offered.kept else "shown",
        )
        for offered in past.rituals
    )
    return (*lived, *shown, *rituals)


def by_date(ratings: Iterable[Rating]) -> Mapping[str, Sequence[Rating]]:
    """Return the ratings of each date, by its id; none of a date that nobody rated."""
    return _by("date_id", ratings)


def _by(name: str, found: Iterable[T]) -> Mapping[str, Sequence[T]]:
    """Return what was found by one of its attributes, in order; nothing of what nobody has."""
    grouped: defaultdict[str, list[T]] = defaultdict(list)
    for one in found:
        grouped[getattr(one, name)].append(one)
    return grouped

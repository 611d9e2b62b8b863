"""When an idea can start: the couple's free stretches of a week, met with what each idea needs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from recommender.catalogue.dayparts import DAYPARTS, daypart
from recommender.domain import Circumstances, Slot
from recommender.planning.dated import Stretches, moment, on_time, within
from recommender.planning.occasion import Occasion
from recommender.planning.table import IdeaTable

STEP_MINUTES = 30
SPANS_AT_A_TIME = 2000
LEAD_MINUTES = {"now": 0, "same_day": 180, "days": 24 * 60, "weeks": 7 * 24 * 60}
PREFERENCE = {"evening": 0, "afternoon": 1, "morning": 2, "midday": 3, "late": 4, "early": 5}
"""Within a long stretch, which part of the day to propose first."""

DEFAULT_SLOTS = (
    *(Slot(day, time(18, 30), 330) for day in (5, 4, 3, 2, 1)),
    Slot(6, time(7, 30), 40 * 60),
    Slot(7, time(7, 30), 990),
)
"""Used while a couple has not said when it is free."""


@dataclass(frozen=True, slots=True)
class Openings:
    """Where each idea fits.

    Attributes
    ----------
    starts : tuple of datetime
        Possible starts, in the couple's time zone, in order of preference.
    moments : ndarray of shape (n_starts,)
        The same as seconds since 1970: in the hour that clocks repeat, local times are not enough.
    window, left, notice, part : ndarray of shape (n_starts,)
        Which free stretch each start lies in, the minutes left in it, the minutes until it, and its
        position in ``DAYPARTS``.
    asleep : ndarray of bool, shape (n_starts,)
        Whether children, if there are any, are asleep then.
    showings : Showings
        The beginnings of ideas that begin when they begin.
    anywhere : ndarray of bool, shape (n_ideas,)
        Which ideas fit at least one start.
    """

    table: IdeaTable
    starts: tuple[datetime, ...]
    moments: np.ndarray
    window: np.ndarray
    left: np.ndarray
    notice: np.ndarray
    part: np.ndarray
    asleep: np.ndarray
    showings: Showings
    anywhere: np.ndarray

    def fitting(self, idea_index: int) -> np.ndarray:
        """Return the positions of the starts that an idea fits, best first; showings apart."""
        table = self.table
        fits = _startable(self, np.array([idea_index]))[0]
        if table.spans.dated[idea_index]:
            own = table.spans.some(table.spans.idea == idea_index)
            fits &= within(own, self.moments, table.minutes).any(axis=0)
        return np.flatnonzero(fits)

    def best_start(self, idea_index: int, taken: tuple[datetime, ...]) -> datetime:
        """Return the best start for an idea, in a stretch used by as few of ``taken`` as possible.

        Starts are held in order of preference, so the first in the least used stretch wins.
        """
        free, shown = self.showings.free, self.showings.of(idea_index)
        used = np.zeros(len(free.opens), dtype=int)
        for start in taken:
            used += (free.opens <= start.timestamp()) & (start.timestamp() < free.closes)
        fitting = self.fitting(idea_index)
        windows = np.concatenate((self.showings.window[shown], self.window[fitting]))
        best = int(np.argmin(used[windows]))
        if best >= len(shown):
            return self.starts[int(fitting[best - len(shown)])]
        return moment(float(self.showings.starts[shown[best]]), self.showings.zone)


@dataclass(frozen=True, slots=True)
class Showings:
    """The beginnings of dated ideas that a couple can be at.

    Attributes
    ----------
    idea, window : ndarray of shape (n_showings,)
        The idea, and the free stretch the whole of it lies in.
    starts : ndarray of shape (n_showings,)
        Seconds since 1970.
    free : Stretches
        The couple's free stretches of the week.
    """

    idea: np.ndarray
    window: np.ndarray
    starts: np.ndarray
    free: Stretches
    zone: ZoneInfo

    def of(self, idea_index: int) -> np.ndarray:
        """Return the positions of an idea's showings."""
        return np.flatnonzero(self.idea == idea_index)


def openings(table: IdeaTable, occasion: Occasion) -> Openings:
    """Return the starts of the week and which ideas fit each.

    An idea fits a start when it is the right part of the day, is over before the free stretch is,
    leaves time to arrange it, and the children, if there are any, are minded or asleep.
    """
    circumstances = occasion.couple.circumstances
    starts, window, left, part = _starts(circumstances, occasion)
    moments = np.array([start.timestamp() for start in starts])
    notice = (moments - occasion.now.timestamp()) / 60
    night = [not circumstances.children or start.hour >= 20 or start.hour < 5 for start in starts]
    asleep = np.array(night, dtype=bool)
    anywhere = _fits_some(table, part, left, notice)
    if circumstances.children:
        at_night = _fits_some(table, part[asleep], left[asleep], notice[asleep])
        anywhere = np.where(table.has["kids"]["asleep"], at_night, anywhere)
    showings = _showings(table, occasion)
    found = Openings(table, starts, moments, window, left, notice, part, asleep, showings, anywhere)
    return replace(found, anywhere=_existing(found)) if table.spans.dated.any() else found


def _showings(table: IdeaTable, occasion: Occasion) -> Showings:
    """Return the beginnings of dated ideas that the couple can be at, with notice enough."""
    circumstances = occasion.couple.circumstances
    slots = circumstances.slots or DEFAULT_SLOTS
    opens = np.array([_opens(slot, circumstances, occasion).timestamp() for slot in slots])
    free = Stretches(opens, opens + [60 * slot.minutes for slot in slots])
    spans = table.spans.some((table.spans.starts >= opens.min()) & (table.spans.starts < free.closes.max()))
    earliest = occasion.now.timestamp() + 60 * lead_minutes(table)[table.level["lead_time"]]
    at, window = np.nonzero(on_time(spans, free, table.minutes, earliest))
    if circumstances.children:  # when they sleep is a matter of starts at home; see `Openings.fitting`
        awake = ~table.has["kids"]["asleep"][spans.idea[at]]
        at, window = at[awake], window[awake]
    return Showings(spans.idea[at], window, spans.starts[at], free, ZoneInfo(circumstances.time_zone))


def _existing(found: Openings) -> np.ndarray:
    """Return which ideas fit some start once dated ones are held to when they exist, shape (n_ideas,)."""
    spans = found.table.spans
    anywhere = found.anywhere & ~spans.dated
    anywhere[found.showings.idea] = True
    if not len(found.starts):
        return anywhere
    this_week = (spans.starts <= found.moments.max()) & (spans.ends >= found.moments.min())
    open_longer = spans.ends - spans.starts > 60 * found.table.minutes[spans.idea]
    rows = np.flatnonzero(this_week & open_longer & found.anywhere[spans.idea])
    for some in np.array_split(rows, len(rows) // SPANS_AT_A_TIME + 1):
        own = spans.some(some)
        fits = within(own, found.moments, found.table.minutes) & _startable(found, own.idea)
        anywhere[own.idea[fits.any(axis=1)]] = True
    return anywhere


def _startable(found: Openings, rows: np.ndarray) -> np.ndarray:
    """Return which ideas fit which starts, dates apart, shape (n_rows, n_starts)."""
    table = found.table
    fits = table.minutes[rows, None] <= found.left
    fits &= lead_minutes(table)[table.level["lead_time"][rows], None] <= found.notice
    fits &= np.array([suits(table, name)[rows] for name in DAYPARTS]).T[:, found.part]
    return np.asarray(fits & (found.asleep | ~table.has["kids"]["asleep"][rows, None]))


def lead_minutes(table: IdeaTable) -> np.ndarray:
    """Return the notice that each level of ``lead_time`` asks for, minutes, shape (n_levels,)."""
    return np.array([LEAD_MINUTES[name] for name in table.taxonomy.facets["lead_time"].names])


def suits(table: IdeaTable, part: str) -> np.ndarray:
    """Return which ideas can be done in a part of the day, shape (n_ideas,)."""
    return np.asarray(table.has["time_of_day"]["any"] | table.has["time_of_day"][part])


def _fits_some(table: IdeaTable, part: np.ndarray, left: np.ndarray, notice: np.ndarray) -> np.ndarray:
    """Return which ideas fit one of these starts at least.

    Whether they do hangs on the longest time left in each part of the day, given the notice that an idea
    asks for: so each start is looked at once, not once for every idea.
    """
    fits = np.zeros(len(table.ideas), dtype=bool)
    lead = lead_minutes(table)
    longest = np.full((len(DAYPARTS), len(lead)), -1)
    for level, needed in enumerate(lead):
        usable = notice >= needed
        np.maximum.at(longest[:, level], part[usable], left[usable])
    for position, name in enumerate(DAYPARTS):
        fits |= suits(table, name) & (table.minutes <= longest[position][table.level["lead_time"]])
    return fits


def _starts(
    circumstances: Circumstances, occasion: Occasion
) -> tuple[tuple[datetime, ...], np.ndarray, np.ndarray, np.ndarray]:
    """Return starts in order of preference, their stretches, the minutes left in each, and parts of day."""
    zone = ZoneInfo(circumstances.time_zone)
    found: list[tuple[int, datetime, int]] = []
    for window, slot in enumerate(circumstances.slots or DEFAULT_SLOTS):
        opens = _opens(slot, circumstances, occasion)
        for minute in range(0, slot.minutes, STEP_MINUTES):
            # Aware arithmetic in UTC: wall-clock steps would be wrong across a change of the clocks.
            start = opens + timedelta(minutes=minute)
            if start >= occasion.now:
                found.append((window, start.astimezone(zone), slot.minutes - minute))
    local = [(daypart(start), window, start, left) for window, start, left in found]
    local.sort(key=lambda item: (PREFERENCE[item[0]], item[1]))  # stable: the earliest first
    return (
        tuple(start for _, _, start, _ in local),
        np.array([window for _, window, _, _ in local], dtype=int),
        np.array([left for _, _, _, left in local], dtype=int),
        np.array([DAYPARTS.index(part) for part, _, _, _ in local], dtype=int),
    )


def _opens(slot: Slot, circumstances: Circumstances, occasion: Occasion) -> datetime:
    day = occasion.week.monday + timedelta(days=slot.weekday - 1)
    local = datetime.combine(day, slot.start, tzinfo=ZoneInfo(circumstances.time_zone))
    return local.astimezone(UTC)

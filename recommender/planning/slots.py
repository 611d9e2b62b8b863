"""When an idea can start: the couple's free stretches of a week, met with what each idea needs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from recommender.catalogue.dayparts import DAYPARTS, daypart
from recommender.domain import Circumstances, Slot, Week
from recommender.planning.dated import Stretches, moment, on_time, within
from recommender.planning.daylight import city_of, daylight
from recommender.planning.occasion import Occasion
from recommender.planning.table import LEAD_MINUTES, IdeaTable

STEP_MINUTES = 30
SPANS_AT_A_TIME = 2000
PREFERENCE = ("evening", "afternoon", "morning", "midday", "late", "early")
"""Within a long stretch, which part of the day to propose first."""

RANKS = np.array([PREFERENCE.index(part) for part in DAYPARTS])
PARTS_BY_HOUR = np.array([DAYPARTS.index(daypart(datetime(2026, 1, 1, hour))) for hour in range(24)])
LEADS = np.array(sorted(LEAD_MINUTES.values()))
BEDTIME, UP = 20, 5
"""Hours between which children sleep."""

NOWHERE, NEVER = np.zeros(0, dtype=int), np.zeros(0)
"""No ideas, and no moments."""

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
    moments : ndarray of shape (n_starts,)
        Possible starts in order of preference, seconds since 1970: in the hour that clocks repeat, local
        times are not enough.
    window, notice, part : ndarray of shape (n_starts,)
        Which free stretch each start lies in, the minutes until it, and its position in ``DAYPARTS``.
    left : ndarray of shape (4, n_starts)
        The minutes left from each start, by `IdeaTable.demand`: in the stretch; of those, while children
        sleep; while it is light; both.
    showings : Showings
        The beginnings of ideas that begin when they begin.
    anywhere : ndarray of bool, shape (n_ideas,)
        Which ideas fit at least one start.
    """

    table: IdeaTable
    moments: np.ndarray
    window: np.ndarray
    left: np.ndarray
    notice: np.ndarray
    part: np.ndarray
    showings: Showings
    anywhere: np.ndarray

    @property
    def starts(self) -> tuple[datetime, ...]:
        """The possible starts, in the couple's time zone."""
        return tuple(moment(float(seconds), self.showings.zone) for seconds in self.moments)

    def fitting(self, idea_index: int) -> np.ndarray:
        """Return the positions of the starts that an idea fits, best first; showings apart."""
        table = self.table
        fits = table.minutes[idea_index] <= self.left[table.demand[idea_index]]
        fits &= table.lead_minutes[idea_index] <= self.notice
        fits &= table.parts[self.part, idea_index]
        if table.spans.dated[idea_index]:
            own = table.spans.some(table.spans.idea == idea_index)
            fits &= within(own, self.moments, table.minutes).any(axis=0)
        return np.asarray(fits.nonzero()[0])

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
            return moment(float(self.moments[fitting[best - len(shown)]]), self.showings.zone)
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
        return np.asarray((self.idea == idea_index).nonzero()[0])


def openings(table: IdeaTable, occasion: Occasion) -> Openings:
    """Return the starts of the week and which ideas fit each.

    An idea fits a start when it is the right part of the day, is over before the free stretch is,
    leaves time to arrange it, has light enough if it needs any, and the children, if there are any, are
    minded or asleep.
    """
    found = _starts(table, occasion)
    found = replace(found, anywhere=_fits_some(found))
    return replace(found, anywhere=_existing(found)) if table.spans.dated.any() else found


def free_until(circumstances: Circumstances, week: Week) -> datetime:
    """Return when the last free stretch of a couple's week ends."""
    zone = ZoneInfo(circumstances.time_zone)
    free = _free(circumstances.slots or DEFAULT_SLOTS, zone, week.monday)
    return moment(float(free.closes.max()), zone)


@dataclass(frozen=True, slots=True)
class Grid:
    """A couple's free week in steps, whatever the time is now.

    Attributes
    ----------
    free : Stretches
        The free stretches.
    moments, window, part : ndarray of shape (n_steps,)
    left : ndarray of shape (4, n_steps)
        As in `Openings`.
    """

    free: Stretches
    moments: np.ndarray
    window: np.ndarray
    left: np.ndarray
    part: np.ndarray


def _grid_of(occasion: Occasion) -> Grid:
    """Return the grid of a couple's week; latitude in tenths of a degree, which light does not tell apart."""
    circumstances = occasion.couple.circumstances
    latitude = circumstances.latitude
    if latitude is None:
        latitude = city_of(circumstances.time_zone)[0]
    return _grid(
        circumstances.slots or DEFAULT_SLOTS,
        circumstances.time_zone,
        None if latitude is None else round(latitude, 1),
        bool(circumstances.children),
        occasion.week.monday,
    )


@lru_cache(maxsize=4096)
def _grid(
    slots: tuple[Slot, ...], time_zone: str, latitude: float | None, children: bool, monday: date
) -> Grid:
    """Return the steps of a week in order of preference, and what is left from each of them."""
    zone = ZoneInfo(time_zone)
    free = _free(slots, zone, monday)
    steps = [
        np.arange(opens, closes, 60 * STEP_MINUTES)
        for opens, closes in zip(free.opens.tolist(), free.closes.tolist(), strict=True)
    ]
    moments = np.concatenate(steps)
    window = np.repeat(np.arange(len(steps)), [len(each) for each in steps])
    hours = _local_hours(moments, zone)
    part = PARTS_BY_HOUR[hours]
    order = np.lexsort((moments, window, RANKS[part]))
    moments, window, hours, part = moments[order], window[order], hours[order], part[order]
    left = (free.closes[window] - moments) / 60
    asleep = np.array(not children) | (hours >= BEDTIME) | (hours < UP)
    light = np.minimum(left, _light_left(moments, latitude, time_zone, monday))
    by_demand = np.stack([left, np.where(asleep, left, -1), light, np.where(asleep, light, -1)])
    return Grid(free, moments, window, by_demand, part)


def _free(slots: tuple[Slot, ...], zone: ZoneInfo, monday: date) -> Stretches:
    """Return the free stretches of a week."""
    days = [monday + timedelta(days=slot.weekday - 1) for slot in slots]
    starts = np.array(
        [
            datetime.combine(day, slot.start, tzinfo=zone).timestamp()
            for day, slot in zip(days, slots, strict=True)
        ]
    )
    # Seconds count: wall-clock steps would be wrong across a change of the clocks.
    return Stretches(starts, starts + 60.0 * np.array([slot.minutes for slot in slots]))


def _showings(table: IdeaTable, occasion: Occasion, free: Stretches) -> Showings:
    """Return the beginnings of dated ideas that the couple can be at, with notice enough."""
    circumstances = occasion.couple.circumstances
    zone = ZoneInfo(circumstances.time_zone)
    if not len(table.spans.idea):
        return Showings(NOWHERE, NOWHERE, NEVER, free, zone)
    spans = table.spans.some(
        (table.spans.starts >= free.opens.min()) & (table.spans.starts < free.closes.max())
    )
    earliest = occasion.now.timestamp() + 60 * table.lead_minutes
    at, window = np.nonzero(on_time(spans, free, table.minutes, earliest))
    if circumstances.children:  # when they sleep is a matter of starts at home; see `Openings.fitting`
        awake = ~table.after_bedtime[spans.idea[at]]
        at, window = at[awake], window[awake]
    return Showings(spans.idea[at], window, spans.starts[at], free, zone)


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
    fits = table.minutes[rows, None] <= found.left[table.demand[rows]]
    fits &= table.lead_minutes[rows, None] <= found.notice
    fits &= table.parts[:, rows][found.part].T
    return np.asarray(fits)


def _fits_some(found: Openings) -> np.ndarray:
    """Return which ideas fit one of the starts at least, shape (n_ideas,).

    Whether they do hangs on the longest time left in each part of the day, given the notice that an idea
    asks for and what else it does: so each start is looked at once, not once for every idea.
    """
    table = found.table
    longest = np.full((len(DAYPARTS), len(found.left), len(LEADS)), -1.0)
    usable = np.where(found.notice >= LEADS[:, None, None], found.left, -1.0)  # (level, demand, start)
    np.maximum.at(longest, found.part, usable.transpose(2, 1, 0))
    group = table.demand * len(LEADS) + np.searchsorted(LEADS, table.lead_minutes)
    fits = table.parts & (table.minutes <= longest.reshape(len(DAYPARTS), -1)[:, group])
    return np.asarray(fits.any(axis=0))


def _starts(table: IdeaTable, occasion: Occasion) -> Openings:
    """Return the starts that are still ahead, in order of preference, before it is known what fits them."""
    grid, now = _grid_of(occasion), occasion.now.timestamp()
    ahead = grid.moments >= now
    moments = grid.moments[ahead]
    return Openings(
        table=table,
        moments=moments,
        window=grid.window[ahead],
        left=grid.left[:, ahead],
        notice=(moments - now) / 60,
        part=grid.part[ahead],
        showings=_showings(table, occasion, grid.free),
        anywhere=np.zeros(len(table.ideas), dtype=bool),
    )


def _local_hours(moments: np.ndarray, zone: ZoneInfo) -> np.ndarray:
    """Return the hour that clocks show at each moment."""
    if not len(moments):
        return np.zeros(0, dtype=int)
    first, last = _offset(moments.min(), zone), _offset(moments.max(), zone)
    offsets = first if first == last else np.array([_offset(at, zone) for at in moments])
    return np.asarray((moments + offsets) % 86_400 // 3600, dtype=int)


def _offset(seconds: float, zone: ZoneInfo) -> float:
    offset = datetime.fromtimestamp(seconds, zone).utcoffset()
    return offset.total_seconds() if offset is not None else 0.0


def _light_left(moments: np.ndarray, latitude: float | None, time_zone: str, monday: date) -> np.ndarray:
    """Return the minutes of light left at each moment, -1 in the dark; endless where nobody knows."""
    if latitude is None:
        return np.full(len(moments), np.inf)
    days = (monday + timedelta(days=number) for number in range(-1, 8))
    dawn, dusk = np.array([daylight(latitude, time_zone, day) for day in days]).T
    lit = (dawn <= moments[:, None]) & (moments[:, None] <= dusk)
    return np.asarray(np.where(lit, dusk - moments[:, None], -60).max(axis=1) / 60)

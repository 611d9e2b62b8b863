"""When an idea can start: the couple's free stretches of a week, met with what each idea needs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from recommender.domain import Circumstances, Slot
from recommender.planning.occasion import Occasion
from recommender.planning.table import IdeaTable

STEP_MINUTES = 30
LEAD_MINUTES = {"now": 0, "same_day": 180, "days": 24 * 60, "weeks": 7 * 24 * 60}
DAYPARTS = ("early", "morning", "midday", "afternoon", "evening", "late")
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
        Possible starts, in the couple's time zone.
    moments : ndarray of shape (n_starts,)
        The same as seconds since 1970: in the hour that clocks repeat, local times are not enough.
    window : ndarray of shape (n_starts,)
        Which free stretch each start lies in.
    fits : ndarray of bool, shape (n_ideas, n_starts)
    """

    starts: tuple[datetime, ...]
    moments: np.ndarray
    window: np.ndarray
    fits: np.ndarray

    def best_start(self, idea_index: int, taken: tuple[datetime, ...]) -> datetime:
        """Return the best start for an idea, in a stretch used by as few of ``taken`` as possible.

        Starts are held in order of preference, so the first in the least used stretch wins.
        """
        used = np.zeros(int(self.window.max()) + 1, dtype=int)
        for start in taken:
            used[self.window[self.moments == start.timestamp()]] += 1
        fitting = np.flatnonzero(self.fits[idea_index])
        return self.starts[int(fitting[np.argmin(used[self.window[fitting]])])]


def openings(table: IdeaTable, occasion: Occasion) -> Openings:
    """Return the starts of the week and which ideas fit each.

    An idea fits a start when it is the right part of the day, is over before the free stretch is,
    leaves time to arrange it, and the children, if there are any, are minded or asleep.
    """
    circumstances = occasion.couple.circumstances
    starts, window, left = _starts(circumstances, occasion)
    parts = [daypart(start) for start in starts]
    right_part = np.stack(
        [table.has["time_of_day"]["any"] | table.has["time_of_day"][part] for part in parts]
        or [np.zeros(len(table.ideas), dtype=bool)]
    )[: len(starts)].T
    lead = np.array([LEAD_MINUTES[name] for name in table.taxonomy.facets["lead_time"].names])
    moments = np.array([start.timestamp() for start in starts])
    notice = (moments - occasion.now.timestamp()) / 60
    fits = right_part & (table.minutes[:, None] <= left) & (lead[table.level["lead_time"]][:, None] <= notice)
    if circumstances.children:
        asleep = np.array([start.hour >= 20 or start.hour < 5 for start in starts], dtype=bool)
        fits &= ~table.has["kids"]["asleep"][:, None] | asleep
    return Openings(starts, moments, window, fits)


def daypart(start: datetime) -> str:
    """Return the part of the day that ``start`` lies in.

    Examples
    --------
    >>> daypart(datetime(2026, 11, 23, 12, 30))
    'midday'
    >>> daypart(datetime(2026, 11, 24, 1, 0))
    'late'
    """
    bounds = ((5, "late"), (9, "early"), (12, "morning"), (14, "midday"), (17, "afternoon"), (22, "evening"))
    return next((name for hour, name in bounds if start.hour < hour), "late")


def _starts(
    circumstances: Circumstances, occasion: Occasion
) -> tuple[tuple[datetime, ...], np.ndarray, np.ndarray]:
    """Return starts in order of preference, their stretches, and the minutes left in each."""
    found: list[tuple[int, int, datetime, int]] = []
    for window, slot in enumerate(circumstances.slots or DEFAULT_SLOTS):
        opens = _opens(slot, circumstances, occasion)
        for minute in range(0, slot.minutes, STEP_MINUTES):
            # Aware arithmetic in UTC: wall-clock steps would be wrong across a change of the clocks.
            start = opens + timedelta(minutes=minute)
            if start >= occasion.now:
                found.append((window, minute, start, slot.minutes - minute))
    zone = ZoneInfo(circumstances.time_zone)
    local = [(window, start.astimezone(zone), left) for window, _, start, left in found]
    local.sort(key=lambda item: (PREFERENCE[daypart(item[1])], item[0]))  # stable: the earliest first
    return (
        tuple(start for _, start, _ in local),
        np.array([window for window, _, _ in local], dtype=int),
        np.array([left for _, _, left in local], dtype=int),
    )


def _opens(slot: Slot, circumstances: Circumstances, occasion: Occasion) -> datetime:
    day = occasion.week.monday + timedelta(days=slot.weekday - 1)
    local = datetime.combine(day, slot.start, tzinfo=ZoneInfo(circumstances.time_zone))
    return local.astimezone(UTC)

"""Ideas that exist at certain times only: which of those times a couple can be there.

A showing begins when it begins, whatever our half-hour steps are. What is open for longer than it takes can
be started at any of our starts within its hours, as everything else can.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

import numpy as np

from recommender.domain import Idea


@dataclass(frozen=True, slots=True)
class Spans:
    """The spans of all ideas, one row each, by the row of their idea.

    Attributes
    ----------
    idea : ndarray of shape (n_spans,)
        Rows of the table.
    starts, ends : ndarray of shape (n_spans,)
        Seconds since 1970.
    dated : ndarray of bool, shape (n_ideas,)
        Which ideas have any.
    """

    idea: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    dated: np.ndarray

    def some(self, rows: np.ndarray) -> Spans:
        """Return some of the spans, by their positions or a mask."""
        return Spans(self.idea[rows], self.starts[rows], self.ends[rows], self.dated)


@dataclass(frozen=True, slots=True)
class Stretches:
    """A couple's free stretches of a week, seconds since 1970; both of shape (n_stretches,)."""

    opens: np.ndarray
    closes: np.ndarray


def spans_of(ideas: Sequence[Idea]) -> Spans:
    """Return the spans of some ideas, in their order."""
    flat = [
        (row, span.starts.timestamp(), span.ends.timestamp())
        for row, idea in enumerate(ideas)
        for span in idea.spans
    ]
    rows, starts, ends = zip(*flat, strict=True) if flat else ((), (), ())
    dated = np.zeros(len(ideas), dtype=bool)
    dated[list(rows)] = True
    return Spans(np.array(rows, dtype=int), np.array(starts, dtype=float), np.array(ends, dtype=float), dated)


def on_time(spans: Spans, free: Stretches, minutes: np.ndarray, earliest: np.ndarray) -> np.ndarray:
    """Return which spans a couple can be at from their beginning, and in which of its stretches.

    Parameters
    ----------
    minutes, earliest : ndarray of shape (n_ideas,)
        How long each idea takes, and when it can be arranged at the earliest, seconds since 1970.

    Returns
    -------
    ndarray of bool, shape (n_spans, n_stretches)
    """
    starts, idea = spans.starts[:, None], spans.idea
    over = starts + 60 * minutes[idea, None]
    free_for_all_of_it = (free.opens <= starts) & (over <= free.closes)
    return np.asarray(free_for_all_of_it & (spans.starts >= earliest[idea])[:, None])


def within(spans: Spans, moments: np.ndarray, minutes: np.ndarray) -> np.ndarray:
    """Return which moments lie in which spans with time for the whole idea, shape (n_spans, n_moments)."""
    last = spans.ends - 60 * minutes[spans.idea]
    return np.asarray((spans.starts[:, None] <= moments) & (moments <= last[:, None]))


def moment(seconds: float, zone: tzinfo) -> datetime:
    """Return the moment so many seconds after 1970, in a time zone."""
    return datetime.fromtimestamp(seconds, UTC).astimezone(zone)

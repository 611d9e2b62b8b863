"""Everything outside the model that a week's plan depends on, handed in by the caller."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

import numpy as np

from recommender.domain import Couple, SwapReason, Week


@dataclass(frozen=True, slots=True)
class PastIdea:
    """An idea that has met this couple before.

    Attributes
    ----------
    met : {"done", "planned", "shown", "swapped", "kept"}
        How far it got; ``kept`` is a small ritual that both did, which need not rest.
    loved : bool
        Both (or the only one who rated) would do it again.
    swap_reason : SwapReason or None
        Why it was swapped away.
    felt : Mapping[str, int]
        Partner id to how much they enjoyed it, 1 to 5, of those who said.
    """

    idea_id: str
    on: date
    met: Literal["done", "planned", "shown", "swapped", "kept"]
    loved: bool = False
    swap_reason: SwapReason | None = None
    felt: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Occasion:
    """A couple, a week and a moment.

    Attributes
    ----------
    now : datetime
        Aware; nothing is proposed before it.
    """

    couple: Couple
    week: Week
    now: datetime
    history: tuple[PastIdea, ...] = ()

    def done(self, known: Container[str]) -> tuple[tuple[PastIdea, ...], np.ndarray]:
        """Return the past dates of ideas that are ``known``, and how many weeks ago each was."""
        done = tuple(past for past in self.history if past.met == "done" and past.idea_id in known)
        days = self.week.monday.toordinal() - np.array([past.on.toordinal() for past in done], dtype=float)
        return done, np.maximum(days, 0) / 7

    def weeks_ago(self, past: PastIdea) -> float:
        """Return how many weeks before this week ``past`` was; 0 within it."""
        return max((self.week.monday - past.on).days / 7, 0.0)

"""What was told before and would be told again, held in this process alone."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from recommender.planning.table import IdeaTable

MOST = 1000


class Memory:
    """The latest answers, each by all that it was made of.

    Nothing has to be forgotten when something changes: what is made of something else has another name.
    """

    def __init__(self) -> None:
        self._held: dict[Hashable, tuple[IdeaTable, object]] = {}

    def find(self, table: IdeaTable, made_of: Hashable) -> Any:
        """Return what was made of this and of the same ideas, or None."""
        held = self._held.get(made_of)
        return held[1] if held is not None and held[0] is table else None

    def hold(self, table: IdeaTable, made_of: Hashable, made: object) -> None:
        """Hold an answer, and let the oldest go where there are too many."""
        self._held[made_of] = (table, made)
        while len(self._held) > MOST:
            self._held.pop(next(iter(self._held)), None)

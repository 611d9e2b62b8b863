"""What a couple's past dates add up to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recommender.service.deployment import Deployment


def freshness_of(d: Deployment, idea_ids: Sequence[str]) -> list[float]:
    """Return how unlike all before it each idea is, 0 (just like one of them) to 1; the first is all new.

    Parameters
    ----------
    idea_ids : Sequence[str]
        Ideas of past dates, the earliest first. Ideas that are no longer known are all new.
    """
    known = [(at, d.table.index[idea_id]) for at, idea_id in enumerate(idea_ids) if idea_id in d.table.index]
    unlike = [1.0] * len(idea_ids)
    rows = np.array([row for _, row in known], dtype=int)
    alike = d.table.likeness(rows, rows)
    for place, (at, _) in enumerate(known[1:], start=1):
        unlike[at] = float(1 - alike[place, :place].max())
    return unlike

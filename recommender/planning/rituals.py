"""Small rituals beside the week's dates: a few minutes, at no set time, for couples short of evenings."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from recommender.domain import Circumstances, Ritual, Role
from recommender.planning.feasibility import in_season, rested, within_limits
from recommender.planning.occasion import Occasion
from recommender.planning.settings import PlanSettings
from recommender.planning.slate import choose_slate
from recommender.planning.table import IdeaTable
from recommender.planning.weekly import Expectation, reasons_for, score_ideas, seeded

RITUALS = 2
"""The most that are offered in a week."""


def suit_rituals(table: IdeaTable, circumstances: Circumstances) -> np.ndarray:
    """Return the ideas that are small enough, and do not wait until children sleep where there are some."""
    awake = ~table.has["kids"]["asleep"] if circumstances.children else True
    return np.asarray(table.small & awake)


def offer_rituals(
    table: IdeaTable,
    expectation: Expectation,
    occasion: Occasion,
    settings: PlanSettings,
    positions: tuple[int, ...],
    taken: tuple[str, ...],
    new_id: Callable[[], str],
) -> tuple[Ritual, ...]:
    """Return a ritual for each position, fewer where limits leave fewer.

    They are chosen like a plan's suggestions, by the same score and with the same small exploration, so
    their propensities are as exact. A ritual that was kept need not rest.

    Parameters
    ----------
    taken : tuple[str, ...]
        Ideas that the week holds or held already.
    """
    mask = (
        suit_rituals(table, occasion.couple.circumstances)
        & within_limits(table, occasion)
        & in_season(table, occasion)
        & rested(table, occasion)
    )
    held = [table.index[idea_id] for idea_id in taken if idea_id in table.index]
    mask[held] = False
    if not mask.any():
        return ()
    roles: tuple[Role, ...] = tuple("open" for _ in positions)
    scored = score_ideas(table, expectation, occasion, settings)
    picks = choose_slate(
        table,
        scored.total,
        expectation.couple_std,
        mask,
        settings,
        seeded(occasion, f"rituals {positions} {len(taken)}"),
        roles=roles,
        before=tuple(held),
    )
    return tuple(
        Ritual(
            ritual_id=new_id(),
            position=position,
            idea_id=table.ideas[pick.idea_index].idea_id,
            expected=min(max(float(scored.average[pick.idea_index]), 1.0), 5.0),
            std=pick.std,
            score=float(scored.total[pick.idea_index]) + pick.variety,
            propensity=pick.propensity,
            reasons=reasons_for(table, occasion, expectation, scored, pick),
            model_version=expectation.model_version,
        )
        for position, pick in zip(positions, picks, strict=False)
    )

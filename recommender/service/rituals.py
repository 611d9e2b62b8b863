"""Small rituals of a week: offered beside the plan, and kept when both say so.

Nothing asks for one: a ritual that nobody confirms is forgotten, and none is ever late.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from recommender.domain import Couple, Plan, Ritual
from recommender.errors import Conflict, NotFound
from recommender.planning.occasion import PastIdea
from recommender.planning.rituals import RITUALS, offer_rituals, suit_rituals
from recommender.service.callers import Caller, couple_of, find_home
from recommender.service.deployment import Deployment
from recommender.service.goals import this_week
from recommender.service.past import Past, read_past
from recommender.service.secret import new_id
from recommender.service.telling import told
from recommender.service.weeks import Standpoint, inside_limits, standpoint, upcoming_week
from recommender.store import reading, rituals, transaction
from recommender.store.rituals import OfferedRitual


@dataclass(frozen=True, slots=True)
class SeenRitual:
    """A ritual as one partner may see it.

    Attributes
    ----------
    mine : bool
        Whether they confirmed it.
    kept : bool
        Whether everybody did.
    """

    ritual: Ritual
    mine: bool
    kept: bool


def see_rituals(
    d: Deployment,
    caller: Caller,
    couple: Couple,
    plan: Plan,
    offered: tuple[OfferedRitual, ...],
    inside: np.ndarray,
) -> tuple[SeenRitual, ...]:
    """Return the rituals beside a plan: offered when first read, then the same while limits allow them.

    A week that is over is offered none; a paused one shows none.

    Parameters
    ----------
    offered : tuple[OfferedRitual, ...]
        All that were ever offered in the plan's week, as just read.
    inside : np.ndarray
        From `inside_limits`.
    """
    if couple.circumstances.paused(plan.week):
        return ()
    shown = _in_force(offered)
    if not are_settled(d, couple, offered, inside) and plan.week >= this_week(d, couple):
        shown = _brought_up_to_date(d, caller, plan)
    return tuple(_seen(one, caller) for one in shown)


def are_settled(
    d: Deployment, couple: Couple, offered: tuple[OfferedRitual, ...], inside: np.ndarray
) -> bool:
    """Return whether a week has all its rituals, and none lies outside the couple's limits as they are now.

    Parameters
    ----------
    offered, inside
        As for `see_rituals`.
    """
    shown = _in_force(offered)
    return len(shown) == RITUALS and not _outgrown(d, couple, shown, inside)


def keep_ritual(d: Deployment, caller: Caller, ritual_id: str) -> SeenRitual:
    """Confirm, as one partner, that the two did a ritual; it is kept once everybody has, as often as asked.

    Raises
    ------
    NotFound
        If the couple has no such ritual any more.
    Conflict
        If its week is still to come, and not yet the one that they are shown for now.
    """
    with transaction(d.engine) as connection:
        home = find_home(connection, caller, for_update=True)
        offered = rituals.find_ritual(connection, home.couple.couple_id, ritual_id)
        if offered is None or offered.withdrawn:
            raise NotFound("There is no such ritual (any more); read the week again.")
        # On Sunday evening they are shown next week's, and may well have the minutes for it then.
        if offered.week > upcoming_week(d.clock(), home.couple.circumstances):
            raise Conflict(f"week {offered.week} is still to come; confirm it once you have done it")
        rituals.insert_confirmation(connection, ritual_id, home.me.partner_id, d.clock())
        everybody = {partner.partner_id for partner in home.couple.partners}
        if everybody <= {*offered.confirmed_by, home.me.partner_id}:
            rituals.keep_ritual(connection, ritual_id, d.clock())
        stored = rituals.find_ritual(connection, home.couple.couple_id, ritual_id)
        return _seen(stored or offered, caller)


def _seen(offered: OfferedRitual, caller: Caller) -> SeenRitual:
    return SeenRitual(told(offered.ritual, caller), caller.partner_id in offered.confirmed_by, offered.kept)


def _in_force(offered: tuple[OfferedRitual, ...]) -> tuple[OfferedRitual, ...]:
    shown = (one for one in offered if not one.withdrawn)
    return tuple(sorted(shown, key=lambda one: one.ritual.position))


def _outgrown(
    d: Deployment, couple: Couple, shown: tuple[OfferedRitual, ...], inside: np.ndarray
) -> tuple[OfferedRitual, ...]:
    """Return the rituals outside the couple's limits as they are now; one that was kept stays theirs."""
    suitable, index = suit_rituals(d.table, couple.circumstances), d.table.index
    return tuple(
        one
        for one in shown
        if (row := index.get(one.ritual.idea_id)) is None or not (one.kept or (inside[row] and suitable[row]))
    )


@dataclass(frozen=True, slots=True)
class _Draft:
    """What is to become of the rituals that a week has in force: which are withdrawn, and what is offered."""

    shown: tuple[OfferedRitual, ...]
    gone: tuple[OfferedRitual, ...]
    new: tuple[Ritual, ...]


def _brought_up_to_date(d: Deployment, caller: Caller, plan: Plan) -> tuple[OfferedRitual, ...]:
    """Withdraw what outgrew the limits and fill the free positions, as far as limits allow."""
    with reading(d.engine) as connection:
        past = read_past(connection, couple_of(connection, caller))
    draft = _draft(d, past, plan)  # before the couple is held, so that nobody waits for it
    if not draft.gone and not draft.new:
        return draft.shown
    with transaction(d.engine) as connection:
        now = read_past(connection, couple_of(connection, caller, for_update=True))
        if now.couple.circumstances.paused(plan.week):
            return ()
        if now != past:
            draft = _draft(d, now, plan)
        for one in draft.gone:
            rituals.withdraw_ritual(connection, one.ritual.ritual_id, d.clock())
        rituals.insert_rituals(connection, plan.couple_id, plan.week, draft.new, d.clock())
        return _in_force(rituals.list_rituals(connection, plan.couple_id, week=plan.week))


def _draft(d: Deployment, past: Past, plan: Plan) -> _Draft:
    ever = tuple(one for one in past.rituals if one.week == plan.week)
    shown = _in_force(ever)
    gone = _outgrown(d, past.couple, shown, inside_limits(d, past.couple, plan.week))
    held = {one.ritual.position for one in shown if one not in gone}
    free = tuple(position for position in range(1, RITUALS + 1) if position not in held)
    taken = (
        *(one.suggestion.idea_id for one in past.exposures if one.week == plan.week),
        *(one.ritual.idea_id for one in ever),
    )
    return _Draft(shown, gone, _offer(d, standpoint(d, past, plan.week), free, taken))


def first_rituals(d: Deployment, seen: Standpoint, plan: Plan) -> tuple[Ritual, ...]:
    """Return the rituals to offer beside a new plan, none where its week is over; nothing is stored."""
    if plan.week < this_week(d, seen.occasion.couple):
        return ()
    taken = tuple(suggestion.idea_id for suggestion in plan.suggestions)
    shown = (PastIdea(idea_id, plan.week.monday, "shown") for idea_id in taken)
    occasion = replace(seen.occasion, history=(*seen.occasion.history, *shown))
    return _offer(d, replace(seen, occasion=occasion), tuple(range(1, RITUALS + 1)), taken)


def _offer(
    d: Deployment, seen: Standpoint, free: tuple[int, ...], taken: tuple[str, ...]
) -> tuple[Ritual, ...]:
    return offer_rituals(
        d.table, seen.expectation, seen.occasion, d.plan_settings, free, taken, lambda: new_id(d.clock())
    )

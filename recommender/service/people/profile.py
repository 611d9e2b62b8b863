"""What a partner says about themselves, and what a couple says about the two of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from recommender.catalogue.quiz import check_answers
from recommender.domain import Boundaries, Circumstances, Couple, Goal, Partner, Progress
from recommender.service.callers import Caller, find_home
from recommender.service.deployment import Deployment
from recommender.service.goals import see_progress, this_week
from recommender.service.limits import (
    check_boundaries,
    check_circumstances,
    check_freshness,
    check_goals,
    check_tender_weeks,
)
from recommender.service.texts import NAME_LENGTH, check_line
from recommender.store import people, reading, transaction


@dataclass(frozen=True, slots=True)
class CoupleView:
    """What both partners may see of their couple.

    Attributes
    ----------
    partners : tuple[str, ...]
        Names only, in order of joining.
    progress : tuple[Progress, ...]
        How far each of the goals is along this week, in their order.
    """

    couple_id: str
    partners: tuple[str, ...]
    circumstances: Circumstances
    goals: tuple[Goal, ...]
    progress: tuple[Progress, ...]


def get_me(d: Deployment, caller: Caller) -> Partner:
    """Return the partner who asks, with everything only they may see."""
    with reading(d.engine) as connection:
        return find_home(connection, caller).me


def update_me(
    d: Deployment,
    caller: Caller,
    *,
    name: str | None = None,
    freshness: float | None = None,
    tender_weeks: Collection[str] | None = None,
) -> Partner:
    """Change what is given of a partner's own settings and return them.

    Raises
    ------
    InvalidInput
        If a value cannot be used; nothing is changed then.
    """
    given: dict[str, object] = {}
    if name is not None:
        given["name"] = check_line("name", name, NAME_LENGTH)
    if freshness is not None:
        given["freshness"] = check_freshness(freshness)
    if tender_weeks is not None:
        given["tender_weeks"] = check_tender_weeks(tender_weeks)
    return _change(d, caller, lambda me: replace(me, **given))  # type: ignore[arg-type]  # named above


def put_answers(d: Deployment, caller: Caller, answers: Mapping[str, object]) -> Partner:
    """Replace a partner's quiz answers and return the partner.

    Raises
    ------
    InvalidInput
        If a question is unknown or a value out of range; the field is ``answers`` and the question.
    """
    checked = check_answers(d.catalogue.quiz, answers)
    return _change(d, caller, lambda me: replace(me, answers=checked))


def put_boundaries(d: Deployment, caller: Caller, boundaries: Boundaries) -> Partner:
    """Replace a partner's private boundaries and return the partner.

    An idea that has left the catalogue may stay in a list that held it before.

    Raises
    ------
    InvalidInput
        If a value is not one the taxonomy knows; the field is the boundary that holds it.
    """

    def with_boundaries(me: Partner) -> Partner:
        idea_ids = d.catalogue.by_id.keys() | set(me.boundaries.ideas_never)
        return replace(me, boundaries=check_boundaries(d.catalogue.taxonomy, idea_ids, boundaries))

    return _change(d, caller, with_boundaries)


def get_couple(d: Deployment, caller: Caller) -> CoupleView:
    """Return what both partners may see of their couple."""
    with reading(d.engine) as connection:
        return _view(d, connection, caller, find_home(connection, caller).couple)


def update_couple(
    d: Deployment,
    caller: Caller,
    *,
    circumstances: Circumstances | Callable[[Circumstances], Circumstances] | None = None,
    goals: Iterable[Goal] | None = None,
) -> CoupleView:
    """Replace what is given of a couple's circumstances and goals, and return the couple.

    Parameters
    ----------
    circumstances : Circumstances or callable
        The new ones, or what makes them of those in force; nothing comes between it and their storing.

    Raises
    ------
    InvalidInput
        If a value is unknown or out of range; nothing is changed then.
    """
    taxonomy = d.catalogue.taxonomy
    new_goals = None if goals is None else check_goals(taxonomy, goals)
    with transaction(d.engine) as connection:
        couple = find_home(connection, caller, for_update=True).couple
        asked = circumstances(couple.circumstances) if callable(circumstances) else circumstances
        couple = replace(
            couple,
            circumstances=check_circumstances(taxonomy, asked) if asked else couple.circumstances,
            goals=couple.goals if new_goals is None else new_goals,
        )
        people.update_couple(connection, couple)
        return _view(d, connection, caller, couple)


def _change(d: Deployment, caller: Caller, changed: Callable[[Partner], Partner]) -> Partner:
    """Store what ``changed`` makes of the partner who asks, with nothing else coming between."""
    with transaction(d.engine) as connection:
        partner = changed(find_home(connection, caller, for_update=True).me)
        people.update_partner(connection, partner)
    return partner


def _view(d: Deployment, connection: Connection, caller: Caller, couple: Couple) -> CoupleView:
    return CoupleView(
        couple_id=couple.couple_id,
        partners=tuple(partner.name for partner in couple.partners),
        circumstances=couple.circumstances,
        goals=couple.goals,
        progress=see_progress(d, connection, caller, couple, this_week(d, couple)),
    )

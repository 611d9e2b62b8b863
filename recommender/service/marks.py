"""Choosing together: each partner marks each suggestion alone, and both see what both like once both have.

Until then nothing tells the other partner anything, not even whether a mark was made. Afterwards the
marks stay as they are, or one could change one's own to read off the other's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection

from recommender.domain import Couple, Mark, MarkWord, Plan, Week
from recommender.errors import Conflict, NotFound
from recommender.service.callers import Caller, Home, couple_of, find_home
from recommender.service.deployment import Deployment
from recommender.store import marks, plans, transaction

REVEALED = "You have both marked these, so the marks stay; choose one, or swap what does not suit."


@dataclass(frozen=True, slots=True)
class SeenMark:
    """What one partner may see of the marks of a suggestion.

    Attributes
    ----------
    mine : MarkWord or None
        Their own.
    both : {"yes", "maybe"} or None
        What both like it, once both have marked all; None where they do not, or not yet.
    """

    mine: MarkWord | None
    both: Literal["yes", "maybe"] | None


@dataclass(frozen=True, slots=True)
class SeenMarks:
    """What one partner may see of the marks of a plan.

    Attributes
    ----------
    by_suggestion : Mapping[str, SeenMark]
        For every suggestion of the plan.
    complete : bool
        Whether everybody in the couple has marked every suggestion.
    """

    by_suggestion: Mapping[str, SeenMark]
    complete: bool


def put_mark(d: Deployment, caller: Caller, week: Week, suggestion_id: str, word: MarkWord) -> None:
    """Keep what a partner says to a suggestion, in place of what they said before.

    Raises
    ------
    NotFound
        If the week has no such suggestion in force.
    Conflict
        If both have seen what both like.
    """
    with transaction(d.engine) as connection:
        home = find_home(connection, caller, for_update=True)
        plan = plans.find_plan(connection, home.couple.couple_id, week)
        if plan is None or all(suggestion_id != s.suggestion_id for s in plan.suggestions):
            raise NotFound(f"week {week} has no such suggestion; read the plan again")
        made = marks.list_marks(connection, plan)
        if _frozen(home, plan, made, suggestion_id):
            raise Conflict(REVEALED)
        marks.put_mark(connection, Mark(suggestion_id, home.me.partner_id, word, d.clock()))


def see_marks(d: Deployment, caller: Caller, couple: Couple, plan: Plan, made: Sequence[Mark]) -> SeenMarks:
    """Return what the caller may see of a plan's marks; what both see from now on is noted as seen.

    Parameters
    ----------
    made : Sequence[Mark]
        All marks of the plan, as just read.
    """
    if not is_news(couple, plan, made):
        return _seen(caller, couple, plan, made)
    with transaction(d.engine) as connection:
        couple = couple_of(connection, caller, for_update=True)
        made = _revealed(connection, d, couple, plan)
    return _seen(caller, couple, plan, made)


def is_news(couple: Couple, plan: Plan, made: Sequence[Mark]) -> bool:
    """Return whether both have marked all of a plan, and nobody has seen what both like."""
    unseen = any(mark.revealed_at is None for mark in made)
    return len(couple.partners) == 2 and unseen and _complete(couple, plan, made)


def both_like(words: Sequence[MarkWord]) -> Literal["yes", "maybe"] | None:
    """Return what everybody says to a suggestion, by the less eager of them; None after any no.

    Examples
    --------
    >>> both_like(["yes", "maybe"]), both_like(["yes", "yes"]), both_like(["yes", "not_this_time"])
    ('maybe', 'yes', None)
    """
    if "not_this_time" in words or not words:
        return None
    return "maybe" if "maybe" in words else "yes"


def _complete(couple: Couple, plan: Plan, made: Sequence[Mark]) -> bool:
    marked = {(mark.suggestion_id, mark.partner_id) for mark in made}
    wanted = {(s.suggestion_id, p.partner_id) for s in plan.suggestions for p in couple.partners}
    return bool(wanted) and wanted <= marked


def _frozen(home: Home, plan: Plan, made: Sequence[Mark], suggestion_id: str) -> bool:
    if len(home.couple.partners) == 1:
        return False
    mine = (suggestion_id, home.me.partner_id)
    seen = any(mark.revealed_at and (mark.suggestion_id, mark.partner_id) == mine for mark in made)
    return seen or _complete(home.couple, plan, made)


def _revealed(connection: Connection, d: Deployment, couple: Couple, plan: Plan) -> tuple[Mark, ...]:
    """Note a plan's marks as seen, if they are still complete now that the couple is held; return them."""
    made = marks.list_marks(connection, plan)
    if is_news(couple, plan, made):
        marks.reveal_marks(connection, [s.suggestion_id for s in plan.suggestions], d.clock())
    return marks.list_marks(connection, plan)


def _seen(caller: Caller, couple: Couple, plan: Plan, made: Sequence[Mark]) -> SeenMarks:
    complete = _complete(couple, plan, made)
    partner_ids = [partner.partner_id for partner in couple.partners]
    told = {}
    for suggestion in plan.suggestions:
        theirs = {m.partner_id: m for m in made if m.suggestion_id == suggestion.suggestion_id}
        shown = complete or all(m.revealed_at for m in theirs.values())
        everybody = shown and all(partner_id in theirs for partner_id in partner_ids)
        mine = theirs.get(caller.partner_id or "")
        told[suggestion.suggestion_id] = SeenMark(
            mine=mine.word if mine else None,
            both=both_like([theirs[who].word for who in partner_ids]) if everybody else None,
        )
    return SeenMarks(told, complete)

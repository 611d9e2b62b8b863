"""Weeks as partners were told them, each of use for as long as nothing of the couple's has changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Engine, bindparam, select

from recommender.store.changes import Change
from recommender.store.engine import commit, impatient, lent
from recommender.store.questions import Question
from recommender.store.tables import revisions, told_weeks
from recommender.store.upserts import insertion, replacing

TOLD = ("couple_id", "revision", "week", "writer", "body")
OF_PARTNER = Question(
    select(revisions.c.revision.label("now"), *(told_weeks.c[name] for name in TOLD[1:]))
    .select_from(revisions.outerjoin(told_weeks, told_weeks.c.partner_id == bindparam("of_partner")))
    .where(revisions.c.couple_id == bindparam("of_couple"))
)
OUTDATED = Question(
    select(told_weeks.c.partner_id, told_weeks.c.week, revisions.c.revision)
    .join_from(told_weeks, revisions)
    .where(told_weeks.c.couple_id == bindparam("of_couple"), told_weeks.c.revision != revisions.c.revision)
    .order_by(told_weeks.c.partner_id)
)
COUNTED = Change(
    lambda dialect: insertion(dialect, revisions).on_conflict_do_nothing(), ("couple_id", "revision")
)
KEPT = Change(lambda dialect: replacing(dialect, told_weeks, ("partner_id",)), ("partner_id", *TOLD))


@dataclass(frozen=True, slots=True)
class ToldWeek:
    """A week as a partner was told it.

    Attributes
    ----------
    revision : int
        How often anything of the couple's had changed before.
    writer : str
        Who wrote it; another might write it otherwise.
    """

    partner_id: str
    couple_id: str
    revision: int
    week: str
    writer: str
    body: str


@dataclass(frozen=True, slots=True)
class Outdated:
    """A partner whose kept week was told before something changed, and the couple's revision now."""

    partner_id: str
    week: str
    revision: int


def find_told(engine: Engine, couple_id: str, partner_id: str) -> tuple[int | None, ToldWeek | None]:
    """Return a couple's revision now, and the week that one of them was told last; None where there is none.

    Raises
    ------
    StoreError
        As for `transaction`.
    """
    found = OF_PARTNER.ask_alone(engine, of_couple=couple_id, of_partner=partner_id)
    if not found:
        return None, None
    now, *told = found[0]
    return now, None if told[0] is None else ToldWeek(partner_id, couple_id, *told)


def find_outdated(engine: Engine, couple_id: str) -> Sequence[Outdated]:
    """Return whose kept weeks were told before something of a couple's changed.

    Raises
    ------
    StoreError
        As for `transaction`.
    """
    return [Outdated(*row) for row in OUTDATED.ask_alone(engine, of_couple=couple_id)]


def begin_counting(engine: Engine, couple_id: str) -> None:
    """Count a couple's changes from now on; where they are counted already nothing changes.

    Raises
    ------
    StoreError
        As for `keep_told`.
    """
    _make_at_once(engine, COUNTED, {"couple_id": couple_id, "revision": 0})


def keep_told(engine: Engine, told: ToldWeek, *, patiently: bool = False) -> None:
    """Keep what a partner was told in place of what they were told before.

    Parameters
    ----------
    patiently : bool
        Whether on SQLite to wait for whoever is writing.

    Raises
    ------
    StoreError
        As for `transaction`; at once, if not ``patiently``, where on SQLite somebody else is writing.
    """
    if patiently:
        KEPT.make_alone(engine, asdict(told))
    else:
        _make_at_once(engine, KEPT, asdict(told))


def _make_at_once(engine: Engine, change: Change, values: dict[str, Any]) -> None:
    with lent(engine) as connection, impatient(connection):
        change.make(connection, values)
        commit(connection)

"""A week told again as it was told before, for as long as nothing that it was told from has changed.

The database itself counts whatever changes of a couple's, and a week is told from what it holds, from the
catalogue and by the code alone: no clock has a part in a week that is settled. A slow answer would tell one
partner that the other had changed something, which may be private: so whoever changes something has both
weeks told anew before their own answer is over.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from recommender.domain import Week
from recommender.errors import RekindleError, StoreError
from recommender.service.callers import Caller
from recommender.service.deployment import Deployment
from recommender.service.weekview import Stored, WeekView, is_settled, look, view_of
from recommender.store import told as store

LOG = logging.getLogger("rekindle.told")


@dataclass(frozen=True, slots=True)
class Writer:
    """What writes a week down.

    Attributes
    ----------
    name : str
        At most 100 characters; another one for any code that might write it otherwise.
    """

    name: str
    write: Callable[[Deployment, WeekView], str]


def told_week(d: Deployment, caller: Caller, week: Week, writer: Writer) -> str:
    """Return a partner's week as a writer puts it; its plan is made now if there is none yet.

    Raises
    ------
    NotFound
        If the week lies centuries off.
    """
    couple_id, partner_id = caller.couple_id or "", caller.partner_id or ""
    revision, told = store.find_told(d.engine, couple_id, partner_id)
    name = _name(d, writer)
    if told and (told.revision, told.week, told.writer) == (revision, str(week), name):
        return told.body
    found = look(d, caller, week)
    body = writer.write(d, view_of(d, caller, week, found))
    # The answer is there: what goes wrong from here on costs the next one its speed, and nothing else.
    with suppress(StoreError):
        if revision is None:
            store.begin_counting(d.engine, couple_id)
        elif isinstance(found, Stored) and is_settled(d, found):
            store.keep_told(d.engine, store.ToldWeek(partner_id, couple_id, revision, str(week), name, body))
    return body


def tell_anew(d: Deployment, couple_id: str, writer: Writer) -> None:
    """Tell the partners of a couple anew whatever they were told before something changed.

    What cannot be told without changing something is left to whoever reads it.
    """
    try:
        for one in store.find_outdated(d.engine, couple_id):
            caller, week = Caller("partner", one.partner_id, couple_id), Week.parse(one.week)
            found = look(d, caller, week)
            if isinstance(found, Stored) and is_settled(d, found):
                body = writer.write(d, view_of(d, caller, week, found))
                told = store.ToldWeek(
                    one.partner_id, couple_id, one.revision, one.week, _name(d, writer), body
                )
                store.keep_told(d.engine, told, patiently=True)
    except RekindleError as error:  # whatever was changed is changed, and its answer matters more
        LOG.warning("a week could not be told anew: %s", error)


def _name(d: Deployment, writer: Writer) -> str:
    # An idea that is over is offered no longer: the same content, but one fewer of them.
    return f"{writer.name} {d.catalogue.content_hash} {len(d.catalogue.ideas)}"

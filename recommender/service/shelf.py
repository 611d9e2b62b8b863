"""The catalogue that serves: shipped ideas and imported ones, put together anew when the latter change."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from threading import Lock, Thread
from time import monotonic

from sqlalchemy import Engine

from recommender.catalogue.library import Catalogue, with_imported
from recommender.errors import RekindleError, StoreError
from recommender.learning.registry import Registry
from recommender.service.serving import ServedModels
from recommender.store import ideas as idea_store
from recommender.store.engine import reading

LOG = logging.getLogger("rekindle.shelf")

LOOK_SECONDS = 1.0
"""A worker asks the database at most this often whether the imported ideas have changed."""

PATIENCE_SECONDS = 1.0
"""How long the request that finds a change waits for it; after that it is served what there was."""

NEVER = -1
"""The revision of a stock that the database had no part in."""


@dataclass(frozen=True, slots=True)
class Stock:
    """One state of the shelf: catalogue, table and models that fit each other.

    Attributes
    ----------
    revision : int
        Of the imported ideas in it.
    """

    revision: int
    catalogue: Catalogue
    models: ServedModels


class Shelf:
    """Holds the current `Stock` of one process and renews it once a change, beside the requests.

    Parameters
    ----------
    shipped : Catalogue
        What is in files.
    engine : Engine
    registry : Registry
    look_seconds : float
        How often to ask for changes at most.
    """

    def __init__(
        self, shipped: Catalogue, engine: Engine, registry: Registry, *, look_seconds: float = LOOK_SECONDS
    ) -> None:
        self.shipped = shipped
        self.engine = engine
        self.registry = registry
        self.look_seconds = look_seconds
        self._lock = Lock()
        self._stock: Stock | None = None
        self._looked = 0.0
        self._took = 0.0
        self._work: Thread | None = None

    def current(self, now: datetime) -> Stock:
        """Return the stock, renewed if the imported ideas have changed.

        The first call waits for it, however long it takes; while the database cannot be read there are
        only the shipped ideas. Later calls wait for a change for a second, and then go on with what there
        was until the change is ready.
        """
        if self._stock is None:
            with self._lock:
                if self._stock is None:
                    self._stock = self._first(now)
                    self._looked = monotonic()
        if self._is_due():
            work = self._renewal(self._stock, now)
            if work is not None:
                work.join(PATIENCE_SECONDS)
        return self._stock

    def _first(self, now: datetime) -> Stock:
        try:
            return stocked(self.shipped, self.engine, self.registry, now)
        except StoreError:  # not upgraded yet, or away; looked at again with the next request
            return Stock(NEVER, self.shipped, ServedModels(self.registry, self.shipped))

    def _is_due(self) -> bool:
        # While an import goes on, every batch is a change: what takes long is not done all the time.
        return monotonic() - self._looked >= max(self.look_seconds, 3 * self._took)

    def _renewal(self, stock: Stock, now: datetime) -> Thread | None:
        """Return the thread that renews the stock, begun if there is need; None if it is up to date."""
        with self._lock:
            if self._work is not None and self._work.is_alive():
                return None  # whoever began it waits for it
            self._looked = monotonic()
            try:
                with reading(self.engine) as connection:
                    if idea_store.read_revision(connection) == stock.revision:
                        return None
            except RekindleError:
                return None  # the request will say so itself where it needs the database
            self._work = Thread(target=self._renew, args=(now,), daemon=True)
            self._work.start()
            return self._work

    def _renew(self, now: datetime) -> None:
        began = monotonic()
        try:
            self._stock = stocked(self.shipped, self.engine, self.registry, now)
        except RekindleError as error:
            LOG.warning("the imported ideas could not be read; serving those from before: %s", error)
        self._took = monotonic() - began


def stocked(shipped: Catalogue, engine: Engine, registry: Registry, now: datetime) -> Stock:
    """Return the stock as the database has it now.

    Raises
    ------
    StoreError
        If it cannot be read.
    """
    with reading(engine) as connection:
        revision = idea_store.read_revision(connection)
        offered = list(idea_store.read_offered(connection, now))
        past = list(idea_store.read_past(connection, now))
    hashes = [content_hash for _, content_hash in (*offered, *past)]
    catalogue = with_imported(shipped, [idea for idea, _ in offered], [idea for idea, _ in past], hashes)
    return Stock(revision, catalogue, ServedModels(registry, catalogue))

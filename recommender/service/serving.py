"""The model that serves: follows the registry's current pointer, and answers for one couple at a time."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from threading import Lock
from typing import Protocol

from recommender.catalogue.library import Catalogue
from recommender.domain import Couple, CoupleDate, Rating
from recommender.errors import ModelError, NotFound
from recommender.learning.registry import Registry
from recommender.planning.table import build_table
from recommender.planning.weekly import Expectation
from recommender.preferences.couples import CoupleExpectation, CoupleModel

LOG = logging.getLogger("rekindle.serving")


class Models(Protocol):
    """Anything that can say what a couple will enjoy."""

    def expect(self, couple: Couple, dates: Sequence[CoupleDate], ratings: Sequence[Rating]) -> Expectation:
        """Return what is expected of a couple, given everything they rated."""

    def ready(self) -> str:
        """Return the version that serves; raises ModelError if none can."""


class ServedModels:
    """The registry's current model, loaded once and again whenever the pointer moves.

    Parameters
    ----------
    registry : Registry
    catalogue : Catalogue
    """

    def __init__(self, registry: Registry, catalogue: Catalogue) -> None:
        self.registry = registry
        self.catalogue = catalogue
        self.table = build_table(catalogue.ideas, catalogue.taxonomy, catalogue.past)
        self._lock = Lock()
        self._loaded: CoupleModel | None = None
        self._problem = ""

    def ready(self) -> str:
        """Return the version that serves.

        Raises
        ------
        ModelError
            If the current model cannot be loaded.
        """
        return self._current().version

    def expect(
        self, couple: Couple, dates: Sequence[CoupleDate], ratings: Sequence[Rating]
    ) -> CoupleExpectation:
        """Return the exact posterior of a couple under the current model."""
        return self._current().expect(couple, dates, ratings)

    def _current(self) -> CoupleModel:
        """Return the model that serves.

        Where the pointer leads to one that cannot be read, the last good one stays.
        """
        with self._lock:
            try:
                version = self.registry.current_version()
                if self._loaded is None or self._loaded.version != version:
                    self._loaded = self._load(version)
            except (ModelError, NotFound) as error:
                if self._loaded is None:
                    raise
                if str(error) != self._problem:  # every request tries again; the log hears of it once
                    LOG.warning("model %s stays: %s", self._loaded.version, error)
                self._problem = str(error)
            return self._loaded

    def _load(self, version: str) -> CoupleModel:
        parameters = self.registry.load(version).parameters
        return CoupleModel(version, parameters, self.table.features, self.catalogue.quiz)

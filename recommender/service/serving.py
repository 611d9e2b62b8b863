"""The model that serves: follows the registry's current pointer, and answers for one couple at a time."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

import numpy as np

from recommender.catalogue.library import Catalogue
from recommender.domain import Couple, CoupleDate, Partner, Rating
from recommender.errors import ModelError, NotFound
from recommender.learning.registry import Registry
from recommender.planning.table import build_table
from recommender.planning.weekly import Expectation
from recommender.preferences.features import answer_names, encode_answers
from recommender.preferences.model import (
    Contributions,
    CouplePosterior,
    CoupleRatings,
    HierarchicalModel,
    with_features,
)

LOG = logging.getLogger("rekindle.serving")


class Models(Protocol):
    """Anything that can say what a couple will enjoy."""

    def expect(self, couple: Couple, dates: Sequence[CoupleDate], ratings: Sequence[Rating]) -> Expectation:
        """Return what is expected of a couple, given everything they rated."""

    def ready(self) -> str:
        """Return the version that serves; raises ModelError if none can."""


@dataclass(frozen=True, slots=True)
class CoupleExpectation:
    """A couple's posterior, as the weekly plan asks for it."""

    posterior: CouplePosterior
    model: HierarchicalModel
    model_version: str

    @property
    def mean(self) -> np.ndarray:
        """Expected ratings, shape (n_partners, n_ideas)."""
        return self.posterior.mean

    def couple_std(self, rows: np.ndarray) -> np.ndarray:
        """Return the standard deviation of the partners' average for some ideas, shape (n_rows,)."""
        return self.model.couple_std(self.posterior, rows)

    def contributions(self, idea_index: int) -> Contributions:
        """Return the additive terms of one idea."""
        return self.model.contributions(self.posterior, idea_index)


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
        self._loaded: tuple[str, HierarchicalModel, np.ndarray] | None = None
        self._problem = ""

    def ready(self) -> str:
        """Return the version that serves.

        Raises
        ------
        ModelError
            If the current model cannot be loaded.
        """
        return self._current()[0]

    def expect(
        self, couple: Couple, dates: Sequence[CoupleDate], ratings: Sequence[Rating]
    ) -> CoupleExpectation:
        """Return the exact posterior of a couple under the current model."""
        version, model, places = self._current()
        known = couple_ratings(model.index, couple, dates, ratings)
        answers = np.array([self._answers(partner, places) for partner in couple.partners])
        return CoupleExpectation(model.posterior(answers, known), model, version)

    def _answers(self, partner: Partner, places: np.ndarray) -> np.ndarray:
        """Return a partner's answers in the model's order; what either does not know counts as skipped."""
        coded = np.append(encode_answers(self.catalogue.quiz, partner.answers), 0.0)
        return np.asarray(coded[places])

    def _current(self) -> tuple[str, HierarchicalModel, np.ndarray]:
        """Return the version that serves, its model, and where each answer it knows stands among ours.

        Where the pointer leads to a model that cannot be read, the last good one stays.
        """
        with self._lock:
            try:
                version = self.registry.current_version()
                if self._loaded is None or self._loaded[0] != version:
                    self._loaded = (version, *self._opened(version))
            except (ModelError, NotFound) as error:
                if self._loaded is None:
                    raise
                if str(error) != self._problem:  # every request tries again; the log hears of it once
                    LOG.warning("model %s stays: %s", self._loaded[0], error)
                self._problem = str(error)
            return self._loaded

    def _opened(self, version: str) -> tuple[HierarchicalModel, np.ndarray]:
        model = self._load(version)
        known = {name: at for at, name in enumerate(answer_names(self.catalogue.quiz))}
        places = np.array([known.get(name, -1) for name in model.parameters.answer_names], dtype=int)
        return model, places

    def _load(self, version: str) -> HierarchicalModel:
        parameters = self.registry.load(version).parameters
        features = self.table.features
        return HierarchicalModel(
            with_features(parameters, features.names), features.idea_ids, features.matrix
        )


def couple_ratings(
    index: dict[str, int], couple: Couple, dates: Sequence[CoupleDate], ratings: Sequence[Rating]
) -> CoupleRatings:
    """Return a couple's ratings as arrays; dates without a catalogue idea do not count."""
    idea_of = {date.date_id: date.idea_id for date in dates}
    position = {partner.partner_id: at for at, partner in enumerate(couple.partners)}
    known = [
        (position[r.partner_id], index[idea_of[r.date_id] or ""], r.date_id, r.enjoyment)
        for r in ratings
        if r.partner_id in position and idea_of.get(r.date_id) in index
    ]
    if not known:
        return CoupleRatings.none()
    partner, idea, date, rating = zip(*known, strict=True)
    numbers = {date_id: number for number, date_id in enumerate(dict.fromkeys(date))}
    return CoupleRatings(
        np.array(partner, dtype=int),
        np.array(idea, dtype=int),
        np.array([numbers[date_id] for date_id in date], dtype=int),
        np.array(rating, dtype=float),
    )

"""One model joined to a catalogue: what it expects of any couple, from their answers and ratings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from recommender.domain import Couple, CoupleDate, Partner, Question, Rating
from recommender.preferences.features import AnswerCode, FeatureTable
from recommender.preferences.model import (
    Contributions,
    CouplePosterior,
    CoupleRatings,
    HierarchicalModel,
    Parameters,
    with_features,
)


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


class CoupleModel:
    """A model that answers for one couple at a time.

    Parameters
    ----------
    version : str
    parameters : Parameters
        Of any catalogue and quiz: what they do not know counts as new, and as skipped.
    features : FeatureTable
        The ideas to speak of.
    quiz : Sequence[Question]
    """

    def __init__(
        self, version: str, parameters: Parameters, features: FeatureTable, quiz: Sequence[Question]
    ) -> None:
        self.version = version
        self._code = AnswerCode(quiz)
        self._model = HierarchicalModel(
            with_features(parameters, features.names), features.idea_ids, features.matrix
        )
        known = {name: at for at, name in enumerate(self._code.names)}
        self._places = np.array([known.get(name, -1) for name in parameters.answer_names], dtype=int)

    def expect(
        self, couple: Couple, dates: Sequence[CoupleDate], ratings: Sequence[Rating]
    ) -> CoupleExpectation:
        """Return the exact posterior of a couple, given everything they rated."""
        known = couple_ratings(self._model.index, couple, dates, ratings)
        answers = np.array([self._answers(partner) for partner in couple.partners])
        return CoupleExpectation(self._model.posterior(answers, known), self._model, self.version)

    def _answers(self, partner: Partner) -> np.ndarray:
        """Return a partner's answers in the model's order; what either does not know counts as skipped."""
        coded = np.append(self._code.encode(partner.answers), 0.0)
        return np.asarray(coded[self._places])


def couple_ratings(
    index: Mapping[str, int], couple: Couple, dates: Sequence[CoupleDate], ratings: Sequence[Rating]
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

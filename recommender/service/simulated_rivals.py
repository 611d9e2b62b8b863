"""What a simulated year compares with: plain recommenders in the model's place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recommender.catalogue.library import Catalogue
from recommender.domain import Couple, CoupleDate, Partner, Rating
from recommender.learning.snapshot import idea_frame
from recommender.preferences.baselines import PopularityRecommender, RandomRecommender, TagCosineRecommender
from recommender.preferences.features import AnswerCode, alignment
from recommender.preferences.model import Contributions
from recommender.service.deployment import Deployment
from recommender.service.models import snapshot_of

BASELINES = ("random", "popularity", "tag_cosine")


@dataclass(frozen=True, slots=True)
class _BaselineExpectation:
    """A baseline's scores as the plan asks for them: no spread, no terms."""

    mean: np.ndarray
    model_version: str

    def couple_std(self, rows: np.ndarray) -> np.ndarray:
        """No spread is known."""
        return np.zeros(len(rows))

    def contributions(self, _idea_index: int) -> Contributions | None:
        """No terms are known."""
        return None


class BaselineModels:
    """A baseline in the model's place, refitted to all feedback every week.

    The nearest by tags know what the quiz said, as the model does.

    Parameters
    ----------
    policy : {"random", "popularity", "tag_cosine"}
    catalogue : Catalogue
    seed : int
        Breaks ties, differently for every couple and week: a baseline that knows nothing picks at random.
    """

    def __init__(self, policy: str, catalogue: Catalogue, seed: int) -> None:
        self.policy = policy
        self.seed = seed
        self.week = 0
        self.features = idea_frame(catalogue)
        self.code = AnswerCode(catalogue.quiz)
        self.speaks_for = alignment(catalogue.quiz, catalogue.taxonomy)
        self.recommender: RandomRecommender | PopularityRecommender | TagCosineRecommender

    def refit(self, deployment: Deployment) -> None:
        """Fit to all feedback so far."""
        makers: Mapping[
            str, Callable[[], RandomRecommender | PopularityRecommender | TagCosineRecommender]
        ] = {
            "random": lambda: RandomRecommender(self.seed),
            "popularity": PopularityRecommender,
            "tag_cosine": TagCosineRecommender,
        }
        self.week += 1
        self.recommender = makers[self.policy]().fit(snapshot_of(deployment).ratings, self.features)

    def ready(self) -> str:
        """Return the policy's name."""
        return self.policy

    def expect(
        self, couple: Couple, dates: Sequence[CoupleDate], ratings: Sequence[Rating]
    ) -> _BaselineExpectation:
        """Return the baseline's scores for every idea, ties broken at random."""
        rows = [self._scores(partner) for partner in couple.partners]
        ties = np.random.default_rng([self.seed, self.week, int(couple.couple_id[-6:], 36)])
        noise = 1e-6 * ties.random(len(self.features))
        mean = np.array(rows) + noise
        return _BaselineExpectation(ties.random(mean.shape) if self.policy == "random" else mean, self.policy)

    def _scores(self, partner: Partner) -> np.ndarray:
        pairs = pd.DataFrame({"partner_id": partner.partner_id, "idea_id": self.features.index})
        if not isinstance(self.recommender, TagCosineRecommender):
            return np.asarray(self.recommender.predict(pairs))
        said = self.speaks_for @ self.code.encode(partner.answers)
        stated = pd.DataFrame([said], [partner.partner_id], self.features.columns)
        return np.asarray(self.recommender.predict(pairs, partner_features=stated))

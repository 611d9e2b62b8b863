"""The gate in ten simulated towns of 2,000 ratings: the better pass, those made worse on purpose do not."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from recommender.catalogue.bundled import data_folder
from recommender.catalogue.library import load_catalogue
from recommender.learning.evaluation.town import build_town
from recommender.learning.gate import Judgement, judge, split_by_time
from recommender.learning.snapshot import take_snapshot
from recommender.learning.training import fit
from recommender.preferences.model import Parameters
from recommender.preferences.prior import load_prior, prior_parameters
from tests.towns import answers_of, live

TOWNS = range(10)


class Town:
    """A hundred couples after ten weeks, the shipped prior, and what was fitted to the earlier weeks."""

    def __init__(self, seed: int) -> None:
        catalogue = load_catalogue()
        town = build_town(catalogue, 100, seed)
        self.snapshot = take_snapshot(live(catalogue, town, 10, seed + 100), answers_of(town), catalogue)
        self.earlier, self.later = split_by_time(self.snapshot.ratings)
        self.prior = prior_parameters(load_prior(data_folder() / "prior.yaml"), catalogue)
        self.fitted = self.fit(self.earlier)

    def fit(self, ratings: pd.DataFrame) -> Parameters:
        """Return what is fitted to some ratings."""
        return fit(self.snapshot, ratings, self.prior)

    def judged(self, candidate: Parameters, current: Parameters) -> Judgement:
        """Return the gate's judgement."""
        return judge(current, candidate, self.snapshot, self.earlier, self.later)


town_of = cache(Town)


def shuffled(town: Town) -> pd.DataFrame:
    """Return the earlier ratings dealt out at random."""
    rng = np.random.default_rng(len(town.later))
    return town.earlier.assign(rating=rng.permutation(town.earlier["rating"].to_numpy()))


def one_ignored(town: Town) -> pd.DataFrame:
    """Return the earlier ratings with one partner's word taken for both."""
    first = town.earlier[town.earlier["partner_id"].str.endswith("-0")].set_index("date_id")["rating"]
    return town.earlier.assign(rating=town.earlier["date_id"].map(first))


def stale(town: Town) -> pd.DataFrame:
    """Return the first quarter of the earlier ratings."""
    return town.earlier.sort_values("rated_at").iloc[: len(town.earlier) // 4]


SPOILED = [(number, spoil) for spoil in (shuffled, one_ignored, stale) for number in TOWNS]


@pytest.mark.parametrize(("number", "spoil"), SPOILED)
def test_a_candidate_made_worse_is_refused(number: int, spoil: object) -> None:
    """Each is refused against a model fitted as it should be, with the figures."""
    town = town_of(number)
    assert len(town.snapshot.ratings) == 2000
    assert callable(spoil)

    judgement = town.judged(town.fit(spoil(town)), town.fitted)

    assert (judgement.verdict, judgement.passed) == ("worse", False)
    assert "nats a rating, 90 % interval" in judgement.reason


def test_truly_better_ones_pass() -> None:
    """In at least nine of the ten, what was fitted takes the prior's place."""
    verdicts = [town_of(number).judged(town_of(number).fitted, town_of(number).prior) for number in TOWNS]

    assert sum(verdict.passed for verdict in verdicts) >= 9
    assert sum(verdict.verdict == "better" for verdict in verdicts) >= 5

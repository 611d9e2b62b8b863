"""How far one or two accounts can move what everybody else is expected to enjoy, in a simulated town.

A hundred couples rated ten dates each. The attackers are one account, or both of a couple, with three
thousand ratings each, more than the whole town. No gate stands in their way here.
"""

from __future__ import annotations

from datetime import timedelta
from functools import cache

import numpy as np
import pytest

from recommender.catalogue.bundled import data_folder
from recommender.domain import Couple, FeedbackRow, Partner
from recommender.learning.evaluation.town import build_town
from recommender.learning.snapshot import SAME_IDEA_MAX, TIMES_THE_MEDIAN, take_snapshot
from recommender.learning.training import fit
from recommender.planning.table import build_table
from recommender.preferences.couples import CoupleModel
from recommender.preferences.prior import load_prior, prior_parameters
from tests.api_world import shipped_catalogue
from tests.towns import START, answers_of, live

N_DATES, N_SENT = 10, 3000
ATTACKS = {
    "one idea, always 1": (lambda _k: 7, lambda _k: 1),
    "every idea, always 1": (lambda k: k, lambda _k: 1),
    "every idea, 1 and 5 in turn": (lambda k: k, lambda k: 1 if k % 2 else 5),
}
"""By name: which idea the k-th rating is of, and how many stars it gives."""


def ratings_of_attackers(attack: str, n_accounts: int) -> list[FeedbackRow]:
    """Return what so many accounts of one couple send."""
    idea_at, stars = ATTACKS[attack]
    ideas = shipped_catalogue().ideas
    return [
        FeedbackRow(
            couple_id="z",
            partner_id=f"z-{account}",
            date_id=f"z-{account}-{k:04}",
            idea_id=ideas[idea_at(k) % len(ideas)].idea_id,
            enjoyment=stars(k),
            closeness=None,
            again=None,
            rated_at=START + timedelta(weeks=2, minutes=k),
        )
        for account in range(n_accounts)
        for k in range(N_SENT)
    ]


def expected_of_newcomers(attackers: list[FeedbackRow]) -> tuple[np.ndarray, int]:
    """Return what forty newcomers are expected to enjoy of every idea, and how many ratings were left out."""
    catalogue = shipped_catalogue()
    town = build_town(catalogue, 100, 1)
    prior = prior_parameters(load_prior(data_folder() / "prior.yaml"), catalogue)
    snapshot = take_snapshot([*live(catalogue, town, N_DATES, 101), *attackers], answers_of(town), catalogue)
    table = build_table(catalogue.ideas, catalogue.taxonomy, catalogue.past)
    model = CoupleModel("fitted", fit(snapshot, snapshot.ratings, prior), table.features, catalogue.quiz)
    newcomers = (
        Couple(str(k), tuple(Partner(f"{k}-{p}", str(k), "", said) for p, said in enumerate(both)))
        for k, both in enumerate(build_town(catalogue, 20, 9).answers)
    )
    means = np.array([model.expect(couple, (), ()).mean for couple in newcomers])
    return means, sum(snapshot.excluded.values())


@cache
def undisturbed() -> np.ndarray:
    """Return what newcomers are expected to enjoy where nobody attacks."""
    return expected_of_newcomers([])[0]


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize(("n_accounts", "most"), [(1, 0.25), (2, 0.35)])
def test_influence_is_bounded(attack: str, n_accounts: int, most: float) -> None:
    """One account moves nobody's expectation of any idea by more than a quarter of a star, two by .35.

    On average over ideas and people it is under a tenth of a star.
    """
    moved, n_left_out = expected_of_newcomers(ratings_of_attackers(attack, n_accounts))
    by = np.abs(moved - undisturbed())

    counted = SAME_IDEA_MAX if attack.startswith("one") else TIMES_THE_MEDIAN * N_DATES
    assert n_left_out == n_accounts * (N_SENT - counted)
    assert 0 < by.max() <= most
    assert by.mean() <= 0.1

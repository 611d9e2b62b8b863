"""Ratings of a simulated town, in the form that recommenders are judged on. None comes from people."""

from __future__ import annotations

import numpy as np
import pandas as pd

from recommender.catalogue.library import Catalogue
from recommender.learning.evaluation.datasets import Dataset
from recommender.learning.evaluation.town import Town, build_town, rate
from recommender.learning.snapshot import idea_frame
from recommender.preferences.features import AnswerCode

SIMULATED = "simulated"
"""Its name among the data sets."""

COUPLES, DATES = 250, 30
"""As many people as MovieLens latest-small has, and half a year of weeks each."""


def simulated(catalogue: Catalogue, n_couples: int = COUPLES, n_dates: int = DATES) -> Dataset:
    """Return what a town's couples rate after dates drawn by chance from the whole catalogue.

    Returns
    -------
    Dataset
        Whole ratings from 1 to 5, both partners' of each date; ideas by their tags, people by their answers.
    """
    town = build_town(catalogue, n_couples, seed=0)
    return Dataset(
        SIMULATED,
        _ratings(town, catalogue, n_dates),
        idea_frame(catalogue).rename_axis("idea_id"),
        _answers(town, catalogue),
        source="Simulated: made-up couples whose tastes do not follow the model's form.",
    )


def _ratings(town: Town, catalogue: Catalogue, n_dates: int) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    rows = []
    for couple, felt in enumerate(town.enjoyment):
        for idea in rng.choice(len(catalogue.ideas), size=n_dates, replace=False).tolist():
            idea_id = catalogue.ideas[idea].idea_id
            for partner, rating in enumerate(rate(felt[:, idea], rng)):
                rows.append((_person(couple, partner), couple, idea_id, float(rating)))
    return pd.DataFrame(rows, columns=["partner_id", "couple_id", "idea_id", "rating"])


def _answers(town: Town, catalogue: Catalogue) -> pd.DataFrame:
    code = AnswerCode(catalogue.quiz)
    said = {
        _person(couple, partner): code.encode(answers)
        for couple, both in enumerate(town.answers)
        for partner, answers in enumerate(both)
    }
    frame = pd.DataFrame.from_dict(said, orient="index", columns=list(code.names))
    return frame.astype(float).rename_axis("partner_id")


def _person(couple: int, partner: int) -> int:
    return 2 * couple + partner

"""A small simulated town's feedback, for the tests of learning."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import numpy as np

from recommender.catalogue.library import Catalogue
from recommender.domain import AnswerValue, FeedbackRow
from recommender.learning.evaluation.town import Town, rate

START = datetime(2026, 1, 5, 20, tzinfo=UTC)


def live(catalogue: Catalogue, town: Town, n_dates: int, seed: int) -> list[FeedbackRow]:
    """Return both partners' ratings of one date a week, each of an idea picked blindly and never again.

    The second partner rates an hour after the first; couples are minutes apart.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for couple, enjoyment in enumerate(town.enjoyment):
        for week, idea in enumerate(rng.choice(len(catalogue.ideas), n_dates, replace=False)):
            at = START + timedelta(weeks=week, minutes=couple)
            for partner, rating in enumerate(rate(enjoyment[:, idea], rng)):
                rows.append(
                    FeedbackRow(
                        couple_id=f"c{couple:03}",
                        partner_id=f"c{couple:03}-{partner}",
                        date_id=f"c{couple:03}-{week:02}",
                        idea_id=catalogue.ideas[idea].idea_id,
                        enjoyment=rating,
                        closeness=None,
                        again=None,
                        rated_at=at + timedelta(hours=partner),
                    )
                )
    return rows


def answers_of(town: Town) -> dict[str, Mapping[str, AnswerValue]]:
    """Return everyone's quiz answers, by the ids that `live` gives them."""
    return {
        f"c{couple:03}-{partner}": answers
        for couple, both in enumerate(town.answers)
        for partner, answers in enumerate(both)
    }

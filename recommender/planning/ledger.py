"""What each partner has had of the dates so far: who is behind, and by how much."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.planning.occasion import Occasion
from recommender.planning.table import IdeaTable

FADE_WEEKS = 8.0
"""A date counts half after this long."""

DOUBT_DATES = 1.0
"""As if each had had so many dates just like any other: one evening does not make anybody behind."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """The satisfaction of both partners with past dates, recent ones counting most. P is 1 or 2.

    Attributes
    ----------
    gained : ndarray of shape (P,)
        Mean points of a date above what that partner expects of an average idea: so a lenient rater and a
        strict one are on one scale.
    received : ndarray of shape (P,)
        Sum of points above the lowest rating.
    """

    gained: np.ndarray
    received: np.ndarray

    @classmethod
    def empty(cls, n_partners: int) -> Ledger:
        """Return the ledger of those who have not been on a date yet."""
        return cls(np.zeros(n_partners), np.zeros(n_partners))


def ledger_of(table: IdeaTable, mean: np.ndarray, occasion: Occasion) -> Ledger:
    """Return the ledger of a couple.

    A date counts as the mean of what a partner rated it and what they were expected to; unrated, as expected.

    Parameters
    ----------
    mean : ndarray of shape (P, n_ideas)
        Expected ratings, 1 to 5.
    """
    partners = occasion.couple.partners
    done, weeks = occasion.done(table.index)
    if not done or len(partners) < 2:
        return Ledger.empty(len(partners))
    weights = 0.5 ** (weeks / FADE_WEEKS)
    expected = mean[:, [table.index[past.idea_id] for past in done]]
    rated = [[past.felt.get(partner.partner_id, np.nan) for past in done] for partner in partners]
    lived = np.where(np.isnan(rated), expected, (expected + rated) / 2)
    usual = mean @ table.offered / table.offered.sum()
    surplus = lived - usual[:, None]
    return Ledger(surplus @ weights / (weights.sum() + DOUBT_DATES), (lived - 1) @ weights)

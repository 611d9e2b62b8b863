"""Whether a candidate may serve: judged on later feedback against the model that serves now.

The rule. Both models see the same earlier ratings and predict the same later ones. For every couple the
mean log density of its later ratings is taken per partner, then averaged, so that nobody counts twice for
rating twice as much. The difference, candidate minus current, is bootstrapped over couples. The candidate
passes when its mean is not below zero, the lower end of the 90 % interval is above ``-TOLERANCE``, and in
no group (the less satisfied partners, newcomers) is it shown to be worse. With fewer than
``COUPLES_MIN`` couples or ``RATINGS_MIN`` later ratings the verdict is "not enough to tell", and it
does not pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from recommender.learning.snapshot import Snapshot
from recommender.preferences.estimator import HierarchicalRecommender
from recommender.preferences.model import Parameters

LATER_SHARE = 0.2
COUPLES_MIN = 10
RATINGS_MIN = 40
TOLERANCE = 0.01
"""Nats per rating."""

NUMERIC_NOISE = 1e-9
"""Nats per rating; differences below it are those of summation order, not of models."""

NEWCOMER_RATINGS = 6
"""A couple with at most this many earlier ratings is a newcomer."""

N_BOOTSTRAP = 2000
Verdict = Literal["better", "not worse", "worse", "not enough to tell"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Candidate minus current on one group's later ratings, nats per rating.

    Attributes
    ----------
    low, high : float
        90 % bootstrap interval over couples.
    """

    group: str
    n_couples: int
    n_ratings: int
    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the gate decided, and every figure it looked at."""

    verdict: Verdict
    reason: str
    comparisons: tuple[Comparison, ...]

    @property
    def passed(self) -> bool:
        """Whether the candidate may serve."""
        return self.verdict in ("better", "not worse")


def split_by_time(ratings: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the earlier and the later ratings; the two ratings of one date stay together."""
    first = ratings.groupby("date_id")["rated_at"].transform("min")
    order = np.sort(first.unique())
    if len(order) < 2:
        return ratings, ratings.iloc[:0]
    cut = order[int(np.ceil((1 - LATER_SHARE) * len(order))) - 1]
    return ratings[first <= cut], ratings[first > cut]


def judge(
    current: Parameters, candidate: Parameters, snapshot: Snapshot, earlier: pd.DataFrame, later: pd.DataFrame
) -> Judgement:
    """Return the judgement of a candidate that was fitted to ``earlier`` only."""
    if later["couple_id"].nunique() < COUPLES_MIN or len(later) < RATINGS_MIN:
        return Judgement(
            "not enough to tell",
            f"{len(later)} later ratings of {later['couple_id'].nunique()} couples; "
            f"at least {RATINGS_MIN} of {COUPLES_MIN} are needed",
            (),
        )
    gain = log_density(candidate, snapshot, earlier, later) - log_density(current, snapshot, earlier, later)
    groups = {
        "everyone": np.ones(len(later), dtype=bool),
        "the less satisfied partner": _less_satisfied(later),
        "newcomers": _newcomers(earlier, later),
    }
    compared = tuple(_compare(name, later[mask], gain[mask]) for name, mask in groups.items() if mask.any())
    return _decide(compared)


def log_density(
    parameters: Parameters, snapshot: Snapshot, earlier: pd.DataFrame, later: pd.DataFrame
) -> np.ndarray:
    """Return the log density of each later rating given the earlier ones, shape (n_later,), nats."""
    # A model may be of another quiz or taxonomy than today's: what either does not know counts as skipped.
    ideas = snapshot.idea_features.reindex(columns=list(parameters.feature_names), fill_value=0.0)
    answers = snapshot.partner_features.reindex(columns=list(parameters.answer_names), fill_value=0.0)
    recommender = HierarchicalRecommender.from_parameters(parameters, earlier, ideas, answers)
    mean, std = recommender.predict(later[["partner_id", "idea_id"]], return_std=True)
    standard = (later["rating"].to_numpy(dtype=float) - mean) / std
    return np.asarray(-0.5 * standard**2 - np.log(std) - 0.5 * np.log(2 * np.pi))


def _less_satisfied(later: pd.DataFrame) -> np.ndarray:
    """Return the later ratings of whichever partner of a couple rates lower on average."""
    by_partner = later.groupby(["couple_id", "partner_id"])["rating"].mean()
    lowest = by_partner.groupby("couple_id").idxmin().map(lambda key: key[1])
    both = by_partner.groupby("couple_id").size() > 1
    chosen = set(lowest[both])
    return later["partner_id"].isin(chosen).to_numpy()


def _newcomers(earlier: pd.DataFrame, later: pd.DataFrame) -> np.ndarray:
    known = earlier.groupby("couple_id").size()
    return (later["couple_id"].map(known).fillna(0) <= NEWCOMER_RATINGS).to_numpy()


def _compare(group: str, later: pd.DataFrame, gain: np.ndarray) -> Comparison:
    per_partner = (
        pd.Series(gain).groupby([later["couple_id"].to_numpy(), later["partner_id"].to_numpy()]).mean()
    )
    per_couple = per_partner.groupby(level=0).mean().to_numpy()
    rng = np.random.default_rng(0)
    draws = per_couple[rng.integers(len(per_couple), size=(N_BOOTSTRAP, len(per_couple)))].mean(axis=1)
    low, high = np.quantile(draws, [0.05, 0.95])
    return Comparison(group, len(per_couple), len(later), float(per_couple.mean()), float(low), float(high))


def _decide(compared: tuple[Comparison, ...]) -> Judgement:
    overall, groups = compared[0], compared[1:]
    harmed = [c.group for c in groups if c.n_couples >= COUPLES_MIN and c.high < -NUMERIC_NOISE]
    told = f"{overall.mean:+.4f} nats a rating, 90 % interval {overall.low:+.4f} to {overall.high:+.4f}"
    if harmed:
        return Judgement("worse", f"worse for {' and '.join(harmed)}; overall {told}", compared)
    if overall.mean < -NUMERIC_NOISE or overall.low < -TOLERANCE:
        return Judgement("worse", f"not shown to be as good: {told}", compared)
    return Judgement("better" if overall.low > NUMERIC_NOISE else "not worse", told, compared)

"""Whether a candidate may serve: judged on later feedback against the model that serves now.

The rule. Both models see the same earlier ratings and predict the same later ones, which neither was trained
on. For every couple the mean log density of its later ratings is taken per partner, then averaged, so that
nobody counts twice for rating twice as much. The difference, candidate minus current, is bootstrapped over
couples. The candidate passes when its mean is not below zero, the lower end of the 90 % interval is above
``-TOLERANCE``, and nothing shows it to be worse: not for the less satisfied partners, not for newcomers, not
in putting each partner's dates in order, against the current model or against plain averages of each idea,
and not in what the plans that were shown would have been worth under it (`replay`), where enough were shown.
With fewer than ``COUPLES_MIN`` couples or ``RATINGS_MIN`` later ratings the verdict is "not enough to tell",
and it does not pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace as dataclass_replace
from typing import Literal

import numpy as np
import pandas as pd
from scipy.stats import norm

from recommender.learning.evaluation.metrics import density_metrics, pairwise_accuracy, rating_metrics
from recommender.learning.replay import Replay
from recommender.learning.snapshot import Snapshot
from recommender.preferences.baselines import ItemMeanRecommender
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
Measure = Literal["log density", "pairwise accuracy"]
Rival = Literal["current", "idea means"]
Verdict = Literal["better", "not worse", "worse", "not enough to tell"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Candidate minus another on one group's later ratings.

    Attributes
    ----------
    measure : {"log density", "pairwise accuracy"}
        Nats per rating; or the share of a partner's pairs of differently rated dates put in order.
    against : {"current", "idea means"}
    low, high : float
        90 % bootstrap interval over couples.
    """

    measure: Measure
    against: Rival
    group: str
    n_couples: int
    n_ratings: int
    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Promise:
    """How well a model predicted ratings it had not seen: what it is held to once it serves.

    Attributes
    ----------
    bias, rmse : float
        Rating less expectation, its mean and root mean square, points.
    coverage_90 : float
        Share of ratings inside the 90 % intervals.
    pairwise_accuracy : float or None
        Over partners with differently rated dates; None if there were none.
    """

    bias: float
    rmse: float
    coverage_90: float
    pairwise_accuracy: float | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the gate decided, and every figure it looked at.

    Attributes
    ----------
    replay : Replay or None
        What it would change in the plans that were shown; None if it was not asked.
    promise : Promise or None
        What the candidate did on the later feedback; None if there was too little of it.
    """

    verdict: Verdict
    reason: str
    comparisons: tuple[Comparison, ...]
    promise: Promise | None = None
    replay: Replay | None = None

    @property
    def passed(self) -> bool:
        """Whether the candidate may serve."""
        return self.verdict in ("better", "not worse")


def with_replay(judgement: Judgement, replay: Replay) -> Judgement:
    """Return the judgement once what the candidate's plans would have been worth is known too."""
    if not judgement.passed or not replay.worse_at:
        return dataclass_replace(judgement, replay=replay)
    places = " and ".join(replay.worse_at)
    reason = f"plans that were shown would have been worth less under it, in their place for: {places}"
    return dataclass_replace(judgement, verdict="worse", reason=reason, replay=replay)


def split_by_time(
    ratings: pd.DataFrame, seen_until: pd.Timestamp | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the earlier and the later ratings; the two ratings of one date stay together.

    The later ones are the latest fifth of the dates, but no more than half of those the current model has not
    seen: were it judged on what it was trained on, nothing could beat it.

    Parameters
    ----------
    seen_until : Timestamp, optional
        The latest rating that the current model was trained on; None if it was trained on none.
    """
    first = ratings.groupby("date_id")["rated_at"].transform("min")
    order = np.sort(first.unique())
    unseen = len(order) if seen_until is None else int((order > seen_until).sum())
    n_later = min(int(LATER_SHARE * len(order)), unseen // 2)
    if n_later == 0:
        return ratings, ratings.iloc[:0]
    cut = order[-n_later - 1]
    return ratings[first <= cut], ratings[first > cut]


def judge(
    current: Parameters, candidate: Parameters, snapshot: Snapshot, earlier: pd.DataFrame, later: pd.DataFrame
) -> Judgement:
    """Return the judgement of a candidate that was fitted to ``earlier`` only."""
    if later["couple_id"].nunique() < COUPLES_MIN or len(later) < RATINGS_MIN:
        return Judgement(
            "not enough to tell",
            f"later ratings that the current model has not seen: {len(later)}, of couples: "
            f"{later['couple_id'].nunique()}; at least {RATINGS_MIN} of {COUPLES_MIN} are needed",
            (),
        )
    pairs, rating = later[["partner_id", "idea_id"]], later["rating"].to_numpy(dtype=float)
    new, old = (_predict(model, snapshot, earlier, pairs) for model in (candidate, current))
    means = ItemMeanRecommender().fit(earlier, snapshot.idea_features).predict(pairs)
    gain = norm.logpdf(rating, *new) - norm.logpdf(rating, *old)
    groups = {
        "everyone": np.ones(len(later), dtype=bool),
        "the less satisfied partner": _less_satisfied(later),
        "newcomers": _newcomers(earlier, later),
    }
    density = [
        _compare("log density", "current", name, _by_partner(later[mask], gain[mask]), int(mask.sum()))
        for name, mask in groups.items()
        if mask.any()
    ]
    ranked = _in_order(later, new[0])
    rivals: list[tuple[Rival, np.ndarray]] = [("current", old[0]), ("idea means", means)]
    order = [
        _compare("pairwise accuracy", against, "everyone", ranked - _in_order(later, mean), len(later))
        for against, mean in rivals
        if len(ranked)
    ]
    return _decide((*density, *order), _promise(rating, *new, ranked))


def _promise(rating: np.ndarray, mean: np.ndarray, std: np.ndarray, ranked: pd.Series) -> Promise:
    density = density_metrics(rating, mean, std)
    return Promise(
        bias=float((rating - mean).mean()),
        rmse=rating_metrics(rating, mean)["rmse"],
        coverage_90=density["coverage_90"],
        pairwise_accuracy=float(ranked.mean()) if len(ranked) else None,
    )


def _predict(
    parameters: Parameters, snapshot: Snapshot, earlier: pd.DataFrame, pairs: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of ratings given the earlier ones, shapes (n_pairs,)."""
    # A model may be of another quiz or taxonomy than today's: what either does not know counts as skipped.
    ideas = snapshot.idea_features.reindex(columns=list(parameters.feature_names), fill_value=0.0)
    answers = snapshot.partner_features.reindex(columns=list(parameters.answer_names), fill_value=0.0)
    recommender = HierarchicalRecommender.from_parameters(parameters, earlier, ideas, answers)
    mean, std = recommender.predict(pairs, return_std=True)
    return mean, std


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


def _by_partner(later: pd.DataFrame, values: np.ndarray) -> pd.Series:
    """Return the mean of ``values`` by couple and partner."""
    return pd.Series(values).groupby([later["couple_id"].to_numpy(), later["partner_id"].to_numpy()]).mean()


def _in_order(later: pd.DataFrame, mean: np.ndarray) -> pd.Series:
    """Return the share of pairs in order by couple and partner, of those whose ratings differ at all."""
    partners = later.assign(mean=mean).groupby(["couple_id", "partner_id"])
    return pd.Series(
        {
            partner: pairwise_accuracy(theirs["rating"].to_numpy(), theirs["mean"].to_numpy())
            for partner, theirs in partners
            if theirs["rating"].nunique() > 1
        },
        dtype=float,
    )


def _compare(
    measure: Measure, against: Rival, group: str, per_partner: pd.Series, n_ratings: int
) -> Comparison:
    per_couple = per_partner.groupby(level=0).mean().to_numpy()
    rng = np.random.default_rng(0)
    draws = per_couple[rng.integers(len(per_couple), size=(N_BOOTSTRAP, len(per_couple)))].mean(axis=1)
    low, high = map(float, np.quantile(draws, [0.05, 0.95]))
    mean = float(per_couple.mean())
    return Comparison(measure, against, group, len(per_couple), n_ratings, mean, low, high)


def _decide(compared: tuple[Comparison, ...], promise: Promise) -> Judgement:
    overall, others = compared[0], compared[1:]
    harmed = [_words(c) for c in others if c.n_couples >= COUPLES_MIN and c.high < -NUMERIC_NOISE]
    told = f"{overall.mean:+.4f} nats a rating, 90 % interval {overall.low:+.4f} to {overall.high:+.4f}"
    if harmed:
        return Judgement("worse", f"worse {' and '.join(harmed)}; overall {told}", compared, promise)
    if overall.mean < -NUMERIC_NOISE or overall.low < -TOLERANCE:
        return Judgement("worse", f"not shown to be as good: {told}", compared, promise)
    return Judgement("better" if overall.low > NUMERIC_NOISE else "not worse", told, compared, promise)


def _words(comparison: Comparison) -> str:
    if comparison.measure == "log density":
        return f"for {comparison.group}"
    rival = {"current": "the current model", "idea means": "plain averages of each idea"}[comparison.against]
    return f"than {rival} at putting dates in order"

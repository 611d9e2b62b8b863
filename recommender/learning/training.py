"""Fit a candidate, judge it, register it, and promote it only if it is not worse."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import version as library_version

import pandas as pd

from recommender.learning.gate import Judgement, judge, split_by_time
from recommender.learning.registry import Registry
from recommender.learning.snapshot import Snapshot
from recommender.preferences.estimator import HierarchicalRecommender
from recommender.preferences.model import Parameters

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class RetrainReport:
    """What a retraining run did.

    Attributes
    ----------
    version : str or None
        The candidate's version; None when nothing was fitted.
    """

    version: str | None
    promoted: bool
    verdict: str
    reason: str
    n_ratings: int
    n_couples: int


def retrain(
    snapshot: Snapshot,
    registry: Registry,
    prior: Parameters,
    catalogue_hash: str,
    now: datetime,
    progress: Progress = lambda _line: None,
) -> RetrainReport:
    """Return the report of one run: fitted, judged, registered, and promoted if it is not worse.

    The judged candidate is fitted to the earlier four fifths of the feedback; what is registered is the
    same recipe fitted to all of it. A snapshot that some version was trained on is not fitted again.
    """
    ratings = snapshot.ratings
    n_couples = int(ratings["couple_id"].nunique())
    current = registry.load(registry.current_version())
    if ratings.empty:
        return RetrainReport(None, False, "nothing to learn from", "no rating of a catalogue idea yet", 0, 0)
    known = registry.trained_on(snapshot.content_hash, catalogue_hash)
    if known is not None:
        return RetrainReport(
            None, False, "nothing new", f"model {known} was trained on it", len(ratings), n_couples
        )
    earlier, later = split_by_time(ratings)
    progress("Fitting the earlier feedback")
    candidate = fit(snapshot, earlier, prior, progress)
    progress("Judging on the later feedback")
    judgement = judge(current.parameters, candidate, snapshot, earlier, later)
    progress("Fitting all feedback")
    final = fit(snapshot, ratings, prior, progress)
    version = f"{now:%Y%m%dT%H%M%S}-{_digest(snapshot.content_hash, final)}"
    manifest = _manifest(snapshot, judgement, current.version, catalogue_hash, now, n_couples)
    registry.register(version, final, manifest, card(version, manifest, judgement))
    if judgement.passed:
        registry.promote(version, f"{judgement.verdict}: {judgement.reason}", now)
    return RetrainReport(
        version, judgement.passed, judgement.verdict, judgement.reason, len(ratings), n_couples
    )


def fit(
    snapshot: Snapshot, ratings: pd.DataFrame, prior: Parameters, progress: Progress = lambda _line: None
) -> Parameters:
    """Return the parameters fitted to ``ratings``, shrunk to ``prior``."""
    recommender = HierarchicalRecommender(
        n_jobs=os.cpu_count() or 1,
        prior=prior,
        on_iteration=lambda number, objective: progress(f"  pass {number}: objective {objective:.1f}"),
    )
    features = snapshot.idea_features[list(prior.feature_names)]
    return recommender.fit(ratings, features, snapshot.partner_features).parameters_


def _digest(content_hash: str, parameters: Parameters) -> str:
    digest = hashlib.sha256(content_hash.encode())
    digest.update(parameters.fixed.tobytes() + parameters.effects.tobytes())
    return digest.hexdigest()[:8]


def _manifest(
    snapshot: Snapshot,
    judgement: Judgement,
    against: str,
    catalogue_hash: str,
    now: datetime,
    n_couples: int,
) -> dict[str, object]:
    ratings = snapshot.ratings
    return {
        "created_at": now.isoformat(timespec="seconds"),
        "n_ratings": len(ratings),
        "n_couples": n_couples,
        "n_partners": int(ratings["partner_id"].nunique()),
        "n_unknown_ideas_left_out": snapshot.n_unknown,
        "first_rated_at": str(ratings["rated_at"].min()),
        "last_rated_at": str(ratings["rated_at"].max()),
        "data_sha256": snapshot.content_hash,
        "catalogue_sha256": catalogue_hash,
        "judged_against": against,
        "verdict": judgement.verdict,
        "reason": judgement.reason,
        "comparisons": [asdict(comparison) for comparison in judgement.comparisons],
        "libraries": {name: library_version(name) for name in ("numpy", "scipy", "pandas", "scikit-learn")},
    }


def card(version: str, manifest: dict[str, object], judgement: Judgement) -> str:
    """Return the model card, Markdown."""
    rows = "\n".join(
        f"| {c.group} | {c.n_couples} | {c.n_ratings} | {c.mean:+.4f} | {c.low:+.4f} to {c.high:+.4f} |"
        for c in judgement.comparisons
    )
    head = "| group | couples | ratings | gain, nats a rating | 90 % interval |\n|---|---|---|---|---|"
    table = f"\n{head}\n{rows}\n"
    return f"""# Model {version}

A hierarchical Bayesian linear model of how much each partner enjoys a date, fitted by variational EM.

- Trained {manifest["created_at"]} on {manifest["n_ratings"]} ratings of {manifest["n_couples"]} couples,
  rated between {manifest["first_rated_at"]} and {manifest["last_rated_at"]}.
- Judged against `{manifest["judged_against"]}` on the latest fifth of the dates, fitted to the rest:
  **{judgement.verdict}** ({judgement.reason}).
- What serves is the same recipe fitted to all of the feedback.
{table if rows else ""}
For choosing date ideas. Not for judging people or relationships; it says nothing about either.
"""

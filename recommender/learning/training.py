"""Fit a candidate, judge it, register it, and promote it only if it is not worse."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from importlib.metadata import version as library_version
from pathlib import Path

import pandas as pd

import recommender
from recommender.domain import Question
from recommender.learning.artefact import Artefact
from recommender.learning.card import card
from recommender.learning.gate import Judgement, judge, split_by_time, with_replay
from recommender.learning.registry import Registry, rater_mark
from recommender.learning.replay import Replay, Shown, replay
from recommender.learning.runs import STEPS, Progress, RetrainReport
from recommender.learning.snapshot import Snapshot
from recommender.planning.settings import PlanSettings
from recommender.planning.table import IdeaTable
from recommender.preferences.couples import CoupleModel
from recommender.preferences.estimator import HierarchicalRecommender
from recommender.preferences.model import Parameters
from recommender.preferences.strength import Strength

_, FIT_EARLIER, JUDGE, FIT_ALL, REGISTER = range(len(STEPS))
"""Positions in `runs.STEPS`."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """Everything that a model is learned from.

    Attributes
    ----------
    prior : Parameters
        What the fit is shrunk to.
    catalogue_sha256, taxonomy_sha256 : str
    members : Collection[str]
        Everybody who is here now, by ``partner_id``, raters or not.
    shown : Sequence[Shown]
        The latest plans.
    table, settings, quiz
        What a plan is made with.
    """

    snapshot: Snapshot
    prior: Parameters
    catalogue_sha256: str
    taxonomy_sha256: str
    members: Collection[str]
    shown: Sequence[Shown]
    table: IdeaTable
    settings: PlanSettings
    quiz: tuple[Question, ...]

    @property
    def key(self) -> str:
        """Hash of all that a fit depends on, our own code included."""
        digest = hashlib.sha256(
            f"{self.snapshot.content_hash}{self.catalogue_sha256}{code_sha256()}".encode()
        )
        digest.update(self.prior.fixed.tobytes() + self.prior.couple_cov.tobytes())
        return digest.hexdigest()[:16]


def retrain(
    registry: Registry, read: Callable[[], Lesson], now: datetime, progress: Progress
) -> RetrainReport:
    """Return the report of one run: fitted, judged, registered, and promoted if it is not worse.

    The judged candidate is fitted to the earlier feedback; what is registered is the same recipe fitted to
    all of it. A snapshot that some version was trained on is not fitted again. A run that was killed is gone
    on with: what it had fitted to the same feedback is not fitted again. Every model that learned from
    somebody who is here no longer is retired; the candidate is judged against what serves without those.

    Raises
    ------
    ModelError
        If the current model's files are damaged.
    """
    registry.sweep()
    lesson = read()
    retired = registry.taught_by_others_than(lesson.members)
    current = registry.load(registry.serving_without(retired))
    report = _learned(registry, lesson, current, now, progress)
    registry.retire(retired, now)
    registry.runs.forget()
    report = replace(report, retired=retired)
    progress.tell(state="finished", report=report)
    return report


def fit(
    snapshot: Snapshot,
    ratings: pd.DataFrame,
    prior: Parameters,
    on_pass: Callable[[int, float], None] = lambda _number, _objective: None,
) -> Parameters:
    """Return the parameters fitted to ``ratings``, shrunk to ``prior``."""
    recommender = HierarchicalRecommender(n_jobs=os.cpu_count() or 1, prior=prior, on_iteration=on_pass)
    features = snapshot.idea_features[list(prior.feature_names)]
    return recommender.fit(ratings, features, snapshot.partner_features).parameters_


def code_sha256() -> str:
    """Return the SHA-256 over the Python files of this package, by path: which code fitted a model."""
    digest = hashlib.sha256()
    root = Path(recommender.__file__).parent
    for path in sorted(root.rglob("*.py")):
        digest.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return digest.hexdigest()


def _learned(
    registry: Registry, lesson: Lesson, current: Artefact, now: datetime, progress: Progress
) -> RetrainReport:
    ratings = lesson.snapshot.ratings
    counts = len(ratings), int(ratings["couple_id"].nunique())
    if ratings.empty:
        return RetrainReport(
            None, False, "nothing to learn from", "no rating of a catalogue idea yet", *counts
        )
    known = registry.trained_on(lesson.snapshot.content_hash, lesson.catalogue_sha256)
    if known is not None:
        return _known(registry, known, current.version, now, counts)
    registry.runs.forget(keep=lesson.key)
    progress.step(FIT_EARLIER)
    earlier, later = split_by_time(ratings, _seen_until(current))
    candidate = registry.runs.fitted(
        f"{lesson.key}-{len(earlier)}",
        lambda: fit(lesson.snapshot, earlier, lesson.prior, progress.passed),
    )
    progress.step(JUDGE)
    judgement = judge(current.parameters, candidate, lesson.snapshot, earlier, later)
    judgement = with_replay(judgement, _replayed(lesson, candidate, current, later))
    progress.step(FIT_ALL)
    final = registry.runs.fitted(
        f"{lesson.key}-all", lambda: fit(lesson.snapshot, ratings, lesson.prior, progress.passed)
    )
    progress.step(REGISTER)
    version = f"{now:%Y%m%dT%H%M%S}-{_digest(lesson.snapshot.content_hash, final)}"
    manifest = _manifest(lesson, judgement, current, now, counts)
    registry.register(version, final, manifest, card(version, manifest))
    if judgement.passed:
        registry.promote(version, f"{judgement.verdict}: {judgement.reason}", now)
    return RetrainReport(version, judgement.passed, judgement.verdict, judgement.reason, *counts)


def _replayed(lesson: Lesson, candidate: Parameters, current: Artefact, later: pd.DataFrame) -> Replay:
    """Return what the candidate would have made of the plans that neither model had seen the outcome of."""
    shown = [plan for plan in lesson.shown if not later.empty and plan.occasion.now > later["rated_at"].min()]
    new, old = (
        CoupleModel("", parameters, lesson.table.features, lesson.quiz)
        for parameters in (candidate, current.parameters)
    )
    return replay(lesson.table, lesson.settings, shown, new, old)


def _known(
    registry: Registry, version: str, current: str, now: datetime, counts: tuple[int, int]
) -> RetrainReport:
    """Return the report on feedback that a model was trained on; promote it if a killed run could not."""
    manifest = registry.load(version).manifest
    verdict, reason = str(manifest["verdict"]), str(manifest["reason"])
    left_over = manifest.get("passed") and manifest["judged_against"] == current
    if left_over and version not in {move.version for move in registry.promotions()}:
        registry.promote(version, f"{verdict}: {reason}", now)
        return RetrainReport(version, True, verdict, reason, *counts)
    return RetrainReport(None, False, "nothing new", f"model {version} was trained on it", *counts)


def _seen_until(current: Artefact) -> pd.Timestamp | None:
    """Return when the latest rating came that a model was trained on; None for the prior."""
    last = current.manifest.get("last_rated_at")
    return pd.Timestamp(str(last)) if last else None


def _digest(content_hash: str, parameters: Parameters) -> str:
    digest = hashlib.sha256(content_hash.encode())
    digest.update(parameters.fixed.tobytes() + parameters.effects.tobytes())
    return digest.hexdigest()[:8]


def _manifest(
    lesson: Lesson, judgement: Judgement, against: Artefact, now: datetime, counts: tuple[int, int]
) -> dict[str, object]:
    ratings = lesson.snapshot.ratings
    raters = sorted(set(ratings["partner_id"]))
    return {
        "created_at": now.isoformat(timespec="seconds"),
        "n_ratings": counts[0],
        "n_couples": counts[1],
        "n_partners": len(raters),
        "excluded": dict(lesson.snapshot.excluded),
        "first_rated_at": str(ratings["rated_at"].min()),
        "last_rated_at": str(ratings["rated_at"].max()),
        "data_sha256": lesson.snapshot.content_hash,
        "catalogue_sha256": lesson.catalogue_sha256,
        "taxonomy_sha256": lesson.taxonomy_sha256,
        "code_sha256": code_sha256(),
        "raters": [rater_mark(partner_id) for partner_id in raters],
        "judged_against": against.version,
        "catalogue_changed": against.manifest.get("catalogue_sha256") != lesson.catalogue_sha256,
        "passed": judgement.passed,
        "verdict": judgement.verdict,
        "reason": judgement.reason,
        "promise": asdict(judgement.promise) if judgement.promise else None,
        "replay": asdict(judgement.replay) if judgement.replay else None,
        "comparisons": [asdict(comparison) for comparison in judgement.comparisons],
        "settings": {"strength": asdict(Strength()), "seed": 0},
        "libraries": {name: library_version(name) for name in ("numpy", "scipy", "pandas", "scikit-learn")},
    }

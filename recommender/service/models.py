"""What the operator does with models: retrain, look, move the pointer."""

from __future__ import annotations

from recommender.catalogue.bundled import data_folder
from recommender.domain import AnswerValue
from recommender.learning.registry import ModelSummary, Promotion
from recommender.learning.snapshot import Snapshot, take_snapshot
from recommender.learning.training import Progress, RetrainReport
from recommender.learning.training import retrain as run
from recommender.preferences.prior import load_prior, prior_parameters
from recommender.service.deployment import Deployment
from recommender.store.engine import reading
from recommender.store.feedback import read_answers, read_feedback


def retrain(deployment: Deployment, progress: Progress = lambda _line: None) -> RetrainReport:
    """Return the report of one run over all feedback: a candidate fitted, judged, kept, promoted if not worse."""
    prior = prior_parameters(load_prior(data_folder() / "prior.yaml"), deployment.catalogue)
    return run(
        snapshot_of(deployment),
        deployment.registry,
        prior,
        deployment.catalogue.content_hash,
        deployment.clock(),
        progress,
    )


def snapshot_of(deployment: Deployment) -> Snapshot:
    """Return one consistent read of all feedback."""
    with reading(deployment.engine) as connection:
        rows = tuple(read_feedback(connection))
        answers: dict[str, dict[str, AnswerValue]] = {
            row.partner_id: dict(row.answers) for row in read_answers(connection)
        }
    return take_snapshot(rows, answers, deployment.catalogue)


def list_models(deployment: Deployment) -> tuple[ModelSummary, ...]:
    """Return every model, the prior first, then by time."""
    return deployment.registry.models()


def list_promotions(deployment: Deployment) -> tuple[Promotion, ...]:
    """Return every move of the current pointer, oldest first."""
    return deployment.registry.promotions()


def model_card(deployment: Deployment, version: str) -> str:
    """Return the card of a model, Markdown."""
    return deployment.registry.card(version)


def promote(deployment: Deployment, version: str, reason: str) -> str:
    """Make a version current, and return it."""
    deployment.registry.promote(version, reason, deployment.clock())
    return version


def rollback(deployment: Deployment) -> str:
    """Make the model before the current one current again, and return its version."""
    return deployment.registry.rollback(deployment.clock())

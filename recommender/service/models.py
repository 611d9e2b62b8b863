"""What the operator does with models: retrain, look, move the pointer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from recommender.catalogue.bundled import data_folder
from recommender.domain import AnswerValue
from recommender.learning.registry import ModelSummary, Promotion
from recommender.preferences.prior import load_prior, prior_parameters
from recommender.service.deployment import Deployment
from recommender.store.engine import reading
from recommender.store.feedback import read_answers, read_feedback

if TYPE_CHECKING:
    from recommender.learning.snapshot import Snapshot
    from recommender.learning.training import RetrainReport

# Training needs pandas and scikit-learn, which take seconds to load and which a web worker must not:
# they are imported where they are used.


def retrain(deployment: Deployment, progress: Callable[[str], None] = lambda _line: None) -> RetrainReport:
    """Return the report of one run over all feedback: a candidate fitted, judged, promoted if not worse."""
    from recommender.learning.training import retrain as run

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
    from recommender.learning.snapshot import take_snapshot

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
    """Go back to the newest model that served before and was not rolled back from; return its version.

    Raises
    ------
    Conflict
        If nothing is left to go back to.
    """
    return deployment.registry.rollback(deployment.clock())

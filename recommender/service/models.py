"""What the operator does with models: retrain, look, move the pointer."""

from __future__ import annotations

import os
import subprocess
import sys
from threading import Thread
from typing import TYPE_CHECKING

import numpy as np

from recommender.catalogue.bundled import data_folder
from recommender.domain import AnswerValue
from recommender.errors import Conflict
from recommender.learning.health import Health, Outcomes, health_of
from recommender.learning.registry import ModelSummary, Promotion
from recommender.learning.runs import Follow, RetrainReport, Run
from recommender.preferences.prior import load_prior, prior_parameters
from recommender.service.deployment import Deployment
from recommender.store.engine import reading
from recommender.store.feedback import read_answers, read_feedback, read_outcomes

if TYPE_CHECKING:
    from recommender.learning.snapshot import Snapshot
    from recommender.learning.training import Lesson

# Training needs pandas and scikit-learn, which take seconds to load and which a web worker must not:
# they are imported where they are used.

UNDER_WAY = "under way"
"""What a run in a process of its own says once it has begun."""


def retrain(deployment: Deployment, follow: Follow = lambda _run: None) -> RetrainReport:
    """Return the report of one run over all feedback: a candidate fitted, judged, promoted if not worse.

    Raises
    ------
    Conflict
        If a run is under way.
    """
    with deployment.registry.runs.running(deployment.clock(), follow) as progress:
        from recommender.learning.training import retrain as run

        return run(deployment.registry, lambda: _lesson(deployment), deployment.clock(), progress)


def start_retraining(deployment: Deployment) -> Run:
    """Start a run in a process of its own, and return it as soon as it is under way.

    Raises
    ------
    Conflict
        If a run is under way.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "recommender.service.retraining"],
        env={**os.environ, **deployment.settings.as_environment()},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,  # it outlives the web worker that was asked for it
        text=True,
    )
    assert process.stdout is not None
    with process.stdout as said:
        problem = said.readline().strip()
    Thread(target=process.wait, daemon=True).start()  # so that it does not stay a zombie
    if problem != UNDER_WAY:
        raise Conflict(problem or "the retraining run could not be started; its reason is in the log")
    return latest_run(deployment)


def latest_run(deployment: Deployment) -> Run:
    """Return how far the latest retraining run is.

    Raises
    ------
    NotFound
        If there has been none.
    """
    return deployment.registry.runs.latest()


def snapshot_of(deployment: Deployment) -> Snapshot:
    """Return one consistent read of all feedback."""
    return _lesson(deployment).snapshot


def _lesson(deployment: Deployment) -> Lesson:
    from recommender.learning.snapshot import take_snapshot
    from recommender.learning.training import Lesson
    from recommender.service.replays import latest_shown

    catalogue = deployment.catalogue
    with reading(deployment.engine) as connection:
        rows = tuple(read_feedback(connection))
        answers: dict[str, dict[str, AnswerValue]] = {
            row.partner_id: dict(row.answers) for row in read_answers(connection)
        }
        shown = latest_shown(connection)
    return Lesson(
        snapshot=take_snapshot(rows, answers, catalogue),
        prior=prior_parameters(load_prior(data_folder() / "prior.yaml"), catalogue),
        catalogue_sha256=catalogue.content_hash,
        taxonomy_sha256=catalogue.taxonomy.content_hash,
        members=frozenset(answers),
        shown=shown,
        table=deployment.table,
        settings=deployment.plan_settings,
        quiz=catalogue.quiz,
    )


def list_models(deployment: Deployment) -> tuple[ModelSummary, ...]:
    """Return every model, the prior first, then by time."""
    with reading(deployment.engine) as connection:
        members = frozenset(row.partner_id for row in read_answers(connection))
    return deployment.registry.models(members)


def prune_models(deployment: Deployment, keep: int) -> tuple[str, ...]:
    """Delete all models but the newest ``keep``, the current one and the one before it; return them."""
    return deployment.registry.prune(keep)


def list_promotions(deployment: Deployment) -> tuple[Promotion, ...]:
    """Return every move of the current pointer, oldest first."""
    return deployment.registry.promotions()


def model_card(deployment: Deployment, version: str) -> str:
    """Return the card of a model, Markdown."""
    return deployment.registry.card(version)


def model_health(deployment: Deployment) -> Health:
    """Return whether the model that serves does as well with couples' dates as it did when it was judged."""
    version = deployment.registry.current_version()
    parameters = deployment.registry.load(version).parameters
    with reading(deployment.engine) as connection:
        rows = tuple(read_outcomes(connection, version))
    outcomes = Outcomes(
        couple=np.array([row.couple_id for row in rows]),
        expected=np.array([row.expected for row in rows]),
        std=np.array([row.std for row in rows]),
        enjoyed=np.array([row.enjoyed for row in rows]),
    )
    return health_of(version, outcomes, parameters.shock_var + parameters.noise_var / 2)


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

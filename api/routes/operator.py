"""What whoever runs the service does: retrain, look at models, choose the one that serves."""

from __future__ import annotations

from dataclasses import asdict
from io import BytesIO

from api.registry import Call, Router
from api.schemas.operator import (
    CurrentBody,
    ImportBody,
    ImportedBody,
    ModelBody,
    ModelHealthBody,
    ModelsBody,
    Promotion,
    RunBody,
    SourceBody,
    SourcesBody,
)
from recommender import service

router = Router()


@router.route("POST", "/v1/operator/retrain", auth="operator", status=202, errors=(409,))
def retrain(call: Call) -> RunBody:
    """Start a run that fits a candidate to all feedback, judges it, and serves it only if it is not worse.

    It goes on in a process of its own; GET says how far it is. Only one run at a time.
    """
    return RunBody.of(service.start_retraining(call.deployment))


@router.route("GET", "/v1/operator/retrain", auth="operator", errors=(404,))
def follow_retraining(call: Call) -> RunBody:
    """Say how far the latest retraining run is."""
    return RunBody.of(service.latest_run(call.deployment))


@router.route("GET", "/v1/operator/models", auth="operator")
def list_models(call: Call) -> ModelsBody:
    """List all models."""
    found = service.list_models(call.deployment)
    return ModelsBody(models=tuple(ModelBody(**asdict(model)) for model in found))


@router.route("GET", "/v1/operator/models/health", auth="operator")
def watch_model(call: Call) -> ModelHealthBody:
    """Say whether the model that serves does as well as it promised."""
    return ModelHealthBody(**asdict(service.model_health(call.deployment)))


@router.route("PUT", "/v1/operator/models/current", auth="operator", errors=(404,))
def promote_model(call: Call, body: Promotion) -> CurrentBody:
    """Serve another model from now on."""
    return CurrentBody(version=service.promote(call.deployment, body.version, body.reason))


@router.route("POST", "/v1/operator/ideas", auth="operator")
def import_ideas(call: Call, body: ImportBody) -> ImportedBody:
    """Take ideas in from a file, or say what would be taken in.

    Broken rows are named with their line and left out; the rest goes in. Sending the same file again changes
    nothing. What a row leaves out is guessed from its words and waits for a person's review: until then such
    an idea is shown only to couples none of whose limits asks about what was guessed.
    """
    order = service.ImportOrder(body.name, body.source, body.format, body.apply, body.replace, body.time_zone)
    return ImportedBody.of(service.import_ideas(call.deployment, BytesIO(body.content.encode()), order))


@router.route("GET", "/v1/operator/sources", auth="operator")
def list_sources(call: Call) -> SourcesBody:
    """List where imported ideas come from."""
    return SourcesBody(
        sources=tuple(SourceBody(**asdict(one)) for one in service.list_sources(call.deployment))
    )

"""What whoever runs the service does: retrain, look at models, choose the one that serves."""

from __future__ import annotations

from dataclasses import asdict

from api.registry import Call, Router
from api.schemas.operator import CurrentBody, ModelBody, ModelsBody, Promotion, RetrainBody
from recommender import service

router = Router()


@router.route("POST", "/v1/operator/retrain", auth="operator")
def retrain(call: Call) -> RetrainBody:
    """Fit a candidate to all feedback, judge it, and serve it only if it is not worse."""
    return RetrainBody(**asdict(service.retrain(call.deployment)))


@router.route("GET", "/v1/operator/models", auth="operator")
def list_models(call: Call) -> ModelsBody:
    """List all models."""
    found = service.list_models(call.deployment)
    return ModelsBody(models=tuple(ModelBody(**asdict(model)) for model in found))


@router.route("PUT", "/v1/operator/models/current", auth="operator", errors=(404,))
def promote_model(call: Call, body: Promotion) -> CurrentBody:
    """Serve another model from now on."""
    return CurrentBody(version=service.promote(call.deployment, body.version, body.reason))

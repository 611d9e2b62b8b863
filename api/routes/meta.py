"""About the service itself: health, the OpenAPI document and a page to read it by."""

from __future__ import annotations

from flask import current_app, render_template

from api.metrics import MEDIA_TYPE, exposition
from api.problems import KINDS, ProblemError
from api.registry import Call, Content, Router
from api.schemas.operator import HealthBody, OpenApiBody
from api.schemas.problem import FieldProblem
from recommender.service.health import failing_parts

router = Router()


@router.route("GET", "/health/live", auth="none")
def live(call: Call) -> HealthBody:  # noqa: ARG001 - every handler is given the call
    """Tell that the process answers."""
    return HealthBody(status="ok")


@router.route("GET", "/health/ready", auth="none", errors=(503,))
def ready(call: Call) -> HealthBody:
    """Tell that database, catalogue and model can be used; 503 names the part that cannot."""
    failing = failing_parts(call.deployment)
    if failing:
        told = [FieldProblem(field=part, problem=problem) for part, problem in failing.items()]
        raise ProblemError(503, f"Not ready: {', '.join(failing)}.", told)
    return HealthBody(status="ok")


@router.route("GET", "/metrics", auth="operator", media_type=MEDIA_TYPE)
def read_metrics(call: Call) -> Content:
    """Read how the service does, in Prometheus's format."""
    return Content(exposition(current_app.extensions["rekindle"].metrics, call.deployment), MEDIA_TYPE)


@router.route("GET", "/openapi.json", auth="none")
def read_openapi(call: Call) -> OpenApiBody:  # noqa: ARG001 - every handler is given the call
    """Read the OpenAPI document of this deployment, with the words of its catalogue."""
    return OpenApiBody(current_app.extensions["rekindle"].document)


@router.route("GET", "/docs", auth="none", media_type="text/html")
def read_docs(call: Call) -> Content:  # noqa: ARG001 - every handler is given the call
    """Read about every route on one page."""
    routes = current_app.extensions["rekindle"].routes
    page = render_template("docs.html", routes=routes, problems=KINDS)
    return Content(page.encode(), "text/html")

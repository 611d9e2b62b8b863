"""The operator's page: models and their cards, training, the catalogue's health."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response, request, url_for

from api.pages.answers import back_to, page
from api.pages.session import the_operator
from api.pages.story import Bar
from recommender import service
from recommender.errors import NotFound

WEEKS = 8
THIN = 6
"""How many of the tags that the fewest ideas carry are told."""

REFRESH_SECONDS = 3
"""How often the page comes anew while a run is under way."""


def add_to(pages: Blueprint) -> None:
    """Add these pages."""
    pages.add_url_rule("/operator", view_func=operate)
    pages.add_url_rule("/operator/models/<version>", view_func=show_model)
    pages.add_url_rule("/operator/retrain", view_func=retrain, methods=["POST"])
    pages.add_url_rule("/operator/promote", view_func=promote, methods=["POST"])
    pages.add_url_rule("/operator/rollback", view_func=roll_back, methods=["POST"])


def operate() -> Response:
    """Show models, promotions and the catalogue."""
    d = the_operator().deployment
    run, models = _latest_run(d), service.list_models(d)
    counts, thin = service.catalogue_health(d.catalogue, THIN)
    response = page(
        "operator.html",
        run=run,
        health=service.model_health(d),
        models=models,
        order=_order(models),
        promotions=service.list_promotions(d),
        counts=counts,
        thin=thin,
        sources=service.list_sources(d),
        feedback=_volume(d),
    )
    if run is not None and run.state == "running":
        response.headers["Refresh"] = str(REFRESH_SECONDS)
    return response


def _latest_run(d: service.Deployment) -> service.Run | None:
    try:
        return service.latest_run(d)
    except NotFound:
        return None


def _order(models: Sequence[service.ModelSummary]) -> list[Bar]:
    """Return how well each model that was judged put dates in order that it had not seen, by time."""
    return [
        Bar(model.version, f"{model.pairwise_accuracy:.0%}", 100 * model.pairwise_accuracy)
        for model in models
        if model.pairwise_accuracy is not None
    ]


def _volume(d: service.Deployment) -> list[Bar]:
    """Return how many ratings came in each of the latest weeks, the newest first."""
    counts = service.feedback_volume(d, WEEKS)
    most = max((n for _, n in counts), default=0) or 1
    return [Bar(f"week of {monday:%-d %B}", str(n), 100 * n / most) for monday, n in reversed(counts)]


def show_model(version: str) -> Response:
    """Show a model's card."""
    d = the_operator().deployment
    return page("model.html", version=version, card=service.model_card(d, version))


def retrain() -> Response:
    """Start a run that fits a model to all feedback, and serves it if it is not worse."""
    service.start_retraining(the_operator().deployment)
    return back_to(url_for("pages.operate"), "A retraining run has begun.")


def promote() -> Response:
    """Serve another model from now on."""
    d = the_operator().deployment
    version = request.form.get("version", "")
    service.promote(d, version, "chosen on the operator's page")
    return back_to(url_for("pages.operate"), f"{version} serves from now on.")


def roll_back() -> Response:
    """Serve the model before the current one."""
    version = service.rollback(the_operator().deployment)
    return back_to(url_for("pages.operate"), f"{version} serves again.")

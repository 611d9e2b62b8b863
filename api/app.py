"""The application factory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as package_version
from typing import Any

from flask import Flask, Response
from flask.typing import ResponseReturnValue
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential
from werkzeug.middleware.proxy_fix import ProxyFix

from api.auth import admit
from api.doorway import Doorway
from api.idempotency import Once
from api.metrics import Metrics, measure
from api.openapi import build_document
from api.pages import add_pages
from api.problems import handle_problems
from api.rates import limit_rates
from api.reading import read_request
from api.registry import Call, Content, Route
from api.routes import ROUTES
from api.routes.weeks import tell_anew
from api.vocabulary import vocabularies
from recommender import service
from recommender.errors import Interrupted
from recommender.service import Deployment

BODY_MOST = 1_000_000
"""Bytes of a request's body; above it, 413."""


@dataclass(frozen=True, slots=True)
class Served:
    """What the app knows of itself; ``app.extensions["rekindle"]``."""

    deployment: Deployment
    routes: tuple[Route, ...]
    document: Mapping[str, Any]
    metrics: Metrics


class _App(Flask):
    """Answers a request again from the start if the database undid it for another one's sake."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function as it is: none of ours is a coroutine, and looking takes longer than most."""
        return func

    def dispatch_request(self) -> ResponseReturnValue:
        """Return the answer of the view; at most the fourth try's failure is told."""
        try:
            return super().dispatch_request()
        except Interrupted:
            return AGAIN(super().dispatch_request)


AGAIN = Retrying(
    retry=retry_if_exception_type(Interrupted),
    wait=wait_random_exponential(multiplier=0.02, max=0.5),
    stop=stop_after_attempt(3),
    reraise=True,
)


def create_app(deployment: Deployment) -> Flask:
    """Return an app that serves a deployment; nothing is opened or read from the environment here."""
    app = _App("api")
    app.config["MAX_CONTENT_LENGTH"] = BODY_MOST
    app.url_map.merge_slashes = False  # a redirect is no answer of an API
    document = build_document(ROUTES, vocabularies(deployment), _version())
    metrics = measure(deployment)
    app.extensions["rekindle"] = Served(deployment, ROUTES, document, metrics)
    app.wsgi_app = Doorway(app.wsgi_app, metrics)  # type: ignore[method-assign]
    if proxies := deployment.settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=0)  # type: ignore[method-assign]
    handle_problems(app)
    limit_rates(app, deployment.settings.rate_per_minute)
    once = Once(deployment)
    for route in ROUTES:
        app.add_url_rule(route.path, route.name, _view(route, deployment, once), methods=[route.method])
    add_pages(app)
    return app


def _view(route: Route, deployment: Deployment, once: Once) -> Callable[..., Response]:
    def view(**path: str) -> Response:
        caller = admit(deployment, route)

        def act() -> Response:
            call = Call(service.refreshed(deployment), caller)
            return _response(route, route.handler(call, **read_request(route, path)))

        try:
            return once.answer(route, caller, act)
        finally:
            if route.method != "GET" and caller is not None:
                tell_anew(deployment, caller)

    return view


def _response(route: Route, answer: Any) -> Response:
    if answer is None:
        return Response(status=route.status)
    if isinstance(answer, Content):
        return Response(answer.data, route.status, mimetype=answer.media_type)
    return Response(answer.model_dump_json(), route.status, mimetype=route.media_type)


def _version() -> str:
    try:
        return package_version("rekindle")
    except PackageNotFoundError:  # run from a checkout that was never installed
        return "0"

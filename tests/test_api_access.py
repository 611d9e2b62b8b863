"""Who may call what."""

from dataclasses import replace

import pytest
from flask import Flask

from api.app import create_app
from api.registry import Route
from api.routes import ROUTES
from recommender.service import Deployment
from tests.api_world import Person, start
from tests.conftest import OPERATOR_TOKEN

NAMES = {
    "iso_week": "2026-W48",
    "ritual_id": "0" * 26,
    "date_id": "0" * 26,
    "idea_id": "soup-swap",
    "session_id": "0" * 26,
    "secret": "none",
}


@pytest.fixture
def app(deployment: Deployment) -> Flask:
    """Serve an empty deployment that has an operator."""
    return create_app(deployment)


def of(auth: str) -> list[Route]:
    """Return the routes for one kind of caller."""
    return [route for route in ROUTES if route.auth == auth]


def called(person: Person, route: Route):
    """Return the answer to a call of a route with an empty body."""
    return person(route.method, route.template.format(**NAMES), {} if route.body else None)


def test_only_these_are_open():
    """Whatever is not on this list asks for a token."""
    assert {route.name for route in of("none") + of("optional")} == {
        "start_couple",
        "accept_invite",
        "read_calendar",
        "read_quiz",
        "search_ideas",
        "read_idea",
        "live",
        "ready",
        "read_openapi",
        "read_docs",
    }


@pytest.mark.parametrize("route", of("partner") + of("operator"), ids=lambda route: route.name)
@pytest.mark.parametrize("token", [None, "x" * 43, "ü"], ids=["none", "unknown", "no token"])
def test_a_token_is_needed(app, route, token):
    """Without a valid token the answer is 401, with the scheme to use."""
    answer = called(Person(app, token), route)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="rekindle"'


@pytest.mark.parametrize("route", of("operator"), ids=lambda route: route.name)
def test_a_partner_is_not_the_operator(app, route):
    """A partner's token opens none of the operator's routes."""
    assert called(start(app)[0], route).status_code == 403


@pytest.mark.parametrize("route", of("partner"), ids=lambda route: route.name)
def test_the_operator_is_no_partner(app, route):
    """The operator's token opens nothing that is a partner's."""
    assert called(Person(app, OPERATOR_TOKEN), route).status_code == 403


@pytest.mark.parametrize("header", ["Basic {}", "Token {}", "{}", "Bearer{}", "Bearer {} x", "Bearer "])
def test_only_bearer_tokens_count(app, header):
    """A valid token under another scheme, or with anything before or after it, is 401."""
    token = start(app)[0].token

    answer = app.test_client().get("/v1/me", headers={"Authorization": header.format(token)})

    assert answer.status_code == 401


def test_the_scheme_is_read_in_any_case(app):
    """``bearer`` and ``BEARER`` are ``Bearer``, as RFC 9110 has it."""
    token = start(app)[0].token

    for scheme in ("bearer", "BEARER"):
        answer = app.test_client().get("/v1/me", headers={"Authorization": f"{scheme} {token}"})
        assert answer.status_code == 200


def test_closed_sign_up_is_the_operators(deployment):
    """Where sign-up is closed only the operator starts couples; whoever is invited still joins."""
    closed = replace(deployment, settings=replace(deployment.settings, signup="closed"))
    app = create_app(closed)

    refused = Person(app)("POST", "/v1/couples", {"name": "Robin"})
    started = Person(app, OPERATOR_TOKEN)("POST", "/v1/couples", {"name": "Robin"})
    code = started.json["invite_code"]
    joined = Person(app)("POST", "/v1/invites/accept", {"invite_code": code, "name": "Sam"})

    assert [answer.status_code for answer in (refused, started, joined)] == [403, 201, 201]


def test_without_an_operator_nobody_is(deployment):
    """Where no operator token is set, no token opens the operator's routes."""
    app = create_app(replace(deployment, settings=replace(deployment.settings, operator_token=None)))

    assert Person(app, "None")("GET", "/v1/operator/models").status_code == 401
    assert Person(app, OPERATOR_TOKEN)("GET", "/v1/operator/models").status_code == 401

"""Every route, asked by every kind of caller for what is Robin's: who is let in, and what they read.

Robin and Sam are a couple. Robin has a plan with a mark, a rated date, a ritual, a session, a calendar and an
open past; Kim is of another couple; the one who left was of theirs. A route without a row here fails.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from api.app import create_app
from api.registry import Route
from api.routes import ROUTES
from recommender.service import Settings, open_deployment
from tests.api_world import Person, accept, start
from tests.conftest import OPERATOR_TOKEN, Clock
from tests.serving import environment

WEEK = "2026-W48"
NOTE, LABEL = "robins-private-note", "robins-private-label"


@dataclass(frozen=True)
class World:
    """A served app with everybody in it, and what of Robin's can be asked for."""

    app: Flask
    callers: dict[str, Person]
    names: dict[str, str]
    code: str
    private: tuple[str, ...]
    """What only Robin may ever read: a note, a session with its label, an idea never wanted."""


@dataclass(frozen=True)
class Row:
    """What each kind of caller is answered on a route; of a partner's own things, strangers reach none.

    Attributes
    ----------
    robin, sam, kim : int
        Whose it is, the other partner, somebody of another couple.
    operator, nobody : int
        Whoever runs the service, and whoever sends no token.
    gone : int
        Whoever sends a token that was ended, or that of somebody who left.
    screen : int
        Whoever sends Robin's token that may only read the plan.
    body : callable or None
        What is sent.
    """

    robin: int
    sam: int
    kim: int
    operator: int = 403
    nobody: int = 401
    gone: int = 401
    screen: int = 403
    body: Callable[[World], Any] = lambda _world: {}


def own(status: int = 200, body: Any = None, **other: int) -> Row:
    """Return the row of a route on which each partner meets only what is their own."""
    return Row(status, status, status, body=lambda _world: body, **other)


def shared(status: int, body: Callable[[World], Any], **other: int) -> Row:
    """Return the row of a route on which both of a couple meet the same, and nobody else does."""
    return Row(status, status, **{"kim": 404, **other}, body=body)


def everybodys(status: int = 200) -> Row:
    """Return the row of a route that asks nobody who they are."""
    return Row(*[status] * 7, body=lambda _world: None)


def operators(status: int, body: Any = None) -> Row:
    """Return the row of a route of the operator's alone."""
    return Row(403, 403, 403, status, body=lambda _world: body)


def suggested(world: World) -> dict[str, Any]:
    """Return a body that names Robin's first suggestion."""
    return {"suggestion_id": world.names["suggestion_id"]}


MATRIX: dict[str, Row] = {
    "start_couple": Row(201, 201, 201, 201, 201, body=lambda _world: {"name": "Alex"}),
    "make_invite": Row(409, 409, 201),
    "revoke_invites": own(204),
    "accept_invite": Row(
        404, 404, 404, 404, 404, 404, 404, lambda _world: {"invite_code": "AAAAA-AAAAA", "name": "Alex"}
    ),
    "read_couple": own(screen=200),
    "change_couple": own(body={"circumstances": {"minutes_max": 90}}),
    "delete_couple": Row(409, 409, 204),
    "make_calendar": own(201, {}),
    "read_calendar": everybodys(),
    "read_me": own(),
    "change_me": own(body={"freshness": 0.5}),
    "leave": own(204),
    "read_answers": own(),
    "replace_answers": own(body={"answers": {}}),
    "read_boundaries": own(),
    "replace_boundaries": own(body={}),
    "export_me": own(),
    "read_sessions": own(),
    "start_session": own(201, {}),
    "end_other_sessions": own(204),
    "end_session": Row(204, 404, 404, body=lambda _world: None),
    "read_plan": own(screen=200),
    "swap_suggestion": shared(200, lambda world: {**suggested(world), "reason": "other"}),
    "mark_suggestion": shared(200, lambda world: {**suggested(world), "mark": "maybe"}),
    "choose_suggestion": shared(201, suggested),
    "keep_ritual": shared(200, lambda _world: None),
    "list_dates": own(),
    "log_date": own(201, {"title": "Chips", "on": "2026-11-20"}),
    "change_date": shared(200, lambda _world: {"starts_at": "2026-11-28T20:00:00Z"}),
    # Robin has rated it, and Sam, who deletes it, learns nothing of that.
    "delete_date": Row(409, 204, 404, body=lambda _world: None),
    "rate_date": shared(200, lambda _world: {"enjoyment": 3}),
    "unrate_date": shared(204, lambda _world: None),
    "read_quiz": everybodys(),
    "search_ideas": everybodys(),
    "read_idea": everybodys(),
    "retrain": operators(202, {}),
    "follow_retraining": operators(200),
    "list_models": operators(200),
    "watch_model": operators(200),
    "promote_model": operators(200, {"version": "prior", "reason": "a test"}),
    "import_ideas": operators(200, {"format": "json", "content": "[]", "source": "a", "apply": False}),
    "list_sources": operators(200),
    "read_metrics": operators(200),
    "live": everybodys(),
    "ready": everybodys(),
    "read_openapi": everybodys(),
    "read_docs": everybodys(),
}
KINDS = ("robin", "sam", "kim", "operator", "nobody", "gone", "left", "screen")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Serve one Rekindle for all tests here; each has people of its own."""
    home = tmp_path_factory.mktemp("home")
    settings = Settings.from_environment(environment(home))
    deployment = open_deployment(settings, clock=Clock(datetime(2026, 11, 23, 18, tzinfo=UTC)))
    served = create_app(deployment)
    operator = Person(served, OPERATOR_TOKEN)
    assert operator("POST", "/v1/operator/retrain", {}).status_code == 202
    wait_for_the_run(operator)
    yield served
    deployment.engine.dispose()


def wait_for_the_run(operator: Person) -> None:
    """Wait until the retraining run has ended."""
    for _ in range(600):
        if operator("GET", "/v1/operator/retrain").json["state"] != "running":
            return
        time.sleep(0.1)
    raise AssertionError("the run did not end within a minute")


@pytest.fixture
def world(app: Flask) -> World:
    """Let Robin and Sam live a little, and everybody else come in."""
    robin, code = start(app)
    sam = accept(app, code)
    kim, _ = start(app, "Kim")
    leaver, _ = start(app, "Alex")
    leaver("DELETE", "/v1/me")
    plan = robin("GET", f"/v1/weeks/{WEEK}").json
    first, second, _ = (one["suggestion_id"] for one in plan["suggestions"])
    robin("PUT", f"/v1/weeks/{WEEK}/marks", {"suggestion_id": first, "mark": "yes"})
    date_id = robin("POST", f"/v1/weeks/{WEEK}/choice", {"suggestion_id": second}).json["date_id"]
    robin("PUT", f"/v1/dates/{date_id}/rating", {"enjoyment": 2, "note": NOTE})
    shown = {one["idea"]["idea_id"] for one in (*plan["suggestions"], *plan["rituals"])}
    ideas = robin("GET", "/v1/ideas").json["ideas"]
    never = next(one["idea_id"] for one in ideas if one["idea_id"] not in shown)
    assert robin("PUT", "/v1/me/boundaries", {"ideas_never": [never]}).status_code == 200
    session = robin("POST", "/v1/me/sessions", {"label": LABEL}).json
    screen = robin("POST", "/v1/me/sessions", {"scope": "plan"}).json
    ended = robin("POST", "/v1/me/sessions", {}).json
    robin("DELETE", f"/v1/me/sessions/{ended['session_id']}")
    callers = {
        "robin": robin,
        "sam": sam,
        "kim": kim,
        "operator": Person(app, OPERATOR_TOKEN),
        "nobody": Person(app),
        "gone": Person(app, ended["token"]),
        "left": leaver,
        "screen": Person(app, screen["token"]),
    }
    names = {
        "iso_week": WEEK,
        "suggestion_id": first,
        "ritual_id": plan["rituals"][0]["ritual_id"],
        "date_id": date_id,
        "session_id": session["session_id"],
        "secret": robin("POST", "/v1/couple/calendar").json["secret"],
        "idea_id": plan["suggestions"][0]["idea"]["idea_id"],
    }
    return World(app, callers, names, code, (NOTE, LABEL, never, session["token"], session["session_id"]))


def ask(world: World, kind: str, route: Route) -> TestResponse:
    """Return what a kind of caller is answered who asks a route for what is Robin's."""
    body = MATRIX[route.name].body(world)
    return world.callers[kind](
        route.method, route.template.format(**world.names), {} if body is None and route.body else body
    )


def test_every_route_has_a_row() -> None:
    """No route is without a row, and no row without a route."""
    assert set(MATRIX) == {route.name for route in ROUTES}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_who_is_let_in(world: World, kind: str, route: Route) -> None:
    """Each caller gets just the status of the row, and reads nothing that is Robin's alone."""
    wanted = getattr(MATRIX[route.name], "gone" if kind == "left" else kind)

    answer = ask(world, kind, route)

    assert answer.status_code == wanted, answer.text
    if kind != "robin" and route.name not in OPEN_WORDS:
        told = answer.text + str(answer.headers)
        assert [word for word in world.private if word in told] == []
    if route.name == "retrain" and wanted == answer.status_code == 202:
        wait_for_the_run(world.callers["operator"])


OPEN_WORDS = {"read_openapi", "search_ideas", "read_docs"}
"""Routes that show the whole catalogue, and so name every idea."""


def test_a_used_invitation_lets_nobody_in(world: World) -> None:
    """Whoever holds a code that was used gets the same words as for one that never was."""
    used, never = (
        world.callers["nobody"]("POST", "/v1/invites/accept", {"invite_code": code, "name": "Alex"}).json
        for code in (world.code, "AAAAA-AAAAA")
    )
    assert {**used, "instance": ""} == {**never, "instance": ""}


PAGES_FOR_ALL = {"/", "/join", "/sign-in", "/support"}
PAGES_TO_BEGIN = {"/start", "/sign-out"}


def test_every_page_asks_who_looks(world: World) -> None:
    """Without a session a page leads to the start or is refused, and a stranger finds nothing of Robin's."""
    named = {"week": WEEK, "place": "0", "version": "prior", **world.names}
    kim = world.app.test_client()
    _sign_in(kim, world.callers["kim"].token or "")
    for rule in world.app.url_map.iter_rules():
        if not rule.endpoint.startswith("pages.") or rule.rule in PAGES_FOR_ALL | PAGES_TO_BEGIN:
            continue
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: named[found[1]], rule.rule)
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            answer = world.app.test_client().open(path, method=method)
            # Of a form the token against forgery is missing too, and is asked for first.
            assert (answer.status_code, answer.headers.get("Location")) in ((303, "/"), (400, None)), path
        if "GET" in (rule.methods or set()):
            theirs = kim.get(path)
            assert theirs.status_code in ((404,) if "<date_id>" in rule.rule else (200, 303, 403)), path
            assert not [word for word in world.private if word in theirs.text], path


def _sign_in(browser: Any, token: str) -> None:
    page = browser.get("/sign-in").text
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    assert browser.post("/sign-in", data={"token": token, "csrf_token": found[1]}).status_code == 303

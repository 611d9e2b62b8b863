"""What a caller is told, and what is logged, when something of ours breaks."""

import json
import logging
from dataclasses import replace

import pytest
from flask import Flask

from api.app import create_app
from api.logs import JsonLines
from recommender.learning.registry import Registry
from recommender.service import Deployment
from recommender.service.serving import ServedModels
from recommender.store import open_engine
from tests.api_world import Person, start

WEEK = "/v1/weeks/2026-W48"


@pytest.fixture
def app(deployment: Deployment) -> Flask:
    """Serve an empty deployment."""
    return create_app(deployment)


@pytest.fixture
def modelless(deployment: Deployment, tmp_path) -> Deployment:
    """Return a deployment whose model files are gone."""
    registry = Registry(tmp_path / "models", tmp_path / "gone")
    return replace(deployment, registry=registry, models=ServedModels(registry, deployment.catalogue))


class Broken:
    """Models that fail in a way nobody foresaw, with somebody's words in the message."""

    def ready(self):
        """Return a version."""
        return "broken"

    def expect(self, *_):
        """Fail."""
        raise RuntimeError("Robin wrote: the rain")


def logged(caplog) -> list[dict]:
    """Return every line that was logged, as the serving process writes it."""
    return [json.loads(JsonLines().format(record)) for record in caplog.records]


def test_a_missing_model_is_503_with_a_remedy(modelless):
    """Without a model no plan can be made: 503, when to try again, and which part to see to."""
    app = create_app(modelless)
    robin, _ = start(app)

    plan = robin("GET", WEEK)
    ready = Person(app)("GET", "/health/ready")

    assert (plan.status_code, plan.headers["Retry-After"]) == (503, "5")
    assert plan.json["type"] == "/docs#unavailable"
    assert (ready.status_code, [error["field"] for error in ready.json["errors"]]) == (503, ["model"])
    assert Person(app)("GET", "/health/live").json == {"status": "ok"}


def test_a_database_that_is_not_upgraded_is_503(deployment, tmp_path):
    """A database without our tables names the command that mends it, and health names the database."""
    engine = open_engine(f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    anyone = Person(create_app(replace(deployment, engine=engine)))

    refused = anyone("POST", "/v1/couples", {"name": "Robin"})
    ready = anyone("GET", "/health/ready")
    engine.dispose()

    assert refused.status_code == 503
    assert "rekindle db upgrade" in refused.json["detail"]
    assert [error["field"] for error in ready.json["errors"]] == ["database"]


def test_an_empty_catalogue_is_not_ready(deployment):
    """A deployment without ideas is not ready, and says so."""
    empty = replace(deployment, catalogue=replace(deployment.catalogue, ideas=()))

    ready = Person(create_app(empty))("GET", "/health/ready")

    assert [error["field"] for error in ready.json["errors"]] == ["catalogue"]


def test_all_is_well(app):
    """A deployment with everything in place is ready."""
    ready = Person(app)("GET", "/health/ready")

    assert (ready.status_code, ready.json) == (200, {"status": "ok"})


def test_the_unforeseen_tells_nothing(deployment, caplog):
    """A failure nobody named is a plain 500; the log says where, never what was said."""
    app = create_app(replace(deployment, models=Broken()))
    robin, _ = start(app)

    answer = robin("GET", WEEK)

    (line,) = [line for line in logged(caplog) if line["message"] == "unforeseen failure"]
    assert answer.status_code == 500
    assert (answer.json["title"], answer.json["errors"]) == ("Our fault", [])
    assert line["error"] == "RuntimeError"
    assert line["where"][-1].endswith(" expect")
    assert line["request_id"] == answer.headers["X-Request-Id"]
    assert not any("the rain" in text for text in (answer.text, json.dumps(logged(caplog))))


def test_a_request_is_one_line(app, caplog):
    """Each request logs method, route, status, milliseconds and id, and nothing of anybody."""
    robin, _ = start(app)
    date_id = robin("POST", "/v1/dates", {"title": "Chips", "on": "2026-11-20"}).json["date_id"]
    caplog.clear()

    with caplog.at_level(logging.INFO, "rekindle.requests"):
        answer = robin("PUT", f"/v1/dates/{date_id}/rating", {"enjoyment": 4, "note": "the rain"})

    (line,) = logged(caplog)
    assert set(line) == {"at", "level", "message", "method", "route", "status", "ms", "request_id"}
    assert (line["method"], line["route"], line["status"]) == ("PUT", "/v1/dates/<date_id>/rating", 200)
    assert line["request_id"] == answer.headers["X-Request-Id"]
    assert not any(word in json.dumps(line) for word in (date_id, robin.token, "the rain", "Robin"))


def test_the_calendars_secret_is_not_logged(app, caplog):
    """The feed's address is logged as its route."""
    robin, _ = start(app)
    made = robin("POST", "/v1/couple/calendar").json

    with caplog.at_level(logging.INFO, "rekindle.requests"):
        Person(app)("GET", made["path"])

    assert made["secret"] not in json.dumps(logged(caplog))


def test_a_traceback_is_never_written(caplog):
    """A record with an exception is one line without it: its message may quote what was sent."""
    try:
        raise ValueError("the rain")
    except ValueError:
        logging.getLogger("anything").exception("failed")

    (line,) = logged(caplog)
    assert line["message"] == "failed"
    assert "the rain" not in json.dumps(line)


@pytest.mark.parametrize("path", ["/v1/me", "/docs", "/health/live", "/nothing", "/static/rekindle.css"])
def test_every_answer_is_guarded(app, path):
    """Every response, good or bad, tells browsers to take no liberties; what is private is not cached."""
    with Person(app)("GET", path) as answer:
        headers = answer.headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Content-Security-Policy"].startswith("default-src 'self';")
    assert (headers.get("Cache-Control") == "no-store") == path.startswith("/v1/")

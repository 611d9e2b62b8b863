"""What the operator does over HTTP."""

from time import sleep

import pytest

from api.app import create_app
from recommender.service import Deployment
from tests.api_world import Person, with_shipped_catalogue
from tests.conftest import OPERATOR_TOKEN


@pytest.fixture
def operator(deployment: Deployment) -> Person:
    """Return the operator of a deployment with the shipped catalogue, and no feedback."""
    return Person(create_app(with_shipped_catalogue(deployment)), OPERATOR_TOKEN)


def test_the_prior_serves_at_first(operator):
    """A new deployment has one model, the prior, and it is current."""
    models = operator("GET", "/v1/operator/models").json["models"]

    assert [(model["version"], model["current"]) for model in models] == [("prior", True)]


def test_a_run_is_started_and_followed(operator):
    """A run goes on in a process of its own; GET follows it to its end, and finds none before."""
    assert operator("GET", "/v1/operator/retrain").status_code == 404

    started = operator("POST", "/v1/operator/retrain")

    assert started.status_code == 202
    assert started.json["state"] in ("running", "finished")
    for run in followed(operator):
        assert run["state"] in ("running", "finished")
    assert run["report"]["verdict"] == "nothing to learn from"
    assert (run["report"]["promoted"], run["report"]["n_ratings"]) == (False, 0)


def test_two_runs_never_go_on_at_once(operator, deployment):
    """While one is under way another is refused, and nothing of it is disturbed."""
    with deployment.registry.runs.running(deployment.clock(), lambda _run: None):
        refused = operator("POST", "/v1/operator/retrain")
        followed_meanwhile = operator("GET", "/v1/operator/retrain").json

    assert refused.status_code == 409
    assert "under way" in refused.json["detail"]
    assert followed_meanwhile["state"] == "running"
    assert operator("GET", "/v1/operator/retrain").json["state"] == "interrupted"


def test_a_model_without_dates_has_no_health_yet(operator):
    """Before any date came of its suggestions nothing is concluded."""
    health = operator("GET", "/v1/operator/models/health").json

    assert (health["version"], health["verdict"]) == ("prior", "not enough to tell")
    assert (health["n_dates"], health["enjoyed"]) == (0, None)


def followed(operator):
    """Yield what a run says of itself until it is over."""
    for _ in range(300):
        run = operator("GET", "/v1/operator/retrain").json
        yield run
        if run["state"] != "running":
            return
        sleep(0.1)
    raise AssertionError("it did not end")


def test_a_model_is_promoted_with_a_reason(operator):
    """PUT current makes a version serve; one that does not exist is not found; a reason is needed."""
    path = "/v1/operator/models/current"

    kept = operator("PUT", path, {"version": "prior", "reason": "back to the start"})
    unknown = operator("PUT", path, {"version": "m-none", "reason": "to see"})
    silent = operator("PUT", path, {"version": "prior", "reason": " "})

    assert (kept.status_code, kept.json) == (200, {"version": "prior"})
    assert (unknown.status_code, silent.status_code) == (404, 422)

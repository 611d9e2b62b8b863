"""What the operator does over HTTP."""

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


def test_nothing_is_learned_from_nothing(operator):
    """Retraining without feedback reports that nothing was promoted."""
    report = operator("POST", "/v1/operator/retrain")

    assert report.status_code == 200
    assert (report.json["promoted"], report.json["n_ratings"]) == (False, 0)


def test_a_model_is_promoted_with_a_reason(operator):
    """PUT current makes a version serve; one that does not exist is not found; a reason is needed."""
    path = "/v1/operator/models/current"

    kept = operator("PUT", path, {"version": "prior", "reason": "back to the start"})
    unknown = operator("PUT", path, {"version": "m-none", "reason": "to see"})
    silent = operator("PUT", path, {"version": "prior", "reason": " "})

    assert (kept.status_code, kept.json) == (200, {"version": "prior"})
    assert (unknown.status_code, silent.status_code) == (404, 422)

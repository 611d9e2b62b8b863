r"""The service keeps to its OpenAPI document, whatever is sent.

The same for longer, with requests that build on each other, against a service that runs (schemathesis comes
with the development requirements; a partner's run leaves out what would end the account)::

    REKINDLE_RATE_PER_MINUTE=0 rekindle serve
    schemathesis run http://127.0.0.1:8000/openapi.json --checks all --max-examples 60 \
        --exclude-operation-id leave --exclude-operation-id delete_couple \
        --header "Authorization: Bearer TOKEN"
"""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.schemas import BaseSchema

from api.app import create_app
from api.registry import Route
from api.routes import ROUTES
from recommender.service import Deployment, create_couple
from tests.api_world import with_shipped_catalogue

# One app for all examples is meant: what one request leaves behind must not break the next.
few = settings(max_examples=10, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@pytest.fixture
def document(deployment: Deployment) -> BaseSchema:
    """Return the document that an app with the shipped catalogue serves, with the app."""
    return schemathesis.openapi.from_wsgi("/openapi.json", create_app(with_shipped_catalogue(deployment)))


def takes_values(route: Route) -> bool:
    """Return whether a route takes anything that could be wrong."""
    return bool(route.body or route.query or route.parameters)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_good_requests(document, deployment, route):
    """What fits the document is accepted, and answered with a documented status, body and headers."""
    check(document, deployment, route, GenerationMode.POSITIVE)


@pytest.mark.parametrize("route", list(filter(takes_values, ROUTES)), ids=lambda route: route.name)
def test_bad_requests(document, deployment, route):
    """What does not fit the document is refused, with a documented status, body and headers."""
    check(document, deployment, route, GenerationMode.NEGATIVE)


def check(document: BaseSchema, deployment: Deployment, route: Route, mode: GenerationMode) -> None:
    """Send a route requests of one kind as a partner, and run every default check on each answer."""
    operation = document[route.template][route.method]

    @few
    @given(case=operation.as_strategy(generation_mode=mode))
    def one(case: Case) -> None:
        token = create_couple(deployment, "Robin").token  # of a couple of its own: some requests delete it
        case.call_and_validate(headers={"Authorization": f"Bearer {token}"})

    one()

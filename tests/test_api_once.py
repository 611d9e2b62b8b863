"""The Idempotency-Key: a POST that is sent again is done once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event

import pytest
from flask import Flask
from sqlalchemy import text

from api.app import create_app
from recommender.service import Deployment
from tests.api_world import Person, accept, start

DATE = {"title": "Chips on the pier", "on": "2026-11-20"}


@pytest.fixture
def app(deployment: Deployment) -> Flask:
    """Serve an empty deployment."""
    return create_app(deployment)


def n_dates(person: Person) -> int:
    """Return how many dates somebody sees."""
    return len(person("GET", "/v1/dates").json["dates"])


def test_the_same_request_is_answered_again(app):
    """Sent twice under one key, a date is logged once and both answers are alike."""
    robin, _ = start(app)

    first, second = (robin("POST", "/v1/dates", DATE, key="k1") for _ in range(2))

    assert (second.status_code, second.json, second.mimetype) == (201, first.json, "application/json")
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert n_dates(robin) == 1


def test_another_key_is_another_request(app):
    """Without a key, or under another, the same body is done again."""
    robin, _ = start(app)

    for key in (None, None, "k1", "k2"):
        robin("POST", "/v1/dates", DATE, key=key)

    assert n_dates(robin) == 4


def test_a_key_stands_for_one_body(app):
    """A key that is sent with another body is 422, and nothing is done."""
    robin, _ = start(app)
    robin("POST", "/v1/dates", DATE, key="k1")

    again = robin("POST", "/v1/dates", {**DATE, "title": "Soup"}, key="k1")

    assert again.status_code == 422
    assert again.json["errors"][0]["field"] == "Idempotency-Key"
    assert n_dates(robin) == 1


def test_a_key_stands_for_one_path(app):
    """A key that is sent with the same body to another path is 422."""
    robin, _ = start(app)
    robin("POST", "/v1/invites", key="k1")

    assert robin("POST", "/v1/couple/calendar", key="k1").status_code == 422


def test_keys_belong_to_their_caller(app):
    """Two partners may use the same key for different things."""
    robin, code = start(app)
    sam = accept(app, code)
    robin("POST", "/v1/dates", DATE, key="k1")

    theirs = sam("POST", "/v1/dates", {**DATE, "title": "Soup"}, key="k1")

    assert (theirs.status_code, theirs.json["title"]) == (201, "Soup")


def test_what_failed_may_be_tried_again(app):
    """A refused request is not remembered: mended, it goes through under the same key."""
    robin, _ = start(app)
    refused = robin("POST", "/v1/dates", {**DATE, "on": "2026-11-24"}, key="k1")

    mended = robin("POST", "/v1/dates", DATE, key="k1")

    assert (refused.status_code, mended.status_code) == (409, 201)


@pytest.mark.parametrize("key", ["", " ", "a b", "schlüssel", "x" * 256])
def test_a_key_is_visible_ascii(app, key):
    """A key that is empty, too long or not visible ASCII is 422, and nothing is done."""
    robin, _ = start(app)

    refused = robin("POST", "/v1/dates", DATE, key=key)

    assert (refused.status_code, n_dates(robin)) == (422, 0)


def test_a_secret_is_told_once(app):
    """Sent again, a request whose answer held a token is a conflict, and starts no second couple."""
    first, second = (Person(app)("POST", "/v1/couples", {"name": "Robin"}, key="k1") for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 409)
    assert "token" not in second.json


def test_no_secret_is_stored(app, deployment):
    """Of an answer with a token, code or calendar address nothing but its status is in the database."""
    told = Person(app)("POST", "/v1/couples", {"name": "Robin"}, key="k1").json
    robin = Person(app, told["token"])
    robin("POST", "/v1/invites", key="k2")
    robin("POST", "/v1/couple/calendar", key="k3")

    with deployment.engine.connect() as connection:
        bodies = connection.scalars(text("SELECT body FROM responses")).all()

    assert list(bodies) == ["", "", ""]


def test_nobodys_keys_belong_to_an_address(app):
    """Without a token keys are kept apart by network address, and the address itself is not stored."""
    person = Person(app)
    here = {"environ_base": {"REMOTE_ADDR": "192.0.2.1"}}
    there = {"environ_base": {"REMOTE_ADDR": "192.0.2.2"}}

    answers = [person("POST", "/v1/couples", {"name": "R"}, key="k1", **at) for at in (here, there, here)]

    assert [answer.status_code for answer in answers] == [201, 201, 409]


def test_two_at_the_same_moment_are_done_once(deployment):
    """While a request is being worked on, another under its key is a conflict, and is not done."""
    inside, go_on = Event(), Event()

    def held_up():
        inside.set()
        go_on.wait(timeout=30)
        return deployment.clock()

    robin, _ = start(create_app(deployment))
    slow = Person(create_app(replace(deployment, clock=held_up)), robin.token)

    with ThreadPoolExecutor() as pool:
        first = pool.submit(slow, "POST", "/v1/dates", DATE, key="k1")
        inside.wait(timeout=30)
        second = slow("POST", "/v1/dates", DATE, key="k1")
        go_on.set()

    assert (first.result().status_code, second.status_code) == (201, 409)
    assert n_dates(robin) == 1

"""Whoever asks too often waits, and nobody else does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask

from api.app import create_app
from api.rates import GUESSES_PER_MINUTE
from recommender.service import Deployment
from tests.api_world import Person, start
from tests.conftest import OPERATOR_TOKEN

PER_MINUTE = 20


@pytest.fixture
def app(deployment: Deployment) -> Flask:
    """Serve with a limit that tests reach."""
    return limited(deployment)


def limited(deployment: Deployment, **more: int) -> Flask:
    """Return an app with a limit, and other settings."""
    settings = replace(deployment.settings, rate_per_minute=PER_MINUTE, **more)
    return create_app(replace(deployment, settings=settings))


def statuses(
    person: Person, n: int, method: str, path: str, body: object = None, **rest: object
) -> list[int]:
    """Return the statuses of so many equal requests."""
    return [person(method, path, body, **rest).status_code for _ in range(n)]


def test_a_token_has_so_many_a_minute(app: Flask) -> None:
    """One request more is 429 with the seconds to wait; another token and health checks are served."""
    robin, sam = start(app)[0], start(app)[0]

    assert set(statuses(robin, PER_MINUTE, "GET", "/v1/me")) == {200}
    over = robin("GET", "/v1/me")

    assert (over.status_code, over.json["type"]) == (429, "/docs#too-often")
    assert 1 <= int(over.headers["Retry-After"]) <= 60
    assert sam("GET", "/v1/me").status_code == 200
    assert robin("GET", "/health/live").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/invites/accept", {"invite_code": "AAAAA-AAAAA", "name": "Kim"}),
        ("POST", "/v1/couples", {"name": "Kim"}),
        ("GET", "/v1/calendar/guess.ics", None),
    ],
)
def test_guessing_is_slower(app: Flask, method: str, path: str, body: object) -> None:
    """Without a token, only so many tries a minute; whoever has one goes on."""
    robin, _ = start(app)
    left = GUESSES_PER_MINUTE - 1  # starting was one

    assert 429 not in statuses(Person(app), left, method, path, body)
    assert statuses(Person(app), 2, method, path, body) == [429, 429]
    assert robin("GET", "/v1/me").status_code == 200


def test_the_operator_starts_as_many_as_the_usual_limit_lets(app: Flask) -> None:
    """Who brings a token is no guesser."""
    made = statuses(
        Person(app, OPERATOR_TOKEN), GUESSES_PER_MINUTE + 1, "POST", "/v1/couples", {"name": "Kim"}
    )

    assert set(made) == {201}


def test_pages_say_it_in_words(app: Flask) -> None:
    """A browser that tries too many keys gets a page, not problem details."""
    client = app.test_client()

    answers = [client.post("/sign-in", data={"token": "guess"}) for _ in range(GUESSES_PER_MINUTE + 1)]

    assert [answer.status_code == 429 for answer in answers] == [False] * GUESSES_PER_MINUTE + [True]
    assert "A moment, please" in answers[-1].text
    assert answers[-1].mimetype == "text/html"


@pytest.mark.parametrize(("proxies", "shared"), [(0, True), (1, False)])
def test_whose_word_on_addresses_counts(deployment: Deployment, proxies: int, shared: bool) -> None:
    """Behind one trusted proxy each client has a limit of its own; without one nobody's word is taken."""
    app = limited(deployment, proxies=proxies)

    def tries(address: str) -> list[int]:
        return [
            app.test_client().get("/v1/calendar/guess.ics", headers={"X-Forwarded-For": address}).status_code
            for _ in range(GUESSES_PER_MINUTE)
        ]

    assert set(tries("192.0.2.1")) == {404}
    assert set(tries("192.0.2.2")) == ({429} if shared else {404})

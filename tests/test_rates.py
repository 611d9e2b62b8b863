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
    ("method", "path", "body", "tried"),
    [
        ("POST", "/v1/invites/accept", {"invite_code": "AAAAA-AAAAA", "name": "Kim"}, 1),
        ("POST", "/v1/couples", {"name": "Kim"}, 1),
        ("GET", "/v1/calendar/guess.ics", None, 0),
    ],
)
def test_guessing_is_slower(app: Flask, method: str, path: str, body: object, tried: int) -> None:
    """Without a token, only so many tries a minute; whoever has one goes on."""
    robin, _ = start(app)
    left = GUESSES_PER_MINUTE - tried  # starting was one, and wrong calendar links count by themselves

    assert 429 not in statuses(Person(app), left, method, path, body)
    assert statuses(Person(app), 2, method, path, body) == [429, 429]
    assert robin("GET", "/v1/me").status_code == 200


def test_a_token_made_up_is_no_way_around(app: Flask) -> None:
    """What may be guessed is limited for an address, whatever token comes with each try."""
    body = {"invite_code": "AAAAA-AAAAA", "name": "Kim"}

    tries = [
        Person(app, f"made-up-{n}")("POST", "/v1/invites/accept", body).status_code
        for n in range(GUESSES_PER_MINUTE + 1)
    ]

    assert [status == 429 for status in tries] == [False] * GUESSES_PER_MINUTE + [True]


def test_a_key_of_ones_own_is_no_way_around(app: Flask) -> None:
    """Nor does being signed in on the pages let anyone try more invitations."""
    client = app.test_client()
    client.post("/start", data={"name": "Kim"})

    tries = [client.post("/join", data={"code": "AAAAA-AAAAA"}) for _ in range(GUESSES_PER_MINUTE)]

    assert [answer.status_code == 429 for answer in tries] == [False] * (GUESSES_PER_MINUTE - 1) + [True]


def test_tokens_made_up_are_limited_together(app: Flask) -> None:
    """A new token for each request is not a new limit for each request."""
    tries = [Person(app, f"made-up-{n}")("GET", "/v1/me").status_code for n in range(PER_MINUTE + 1)]

    assert tries == [401] * PER_MINUTE + [429]


def test_a_calendar_that_exists_is_read_by_many(app: Flask) -> None:
    """Calendar programs of many couples ask from one address; only wrong links count there."""
    robin, _ = start(app)
    path = robin("POST", "/v1/couple/calendar").json["path"]

    assert set(statuses(Person(app), GUESSES_PER_MINUTE + 2, "GET", path)) == {200}


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

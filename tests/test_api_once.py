"""The Idempotency-Key: a POST that is sent again is done once."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier, Event

import pytest
from flask import Flask, Response
from sqlalchemy import text

from api.app import create_app
from api.idempotency import Once
from api.routes import ROUTES
from recommender.errors import Busy
from recommender.service import Caller, Deployment
from recommender.service.responses import claim
from recommender.store import open_engine
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


# Two workers: two engines on one database file, as two processes have


@pytest.fixture
def elsewhere(deployment: Deployment) -> Iterator[Deployment]:
    """Open the same database a second time."""
    engine = open_engine(deployment.engine.url.render_as_string(hide_password=False))
    yield replace(deployment, engine=engine)
    engine.dispose()


def once(deployment: Deployment, act: Callable[[], Response], key: str = "k1") -> Response:
    """Answer one keyed POST in one worker, which does it by ``act``."""
    app = create_app(deployment)
    (route,) = (route for route in ROUTES if (route.method, route.path) == ("POST", "/v1/dates"))
    caller = Caller("partner", "robin", "couple")
    with app.test_request_context("/v1/dates", method="POST", headers={"Idempotency-Key": key}, json=DATE):
        return Once(deployment).answer(route, caller, act)


def test_while_one_worker_is_at_it_another_is_not(deployment, elsewhere):
    """A second worker that gets the request meanwhile refuses it, and afterwards repeats the answer."""
    inside, go_on = Event(), Event()

    def slowly() -> Response:
        inside.set()
        go_on.wait(timeout=30)
        return Response("done", 201)

    def never() -> Response:
        raise AssertionError("it was done twice")

    with ThreadPoolExecutor() as pool:
        first = pool.submit(once, deployment, slowly)
        inside.wait(timeout=30)
        try:
            with pytest.raises(Busy):
                once(elsewhere, never)
        finally:
            go_on.set()

    assert first.result().get_data(as_text=True) == "done"
    assert once(elsewhere, never).headers["Idempotency-Replayed"] == "true"


def test_busy_is_409_and_says_when_to_ask_again(app, deployment):
    """A key that is claimed in the database is 409 with Retry-After, and nothing is done."""
    robin, _ = start(app)
    whose = robin("GET", "/v1/me").json["partner_id"]
    claim(deployment, whose, "k1")

    busy = robin("POST", "/v1/dates", DATE, key="k1")

    assert (busy.status_code, busy.headers["Retry-After"]) == (409, "5")
    assert n_dates(robin) == 0


def test_a_worker_that_died_holds_a_key_for_ten_minutes(app, deployment, clock):
    """What a crash left is 409 up to ten minutes; after them the request is done, once."""
    robin, _ = start(app)
    claim(deployment, robin("GET", "/v1/me").json["partner_id"], "k1")

    statuses = []
    for minutes in (10, 1, 1):
        clock.wait(minutes=minutes)
        statuses.append(robin("POST", "/v1/dates", DATE, key="k1").status_code)

    assert statuses == [409, 201, 201]
    assert n_dates(robin) == 1


def test_a_worker_that_breaks_frees_the_key(deployment):
    """A failure nobody foresaw leaves no claim behind."""

    def breaks() -> Response:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        once(deployment, breaks)

    assert once(deployment, lambda: Response("done", 201)).status_code == 201


def test_an_answer_that_came_too_late_is_not_kept(deployment, clock):
    """A worker whose claim has expired and passed to another leaves the other's claim alone."""

    def forever() -> Response:
        clock.wait(minutes=11)
        claim(deployment, "robin", "k1")
        return Response("late", 201)

    assert once(deployment, forever).get_data(as_text=True) == "late"
    with pytest.raises(Busy):
        once(deployment, forever)


def test_workers_that_race_do_it_once(deployment, elsewhere):
    """Whenever two workers get one request at the same moment, one date is logged."""
    apps = [create_app(worker) for worker in (deployment, elsewhere)]
    robin, _ = start(apps[0])
    rounds = 20
    ready = Barrier(len(apps))

    def work(app: Flask) -> set[int]:
        person, statuses = Person(app, robin.token), set()
        for n in range(rounds):
            ready.wait(timeout=30)
            statuses.add(person("POST", "/v1/dates", DATE, key=f"k{n}").status_code)
        return statuses

    with ThreadPoolExecutor() as pool:
        statuses = set().union(*pool.map(work, apps))

    assert statuses <= {201, 409}
    assert n_dates(robin) == rounds

"""What breaks while people use it: a worker killed, the database restarted, a full disk, a clock that jumps.

Afterwards nothing that was answered with a yes is missing, nothing is there twice, and it is counted.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from http.client import HTTPException
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from api.app import create_app
from recommender.service import Deployment
from recommender.store import open_engine, upgrade
from tests import postgresql
from tests.api_world import start, with_shipped_catalogue
from tests.conftest import Clock
from tests.serving import Served, served

PEOPLE = 4
BEFORE, AFTER = 1.0, 2.0
"""Seconds of load before and after what happens."""


@dataclass
class Person:
    """Somebody who logs date after date and rates each, and notes what was answered with a yes."""

    it: Served
    token: str = ""
    said: dict[str, int] = field(default_factory=dict)
    answers: Counter[int] = field(default_factory=Counter)

    def ask(self, method: str, path: str, body: Any = None, key: str = "") -> tuple[int, Any]:
        """Return the status and body of an answer; 0 and None if there was none."""
        sent = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.it.url}{path}", data=sent, method=method)
        request.add_header("Content-Type", "application/json")
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        if key:
            request.add_header("Idempotency-Key", key)
        status, told = 0, None
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                status, told = answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as refused:
            with refused:
                status = refused.code
        except (OSError, HTTPException):
            pass
        self.answers[status] += 1
        return status, told

    def insist(self, until: Event, *request: Any, **more: Any) -> Any:
        """Return the answer to a request that is sent until it is answered, or None.

        A key that a dead worker held is not waited for; what it was for may be done or not.
        """
        while not until.is_set():
            status, told = self.ask(*request, **more)
            if status in (200, 201, 409):
                return told
        return None

    def live(self, until: Event) -> None:
        """Log a date and rate it, again and again, each under a title of its own."""
        number = 0
        while not until.is_set():
            number += 1
            title, stars = f"Walk {number}", number % 5 + 1
            logged = {"title": title, "on": "2026-01-05"}
            date = self.insist(until, "POST", "/v1/dates", logged, key=f"k{number}")
            if date and self.insist(
                until, "PUT", f"/v1/dates/{date['date_id']}/rating", {"enjoyment": stars}
            ):
                self.said[title] = stars

    def stored(self) -> list[tuple[str, int | None]]:
        """Return the title of every date that is stored, with this person's rating."""
        dates = self.ask("GET", "/v1/dates")[1]["dates"]
        return [(date["title"], (date["mine"] or {}).get("enjoyment")) for date in dates]


def lived_through(it: Served, happens: Callable[[], None]) -> Counter[int]:
    """Let people live through something, check what they were told, and return how they were answered."""
    people = [Person(it) for _ in range(PEOPLE)]
    for person in people:
        person.token = person.ask("POST", "/v1/couples", {"name": "A partner"})[1]["token"]
    stop = Event()
    with ThreadPoolExecutor(PEOPLE) as pool:
        lives = [pool.submit(person.live, stop) for person in people]
        time.sleep(BEFORE)
        happens()
        told_before = sum(len(person.said) for person in people)
        time.sleep(AFTER)
        stop.set()
        for life in lives:
            life.result()
    answers = sum((person.answers for person in people), Counter())
    told = sum(len(person.said) for person in people)
    stored = [(person, person.stored()) for person in people]
    lost = sum(len(person.said.items() - dict(dates).items()) for person, dates in stored)
    twice = sum(len(dates) - len(dict(dates)) for _, dates in stored)
    print(f"\n{told} ratings told of as stored: {lost} lost; {twice} dates twice; answers: {dict(answers)}")
    assert (lost, twice) == (0, 0)
    assert 0 < told_before < told
    return answers


def test_a_worker_killed_under_load(tmp_path: Path) -> None:
    """A worker that dies takes only what it was just answering with it."""
    with served(tmp_path / "home", "--workers", "2") as it:
        answers = lived_through(it, lambda: os.kill(it.workers()[0], signal.SIGKILL))

    assert set(answers) <= {0, 200, 201, 409}
    assert answers[0] <= 2 * 8  # no more than its threads were answering, and the connections it had taken


@pytest.fixture
def own() -> Iterator[postgresql.Server]:
    """Start a PostgreSQL server that no other test uses."""
    with postgresql.started() as server:
        yield server


def test_the_database_restarted_under_load(tmp_path: Path, own: postgresql.Server) -> None:
    """While it is away people are told to come back; once it is, all goes on by itself."""
    url = own.make("rekindle")
    engine = open_engine(url)
    upgrade(engine)
    engine.dispose()

    def restart() -> None:
        own.stop()
        time.sleep(1)
        own.start()

    with served(tmp_path / "home", "--workers", "2", REKINDLE_DATABASE_URL=url) as it:
        answers = lived_through(it, restart)

    assert set(answers) <= {200, 201, 409, 503}
    assert answers[503] > 0


def test_a_full_disk(tmp_path: Path) -> None:
    """While nothing can be written people are told so; once there is room all goes on by itself."""

    def fill_and_free() -> None:
        workers = it.workers()
        for worker in workers:  # no file of theirs may grow beyond this
            resource.prlimit(worker, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
        time.sleep(1)
        for worker in workers:
            resource.prlimit(worker, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    with served(tmp_path / "home", "--workers", "2") as it:
        answers = lived_through(it, fill_and_free)

    assert set(answers) <= {200, 201, 409, 503}
    assert answers[503] > 0


@pytest.mark.parametrize("jump", [timedelta(days=-2), timedelta(days=400), timedelta(hours=-1)])
def test_a_clock_that_jumps(deployment: Deployment, clock: Clock, jump: timedelta) -> None:
    """Whatever the clock does, what was planned and rated stays, and can be read and added to."""
    app = create_app(with_shipped_catalogue(deployment))
    robin, _ = start(app)
    plan = robin("GET", "/v1/weeks/2026-W48").json
    chosen = robin(
        "POST", "/v1/weeks/2026-W48/choice", {"suggestion_id": plan["suggestions"][0]["suggestion_id"]}
    ).json
    robin("PUT", f"/v1/dates/{chosen['date_id']}/rating", {"enjoyment": 4})

    clock.now += jump
    if jump > timedelta(days=180):  # so long unused, the key has expired: sign in anew
        assert robin("GET", "/v1/me").status_code == 401
        clock.now -= jump

    assert robin("GET", "/v1/weeks/2026-W48").json["suggestions"] == plan["suggestions"]
    assert [date["mine"]["enjoyment"] for date in robin("GET", "/v1/dates").json["dates"]] == [4]
    assert robin("PUT", f"/v1/dates/{chosen['date_id']}/rating", {"enjoyment": 5}).status_code == 200
    assert robin("GET", "/v1/weeks/2026-W49").status_code == 200

"""Several processes that answer as one: a new model reaches them all, and none that dies is missed."""

from __future__ import annotations

import json
import os
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from threading import Event
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
from sqlalchemy import create_engine, select

from recommender.service import Settings, open_deployment
from recommender.store.tables import suggestions
from tests.conftest import OPERATOR_TOKEN
from tests.serving import AHEAD, Served, environment, served

N_WORKERS = 3
SPREAD = timedelta(seconds=5)
"""How soon a promoted model must answer in every worker."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve Rekindle with several workers."""
    with served(tmp_path_factory.mktemp("home"), "--workers", str(N_WORKERS)) as it:
        yield it


def ask(it: Served, method: str, path: str, body: Any = None, token: str | None = None) -> tuple[int, Any]:
    """Return the status and body of an answer; a connection that breaks raises."""
    sent = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{it.url}{path}", data=sent, method=method)
    request.add_header("Content-Type", "application/json")
    if token is not None:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.loads(refused.read())


def someone(it: Served) -> str:
    """Return the token of a new couple's first partner."""
    status, told = ask(it, "POST", "/v1/couples", {"name": "Robin"})
    assert status == 201
    return str(told["token"])


def again_and_again(act: Callable[[], int], until: Event) -> list[int]:
    """Return the statuses of an act that is repeated until an event is set."""
    statuses = []
    while not until.is_set():
        statuses.append(act())
    return statuses


def planned(it: Served) -> list[tuple[datetime, str]]:
    """Return when each suggestion was made, and with which model."""
    engine = create_engine(f"sqlite:///{it.home / 'rekindle.sqlite3'}")
    with engine.connect() as connection:
        rows = connection.execute(select(suggestions.c.shown_at, suggestions.c.model_version)).all()
    engine.dispose()
    return [(row.shown_at, row.model_version) for row in rows]


def test_a_promoted_model_reaches_every_worker(running: Served) -> None:
    """Five seconds after a promotion under load no worker plans with the old model; no request is lost."""
    deployment = open_deployment(Settings.from_environment(environment(running.home)))
    parameters = deployment.registry.load("prior").parameters
    deployment.registry.register("newer", parameters, {"created_at": "now"}, "# Model newer\n")
    stop = Event()

    def plan_for_somebody_new() -> int:
        return ask(running, "GET", f"/v1/weeks/{AHEAD}", token=someone(running))[0]

    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(again_and_again, plan_for_somebody_new, stop) for _ in range(4)]
        time.sleep(2)
        wanted = {"version": "newer", "reason": "a test"}
        promoted, _ = ask(running, "PUT", "/v1/operator/models/current", wanted, OPERATOR_TOKEN)
        reached_by = datetime.now(UTC) + SPREAD
        time.sleep(SPREAD.total_seconds() + 2)
        stop.set()
        statuses = {status for done in asking for status in done.result()}

    assert (promoted, statuses) == (200, {200})
    made = planned(running)
    late = [version for at, version in made if at > reached_by]
    assert {version for _, version in made} == {"prior", "newer"}
    assert len(late) >= 10 * N_WORKERS  # enough that every worker has planned
    assert set(late) == {"newer"}


def test_a_worker_that_dies_is_replaced(running: Served) -> None:
    """After one was killed there are as many as before, and all is answered."""
    before = running.workers()
    os.kill(before[0], signal.SIGKILL)

    for _ in range(100):
        if len(set(running.workers()) - {before[0]}) == N_WORKERS:
            break
        time.sleep(0.1)

    assert len(set(running.workers()) - {before[0]}) == N_WORKERS
    assert {ask(running, "GET", "/health/ready")[0] for _ in range(20)} == {200}


def connected(it: Served) -> list[int]:
    """Return how many connections each worker has open, fewest first."""
    port = urlsplit(it.url).port
    open_to = (psutil.Process(pid).net_connections("tcp") for pid in it.workers())
    return sorted(
        sum(one.status == psutil.CONN_ESTABLISHED and one.laddr.port == port for one in of_worker)
        for of_worker in open_to
    )


@contextmanager
def staying(it: Served, n_clients: int) -> Iterator[None]:
    """Let clients come all at once, be answered and stay for the while."""
    with ExitStack() as clients, ThreadPoolExecutor(n_clients) as at_once:

        def come(_number: int) -> None:
            client = HTTPConnection(urlsplit(it.url).netloc, timeout=30)
            clients.callback(client.close)
            client.request("GET", "/health/live")
            client.getresponse().read()

        list(at_once.map(come, range(n_clients)))
        yield
    while sum(connected(it)):
        time.sleep(0.05)


def wait_for_all(it: Served) -> None:
    """Return once every worker takes connections; the service is ready as soon as one does."""
    for _ in range(100):
        with staying(it, 4 * N_WORKERS):
            open_to = connected(it)
        if len(open_to) == N_WORKERS and open_to[0] > 0:
            return
    raise RuntimeError(f"some of {N_WORKERS} workers take no connection: {open_to}")


def test_clients_are_shared_out(running: Served) -> None:
    """Of twelve that come at once and stay, none of three workers has more than one above its four."""
    wait_for_all(running)
    for _ in range(10):
        with staying(running, 4 * N_WORKERS):
            assert max(connected(running)) <= 5


def test_nobody_waits_for_a_worker_that_hangs(running: Served) -> None:
    """With one stopped that has fewest, those who come are answered by the others, soon."""
    stopped = running.workers()[0]
    os.kill(stopped, signal.SIGSTOP)
    try:
        begun = time.monotonic()
        with staying(running, 6):
            assert time.monotonic() - begun < 5
            assert connected(running)[0] == 0
    finally:
        os.kill(stopped, signal.SIGCONT)


def test_a_flood_is_not_read(running: Served) -> None:
    """A body far over the limit is refused, whether its length is told or not."""
    told = urllib.request.Request(f"{running.url}/v1/couples", data=b"x" * 3_000_000)
    untold = urllib.request.Request(f"{running.url}/v1/couples", data=iter([b"x" * 1_000_000] * 3))
    for flood in (told, untold):
        flood.add_header("Content-Type", "application/json")
        with pytest.raises((urllib.error.URLError, ConnectionError)) as refused:
            urllib.request.urlopen(flood, timeout=30).close()
        assert getattr(refused.value, "code", 413) == 413
        if isinstance(refused.value, urllib.error.HTTPError):
            refused.value.close()

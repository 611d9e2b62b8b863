"""``make bench``, second part: what the service answers over loopback, and how fast everybody is planned for.

Beside each figure stands its ratio to a bare Flask route that returns the same bytes under the same server in
the same run, so that figures from different machines can be compared; processor time tells more than speed
where a machine is shared. All couples are simulated.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from itertools import repeat
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import dask
import gevent
import numpy as np
import psutil
from distributed import LocalCluster
from gevent.pool import Group
from geventhttpclient import HTTPClient
from rich.console import Console
from rich.progress import track
from rich.table import Table

from recommender.domain import Week
from recommender.service import Deployment, Settings, open_deployment, plan_everyone
from recommender.service.everyone import SHARD
from tests.crowds import settle
from tests.record import record
from tests.serving import AHEAD, free_port, served
from tests.test_workers import someone

Measured = TypeVar("Measured")

CLIENTS = 4
SECONDS, ROUNDS = 4.0, 7
BUSY = 0.8
"""The share of what the service can take at which its slowest answers are looked at."""
VISITORS = 64
"""How many of those who come by chance may be answered at once."""
WORKERS = 2
NEW_PLANS = 400
FEW, CROWD, CROWDS = 1_000, 10_000, 3
DASK = "2 Dask workers"
AS_ADVISED = {"distributed.worker.profile.enabled": False, "distributed.admin.tick.interval": "1s"}
"""What the hosting guide says to set for Dask. Workers get it from who starts them, not from `env`."""
TOLD, TOLD_ANEW, NEW = "a week told before", "a week told anew, and kept", "a week to be planned"
PACED = f", at {BUSY:.0%} of that"
BARE_ROUTE = "a bare route, same bytes"

BARE = """
import sys
from flask import Flask, Response
from api.server import serve

app, body = Flask("bare"), sys.stdin.buffer.read()

@app.get("/same")
def same():
    return Response(body, mimetype="application/json")

port, workers = map(int, sys.argv[1:])
serve(app, "127.0.0.1", port, workers=workers, on_ready=lambda: print("ready", flush=True))
"""


@dataclass(frozen=True)
class Load:
    """How requests were answered.

    Attributes
    ----------
    per_second : float
    median, p99 : float
        How long half of them and all but 1 % took, ms.
    cpu : float
        Processor time of whoever answered, ms a request.
    """

    per_second: float
    median: float
    p99: float
    cpu: float

    @property
    def strain(self) -> float:
        """How many times the median the slowest took."""
        return self.p99 / self.median


def load(url: str, server: int, shares: Sequence[Iterable[tuple[str, str]]], seconds: float = np.inf) -> Load:
    """Ask from several clients at once, each as soon as it is answered, and return how it went.

    Parameters
    ----------
    server : int
        The process whose children answer.
    shares : sequence of iterables
        For each client its paths, each with the token it is asked with.
    seconds : float
        When to stop, if they are not at an end before.
    """
    took: list[float] = []
    begun, spent = time.perf_counter(), _spent(server)
    with closing(_connections(url, len(shares))) as connections:

        def ask(share: Iterable[tuple[str, str]]) -> None:
            for path, token in share:
                start = time.perf_counter()
                if start - begun > seconds:
                    return
                _get(connections, path, token)
                took.append(time.perf_counter() - start)

        gevent.joinall([gevent.spawn(ask, share) for share in shares], raise_error=True)
    return _load(took, time.perf_counter() - begun, _spent(server) - spent)


def visits(url: str, server: int, path: str, token: str, per_second: float) -> Load:
    """Ask whenever it falls due, whoever is still being answered, and return how it went.

    It falls due at moments of chance, as where people know nothing of each other: a Poisson process, given
    how many come. A few clients that ask by the clock would wait for each other instead, and measure
    themselves (Schroeder, Wierman and Harchol-Balter, 2006, open and closed systems). What each took is
    counted from when it was due.

    Parameters
    ----------
    server : int
        The process whose children answer.
    """
    took: list[float] = []
    moments = np.sort(np.random.default_rng().uniform(0, SECONDS, round(per_second * SECONDS)))
    begun, spent = time.perf_counter(), _spent(server)
    with closing(_connections(url, VISITORS)) as connections:

        def ask(due: float) -> None:
            _get(connections, path, token)
            took.append(time.perf_counter() - due)

        visitors = Group()
        for due in (begun + moments).tolist():
            gevent.sleep(max(due - time.perf_counter(), 0.0))
            visitors.spawn(ask, due)
        visitors.join(raise_error=True)
    return _load(took, max(time.perf_counter() - begun, SECONDS), _spent(server) - spent)


def _connections(url: str, number: int) -> HTTPClient:
    where = urlsplit(url)
    return HTTPClient(str(where.hostname), where.port, concurrency=number, network_timeout=30)


def _get(connections: HTTPClient, path: str, token: str) -> None:
    answer = connections.get(path, headers={"Authorization": f"Bearer {token}"})
    answer.read()
    assert answer.status_code == 200, answer.status_code


def _load(took: Sequence[float], whole: float, cpu: float) -> Load:
    each = 1000 * np.array(took)
    median, p99 = np.quantile(each, (0.5, 0.99)).tolist()
    return Load(len(took) / whole, median, p99, 1000 * cpu / len(took))


def _spent(server: int) -> float:
    """Return the processor time of a server's workers so far, seconds."""
    times = [worker.cpu_times() for worker in psutil.Process(server).children()]
    return float(sum(time.user + time.system for time in times))


@contextmanager
def bare(body: bytes, workers: int = WORKERS) -> Iterator[tuple[str, int]]:
    """Serve nothing but these bytes, and yield the address and the process."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", BARE, str(port), str(workers)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(body)
    process.stdin.close()
    process.stdout.readline()
    with process:
        try:
            yield f"http://127.0.0.1:{port}", process.pid
        finally:
            process.terminate()


def body_of(url: str, path: str, token: str) -> bytes:
    """Return the bytes that are answered."""
    asked = urllib.request.Request(f"{url}{path}", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(asked) as answer:
        return bytes(answer.read())


def requests() -> dict[str, Load]:
    """Return how the bare route and ours are answered, in turn under the same load, the middle of each."""
    path = f"/v1/weeks/{AHEAD}"
    with tempfile.TemporaryDirectory() as home, served(Path(home) / "h", "--workers", str(WORKERS)) as it:
        token = someone(it)
        with bare(body_of(it.url, path, token)) as (url, server):
            rounds = []
            for _ in range(ROUNDS):
                plain, plain_paced = at_ease(url, server, "/same", token)
                told, told_paced = at_ease(it.url, it.process.pid, path, token)
                new = [(path, someone(it)) for _ in range(NEW_PLANS)]
                shares = [new[at::CLIENTS] for at in range(CLIENTS)]
                first, _, anew = (load(it.url, it.process.pid, shares) for _ in range(3))
                rounds.append((plain, plain_paced, told, told_paced, anew, first))
    names = (BARE_ROUTE, BARE_ROUTE + PACED, TOLD, TOLD + PACED, TOLD_ANEW, NEW)
    return {
        name: typical(loads, attrgetter("strain" if name.endswith(PACED) else "per_second"))
        for name, loads in zip(names, zip(*rounds, strict=True), strict=True)
    }


def at_ease(url: str, server: int, path: str, token: str) -> tuple[Load, Load]:
    """Return how it went as fast as could be, and right afterwards at a share of that."""
    most = load(url, server, [repeat((path, token))] * CLIENTS, SECONDS)
    return most, visits(url, server, path, token, BUSY * most.per_second)


def typical(rounds: Sequence[Measured], by: Callable[[Measured], Any]) -> Measured:
    """Return the one in the middle."""
    return sorted(rounds, key=by)[len(rounds) // 2]


def planned(deployment: Deployment, week: Week, n_couples: int, **how: Any) -> dict[str, float]:
    """Return how fast everybody is planned for, one way, and the most that one process held meanwhile."""
    this, peak, made = psutil.Process(), 0, 0
    begun = time.perf_counter()
    shards = plan_everyone(deployment, week, **how)
    for shard in track(
        shards, f"Planning for {n_couples:,}", n_couples // SHARD, console=Console(stderr=True)
    ):
        made += shard.made
        peak = max(peak, *(one.memory_info().rss for one in (this, *this.children(recursive=True))))
    took = time.perf_counter() - begun
    assert made == n_couples, made
    return {"plan s": took, "couples a second": made / took, "MiB a process": peak / 2**20}


def planning() -> dict[str, dict[str, float]]:
    """Return how fast couples are planned for, by whom, and what each takes in the database.

    All ways are taken in turn, and of each the middle round counts.
    """
    ways: tuple[tuple[str, dict[str, Any]], ...] = (
        ("1 process", {}),
        ("2 processes", {"jobs": 2}),
        (DASK, {"cluster": ""}),
    )
    rounds = [[everybody(**how) for _, how in ways] for _ in range(CROWDS)]
    rate = itemgetter("couples a second")
    return {name: typical(of, rate) for (name, _), of in zip(ways, zip(*rounds, strict=True), strict=True)}


def everybody(**how: Any) -> dict[str, float]:
    """Return how fast a new crowd is planned for, by processes that have planned for a few before."""
    with tempfile.TemporaryDirectory() as home, ExitStack() as stack:
        settings = Settings.from_environment({"REKINDLE_HOME": home})
        deployment = open_deployment(settings)
        if "cluster" in how:
            how = {"cluster": stack.enter_context(cluster(settings))}
        settle(deployment.engine, FEW, n_rated=10)
        planned(deployment, AHEAD, FEW, **how)
        settle(deployment.engine, CROWD, n_rated=10, first=FEW)
        figures = planned(deployment, AHEAD, CROWD, **how)
        size = sum(path.stat().st_size for path in Path(home).glob("rekindle.sqlite3*"))
        return {**figures, "kB of database a couple": size / (FEW + CROWD) / 1000}


@contextmanager
def cluster(settings: Settings) -> Iterator[str]:
    """Run two Dask workers of one thread, and yield their scheduler's address."""
    workers = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with dask.config.set(AS_ADVISED), LocalCluster(**workers, env=settings.as_environment()) as running:
        yield running.scheduler_address


def main() -> None:
    """Print both tables."""
    asked = requests()
    bare_rate, bare_cpu = asked[BARE_ROUTE].per_second, asked[BARE_ROUTE].cpu
    answers = Table(title=f"\nGET over loopback, {WORKERS} workers, {CLIENTS} clients", title_justify="left")
    for column in (
        "what",
        "a second",
        "of the bare route",
        "median ms",
        "p99 ms",
        "times",
        "ms of CPU",
        "times bare",
    ):
        answers.add_column(column, justify="left" if column == "what" else "right")
    for name, it in asked.items():
        answers.add_row(
            name,
            f"{it.per_second:,.0f}",
            f"{it.per_second / bare_rate:.0%}",
            f"{it.median:.1f}",
            f"{it.p99:.1f}",
            f"{it.strain:.1f}",
            f"{it.cpu:.2f}",
            f"{it.cpu / bare_cpu:.1f}",
        )
    rates = planning()
    title = f"\nplan --all, {CROWD:,} simulated couples with ten rated dates each, SQLite"
    crowd = Table(title=title, title_justify="left")
    for column in ("with", "couples a second", "times one process", "MiB a process", "kB of database each"):
        crowd.add_column(column, justify="left" if column == "with" else "right")
    alone = rates["1 process"]["couples a second"]
    for name, row in rates.items():
        _, rate, peak, size = row.values()
        crowd.add_row(name, f"{rate:,.0f}", f"{rate / alone:.2f}", f"{peak:,.0f}", f"{size:.1f}")
    Console(width=120).print(answers, crowd)
    figures = {
        name: {"a second": it.per_second, "median ms": it.median, "p99 ms": it.p99, "ms of CPU": it.cpu}
        for name, it in asked.items()
    }
    record("GET over loopback, 2 workers", figures)
    record("plan --all", rates)


if __name__ == "__main__":
    main()

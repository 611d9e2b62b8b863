"""The benchmarks run, in small; their figures are nobody's bound here."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import dask
import pytest
from distributed import Client

from recommender.service import Settings
from tests import bench, bench_fit, bench_pages, bench_scale, bench_service
from tests.bench_service import Load
from tests.guides import claim, steps
from tests.record import machine, record

SLOW = 0.2
"""Seconds."""


def test_every_step_of_a_plan_is_timed() -> None:
    """Each is a thing that can be done again and again."""
    steps = bench.steps_of(602)

    assert {bench.YARDSTICK, bench.WHOLE} < steps.keys()
    assert all(bench.timed(step, 1) > 0 for step in steps.values())


def test_fits_are_timed_and_judged() -> None:
    """Every model that is installed orders newcomers' ratings somehow, and ours better than a coin."""
    (fits,) = bench_fit.measured([400], bench_fit.made_up_ideas()).values()

    assert fits.keys() >= {"rekindle", "implicit, ALS"}
    assert all(fit.seconds > 0 and 0 <= fit.accuracy <= 1 for fit in fits.values())
    assert fits["rekindle"].accuracy > 0.5


def test_answers_are_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The service answers as often as the bare route is asked, however briefly."""
    monkeypatch.setattr(bench_service, "SECONDS", 0.3)
    monkeypatch.setattr(bench_service, "ROUNDS", 1)
    monkeypatch.setattr(bench_service, "NEW_PLANS", 4)

    asked = bench_service.requests()

    assert len(asked) == 6
    assert all(load.per_second > 0 and load.median <= load.p99 for load in asked.values())
    _, _, told, paced, *_ = asked.values()
    assert paced.per_second <= bench_service.BUSY * told.per_second + 1 / bench_service.SECONDS


@contextmanager
def slow() -> Iterator[tuple[str, list[str]]]:
    """Serve something that takes long, to as many as ask; yield the address and whose tokens came."""
    tokens: list[str] = []

    class Slow(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            tokens.append(self.headers["Authorization"])
            time.sleep(SLOW)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server:
        serving = Thread(target=server.serve_forever)
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", tokens
        finally:
            server.shutdown()
            serving.join()


def visited(monkeypatch: pytest.MonkeyPatch, url: str = "http://127.0.0.1:1") -> Load:
    """Come fifty times within half a second."""
    monkeypatch.setattr(bench_service, "SECONDS", 0.5)
    monkeypatch.setattr(bench_service, "_spent", lambda _server: 0.0)
    return bench_service.visits(url, 0, "/", "theirs", per_second=100)


def test_visits_do_not_wait_for_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many come as are said to, though each answer takes twenty times as long as it is to the next."""
    with slow() as (url, tokens):
        found = visited(monkeypatch, url)

    assert tokens == ["Bearer theirs"] * 50
    assert 1000 * SLOW <= found.median <= 2000 * SLOW


def test_visits_are_counted_from_when_they_are_due(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing else is done while one is answered, in 20 ms, the middle one waits for a quarter second.

    After t seconds 100 t are due and 50 t answered, so the last is answered half a second late.
    """
    monkeypatch.setattr(bench_service, "_get", lambda *_: time.sleep(0.02))

    assert 150 <= visited(monkeypatch).median <= 500


def test_the_cluster_is_set_as_the_guide_advises(tmp_path: Path) -> None:
    """What a host exports for Dask is what the workers that are measured go by."""
    lines = [step.command for step in steps(claim("docs/hosting.md", "console", "dask scheduler"))]
    exported = [pair for line in lines if line.startswith("export ") for pair in shlex.split(line)[1:]]
    advised = dask.config.collect_env(dict(pair.split("=") for pair in exported))
    names = bench_service.AS_ADVISED.keys()
    settings = Settings.from_environment({"REKINDLE_HOME": str(tmp_path)})
    with bench_service.cluster(settings) as address, Client(address) as client:
        heeded = {name: set(client.run(dask.config.get, name).values()) for name in names}

    assert len(exported) == len(names)
    assert heeded == {name: {dask.config.get(name, config=advised)} for name in names}


def test_every_way_of_planning_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    """One process, two, and a cluster plan for as many."""
    monkeypatch.setattr(bench_service, "CROWDS", 1)
    monkeypatch.setattr(bench_service, "FEW", 5)
    monkeypatch.setattr(bench_service, "CROWD", 10)

    rates = bench_service.planning()

    assert list(rates) == ["1 process", "2 processes", bench_service.DASK]
    assert all(value > 0 for figures in rates.values() for value in figures.values())


def test_pages_are_timed() -> None:
    """Every page of a couple is asked for, signed in, and weighed."""
    asked = bench_pages.pages(times=2)

    assert {"/week", "/story", "/settings", "/dates/…"} < asked.keys()
    assert all(value > 0 for row in asked.values() for value in row.values())


def test_everybody_is_planned_for_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """At each size, the whole of the couples."""
    monkeypatch.setattr(bench_scale, "N_ASKED", 100)  # processor time is told in hundredths of a second

    found = dict(bench_scale.measured([50, 20]))

    assert list(found) == [20, 50]
    assert all(value > 0 for figures in found.values() for value in figures.values())


def test_a_record_keeps_the_others(tmp_path: Path) -> None:
    """The last run of each benchmark stays, with four digits, the day and the machine."""
    path = tmp_path / "kept.json"
    record("one", {"a": {"s": 1.23456789}}, path)
    record("other", {"b": {"c": 2.0}}, path)
    record("one", {"a": {"s": 0.000123456}}, path)

    kept = json.loads(path.read_text())
    assert {name: one["figures"] for name, one in kept.items()} == {
        "one": {"a": {"s": 0.0001235}},
        "other": {"b": {"c": 2.0}},
    }
    assert kept["one"]["machine"] == machine()

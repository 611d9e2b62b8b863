"""What Prometheus reads: each request once, whichever worker answered it, and nothing of a person."""

from __future__ import annotations

import os
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from api.app import create_app
from recommender.service import Deployment
from tests.api_world import Person, start, with_shipped_catalogue
from tests.conftest import OPERATOR_TOKEN, Clock, private_in
from tests.serving import served

Labels = frozenset[tuple[str, str]]


@pytest.fixture
def app(deployment: Deployment) -> Flask:
    """Serve the shipped catalogue."""
    return create_app(with_shipped_catalogue(deployment))


def samples(exposition: str) -> dict[tuple[str, Labels], float]:
    """Return each sample by its name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(exposition)
        for sample in family.samples
    }


def read(app: Flask) -> dict[tuple[str, Labels], float]:
    """Return what the operator reads of an app."""
    answer = Person(app, OPERATOR_TOKEN)("GET", "/metrics")
    assert answer.status_code == 200
    assert private_in(answer.text.splitlines()) == []
    return samples(answer.text)


def answered(found: dict[tuple[str, Labels], float], method: str, route: str, status: int) -> float:
    """Return how often a route was answered with a status."""
    labels = frozenset({"method": method, "route": route, "status": str(status)}.items())
    return found.get(("rekindle_request_seconds_count", labels), 0)


def plain(found: dict[tuple[str, Labels], float], name: str) -> float | None:
    """Return the value of a metric without labels."""
    return found.get((name, frozenset()))


def test_requests_are_counted_with_how_they_ended(app: Flask) -> None:
    """Each request is one of its route and status, refusals and unknown paths too."""
    robin, _ = start(app)
    for _ in range(3):
        robin("GET", "/v1/me")
    Person(app)("GET", "/v1/me")
    robin("GET", "/nowhere")
    robin("PUT", "/v1/me/answers", {"answers": {"tonight": "sideways"}})

    found = read(app)

    assert answered(found, "GET", "/v1/me", 200) == 3
    assert answered(found, "GET", "/v1/me", 401) == 1
    assert answered(found, "GET", "(none)", 404) == 1
    assert answered(found, "PUT", "/v1/me/answers", 422) == 1
    assert plain(found, "rekindle_requests_under_way") == 1  # this very one


def test_connections_to_postgresql_are_counted_while_they_are_lent(
    app: Flask, deployment: Deployment
) -> None:
    """One lent for long is counted beside those of the answer itself, which are back; SQLite's never are."""
    lent = int(deployment.engine.dialect.name == "postgresql")
    with deployment.engine.connect():
        assert plain(read(app), "rekindle_database_connections") == lent
    assert plain(read(app), "rekindle_database_connections") == 0


def test_the_hour_s_plans_and_ratings(app: Flask, clock: Clock) -> None:
    """Plans made and ratings given count for an hour."""
    robin, _ = start(app)
    robin("GET", "/v1/weeks/2026-W48")
    logged = robin("POST", "/v1/dates", {"title": "Chips", "on": "2026-11-20"}).json
    robin("PUT", f"/v1/dates/{logged['date_id']}/rating", {"enjoyment": 4})
    clock.wait(minutes=5)
    soon = read(app)
    clock.wait(hours=1)
    later = read(app)

    names = ("rekindle_couples", "rekindle_plans_last_hour", "rekindle_ratings_last_hour")
    assert [plain(soon, name) for name in names] == [1, 1, 1]
    assert [plain(later, name) for name in names] == [1, 0, 0]
    assert soon["rekindle_model_info", frozenset({("version", "prior")})] == 1
    assert plain(soon, "rekindle_ready") == 1


def test_what_cannot_be_told_is_left_out(deployment: Deployment, tmp_path: Path) -> None:
    """Without tables the service is not ready, and the rest is told all the same."""
    from recommender.store import open_engine

    empty = replace(deployment, engine=open_engine(f"sqlite:///{tmp_path / 'empty.sqlite3'}"))
    found = read(create_app(empty))

    assert plain(found, "rekindle_ready") == 0
    assert plain(found, "rekindle_couples") is None


def test_workers_count_together(tmp_path: Path) -> None:
    """Any of several processes tells of all, and what they shared is gone once they end."""
    with served(tmp_path / "home", "--workers", "3", TMPDIR=str(tmp_path)) as it:
        for _ in range(60):
            urllib.request.urlopen(f"{it.url}/health/live").close()
        os.kill(it.workers()[0], 9)
        asked = urllib.request.Request(f"{it.url}/metrics")
        asked.add_header("Authorization", f"Bearer {OPERATOR_TOKEN}")
        with urllib.request.urlopen(asked, timeout=30) as answer:
            found = samples(answer.read().decode())
        folders = list(tmp_path.glob("rekindle-*"))

    assert answered(found, "GET", "/health/live", 200) == 60
    assert plain(found, "rekindle_requests_under_way") == 1
    assert len(folders) == 1
    assert not folders[0].exists()

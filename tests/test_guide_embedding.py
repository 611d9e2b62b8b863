"""The guide to embedding: beside an app, within it, and below one of its paths."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import Client

from recommender.service import Settings, close_connections, open_deployment
from tests.conftest import OPERATOR_TOKEN
from tests.guides import Console, claim, steps
from tests.serving import served

GUIDE = "docs/embedding.md"
START = claim(GUIDE, "console")
BESIDE = claim(GUIDE, "python", "def link")
WITHIN = claim(GUIDE, "python", "open_deployment")
BELOW = claim(GUIDE, "python", "DispatcherMiddleware")

LINK = re.compile(r'(href|src|action)="([^"#]+)"')

WEEK = re.compile(r"\d{4}-W\d\d")
"""Of which one will do: each links to the next."""


def test_beside_an_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two are linked by an app's server alone; a stranger cannot; who left has no token."""
    closed, token, start = steps(START)
    given: dict[str, Any] = {}
    console = Console(tmp_path)
    console.type(f"{closed.command}\n{token.command}")
    settings = {name: value for name, value in console.environment.items() if name.startswith("REKINDLE_")}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)

    options = start.command.removeprefix("rekindle serve").split()
    with served(tmp_path / "home", *options, **settings) as it:
        monkeypatch.setenv("REKINDLE", it.url)
        exec(BESIDE.text, given)
        ana, bo = given["link"]("Ana", "Bo")
        week = given["week_of"](ana, "2027-W02")
        given["leave"](bo)
        with pytest.raises(given["requests"].HTTPError, match="401"):
            given["week_of"](bo, "2027-W02")
        stranger = given["requests"].post(f"{it.url}/v1/couples", json={"name": "Cy"}, timeout=10)

    assert len(week["suggestions"]) == 3
    assert stranger.status_code == 403


def test_within_an_app(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The functions do as they say, in a folder of the reader's own."""
    given: dict[str, Any] = {}
    monkeypatch.chdir(tmp_path)

    exec(WITHIN.text, given)

    *titles, verdict = capsys.readouterr().out.splitlines()
    close_connections(given["deployment"])
    assert len(titles) == 3
    assert verdict == "not enough to tell"
    assert (tmp_path / "dates" / "rekindle.sqlite3").exists()


@pytest.fixture
def mounted(tmp_path: Path) -> Client:
    """A client of an app with Rekindle below one of its paths."""
    settings = {"REKINDLE_HOME": str(tmp_path), "REKINDLE_OPERATOR_TOKEN": OPERATOR_TOKEN}
    given: dict[str, Any] = {"deployment": open_deployment(Settings.from_environment(settings))}
    exec(BELOW.text, given)
    mine: Flask = given["mine"]
    mine.add_url_rule("/", view_func=lambda: "mine")
    return Client(mine)


def test_below_a_path_every_link_stays_there(mounted: Client) -> None:
    """From page to page, nothing leads out of the path, and everything that is linked is there."""
    before = crawled(mounted)
    started = mounted.post("/dates/v1/couples", json={"name": "Ana"})
    answer = mounted.post("/dates/sign-in", data={"token": started.json["token"], **_form(mounted)})
    after = crawled(mounted)

    assert answer.status_code == 303
    assert {"/dates/docs", "/dates/openapi.json", "/dates/sign-in"} <= before
    assert {"/dates/settings", "/dates/quiz?again=1"} <= after
    assert mounted.get("/").text == "mine"


def crawled(client: Client) -> set[str]:
    """Return every address that is linked, each looked at, from the start of what is mounted."""
    waiting, seen = {"/dates/"}, set()
    while waiting:
        address = waiting.pop()
        seen.add(WEEK.sub("", address))
        answer = client.get(address, buffered=True)
        assert answer.status_code in (200, 303), address
        links = LINK.findall(answer.text) if answer.mimetype == "text/html" else []
        links += [("href", answer.location)] if answer.location else []
        assert [link for _, link in links if link.startswith("/") and not link.startswith("/dates/")] == []
        inside = {link for kind, link in links if kind != "action" and link.startswith("/dates/")}
        waiting |= {link for link in inside if WEEK.sub("", link) not in seen}
    return seen


def _form(client: Client) -> dict[str, str]:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/dates/sign-in").text)
    return {"csrf_token": found[1]} if found else {}


def test_below_a_path_the_api_names_itself(mounted: Client) -> None:
    """The address of a calendar and the kind of a problem are links that work."""
    token = mounted.post("/dates/v1/couples", json={"name": "Ana"}).json["token"]
    signed = {"Authorization": f"Bearer {token}"}
    calendar = mounted.post("/dates/v1/couple/calendar", headers=signed).json["path"]
    problem = mounted.get("/dates/v1/me").json["type"]

    assert mounted.get(calendar).mimetype == "text/calendar"
    assert mounted.get(problem.partition("#")[0]).status_code == 200

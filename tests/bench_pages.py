"""``make bench``, the pages: how long the demo couple's browser waits for each over loopback."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import numpy as np
from rich.console import Console
from rich.table import Table

from recommender.service import Settings, demo_token, open_demo
from tests.browsing import paths
from tests.record import record
from tests.serving import served

TIMES = 200
NOT_THEIRS = ("/", "/join", "/sign-in")
KEY = re.compile(r'name="csrf_token" value="([^"]+)"')


def pages(times: int = TIMES) -> dict[str, dict[str, float]]:
    """Return for every page of a couple its median and all but 1 % in ms, and what it weighs in kB."""
    with tempfile.TemporaryDirectory() as home, served(Path(home), "--demo") as it:
        d, couple = open_demo(Settings.from_environment({"REKINDLE_HOME": home}))
        token = demo_token(d, couple.couple_id or "")
        d.engine.dispose()
        with closing(HTTPConnection(urlsplit(it.url).netloc, timeout=30)) as connection:
            cookie = _signed_in(connection, token)
            date = re.search(rb"/dates/(\w{26})", _get(connection, "/story", cookie))
            assert date is not None
            shown = paths(date_id=date[1].decode(), week="2026-W48", version="prior")
            theirs = [path for path in shown if path not in NOT_THEIRS and "/operator" not in path]
            return {_name(path): _timed(connection, path, cookie, times) for path in theirs}


def _name(path: str) -> str:
    return re.sub(r"\w{26}", "…", path)


def _timed(connection: HTTPConnection, path: str, cookie: Mapping[str, str], times: int) -> dict[str, float]:
    body, took = _get(connection, path, cookie), []  # the first may make a plan
    for _ in range(times):
        begun = time.perf_counter()
        _get(connection, path, cookie)
        took.append(1000 * (time.perf_counter() - begun))
    median, p99 = np.quantile(took, (0.5, 0.99))
    return {"median ms": float(median), "p99 ms": float(p99), "kB": len(body) / 1000}


def _get(connection: HTTPConnection, path: str, cookie: Mapping[str, str]) -> bytes:
    connection.request("GET", path, headers=cookie)
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 200, (path, answer.status)
    return body


def _signed_in(connection: HTTPConnection, token: str) -> dict[str, str]:
    """Return the cookie of a browser in which a token was entered."""
    connection.request("GET", "/sign-in")
    asked = connection.getresponse()
    key = KEY.search(asked.read().decode())
    assert key is not None
    form = urlencode({"csrf_token": key[1], "token": token})
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": _cookie(asked.headers)}
    connection.request("POST", "/sign-in", form, headers)
    answer = connection.getresponse()
    answer.read()
    return {"Cookie": _cookie(answer.headers)}


def _cookie(headers: Mapping[str, str]) -> str:
    return headers["Set-Cookie"].partition(";")[0]


def main() -> None:
    """Print the table, and keep it."""
    figures = pages()
    table = Table(title="\nPages of the demo couple, one client, one worker", title_justify="left")
    for column in ("page", "median ms", "p99 ms", "kB"):
        table.add_column(column, justify="left" if column == "page" else "right")
    for name, row in figures.items():
        table.add_row(name, *(f"{value:.1f}" for value in row.values()))
    Console().print(table)
    record("Pages of the demo couple, one client", figures)


if __name__ == "__main__":
    main()

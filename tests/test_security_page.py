"""SECURITY.md says something of every requirement, and names tests that exist."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from flask import Flask

from api.app import create_app
from recommender.service import Deployment

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| ([\d., –]+) \| (met|none|host|no) \| (.+) \|$", re.MULTILINE)

# OWASP ASVS 5.0: of each section, how many requirements are of level 1 or 2 (they come first).
ASVS = {
    "1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2,
    "2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1,
    "3.2": 2, "3.3": 4, "3.4": 6, "3.5": 5, "3.7": 2,
    "4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4,
    "5.1": 1, "5.2": 3, "5.3": 2, "5.4": 3,
    "6.1": 3, "6.2": 11, "6.3": 3, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4,
    "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 2, "7.6": 2,
    "8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1,
    "9.1": 3, "9.2": 4,
    "11.1": 2, "11.2": 3, "11.3": 3, "11.4": 3, "11.5": 1, "11.6": 1,
    "12.1": 3, "12.2": 2, "12.3": 4,
    "13.1": 1, "13.2": 5, "13.3": 2, "13.4": 5,
    "14.1": 2, "14.2": 4, "14.3": 3,
    "15.1": 3, "15.2": 3, "15.3": 7,
    "16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3, "16.5": 3,
}  # fmt: skip


def named(cell: str) -> list[str]:
    """Return the requirements that a cell names: ``1.2.6–1.2.8`` is three."""
    found = []
    for part in cell.split(", "):
        first, _, last = part.partition("–")
        section, _, number = first.rpartition(".")
        until = int(last.rpartition(".")[2]) if last else int(number)
        found += [f"{section}.{n}" for n in range(int(number), until + 1)]
    return found


def test_every_requirement_has_one_row() -> None:
    """None of levels 1 and 2 is left out or told twice."""
    told = Counter(name for row in ROW.finditer(PAGE) for name in named(row[1]))

    assert set(told) == {f"{section}.{n}" for section, most in ASVS.items() for n in range(1, most + 1)}
    assert [name for name, times in told.items() if times > 1] == []


def test_what_is_met_says_where() -> None:
    """A row that is met names a test, or a part of the page above it."""
    vague = [
        row[1] for row in ROW.finditer(PAGE) if row[2] == "met" and not re.search(r"`tests/|[Aa]bove", row[3])
    ]

    assert vague == []


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:tests|api|recommender)/[\w./]+)`", PAGE))))
def test_what_is_named_exists(path: str) -> None:
    """Every file that the page names is there."""
    assert (ROOT / path).exists()


@pytest.fixture
def app(deployment: Deployment) -> Flask:
    """Serve an empty deployment."""
    return create_app(deployment)


def test_no_other_site_is_let_in(app: Flask) -> None:
    """No header allows another origin to read an answer, and TRACE is no method here (3.4.2, 13.4.4)."""
    client = app.test_client()
    for path in ("/", "/v1/quiz", "/v1/me"):
        for method in ("GET", "OPTIONS"):
            answer = client.open(path, method=method, headers={"Origin": "https://elsewhere.example"})
            assert not [name for name, _ in answer.headers if name.lower().startswith("access-control")]
        assert client.open(path, method="TRACE").status_code == 405

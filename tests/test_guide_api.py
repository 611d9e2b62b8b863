"""The guide to the API is lived in curl, Python and JavaScript against a service that is really served."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import playwright
import pytest

from tests.conftest import OPERATOR_TOKEN
from tests.guides import Console, claim, claim_all, reader, run, steps
from tests.serving import served

GUIDE = "docs/api.md"
START = claim(GUIDE, "console", "rekindle serve")
CURL = claim_all(GUIDE, "bash")
PYTHON = claim_all(GUIDE, "python")
JAVASCRIPT = claim_all(GUIDE, "javascript")

NODE = Path(playwright.__file__).parent / "driver" / "node"
"""Node.js as it comes along with the browser's driver."""


def test_the_lines_that_start_it(tmp_path: Path) -> None:
    """The token that they make is one that the service takes."""
    make, start = steps(START)
    console = Console(tmp_path)
    console.type(make.command)
    token = console.environment["REKINDLE_OPERATOR_TOKEN"]

    assert start.command == "rekindle serve"
    with served(tmp_path / "home", REKINDLE_OPERATOR_TOKEN=token):
        pass


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("jq")), reason="curl or jq is not installed")
def test_the_story_in_curl(tmp_path: Path) -> None:
    """From two people to a retrained model; what is shown on the way is what the guide says."""
    with served(tmp_path / "home", "--workers", "2") as it:
        lines = CURL.replace("http://localhost:8000", it.url)
        said = run(lines, tmp_path, reader(tmp_path, REKINDLE_OPERATOR_TOKEN=OPERATOR_TOKEN))

    assert "tonight  pair" in said
    assert said.count("\nyes  ") == 3
    assert '"theirs": {\n    "enjoyment": 5' in said
    assert "Rain on the roof" not in said.partition('"theirs"')[2]
    assert '\n1\n{\n  "status": 422' in said
    assert '"field": "enjoyment"' in said
    assert '"promoted": false' in said
    assert said.endswith('{"version":"prior"}\n')


def test_the_story_in_python(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its names hold what a reader would go on with, and a refusal is raised in words."""
    given: dict[str, Any] = {}
    with served(tmp_path / "home") as it, pytest.MonkeyPatch.context() as patch:
        patch.setenv("REKINDLE", it.url)
        exec(PYTHON, given)
        with pytest.raises(RuntimeError, match=r"422 .*dial"):
            given["told"](given["ana"].patch(f"{it.url}/v1/me", json={"dial": 9}))

    assert capsys.readouterr().out.count(" · ") >= 3
    assert given["rated"]["mine"]["enjoyment"] == 5
    assert given["rated"]["status"] == "done"


def test_the_story_in_javascript(tmp_path: Path) -> None:
    """Node runs it as it stands."""
    (tmp_path / "story.mjs").write_text(JAVASCRIPT)
    with served(tmp_path / "home") as it:
        said = run([str(NODE), "story.mjs"], tmp_path, reader(tmp_path, REKINDLE=it.url))

    assert said.count(" · ") >= 3
    assert said.endswith(": 4 of 5\n")


@pytest.mark.parametrize(
    ("day", "week"),
    [("2026, 10, 24", "2026-W48"), ("2027, 0, 3", "2026-W53"), ("2024, 11, 30", "2025-W01")],
)
def test_the_javascript_knows_iso_weeks(tmp_path: Path, day: str, week: str) -> None:
    """Also where the ISO year is not the calendar's."""
    function = JAVASCRIPT[JAVASCRIPT.index("function isoWeek") : JAVASCRIPT.index("const ana")]
    (tmp_path / "week.mjs").write_text(f"{function}\nconsole.log(isoWeek(new Date({day})));")

    assert run([str(NODE), "week.mjs"], tmp_path, reader(tmp_path)) == f"{week}\n"

"""README and guides: every command they name exists, and a stranger who follows them gets where they say."""

from __future__ import annotations

import json
import re
import shlex
import urllib.request
from itertools import pairwise
from pathlib import Path

import click
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from recommender.cli import main
from tests.serving import environment, served

ROOT = Path(__file__).parent.parent
GUIDES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "docs/hosting.md", "notebooks/README.md")]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^(?:\$ |ExecStart=\S*/)(rekindle|curl) (.*?)(?:\s{2,}#.*|\s+# .*)?$", re.MULTILINE)
SHEET = "title,pitch,minutes\nRound the pond,Walk round the pond twice and name every duck.,40\n"


def blocks(guide: Path, language: str) -> list[str]:
    """Return the code blocks of a guide in one language."""
    return [body for found, body in BLOCK.findall(guide.read_text(encoding="utf-8")) if found == language]


def commands(text: str) -> list[tuple[str, list[str]]]:
    """Return the program and arguments of each command line."""
    return [(program, shlex.split(rest)) for program, rest in COMMAND.findall(text)]


ALL = [
    arguments
    for guide in GUIDES
    for language in ("console", "ini")
    for text in blocks(guide, language)
    for program, arguments in commands(text)
    if program == "rekindle"
]


def parsed(arguments: list[str]) -> click.Context:
    """Return what the command line would make of arguments, without doing it."""
    command, context = main, click.Context(main, info_name="rekindle")
    while isinstance(command, click.Group):
        found = command.get_command(context, arguments[0])
        assert found is not None, f"there is no command {arguments[0]}"
        command, arguments = found, arguments[1:]
        context = click.Context(command, parent=context)
    return command.make_context(command.name, [*arguments], parent=context.parent)


@pytest.mark.parametrize("arguments", ALL, ids=" ".join)
def test_every_command_in_the_guides_is_one(arguments: list[str], tmp_path: Path) -> None:
    """It parses, options and all; a file or number that stands for the reader's own is put in its place."""
    stands_for = {"R.csv": tmp_path, "I.csv": tmp_path, "P.csv": tmp_path, "~/ml-latest-small": tmp_path}
    mine = []
    for word in arguments:
        if word in stands_for:
            path = tmp_path / Path(word).name
            path.mkdir(exist_ok=True) if word.startswith("~") else path.touch()
            word = str(path)
        mine.append(word)
    (tmp_path / "walks.csv").touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        parsed(mine)


def test_there_are_commands_to_check() -> None:
    """The test above is about something."""
    assert len(ALL) > 20


TOLD = {
    "CODE": re.compile(r"invite code +(\w+)"),
    "DATE": re.compile(r"date +([0-9A-Z]{26})"),
    "MODEL": re.compile(r"new model +(\d\S+)"),
}
"""Where a command's answer holds what stands for something of the reader's in a later one."""

MODEL = re.compile(r"\d{8}T\d{6}-[0-9a-f]{8}")


def test_a_stranger_follows_the_readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From nothing to a plan, a rating, a retraining and a rollback, by the README's own lines."""
    text = "".join(text for text in blocks(ROOT / "README.md", "console") if "rekindle retrain" in text)
    told = {"SUGGESTION": "2"}
    (tmp_path / "walks.csv").write_text(SHEET)
    monkeypatch.chdir(tmp_path)
    for name, value in environment(tmp_path / "home").items():
        monkeypatch.setenv(name, value)
    last = ""
    for _, arguments in commands(text):
        if arguments[0] == "serve":  # which ends only when it is told to
            continue
        filled = [told["MODEL"] if MODEL.fullmatch(word) else told.get(word, word) for word in arguments]
        done = CliRunner().invoke(main, filled)
        assert done.exit_code == 0, f"rekindle {' '.join(filled)}: {done.output}"
        found = {name: pattern.search(done.stdout) for name, pattern in TOLD.items()}
        told |= {name: match[1] for name, match in found.items() if match}
        last = done.stdout

    assert told.keys() == {"SUGGESTION", *TOLD}
    assert last == "Now serving prior.\n"


def test_the_readme_s_requests(tmp_path: Path) -> None:
    """The two lines of curl do what they say, on what ``serve`` serves."""
    lines = [
        arguments
        for text in blocks(ROOT / "README.md", "console")
        for program, arguments in commands(text)
        if program == "curl"
    ]
    with served(tmp_path / "home", "--workers", "4") as it:
        made = requested(it.url, lines[0], {})
        plan = requested(it.url, lines[1], {"TOKEN": made["token"]})

    assert len(lines) == 2
    assert len(plan["suggestions"]) == 3


def requested(url: str, arguments: list[str], told: dict[str, str]) -> dict[str, str]:
    """Return the answer to a request written for curl."""
    at = dict(pairwise(arguments))
    path = next(word for word in arguments if word.startswith("localhost")).partition("/")[2]
    data = at["-d"].encode() if "-d" in at else None
    request = urllib.request.Request(f"{url}/{path}", data=data, method=at.get("-X", "GET"))
    name, _, value = at["-H"].partition(": ")
    for word, mine in told.items():
        value = value.replace(word, mine)
    request.add_header(name, value)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return dict(json.loads(answer.read()))


def test_the_readme_s_python() -> None:
    """The estimator takes plain frames, as the README shows it."""
    rng = np.random.default_rng(0)
    ideas = pd.Index([f"i{n}" for n in range(12)], name="idea_id")
    partners = pd.Index([f"p{n}" for n in range(8)], name="partner_id")
    given = {
        "idea_features": pd.DataFrame(rng.normal(size=(12, 3)), ideas, columns=["a", "b", "c"]),
        "partner_features": pd.DataFrame(rng.normal(size=(8, 2)), partners, columns=["x", "y"]),
        "ratings": pd.DataFrame(
            [(p, i, rng.integers(1, 6)) for p in partners for i in ideas[:6]],
            columns=["partner_id", "idea_id", "rating"],
        ),
        "pairs": pd.DataFrame({"partner_id": ["p0", "p1"], "idea_id": ["i7", "i8"]}),
    }
    (block,) = blocks(ROOT / "README.md", "python")

    exec(block, given)

    assert given["mean"].shape == given["std"].shape == (2,)
    assert (given["std"] > 0).all()


def test_the_notebooks_python() -> None:
    """The beginning of a notebook of one's own gives a table of ideas."""
    (block,) = blocks(ROOT / "notebooks" / "README.md", "python")
    given: dict[str, object] = {}

    exec(block, given)

    assert len(given["features"]) == len(given["catalogue"].ideas)

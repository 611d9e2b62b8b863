"""README and guides: a stranger who follows them, line by line, gets where they say."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import click
import numpy as np
import pandas as pd

from recommender.cli import main
from recommender.domain import Week
from tests import test_guide_api, test_guide_contributing, test_guide_embedding, test_guide_hosting  # noqa: F401 - they claim blocks
from tests.guides import (
    CLAIMED,
    ROOT,
    Console,
    anchors,
    blocks,
    claim,
    guides,
    links,
    make,
    reader,
    run,
    spans,
    steps,
    timed,
)
from tests.serving import free_port, served, wait_until_ready

RUN = claim("README.md", "console", "$ make run")
WEEK_SHOWN = claim("README.md", "text", "Week 2026")
TEST = claim("README.md", "console", "make test")
USE = claim("README.md", "console", "couples create")
REQUESTS = claim("README.md", "console", "curl")
ESTIMATOR = claim("README.md", "python")
EVALUATE = claim("README.md", "console", "rekindle evaluate")
RETRAIN = claim("README.md", "console", "models rollback")
TIMER = claim("README.md", "ini", "retrain.timer")
CHECK = claim("data/README.md", "console")
NOTEBOOK = claim("notebooks/README.md", "python")

SHEET = "title,pitch,minutes\nRound the pond,Walk round the pond twice and name every duck.,40\n"
TOLD = {
    "CODE": re.compile(r"invite code +(\w+)"),
    "DATE": re.compile(r"date +([0-9A-Z]{26})"),
}
"""Where a command's answer holds what stands for something of the reader's in a later one."""

VERSION = re.compile(r"\d{8}T\d{6}-[0-9a-f]{8}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d)?")
SUGGESTION = (
    r"\d\. .+\n"
    r"   (easy|growth|close|open) · \w{3} \d+ \w{3} \d\d:\d\d · .+ · .+\n"
    r"   .+[.?]\n"
    r"(   · .+\.\n)+"
    r"   · Expected \d\.\d of 5(, a guess so far)?\.\n\n"
)
WEEK_PATTERN = re.compile(
    r"Week \d{4}-W\d\d, \d+ \w+ to \d+ \w+ \d{4}\n\n"
    rf"({SUGGESTION}){{3}}"
    r"Or in a few minutes, whenever you have them:\n"
    r"(   \d\. .+ · \d+ min: .+\.\n)+\n"
    r"Goal: .+: \d+ of \d+ since .+\n"
)


@contextmanager
def demo(home: Path) -> Iterator[Path]:
    """Do what the README says first, and yield the file of what is printed once the page is there."""
    (step,) = steps(RUN)
    port = free_port()
    said = home / "said.txt"
    line = make(*shlex.split(step.command)[1:], f"PORT={port}")
    with said.open("wb") as out:
        process = subprocess.Popen(line, cwd=ROOT, env=reader(home), stdout=out, start_new_session=True)
    try:
        wait_until_ready(f"http://127.0.0.1:{port}", process)
        yield said
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def test_a_newcomer_sees_a_week_and_lets_it_learn(tmp_path: Path) -> None:
    """``make run`` prints a week of the form shown; then the README's session says what it says there."""
    with demo(tmp_path) as said:
        printed = said.read_text()
    console, version = Console(tmp_path), ""
    for step in steps(RETRAIN):
        shown = console.type(VERSION.sub(version, step.command))
        version = next(iter(VERSION.findall(shown)), version)
        assert _masked(shown) == _masked(step.shown), step.command

    assert WEEK_PATTERN.search(printed)
    assert WEEK_PATTERN.fullmatch(WEEK_SHOWN.text)


def _masked(text: str) -> str:
    lines = MOMENT.sub("MOMENT", VERSION.sub("VERSION", text)).splitlines()
    return "\n".join(line.rstrip() for line in lines)


def test_the_tests_run_as_the_readme_says(tmp_path: Path) -> None:
    """One module in place of all of them, of which this is one."""
    (step,) = steps(TEST)
    one = "tests/test_references.py -p no:cacheprovider"

    said = run(make(*shlex.split(step.command)[1:]), ROOT, reader(tmp_path, PYTEST_ADDOPTS=one))

    assert re.search(r"\d+ passed", said)


def test_a_couple_of_one_s_own(tmp_path: Path) -> None:
    """From nothing to a plan, a rating and a retraining, by the README's own lines."""
    (tmp_path / "walks.csv").write_text(SHEET)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    console, told = Console(tmp_path, PATH=os.defpath), {"SUGGESTION": "2"}
    for step in steps(USE):
        line = " ".join(told.get(word, word) for word in step.command.split(" "))
        if line.startswith("rekindle serve"):
            _serve(line, console)
            continue
        shown = console.type(line)
        found = {name: pattern.search(shown) for name, pattern in TOLD.items()}
        told |= {name: match[1] for name, match in found.items() if match}

    assert told.keys() == {"SUGGESTION", *TOLD}
    assert (tmp_path / ".rekindle" / "rekindle.sqlite3").exists()


def _serve(line: str, console: Console) -> None:
    port = free_port()
    process = subprocess.Popen(["bash", "-c", f"exec {line} --port {port}"], env=console.environment)
    try:
        wait_until_ready(f"http://127.0.0.1:{port}", process)
    finally:
        process.terminate()
        process.wait()


def test_the_readme_s_requests(tmp_path: Path) -> None:
    """The lines of curl do what they say, on what ``serve`` serves; the week is this one."""
    start, read = (step.command for step in steps(REQUESTS))
    week = str(Week.of(date.today()))
    with served(tmp_path / "home") as it:
        lines = [line.replace("localhost:8000", it.url).replace("2026-W48", week) for line in (start, read)]
        token = run(f"{lines[0]} | {PICK}", tmp_path, reader(tmp_path)).strip()
        plan = run(lines[1].replace("TOKEN", token), tmp_path, reader(tmp_path))

    assert f'"week":"{week}"' in plan


PICK = """python -c 'import json, sys; print(json.load(sys.stdin)["token"])'"""


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

    exec(ESTIMATOR.text, given)

    assert given["mean"].shape == given["std"].shape == (2,)
    assert (given["std"] > 0).all()


def test_the_readme_s_evaluations(tmp_path: Path) -> None:
    """Each line judges the model; the data are made up here, in the form of those that are named."""
    _movielens(tmp_path / "ml-latest-small")
    _tables(tmp_path)
    for step in steps(EVALUATE):
        run(f"{step.command} --seeds 1", tmp_path, reader(tmp_path), 600)
        assert {path.name for path in (tmp_path / "results").iterdir()} >= {"metrics.json", "predictions.csv"}
        (tmp_path / "results").rename(tmp_path / f"results-{len(step.command)}")


def _some_ratings(rng: np.random.Generator) -> pd.DataFrame:
    pairs = [(p, i) for p in range(1, 31) for i in rng.choice(np.arange(1, 61), 30, replace=False)]
    frame = pd.DataFrame(pairs, columns=["person", "thing"])
    return frame.assign(
        rating=rng.integers(1, 6, len(frame)), second=rng.integers(10**9, 10**9 + 10**7, len(frame))
    )


def _movielens(folder: Path) -> None:
    rng = np.random.default_rng(1)
    folder.mkdir()
    _some_ratings(rng).set_axis(["userId", "movieId", "rating", "timestamp"], axis=1).to_csv(
        folder / "ratings.csv", index=False
    )
    genres = rng.choice(["Drama", "Comedy", "Drama|Comedy", "Action"], 60)
    movies = pd.DataFrame({"movieId": range(1, 61), "title": "A film (1999)", "genres": genres})
    movies.to_csv(folder / "movies.csv", index=False)
    pd.DataFrame(columns=["userId", "movieId", "tag", "timestamp"]).to_csv(folder / "tags.csv", index=False)


def _tables(folder: Path) -> None:
    rng = np.random.default_rng(2)
    ratings = _some_ratings(rng).drop(columns="second").set_axis(["partner_id", "idea_id", "rating"], axis=1)
    ratings.to_csv(folder / "R.csv", index=False)
    for name, key, n_rows in (("I.csv", "idea_id", 60), ("P.csv", "partner_id", 30)):
        frame = pd.DataFrame(rng.normal(size=(n_rows, 3)), columns=["a", "b", "c"])
        frame.insert(0, key, range(1, n_rows + 1))
        frame.to_csv(folder / name, index=False)


def test_the_timer_of_retraining(tmp_path: Path) -> None:
    """What it would start ends well."""
    timed(TIMER, tmp_path)


def test_the_check_of_ideas(tmp_path: Path) -> None:
    """What the page about the data tells an author to run finds no fault."""
    for step in steps(CHECK):
        run(step.command, tmp_path, reader(tmp_path))


def test_the_notebooks_python() -> None:
    """The beginning of a notebook of one's own gives a table of ideas."""
    given: dict[str, object] = {}

    exec(NOTEBOOK.text, given)

    assert len(given["features"]) == len(given["catalogue"].ideas)


def test_every_block_is_executed_by_a_test() -> None:
    """No guide has a block of code, of whichever language, that no test is about."""
    assert [str(one) for one in blocks() if one not in CLAIMED] == []


def test_every_command_in_a_sentence_is_one() -> None:
    """What is named on the way, and not as a line to run, is a command with such options, or a target."""
    named = {span for guide in guides() for span in spans(guide)}
    said = sorted(span for span in named if re.match(r"(rekindle|make) [a-z]", span))
    made = [span for span in said if span.startswith("make ")]

    assert len(said) > 20
    for span in made:
        run([*shlex.split(span), "-n"], ROOT, reader(ROOT))
    for span in set(said).difference(made):
        _parsed(shlex.split(span)[1:])


def _parsed(words: list[str]) -> None:
    command, context = main, click.Context(main, info_name="rekindle", **main.context_settings)
    while isinstance(command, click.Group) and words:
        found = command.get_command(context, words[0])
        assert found is not None, f"there is no command {words[0]}"
        command, words = found, words[1:]
    command.make_context(command.name, words, parent=context, resilient_parsing=True)


def test_every_link_leads_somewhere() -> None:
    """To a file that is there, and where a heading is named, to a heading of that name."""
    found = list(links())

    assert len(found) > 100
    assert [f"{guide.name}: {target}" for guide, target in found if not _is_there(guide, target)] == []


def _is_there(guide: Path, target: str) -> bool:
    path, _, heading = target.partition("#")
    there = guide.parent / path if path else guide
    return there.exists() and (not heading or heading in anchors(there))

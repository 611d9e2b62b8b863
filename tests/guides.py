"""The guides, block by block: each block of code is claimed by the one test that executes it."""

from __future__ import annotations

import configparser
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parent.parent
GENERATED = ROOT / "docs" / "reference"
"""Pages whose blocks are what the code says of itself; see `tests.references`."""
FOREIGN = ("REKINDLE_", "PYTEST_", "MAKE", "MFLAGS")
"""What a run of the tests may have set, and a reader has not."""
HISTORY = ("CHANGELOG.md", "DECISIONS.md")

CLAIMED: set[Block] = set()


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code of a guide: where it begins, its language and its text."""

    guide: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.guide}:{self.line} ({self.language or 'no language'})"


@dataclass(frozen=True, slots=True)
class Step:
    """What somebody types after ``$``, and what they are then shown; empty where the guide shows nothing."""

    command: str
    shown: str


def guides() -> list[Path]:
    """Return every guide that somebody wrote, the reference pages left out."""
    folders = (ROOT, ROOT / "data", ROOT / "docs", ROOT / "notebooks")
    return sorted(path for folder in folders for path in folder.glob("*.md") if path.name not in HISTORY)


@cache
def tokens(guide: Path) -> list[Token]:
    """Return a guide as Markdown has it."""
    return MarkdownIt("commonmark").enable("table").parse(guide.read_text(encoding="utf-8"))


def blocks() -> list[Block]:
    """Return every block of code of every guide."""
    return [
        Block(str(guide.relative_to(ROOT)), (token.map or [0])[0] + 1, token.info, token.content)
        for guide in guides()
        for token in tokens(guide)
        if token.type in ("fence", "code_block")
    ]


def claim(guide: str, language: str, containing: str = "") -> Block:
    """Return the one block that a test is about, and note that it has a test."""
    found = [
        one for one in blocks() if (one.guide, one.language) == (guide, language) and containing in one.text
    ]
    if len(found) != 1:
        raise LookupError(f"{guide} has {len(found)} blocks of {language} with {containing!r}")
    CLAIMED.add(found[0])
    return found[0]


def claim_all(guide: str, language: str) -> str:
    """Return all blocks of a language as the one program that they are."""
    found = [one for one in blocks() if (one.guide, one.language) == (guide, language)]
    CLAIMED.update(found)
    return "\n".join(one.text for one in found)


def steps(block: Block) -> list[Step]:
    r"""Return what is typed in a console, line by line, with what is shown after each.

    Examples
    --------
    >>> steps(Block("a.md", 1, "console", "$ cd x  # there\n$ ls\na\nb\n"))
    [Step(command='cd x', shown=''), Step(command='ls', shown='a\nb\n')]
    """
    parts = re.split(r"^\$ (.*)\n", block.text, flags=re.MULTILINE)[1:]
    return [
        Step(re.sub(r"\s+# .*$", "", command), shown)
        for command, shown in zip(parts[::2], parts[1::2], strict=True)
    ]


def reader(home: Path, **more: str) -> dict[str, str]:
    """Return the environment of somebody who follows a guide: a home of their own and nothing set."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**ours, "HOME": str(home), "PATH": path, "OPENBLAS_NUM_THREADS": "1", **more}


def run(program: list[str] | str, folder: Path, environment: Mapping[str, str], seconds: int = 300) -> str:
    """Return what a program, or a line of bash, writes to stdout; raise with all it wrote if it fails."""
    line = ["bash", "-euo", "pipefail", "-c", program] if isinstance(program, str) else program
    done = subprocess.run(
        line, cwd=folder, env=dict(environment), capture_output=True, text=True, timeout=seconds, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{program}\nended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout


class Console:
    """Somebody's terminal: what one line sets, the next one finds.

    Parameters
    ----------
    home : Path
        Their home, where they are.
    more : str
        Variables that are set when they begin.
    """

    def __init__(self, home: Path, **more: str) -> None:
        self.home = home
        self.environment = reader(home, **more)

    def type(self, line: str) -> str:
        """Return what a line of bash writes to stdout, and keep the environment that it leaves."""
        left = self.home / ".left"
        shown = run(f"{line}\nenv -0 > {left}", self.home, self.environment)
        pairs = left.read_text().rstrip("\0").split("\0")
        self.environment = dict(pair.split("=", 1) for pair in pairs)
        return shown


def make(*words: str) -> list[str]:
    """Return a line of make that takes what runs these tests for what make would set up."""
    stamps = [f"{sys.prefix}/.{stage}-stamp" for stage in ("run", "test")]
    return ["make", *words, f"VENV={sys.prefix}", *(part for stamp in stamps for part in ("-o", stamp))]


@dataclass(frozen=True, slots=True)
class Unit:
    """What a systemd service starts, with the home of its environment in a folder, and all that it says."""

    command: str
    environment: dict[str, str]
    said: configparser.ConfigParser


def unit_of(block: Block, folder: Path) -> Unit:
    """Return a block's service; it starts the program that the guide has installed."""
    said = configparser.ConfigParser(interpolation=None)
    said.read_string(block.text)
    program, _, arguments = said["Service"]["ExecStart"].partition(" ")
    given = dict(one.split("=", 1) for one in said["Service"]["Environment"].split())
    given["REKINDLE_HOME"] = f"{folder}{given['REKINDLE_HOME']}"

    assert program == "/opt/rekindle/bin/rekindle"
    return Unit(f"rekindle {arguments}", reader(folder, **given), said)


def timed(block: Block, folder: Path) -> None:
    """Do what a systemd service and its timer say."""
    unit = unit_of(block, folder)

    assert re.fullmatch(r"(Mon|Sun) \d\d:\d\d", unit.said["Timer"]["OnCalendar"])
    run(unit.command, folder, unit.environment)


def links() -> Iterator[tuple[Path, str]]:
    """Yield every link and picture of every guide and reference that stays in the project."""
    for guide in (*guides(), *GENERATED.glob("*.md"), *(ROOT / name for name in HISTORY)):
        for token in tokens(guide):
            for child in token.children or ():
                target = str(child.attrs.get("href") or child.attrs.get("src") or "")
                if target and not re.match(r"\w+:", target):
                    yield guide, target


def spans(guide: Path) -> Iterator[str]:
    """Yield what a guide sets as code within its sentences."""
    for token in tokens(guide):
        yield from (child.content for child in token.children or () if child.type == "code_inline")


@cache
def anchors(guide: Path) -> set[str]:
    """Return the names that a guide's headings are linked by."""
    parsed = tokens(guide)
    titles = (after.content for token, after in pairwise(parsed) if token.tag[:1] == "h")
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}

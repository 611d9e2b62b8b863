"""How commands speak: tables and JSON on stdout, talk on stderr; plain and uncut where no one watches."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import datetime
from typing import IO, TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

    from recommender.service import Run

# Rich takes a third of a second to load; `--help` and `--json` do without, so each function asks for it.

UNCUT = 10_000
"""Columns where stdout is a file or a pipe: programs and `less` break lines themselves."""

READABLE = 80
"""Columns after which running text is broken even on a wider screen."""

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


def out() -> Console:
    """Return the console for data; plain and uncut where stdout is not a terminal."""
    return _console(sys.stdout)


def talk() -> Console:
    """Return the console for progress and remarks."""
    return _console(sys.stderr)


def print_json(data: Any) -> None:
    """Print dataclasses, dicts and lists as JSON."""
    click.echo(json.dumps(data, default=_plain, indent=2, ensure_ascii=False))


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; numbers stand to the right, and words stay whole where the screen is wide enough."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    rows = [tuple(row) for row in rows]
    console = out()
    # Without frames, what we print fits into 80 columns with its titles whole.
    lines, gap = (box.SIMPLE_HEAD, 1) if console.is_terminal else (None, 2)
    table = Table(box=lines, show_edge=False, pad_edge=False, padding=(0, gap, 0, 0), header_style="bold")
    columns_of_cells = [[name, *(_cell(row[at]) for row in rows)] for at, name in enumerate(columns)]
    fits = sum(map(_longest_word, columns_of_cells)) + 2 * len(columns) <= console.width
    for at, name in enumerate(columns):
        table.add_column(
            Text(name),
            justify="right" if _is_numeric(row[at] for row in rows) else "left",
            overflow="fold",
            # Ids keep to one line and titles give way; where not even words fit, all do, since rich
            # would cut off what it may not break.
            no_wrap=fits and not any(" " in cell for cell in columns_of_cells[at][1:]),
        )
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row))
    console.print(Text(title, style="bold"))
    console.print(table)


def print_facts(title: str, facts: Iterable[tuple[str, object]]) -> None:
    """Print one thing, a line for each fact; nothing is broken, so that it can be copied."""
    from rich.text import Text

    facts = list(facts)
    width = max(len(name) for name, _ in facts)
    console = out()
    console.print(Text(title, style="bold"))
    for name, value in facts:
        console.print(Text(f"  {name:<{width}}  {_cell(value)}"), soft_wrap=True)


def print_text(text: str, *, first: str = "", rest: str = "", style: str = "") -> None:
    """Print running text, broken at words; ``first`` stands before its first line, ``rest`` before others."""
    from rich.text import Text

    console = out()
    width = min(console.width, READABLE) if console.is_terminal else UNCUT
    broken = textwrap.fill(
        text,
        width,
        initial_indent=first,
        subsequent_indent=rest,
        break_on_hyphens=False,
        break_long_words=False,
    )
    console.print(Text(broken, style=style), soft_wrap=True)


def print_markdown(text: str) -> None:
    """Print Markdown: set for reading on a terminal, else as it is."""
    from rich.markdown import Markdown

    console = out()
    console.print(Markdown(text)) if console.is_terminal else click.echo(text)


def remark(text: str) -> None:
    """Say something on stderr."""
    from rich.text import Text

    talk().print(Text(text, style="dim"))


def counted(n: int, noun: str) -> str:
    """Return a number of things in words.

    Examples
    --------
    >>> counted(1, "fault"), counted(0, "couple")
    ('1 fault', '0 couples')
    """
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _console(file: IO[str]) -> Console:
    from rich.console import Console

    if file.isatty():
        return Console(file=file, highlight=False)
    return Console(file=file, highlight=False, color_system=None, force_terminal=False, width=UNCUT)


def _is_numeric(values: Iterable[object]) -> bool:
    values = list(values)
    return bool(values) and all(isinstance(value, int | float) for value in values)


def _longest_word(cells: Sequence[str]) -> int:
    """Return how long the longest word of a column is, its title taken whole."""
    title, *rest = cells
    return max(len(title), *(len(word) for cell in rest for word in cell.split()), 0)


def _cell(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


@contextmanager
def run_shown() -> Iterator[Callable[[Run], None]]:
    """Show how far a retraining run is: a bar on a terminal, a line of JSON a change elsewhere."""
    console = talk()
    if not console.is_terminal:
        yield _tell_line
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None)

        def show(run: Run) -> None:
            done = run.n_steps if run.state == "finished" else run.step
            words = run.doing.capitalize() + (f", pass {run.n_passes}" if run.n_passes else "")
            bar.update(task, description=words, completed=done, total=run.n_steps)

        yield show


def _tell_line(run: Run) -> None:
    told = {
        "state": run.state,
        "step": run.step + 1,
        "of": run.n_steps,
        "doing": run.doing,
        "pass": run.n_passes,
    }
    click.echo(json.dumps(told), err=True)

"""The catalogue: check, stats, search."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from recommender.cli.output import as_json, out, print_json, print_table, talk

folder_option = click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Another catalogue than the one that comes with Rekindle.",
)


@click.group()
def ideas() -> None:
    """The catalogue: check, stats, search."""


@ideas.command()
@folder_option
@as_json
def check(folder: Path | None, as_json: bool) -> None:
    """Report every fault with file, idea and field; exit 1 if there is any."""
    from recommender import service

    faults = service.catalogue_faults(folder)
    if as_json:
        print_json(faults)
    for fault in () if as_json else faults:
        out().print(str(fault), markup=False)
    talk().print(f"{len(faults)} fault(s)." if faults else "No fault found.")
    sys.exit(1 if faults else 0)


@ideas.command()
@folder_option
@as_json
def stats(folder: Path | None, as_json: bool) -> None:
    """Show how many ideas carry each tag."""
    from recommender import service

    headline, rows = service.catalogue_coverage(folder)
    if as_json:
        print_json({"headline": headline, "coverage": rows})
        return
    figures = [(name.removeprefix("n_").replace("_", " "), count) for name, count in asdict(headline).items()]
    print_table("The catalogue", ("", "ideas"), figures)
    print_table(
        "Coverage",
        ("facet", "tag", "ideas", "share", "free and at home"),
        [(row.facet, row.value, row.n_ideas, f"{row.share:.0%}", row.n_free_at_home) for row in rows],
    )


@ideas.command()
@click.argument("text")
@click.option("--limit", type=click.IntRange(1, 100), default=10)
@as_json
def search(text: str, limit: int, as_json: bool) -> None:
    """Find ideas by words, such as "rainy pottery"."""
    from recommender import service

    found = service.find_ideas(text)[:limit]
    if as_json:
        print_json(found)
        return
    print_table(
        f"{len(found)} ideas",
        ("idea", "title", "minutes", "cost"),
        [(idea.idea_id, idea.title, idea.minutes, f"{idea.typical_cost:g}") for idea in found],
    )

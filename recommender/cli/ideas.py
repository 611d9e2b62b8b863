"""The catalogue: check, stats, search."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from recommender.cli.opening import the_catalogue
from recommender.cli.output import as_json, counted, print_facts, print_json, print_table, print_text, remark

folder_option = click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Another catalogue than that of REKINDLE_CATALOGUE, or the one that comes with Rekindle.",
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

    faults = service.catalogue_faults(the_catalogue(folder))
    if as_json:
        print_json(faults)
    for fault in () if as_json else faults:
        print_text(str(fault), rest="  ")
    remark(f"{counted(len(faults), 'fault')}." if faults else "No fault found.")
    sys.exit(1 if faults else 0)


@ideas.command()
@folder_option
@as_json
def stats(folder: Path | None, as_json: bool) -> None:
    """Show how many ideas carry each tag."""
    from recommender import service

    headline, rows = service.catalogue_coverage(the_catalogue(folder))
    if as_json:
        print_json({"headline": headline, "coverage": rows})
        return
    figures = asdict(headline).items()
    print_facts("The catalogue", [(name.removeprefix("n_").replace("_", " "), n) for name, n in figures])
    print_table(
        "\nCoverage",
        ("facet", "tag", "ideas", "share", "free and at home"),
        [(row.facet, row.value, row.n_ideas, f"{row.share:>4.0%}", row.n_free_at_home) for row in rows],
    )


@ideas.command()
@click.argument("text")
@click.option("--limit", type=click.IntRange(1, 100), default=10, show_default=True)
@folder_option
@as_json
def search(text: str, limit: int, folder: Path | None, as_json: bool) -> None:
    """Find ideas by words, such as "rainy pottery"."""
    from recommender import service

    found = service.find_ideas(text, the_catalogue(folder))
    shown = found[:limit]
    if as_json:
        print_json(shown)
        return
    if not found:
        remark("No idea holds all of these words; try fewer.")
        return
    print_table(
        f"{counted(len(found), 'idea')}" + (f", the best {limit}" if len(shown) < len(found) else ""),
        ("title", "minutes", "cost", "idea"),
        [(idea.title, idea.minutes, f"{idea.typical_cost:g}", idea.idea_id) for idea in shown],
    )

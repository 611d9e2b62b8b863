"""The catalogue: check, stats, search, tag, train the tagger, import."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from recommender.cli.importing import import_, review, sources, withdraw
from recommender.cli.opening import the_catalogue
from recommender.cli.output import (
    as_json,
    counted,
    print_facts,
    print_json,
    print_markdown,
    print_table,
    print_text,
    remark,
)

if TYPE_CHECKING:
    from recommender.service import TaggedText

folder_option = click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Another catalogue than that of REKINDLE_CATALOGUE, or the one that comes with Rekindle.",
)


@click.group()
def ideas() -> None:
    """The catalogue: check, stats, search, tag, import."""


for command in (import_, review, sources, withdraw):
    ideas.add_command(command)


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


@ideas.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True, allow_dash=True))
@click.option(
    "--tagger",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Folder of another tagger than the one that comes with Rekindle.",
)
@as_json
def tag(file: Path, tagger: Path | None, as_json: bool) -> None:
    """Guess every tag of the ideas in FILE (- for standard input), with confidence.

    FILE holds one idea a line, or documents of ideas: .yaml, .yml or .json, with title, pitch and steps
    as far as there are any. Tags that stand in a document are kept.
    """
    from recommender import service

    piped = file == Path("-")
    found = service.tag_lines(sys.stdin.read(), tagger) if piped else service.tag_file(file, tagger)
    if as_json:
        print_json(found)
        return
    for text in found:
        print_table(text.title, ("facet", "tags", "confidence", ""), _tag_rows(text))
        print_text("")
    remark(f"{counted(len(found), 'idea')}; what is marked wants a person's look.")


@ideas.command("train-tagger")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("models/tagger"),
    show_default=True,
    help="Where to write it.",
)
@click.option("--ablate", is_flag=True, help="Measure what each part is worth as well; four times as long.")
@folder_option
def train_tagger(out: Path, ablate: bool, folder: Path | None) -> None:
    """Train the tagger on the catalogue, judge it by cross-validation and write it with its card."""
    from recommender import service

    print_markdown(service.train_tagger(out, the_catalogue(folder), ablate=ablate, say=remark))


def _tag_rows(text: TaggedText) -> list[tuple[str, str, str, str]]:
    """Return facet, tags, their confidence, and a mark if a person should look."""
    tagged = text.tagged
    return [
        (
            facet,
            " ".join(values),
            " ".join(f"{tagged.confidence[facet][value]:.2f}" for value in values),
            "look" if facet in tagged.review else "",
        )
        for facet, values in tagged.tags.items()
    ]

"""``rekindle ideas import …``: ideas from elsewhere, looked at first and taken in when asked for."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from recommender.cli.opening import open_here
from recommender.cli.output import as_json, counted, print_json, print_table, print_text, remark, talk

if TYPE_CHECKING:
    from recommender.service import ImportReport

FAULTS_SHOWN = 20


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--format", "kind", help="csv, json, yaml, jsonld, html or ics; else the name tells.")
@click.option("--source", help="What this catalogue is called here; the file's name if left out.")
@click.option("--apply", is_flag=True, help="Take them in; otherwise only say what would be taken in.")
@click.option("--replace", is_flag=True, help="Withdraw what the source named before and this file does not.")
@click.option("--time-zone", default="UTC", show_default=True, help="Of times in the file that name none.")
@as_json
def import_(
    file: Path,
    kind: str | None,
    source: str | None,
    apply: bool,
    replace: bool,
    time_zone: str,
    as_json: bool,
) -> None:
    """Take in the ideas of FILE: CSV, JSON, YAML, schema.org events (JSON-LD, HTML) or a calendar.

    What a row leaves out is guessed from its words. A broken row is named with its line and left out; the
    rest goes in. Importing the same file again changes nothing.
    """
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from recommender import service

    order = service.ImportOrder(file.name, source, kind, apply, replace, time_zone)
    columns = (SpinnerColumn(), TextColumn("{task.completed:,} rows"), TimeElapsedColumn())
    with (
        file.open("rb") as opened,
        Progress(*columns, console=talk(), disable=not sys.stderr.isatty(), transient=True) as bar,
    ):
        task = bar.add_task("", total=None)
        report = service.import_ideas(
            open_here(), opened, order, progress=lambda rows: bar.advance(task, rows)
        )
    if as_json:
        print_json(report)
        return
    _show(report)


@click.command()
@as_json
def sources(as_json: bool) -> None:
    """List where imported ideas come from, with how many are offered, to be reviewed, over, withdrawn."""
    from recommender import service

    found = service.list_sources(open_here())
    if as_json:
        print_json(found)
        return
    print_table(
        "Sources of imported ideas",
        ("source", "offered", "to review", "over", "withdrawn"),
        [(one.source, one.n_offered, one.n_to_review, one.n_over, one.n_withdrawn) for one in found],
    )


@click.command()
@click.argument("name")
def withdraw(name: str) -> None:
    """Take the idea, or every idea of the source, called NAME out of the catalogue."""
    from recommender import service

    deployment = open_here()
    if "_" in name:  # the id of an imported idea: its source, then its own
        service.withdraw_idea(deployment, name)
        remark(f"Withdrawn: {name}. Importing it again does not bring it back.")
        return
    remark(f"Withdrawn: {counted(service.withdraw_source(deployment, name), 'idea')}.")


@click.command()
@click.argument("name")
def review(name: str) -> None:
    """Confirm that the guessed tags of an idea, or of every idea of a source, called NAME, are right."""
    from recommender import service

    deployment = open_here()
    if "_" in name:
        service.review_idea(deployment, name)
        remark(f"Confirmed: {name}.")
        return
    remark(f"Confirmed: {counted(service.review_source(deployment, name), 'idea')}.")


def _show(report: ImportReport) -> None:
    if report.shown:
        print_table(
            f"{'Taken in' if report.applied else 'Would be taken in'} from {report.source}",
            ("line", "", "idea", "minutes", "cost", "what it is about", "guessed facets", "least sure"),
            [
                (
                    shown.line or "",
                    shown.became,
                    shown.idea.title,
                    shown.idea.minutes,
                    f"{shown.idea.typical_cost:g}",
                    " ".join(shown.idea.tags["domain"]),
                    len(shown.idea.guessed),
                    f"{min(shown.confidence.values()):.2f}" if shown.confidence else "",
                )
                for shown in report.shown
            ],
        )
    for fault in report.faults[:FAULTS_SHOWN]:
        print_text(str(fault), rest="  ")
    if len(report.faults) > FAULTS_SHOWN:
        remark(f"… and {len(report.faults) - FAULTS_SHOWN} more; --json names them all.")
    for pair in report.alike:
        print_text(f"{pair.title} is much like {pair.like_title} ({pair.likeness:.2f})")
    print_text(_counts(report))
    if not report.applied:
        remark("Nothing is written yet; add --apply.")


def _counts(report: ImportReport) -> str:
    told = (
        (report.n_new, "new"),
        (report.n_changed, "changed"),
        (report.n_same, "as before"),
        (report.n_withheld, "withdrawn before"),
        (report.n_withdrawn, "gone"),
        (report.n_broken, "broken"),
    )
    parts = ", ".join(f"{n} {words}" for n, words in told if n)
    return f"{counted(report.n_rows, 'row')}: {parts or 'none'}. {report.n_to_review} to review."

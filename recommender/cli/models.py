"""Models: retrain, list, show, watch, promote, roll back, tidy up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from recommender.cli.opening import open_here
from recommender.cli.output import (
    as_json,
    counted,
    print_facts,
    print_json,
    print_markdown,
    print_table,
    print_text,
    run_shown,
)

if TYPE_CHECKING:
    from recommender.service import ModelSummary


@click.command()
@as_json
def retrain(as_json: bool) -> None:
    """Learn from all feedback; the new model serves only if it is not worse.

    Only one run at a time. One that was killed is gone on with by the next.
    """
    from recommender import service

    deployment = open_here()
    with run_shown() as show:
        report = service.retrain(deployment, show)
    if as_json:
        print_json(report)
        return
    facts = [
        ("verdict", f"{report.verdict}: {report.reason}"),
        ("new model", report.version or "none"),
        ("now serving", "the new model" if report.promoted else "the same as before"),
        ("feedback", f"{counted(report.n_ratings, 'rating')}, {counted(report.n_couples, 'couple')}"),
    ]
    if report.retired:
        facts.append(("retired", f"{', '.join(report.retired)}: learned from people who left"))
    print_facts("Retraining", facts)


@click.group()
def models() -> None:
    """Models: list, show, watch, promote, roll back, tidy up."""


@models.command("list")
@as_json
def list_(as_json: bool) -> None:
    """List every model, the prior first."""
    from recommender import service

    known = service.list_models(open_here())
    if as_json:
        print_json(known)
        return
    print_table(
        "Models",
        ("model", "serves", "ratings", "made", "verdict"),
        [(m.version, "yes" if m.current else "", m.n_ratings, m.created_at[:10], _verdict(m)) for m in known],
    )


def _verdict(model: ModelSummary) -> str:
    return f"{model.verdict}; goes with the next run" if model.to_retire else model.verdict


@models.command()
@click.argument("version")
def show(version: str) -> None:
    """Show a model's card."""
    from recommender import service

    print_markdown(service.model_card(open_here(), version))


@models.command()
@click.argument("version")
@click.option("--reason", required=True, help="Kept in the history.")
def promote(version: str, reason: str) -> None:
    """Make a model serve."""
    from recommender import service

    print_text(f"Now serving {service.promote(open_here(), version, reason)}.")


@models.command()
def rollback() -> None:
    """Go back to the model that served before; again: further back, in the end to the prior."""
    from recommender import service

    print_text(f"Now serving {service.rollback(open_here())}.")


@models.command()
@as_json
def health(as_json: bool) -> None:
    """Say whether the model that serves does as well as its card promised."""
    from recommender import service

    seen = service.model_health(open_here())
    if as_json:
        print_json(seen)
        return
    facts: list[tuple[str, object]] = [
        ("verdict", f"{seen.verdict}: {seen.reason}"),
        ("dates", f"{seen.n_dates} rated by both, {counted(seen.n_couples, 'couple')}"),
    ]
    if seen.enjoyed is not None:
        facts += [
            ("enjoyed", f"{seen.enjoyed:.2f} of 5; {seen.expected:.2f} was expected"),
            ("off by", f"{seen.bias:+.2f} (90 % interval {seen.low:+.2f} to {seen.high:+.2f})"),
            ("held", f"{seen.coverage_90:.0%} of dates inside the 90 % intervals"),
        ]
    print_facts(f"Model {seen.version}", facts)


@models.command()
@click.option("--keep", default=5, show_default=True, type=click.IntRange(min=0), help="The newest to keep.")
def prune(keep: int) -> None:
    """Delete old models; never the one that serves, nor the one before it."""
    from recommender import service

    gone = service.prune_models(open_here(), keep)
    print_text(f"Deleted {', '.join(gone)}." if gone else "Nothing to delete.")

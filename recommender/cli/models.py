"""Models: retrain, list, show, promote, roll back."""

from __future__ import annotations

import click

from recommender.cli.opening import open_here
from recommender.cli.output import (
    as_json,
    print_facts,
    print_json,
    print_markdown,
    print_table,
    print_text,
    remark,
)


@click.command()
@as_json
def retrain(as_json: bool) -> None:
    """Learn from all feedback; the new model serves only if it is not worse."""
    from recommender import service

    report = service.retrain(open_here(), remark)
    if as_json:
        print_json(report)
        return
    facts = [
        ("verdict", f"{report.verdict}: {report.reason}"),
        ("new model", report.version or "none"),
        ("now serving", "the new model" if report.promoted else "the same as before"),
        ("feedback", f"{report.n_ratings} ratings, {report.n_couples} couples"),
    ]
    print_facts("Retraining", facts)


@click.group()
def models() -> None:
    """Models: list, show, promote, roll back."""


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
        [(m.version, "yes" if m.current else "", m.n_ratings, m.created_at[:10], m.verdict) for m in known],
    )


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

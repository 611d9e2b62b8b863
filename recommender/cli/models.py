"""Models: retrain, list, show, promote, roll back."""

from __future__ import annotations

import click

from recommender.cli.opening import open_here
from recommender.cli.output import as_json, out, print_json, print_table, reporter


@click.command()
@as_json
def retrain(as_json: bool) -> None:
    """Learn from all feedback; the new model serves only if it is not worse."""
    from recommender import service

    report = service.retrain(open_here(), reporter())
    if as_json:
        print_json(report)
        return
    print_table(
        "Retraining",
        ("model", "ratings", "couples", "verdict", "now serving", "why"),
        [
            (
                report.version or "none",
                report.n_ratings,
                report.n_couples,
                report.verdict,
                "yes" if report.promoted else "no",
                report.reason,
            )
        ],
    )


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
        ("", "model", "made", "ratings", "verdict"),
        [("→" if m.current else "", m.version, m.created_at, m.n_ratings, m.verdict) for m in known],
    )


@models.command()
@click.argument("version")
def show(version: str) -> None:
    """Show a model's card."""
    from rich.markdown import Markdown

    from recommender import service

    out().print(Markdown(service.model_card(open_here(), version)))


@models.command()
@click.argument("version")
@click.option("--reason", required=True, help="Kept in the history.")
def promote(version: str, reason: str) -> None:
    """Make a model serve."""
    from recommender import service

    out().print(f"Now serving {service.promote(open_here(), version, reason)}.")


@models.command()
def rollback() -> None:
    """Go back to the model that served before."""
    from recommender import service

    out().print(f"Now serving {service.rollback(open_here())}.")

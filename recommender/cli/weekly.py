"""A week: suggest, choose, rate, plan for everyone."""

from __future__ import annotations

import sys

import click

from recommender.cli.opening import open_here, the_couple, the_partner
from recommender.cli.output import as_json, out, print_json, print_table, talk
from recommender.domain import Plan, Week
from recommender.errors import InvalidInput


def parse_week(_context: click.Context, _parameter: click.Parameter, text: str | None) -> Week | None:
    """Return the week an option names.

    Raises
    ------
    InvalidInput
        If there is no such week.
    """
    try:
        return None if text is None else Week.parse(text)
    except ValueError as error:
        raise InvalidInput("--week", str(error)) from error


week_option = click.option(
    "--week", callback=parse_week, help="ISO week such as 2026-W48; else the coming one."
)


@click.command()
@click.argument("couple", required=False)
@week_option
@as_json
def suggest(couple: str | None, week: Week | None, as_json: bool) -> None:
    """Show a couple's three suggestions for a week, with the reasons.

    COUPLE may be left out where there is only one; where there is none yet, a demo couple answers.
    """
    from recommender import service

    deployment = open_here()
    if couple is None and not service.list_couples(deployment, limit=1):
        talk().print("No couple here yet, so this is the demo couple.", style="dim")
        deployment, caller = service.open_demo(deployment.settings)
    else:
        caller = the_couple(deployment, couple)
    plan = service.get_plan(deployment, caller, week or service.coming_week(deployment, caller))
    print_json(service.plan_body(deployment, plan)) if as_json else show_plan(deployment, plan)


def show_plan(deployment: object, plan: Plan) -> None:
    """Print a plan for people to read."""
    from recommender import service

    console = out()
    console.print(f"[bold]Your week {plan.week}[/bold]")
    for card in service.plan_cards(deployment, plan):  # type: ignore[arg-type]
        console.print()
        console.print(f"[bold]{card.position}. {card.title}[/bold]  [dim]{card.facts}[/dim]", markup=True)
        console.print(f"   {card.pitch}")
        for sentence in card.sentences:
            console.print(f"   [dim]·[/dim] {sentence}")
    for relaxation in plan.advice:
        console.print(f"{relaxation.change} there are {relaxation.opens} more.")
    if len(plan.suggestions) < 3 and not plan.advice:
        console.print("\nNothing more fits this week. Keep the evening for sleep, or look at next week.")


@click.command()
@click.argument("suggestion_id")
@click.option("--couple", help="Where there are several.")
@week_option
@as_json
def choose(suggestion_id: str, couple: str | None, week: Week | None, as_json: bool) -> None:
    """Choose a suggestion of a week: it becomes a date."""
    from recommender import service

    deployment = open_here()
    caller = the_couple(deployment, couple)
    week = week or service.coming_week(deployment, caller)
    view = service.choose(deployment, caller, week, suggestion_id)
    if as_json:
        print_json(view)
        return
    print_table(
        "Chosen",
        ("date", "title", "when"),
        [(view.date.date_id, view.date.title, f"{view.date.starts_at:%a %d %b %H:%M}")],
    )


@click.command()
@click.argument("date_id")
@click.option("--couple", help="Where there are several.")
@click.option("--partner", required=True, help="Name of the one who rates.")
@click.option("--enjoyment", type=click.IntRange(1, 5), required=True)
@click.option("--closeness", type=click.IntRange(1, 5))
@click.option("--again/--not-again", default=None, help="Whether they would do it again.")
@as_json
def rate(
    date_id: str,
    couple: str | None,
    partner: str,
    enjoyment: int,
    closeness: int | None,
    again: bool | None,
    as_json: bool,
) -> None:
    """Rate a date, as one partner. It counts for the next plan at once."""
    from recommender import service

    deployment = open_here()
    caller = the_partner(deployment, couple, partner)
    view = service.put_rating(
        deployment, caller, date_id, enjoyment=enjoyment, closeness=closeness, again=again
    )
    if as_json:
        print_json(view)
        return
    out().print(f"Noted for {partner}: {view.date.title}, {enjoyment} of 5.")


@click.command()
@week_option
@click.option("--all", "everyone", is_flag=True, required=True, help="Plan for every couple.")
def plan(week: Week | None, everyone: bool) -> None:  # noqa: ARG001  # required, so that nobody plans all by accident
    """Make the week's plan for every couple that has none yet."""
    from rich.progress import track

    from recommender import service

    deployment = open_here()
    ids = tuple(service.every_couple(deployment))
    for couple_id in track(ids, "Planning", console=talk(), disable=not sys.stderr.isatty()):
        caller = service.host_caller(deployment, couple_id)
        service.get_plan(deployment, caller, week or service.coming_week(deployment, caller))
    out().print(f"{len(ids)} couples have their plan.")

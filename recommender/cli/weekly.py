"""A week: suggest, choose, rate, plan for everyone."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from time import perf_counter
from typing import TYPE_CHECKING, get_args

import click

from recommender.cli.opening import open_here, the_couple, the_partner
from recommender.cli.output import as_json, counted, print_facts, print_json, print_text, remark, talk
from recommender.domain import MarkWord, Plan, Week
from recommender.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from recommender.service import Caller, Deployment, WeekView

SLATE = 3
INDENT = "   "


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
couple_option = click.option("--couple", help="Where there are several.")
stars = click.IntRange(1, 5)


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
        remark("There is no couple here yet, so this is the demo couple, Robin and Sam.")
        remark("Begin yours with `rekindle couples create NAME`.\n")
        deployment, caller = service.open_demo(deployment.settings)
    else:
        caller = the_couple(deployment, couple)
    view = service.get_week(deployment, caller, week or service.coming_week(deployment, caller))
    print_json(service.plan_body(deployment, view)) if as_json else show_week(deployment, view)


def show_week(deployment: Deployment, view: WeekView) -> None:
    """Print a week for people to read."""
    from recommender import service

    plan = view.plan
    monday = plan.week.monday
    print_text(f"Week {plan.week}, {monday:%d %B} to {monday + timedelta(days=6):%d %B %Y}", style="bold")
    for card in service.plan_cards(deployment, view):
        print_text("")
        print_text(card.title, first=f"{card.position}. ", rest=INDENT, style="bold")
        print_text(card.facts, first=INDENT, rest=INDENT, style="dim")
        print_text(card.pitch, first=INDENT, rest=INDENT)
        for sentence in card.sentences:
            print_text(sentence, first=f"{INDENT}· ", rest=f"{INDENT}  ")
    if view.paused:
        print_text("You are taking a break. Nothing is planned.", first="\n")
        return
    _show_beside(deployment, view)
    if len(plan.suggestions) < SLATE:
        _show_advice(plan)


def _show_beside(deployment: Deployment, view: WeekView) -> None:
    from recommender import service

    lines = service.ritual_lines(deployment, view)
    if lines:
        print_text("Or in a few minutes, whenever you have them:", first="\n")
    for number, line in enumerate(lines, start=1):
        print_text(line, first=f"{INDENT}{number}. ", rest=2 * INDENT)
    for line in service.goal_lines(deployment, view):
        print_text(line, first="\nGoal: ")


def _show_advice(plan: Plan) -> None:
    print_text("")
    if not plan.advice:
        print_text("Nothing more fits this week. Keep the evening for sleep, or look at next week.")
        return
    for relaxation in plan.advice:
        there = "there is" if relaxation.opens == 1 else "there are"
        print_text(f"{relaxation.change} {there} up to {relaxation.opens} more.")


@click.command()
@click.argument("suggestion")
@couple_option
@week_option
@as_json
def choose(suggestion: str, couple: str | None, week: Week | None, as_json: bool) -> None:
    """Choose a suggestion of a week: it becomes a date.

    SUGGESTION is its number in the plan, 1 to 3, or its suggestion_id.
    """
    from recommender import service

    deployment = open_here()
    caller = the_couple(deployment, couple)
    week = week or service.coming_week(deployment, caller)
    view = service.choose(deployment, caller, week, _suggestion_id(deployment, caller, week, suggestion))
    if as_json:
        print_json(view)
        return
    starts_at = service.local_start(deployment, view.date)
    facts = [("what", view.date.title), ("when", f"{starts_at:%A %d %B %H:%M}"), ("date", view.date.date_id)]
    print_facts("Chosen", facts)
    remark(f"Afterwards: `rekindle rate {view.date.date_id} --partner NAME --enjoyment 1-5`, each of you.")


@click.command()
@click.argument("suggestion")
@click.argument("word", type=click.Choice(get_args(MarkWord)))
@couple_option
@click.option("--partner", required=True, help="Name of the one who marks.")
@week_option
@as_json
def mark(
    suggestion: str, word: MarkWord, couple: str | None, partner: str, week: Week | None, as_json: bool
) -> None:
    """Mark a suggestion of a week, as one partner; both see what both like once both have marked all.

    SUGGESTION is its number in the plan, 1 to 3, or its suggestion_id.
    """
    from recommender import service

    deployment = open_here()
    caller = the_partner(deployment, couple, partner)
    week = week or service.coming_week(deployment, caller)
    service.put_mark(deployment, caller, week, _suggestion_id(deployment, caller, week, suggestion), word)
    view = service.get_week(deployment, caller, week)
    print_json(service.plan_body(deployment, view)) if as_json else show_week(deployment, view)


@click.command()
@click.argument("ritual")
@couple_option
@click.option("--partner", required=True, help="Name of the one who confirms.")
@week_option
@as_json
def keep(ritual: str, couple: str | None, partner: str, week: Week | None, as_json: bool) -> None:
    """Confirm, as one partner, that you two did a small ritual. It counts when both have.

    RITUAL is its number in the week, 1 or 2, or its ritual_id.
    """
    from recommender import service

    deployment = open_here()
    caller = the_partner(deployment, couple, partner)
    week = week or service.coming_week(deployment, caller)
    shown = (seen.ritual for seen in service.get_week(deployment, caller, week).rituals)
    found = next((one for one in shown if ritual in (str(one.position), one.ritual_id)), None)
    if found is None:
        raise NotFound(f"Week {week} has no ritual {ritual!r}; see `rekindle suggest --week {week}`.")
    seen = service.keep_ritual(deployment, caller, found.ritual_id)
    title = deployment.catalogue.idea(found.idea_id).title
    if as_json:
        print_json({"ritual_id": found.ritual_id, "title": title, "mine": seen.mine, "kept": seen.kept})
        return
    print_text(f"Confirmed by {partner}: {title}{', and so kept' if seen.kept else ''}.")


def _suggestion_id(deployment: Deployment, caller: Caller, week: Week, said: str) -> str:
    """Return the id of the suggestion that a person names by its number or its id."""
    from recommender import service

    plan = service.get_plan(deployment, caller, week)
    for suggestion in plan.suggestions:
        if said in (str(suggestion.position), suggestion.suggestion_id):
            return suggestion.suggestion_id
    raise NotFound(f"Week {week} has no suggestion {said!r}; see `rekindle suggest --week {week}`.")


@click.command()
@click.argument("date_id")
@couple_option
@click.option("--partner", required=True, help="Name of the one who rates.")
@click.option("--enjoyment", type=stars, required=True, help="How much they enjoyed it.")
@click.option("--closeness", type=stars, help="How close they felt.")
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
    """Rate a date, as one partner. It counts for the next plan at once.

    `rekindle choose` printed the DATE_ID; `rekindle couples export` has all of them.
    """
    from recommender import service

    deployment = open_here()
    caller = the_partner(deployment, couple, partner)
    try:
        view = service.put_rating(
            deployment, caller, date_id, enjoyment=enjoyment, closeness=closeness, again=again
        )
    except NotFound as error:
        raise NotFound(
            f"{partner} has no date {date_id!r}; `rekindle couples export --partner {partner}` lists theirs."
        ) from error
    if as_json:
        print_json(view)
        return
    print_text(f"Noted for {partner}: {view.date.title}, {enjoyment} of 5.")


@click.command()
@week_option
@click.option("--all", "everyone", is_flag=True, required=True, help="Plan for every couple.")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes here.")
@click.option(
    "--dask", metavar="ADDRESS", help="Plan on a Dask cluster instead, such as tcp://10.0.0.5:8786."
)
def plan(week: Week | None, everyone: bool, jobs: int, dask: str | None) -> None:  # noqa: ARG001  # required, so that nobody plans all by accident
    """Make the week's plan for every couple that has none yet.

    Run it again whenever it was stopped: it goes on where it was. On a cluster each worker opens the
    deployment of its own environment, which must name the same database and models.
    """
    from recommender import service

    deployment = open_here()
    done = service.Planned(0, 0, 0)
    begun = perf_counter()
    with _planning_bar(service.pace(deployment).couples) as show:
        for shard in service.plan_everyone(deployment, week, jobs=jobs, cluster=dask):
            done = done + shard
            show(done.couples)
    seconds = perf_counter() - begun
    print_text(
        f"Planned for {counted(done.made, 'couple')} in {seconds:,.0f} s; "
        f"{done.before} had a plan, {done.paused} pause."
    )


@contextmanager
def _planning_bar(n_couples: int) -> Iterator[Callable[[int], None]]:
    """Give what shows how many couples are done, how fast, and how long the rest will take."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    rate = TextColumn("{task.fields[rate]:,.0f} a second, left:")
    columns = ("Planning", BarColumn(), MofNCompleteColumn(), rate, TimeRemainingColumn())
    with Progress(*columns, console=talk(), disable=not sys.stderr.isatty(), transient=True) as bar:
        task = bar.add_task("", total=n_couples, rate=0)
        yield lambda done: bar.update(task, completed=done, rate=bar.tasks[task].speed or 0)

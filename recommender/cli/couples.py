"""Couples: create, join, list, export, delete."""

from __future__ import annotations

import click

from recommender.cli.opening import open_here, the_couple, the_partner
from recommender.cli.output import as_json, out, print_json, print_table


@click.group()
def couples() -> None:
    """Couples: create, join, list, export, delete."""


@couples.command()
@click.argument("name")
@as_json
def create(name: str, as_json: bool) -> None:
    """Make a couple with its first partner, called NAME."""
    from recommender import service

    joined = service.create_couple(open_here(), name)
    if as_json:
        print_json(joined)
        return
    print_table(
        "A new couple",
        ("couple", "token (shown once)", "invite code"),
        [(joined.couple_id, joined.token, joined.invite_code)],
    )


@couples.command()
@click.argument("invite_code")
@click.argument("name")
@as_json
def join(invite_code: str, name: str, as_json: bool) -> None:
    """Join a couple by its invite code, as NAME."""
    from recommender import service

    joined = service.accept_invite(open_here(), invite_code, name)
    if as_json:
        print_json(joined)
        return
    print_table("Joined", ("couple", "token (shown once)"), [(joined.couple_id, joined.token)])


@couples.command("list")
@as_json
def list_(as_json: bool) -> None:
    """List every couple."""
    from recommender import service

    deployment = open_here()
    rows = [(couple_id,) for couple_id in service.every_couple(deployment)]
    print_json([couple_id for (couple_id,) in rows]) if as_json else print_table("Couples", ("couple",), rows)


@couples.command()
@click.option("--couple", help="Where there are several.")
@click.option("--partner", required=True, help="Whose data.")
def export(couple: str | None, partner: str) -> None:
    """Print everything that is one partner's own, as JSON."""
    from recommender import service

    deployment = open_here()
    print_json(service.export_me(deployment, the_partner(deployment, couple, partner)))


@couples.command()
@click.argument("couple")
@click.confirmation_option(prompt="Erase this couple, for both partners and for good?")
def delete(couple: str) -> None:
    """Erase a couple: everything, at once."""
    from recommender import service

    deployment = open_here()
    service.delete_couple(deployment, the_couple(deployment, couple))
    out().print("Erased.")

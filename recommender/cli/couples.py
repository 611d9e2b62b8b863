"""Couples: create, join, list, key, export, delete."""

from __future__ import annotations

import click

from recommender.cli.opening import open_here, the_couple, the_partner
from recommender.cli.output import as_json, print_facts, print_json, print_table, print_text, remark


@click.group()
def couples() -> None:
    """Couples: create, join, list, key, export, delete."""


@couples.command()
@click.argument("name")
@as_json
def create(name: str, as_json: bool) -> None:
    """Make a couple with its first partner, called NAME.

    The token is that partner's key to the web service. It and the invite code are shown only now.
    """
    from recommender import service

    # Whoever sits at this machine is the operator: closed sign-up does not keep them out.
    joined = service.create_couple(open_here(), name, caller=service.Caller("operator"))
    if as_json:
        print_json(joined)
        return
    facts = [("couple", joined.couple_id), ("token", joined.token), ("invite code", joined.invite_code)]
    print_facts(f"A new couple, with {name}", facts)
    remark(
        "Token and code are shown only now. The other partner comes in with "
        f"`rekindle couples join {joined.invite_code} NAME` within a week."
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
    print_facts(f"{name} has joined", [("couple", joined.couple_id), ("token", joined.token)])
    remark("The token is shown only now. See your week with `rekindle suggest`.")


@couples.command("list")
@as_json
def list_(as_json: bool) -> None:
    """List every couple."""
    from recommender import service

    ids = [couple_id for page in service.every_couple(open_here()) for couple_id in page]
    if as_json:
        print_json(ids)
        return
    print_table("Couples", ("couple",), [(couple_id,) for couple_id in ids])
    if not ids:
        remark("There is none yet; make one with `rekindle couples create NAME`.")


@couples.command()
@click.option("--couple", help="Where there are several.")
@click.option("--partner", required=True, help="Who lost theirs.")
@as_json
def key(couple: str | None, partner: str, as_json: bool) -> None:
    """Make a partner a new key to the web service.

    Whoever has it is that partner: give it only into the hands of somebody you know. They see in their
    settings that it was made, and can end it.
    """
    from recommender import service

    deployment = open_here()
    caller = the_partner(deployment, couple, partner)
    made, token = service.new_session(deployment, caller, label="made by the host")
    if as_json:
        print_json({"session_id": made, "token": token})
        return
    print_facts(f"A new key for {partner}", [("token", token)])
    remark("It is shown only now. They enter it at /sign-in.")


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
    print_text("Erased.")

"""Opening the deployment that the environment names, and finding whom a command speaks for."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from recommender.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from recommender.service import Caller, Deployment, Settings

# The service takes a second to load, and `--help` must not: each command asks for it when it runs.


def settings_here() -> Settings:
    """Return this environment's ``REKINDLE_*`` settings."""
    from recommender import service

    return service.Settings.from_environment(os.environ)


def open_here() -> Deployment:
    """Return the deployment of this environment; its connections are closed when the command ends."""
    from recommender import service

    deployment = service.open_deployment(settings_here())
    click.get_current_context().call_on_close(lambda: service.close_connections(deployment))
    return deployment


def the_catalogue(folder: Path | None) -> Path | None:
    """Return the catalogue's folder: the one named, or the environment's; None for the one that ships."""
    return folder or settings_here().catalogue


def the_couple(deployment: Deployment, couple_id: str | None) -> Caller:
    """Return a caller for a couple: the one named, or the only one there is.

    Raises
    ------
    NotFound
        If there is none, or no such one.
    InvalidInput
        If there are several and none is named.
    """
    from recommender import service

    if couple_id is not None:
        return service.host_caller(deployment, couple_id)
    known = service.list_couples(deployment, limit=2)
    if not known:
        raise NotFound("There is no couple here yet; make one with `rekindle couples create NAME`.")
    if len(known) > 1:
        raise InvalidInput("COUPLE", "there are several couples; name one, see `rekindle couples list`")
    return service.host_caller(deployment, known[0])


def the_partner(deployment: Deployment, couple_id: str | None, name: str) -> Caller:
    """Return a caller for the partner called ``name`` of a couple."""
    from recommender import service

    return service.partner_caller(deployment, the_couple(deployment, couple_id), name)

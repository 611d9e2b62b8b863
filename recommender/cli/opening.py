"""Opening the deployment that the environment names, and finding whom a command speaks for."""

from __future__ import annotations

import os

from recommender import service
from recommender.errors import InvalidInput, NotFound
from recommender.service import Caller, Deployment


def open_here() -> Deployment:
    """Return the deployment of this environment's ``REKINDLE_*`` settings."""
    return service.open_deployment(service.Settings.from_environment(os.environ))


def the_couple(deployment: Deployment, couple_id: str | None) -> Caller:
    """Return a caller for a couple: the one named, or the only one there is.

    Raises
    ------
    NotFound
        If there is none, or no such one.
    InvalidInput
        If there are several and none is named.
    """
    if couple_id is not None:
        return service.host_caller(deployment, couple_id)
    known = service.list_couples(deployment, limit=2)
    if not known:
        raise NotFound("there is no couple here yet; make one with `rekindle couples create NAME`")
    if len(known) > 1:
        raise InvalidInput("COUPLE", "there are several couples; name one, see `rekindle couples list`")
    return service.host_caller(deployment, known[0])


def the_partner(deployment: Deployment, couple_id: str | None, name: str) -> Caller:
    """Return a caller for the partner called ``name`` of a couple."""
    return service.partner_caller(deployment, the_couple(deployment, couple_id), name)

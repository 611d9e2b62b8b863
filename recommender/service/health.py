"""Whether a deployment can serve, part by part."""

from __future__ import annotations

from recommender.errors import ModelError, StoreError
from recommender.service.deployment import Deployment
from recommender.store import is_current

NOT_UPGRADED = "is older than this version; run `rekindle db upgrade`"
NO_IDEAS = "has no ideas; name another folder in REKINDLE_CATALOGUE"


def failing_parts(d: Deployment) -> dict[str, str]:
    """Return each part that cannot be used now and what to do; empty when all is well."""
    found = {
        "database": _database(d),
        "catalogue": None if d.catalogue.ideas else NO_IDEAS,
        "model": _model(d),
    }
    return {part: problem for part, problem in found.items() if problem is not None}


def _database(d: Deployment) -> str | None:
    try:
        return None if is_current(d.engine) else NOT_UPGRADED
    except StoreError as error:
        return str(error)


def _model(d: Deployment) -> str | None:
    try:
        d.models.ready()
    except ModelError as error:
        return str(error)
    return None

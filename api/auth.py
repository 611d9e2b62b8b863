"""Who calls: ``Authorization: Bearer`` with a partner's token or the operator's."""

from __future__ import annotations

import re

from flask import request

from api.registry import Route
from recommender import service
from recommender.errors import NotAllowed, Unauthenticated
from recommender.service import Caller, Deployment

WRONG_KIND = {
    "partner": "This takes a partner's token, not the operator's.",
    "operator": "This takes the operator's token, not a partner's.",
}
PLAN_ONLY = "This token may only read the plan; make one that may do all."
BEARER = re.compile(r"bearer +([!-~]{1,500})", re.IGNORECASE)


def admit(deployment: Deployment, route: Route) -> Caller | None:
    """Return who calls, or None where a route does not ask.

    Raises
    ------
    Unauthenticated
        If no valid token was sent where one is needed.
    NotAllowed
        If the token is of the other kind, or may only read the plan.
    """
    needed = route.auth
    if needed == "none" or (needed == "optional" and "Authorization" not in request.headers):
        return None
    caller = service.authenticate(deployment, _token())
    if needed not in ("optional", caller.kind):
        raise NotAllowed(WRONG_KIND[needed])
    if caller.scope not in ("all", route.scope):
        raise NotAllowed(PLAN_ONLY)
    return caller


def _token() -> str:
    match = BEARER.fullmatch(request.headers.get("Authorization", "").strip())
    if match is None:
        raise Unauthenticated("Send the header Authorization: Bearer and your token.")
    return match[1]

"""Who calls: ``Authorization: Bearer`` with a partner's token or the operator's."""

from __future__ import annotations

import re

from flask import request

from api.registry import Auth
from recommender import service
from recommender.errors import NotAllowed, Unauthenticated
from recommender.service import Caller, Deployment

WRONG_KIND = {
    "partner": "This takes a partner's token, not the operator's.",
    "operator": "This takes the operator's token, not a partner's.",
}
BEARER = re.compile(r"bearer +([!-~]{1,500})", re.IGNORECASE)


def admit(deployment: Deployment, needed: Auth) -> Caller | None:
    """Return who calls, or None where a route does not ask.

    Raises
    ------
    Unauthenticated
        If no valid token was sent where one is needed.
    NotAllowed
        If the token is of the other kind.
    """
    if needed == "none" or (needed == "optional" and "Authorization" not in request.headers):
        return None
    caller = service.authenticate(deployment, _token())
    if needed not in ("optional", caller.kind):
        raise NotAllowed(WRONG_KIND[needed])
    return caller


def _token() -> str:
    match = BEARER.fullmatch(request.headers.get("Authorization", "").strip())
    if match is None:
        raise Unauthenticated("Send the header Authorization: Bearer and your token.")
    return match[1]

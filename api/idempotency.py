"""``Idempotency-Key``: a POST that is sent again is answered again, and done once.

Only an answer that went well is stored; whatever failed may be tried again under the same key. An
answer that holds a token or a code is never stored: of such a request only that it was done, so that
sending it again is a conflict and not a second couple.

Before anything is done the key is claimed in the database, so that of two processes that get the same
request at the same moment one does it and the other says to ask again.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from hashlib import sha256

from flask import Response, request

from api.registry import Route
from recommender.errors import Conflict, InvalidInput, StoreError
from recommender.service import Caller, Deployment
from recommender.service.responses import Claim, StoredResponse, claim, finish, release

LOG = logging.getLogger("rekindle.idempotency")
HEADER = "Idempotency-Key"
KEY_PATTERN = "^[!-~]{1,255}$"
ANOTHER = "was used for another request; use a new key for each"
DONE = "This was done before. Its answer held a secret and was not kept; start again with a new key."


class Once:
    """Answers POSTs of one deployment, each once a key, whichever process it reaches."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment

    def answer(self, route: Route, caller: Caller | None, act: Callable[[], Response]) -> Response:
        """Return the stored answer to this request, or what ``act`` answers.

        Raises
        ------
        InvalidInput
            If the key is not 1 to 255 visible ASCII characters, or was used for another request.
        Conflict
            If the stored answer held a secret, or (`Busy`) the request is still being worked on.
        """
        key = request.headers.get(HEADER)
        if route.method != "POST" or key is None:
            return act()
        if re.fullmatch(KEY_PATTERN, key) is None:
            raise InvalidInput(HEADER, "is not 1 to 255 visible ASCII characters")
        asked = _asked()
        found = claim(self.deployment, _whose(caller), key)
        if isinstance(found, StoredResponse):
            return _again(found, asked, route)
        try:
            response = act()
        except BaseException:
            self._end(found, None)
            raise
        kept = "" if route.secret else response.get_data(as_text=True)
        done = response.status_code < 300
        self._end(found, StoredResponse(asked, response.status_code, kept) if done else None)
        return response

    def _end(self, mine: Claim, stored: StoredResponse | None) -> None:
        try:
            if stored is None:
                release(self.deployment, mine)
            else:
                finish(self.deployment, mine, stored)
        except StoreError:  # the answer matters more now than the record of it
            LOG.warning("an answer could not be kept for its Idempotency-Key")


def _again(before: StoredResponse, asked: str, route: Route) -> Response:
    if before.request_hash != asked:
        raise InvalidInput(HEADER, ANOTHER)
    if route.secret:
        raise Conflict(DONE)
    response = Response(before.body, before.status, mimetype=route.media_type)
    response.headers["Idempotency-Replayed"] = "true"
    return response


def _whose(caller: Caller | None) -> str:
    """Return whose key it is, in at most 26 characters: partner, operator, or whoever is at this address."""
    if caller is not None:
        return caller.partner_id or "operator"
    return "at:" + sha256((request.remote_addr or "").encode()).hexdigest()[:23]


def _asked() -> str:
    asked = b"\0".join((request.method.encode(), request.full_path.encode(), request.get_data()))
    return sha256(asked).hexdigest()

"""``Idempotency-Key``: a POST that is sent again is answered again, and done once.

Only an answer that went well is stored; whatever failed may be tried again under the same key. An
answer that holds a token or a code is never stored: of such a request only that it was done, so that
sending it again is a conflict and not a second couple.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from threading import Lock

from flask import Response, request

from api.registry import Route
from recommender.errors import Conflict, InvalidInput, StoreError
from recommender.service import Caller, Deployment
from recommender.service.responses import StoredResponse, find_response, keep_response

LOG = logging.getLogger("rekindle.idempotency")
HEADER = "Idempotency-Key"
KEY_PATTERN = "^[!-~]{1,255}$"
ANOTHER = "was used for another request; use a new key for each"
DONE = "This was done before. Its answer held a secret and was not kept; start again with a new key."
RUNNING = "A request with this key is being worked on; wait for its answer."


class Once:
    """Answers POSTs of one deployment, each once a key.

    Two with the same key at the same time are told apart within this process: the later one is refused.
    """

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self._running: set[tuple[str, str]] = set()
        self._lock = Lock()

    def answer(self, route: Route, caller: Caller | None, act: Callable[[], Response]) -> Response:
        """Return the stored answer to this request, or what ``act`` answers.

        Raises
        ------
        InvalidInput
            If the key is not 1 to 255 visible ASCII characters, or was used for another request.
        Conflict
            If the stored answer held a secret, or the request is still being worked on.
        """
        key = request.headers.get(HEADER)
        if route.method != "POST" or key is None:
            return act()
        if re.fullmatch(KEY_PATTERN, key) is None:
            raise InvalidInput(HEADER, "is not 1 to 255 visible ASCII characters")
        whose, asked = _whose(caller), _asked()
        with self._alone(whose, key):
            before = find_response(self.deployment, whose, key)
            if before is not None:
                return _again(before, asked, route)
            response = act()
            if response.status_code < 300:
                kept = "" if route.secret else response.get_data(as_text=True)
                stored = StoredResponse(asked, response.status_code, kept)
                self._keep(whose, key, stored)
            return response

    def _keep(self, whose: str, key: str, stored: StoredResponse) -> None:
        try:
            keep_response(self.deployment, whose, key, stored)
        except StoreError:  # it is done: the answer matters more now than the record of it
            LOG.warning("an answer could not be kept for its Idempotency-Key")

    @contextmanager
    def _alone(self, whose: str, key: str) -> Iterator[None]:
        with self._lock:
            if (whose, key) in self._running:
                raise Conflict(RUNNING)
            self._running.add((whose, key))
        try:
            yield
        finally:
            self._running.discard((whose, key))


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

"""How often one may ask: so many requests a minute for each token, and fewer for whoever guesses."""

from __future__ import annotations

import time
from collections.abc import Callable
from hashlib import sha256
from http import HTTPStatus
from math import ceil

from flask import Flask, Response, request, session
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

GUESSES_PER_MINUTE = 10
"""Tries at an invitation, a key, a link or a new couple, from one network address."""

GUESSABLE = {
    ("POST", "/v1/couples"),
    ("POST", "/v1/invites/accept"),
    ("POST", "/start"),
    ("POST", "/join"),
    ("POST", "/sign-in"),
}
CALENDAR = "/v1/calendar/<secret>.ics"
CLOSED = ("POST", "/v1/couples")
"""Takes the operator's token where couples cannot start themselves; a token that fails counts below."""

UNLIMITED = ("/health/live", "/health/ready", "/static/<path:filename>")


def limit_rates(app: Flask, per_minute: int) -> None:
    """Make an app answer 429 with ``Retry-After`` to whoever asks too often; 0 sets no limit.

    Each token has so many requests a minute, and so has each network address without one. From one
    address come at most so many tokens a minute that are not valid, and `GUESSES_PER_MINUTE` tries at
    what can be guessed, whatever token is sent with them. Each worker counts for itself, so that
    several let through as many times more at most.
    """
    if per_minute == 0:
        return
    limiter = MovingWindowRateLimiter(MemoryStorage())
    usual, guesses = RateLimitItemPerMinute(per_minute), RateLimitItemPerMinute(GUESSES_PER_MINUTE)

    def unless(allowed: Callable[..., bool], item: RateLimitItemPerMinute, *key: str) -> None:
        if allowed(item, *key):
            return
        wait = limiter.get_window_stats(item, *key).reset_time - time.time()
        raise TooManyRequests(retry_after=max(1, ceil(wait)))

    @app.before_request
    def limit() -> None:
        rule, address = _rule(), _address()
        if rule in UNLIMITED:
            return
        unless(limiter.test, usual, "unknown", address)
        if rule == CALENDAR:
            unless(limiter.test, guesses, "link", address)
        if _guessable(rule):
            unless(limiter.hit, guesses, "guess", address)
        token = request.headers.get("Authorization") or session.get("token")
        unless(limiter.hit, usual, "ask", sha256(token.encode()).hexdigest() if token else address)

    @app.after_request
    def count(answer: Response) -> Response:
        """Count what turned out to be a guess: calendars that many read are none."""
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            limiter.hit(usual, "unknown", _address())
        if answer.status_code == HTTPStatus.NOT_FOUND and _rule() == CALENDAR:
            limiter.hit(guesses, "link", _address())
        return answer


def _rule() -> str:
    return request.url_rule.rule if request.url_rule else ""


def _address() -> str:
    return request.remote_addr or ""


def _guessable(rule: str) -> bool:
    """Return whether a request tries something that could be guessed."""
    asked = (request.method, rule)
    return asked in GUESSABLE and not (asked == CLOSED and "Authorization" in request.headers)

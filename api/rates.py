"""How often one may ask: so many requests a minute for each token, and fewer for whoever guesses."""

from __future__ import annotations

import time
from hashlib import sha256
from math import ceil

from flask import Flask, request, session
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

GUESSES_PER_MINUTE = 10
"""Tries at an invitation, a key, a link or a new couple, from one network address without a token."""

GUESSABLE = {
    ("POST", "/v1/couples"),
    ("POST", "/v1/invites/accept"),
    ("POST", "/start"),
    ("POST", "/join"),
    ("POST", "/sign-in"),
    ("GET", "/v1/calendar/<secret>.ics"),
}
UNLIMITED = ("/health/live", "/health/ready", "/static/<path:filename>")


def limit_rates(app: Flask, per_minute: int) -> None:
    """Make an app answer 429 with ``Retry-After`` to whoever asks too often; 0 sets no limit.

    Each worker counts for itself, so that several let through as many times more at most.
    """
    if per_minute == 0:
        return
    limiter = MovingWindowRateLimiter(MemoryStorage())
    usual, guesses = RateLimitItemPerMinute(per_minute), RateLimitItemPerMinute(GUESSES_PER_MINUTE)

    def check(item: RateLimitItemPerMinute, *key: str) -> None:
        if limiter.hit(item, *key):
            return
        wait = limiter.get_window_stats(item, *key).reset_time - time.time()
        raise TooManyRequests(retry_after=max(1, ceil(wait)))

    @app.before_request
    def limit() -> None:
        rule = request.url_rule.rule if request.url_rule else ""
        if rule in UNLIMITED:
            return
        token = request.headers.get("Authorization") or session.get("token")
        address = request.remote_addr or ""
        if token is None and (request.method, rule) in GUESSABLE:
            check(guesses, "guess", address)
        check(usual, "ask", sha256(token.encode()).hexdigest() if token else address)

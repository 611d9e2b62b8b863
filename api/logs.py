"""One JSON line a request: method, route, status, milliseconds, request id. No bodies, tokens or people."""

from __future__ import annotations

import json
import logging
import time
import uuid
from datetime import UTC, datetime

from flask import Flask, Response, g, request

LOG = logging.getLogger("rekindle.requests")


class JsonLines(logging.Formatter):
    """Writes a record as one line of JSON: time, level, message, and what ``extra={"told": …}`` adds."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; it never holds a traceback, whose last line may quote what was sent."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **getattr(record, "told", {}),
        }
        return json.dumps(line)


def log_to_stderr() -> None:
    """Send everything from ``info`` up to stderr as JSON lines; for the process that serves."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def request_id() -> str:
    """Return the id of the request being served, ours and never one that a client sent."""
    if "request_id" not in g:
        g.request_id = str(uuid.uuid4())
    return str(g.request_id)


def log_requests(app: Flask) -> None:
    """Make an app log every request and name it in the ``X-Request-Id`` header."""

    @app.before_request
    def start() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def finish(response: Response) -> Response:
        response.headers["X-Request-Id"] = answered = request_id()
        # The rule, not the path: a path can hold ids and the calendar's secret.
        told = {
            "method": request.method,
            "route": request.url_rule.rule if request.url_rule else "(none)",
            "status": response.status_code,
            "ms": round((time.perf_counter() - g.started) * 1000, 1),
            "request_id": answered,
        }
        LOG.info("request", extra={"told": told})
        return response

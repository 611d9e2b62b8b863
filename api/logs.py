"""One JSON line a request: method, route, status, milliseconds, request id. No bodies, tokens or people."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from flask import request
from orjson import dumps

LOG = logging.getLogger("rekindle.requests")
REQUEST_ID = "rekindle.request_id"
"""Where a request's environment holds its id."""


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
        return dumps(line).decode()


def log_to_stderr() -> None:
    """Send everything from ``info`` up to stderr as JSON lines; for the process that serves."""
    # What no line tells is not looked up: https://docs.python.org/3/howto/logging.html#optimization
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def request_id() -> str:
    """Return the id of the request being served, ours and never one that a client sent."""
    return str(request.environ[REQUEST_ID])


def log_answer(method: str, route: str, status: int, seconds: float, name: str) -> None:
    """Log how a request, by its id, was answered."""
    told = {
        "method": method,
        "route": route,
        "status": status,
        "ms": round(seconds * 1000, 1),
        "request_id": name,
    }
    LOG.info("request", extra={"told": told})

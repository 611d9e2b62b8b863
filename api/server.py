"""Serving an app with waitress until told to stop."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType

from flask import Flask
from waitress.server import create_server

from api.logs import log_to_stderr

THREADS = 8
BODY_MOST = 1_048_576
"""Bytes of a request's body that are read at all; the app itself refuses a little less, and says so."""


def serve(app: Flask, host: str, port: int, *, on_ready: Callable[[], None] | None = None) -> None:
    """Serve until SIGTERM or SIGINT; requests being answered then are answered first.

    Parameters
    ----------
    on_ready : callable
        Called once connections are taken.

    Raises
    ------
    OSError
        If the address cannot be taken.
    """
    log_to_stderr()
    server = create_server(
        app, host=host, port=port, threads=THREADS, max_request_body_size=BODY_MOST, ident="rekindle"
    )
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    if on_ready is not None:
        on_ready()
    server.run()


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)

"""Serving an app with gunicorn, in one process or several, until told to stop."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger
from gunicorn.workers.base import Worker

from api.logs import log_to_stderr
from api.metrics import forget_worker
from api.sharing import AWAY, SharingWorker, seated
from recommender.service import set_aside

THREADS = 8
"""Requests that one worker answers at once."""

STOP_SECONDS = 30
"""How long those being answered may take to end when the service is told to stop."""


class _Log(Logger):  # type: ignore[misc]  # gunicorn has no types
    """Sends what the server itself says, from warnings up, to the same JSON lines as everything else."""

    def setup(self, cfg: Any) -> None:
        """Add no handler of its own."""
        super().setup(cfg)
        self.error_log.handlers = []
        self.error_log.propagate = True
        self.error_log.setLevel(logging.WARNING)


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """The app, loaded before the workers come about, so that they share its memory."""

    def __init__(self, app: Flask, settings: dict[str, Any]) -> None:
        self.app, self.settings = app, settings
        super().__init__()

    def load_config(self) -> None:
        """Take the settings from nowhere but here: no file, no command line, no environment."""
        for name, value in self.settings.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Return the app."""
        return self.app


def serve(
    app: Flask,
    host: str,
    port: int,
    *,
    workers: int = 1,
    on_ready: Callable[[], None] = lambda: None,
    on_end: Callable[[], None] = lambda: None,
) -> None:
    """Serve until SIGTERM or SIGINT; requests being answered then are answered first.

    A worker that dies is replaced. All share the app as it is now, so it must hold no open connection.

    Parameters
    ----------
    on_ready, on_end : callable
        Called once connections are taken, and when all is stopped; never by a worker.

    Raises
    ------
    SystemExit
        When all is stopped, and with status 1 if the address cannot be taken.
    """
    log_to_stderr()
    set_aside()

    def ready(arbiter: Arbiter) -> None:
        signal.signal(signal.SIGINT, lambda *_: arbiter.signal(signal.SIGTERM, None))
        on_ready()

    def begun(_worker: Worker) -> None:
        # From a terminal it reaches every process; the workers wait for the parent's word.
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def ended(_arbiter: Arbiter, worker: SharingWorker) -> None:
        worker.counts[worker.seat] = AWAY
        forget_worker(worker.pid)

    settings = {
        "bind": f"{host}:{port}",
        "workers": workers,
        "worker_class": SharingWorker,
        "threads": THREADS,
        "preload_app": True,
        "graceful_timeout": STOP_SECONDS,
        "control_socket_disable": True,
        "logger_class": _Log,
        "proc_name": "rekindle",
        "when_ready": ready,
        "pre_fork": seated(workers),
        "post_worker_init": begun,
        "child_exit": ended,
        "on_exit": lambda _arbiter: on_end(),
    }
    _Server(app, settings).run()

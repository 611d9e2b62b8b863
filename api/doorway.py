"""What every request meets on its way in, and every answer on its way out: a name, a clock, a count, headers.

It stands around Flask: hooks inside for the same took as long as Flask itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from time import perf_counter
from typing import Any
from uuid import uuid4
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from api.headers import headers_for
from api.logs import REQUEST_ID, log_answer
from api.metrics import Metrics


class Doorway:
    """An app that logs, counts and times whatever it answers, and adds the headers that all answers carry."""

    def __init__(self, app: WSGIApplication, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        came = perf_counter()
        environ[REQUEST_ID] = name = str(uuid4())

        def answer(status: str, headers: list[tuple[str, str]], *failure: Any) -> Any:
            asked = (environ["REQUEST_METHOD"], _rule(environ), int(status[:3]))
            seconds = perf_counter() - came
            self.metrics.seconds.labels(*asked).observe(seconds)
            log_answer(*asked, seconds, name)
            return start_response(status, [*headers, ("X-Request-Id", name), *headers_for(environ)], *failure)

        self.metrics.under_way.inc()
        try:
            return self.app(environ, answer)
        finally:
            self.metrics.under_way.dec()


def _rule(environ: WSGIEnvironment) -> str:
    """Return the rule that a request met, not its path: that can hold ids and the calendar's secret."""
    rule = environ["werkzeug.request"].url_rule
    return rule.rule if rule else "(none)"

"""Every error in one shape: RFC 9457 problem details."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from api.logs import request_id
from api.schemas.problem import FieldProblem, ProblemBody
from recommender.errors import (
    Busy,
    CatalogueError,
    Conflict,
    InvalidInput,
    ModelError,
    NotAllowed,
    NotFound,
    RekindleError,
    StoreError,
    Unauthenticated,
)

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 5
RETRY = {"Retry-After": str(RETRY_SECONDS)}
LOG = logging.getLogger("rekindle.problems")


@dataclass(frozen=True, slots=True)
class Kind:
    """What a status means here.

    Attributes
    ----------
    slug : str
        Names the kind in ``type`` and on the page at ``/docs``.
    means : str
        What happened and what to do, for the reader of ``/docs``.
    """

    slug: str
    title: str
    means: str


KINDS: Mapping[int, Kind] = {
    400: Kind("malformed", "Not JSON", "The body is not JSON. Send one JSON object, in UTF-8."),
    401: Kind("unauthenticated", "Who are you?", "No token, or not a valid one: send Authorization: Bearer."),
    403: Kind("not-allowed", "Not allowed", "The token is valid, but not for this."),
    404: Kind("not-found", "Not found", "There is no such thing, or it is not yours to see."),
    405: Kind("method", "Wrong method", "The path exists; the Allow header lists its methods."),
    409: Kind("conflict", "Conflict", "It does not fit the state things are in. Read again, then decide."),
    429: Kind("too-often", "Too often", "Wait as many seconds as Retry-After says, then ask again."),
    413: Kind("too-large", "Too large", "A body holds at most one million bytes."),
    415: Kind("media-type", "Wrong content type", "Send Content-Type: application/json."),
    422: Kind("invalid", "Not usable", "The request was read, but a value in it is wrong; see errors."),
    500: Kind("internal", "Our fault", "Something broke here. Quote the instance when you report it."),
    503: Kind("unavailable", "Not available now", "Database, catalogue or model cannot be used now. Retry."),
}

STATUS_OF: Mapping[type[RekindleError], int] = {
    InvalidInput: 422,
    NotFound: 404,
    Conflict: 409,
    NotAllowed: 403,
    Unauthenticated: 401,
    CatalogueError: 503,
    ModelError: 503,
    StoreError: 503,
}


class ProblemError(Exception):
    """A failure that only HTTP knows, such as a body that is no JSON."""

    def __init__(self, status: int, detail: str, errors: Iterable[FieldProblem] = ()) -> None:
        super().__init__(detail)
        self.status = status
        self.errors = tuple(errors)


def problem_response(
    status: int, detail: str, errors: Iterable[FieldProblem] = (), headers: Mapping[str, str] | None = None
) -> Response:
    """Return the answer that tells of a failure."""
    kind = KINDS.get(status)
    body = ProblemBody(
        type=f"{request.script_root}/docs#{kind.slug}" if kind else "about:blank",
        title=kind.title if kind else HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        instance=f"urn:uuid:{request_id()}",
        errors=tuple(errors),
    )
    response = Response(body.model_dump_json(), status, mimetype=MEDIA_TYPE)
    response.headers.update({**_headers(status), **(headers or {})})
    return response


def handle_problems(app: Flask) -> None:
    """Make an app answer every failure, ours, HTTP's or unforeseen, with problem details."""
    app.register_error_handler(ProblemError, _of_problem)
    app.register_error_handler(RekindleError, _of_rekindle)
    app.register_error_handler(HTTPException, _of_http)
    app.register_error_handler(Exception, _of_anything)


def _of_problem(error: ProblemError) -> Response:
    return problem_response(error.status, str(error), error.errors)


def _of_rekindle(error: RekindleError) -> Response:
    status = next((code for kind, code in STATUS_OF.items() if isinstance(error, kind)), 500)
    fields = (
        [FieldProblem(field=error.field, problem=error.problem)] if isinstance(error, InvalidInput) else []
    )
    return problem_response(status, str(error), fields, RETRY if isinstance(error, Busy) else None)


def _of_http(error: HTTPException) -> Response:
    status = error.code or 500
    kept = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    return problem_response(status, KINDS[status].means if status in KINDS else error.name, headers=kept)


def log_unforeseen(error: Exception) -> None:
    """Log where something broke; never the message, which may quote what was sent."""
    where = [
        f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)
    ]
    told = {"error": type(error).__name__, "where": where[-8:], "request_id": request_id()}
    LOG.error("unforeseen failure", extra={"told": told})


def _of_anything(error: Exception) -> Response:
    log_unforeseen(error)
    return problem_response(500, KINDS[500].means)


def _headers(status: int) -> Mapping[str, str]:
    if status == 401:
        return {"WWW-Authenticate": 'Bearer realm="rekindle"'}
    return RETRY if status == 503 else {}

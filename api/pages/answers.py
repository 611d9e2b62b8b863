"""What pages answer: a template, a way back with a remark, or a calm page about what went wrong."""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus

from flask import (
    Blueprint,
    Flask,
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from api.pages.session import sign_out, signed_in
from api.problems import KINDS, STATUS_OF, log_unforeseen, problem_response
from recommender.errors import InvalidInput, RekindleError, Unauthenticated

LOG = logging.getLogger("rekindle.pages")
API_PATHS = ("/v1/", "/health/", "/openapi.json", "/docs")
TITLES = {
    403: "Not for you",
    404: "Nothing here",
    405: "Not that way",
    409: "That no longer fits",
    413: "Too much at once",
    429: "A moment, please",
    503: "Back in a moment",
}


def page(template: str, status: int = 200, **told: object) -> Response:
    """Return a page, kept out of every cache: what it says is private."""
    response = make_response(render_template(template, signed_in=signed_in(), **told), status)
    response.headers["Cache-Control"] = "no-store"
    return response


def back_to(address: str, remark: str | None = None) -> Response:
    """Return the way to another page, with a remark to be shown there."""
    if remark:
        flash(remark)
    return redirect(address, code=303)  # type: ignore[return-value]  # a werkzeug response that flask serves


def at_settings(part: str) -> str:
    """Return the way to one part of the settings, unfolded."""
    return url_for("pages.settings", open=part, _anchor=part)


def farewell(remark: str) -> Response:
    """Return the way to the start, and make the browser forget every page it kept."""
    response = back_to(url_for("pages.welcome"), remark)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def or_remark(address: str, act: Callable[[], object], remark: str | None = None) -> Response:
    """Do something and go to a page; where an entry cannot be used, say so there instead."""
    try:
        act()
    except InvalidInput as error:
        return back_to(address, f"That was not saved. {error.problem[:1].upper()}{error.problem[1:]}.")
    return back_to(address, remark)


def handle_errors(app: Flask, pages: Blueprint) -> None:
    """Make pages answer their own failures, and strangers' addresses, in words for people."""
    pages.register_error_handler(Unauthenticated, _unknown)
    pages.register_error_handler(RekindleError, _of_rekindle)
    pages.register_error_handler(CSRFError, _stale)
    pages.register_error_handler(HTTPException, _of_http)
    pages.register_error_handler(Exception, _of_anything)
    app.register_error_handler(404, _no_such_address)


def _unknown(error: Unauthenticated) -> Response:
    sign_out()
    return back_to(url_for("pages.welcome"), str(error))


def _stale(_error: CSRFError) -> Response:
    return _trouble(400, "This form is no longer good", "Go back, load the page again and send it once more.")


def _of_rekindle(error: RekindleError) -> Response:
    status = next((code for kind, code in STATUS_OF.items() if isinstance(error, kind)), 500)
    return _trouble(status, TITLES.get(status, "That did not work"), str(error))


def _of_http(error: HTTPException) -> Response:
    status = error.code or 500
    means = KINDS[status].means if status in KINDS else HTTPStatus(status).phrase
    return _trouble(status, TITLES.get(status, "That did not work"), means)


def _of_anything(error: Exception) -> Response:
    log_unforeseen(error)
    return _trouble(500, "Our fault", "Something broke here. Nothing of yours was lost; please try again.")


def _no_such_address(error: HTTPException) -> Response:
    if request.path.startswith(API_PATHS) or not request.accept_mimetypes.accept_html:
        return problem_response(404, KINDS[404].means)
    return _of_http(error)


def _trouble(status: int, title: str, words: str) -> Response:
    return page("trouble.html", status, title=title, words=words)

"""The pages that couples use: plain HTML over the same use cases as the API, without a line of script.

Signing in is a cookie that holds a partner's token (or the operator's), signed, out of reach of scripts and
of other sites. Every form carries a token against forgery. Nothing is asked of any other host.
"""

from __future__ import annotations

from flask import Blueprint, Flask
from flask_wtf.csrf import CSRFProtect

from api.pages import dates, operator, settings, start, story, week
from api.pages.answers import handle_errors
from api.pages.session import keep_sessions, tell_anew_after
from api.pages.words import add_words

PARTS = (start, week, dates, story, settings, operator)


def add_pages(app: Flask) -> None:
    """Add the pages to an app that serves a deployment."""
    keep_sessions(app)
    add_words(app)
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False  # the API takes tokens, which no browser sends by itself
    app.config["WTF_CSRF_TIME_LIMIT"] = None  # a form left open overnight still works
    guard = CSRFProtect(app)
    pages = Blueprint("pages", __name__)
    pages.before_request(guard.protect)
    pages.after_request(tell_anew_after)
    handle_errors(app, pages)
    for part in PARTS:
        part.add_to(pages)
    app.register_blueprint(pages)

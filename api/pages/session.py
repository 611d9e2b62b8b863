"""Who looks at a page: the token in a signed cookie, and the key that signs it."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

from flask import Flask, Request, Response, current_app, g, request, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin

from api.registry import Call
from api.routes.weeks import tell_anew
from recommender import service
from recommender.errors import NotAllowed, RekindleError, Unauthenticated
from recommender.service import Deployment

KEEP = timedelta(days=180)
SIGN_IN = "Please start here, or open the link your partner sent you."


class _Sessions(SecureCookieSessionInterface):
    """Cookies of this host alone that travel over TLS only, wherever the page itself came over TLS."""

    def open_session(self, app: Flask, asked: Request) -> SecureCookieSession | None:
        """Return the session of a request; nothing is verified where there is no cookie."""
        return super().open_session(app, asked) if "Cookie" in asked.headers else self.session_class()

    def save_session(self, app: Flask, kept: SessionMixin, answer: Response) -> None:
        """Put a session into an answer, unless it is empty and nobody has looked."""
        if kept or kept.accessed or kept.modified:
            super().save_session(app, kept, answer)

    def get_cookie_secure(self, _app: Flask) -> bool:
        """Return whether this request came over TLS, here or at a proxy before us.

        Any proxy's word is taken, and needs no trust: a false one only makes the cookie stricter.
        """
        return request.is_secure or request.headers.get("X-Forwarded-Proto") == "https"

    def get_cookie_name(self, app: Flask) -> str:
        """Return a name that browsers take from this very host and over TLS only, where there is TLS."""
        return "__Host-rekindle" if self.get_cookie_secure(app) else "rekindle"


def keep_sessions(app: Flask) -> None:
    """Make an app remember who signed in."""
    app.secret_key = service.session_key(deployment_of(app))
    app.session_interface = _Sessions()
    app.permanent_session_lifetime = KEEP
    app.config.update(SESSION_COOKIE_HTTPONLY=True, SESSION_COOKIE_SAMESITE="Lax")


def deployment_of(app: Flask) -> Deployment:
    """Return what an app serves."""
    return cast(Deployment, app.extensions["rekindle"].deployment)


def deployment() -> Deployment:
    """Return what the app at hand serves."""
    return service.refreshed(deployment_of(current_app))


def sign_in(token: str) -> None:
    """Remember a token in this browser, and nothing from before."""
    session.clear()
    session["token"] = token
    session.permanent = True


def sign_out() -> None:
    """Forget who signed in."""
    session.clear()


def signed_in() -> bool:
    """Return whether this browser holds a token, good or not."""
    return "token" in session


def a_partner() -> Call:
    """Return the partner who looks.

    Raises
    ------
    Unauthenticated
        If nobody is signed in, or not any more.
    """
    return _call("partner")


def the_operator() -> Call:
    """Return the operator, if it is they who look.

    Raises
    ------
    Unauthenticated
        If it is not.
    """
    return _call("operator")


def is_operator() -> bool:
    """Return whether it is the operator who looks."""
    try:
        the_operator()
    except RekindleError:
        return False
    return True


def tell_anew_after(answer: Response) -> Response:
    """Return an answer, once what a couple was told is told anew, if somebody may have changed it."""
    call: Call | None = g.get("call")
    if request.method == "POST" and call is not None:
        tell_anew(call.deployment, call.caller)
    return answer


def _call(kind: str) -> Call:
    if not signed_in():
        raise Unauthenticated(SIGN_IN)
    d = deployment()
    caller = service.authenticate(d, session["token"])
    if caller.kind != kind or caller.scope != "all":
        raise NotAllowed("That page is not for you; sign out first if you want to see it.")
    g.call = Call(d, caller)
    return g.call

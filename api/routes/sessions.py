"""Where the partner who asks is signed in."""

from __future__ import annotations

from api.registry import Call, Router
from api.schemas.fields import SessionId
from api.schemas.sessions import NewSession, SessionsBody, TokenBody
from recommender import service

router = Router()


@router.route("GET", "/v1/me/sessions")
def read_sessions(call: Call) -> SessionsBody:
    """List where I am signed in."""
    return SessionsBody.of(service.list_sessions(call.deployment, call.caller))


@router.route("POST", "/v1/me/sessions", status=201, secret=True)
def start_session(call: Call, body: NewSession) -> TokenBody:
    """Make another token, for another device or an app.

    To rotate a token, make a new one and end the old. One of scope ``plan`` may read the plan and what you
    both share, and nothing that is yours alone.
    """
    made, token = service.new_session(call.deployment, call.caller, label=body.label or "", scope=body.scope)
    return TokenBody(session_id=made, token=token)


@router.route("DELETE", "/v1/me/sessions", status=204)
def end_other_sessions(call: Call) -> None:
    """End every session but this one, and every link that would sign me in."""
    service.end_other_sessions(call.deployment, call.caller)


@router.route("DELETE", "/v1/me/sessions/<session_id>", status=204, errors=(404,))
def end_session(call: Call, session_id: SessionId) -> None:
    """End one session: its token opens nothing any more."""
    service.end_session(call.deployment, call.caller, session_id)

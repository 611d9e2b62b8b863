"""The partner who asks: settings, answers, boundaries, taking data out, leaving."""

from __future__ import annotations

from api.registry import Call, Router
from api.schemas.people import AnswersBody, BoundariesBody, ExportBody, MeBody, MeChanges
from recommender import service

router = Router()


@router.route("GET", "/v1/me")
def read_me(call: Call) -> MeBody:
    """Read who I am here."""
    return MeBody.of(service.get_me(call.deployment, call.caller))


@router.route("PATCH", "/v1/me")
def change_me(call: Call, body: MeChanges) -> MeBody:
    """Change my name, my dial from familiar to fresh, or the weeks I am open to tender talk."""
    return MeBody.of(service.update_me(call.deployment, call.caller, **body.given()))


@router.route("DELETE", "/v1/me", status=204)
def leave(call: Call) -> None:
    """Leave, alone and at once; everything of mine is deleted."""
    service.leave(call.deployment, call.caller)


@router.route("GET", "/v1/me/answers")
def read_answers(call: Call) -> AnswersBody:
    """Read my quiz answers."""
    return AnswersBody.of(service.get_me(call.deployment, call.caller))


@router.route("PUT", "/v1/me/answers")
def replace_answers(call: Call, body: AnswersBody) -> AnswersBody:
    """Replace my quiz answers."""
    return AnswersBody.of(service.put_answers(call.deployment, call.caller, body.answers))


@router.route("GET", "/v1/me/boundaries")
def read_boundaries(call: Call) -> BoundariesBody:
    """Read my boundaries; nobody else can."""
    return BoundariesBody.of(service.get_me(call.deployment, call.caller).boundaries)


@router.route("PUT", "/v1/me/boundaries")
def replace_boundaries(call: Call, body: BoundariesBody) -> BoundariesBody:
    """Replace my boundaries; they hold from the next plan that anyone reads."""
    return BoundariesBody.of(
        service.put_boundaries(call.deployment, call.caller, body.boundaries()).boundaries
    )


@router.route("GET", "/v1/me/export")
def export_me(call: Call) -> ExportBody:
    """Take out everything kept about me, and nothing of the other partner alone."""
    return ExportBody(service.export_me(call.deployment, call.caller))

"""A couple's week: the plan, marking, swapping, choosing, small rituals."""

from __future__ import annotations

from functools import cache, partial
from typing import Annotated

from api.code import code_hash
from api.registry import Call, Content, Router
from api.routes.dates import zone_of
from api.routes.ideas import idea_json
from api.schemas.dates import DateBody
from api.schemas.fields import RitualId, WeekInPath
from api.schemas.weeks import Choice, NewMark, PlanBody, RitualBody, Swap
from recommender import service
from recommender.service import Caller, Deployment, WeekView, Writer

router = Router()


@router.route("GET", "/v1/weeks/<iso_week>", scope="plan")
def read_plan(call: Call, iso_week: WeekInPath) -> Annotated[Content, PlanBody]:
    """Read the plan of a week: made when first read, then the same for both."""
    body = service.told_week(call.deployment, call.caller, iso_week, week_writer())
    return Content(body.encode(), "application/json")


@router.route("POST", "/v1/weeks/<iso_week>/swap", errors=(404,))
def swap_suggestion(call: Call, iso_week: WeekInPath, body: Swap) -> Annotated[Content, PlanBody]:
    """Replace one suggestion of the plan."""
    plan = service.swap(call.deployment, call.caller, iso_week, body.suggestion_id, body.reason)
    return _told(call.deployment, service.see_week(call.deployment, call.caller, plan))


@router.route("PUT", "/v1/weeks/<iso_week>/marks", errors=(404, 409))
def mark_suggestion(call: Call, iso_week: WeekInPath, body: NewMark) -> Annotated[Content, PlanBody]:
    """Mark one suggestion, alone; both see what both like once both have marked all.

    From then on the marks stay as they are.
    """
    service.put_mark(call.deployment, call.caller, iso_week, body.suggestion_id, body.mark)
    return _told(call.deployment, service.get_week(call.deployment, call.caller, iso_week))


@router.route("POST", "/v1/weeks/<iso_week>/choice", status=201, errors=(404,))
def choose_suggestion(call: Call, iso_week: WeekInPath, body: Choice) -> DateBody:
    """Make a date of a suggestion, at its own start or another."""
    view = service.choose(call.deployment, call.caller, iso_week, body.suggestion_id, body.starts_at)
    return DateBody.of(view, zone_of(call))


@router.route("PUT", "/v1/rituals/<ritual_id>/kept", errors=(404, 409))
def keep_ritual(call: Call, ritual_id: RitualId) -> Annotated[Content, RitualBody]:
    """Confirm that you two did a ritual; it counts when both have, and a second time changes nothing."""
    seen = service.keep_ritual(call.deployment, call.caller, ritual_id)
    return Content.json(RitualBody.told(seen, idea_json(call.deployment, seen.ritual.idea_id)))


@cache
def week_writer() -> Writer:
    """Return what writes a week down as `PlanBody` says."""
    return Writer(code_hash(), lambda d, view: _told(d, view).data.decode())


def tell_anew(deployment: Deployment, caller: Caller) -> None:
    """Have the weeks told anew of a couple in which somebody may have changed something."""
    if caller.couple_id is not None:
        service.tell_anew(service.refreshed(deployment), caller.couple_id, week_writer())


def _told(d: Deployment, view: WeekView) -> Content:
    return Content.json(PlanBody.told(view, partial(idea_json, d)))

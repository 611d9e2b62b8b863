"""How a couple comes about, and what the two of them share."""

from __future__ import annotations

from flask import url_for

from api.registry import Call, Content, Router
from api.schemas.couples import CalendarBody, CoupleBody, CoupleChanges
from api.schemas.fields import Secret
from api.schemas.people import Acceptance, InviteBody, JoinedBody, NewCouple, StartedBody
from recommender import service

router = Router()


@router.route("POST", "/v1/couples", auth="optional", status=201, errors=(403,), secret=True)
def start_couple(call: Call, body: NewCouple) -> StartedBody:
    """Start a couple with its first partner.

    The token and the code are told only here. Where sign-up is closed, it takes the operator's token.
    """
    return StartedBody.of(service.create_couple(call.deployment, body.name, caller=call.known))


@router.route("POST", "/v1/invites", status=201, secret=True)
def make_invite(call: Call) -> InviteBody:
    """Make a new invitation code; the one before stops working."""
    return InviteBody(invite_code=service.new_invite(call.deployment, call.caller))


@router.route("DELETE", "/v1/invites", status=204)
def revoke_invites(call: Call) -> None:
    """End the invitation that was not used yet, if there is one."""
    service.revoke_invites(call.deployment, call.caller)


@router.route("POST", "/v1/invites/accept", auth="none", status=201, errors=(404,), secret=True)
def accept_invite(call: Call, body: Acceptance) -> JoinedBody:
    """Join a couple as its second partner."""
    return JoinedBody.of(service.accept_invite(call.deployment, body.invite_code, body.name))


@router.route("GET", "/v1/couple", scope="plan")
def read_couple(call: Call) -> CoupleBody:
    """Read what both partners may see of their couple."""
    return CoupleBody.of(service.get_couple(call.deployment, call.caller))


@router.route("PATCH", "/v1/couple")
def change_couple(call: Call, body: CoupleChanges) -> CoupleBody:
    """Change circumstances, field by field, or replace all goals."""
    after = service.update_couple(
        call.deployment,
        call.caller,
        circumstances=body.new_circumstances,
        goals=body.new_goals(),
    )
    return CoupleBody.of(after)


@router.route("DELETE", "/v1/couple", status=204, errors=(409,))
def delete_couple(call: Call) -> None:
    """Delete the couple and everything in it, at once, while nobody else is in it."""
    service.delete_couple(call.deployment, call.caller)


@router.route("POST", "/v1/couple/calendar", status=201, secret=True)
def make_calendar(call: Call) -> CalendarBody:
    """Make a new address for one's own calendar feed; the one before stops working."""
    secret = service.new_calendar(call.deployment, call.caller)
    return CalendarBody(secret=secret, path=url_for("read_calendar", secret=secret))


@router.route("GET", "/v1/calendar/<secret>.ics", auth="none", errors=(404, 503), media_type="text/calendar")
def read_calendar(call: Call, secret: Secret) -> Content:
    """Read the dates as an iCalendar feed (RFC 5545); the address itself is the key."""
    return Content(service.calendar_feed(call.deployment, secret), "text/calendar")

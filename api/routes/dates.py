"""Dates chosen and dates done on their own, and what each partner thought of them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from api.registry import Call, Router
from api.schemas.dates import DateBody, DateChanges, DatesBody, LoggedDate, NewRating
from api.schemas.fields import DateId
from recommender import service
from recommender.errors import Conflict, InvalidInput

router = Router()


@router.route("GET", "/v1/dates")
def list_dates(call: Call) -> DatesBody:
    """List all dates, the newest first."""
    zone = zone_of(call)
    views = service.list_dates(call.deployment, call.caller)
    return DatesBody(dates=tuple(DateBody.of(view, zone) for view in views))


@router.route("POST", "/v1/dates", status=201)
def log_date(call: Call, body: LoggedDate) -> DateBody:
    """Log a date done on their own, today or before.

    A day still to come is a conflict: the same request will do once it has been.
    """
    try:
        view = service.log_date(call.deployment, call.caller, **body.model_dump())
    except InvalidInput as error:
        if error.field != "on":
            raise
        raise Conflict(str(error)) from None
    return DateBody.of(view, zone_of(call))


@router.route("PATCH", "/v1/dates/<date_id>", errors=(404, 409))
def change_date(call: Call, date_id: DateId, body: DateChanges) -> DateBody:
    """Move a date, or say whether it is planned, done or skipped."""
    view = service.update_date(call.deployment, call.caller, date_id, **body.given())
    return DateBody.of(view, zone_of(call))


@router.route("DELETE", "/v1/dates/<date_id>", status=204, errors=(404, 409))
def delete_date(call: Call, date_id: DateId) -> None:
    """Delete a date that nobody has rated."""
    service.delete_date(call.deployment, call.caller, date_id)


@router.route("PUT", "/v1/dates/<date_id>/rating", errors=(404,))
def rate_date(call: Call, date_id: DateId, body: NewRating) -> DateBody:
    """Rate a date, or rate it anew; it counts as done from then on, whenever it was planned."""
    view = service.put_rating(call.deployment, call.caller, date_id, **body.model_dump())
    return DateBody.of(view, zone_of(call))


@router.route("DELETE", "/v1/dates/<date_id>/rating", status=204, errors=(404,))
def unrate_date(call: Call, date_id: DateId) -> None:
    """Take back one's own rating."""
    service.delete_rating(call.deployment, call.caller, date_id)


def zone_of(call: Call) -> ZoneInfo:
    """Return the time zone of the couple that asks."""
    return ZoneInfo(service.get_couple(call.deployment, call.caller).circumstances.time_zone)

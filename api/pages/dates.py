"""One date: what to do, moving it, and afterwards how it was."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, make_response, request, url_for

from api.pages import forms
from api.pages.answers import back_to, or_remark, page
from api.pages.session import a_partner
from api.registry import Call
from recommender import service
from recommender.errors import InvalidInput
from recommender.service import CoupleView, DateView


def add_to(pages: Blueprint) -> None:
    """Add these pages."""
    pages.add_url_rule("/dates/<date_id>", view_func=show_date)
    pages.add_url_rule("/dates/<date_id>/date.ics", view_func=date_file)
    pages.add_url_rule("/dates/<date_id>/move", view_func=move, methods=["POST"])
    pages.add_url_rule("/dates/<date_id>/skip", view_func=skip, methods=["POST"])
    pages.add_url_rule("/dates/<date_id>/rate", view_func=rate, methods=["GET", "POST"])
    pages.add_url_rule("/dates/<date_id>/unrate", view_func=unrate, methods=["POST"])
    pages.add_url_rule("/log", view_func=log, methods=["POST"])


def show_date(date_id: str) -> Response:
    """Show what they are going to do, or did."""
    call = a_partner()
    seen = service.get_date(call.deployment, call.caller, date_id)
    idea = service.get_idea(call.deployment, seen.date.idea_id) if seen.date.idea_id else None
    couple = service.get_couple(call.deployment, call.caller)
    return page(
        "date.html",
        seen=seen,
        idea=idea,
        zone=ZoneInfo(couple.circumstances.time_zone),
        past=_is_past(call, seen),
        hands=_hands(couple, seen),
    )


def date_file(date_id: str) -> Response:
    """Give out a date as a file that a calendar opens."""
    call = a_partner()
    response = make_response(service.date_file(call.deployment, call.caller, date_id))
    response.mimetype = "text/calendar"
    response.headers["Cache-Control"] = "no-store"
    return response


def move(date_id: str) -> Response:
    """Move a date to another start."""
    call = a_partner()
    try:
        starts_at = datetime.fromisoformat(request.form.get("starts_at", ""))
    except ValueError:
        return back_to(url_for("pages.show_date", date_id=date_id), "Choose one of the times, please.")
    return or_remark(
        url_for("pages.show_date", date_id=date_id),
        lambda: service.update_date(call.deployment, call.caller, date_id, starts_at=starts_at),
        "Moved.",
    )


def skip(date_id: str) -> Response:
    """Say that a date does not happen."""
    call = a_partner()
    service.update_date(call.deployment, call.caller, date_id, status="skipped")
    return back_to(url_for("pages.this_week"), "Let go, and nothing counts against you.")


def rate(date_id: str) -> Response:
    """Ask how it was, or keep the answer."""
    call = a_partner()
    seen = service.get_date(call.deployment, call.caller, date_id)
    if request.method == "GET":
        return page("rate.html", seen=seen, zone=_zone(call), longest_note=service.NOTE_LENGTH)
    form = request.form
    try:
        service.put_rating(
            call.deployment,
            call.caller,
            date_id,
            enjoyment=forms.stars(form, "enjoyment") or 0,
            closeness=forms.stars(form, "closeness"),
            again=forms.again(form),
            note=form.get("note", "").strip() or None,
        )
    except InvalidInput as error:
        said = "How much did you enjoy it? One tap is enough." if error.field == "enjoyment" else str(error)
        return back_to(url_for("pages.rate", date_id=date_id), said)
    return back_to(url_for("pages.our_story") + f"#{date_id}", "Thank you, it is kept.")


def unrate(date_id: str) -> Response:
    """Take one's own rating back."""
    call = a_partner()
    service.delete_rating(call.deployment, call.caller, date_id)
    return back_to(url_for("pages.our_story"), "Taken back.")


def log() -> Response:
    """Keep a date that they did on their own."""
    call = a_partner()

    def act() -> object:
        try:
            on = datetime.fromisoformat(request.form.get("on", "")).date()
        except ValueError:
            raise InvalidInput("on", "choose the day it was") from None
        title = request.form.get("title", "")
        return service.log_date(call.deployment, call.caller, on=on, title=title)

    return or_remark(url_for("pages.our_story"), act, "Kept.")


def _hands(couple: CoupleView, seen: DateView) -> tuple[str, str] | None:
    """Return who sees to the beginning and who to the end, turn about by the week; None for one alone."""
    if len(couple.partners) < 2:
        return None
    first, second = couple.partners
    odd = seen.date.starts_at.isocalendar().week % 2
    return (first, second) if odd else (second, first)


def _is_past(call: Call, seen: DateView) -> bool:
    return seen.date.starts_at < call.deployment.clock()


def _zone(call: Call) -> ZoneInfo:
    return ZoneInfo(service.get_couple(call.deployment, call.caller).circumstances.time_zone)

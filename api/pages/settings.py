"""Settings: names, dials, invitation, goals, pauses, calendar, taking data out, leaving."""

from __future__ import annotations

import json
from dataclasses import replace

import segno
from flask import Blueprint, Response, make_response, request, url_for

from api.pages import forms
from api.pages.answers import at_settings, back_to, farewell, or_remark, page
from api.pages.session import a_partner, sign_out
from recommender import service
from recommender.errors import Conflict


def add_to(pages: Blueprint) -> None:
    """Add these pages."""
    pages.add_url_rule("/settings", view_func=settings)
    pages.add_url_rule("/settings/me", view_func=change_me, methods=["POST"])
    pages.add_url_rule("/settings/tender", view_func=tender, methods=["POST"])
    pages.add_url_rule("/settings/pause", view_func=pause, methods=["POST"])
    pages.add_url_rule("/settings/goals", view_func=add_goal, methods=["POST"])
    pages.add_url_rule("/settings/goals/<int:place>/end", view_func=end_goal, methods=["POST"])
    pages.add_url_rule("/settings/invite", view_func=invite, methods=["POST"])
    pages.add_url_rule("/settings/calendar", view_func=calendar, methods=["POST"])
    pages.add_url_rule("/settings/link", view_func=link, methods=["POST"])
    pages.add_url_rule("/settings/key", view_func=key, methods=["POST"])
    pages.add_url_rule("/settings/sessions/others", view_func=end_others, methods=["POST"])
    pages.add_url_rule("/settings/sessions/<session_id>/end", view_func=end_session, methods=["POST"])
    pages.add_url_rule("/settings/invite/end", view_func=end_invite, methods=["POST"])
    pages.add_url_rule("/settings/export", view_func=export)
    pages.add_url_rule("/settings/leave", view_func=leave, methods=["POST"])


def settings() -> Response:
    """Show everything that can be set."""
    call = a_partner()
    couple = service.get_couple(call.deployment, call.caller)
    words = service.goal_words(call.deployment, couple.goals)
    return page(
        "settings.html",
        me=service.get_me(call.deployment, call.caller),
        couple=couple,
        week=service.coming_week(call.deployment, call.caller),
        goals=list(zip(words, couple.goals, couple.progress, strict=True)),
        practices=forms.practices(call.deployment),
        places=service.list_sessions(call.deployment, call.caller),
        invited=len(couple.partners) == 1 and service.is_invited(call.deployment, call.caller),
        opened=request.args.get("open"),
    )


def change_me() -> Response:
    """Keep a name and a dial."""
    call = a_partner()

    def act() -> object:
        dial = forms.percent(request.form, "freshness")
        name = request.form.get("name", "")
        return service.update_me(call.deployment, call.caller, name=name, freshness=dial)

    return or_remark(at_settings("you"), act, "Kept.")


def tender() -> Response:
    """Keep whether this week is open to tender or mending talk; it comes up only when both say so."""
    call = a_partner()
    week = str(service.coming_week(call.deployment, call.caller))
    kept = set(service.get_me(call.deployment, call.caller).tender_weeks) - {week}
    weeks = sorted(kept | {week} if "open" in request.form else kept)
    return or_remark(
        at_settings("week"),
        lambda: service.update_me(call.deployment, call.caller, tender_weeks=weeks),
        "Kept. Only you see it.",
    )


def pause() -> Response:
    """Keep a pause from this week on, or end it."""
    call = a_partner()
    week = str(service.coming_week(call.deployment, call.caller))

    def act() -> object:
        wanted = forms.pause(request.form, week)
        return service.update_couple(
            call.deployment, call.caller, circumstances=lambda before: replace(before, pause=wanted)
        )

    return or_remark(at_settings("two"), act, "Kept. Nothing counts against you.")


def add_goal() -> Response:
    """Add a goal."""
    call = a_partner()

    def act() -> object:
        goals = service.get_couple(call.deployment, call.caller).goals
        return service.update_couple(call.deployment, call.caller, goals=[*goals, forms.goal(request.form)])

    return or_remark(at_settings("goals"), act, "Kept. The plan will lift what serves it.")


def end_goal(place: int) -> Response:
    """Let a goal go."""
    call = a_partner()
    goals = list(service.get_couple(call.deployment, call.caller).goals)
    if place < len(goals):
        del goals[place]
        service.update_couple(call.deployment, call.caller, goals=goals)
    return back_to(at_settings("goals"), "Let go.")


def invite() -> Response:
    """Show a new invitation, once, as a link and a picture to point a camera at."""
    call = a_partner()
    code = service.new_invite(call.deployment, call.caller)
    address = url_for("pages.join", code=code, _external=True)
    return page("invite.html", code=code, address=address, picture=_picture(address))


def end_invite() -> Response:
    """End the invitation that was not used."""
    call = a_partner()
    service.revoke_invites(call.deployment, call.caller)
    return back_to(at_settings("invite"), "The invitation opens nothing any more.")


def link() -> Response:
    """Show a link that signs another device in, once, as a link and a picture."""
    call = a_partner()
    secret = service.new_link(call.deployment, call.caller)
    address = url_for("pages.return_with_token", link=secret, _external=True)
    return page("link.html", address=address, picture=_picture(address))


def key() -> Response:
    """Show a key to keep in a safe place, once."""
    call = a_partner()
    try:
        _, token = service.new_session(call.deployment, call.caller, label="a key to keep")
    except Conflict as error:
        return back_to(at_settings("sessions"), str(error))
    return page("key.html", key=token)


def end_session(session_id: str) -> Response:
    """End one place where a partner is signed in."""
    call = a_partner()
    service.end_session(call.deployment, call.caller, session_id)
    return back_to(at_settings("sessions"), "Ended.")


def end_others() -> Response:
    """End every place but this one."""
    call = a_partner()
    service.end_other_sessions(call.deployment, call.caller)
    return back_to(at_settings("sessions"), "You are signed in here only.")


def _picture(address: str) -> str:
    made = segno.make(address, micro=False)
    return str(made.svg_inline(scale=5, border=2, dark="#241f2b", light="#ffffff"))


def calendar() -> Response:
    """Show a new address of one's calendar, once."""
    call = a_partner()
    secret = service.new_calendar(call.deployment, call.caller)
    return page("calendar.html", address=url_for("read_calendar", secret=secret, _external=True))


def export() -> Response:
    """Give out everything kept about the partner who asks, as a file."""
    call = a_partner()
    text = json.dumps(
        service.export_me(call.deployment, call.caller), indent=2, ensure_ascii=False, default=str
    )
    response = make_response(text)
    response.mimetype = "application/json"
    response.headers["Content-Disposition"] = "attachment; filename=rekindle.json"
    response.headers["Cache-Control"] = "no-store"
    return response


def leave() -> Response:
    """Take the partner who asks out, at once and without a reason."""
    call = a_partner()
    if "sure" not in request.form:
        return back_to(at_settings("leave"), "Tick the box first; leaving cannot be undone.")
    service.leave(call.deployment, call.caller)
    sign_out()
    return farewell("You have left, and everything of yours is deleted. Go well.")

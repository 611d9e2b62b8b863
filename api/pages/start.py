"""Two minutes: a name, a few quick choices, limits that stay private, and the first plan."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response, request, url_for

from api.pages import forms
from api.pages.answers import at_settings, back_to, farewell, or_remark, page
from api.pages.session import a_partner, deployment, is_operator, sign_in, sign_out, signed_in
from recommender import service
from recommender.domain import Question
from recommender.errors import InvalidInput, RekindleError

QUICK = 10
"""How many pairs are asked at the start; the rest of the quiz waits among the settings."""

EXAMPLES = {
    "easy": "one-square-a-month",
    "growth": "twelve-page-flip-book",
    "close": "breakfast-under-the-bed",
}
"""What a stranger is shown of the catalogue, by role."""

LAST_SESSION = "You are signed in nowhere else. Make a key to keep first, or you cannot come back."


def add_to(pages: Blueprint) -> None:
    """Add these pages."""
    pages.add_url_rule("/", view_func=welcome)
    pages.add_url_rule("/start", view_func=begin, methods=["POST"])
    pages.add_url_rule("/join", view_func=join, methods=["GET", "POST"])
    pages.add_url_rule("/quiz", view_func=quiz, methods=["GET", "POST"])
    pages.add_url_rule("/limits", view_func=limits, methods=["GET", "POST"])
    pages.add_url_rule("/times", view_func=times, methods=["GET", "POST"])
    pages.add_url_rule("/sign-in", view_func=return_with_token, methods=["GET", "POST"])
    pages.add_url_rule("/sign-out", view_func=leave_browser, methods=["POST"])
    pages.add_url_rule("/support", view_func=support)


def welcome() -> Response:
    """Show what this is, and where to begin; whoever has begun sees their week, the operator their page."""
    if signed_in():
        return back_to(url_for("pages.operate" if is_operator() else "pages.this_week"))
    d = deployment()
    known = d.catalogue.by_id
    examples = [(role, known[idea_id]) for role, idea_id in EXAMPLES.items() if idea_id in known]
    return page("welcome.html", closed=d.settings.signup == "closed", examples=examples)


def begin() -> Response:
    """Start a couple and sign its first partner in."""
    try:
        joined = service.create_couple(deployment(), request.form.get("name", ""))
    except InvalidInput as error:
        return back_to(url_for("pages.welcome"), f"A name, please: {error.problem}.")
    sign_in(joined.token)
    call = a_partner()
    service.revoke_invites(call.deployment, call.caller)  # nobody has seen the one that was made
    return back_to(url_for("pages.quiz"))


def join() -> Response:
    """Show who invites, or join their couple."""
    code = request.values.get("code", "")
    if request.method == "GET":
        return page("join.html", code=code)
    try:
        joined = service.accept_invite(deployment(), code, request.form.get("name", ""))
    except InvalidInput as error:
        return back_to(url_for("pages.join", code=code), f"A name, please: {error.problem}.")
    sign_in(joined.token)
    return back_to(url_for("pages.quiz"))


def quiz() -> Response:
    """Show the quick choices, or keep what was answered; each can be left out, and those not asked stay."""
    call = a_partner()
    me = service.get_me(call.deployment, call.caller)
    starting = not _has_begun() if request.method == "GET" else "next" in request.form
    asked = _quick(service.quiz(call.deployment)) if starting else service.quiz(call.deployment)
    if request.method == "GET":
        return page("quiz.html", questions=asked, answers=me.answers, again=not starting)
    names = {question.question_id for question in asked}
    kept = {name: value for name, value in me.answers.items() if name not in names}
    service.put_answers(call.deployment, call.caller, {**kept, **forms.answers(asked, request.form)})
    return back_to(url_for("pages.limits" if starting else "pages.settings"))


def limits() -> Response:
    """Show a partner's own limits, which only they see, or keep them."""
    call = a_partner()
    me = service.get_me(call.deployment, call.caller)
    if request.method == "GET":
        rows = forms.boundary_rows(call.deployment, me.boundaries)
        hazards = forms.hazard_rows(call.deployment, me.boundaries)
        return page("limits.html", rows=rows, hazards=hazards, again=_has_begun())
    wanted = forms.boundaries(request.form, me.boundaries)
    after = url_for("pages.times" if request.form.get("next") else "pages.settings")
    return or_remark(
        after,
        lambda: service.put_boundaries(call.deployment, call.caller, wanted),
        "Kept, and only you see it.",
    )


def times() -> Response:
    """Show when the two of them are free and what a date may cost, or keep it."""
    call = a_partner()
    couple = service.get_couple(call.deployment, call.caller)
    if request.method == "GET":
        return page(
            "times.html",
            couple=couple,
            slots=forms.slot_rows(couple.circumstances),
            zones=forms.time_zones(),
            again=_has_begun(),
        )

    def change() -> object:
        return service.update_couple(
            call.deployment,
            call.caller,
            circumstances=lambda before: forms.circumstances(request.form, before),
        )

    after = url_for("pages.this_week" if request.form.get("next") else "pages.settings")
    return or_remark(after, change, "Kept.")


def return_with_token() -> Response:
    """Show where to enter a key, or take a key or a link; a partner's browser gets a token of its own."""
    if request.method == "GET":
        return page("sign_in.html", link=request.args.get("link", ""))
    key, link = (request.form.get(name, "").strip() for name in ("token", "link"))
    try:
        if link:
            sign_in(service.use_link(deployment(), link))
            return back_to(url_for("pages.this_week"))
        caller = service.authenticate(deployment(), key)
        if caller.kind == "operator":
            sign_in(key)
            return back_to(url_for("pages.operate"))
        sign_in(service.new_session(deployment(), caller, label="a browser")[1])
    except RekindleError as error:
        return back_to(url_for("pages.return_with_token"), str(error))
    return back_to(url_for("pages.this_week"))


def leave_browser() -> Response:
    """End this browser's session; the last one only when asked twice, for it could not be had back."""
    try:
        call = a_partner()
    except RekindleError:
        sign_out()
        return farewell("You are signed out here.")
    found = service.list_sessions(call.deployment, call.caller).sessions
    if len(found) == 1 and "for_good" not in request.form:
        return back_to(at_settings("sessions"), LAST_SESSION)
    for session in found:
        if session.current:
            service.end_session(call.deployment, call.caller, session.session_id)
    sign_out()
    return farewell("You are signed out here.")


def support() -> Response:
    """Show when people trained for it help more than a date."""
    return page("support.html")


def _quick(questions: Sequence[Question]) -> Sequence[Question]:
    return [question for question in questions if question.kind == "pair"][:QUICK]


def _has_begun() -> bool:
    """Return whether a page of the start is seen again, as a setting."""
    return "again" in request.args

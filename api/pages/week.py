"""A week: three cards, what each says to them, swapping, choosing, small rituals."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, request, url_for

from api.pages.answers import back_to, page
from api.pages.session import a_partner
from api.registry import Call
from recommender import service
from recommender.domain import Idea, Progress, Suggestion, Week
from recommender.errors import NotFound
from recommender.service import DateView, SeenMark


@dataclass(frozen=True, slots=True)
class Card:
    """A suggestion as a page shows it.

    Attributes
    ----------
    sentences : tuple[str, ...]
        Why, and what is expected.
    date_id : str or None
        The date it has become.
    """

    suggestion: Suggestion
    idea: Idea
    sentences: tuple[str, ...]
    mark: SeenMark
    date_id: str | None


@dataclass(frozen=True, slots=True)
class GoalLine:
    """A goal in words, with how far it is along."""

    words: str
    progress: Progress

    @property
    def share(self) -> float:
        """How much of it is done, 0 to 100."""
        return min(100.0, 100 * self.progress.done / self.progress.times)


def add_to(pages: Blueprint) -> None:
    """Add these pages."""
    pages.add_url_rule("/week", view_func=this_week)
    pages.add_url_rule("/week/<week>", view_func=show_week)
    pages.add_url_rule("/week/<week>/mark", view_func=mark, methods=["POST"])
    pages.add_url_rule("/week/<week>/swap", view_func=swap, methods=["POST"])
    pages.add_url_rule("/week/<week>/choose", view_func=choose, methods=["POST"])
    pages.add_url_rule("/week/<week>/keep", view_func=keep, methods=["POST"])


def this_week() -> Response:
    """Show the week that is on, or the next when nothing is left of this one."""
    return _week_page(a_partner())


def show_week(week: str) -> Response:
    """Show a week by its name."""
    return _week_page(a_partner(), _named(week))


def mark(week: str) -> Response:
    """Keep what one of them says to a suggestion, alone."""
    call = a_partner()
    service.put_mark(call.deployment, call.caller, _named(week), *_sent("suggestion", "word"))  # type: ignore[arg-type]
    return back_to(url_for("pages.show_week", week=week))


def swap(week: str) -> Response:
    """Put another idea in a suggestion's place."""
    call = a_partner()
    service.swap(call.deployment, call.caller, _named(week), *_sent("suggestion", "reason"))  # type: ignore[arg-type]
    return back_to(url_for("pages.show_week", week=week), "Swapped. Nothing is held against the other one.")


def choose(week: str) -> Response:
    """Make a date of a suggestion."""
    call = a_partner()
    view = service.choose(call.deployment, call.caller, _named(week), request.form.get("suggestion", ""))
    return back_to(url_for("pages.show_date", date_id=view.date.date_id), "It is a date.")


def keep(week: str) -> Response:
    """Confirm a small ritual."""
    call = a_partner()
    seen = service.keep_ritual(call.deployment, call.caller, request.form.get("ritual", ""))
    said = "Lovely. It counts." if seen.kept else "Kept for you; it counts when the other says so too."
    return back_to(url_for("pages.show_week", week=week), said)


def _week_page(call: Call, week: Week | None = None) -> Response:
    view, dates = service.week_and_dates(call.deployment, call.caller, week)
    week = view.plan.week
    return page(
        "week.html",
        week=week,
        previous=Week.of(week.monday.fromordinal(week.monday.toordinal() - 7)),
        view=view,
        cards=_cards(call, view, dates),
        rituals=[(seen, service.get_idea(call.deployment, seen.ritual.idea_id)) for seen in view.rituals],
        goals=told_goals(call, view),
        zone=ZoneInfo(view.time_zone),
        to_rate=[seen for seen in dates if _wants_rating(call, seen)],
        planned=[seen.date for seen in dates if seen.date.status == "planned"],
    )


def told_goals(call: Call, view: service.WeekView) -> list[GoalLine]:
    """Return a week's goals in words, each with how far it is along."""
    words = service.goal_words(call.deployment, (goal for goal, _ in view.goals))
    return [GoalLine(said, progress) for said, (_, progress) in zip(words, view.goals, strict=True)]


def _cards(call: Call, view: service.WeekView, dates: tuple[DateView, ...]) -> list[Card]:
    chosen = {seen.date.suggestion_id: seen.date.date_id for seen in dates if seen.date.status != "skipped"}
    told = service.plan_cards(call.deployment, view)
    return [
        Card(
            suggestion,
            service.get_idea(call.deployment, suggestion.idea_id),
            card.sentences,
            view.marks.by_suggestion[suggestion.suggestion_id],
            chosen.get(suggestion.suggestion_id),
        )
        for suggestion, card in zip(view.plan.suggestions, told, strict=True)
    ]


def _wants_rating(call: Call, seen: DateView) -> bool:
    """Return whether a date lies behind them and this partner has not rated it."""
    return (
        seen.mine is None and seen.date.status != "skipped" and seen.date.starts_at < call.deployment.clock()
    )


def _named(week: str) -> Week:
    try:
        return Week.parse(week)
    except ValueError:
        raise NotFound("There is no such week.") from None


def _sent(*names: str) -> tuple[str, ...]:
    return tuple(request.form.get(name, "") for name in names)

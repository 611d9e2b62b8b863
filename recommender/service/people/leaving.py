"""Taking one's data out, leaving alone and at once, and deleting a couple."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from recommender.domain import Circumstances, CoupleDate, Goal, Partner, Rating
from recommender.errors import Conflict
from recommender.service.callers import Caller, couple_of, find_home
from recommender.service.dates import shown_dates
from recommender.service.deployment import Deployment
from recommender.store import access, dates, marks, people, plans, ratings, reading, rituals, transaction

EXPORT_FORMAT = 1

_as_json = {
    kind: TypeAdapter(kind).dump_python for kind in (Partner, Circumstances, Goal, CoupleDate, Rating)
}


def export_me(d: Deployment, caller: Caller) -> dict[str, Any]:
    """Return everything kept about the partner who asks, as plain JSON types.

    What the two share (circumstances, goals, dates, ideas shown) is in it; nothing that is the other
    partner's alone ever is.
    """
    with reading(d.engine) as connection:
        home = find_home(connection, caller)
        couple_dates = shown_dates(connection, caller)
        both_rated = ratings.list_ratings(connection, home.couple.couple_id)
        shown = plans.all_exposures(connection, home.couple.couple_id)
        marked = marks.list_partner_marks(connection, home.me.partner_id)
        offered = rituals.list_rituals(connection, home.couple.couple_id)
    words = {mark.suggestion_id: mark.word for mark in marked}
    mine = [rating for rating in both_rated if rating.partner_id == home.me.partner_id]
    return {
        "format": EXPORT_FORMAT,
        "exported_at": d.clock().isoformat(),
        "me": _plain(home.me),
        "circumstances": _plain(home.couple.circumstances),
        "goals": [_plain(goal) for goal in home.couple.goals],
        "dates": [_plain(date) for date in couple_dates],
        "ratings": [_plain(rating) for rating in mine],
        "shown": [
            {
                "week": str(exposure.week),
                "idea_id": exposure.suggestion.idea_id,
                "starts_at": exposure.suggestion.starts_at.isoformat(),
                "shown_at": exposure.shown_at.isoformat(),
                "mark": words.get(exposure.suggestion.suggestion_id),
            }
            for exposure in shown
        ],
        "rituals": [
            {
                "week": str(one.week),
                "idea_id": one.ritual.idea_id,
                "shown_at": one.shown_at.isoformat(),
                "confirmed": home.me.partner_id in one.confirmed_by,
                "kept": one.kept,
            }
            for one in offered
        ],
    }


def leave(d: Deployment, caller: Caller) -> None:
    """Delete the partner who asks: answers, boundaries, ratings and notes, tokens and calendar, at once.

    Plans and rituals go too, for they were made of both. The dates that were become the other's alone, so
    that whoever joins later never knows of them. The last one to leave takes the couple with them.
    """
    with transaction(d.engine) as connection:
        home = find_home(connection, caller, for_update=True)
        if len(home.couple.partners) == 1:
            people.delete_couple(connection, home.couple.couple_id)
            return
        (other,) = (one.partner_id for one in home.couple.partners if one != home.me)
        dates.hand_over(connection, home.couple.couple_id, other)
        plans.delete_plans(connection, home.couple.couple_id)
        rituals.delete_rituals(connection, home.couple.couple_id)
        people.delete_partner(connection, home.me.partner_id)
        access.delete_invites(connection, home.couple.couple_id)  # none they may have kept lets them back in


def delete_couple(d: Deployment, caller: Caller) -> None:
    """Delete a couple and everything in it.

    A partner may while nobody else is in it, and the operator, as a `Caller` that names the couple, at
    any time. Of two, neither may delete what is the other's: each leaves, and takes only what is their own.

    Raises
    ------
    NotAllowed
        If the caller is of no couple.
    NotFound
        If the operator names a couple that is not there.
    Conflict
        If a partner asks and the other is still in it.
    """
    with transaction(d.engine) as connection:
        couple = couple_of(connection, caller, for_update=True)
        if caller.kind == "partner" and len(couple.partners) > 1:
            raise Conflict("What is your partner's is not yours to delete; leave, and all of yours is gone.")
        people.delete_couple(connection, couple.couple_id)


def _plain(value: Partner | Circumstances | Goal | CoupleDate | Rating) -> Any:
    return _as_json[type(value)](value, mode="json")

"""Who asks, how a couple comes about, what partners say of themselves, and how they leave."""

from recommender.service.callers import Caller, authenticate, couple_of
from recommender.service.people.joining import (
    Joined,
    accept_invite,
    create_couple,
    is_invited,
    new_invite,
    new_token,
    revoke_invites,
)
from recommender.service.people.leaving import delete_couple, export_me, leave
from recommender.service.people.profile import (
    CoupleView,
    get_couple,
    get_me,
    put_answers,
    put_boundaries,
    update_couple,
    update_me,
)
from recommender.service.people.sessions import (
    Session,
    Sessions,
    end_other_sessions,
    end_session,
    list_sessions,
    new_link,
    new_session,
    use_link,
)

__all__ = [
    "Caller",
    "CoupleView",
    "Joined",
    "Session",
    "Sessions",
    "accept_invite",
    "authenticate",
    "couple_of",
    "create_couple",
    "delete_couple",
    "end_other_sessions",
    "end_session",
    "export_me",
    "get_couple",
    "get_me",
    "is_invited",
    "leave",
    "list_sessions",
    "new_invite",
    "new_link",
    "new_session",
    "new_token",
    "put_answers",
    "put_boundaries",
    "revoke_invites",
    "update_couple",
    "update_me",
    "use_link",
]

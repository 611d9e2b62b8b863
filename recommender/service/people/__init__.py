"""Who asks, how a couple comes about, what partners say of themselves, and how they leave."""

from recommender.service.callers import Caller, authenticate, couple_of
from recommender.service.people.joining import Joined, accept_invite, create_couple, new_invite, new_token
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

__all__ = [
    "Caller",
    "CoupleView",
    "Joined",
    "accept_invite",
    "authenticate",
    "couple_of",
    "create_couple",
    "delete_couple",
    "export_me",
    "get_couple",
    "get_me",
    "leave",
    "new_invite",
    "new_token",
    "put_answers",
    "put_boundaries",
    "update_couple",
    "update_me",
]

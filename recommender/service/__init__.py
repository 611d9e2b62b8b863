"""The use cases, one function each: the only door for the command line and HTTP."""

from recommender.catalogue.search import IdeaQuery
from recommender.service.calendar import calendar_feed, new_calendar
from recommender.service.dates import (
    DateView,
    delete_date,
    delete_rating,
    list_dates,
    log_date,
    put_rating,
    update_date,
)
from recommender.service.deployment import Deployment, open_deployment
from recommender.service.ideas import get_idea, list_ideas, quiz
from recommender.service.people import (
    Caller,
    CoupleView,
    Joined,
    accept_invite,
    authenticate,
    create_couple,
    delete_couple,
    export_me,
    get_couple,
    get_me,
    leave,
    new_invite,
    put_answers,
    put_boundaries,
    update_couple,
    update_me,
)
from recommender.service.settings import Settings

__all__ = [
    "Caller",
    "CoupleView",
    "DateView",
    "Deployment",
    "IdeaQuery",
    "Joined",
    "Settings",
    "accept_invite",
    "authenticate",
    "calendar_feed",
    "create_couple",
    "delete_couple",
    "delete_date",
    "delete_rating",
    "export_me",
    "get_couple",
    "get_idea",
    "get_me",
    "leave",
    "list_dates",
    "list_ideas",
    "log_date",
    "new_calendar",
    "new_invite",
    "open_deployment",
    "put_answers",
    "put_boundaries",
    "put_rating",
    "quiz",
    "update_couple",
    "update_date",
    "update_me",
]

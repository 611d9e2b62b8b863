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
from recommender.service.demo import demo_token, open_demo
from recommender.service.deployment import Deployment, open_deployment, refreshed
from recommender.service.health import feedback_volume
from recommender.service.hosting import (
    backup_database,
    coming_week,
    every_couple,
    host_caller,
    list_couples,
    partner_caller,
    restore_database,
    session_key,
    upgrade_database,
)
from recommender.service.ideas import get_idea, list_ideas, quiz
from recommender.service.imported import (
    list_sources,
    review_idea,
    review_source,
    withdraw_idea,
    withdraw_source,
)
from recommender.service.imports import ImportOrder, ImportReport, import_ideas
from recommender.service.library import catalogue_coverage, catalogue_faults, find_ideas
from recommender.service.marks import SeenMark, SeenMarks, put_mark
from recommender.service.models import (
    list_models,
    list_promotions,
    model_card,
    promote,
    retrain,
    rollback,
)
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
from recommender.service.rituals import SeenRitual, keep_ritual
from recommender.service.settings import Settings
from recommender.service.story import freshness_of
from recommender.service.tagging import TaggedText, tag_file, tag_lines, train_tagger
from recommender.service.views import goal_lines, goal_words, local_start, plan_body, plan_cards, ritual_lines
from recommender.service.weeks import choose, get_plan, swap
from recommender.service.weekview import WeekView, get_week, see_week

__all__ = [
    "Caller",
    "CoupleView",
    "DateView",
    "Deployment",
    "IdeaQuery",
    "ImportOrder",
    "ImportReport",
    "Joined",
    "SeenMark",
    "SeenMarks",
    "SeenRitual",
    "Settings",
    "TaggedText",
    "WeekView",
    "accept_invite",
    "authenticate",
    "backup_database",
    "calendar_feed",
    "catalogue_coverage",
    "catalogue_faults",
    "choose",
    "coming_week",
    "create_couple",
    "delete_couple",
    "delete_date",
    "delete_rating",
    "demo_token",
    "every_couple",
    "export_me",
    "feedback_volume",
    "find_ideas",
    "freshness_of",
    "get_couple",
    "get_idea",
    "get_me",
    "get_plan",
    "get_week",
    "goal_lines",
    "goal_words",
    "host_caller",
    "import_ideas",
    "keep_ritual",
    "leave",
    "list_couples",
    "list_dates",
    "list_ideas",
    "list_models",
    "list_promotions",
    "list_sources",
    "local_start",
    "log_date",
    "model_card",
    "new_calendar",
    "new_invite",
    "open_demo",
    "open_deployment",
    "partner_caller",
    "plan_body",
    "plan_cards",
    "promote",
    "put_answers",
    "put_boundaries",
    "put_mark",
    "put_rating",
    "quiz",
    "refreshed",
    "restore_database",
    "retrain",
    "review_idea",
    "review_source",
    "ritual_lines",
    "rollback",
    "see_week",
    "session_key",
    "swap",
    "tag_file",
    "tag_lines",
    "train_tagger",
    "update_couple",
    "update_date",
    "update_me",
    "upgrade_database",
    "withdraw_idea",
    "withdraw_source",
]

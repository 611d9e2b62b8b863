"""A demo couple in a home of its own: two made-up partners who differ, and a few dates behind them.

It lives in the folder ``demo`` inside ``REKINDLE_HOME``, with its own database and its own models,
so that it never touches a real one. Its ratings are an example and train nothing that is shipped.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import time, timedelta
from itertools import chain

from recommender.domain import AnswerValue, Boundaries, Circumstances, Goal, Slot
from recommender.service import dates, people
from recommender.service.deployment import Deployment, open_deployment
from recommender.service.hosting import every_couple
from recommender.service.people import Caller
from recommender.service.settings import Settings
from recommender.store import dates as date_store
from recommender.store.engine import reading


@dataclass(frozen=True, slots=True)
class PastDate:
    """A date of the demo couple: which idea, how many days ago, and both ratings (enjoyment, closeness)."""

    idea_id: str
    days_ago: int
    first: tuple[int, int]
    second: tuple[int, int]


CIRCUMSTANCES = Circumstances(
    budget_max=40,
    minutes_max=240,
    slots=(Slot(3, time(19, 0), 180), Slot(6, time(10, 0), 300), Slot(7, time(15, 0), 330)),
    time_zone="Europe/Lisbon",
    latitude=38.7,
)
GOALS = (Goal("novelty_learning", times=1, weeks=2),)
PAST: dict[str, tuple[tuple[int, int], tuple[int, int]]] = {
    "food_drink": ((5, 4), (4, 4)),
    "nature": ((4, 5), (5, 5)),
    "games_puzzles": ((2, 3), (4, 3)),
    "arts_crafts": ((4, 4), (3, 3)),
}
"""Domains of past dates, the last week's first, with Robin's and Sam's ratings."""


def open_demo(settings: Settings) -> tuple[Deployment, Caller]:
    """Return the demo's own deployment and a caller for its couple, made if it is not there yet."""
    home = settings.home / "demo"
    deployment = open_deployment(
        replace(settings, home=home, database_url=f"sqlite:///{home / 'rekindle.sqlite3'}")
    )
    couple_id = _moved_in(deployment) or _move_in(deployment)
    return deployment, Caller("operator", None, couple_id)


def demo_token(deployment: Deployment, couple_id: str) -> str:
    """Return a new token of the demo couple's first partner, to try the API with."""
    return people.new_token(deployment, couple_id)


def _moved_in(deployment: Deployment) -> str | None:
    """Return a demo couple with all of its past; one whose making was broken off is passed over."""
    n_past = len(_past(deployment))
    for couple_id in chain.from_iterable(every_couple(deployment)):
        with reading(deployment.engine) as connection:
            if len(date_store.list_dates(connection, couple_id)) >= n_past:
                return couple_id
    return None


def _move_in(deployment: Deployment) -> str:
    # As the operator: the demo opens where sign-up is closed too.
    first = people.create_couple(deployment, "Robin", caller=Caller("operator"))
    second = people.accept_invite(deployment, first.invite_code or "", "Sam")
    robin = Caller("partner", first.partner_id, first.couple_id)
    sam = Caller("partner", second.partner_id, second.couple_id)
    for caller, answers in zip((robin, sam), _answers(deployment), strict=True):
        people.put_answers(deployment, caller, answers)
    people.put_boundaries(deployment, robin, Boundaries(hazards_never=("height",)))
    people.put_boundaries(deployment, sam, Boundaries(alcohol_max="optional"))
    people.update_me(deployment, robin, freshness=0.8)
    people.update_couple(deployment, robin, circumstances=CIRCUMSTANCES, goals=GOALS)
    for past in _past(deployment):
        _live(deployment, robin, sam, past)
    return first.couple_id


def _answers(deployment: Deployment) -> tuple[dict[str, AnswerValue], dict[str, AnswerValue]]:
    """Return answers in which the two often differ: Robin takes first options, Sam every other one."""
    robin: dict[str, AnswerValue] = {}
    sam: dict[str, AnswerValue] = {}
    for number, question in enumerate(deployment.catalogue.quiz):
        values = [option.value for option in question.options]
        if question.kind == "many":
            robin[question.question_id] = tuple(str(value) for value in values[:2])
            sam[question.question_id] = tuple(str(value) for value in values[1:3])
            continue
        robin[question.question_id] = values[0] if question.kind == "pair" else values[-2]
        sam[question.question_id] = values[number % 2] if question.kind == "pair" else values[1]
    return robin, sam


def _past(deployment: Deployment) -> tuple[PastDate, ...]:
    """Return past dates over different domains, as far as the catalogue has them: four in ours."""
    ideas = deployment.catalogue.ideas
    firsts = {idea.tags["domain"][0]: idea.idea_id for idea in reversed(ideas)}
    return tuple(
        PastDate(firsts[domain], 7 * weeks, *both)
        for weeks, (domain, both) in enumerate(PAST.items(), start=1)
        if domain in firsts
    )


def _live(deployment: Deployment, robin: Caller, sam: Caller, past: PastDate) -> None:
    day = (deployment.clock() - timedelta(days=past.days_ago)).date()
    view = dates.log_date(deployment, robin, on=day, idea_id=past.idea_id)
    for caller, (enjoyment, closeness) in ((robin, past.first), (sam, past.second)):
        dates.put_rating(
            deployment,
            caller,
            view.date.date_id,
            enjoyment=enjoyment,
            closeness=closeness,
            again=enjoyment >= 4,
        )

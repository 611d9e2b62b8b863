"""A week is told as its bodies say, field by field."""

from __future__ import annotations

import pytest
from flask import Flask

from api.app import create_app
from api.schemas.weeks import PlanBody, RitualBody
from recommender.service import Deployment
from tests.api_world import Person, accept, start, with_shipped_catalogue

WEEK = "/v1/weeks/2026-W48"
AWAY = {"time_zone": "Pacific/Auckland", "budget_max": 0, "places": ["home"]}
HURRIED = {"minutes_max": 1}
GOALS = [{"practice": "ritual", "times": 2}, {"tags": {"screen": ["phone_free"]}, "weeks": 6}]


@pytest.fixture
def app(deployment: Deployment) -> Flask:
    """Serve the shipped catalogue."""
    return create_app(with_shipped_catalogue(deployment))


def told(person: Person, week: str = WEEK) -> str:
    """Return a week as one partner is told it."""
    answer = person("GET", week)
    assert (answer.status_code, answer.content_type) == (200, "application/json")
    return answer.text


def test_a_week_is_told_as_its_body_says(app: Flask) -> None:
    """What is told is what its body makes of it, to the letter.

    Alone, marked by both, with goals, paused, and with advice where nothing fits.
    """
    robin, code = start(app)
    weeks = [told(robin)]
    sam = accept(app, code)
    robin("PATCH", "/v1/couple", {"circumstances": AWAY, "goals": GOALS})
    for suggestion in robin("GET", WEEK).json["suggestions"]:
        mark = {"suggestion_id": suggestion["suggestion_id"], "mark": "maybe"}
        weeks += [person("PUT", f"{WEEK}/marks", mark).text for person in (robin, sam)]
    weeks += [told(robin), told(sam)]
    robin("PATCH", "/v1/couple", {"circumstances": {"pause": {"since": "2026-W48", "weeks": 1}}})
    weeks.append(told(robin))
    robin("PATCH", "/v1/couple", {"circumstances": HURRIED})
    weeks.append(told(robin, "/v1/weeks/2026-W49"))

    bodies = [PlanBody.model_validate_json(week) for week in weeks]

    assert [body.model_dump_json() for body in bodies] == weeks
    assert [bool(body.goals) for body in bodies] == [False] + [True] * (len(weeks) - 1)
    assert (bodies[-3].marked, bodies[-2].paused, bool(bodies[-1].advice)) == (True, True, True)


def test_a_ritual_is_told_as_its_body_says(app: Flask) -> None:
    """So is a ritual that somebody confirms."""
    robin, _ = start(app)
    ritual_id = robin("GET", WEEK).json["rituals"][0]["ritual_id"]

    kept = robin("PUT", f"/v1/rituals/{ritual_id}/kept").text

    assert RitualBody.model_validate_json(kept).model_dump_json() == kept

"""The catalogue and the quiz over HTTP."""

import pytest
from flask import Flask

from api.app import create_app
from recommender.service import Deployment
from tests.api_world import Person


@pytest.fixture
def anyone(deployment: Deployment) -> Person:
    """Return somebody without a token, before a catalogue of three ideas of 30, 60 and 90 minutes."""
    app: Flask = create_app(deployment)
    return Person(app)


def found(answer) -> list[str]:
    """Return the ideas of a page."""
    return [idea["idea_id"] for idea in answer.json["ideas"]]


def test_an_idea_has_every_field(anyone):
    """An idea is told whole, with null for notes it does not need."""
    idea = anyone("GET", "/v1/ideas/soup-swap").json

    assert idea.pop("tags")["place"] == ["home"]
    assert idea == {
        "idea_id": "soup-swap",
        "title": "Soup swap",
        "pitch": "You both fold a boat and race them in the bath.",
        "steps": ["Fold.", "Float.", "Blow."],
        "typical_cost": 12,
        "minutes": 60,
        "versions": {},
        "plan_b": "Race them on the floor.",
        "prompts": {"light": "Whose boat is it?", "deeper": "Where would you sail?"},
        "consent_note": None,
        "safety": None,
        "source": "rekindle",
    }


def test_an_unknown_idea_is_not_found(anyone):
    """An idea that is not in the catalogue is 404."""
    assert anyone("GET", "/v1/ideas/no-such-idea").status_code == 404


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("minutes_max=60", {"paper-boats", "soup-swap"}),
        ("cost_max=0", {"paper-boats", "stair-songs"}),
        ("q=soup", {"soup-swap"}),
        ("tag=place:home&tag=cost:free", {"paper-boats", "soup-swap", "stair-songs"}),
        ("tag=place:nature", set()),
        ("tag=place:home&tag=place:nature&minutes_max=30", {"paper-boats"}),
    ],
)
def test_a_search_narrows(anyone, query, expected):
    """Words, tags, cost and minutes each narrow the list; several tags of one facet are alternatives."""
    assert set(found(anyone("GET", f"/v1/ideas?{query}"))) == expected


def test_pages_follow_each_other(anyone):
    """The cursor of a page leads to the next, each idea comes once, and the last page has no cursor."""
    first = anyone("GET", "/v1/ideas?limit=2")
    second = anyone("GET", "/v1/ideas", query_string={"limit": 2, "cursor": first.json["next_cursor"]})

    assert found(first) + found(second) == ["paper-boats", "soup-swap", "stair-songs"]
    assert second.json["next_cursor"] is None


def test_a_page_that_never_was_is_not_found(anyone):
    """A cursor that no search gave is 404."""
    assert anyone("GET", "/v1/ideas?cursor=bm9uZQ==").status_code == 404


def test_the_quiz_says_what_options_speak_for(anyone):
    """A question comes with its kind and its options, each with value, label and tags."""
    questions = anyone("GET", "/v1/quiz").json["questions"]

    assert questions[0] == {
        "question_id": "tonight",
        "kind": "pair",
        "prompt": "In or out?",
        "options": [
            {"value": "in", "label": "In", "tags": {}},
            {"value": "out", "label": "Out", "tags": {}},
        ],
    }
    assert [question["kind"] for question in questions] == ["pair", "scale", "many"]

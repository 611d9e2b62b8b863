"""Bad requests: each gets its status and one shape, and never a 500."""

import pytest
from flask import Flask

from api.app import BODY_MOST, create_app
from recommender.service import Deployment
from tests.api_world import Person, start

JSON = {"content_type": "application/json"}
NUL, HALF = "\x00", r'"\ud800"'
DATE = "/v1/dates/" + "0" * 26


@pytest.fixture
def app(deployment: Deployment) -> Flask:
    """Serve an empty deployment."""
    return create_app(deployment)


@pytest.fixture
def robin(app: Flask) -> Person:
    """Return the first partner of a couple."""
    return start(app)[0]


def sent(person: Person, method: str, path: str, data: str | bytes, content_type: str = "application/json"):
    """Return the answer to a body that is sent as it is."""
    return person(method, path, data=data, content_type=content_type)


def assert_problem(answer, status: int) -> dict:
    """Check status, media type and shape of an error, and return its body."""
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    assert set(answer.json) == {"type", "title", "status", "detail", "instance", "errors"}
    assert answer.json["status"] == status
    assert answer.json["instance"] == f"urn:uuid:{answer.headers['X-Request-Id']}"
    return answer.json


@pytest.mark.parametrize(
    ("data", "content_type", "status"),
    [
        ("name=Robin", "application/x-www-form-urlencoded", 415),
        ('{"name": "Robin"}', "text/plain", 415),
        ("", "application/json", 400),
        ("{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        ("[" * 100_000, "application/json", 400),
        ('{"name": ' + "9" * 10_000 + "}", "application/json", 400),
        (f'{{"name": {HALF}}}', "application/json", 422),
        ("[]", "application/json", 422),
        ("null", "application/json", 422),
        ("{}", "application/json", 422),
        ('{"name": 5}', "application/json", 422),
        ('{"name": ""}', "application/json", 422),
        ('{"name": "  \\u200b "}', "application/json", 422),
        (r'{"name": "Ro\u0000bin"}', "application/json", 422),
        ('{"name": "Ro\\nbin"}', "application/json", 422),
        ('{"name": "%s"}' % ("x" * 81), "application/json", 422),
        ('{"name": "Robin", "admin": true}', "application/json", 422),
        ('{"name": "%s"}' % ("x" * BODY_MOST), "application/json", 413),
    ],
    ids=lambda value: str(value)[:24],
)
def test_a_bad_body(app, data, content_type, status):
    """A body that is no JSON, too deep, too large, or not the form is refused with the right status."""
    assert_problem(sent(Person(app), "POST", "/v1/couples", data, content_type), status)


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("PATCH", "/v1/me", {"freshness": 1.5}, "freshness"),
        ("PATCH", "/v1/me", {"freshness": True}, "freshness"),
        ("PATCH", "/v1/me", {"name": None}, "name"),
        ("PATCH", "/v1/me", {"tender_weeks": ["2026-W54"]}, "tender_weeks.0"),
        ("PUT", "/v1/me/answers", {"answers": {"nobody-asked": "in"}}, "answers.nobody-asked"),
        ("PUT", "/v1/me/answers", {"answers": {"pace": 6}}, "answers.pace"),
        ("PUT", "/v1/me/answers", {"answers": {"tonight": ["in"]}}, "answers.tonight"),
        ("PUT", "/v1/me/boundaries", {"touch_max": "hugs"}, "touch_max"),
        ("PUT", "/v1/me/boundaries", {"hazards_never": ["none"]}, "hazards_never"),
        ("PUT", "/v1/me/boundaries", {"tags_never": {"colour": ["red"]}}, "tags_never"),
        ("PUT", "/v1/me/boundaries", {"ideas_never": ["no-such-idea"]}, "ideas_never"),
        ("PATCH", "/v1/couple", {"circumstances": {"budget_max": -1}}, "circumstances.budget_max"),
        ("PATCH", "/v1/couple", {"circumstances": {"currency": "eur"}}, "circumstances.currency"),
        ("PATCH", "/v1/couple", {"circumstances": {"time_zone": "Mars/Olympus"}}, "circumstances.time_zone"),
        ("PATCH", "/v1/couple", {"circumstances": {"time_zone": "../passwd"}}, "circumstances.time_zone"),
        ("PATCH", "/v1/couple", {"circumstances": {"latitude": 91}}, "circumstances.latitude"),
        (
            "PATCH",
            "/v1/couple",
            {"circumstances": {"slots": [{"weekday": 8, "start": "19:30", "minutes": 60}]}},
            "circumstances.slots.0.weekday",
        ),
        (
            "PATCH",
            "/v1/couple",
            {"circumstances": {"slots": [{"weekday": 5, "start": "25:00", "minutes": 60}]}},
            "circumstances.slots.0.start",
        ),
        ("PATCH", "/v1/couple", {"goals": [{"practice": "golf"}]}, "goals.0.practice"),
        ("POST", "/v1/dates", {"on": "2026-11-20"}, "body"),
        ("POST", "/v1/dates", {"on": "2026-11-20", "title": "a", "idea_id": "soup-swap"}, "body"),
        ("POST", "/v1/dates", {"on": "2026-02-30", "title": "a"}, "on"),
        ("POST", "/v1/dates", {"on": 20261120, "title": "a"}, "on"),
        ("POST", "/v1/dates", {"on": "2026-11-20", "idea_id": "no-such-idea"}, "idea_id"),
        ("PUT", f"{DATE}/rating", {"enjoyment": 6}, "enjoyment"),
        ("PUT", f"{DATE}/rating", {"enjoyment": "5"}, "enjoyment"),
        ("PUT", f"{DATE}/rating", {"enjoyment": 10**400}, "enjoyment"),
        ("PUT", f"{DATE}/rating", {"enjoyment": 4.5}, "enjoyment"),
        ("PUT", f"{DATE}/rating", {"enjoyment": 4, "note": f"so{NUL}so"}, "note"),
        ("PUT", f"{DATE}/rating", {"enjoyment": 4, "note": "x" * 5001}, "note"),
        ("PATCH", DATE, {"status": "perhaps"}, "status"),
        ("PATCH", DATE, {"starts_at": "2026-11-28T19:30:00"}, "starts_at"),
        ("PATCH", DATE, {"starts_at": "9999-12-31T23:59:59-23:59"}, "starts_at"),
        ("POST", "/v1/weeks/2026-W48/swap", {"suggestion_id": "0" * 26, "reason": "bored"}, "reason"),
        ("POST", "/v1/weeks/2026-W48/swap", {"suggestion_id": "x", "reason": "other"}, "suggestion_id"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_bad_value_is_named(robin, method, path, body, field):
    """Each wrong value is 422 with the place it stood in."""
    problem = assert_problem(robin(method, path, body), 422)

    assert [error["field"] for error in problem["errors"]] == [field]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/weeks/2026-W99",
        "/v1/weeks/2025-W53",
        "/v1/weeks/1999-W01",
        "/v1/weeks/2026-W48%0a",
        "/v1/ideas/No%00Slug",
        "/v1/ideas?limit=0",
        "/v1/ideas?limit=ten",
        "/v1/ideas?limit=5&limit=6",
        "/v1/ideas?cost_max=nan",
        "/v1/ideas?q=%00",
        "/v1/ideas?tags=place:home",
        "/v1/calendar/%20.ics",
    ],
)
def test_a_bad_address(robin, path):
    """A name in the path or a query parameter that cannot be used is 422."""
    assert_problem(robin("GET", path), 422)


def test_a_refusal_is_short(robin):
    """However much is wrong, an answer names at most a hundred values."""
    answer = robin("PATCH", "/v1/me", {f"field{number}": 1 for number in range(1000)})

    assert len(assert_problem(answer, 422)["errors"]) == 100


def test_a_refusal_does_not_repeat_what_was_sent(robin):
    """What somebody sent does not come back in the problem."""
    answer = robin("PATCH", "/v1/me", {"name": ["a private word"], "secretly": "another"})

    assert answer.status_code == 422
    assert "private word" not in answer.text
    assert "another" not in answer.text


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/me/", "/v1//me", "/v1/nothing", "/nothing"])
def test_an_unknown_address_is_not_found(robin, path):
    """There are no redirects and no second spellings: whatever is not a route is 404."""
    assert_problem(robin("GET", path), 404)


def test_a_wrong_method_tells_the_right_ones(robin):
    """405 comes with Allow, also where nobody says who they are."""
    answer = Person(robin.app)("PUT", "/v1/couple", {})

    assert_problem(answer, 405)
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "PATCH", "DELETE"}


def test_a_whole_number_may_be_written_as_a_float(robin):
    """4.0 is the whole number 4, as JSON Schema has it."""
    date_id = robin("POST", "/v1/dates", {"title": "Soup", "on": "2026-11-20"}).json["date_id"]

    rated = robin("PUT", f"/v1/dates/{date_id}/rating", {"enjoyment": 4.0})

    assert rated.json["mine"]["enjoyment"] == 4

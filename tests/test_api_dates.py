"""Weeks, dates and ratings over HTTP, with the catalogue that comes with Rekindle."""

from dataclasses import replace

import pytest
from flask import Flask

from api.app import create_app
from recommender.service import Deployment
from tests.api_world import Person, accept, start, with_catalogue, with_shipped_catalogue

WEEK = "/v1/weeks/2026-W48"


@pytest.fixture
def app(deployment: Deployment) -> Flask:
    """Serve a deployment with the shipped catalogue."""
    return create_app(with_shipped_catalogue(deployment))


@pytest.fixture
def two(app: Flask) -> tuple[Person, Person]:
    """Join Robin and Sam, of Paris."""
    robin, code = start(app)
    robin("PATCH", "/v1/couple", {"circumstances": {"time_zone": "Europe/Paris"}})
    return robin, accept(app, code)


def test_both_read_the_same_plan(two):
    """A plan is made once: both partners read the same three suggestions, again and again."""
    robin, sam = two

    plans = [person("GET", WEEK).json for person in (robin, sam, robin)]

    assert plans[0] == plans[1] == plans[2]
    assert [suggestion["position"] for suggestion in plans[0]["suggestions"]] == [1, 2, 3]


def test_a_plan_tells_nothing_of_one_partner(two):
    """A plan's body has the documented fields and no others: no spread, propensity or per-partner figure."""
    robin, _ = two

    plan = robin("GET", WEEK).json
    first = plan["suggestions"][0]

    assert set(plan) == {"week", "rule", "suggestions", "advice", "marked", "goals", "rituals", "paused"}
    assert set(first) == {
        "suggestion_id",
        "position",
        "role",
        "idea",
        "starts_at",
        "expected",
        "guess",
        "reasons",
        "mine",
        "both",
    }
    assert {key for reason in first["reasons"] for key in reason} == {"kind", "text", "contribution"}


def test_a_plan_is_in_the_couples_time(two):
    """Starts carry the offset of the couple's time zone, +01:00 for Paris in November."""
    robin, sam = two

    made, stored = (person("GET", WEEK).json["suggestions"] for person in (robin, sam))

    assert {suggestion["starts_at"][-6:] for suggestion in (*made, *stored)} == {"+01:00"}


def test_an_idea_comes_with_its_tags(two):
    """Facets that take several values are lists, the others a word, in a plan as in the catalogue."""
    robin, _ = two

    idea = robin("GET", WEEK).json["suggestions"][0]["idea"]

    assert isinstance(idea["tags"]["place"], list)
    assert isinstance(idea["tags"]["touch"], str)
    assert robin("GET", f"/v1/ideas/{idea['idea_id']}").json == idea


def test_swapping_replaces_one(two):
    """A swap puts another idea at the same position and leaves the others."""
    robin, sam = two
    before = robin("GET", WEEK).json["suggestions"]
    out = before[0]["suggestion_id"]

    swapped = robin("POST", f"{WEEK}/swap", {"suggestion_id": out, "reason": "not_us"})

    after = swapped.json["suggestions"]
    assert swapped.status_code == 200
    assert after[0]["idea"]["idea_id"] not in {suggestion["idea"]["idea_id"] for suggestion in before}
    assert after[1:] == before[1:]
    assert sam("GET", WEEK).json == swapped.json


def test_marks_are_shown_to_both_once_both_have_marked_all(two):
    """Each marks alone and reads only their own; then both read what both like, and marks are kept."""
    robin, sam = two
    ids = [suggestion["suggestion_id"] for suggestion in robin("GET", WEEK).json["suggestions"]]

    for at, word in enumerate(("yes", "maybe", "not_this_time")):
        robin("PUT", f"{WEEK}/marks", {"suggestion_id": ids[at], "mark": word})
    hidden = sam("GET", WEEK).json
    for suggestion_id in ids:
        told = sam("PUT", f"{WEEK}/marks", {"suggestion_id": suggestion_id, "mark": "yes"})
    late = robin("PUT", f"{WEEK}/marks", {"suggestion_id": ids[2], "mark": "yes"})

    assert [(s["mine"], s["both"]) for s in hidden["suggestions"]] == [(None, None)] * 3
    assert hidden["marked"] is False
    assert [s["both"] for s in told.json["suggestions"]] == ["yes", "maybe", None]
    assert [s["mine"] for s in robin("GET", WEEK).json["suggestions"]] == ["yes", "maybe", "not_this_time"]
    assert told.json["marked"] is True
    assert late.status_code == 409


def test_a_ritual_is_kept_when_both_confirm(two):
    """Rituals come with the plan, as ideas with reasons; each confirms alone, again without effect."""
    robin, sam = two
    first, second = robin("GET", WEEK).json["rituals"]
    path = f"/v1/rituals/{first['ritual_id']}/kept"

    one = robin("PUT", path)
    again = robin("PUT", path)
    hidden = sam("GET", WEEK).json["rituals"]
    both = sam("PUT", path)

    assert (one.status_code, one.json) == (200, {**first, "mine": True})
    assert again.json == one.json
    assert hidden == [first, second]
    assert both.json == {**first, "mine": True, "kept": True}
    assert robin("GET", WEEK).json["rituals"] == [both.json, second]
    assert first["idea"]["minutes"] <= 20
    assert sum(reason["contribution"] for reason in first["reasons"]) > 0
    assert robin("PUT", f"/v1/rituals/{'0' * 26}/kept").status_code == 404


def test_a_pause_is_set_and_taken_back(two):
    """A paused week is empty and says so; other circumstances stay; null ends the pause."""
    robin, sam = two
    pause = {"since": "2026-W48", "weeks": 2}

    told = robin("PATCH", "/v1/couple", {"circumstances": {"pause": pause}}).json["circumstances"]
    paused = sam("GET", WEEK).json
    sam("PATCH", "/v1/couple", {"circumstances": {"pause": None}})
    resumed = robin("GET", WEEK).json

    assert (told["pause"], told["time_zone"]) == (pause, "Europe/Paris")
    assert (paused["paused"], paused["suggestions"], paused["rituals"]) == (True, [], [])
    assert (resumed["paused"], len(resumed["suggestions"]), len(resumed["rituals"])) == (False, 3, 2)


def test_only_a_suggestion_of_the_week_is_marked(two):
    """An unknown suggestion is not found, and an unknown word is refused."""
    robin, _ = two
    own = robin("GET", WEEK).json["suggestions"][0]["suggestion_id"]

    assert robin("PUT", f"{WEEK}/marks", {"suggestion_id": "0" * 26, "mark": "yes"}).status_code == 404
    assert robin("PUT", f"{WEEK}/marks", {"suggestion_id": own, "mark": "no"}).status_code == 422


def test_a_chosen_date_offers_its_other_starts(two):
    """Choosing and moving say when else it could be, in the couple's time; what is done offers nothing."""
    robin, _ = two
    out = robin("GET", WEEK).json["suggestions"][0]["suggestion_id"]

    chosen = robin("POST", f"{WEEK}/choice", {"suggestion_id": out}).json
    path = f"/v1/dates/{chosen['date_id']}"
    moved = robin("PATCH", path, {"starts_at": chosen["starts"][0]}).json
    done = robin("PATCH", path, {"status": "done"}).json

    assert {start[-6:] for start in chosen["starts"]} == {"+01:00"}
    assert chosen["starts_at"] not in chosen["starts"]
    assert moved["starts_at"] == chosen["starts"][0]
    assert chosen["starts_at"] in moved["starts"]
    assert done["starts"] == []


def test_what_was_swapped_cannot_be_chosen(two):
    """A suggestion that is no longer in force is not found."""
    robin, _ = two
    out = robin("GET", WEEK).json["suggestions"][0]["suggestion_id"]
    robin("POST", f"{WEEK}/swap", {"suggestion_id": out, "reason": "other"})

    assert robin("POST", f"{WEEK}/choice", {"suggestion_id": out}).status_code == 404


def test_an_idea_that_is_gone_is_replaced(app, two):
    """When the catalogue loses the idea of a chosen suggestion, another takes its place and the rest stay."""
    robin, _ = two
    first, *others = robin("GET", WEEK).json["suggestions"]
    robin("POST", f"{WEEK}/choice", {"suggestion_id": first["suggestion_id"]})
    before = app.extensions["rekindle"].deployment
    ideas = [idea for idea in before.catalogue.ideas if idea.idea_id != first["idea"]["idea_id"]]
    smaller = create_app(with_catalogue(before, replace(before.catalogue, ideas=tuple(ideas))))

    later = Person(smaller, robin.token)

    new, *rest = later("GET", WEEK).json["suggestions"]
    assert new["idea"]["idea_id"] != first["idea"]["idea_id"]
    assert rest == others
    assert later("GET", "/v1/dates").json["dates"][0]["title"] == first["idea"]["title"]


def test_choosing_makes_a_date(two):
    """A chosen suggestion is a planned date of both, at another start if one is given."""
    robin, sam = two
    suggestion = robin("GET", WEEK).json["suggestions"][1]
    choice = {"suggestion_id": suggestion["suggestion_id"], "starts_at": "2026-11-28T19:30:00+01:00"}

    chosen = robin("POST", f"{WEEK}/choice", choice)

    assert chosen.status_code == 201
    assert chosen.json["status"] == "planned"
    assert chosen.json["idea_id"] == suggestion["idea"]["idea_id"]
    assert chosen.json["starts_at"] == "2026-11-28T19:30:00+01:00"
    assert sam("GET", "/v1/dates").json["dates"] == [chosen.json]


def test_what_was_chosen_cannot_be_swapped(two):
    """Swapping a chosen suggestion is a conflict."""
    robin, _ = two
    chosen = {"suggestion_id": robin("GET", WEEK).json["suggestions"][0]["suggestion_id"]}
    robin("POST", f"{WEEK}/choice", chosen)

    assert robin("POST", f"{WEEK}/swap", {**chosen, "reason": "other"}).status_code == 409


def test_ratings_show_once_both_have_rated(two):
    """The other's rating appears only when both have rated, and never with the note."""
    robin, sam = two
    path = f"/v1/dates/{_logged(robin)}/rating"

    alone = robin("PUT", path, {"enjoyment": 2, "closeness": 3, "again": False, "note": "the rain"})
    blind = sam("GET", "/v1/dates").json["dates"][0]
    both = sam("PUT", path, {"enjoyment": 5})

    assert (alone.json["mine"]["note"], alone.json["theirs"]) == ("the rain", None)
    assert (blind["mine"], blind["theirs"]) == (None, None)
    assert both.json["theirs"] == {"enjoyment": 2, "closeness": 3, "again": False}
    assert "the rain" not in both.text


def test_rating_marks_a_planned_date_done(two):
    """A date that was planned for later is done once somebody rates it, and can be rated anew."""
    robin, _ = two
    suggestion = robin("GET", WEEK).json["suggestions"][0]["suggestion_id"]
    date_id = robin("POST", f"{WEEK}/choice", {"suggestion_id": suggestion}).json["date_id"]

    robin("PUT", f"/v1/dates/{date_id}/rating", {"enjoyment": 4})
    again = robin("PUT", f"/v1/dates/{date_id}/rating", {"enjoyment": 3}).json

    assert (again["status"], again["mine"]["enjoyment"]) == ("done", 3)


def test_a_rating_can_be_taken_back(two):
    """DELETE removes one's own rating, and doing it again changes nothing."""
    robin, _ = two
    path = f"/v1/dates/{_logged(robin)}/rating"
    robin("PUT", path, {"enjoyment": 4})

    gone = [robin("DELETE", path).status_code for _ in range(2)]

    assert gone == [204, 204]
    assert robin("GET", "/v1/dates").json["dates"][0]["mine"] is None


def test_a_date_is_moved_and_skipped(two):
    """PATCH /v1/dates changes start and status, each without the other."""
    robin, _ = two
    date_id = _logged(robin)

    moved = robin("PATCH", f"/v1/dates/{date_id}", {"starts_at": "2026-11-21T10:00:00Z"}).json
    skipped = robin("PATCH", f"/v1/dates/{date_id}", {"status": "skipped"}).json

    assert (moved["starts_at"], moved["status"]) == ("2026-11-21T11:00:00+01:00", "done")
    assert (skipped["starts_at"], skipped["status"]) == ("2026-11-21T11:00:00+01:00", "skipped")


def test_a_rated_date_stays(two):
    """A date that one rated oneself can be neither deleted nor called skipped; any other can be deleted."""
    robin, _ = two
    rated, other = _logged(robin), _logged(robin)
    robin("PUT", f"/v1/dates/{rated}/rating", {"enjoyment": 4})

    assert robin("DELETE", f"/v1/dates/{rated}").status_code == 409
    assert robin("PATCH", f"/v1/dates/{rated}", {"status": "skipped"}).status_code == 409
    assert robin("DELETE", f"/v1/dates/{other}").status_code == 204
    assert [date["date_id"] for date in robin("GET", "/v1/dates").json["dates"]] == [rated]


def test_anothers_date_is_like_none(app, two):
    """A date of another couple gets the same answer as one that never was, whatever is asked of it."""
    robin, _ = two
    stranger, _ = start(app, "Kim")
    theirs, never = _logged(stranger), "0" * 26
    asked = (("PATCH", "", {}), ("DELETE", "", None), ("PUT", "/rating", {"enjoyment": 3}))

    for method, tail, body in asked:
        answers = [robin(method, f"/v1/dates/{date_id}{tail}", body).json for date_id in (theirs, never)]
        assert [answer["status"] for answer in answers] == [404, 404]
        assert answers[0]["detail"] == answers[1]["detail"]


def test_a_day_to_come_is_a_conflict(two):
    """A date can be logged for today but not for tomorrow, in the couple's time zone."""
    robin, _ = two

    today = robin("POST", "/v1/dates", {"title": "Soup", "on": "2026-11-23"})
    tomorrow = robin("POST", "/v1/dates", {"title": "Soup", "on": "2026-11-24"})

    assert (today.status_code, today.json["starts_at"]) == (201, "2026-11-23T12:00:00+01:00")
    assert tomorrow.status_code == 409


def _logged(person: Person) -> str:
    told = person("POST", "/v1/dates", {"title": "Chips on the pier", "on": "2026-11-20"})
    return str(told.json["date_id"])

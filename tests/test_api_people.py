"""Two people joining, telling, and leaving, over HTTP."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask

from api.app import create_app
from recommender.service import Deployment
from tests.api_world import Person, accept, start


@pytest.fixture
def app(deployment: Deployment) -> Flask:
    """Serve an empty deployment."""
    return create_app(deployment)


def test_two_become_a_couple(app):
    """Whoever accepts an invitation is in the same couple, and both names can be read by both."""
    robin, code = start(app)
    sam = accept(app, code)

    both = [person("GET", "/v1/couple") for person in (robin, sam)]

    assert [answer.status_code for answer in both] == [200, 200]
    assert both[0].json == both[1].json
    assert both[0].json["partners"] == ["Robin", "Sam"]


def test_an_invitation_works_once(app):
    """A code that was used is not found, and the couple stays two."""
    robin, code = start(app)
    accept(app, code)

    again = Person(app)("POST", "/v1/invites/accept", {"invite_code": code, "name": "Kim"})

    assert again.status_code == 404
    assert robin("GET", "/v1/couple").json["partners"] == ["Robin", "Sam"]


def test_a_new_invitation_replaces_the_old(app):
    """After POST /v1/invites only the new code works."""
    robin, old = start(app)

    made = robin("POST", "/v1/invites")
    refused = Person(app)("POST", "/v1/invites/accept", {"invite_code": old, "name": "Sam"})
    sam = accept(app, made.json["invite_code"])

    assert made.status_code == 201
    assert refused.status_code == 404
    assert sam("GET", "/v1/me").json["name"] == "Sam"


def test_settings_are_changed_one_by_one(app):
    """PATCH /v1/me changes what is sent and leaves the rest."""
    robin, _ = start(app)
    robin("PATCH", "/v1/me", {"freshness": 0.9, "tender_weeks": ["2026-W48"]})

    after = robin("PATCH", "/v1/me", {"name": "  Rob  "}).json

    assert (after["name"], after["freshness"], after["tender_weeks"]) == ("Rob", 0.9, ["2026-W48"])


def test_answers_are_replaced_whole(app):
    """PUT /v1/me/answers forgets answers that are not sent again."""
    robin, _ = start(app)
    robin("PUT", "/v1/me/answers", {"answers": {"tonight": "in", "pace": 4, "food": ["snack", "cook"]}})

    replaced = robin("PUT", "/v1/me/answers", {"answers": {"pace": 5.0}})

    assert replaced.json == {"answers": {"pace": 5}}
    assert robin("GET", "/v1/me/answers").json == {"answers": {"pace": 5}}


def test_an_empty_body_means_no_limit(app):
    """{} is valid wherever every field has a default, and every default says no limit is known."""
    robin, _ = start(app)

    boundaries = robin("PUT", "/v1/me/boundaries", {})

    assert boundaries.json == {
        "touch_max": None,
        "talk_max": None,
        "alcohol_max": None,
        "mobility_max": None,
        "sensory_max": None,
        "hazards_never": [],
        "tags_never": {},
        "ideas_never": [],
    }
    assert robin("PUT", "/v1/me/answers", {}).json == {"answers": {}}
    assert robin("PATCH", "/v1/couple", {}).status_code == 200
    assert robin("PATCH", "/v1/me", {}).status_code == 200


def test_boundaries_are_kept_and_only_for_oneself(app):
    """What one partner sets reads back the same for them, and nowhere for the other."""
    robin, code = start(app)
    sam = accept(app, code)
    mine = {
        "touch_max": "affectionate",
        "talk_max": None,
        "alcohol_max": "none",
        "mobility_max": None,
        "sensory_max": None,
        "hazards_never": ["water"],
        "tags_never": {"domain": ["games_puzzles"]},
        "ideas_never": ["soup-swap"],
    }

    robin("PUT", "/v1/me/boundaries", mine)

    assert robin("GET", "/v1/me/boundaries").json == mine
    seen = [sam("GET", path).text for path in ("/v1/me", "/v1/me/boundaries", "/v1/couple", "/v1/me/export")]
    assert not any("games_puzzles" in text or "affectionate" in text for text in seen)


def test_circumstances_are_merged(app):
    """PATCH /v1/couple changes only the circumstances that are sent, and replaces goals whole."""
    robin, _ = start(app)
    slots = [{"weekday": 5, "start": "19:30", "minutes": 180}]
    robin("PATCH", "/v1/couple", {"circumstances": {"budget_max": 40, "slots": slots}})

    after = robin(
        "PATCH",
        "/v1/couple",
        {"circumstances": {"time_zone": "Europe/Paris"}, "goals": [{"practice": "ritual"}]},
    ).json

    assert after["circumstances"]["budget_max"] == 40
    assert after["circumstances"]["slots"] == slots
    assert after["circumstances"]["time_zone"] == "Europe/Paris"
    (goal,) = after["goals"]
    assert (goal["practice"], goal["tags"], goal["times"], goal["weeks"]) == ("ritual", {}, 1, 4)


def test_a_field_can_be_set_back_to_none(app):
    """Sending null removes a limit; leaving the field out does not."""
    robin, _ = start(app)
    robin("PATCH", "/v1/couple", {"circumstances": {"budget_max": 40, "minutes_max": 60}})

    after = robin("PATCH", "/v1/couple", {"circumstances": {"budget_max": None}}).json["circumstances"]

    assert (after["budget_max"], after["minutes_max"]) == (None, 60)


def test_leaving_takes_one(app):
    """DELETE /v1/me ends one token at once, and the couple goes on for the other."""
    robin, code = start(app)
    sam = accept(app, code)

    left = robin("DELETE", "/v1/me")

    assert (left.status_code, left.data) == (204, b"")
    assert robin("GET", "/v1/me").status_code == 401
    assert sam("GET", "/v1/couple").json["partners"] == ["Sam"]


def test_deleting_a_couple_waits_until_one_is_alone(app):
    """DELETE /v1/couple is refused while the other is in it, and then ends the last token."""
    robin, code = start(app)
    sam = accept(app, code)

    assert robin("DELETE", "/v1/couple").status_code == 409
    assert sam("GET", "/v1/me").status_code == 200
    assert [sam("DELETE", "/v1/me").status_code, robin("DELETE", "/v1/couple").status_code] == [204, 204]
    assert [person("GET", "/v1/me").status_code for person in (robin, sam)] == [401, 401]


def test_the_calendar_is_read_without_a_token(app):
    """The address that POST /v1/couple/calendar tells opens the feed to whoever has it, until a new one."""
    robin, _ = start(app)
    robin("POST", "/v1/dates", {"title": "Chips on the pier", "on": "2026-11-20"})
    made = robin("POST", "/v1/couple/calendar")

    feed = Person(app)("GET", made.json["path"])
    robin("POST", "/v1/couple/calendar")

    assert made.status_code == 201
    assert made.json["path"] == f"/v1/calendar/{made.json['secret']}.ics"
    assert feed.mimetype == "text/calendar"
    assert "SUMMARY:Chips on the pier" in feed.text
    assert Person(app)("GET", made.json["path"]).status_code == 404


def test_two_who_change_the_couple_at_once_both_stand(app):
    """Partners who send different fields at the same moment never undo one another's."""
    robin, code = start(app)
    sam = accept(app, code)
    rounds = 15
    ready = Barrier(2)

    def change(person: Person, field: str) -> set[int]:
        statuses = set()
        for n in range(1, rounds + 1):
            ready.wait(timeout=30)
            body = {"circumstances": {field: n}}
            statuses.add(person("PATCH", "/v1/couple", body).status_code)
            ready.wait(timeout=30)
            now = person("GET", "/v1/couple").json["circumstances"]
            seen.append((now["minutes_max"], now["budget_max"]) == (n, n))
        return statuses

    seen: list[bool] = []
    with ThreadPoolExecutor() as pool:
        statuses = set().union(*pool.map(change, (robin, sam), ("minutes_max", "budget_max")))

    assert statuses == {200}
    assert seen == [True] * 2 * rounds

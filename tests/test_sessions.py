"""Where a partner is signed in: listed, made and ended by that partner alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from api.app import create_app
from recommender.errors import Conflict, InvalidInput, NotFound, Unauthenticated
from recommender.service import (
    Deployment,
    authenticate,
    create_couple,
    end_other_sessions,
    end_session,
    list_sessions,
    new_link,
    new_session,
    use_link,
)
from recommender.service.people.sessions import SESSIONS_MOST
from tests.api_world import Person, accept, start
from tests.conftest import Clock, Two


@pytest.fixture
def app(deployment: Deployment) -> Flask:
    """Serve an empty deployment that has an operator."""
    return create_app(deployment)


def test_a_session_is_listed_until_it_ends(deployment: Deployment) -> None:
    """A new one stands first with what it is for; once ended, its token opens nothing."""
    first = authenticate(deployment, create_couple(deployment, "Robin").token)

    made, token = new_session(deployment, first, label=" kitchen ", scope="plan")
    found = list_sessions(deployment, first).sessions

    assert {(one.label, one.scope, one.current) for one in found} == {
        ("kitchen", "plan", False),
        ("", "all", True),
    }
    assert authenticate(deployment, token).scope == "plan"
    end_session(deployment, first, made)
    assert [one.current for one in list_sessions(deployment, first).sessions] == [True]
    with pytest.raises(Unauthenticated):
        authenticate(deployment, token)
    with pytest.raises(NotFound):
        end_session(deployment, first, made)


def test_nobody_lists_or_ends_the_others(deployment: Deployment, couple: Two) -> None:
    """A partner's sessions are none of the other's."""
    made, token = new_session(deployment, couple.robin)

    assert made not in {one.session_id for one in list_sessions(deployment, couple.sam).sessions}
    with pytest.raises(NotFound):
        end_session(deployment, couple.sam, made)
    end_other_sessions(deployment, couple.sam)
    assert authenticate(deployment, token) == couple.robin


def test_all_but_this_one(deployment: Deployment) -> None:
    """Ending the others ends links too, and leaves the one that asks."""
    here = authenticate(deployment, create_couple(deployment, "Robin").token)
    link = new_link(deployment, here)
    new_session(deployment, here)
    assert list_sessions(deployment, here).n_links == 1

    end_other_sessions(deployment, here)

    left = list_sessions(deployment, here)
    assert ([one.current for one in left.sessions], left.n_links) == ([True], 0)
    with pytest.raises(NotFound):
        use_link(deployment, link)


@pytest.mark.parametrize(("days", "good"), [(180, True), (181, False)])
def test_what_is_not_used_expires(deployment: Deployment, clock: Clock, days: int, good: bool) -> None:
    """A token is good for 180 days after its last use."""
    token = create_couple(deployment, "Robin").token
    clock.wait(days=100)
    authenticate(deployment, token)

    clock.wait(days=days)

    if good:
        assert authenticate(deployment, token).kind == "partner"
    else:
        with pytest.raises(Unauthenticated):
            authenticate(deployment, token)


def test_a_link_works_once_and_not_for_long(deployment: Deployment, couple: Two, clock: Clock) -> None:
    """It signs in whoever made it, once, within ten minutes."""
    good, late = new_link(deployment, couple.robin), new_link(deployment, couple.robin)

    assert authenticate(deployment, use_link(deployment, good)) == couple.robin
    clock.now += timedelta(minutes=10)
    for spent in (good, late, "never made"):
        with pytest.raises(NotFound):
            use_link(deployment, spent)


def test_there_are_only_so_many(deployment: Deployment, clock: Clock) -> None:
    """The twenty-first is refused; those that expired make room."""
    here = authenticate(deployment, create_couple(deployment, "Robin").token)
    for _ in range(SESSIONS_MOST - 1):
        new_session(deployment, here)

    with pytest.raises(Conflict):
        new_session(deployment, here)
    clock.wait(days=200)
    assert new_session(deployment, here)


def test_a_label_is_one_line(deployment: Deployment, couple: Two) -> None:
    """A label that cannot be shown is refused."""
    with pytest.raises(InvalidInput):
        new_session(deployment, couple.robin, label="a\nb")


def test_a_plan_token_reads_the_plan_alone(app: Flask) -> None:
    """It reads the week and the couple, and nothing that is its partner's; it changes nothing."""
    robin, code = start(app)
    accept(app, code)
    screen = Person(app, robin("POST", "/v1/me/sessions", {"scope": "plan"}).json["token"])

    assert [screen("GET", path).status_code for path in ("/v1/weeks/2026-W48", "/v1/couple")] == [200, 200]
    refused = [
        screen("GET", "/v1/me"),
        screen("GET", "/v1/dates"),
        screen("GET", "/v1/me/sessions"),
        screen("POST", "/v1/me/sessions", {}),
        screen("PATCH", "/v1/couple", {}),
        screen("DELETE", "/v1/me"),
    ]
    assert {answer.status_code for answer in refused} == {403}


def test_a_token_is_rotated(app: Flask) -> None:
    """A new token and the old one's end: the account goes on under the new one."""
    old, _ = start(app)
    made = old("POST", "/v1/me/sessions", {"label": "phone"}).json
    new = Person(app, made["token"])

    (before,) = [one for one in new("GET", "/v1/me/sessions").json["sessions"] if not one["current"]]
    ended = new("DELETE", f"/v1/me/sessions/{before['session_id']}")

    assert ended.status_code == 204
    assert (old("GET", "/v1/me").status_code, new("GET", "/v1/me").status_code) == (401, 200)


def test_an_invitation_is_revoked(app: Flask) -> None:
    """After DELETE /v1/invites the code opens nothing, and revoking again is no fault."""
    robin, code = start(app)

    assert [robin("DELETE", "/v1/invites").status_code for _ in range(2)] == [204, 204]
    assert Person(app)("POST", "/v1/invites/accept", {"invite_code": code, "name": "Sam"}).status_code == 404

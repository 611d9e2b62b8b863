"""Joining, what partners say of themselves, leaving: and what nobody else ever sees of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, time
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select

from recommender.domain import Boundaries, Circumstances, Goal, Slot
from recommender.errors import Conflict, InvalidInput, NotAllowed, NotFound, RekindleError, Unauthenticated
from recommender.service import (
    Caller,
    Deployment,
    accept_invite,
    authenticate,
    calendar_feed,
    create_couple,
    delete_couple,
    export_me,
    get_couple,
    get_me,
    leave,
    list_dates,
    log_date,
    new_calendar,
    new_invite,
    put_answers,
    put_boundaries,
    put_rating,
    update_couple,
    update_me,
)
from recommender.service.people import new_token
from recommender.store import reading, transaction
from recommender.store.responses import Claim, StoredResponse, claim_key, insert_response
from recommender.store.tables import metadata
from tests.conftest import OPERATOR_TOKEN, Clock, Two, join


def rows_of(deployment: Deployment) -> dict[str, int]:
    """Return how many rows each table holds, empty ones left out."""
    with reading(deployment.engine) as connection:
        counts = {
            table.name: connection.scalar(select(func.count()).select_from(table)) or 0
            for table in metadata.sorted_tables
        }
    return {name: count for name, count in counts.items() if count}


def everything_stored(deployment: Deployment) -> str:
    """Return every stored value as text."""
    with reading(deployment.engine) as connection:
        rows = [row for table in metadata.sorted_tables for row in connection.execute(select(table))]
    return repr(rows)


def at_once(*actions: Callable[[], Any]) -> list[Any]:
    """Return what each action gave, or the error it raised, all started together."""
    start = Barrier(len(actions))

    def run(action: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return action()
        except RekindleError as error:
            return error

    with ThreadPoolExecutor(len(actions)) as threads:
        return list(threads.map(run, actions))


# Joining


def test_each_token_lets_in_its_own_partner(deployment: Deployment) -> None:
    """The first partner and the one who accepts the invitation are two partners of one couple."""
    first = create_couple(deployment, "Robin")
    second = accept_invite(deployment, first.invite_code or "", "Sam")

    assert authenticate(deployment, first.token) == Caller("partner", first.partner_id, first.couple_id)
    assert authenticate(deployment, second.token) == Caller("partner", second.partner_id, first.couple_id)
    assert first.partner_id != second.partner_id
    assert second.invite_code is None


def test_partners_are_listed_in_order_of_joining(deployment: Deployment, clock: Clock) -> None:
    """Whoever joined first comes first, whatever their name."""
    first = create_couple(deployment, "Zoe")
    clock.wait(hours=1)
    accept_invite(deployment, first.invite_code or "", "Abe")

    caller = authenticate(deployment, first.token)
    assert get_couple(deployment, caller).partners == ("Zoe", "Abe")


def test_no_secret_is_stored(deployment: Deployment) -> None:
    """Tokens, invitation codes and calendar addresses are nowhere in the database."""
    first = create_couple(deployment, "Robin")
    caller = authenticate(deployment, first.token)
    code = new_invite(deployment, caller)
    second = accept_invite(deployment, code, "Sam")
    secrets = [first.token, first.invite_code, code, second.token, new_calendar(deployment, caller)]

    stored = everything_stored(deployment)

    assert [secret for secret in secrets if str(secret) in stored] == []


def test_secrets_stay_out_of_repr(deployment: Deployment) -> None:
    """What is printed by accident shows neither token nor code, nor the operator's token."""
    joined = create_couple(deployment, "Robin")

    shown = repr(joined) + repr(deployment.settings)

    assert [s for s in (joined.token, joined.invite_code, OPERATOR_TOKEN) if str(s) in shown] == []


@pytest.mark.parametrize("token", ["", "nobody's", "é" * 9, "\ud800"])
def test_a_wrong_token_lets_nobody_in(deployment: Deployment, token: str) -> None:
    """A token that was never given out is refused, whatever characters it has."""
    with pytest.raises(Unauthenticated):
        authenticate(deployment, token)


def test_the_operator_token_lets_in_the_operator(deployment: Deployment) -> None:
    """The operator's token is the operator's only where the settings have one."""
    without = replace(deployment, settings=replace(deployment.settings, operator_token=None))

    assert authenticate(deployment, OPERATOR_TOKEN) == Caller("operator")
    with pytest.raises(Unauthenticated):
        authenticate(without, OPERATOR_TOKEN)


def test_the_operator_is_nobodys_partner(deployment: Deployment) -> None:
    """What only a partner may do, the operator may not."""
    with pytest.raises(NotAllowed):
        get_me(deployment, Caller("operator"))


def test_the_operator_of_a_couple_is_not_one_of_them(deployment: Deployment, couple: Two) -> None:
    """An operator who names a couple sees neither partner's private side."""
    with pytest.raises(NotAllowed):
        get_me(deployment, Caller("operator", couple_id=couple.robin.couple_id))


def test_closed_signup_leaves_starting_couples_to_the_operator(deployment: Deployment) -> None:
    """With sign-up closed only the operator starts a couple, and an invitation still works."""
    closed = replace(deployment, settings=replace(deployment.settings, signup="closed"))

    with pytest.raises(NotAllowed):
        create_couple(closed, "Robin")
    joined = create_couple(closed, "Robin", caller=Caller("operator"))
    with pytest.raises(NotAllowed):
        create_couple(closed, "Sam", caller=authenticate(closed, joined.token))
    assert accept_invite(closed, joined.invite_code or "", "Sam").couple_id == joined.couple_id


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "a\nb", "a\x00b", "\ud800"])
def test_a_name_that_cannot_be_used_is_refused(deployment: Deployment, name: str) -> None:
    """A name has 1 to 80 characters that can be shown; nothing is stored otherwise."""
    with pytest.raises(InvalidInput) as refusal:
        create_couple(deployment, name)

    assert refusal.value.field == "name"
    assert rows_of(deployment) == {}


def test_a_new_token_is_of_the_first_partner(deployment: Deployment, couple: Two) -> None:
    """Whoever hosts gets a token of the partner who joined first; an unknown couple is refused."""
    token = new_token(deployment, couple.robin.couple_id or "")

    assert authenticate(deployment, token) == couple.robin
    with pytest.raises(NotFound):
        new_token(deployment, "no-such-couple")


# Invitations


def test_an_invitation_works_once(deployment: Deployment) -> None:
    """A used code is refused in the same words as one that never was."""
    code = create_couple(deployment, "Robin").invite_code or ""
    accept_invite(deployment, code, "Sam")

    with pytest.raises(NotFound) as used:
        accept_invite(deployment, code, "Kim")
    with pytest.raises(NotFound) as unknown:
        accept_invite(deployment, "ABCDEFGHJK", "Kim")
    assert str(used.value) == str(unknown.value)


def test_an_invitation_lasts_seven_days(deployment: Deployment, clock: Clock) -> None:
    """A code works a second before seven days are over, and no longer after them."""
    in_time = create_couple(deployment, "Robin").invite_code or ""
    late = create_couple(deployment, "Kim").invite_code or ""

    clock.wait(days=7, seconds=-1)
    accept_invite(deployment, in_time, "Sam")
    clock.wait(seconds=1)
    with pytest.raises(NotFound):
        accept_invite(deployment, late, "Alex")


def test_an_invitation_may_be_typed_by_hand(deployment: Deployment) -> None:
    """Small letters, spaces and hyphens do not matter."""
    joined = create_couple(deployment, "Robin")
    code = joined.invite_code or ""

    typed = f" {code[:5].lower()}-{code[5:]} "
    assert accept_invite(deployment, typed, "Sam").couple_id == joined.couple_id


def test_a_new_invitation_ends_the_one_before(deployment: Deployment) -> None:
    """A code that went astray stops working as soon as there is a new one."""
    joined = create_couple(deployment, "Robin")
    code = new_invite(deployment, authenticate(deployment, joined.token))

    with pytest.raises(NotFound):
        accept_invite(deployment, joined.invite_code or "", "Sam")
    assert accept_invite(deployment, code, "Sam").couple_id == joined.couple_id


def test_of_two_who_accept_at_once_one_gets_in(deployment: Deployment) -> None:
    """However close the race, an invitation seats one partner and refuses the other."""
    for _ in range(10):
        joined = create_couple(deployment, "Robin")
        code = joined.invite_code or ""

        outcomes = at_once(
            partial(accept_invite, deployment, code, "Sam"),
            partial(accept_invite, deployment, code, "Kim"),
        )

        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Joined", "NotFound"]
        caller = authenticate(deployment, joined.token)
        assert len(get_couple(deployment, caller).partners) == 2


def test_a_full_couple_invites_nobody(deployment: Deployment, couple: Two) -> None:
    """Two partners are all a couple can have."""
    with pytest.raises(Conflict):
        new_invite(deployment, couple.sam)


# What a partner says of themselves


def test_answers_replace_those_before(deployment: Deployment, couple: Two) -> None:
    """What is put is what is kept, and only for the one who put it."""
    put_answers(deployment, couple.robin, {"tonight": "in", "pace": 4})

    me = put_answers(deployment, couple.robin, {"food": ["snack", "cook", "snack"]})

    assert me.answers == {"food": ("cook", "snack")}
    assert get_me(deployment, couple.robin) == me
    assert get_me(deployment, couple.sam).answers == {}


def test_a_wrong_answer_changes_nothing(deployment: Deployment, couple: Two) -> None:
    """One value out of range leaves the answers as they were and names its question."""
    put_answers(deployment, couple.robin, {"tonight": "in"})

    with pytest.raises(InvalidInput) as refusal:
        put_answers(deployment, couple.robin, {"tonight": "out", "pace": 6})

    assert refusal.value.field == "answers.pace"
    assert get_me(deployment, couple.robin).answers == {"tonight": "in"}


def test_boundaries_are_kept_in_the_taxonomys_order(deployment: Deployment, couple: Two) -> None:
    """Values said twice or out of order are kept once and in order; the other partner's stay empty."""
    put = Boundaries(
        touch_max="affectionate",
        hazards_never=("water", "height", "water"),
        tags_never={"place": ("venue", "home"), "food": ()},
        ideas_never=("soup-swap", "paper-boats", "soup-swap"),
    )

    put_boundaries(deployment, couple.robin, put)

    assert get_me(deployment, couple.robin).boundaries == Boundaries(
        touch_max="affectionate",
        hazards_never=("height", "water"),
        tags_never={"place": ("home", "venue")},
        ideas_never=("soup-swap", "paper-boats"),
    )
    assert get_me(deployment, couple.sam).boundaries == Boundaries()


@pytest.mark.parametrize(
    ("boundaries", "field"),
    [
        (Boundaries(touch_max="lots"), "touch_max"),
        (Boundaries(talk_max="none"), "talk_max"),
        (Boundaries(alcohol_max="wine"), "alcohol_max"),
        (Boundaries(mobility_max="running"), "mobility_max"),
        (Boundaries(sensory_max=""), "sensory_max"),
        (Boundaries(hazards_never=("spiders",)), "hazards_never"),
        (Boundaries(hazards_never=("none",)), "hazards_never"),
        (Boundaries(tags_never={"colour": ("red",)}), "tags_never"),
        (Boundaries(tags_never={"place": ("moon",)}), "tags_never.place"),
        (Boundaries(ideas_never=("no-such-idea",)), "ideas_never"),
    ],
)
def test_a_boundary_that_means_nothing_is_refused(
    deployment: Deployment, couple: Two, boundaries: Boundaries, field: str
) -> None:
    """A value that the taxonomy does not know is refused by its field, since it would protect nobody."""
    with pytest.raises(InvalidInput) as refusal:
        put_boundaries(deployment, couple.robin, boundaries)

    assert refusal.value.field == field
    assert get_me(deployment, couple.robin).boundaries == Boundaries()


def test_an_idea_that_left_the_catalogue_may_stay_refused(deployment: Deployment, couple: Two) -> None:
    """Whoever refused an idea can still change their boundaries after it has left the catalogue."""
    put_boundaries(deployment, couple.robin, Boundaries(ideas_never=("soup-swap",)))
    kept = tuple(idea for idea in deployment.catalogue.ideas if idea.idea_id != "soup-swap")
    smaller = replace(deployment, catalogue=replace(deployment.catalogue, ideas=kept))

    me = put_boundaries(smaller, couple.robin, Boundaries(touch_max="none", ideas_never=("soup-swap",)))

    assert me.boundaries.ideas_never == ("soup-swap",)


def test_only_what_is_given_changes(deployment: Deployment, couple: Two) -> None:
    """Name, dial and tender weeks change one by one, and answers stay."""
    put_answers(deployment, couple.robin, {"pace": 2})
    update_me(deployment, couple.robin, tender_weeks=["2026-W49", "2026-W48", "2026-W48"])
    update_me(deployment, couple.robin, freshness=0)

    me = update_me(deployment, couple.robin, name=" Robyn ")

    assert get_me(deployment, couple.robin) == me
    assert (me.name, me.freshness, me.tender_weeks) == ("Robyn", 0.0, ("2026-W48", "2026-W49"))
    assert me.answers == {"pace": 2}


@pytest.mark.parametrize(
    "change",
    [
        {"name": " "},
        {"freshness": 1.01},
        {"freshness": -0.01},
        {"freshness": float("nan")},
        {"tender_weeks": ["2026-W54"]},
        {"tender_weeks": ["next week"]},
        {"tender_weeks": ["2026-W48"] * 61},
    ],
)
def test_a_setting_out_of_range_is_refused(
    deployment: Deployment, couple: Two, change: dict[str, Any]
) -> None:
    """A value that cannot be used is refused by its field and nothing changes."""
    before = get_me(deployment, couple.robin)

    with pytest.raises(InvalidInput) as refusal:
        update_me(deployment, couple.robin, **change)

    assert refusal.value.field == next(iter(change))
    assert get_me(deployment, couple.robin) == before


def test_two_changes_at_once_both_stay(deployment: Deployment, couple: Two) -> None:
    """Answers put and a dial moved at the same moment do not undo each other."""
    for pace in range(1, 6):
        at_once(
            partial(put_answers, deployment, couple.robin, {"pace": pace}),
            partial(update_me, deployment, couple.robin, freshness=pace / 5),
        )

        me = get_me(deployment, couple.robin)
        assert (me.answers, me.freshness) == ({"pace": pace}, pace / 5)


# What the two share


def test_both_see_what_one_sets_for_the_couple(deployment: Deployment, couple: Two) -> None:
    """Circumstances and goals are shared; of the partners only the names are."""
    circumstances = Circumstances(
        budget_max=25.5,
        currency="CHF",
        minutes_max=90,
        slots=(Slot(7, time(19, 30), 120),),
        time_zone="Europe/Zurich",
        latitude=47.4,
        children=True,
        access=("quiet",),
        places=("home", "nature"),
    )
    update_couple(deployment, couple.robin, circumstances=circumstances)
    update_couple(deployment, couple.robin, goals=[Goal("kindness", 2, 4)])

    seen = get_couple(deployment, couple.sam)

    assert seen.circumstances == circumstances
    assert seen.goals == (Goal("kindness", 2, 4),)
    assert seen.partners == ("Robin", "Sam")
    assert set(seen.__slots__) == {"couple_id", "partners", "circumstances", "goals", "progress"}


def test_goals_can_be_taken_back(deployment: Deployment, couple: Two) -> None:
    """An empty list of goals takes them all away and leaves the circumstances."""
    update_couple(deployment, couple.sam, circumstances=Circumstances(minutes_max=45), goals=[Goal("ritual")])

    seen = update_couple(deployment, couple.sam, goals=[])

    assert (seen.goals, seen.circumstances.minutes_max) == ((), 45)


@pytest.mark.parametrize(
    ("circumstances", "field"),
    [
        (Circumstances(time_zone="Mars/Base"), "time_zone"),
        (Circumstances(time_zone="Europe"), "time_zone"),
        (Circumstances(time_zone="../etc/passwd"), "time_zone"),
        (Circumstances(time_zone=""), "time_zone"),
        (Circumstances(currency="eur"), "currency"),
        (Circumstances(currency="EURO"), "currency"),
        (Circumstances(currency="EUR\n"), "currency"),
        (Circumstances(budget_max=-1), "budget_max"),
        (Circumstances(budget_max=float("nan")), "budget_max"),
        (Circumstances(budget_max=float("inf")), "budget_max"),
        (Circumstances(minutes_max=0), "minutes_max"),
        (Circumstances(latitude=90.1), "latitude"),
        (Circumstances(latitude=-90.1), "latitude"),
        (Circumstances(access=("lift",)), "access"),
        (Circumstances(places=("moon",)), "places"),
        (Circumstances(slots=(Slot(0, time(19), 60),)), "slots.0.weekday"),
        (Circumstances(slots=(Slot(8, time(19), 60),)), "slots.0.weekday"),
        (Circumstances(slots=(Slot(1, time(19), 14),)), "slots.0.minutes"),
        (Circumstances(slots=(Slot(1, time(19), 60), Slot(1, time(19), 2881))), "slots.1.minutes"),
        (Circumstances(slots=(Slot(1, time(19, tzinfo=UTC), 60),)), "slots.0.start"),
        (Circumstances(slots=tuple(Slot(1, time(9), m) for m in range(20, 71))), "slots"),
    ],
)
def test_a_circumstance_out_of_range_is_refused(
    deployment: Deployment, couple: Two, circumstances: Circumstances, field: str
) -> None:
    """A value that is unknown or out of range is refused by its field and nothing changes."""
    with pytest.raises(InvalidInput) as refusal:
        update_couple(deployment, couple.robin, circumstances=circumstances)

    assert refusal.value.field == f"circumstances.{field}"
    assert get_couple(deployment, couple.robin).circumstances == Circumstances()


@pytest.mark.parametrize(
    ("goals", "field"),
    [
        ([Goal("winning")], "goals.0.practice"),
        ([Goal("ritual"), Goal(tags={"colour": ("red",)})], "goals.1.tags"),
        ([Goal(tags={"screen": ("phone_free", "off")})], "goals.0.tags.screen"),
        ([Goal("ritual", times=0)], "goals.0.times"),
        ([Goal("ritual", weeks=53)], "goals.0.weeks"),
    ],
)
def test_a_goal_out_of_range_is_refused(
    deployment: Deployment, couple: Two, goals: list[Goal], field: str
) -> None:
    """A goal is one practice, some times in some weeks."""
    with pytest.raises(InvalidInput) as refusal:
        update_couple(deployment, couple.robin, goals=goals)

    assert refusal.value.field == field


# Taking one's data out, and leaving


@pytest.fixture
def lived(deployment: Deployment, couple: Two, clock: Clock) -> Two:
    """Give the couple private words of both, marked with the name of whose they are, and a shared date."""
    for caller, whose, other in ((couple.robin, "ROBINS", 1), (couple.sam, "SAMS", 5)):
        put_answers(deployment, caller, {"pace": other})
        put_boundaries(deployment, caller, Boundaries(touch_max="incidental" if other == 1 else "sustained"))
        update_me(deployment, caller, freshness=other / 8, tender_weeks=[f"2026-W{40 + other}"])
        new_calendar(deployment, caller)
        with transaction(deployment.engine) as connection:
            answer = StoredResponse("0" * 64, 201, f"{whose} stored answer")
            insert_response(connection, caller.partner_id or "", "key", answer, clock())
            claim_key(connection, Claim(caller.partner_id or "", f"{whose} key", whose), clock())
    both = log_date(deployment, couple.robin, on=clock().date(), title="The lake").date.date_id
    put_rating(deployment, couple.robin, both, enjoyment=4, closeness=3, again=True, note="ROBINS note")
    put_rating(deployment, couple.sam, both, enjoyment=2, closeness=1, again=False, note="SAMS note")
    return couple


def test_an_export_holds_everything_of_ones_own(deployment: Deployment, lived: Two) -> None:
    """Name, answers, boundaries, dials, dates and ratings are in it, as plain JSON."""
    update_couple(deployment, lived.sam, circumstances=Circumstances(minutes_max=50), goals=[Goal("ritual")])

    export = export_me(deployment, lived.robin)

    assert json.loads(json.dumps(export)) == export
    assert export["me"]["name"] == "Robin"
    assert export["me"]["answers"] == {"pace": 1}
    assert export["me"]["boundaries"]["touch_max"] == "incidental"
    assert (export["me"]["freshness"], export["me"]["tender_weeks"]) == (0.125, ["2026-W41"])
    assert export["circumstances"]["minutes_max"] == 50
    assert export["goals"] == [{"practice": "ritual", "times": 1, "weeks": 4, "tags": {}}]
    assert [date["title"] for date in export["dates"]] == ["The lake"]
    assert [(r["enjoyment"], r["note"]) for r in export["ratings"]] == [(4, "ROBINS note")]


def test_an_export_holds_nothing_of_the_other(deployment: Deployment, lived: Two) -> None:
    """Whatever Sam changes in private, Robin's export stays the same to the letter."""
    before = export_me(deployment, lived.robin)
    date_id = list_dates(deployment, lived.sam)[0].date.date_id

    put_answers(deployment, lived.sam, {"tonight": "out"})
    put_boundaries(deployment, lived.sam, Boundaries(alcohol_max="none", ideas_never=("soup-swap",)))
    update_me(deployment, lived.sam, name="Samira", freshness=1, tender_weeks=["2026-W50"])
    put_rating(deployment, lived.sam, date_id, enjoyment=5, note="another note")
    new_calendar(deployment, lived.sam)

    assert export_me(deployment, lived.robin) == before
    assert (lived.sam.partner_id or "") not in json.dumps(before)


def test_leaving_takes_everything_of_ones_own_at_once(deployment: Deployment, lived: Two) -> None:
    """Not one value of the leaver stays in the database, and their token is dead."""
    left = authenticate(deployment, new_token(deployment, lived.robin.couple_id or ""))
    assert left == lived.robin

    leave(deployment, lived.robin)

    stored = everything_stored(deployment)
    assert [word for word in ("Robin", "ROBINS", lived.robin.partner_id) if str(word) in stored] == []
    assert rows_of(deployment) == {
        "couples": 1,
        "partners": 1,
        "tokens": 1,
        "calendars": 1,
        "dates": 1,
        "ratings": 1,
        "responses": 1,
        "claims": 1,
    }
    with pytest.raises(Unauthenticated):
        get_me(deployment, lived.robin)


def test_the_couple_goes_on_for_the_other(deployment: Deployment, lived: Two) -> None:
    """Whoever stays keeps what is theirs and can invite again; no old invitation lets anybody in."""
    leave(deployment, lived.robin)

    assert get_me(deployment, lived.sam).answers == {"pace": 5}
    assert get_couple(deployment, lived.sam).partners == ("Sam",)
    (seen,) = list_dates(deployment, lived.sam)
    assert (seen.mine and seen.mine.note, seen.theirs) == ("SAMS note", None)
    accept_invite(deployment, new_invite(deployment, lived.sam), "Kim")
    assert get_couple(deployment, lived.sam).partners == ("Sam", "Kim")


def test_leaving_ends_open_invitations(deployment: Deployment, couple: Two) -> None:
    """A code made while the seat was free does not let back in whoever leaves later."""
    leave(deployment, couple.robin)
    code = new_invite(deployment, couple.sam)
    kim = accept_invite(deployment, code, "Kim")
    leave(deployment, Caller("partner", kim.partner_id, kim.couple_id))
    kept = new_invite(deployment, couple.sam)
    leave(deployment, couple.sam)

    with pytest.raises(NotFound):
        accept_invite(deployment, kept, "Kim")


def test_whoever_leaves_loses_the_calendar(deployment: Deployment, couple: Two) -> None:
    """The address of the one who left is dead; the other's still shows the dates."""
    robins, sams = new_calendar(deployment, couple.robin), new_calendar(deployment, couple.sam)

    leave(deployment, couple.robin)

    with pytest.raises(NotFound):
        calendar_feed(deployment, robins)
    assert calendar_feed(deployment, sams).startswith(b"BEGIN:VCALENDAR")


def test_the_last_to_leave_takes_the_couple_along(deployment: Deployment, lived: Two) -> None:
    """Once both have left nothing at all is stored."""
    leave(deployment, lived.robin)
    leave(deployment, lived.sam)

    assert rows_of(deployment) == {}


def test_when_both_leave_at_once_nothing_stays(deployment: Deployment) -> None:
    """Two who leave at the same moment leave no empty couple behind."""
    for _ in range(5):
        two = join(deployment, "Robin", "Sam")

        at_once(partial(leave, deployment, two.robin), partial(leave, deployment, two.sam))

        assert rows_of(deployment) == {}


def test_of_two_neither_deletes_what_is_the_others(deployment: Deployment, lived: Two) -> None:
    """While both are in it a couple cannot be deleted by one; nothing is lost by trying."""
    before = everything_stored(deployment)

    with pytest.raises(Conflict):
        delete_couple(deployment, lived.sam)

    assert everything_stored(deployment) == before


def test_deleting_a_couple_erases_all_of_it(deployment: Deployment, lived: Two) -> None:
    """Nothing of either partner stays once the last one deletes it; another couple loses nothing."""
    others = join(deployment, "Alex", "Kim")
    leave(deployment, lived.robin)

    delete_couple(deployment, lived.sam)

    assert rows_of(deployment) == {"couples": 1, "partners": 2, "tokens": 2, "invites": 1}
    assert get_couple(deployment, others.robin).partners == ("Alex", "Kim")


def test_the_operator_deletes_a_couple_by_its_id(deployment: Deployment, lived: Two) -> None:
    """An operator who names the couple may delete it, once; one who names none may not."""
    host = Caller("operator", couple_id=lived.robin.couple_id)

    with pytest.raises(NotAllowed):
        delete_couple(deployment, Caller("operator"))
    delete_couple(deployment, host)

    assert rows_of(deployment) == {}
    with pytest.raises(NotFound):
        delete_couple(deployment, host)


def test_a_partner_who_left_deletes_nothing(deployment: Deployment, couple: Two) -> None:
    """A caller recognised before leaving cannot delete the couple of the one who stayed."""
    leave(deployment, couple.robin)

    with pytest.raises(Unauthenticated):
        delete_couple(deployment, couple.robin)
    assert get_couple(deployment, couple.sam).partners == ("Sam",)


def test_ids_sort_by_time(deployment: Deployment, clock: Clock) -> None:
    """An id made later sorts after one made earlier, by the deployment's own clock."""
    clock.now = datetime(2030, 1, 1, tzinfo=UTC)
    late = create_couple(deployment, "Robin").couple_id
    clock.now = datetime(2029, 1, 1, tzinfo=UTC)
    early = create_couple(deployment, "Sam").couple_id

    assert early < late

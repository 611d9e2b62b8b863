"""What is stored comes back as it was, whatever races, and no statement reads a whole table."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from recommender import service
from recommender.domain import (
    Boundaries,
    Circumstances,
    Couple,
    CoupleDate,
    FeedbackRow,
    Goal,
    Partner,
    Plan,
    Rating,
    Relaxation,
    Slot,
    Week,
)
from recommender.service import Deployment
from recommender.store import (
    dates,
    feedback,
    people,
    plans,
    ratings,
    reading,
    responses,
    transaction,
)
from recommender.store.responses import Claim, StoredResponse
from tests.conftest import NOW, WEEK, Two, on_sqlite, suggestion
from tests.hearing import hearing


def test_a_transaction_that_fails_leaves_nothing(engine: Engine) -> None:
    """Whatever was done before the failure is undone."""
    with pytest.raises(ZeroDivisionError), transaction(engine) as connection:
        people.insert_couple(connection, Couple("x", ()), NOW)
        _ = 1 / 0

    with reading(engine) as connection:
        assert people.find_couple(connection, "x") is None


def test_however_many_are_asked_about_nobody_is_missed_or_told_twice(engine: Engine) -> None:
    """Couples are read by their ids: none, one, and as many as fill no statement that is put together."""
    names = [f"c{at}" for at in range(6)]
    with transaction(engine) as connection:
        for name in names:
            people.insert_couple(connection, Couple(name, ()), NOW)
            dates.insert_date(connection, CoupleDate(name, name, None, name, "done", NOW))

    with reading(engine) as connection:
        for n in range(7):
            wanted = names[:n]
            found = people.find_couples(connection, wanted)
            assert [couple.couple_id for couple in found] == wanted
            assert sorted(date.title for date in dates.list_dates(connection, *wanted)) == wanted


def test_reading_sees_one_state(settled: Engine) -> None:
    """What others write while one reads is not seen until the next reading."""
    with reading(settled) as connection:
        before = people.find_couple(connection, "c")
        with transaction(settled) as other:
            people.delete_partner(other, "p2")
        assert people.find_couple(connection, "c") == before

    with reading(settled) as connection:
        couple = people.find_couple(connection, "c")
    assert couple is not None
    assert len(couple.partners) == 1


def test_people_come_back_as_they_were(engine: Engine) -> None:
    """Every field of a couple and its partners survives being stored."""
    partner = Partner(
        partner_id="p",
        couple_id="c",
        name="Zoë 🌊",
        answers={"tonight": "in", "pace": 5, "food": ("cook", "snack"), "none": ()},
        boundaries=Boundaries(
            touch_max="none",
            talk_max="chatty",
            hazards_never=("fire",),
            tags_never={"food": ("cook", "snack")},
            ideas_never=("soup-swap",),
        ),
        freshness=0.125,
        tender_weeks=("2026-W48",),
    )
    circumstances = Circumstances(
        budget_max=12.5,
        currency="CHF",
        minutes_max=90,
        slots=(Slot(7, time(23, 30), 120),),
        time_zone="Asia/Tokyo",
        latitude=-33.9,
        children=True,
        access=("quiet",),
        places=("home",),
        remote=True,
    )
    couple = Couple("c", (partner,), circumstances, (Goal("ritual", 2, 3),))

    with transaction(engine) as connection:
        people.insert_couple(connection, Couple("c", ()), NOW)
        people.insert_partner(connection, Partner("p", "c", "Zoë"), NOW)
        people.update_couple(connection, couple)
        people.update_partner(connection, partner)

    with reading(engine) as connection:
        assert people.find_couple(connection, "c") == couple


def test_a_third_partner_finds_no_seat(settled: Engine) -> None:
    """A couple seats two; a seat that was left is free again."""
    with transaction(settled) as connection:
        assert not people.insert_partner(connection, Partner("p3", "c", "Kim"), NOW)
        people.delete_partner(connection, "p1")
        assert people.insert_partner(connection, Partner("p3", "c", "Kim"), NOW + timedelta(days=1))
        couple = people.find_couple(connection, "c")

    assert couple is not None
    assert [partner.partner_id for partner in couple.partners] == ["p2", "p3"]


def test_couples_are_walked_page_by_page(engine: Engine) -> None:
    """Pages in order of id hold every couple once."""
    with transaction(engine) as connection:
        for couple_id in ("c", "a", "b"):
            people.insert_couple(connection, Couple(couple_id, ()), NOW)

        first = people.list_couple_ids(connection, limit=2)
        assert first == ("a", "b")
        assert people.list_couple_ids(connection, after=first[-1], limit=2) == ("c",)
        assert people.list_couple_ids(connection, after="c", limit=2) == ()


def test_a_moment_is_the_same_whatever_its_zone(settled: Engine) -> None:
    """Stored with an offset, it comes back as the same moment in UTC; without one it is refused."""
    summer = datetime.fromisoformat("2026-07-01T20:00:00.000001+02:00")
    with transaction(settled) as connection:
        dates.insert_date(connection, CoupleDate("e", "c", None, "The lake", "planned", summer))
        kept = dates.find_date(connection, "c", "e")
        assert kept is not None
        assert kept.starts_at.isoformat() == "2026-07-01T18:00:00.000001+00:00"
        with pytest.raises(Exception, match="needs a time zone"):
            dates.update_date(connection, replace(kept, starts_at=datetime(2026, 7, 1, 20)))


@pytest.mark.parametrize(
    "row",
    [
        "UPDATE ratings SET enjoyment = 0",
        "UPDATE ratings SET enjoyment = 6",
        "UPDATE ratings SET partner_id = 'nobody' WHERE partner_id = 'p1'",
        "UPDATE ratings SET partner_id = 'p1'",
        "UPDATE ratings SET closeness = 0",
        "UPDATE dates SET status = 'cancelled'",
        "UPDATE suggestions SET propensity = 0",
        "UPDATE suggestions SET propensity = 1.1",
        "UPDATE suggestions SET position = 1",
        "UPDATE suggestions SET week = '2026-W49'",
        "UPDATE partners SET seat = 1",
        "UPDATE partners SET freshness = 2",
        "UPDATE dates SET suggestion_id = 's2'",
    ],
)
def test_the_tables_refuse_what_cannot_be(settled: Engine, row: str) -> None:
    """The database itself keeps out what no code should ever write."""
    with transaction(settled) as connection:
        for date_id in "ef":
            dates.insert_date(connection, CoupleDate(date_id, "c", None, "The lake", "done", NOW))

    with pytest.raises(IntegrityError), transaction(settled) as connection:
        connection.execute(text(row))


@on_sqlite
def test_what_is_deleted_is_overwritten(settled: Engine) -> None:
    """After a couple is deleted their words are not in the file either."""
    path = Path(str(settled.url.database))
    with transaction(settled) as connection:
        ratings.put_rating(connection, Rating("d", "p1", 4, 3, True, "our secret " * 999, NOW))
    settled.dispose()  # the last to close moves everything from the log into the file
    assert b"our secret" in path.read_bytes()

    with transaction(settled) as connection:
        people.delete_couple(connection, "c")
    settled.dispose()

    assert b"our secret" not in path.read_bytes()


# Plans


def test_a_plan_comes_back_as_it_was(settled: Engine) -> None:
    """Suggestions in order of position, with reasons, and the advice."""
    advice = (Relaxation("With 20 more minutes", 14),)
    plan = Plan(Week.parse("2026-W53"), "c", "average", (suggestion("t1"), suggestion("t2", 2)), advice)

    with transaction(settled) as connection:
        backwards = replace(plan, suggestions=plan.suggestions[::-1])
        assert plans.insert_plan(connection, backwards, NOW) == backwards
        assert plans.find_plan(connection, "c", plan.week) == plan
        assert plans.find_plan(connection, "c", plan.week.next()) is None


def test_a_plan_without_suggestions_is_one(settled: Engine) -> None:
    """A week in which nothing fits is stored too, with what would help."""
    empty = Plan(Week.parse("2026-W50"), "c", "average", (), (Relaxation("With 10 more to spend", 31),))

    with transaction(settled) as connection:
        plans.insert_plan(connection, empty, NOW)
        assert plans.find_plan(connection, "c", empty.week) == empty


def test_the_first_plan_of_a_week_stays(settled: Engine) -> None:
    """Of processes that make the same week's plan at once, all return the one that came first."""
    start = Barrier(4)
    week = Week.parse("2026-W51")

    def make(number: int) -> Plan:
        plan = Plan(week, "c", f"rule {number}", (suggestion(f"u{number}"),))
        start.wait()
        with transaction(settled) as connection:
            return plans.insert_plan(connection, plan, NOW)

    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(make, range(4)))

    with reading(settled) as connection:
        stored = plans.find_plan(connection, "c", week)
    assert made == [stored] * 4


def test_a_swap_takes_the_place(settled: Engine) -> None:
    """The new suggestion is in force, the old one stays known with its reason, and cannot go twice."""
    new = suggestion("s3", 1, "paper-boats")
    with transaction(settled) as connection:
        assert plans.replace_suggestion(connection, "s1", new, "too_far", NOW + timedelta(hours=1))
        assert not plans.replace_suggestion(connection, "s1", suggestion("s4"), "too_dear", NOW)
        plan = plans.find_plan(connection, "c", WEEK)
        shown = plans.all_exposures(connection, "c")

    assert plan is not None
    assert [s.suggestion_id for s in plan.suggestions] == ["s3", "s2"]
    assert [(e.suggestion.suggestion_id, e.suggestion.replaced_by, e.swap_reason) for e in shown] == [
        ("s1", "s3", "too_far"),
        ("s2", None, None),
        ("s3", None, None),
    ]
    assert [(e.couple_id, e.week, e.shown_at) for e in shown] == [
        ("c", WEEK, NOW),
        ("c", WEEK, NOW),
        ("c", WEEK, NOW + timedelta(hours=1)),
    ]


def test_a_suggestion_is_chosen_once(settled: Engine) -> None:
    """Choosing again gives the date of the first choice, whatever the second wanted."""
    with transaction(settled) as connection:
        again = CoupleDate("d2", "c", "soup-swap", "Soup swap", "planned", NOW + timedelta(days=1), "s1")
        assert dates.insert_date(connection, again).date_id == "d"
        assert [kept.date_id for kept in dates.list_dates(connection, "c")] == ["d"]


# Feedback and responses


def test_feedback_is_every_rating_of_an_idea(settled: Engine) -> None:
    """Ratings come by couple, date and partner, without notes and without dates that no idea describes."""
    with transaction(settled) as connection:
        people.insert_couple(connection, Couple("b", ()), NOW)
        people.insert_partner(connection, Partner("p9", "b", "Kim", {"tonight": "in"}), NOW)
        for date_id, idea_id in (("y", "stair-songs"), ("z", None)):
            dates.insert_date(connection, CoupleDate(date_id, "b", idea_id, "A date", "done", NOW))
            ratings.put_rating(connection, Rating(date_id, "p9", 5, 5, False, "note", NOW))

    with reading(settled) as connection:
        rows = list(feedback.read_feedback(connection))
        answers = [(row.couple_id, row.partner_id, row.answers) for row in feedback.read_answers(connection)]

    assert rows == [
        FeedbackRow("b", "p9", "y", "stair-songs", 5, 5, False, NOW),
        FeedbackRow("c", "p1", "d", "soup-swap", 4, 3, True, NOW),
        FeedbackRow("c", "p2", "d", "soup-swap", 2, None, None, NOW),
    ]
    assert answers == [("b", "p9", {"tonight": "in"}), ("c", "p1", {"pace": 2}), ("c", "p2", {})]


def test_feedback_is_read_a_part_at_a_time(settled: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ratings are handed on while they are read, and none is lost from one part to the next."""
    monkeypatch.setattr(feedback, "ROWS_AT_A_TIME", 2)
    with transaction(settled) as connection:
        for date_id in "efg":
            dates.insert_date(connection, CoupleDate(date_id, "c", "soup-swap", "Soup", "done", NOW))
            ratings.put_rating(connection, Rating(date_id, "p1", 3, None, None, None, NOW))

    with reading(settled) as connection:
        rows = feedback.read_feedback(connection)
        assert isinstance(rows, Iterator)
        assert [row.date_id for row in rows] == ["d", "d", "e", "f", "g"]


def test_exposures_say_what_became_of_them(settled: Engine) -> None:
    """Everything shown is there with its propensity, and with the date it became."""
    with reading(settled) as connection:
        rows = list(feedback.read_exposures(connection))

    assert [(row.exposure.suggestion, row.date_id) for row in rows] == [
        (suggestion("s1"), "d"),
        (suggestion("s2", 2, "stair-songs"), None),
    ]


def test_a_response_is_kept_for_a_day(settled: Engine) -> None:
    """The first answer under a key stays, is its caller's alone, and is forgotten after a day."""
    first, second = StoredResponse("a" * 64, 201, "{}"), StoredResponse("b" * 64, 201, "[]")
    with transaction(settled) as connection:
        assert responses.insert_response(connection, "p1", "key", first, NOW)
        assert not responses.insert_response(connection, "p1", "key", second, NOW)
        assert responses.find_response(connection, "p1", "key") == first
        assert responses.find_response(connection, "p2", "key") is None

        responses.insert_response(connection, "p2", "other", second, NOW + timedelta(days=1))
        assert responses.find_response(connection, "p1", "key") == first
        responses.insert_response(connection, "p2", "third", second, NOW + timedelta(days=1, seconds=1))
        assert responses.find_response(connection, "p1", "key") is None


def test_a_key_is_claimed_once(settled: Engine) -> None:
    """While one works under a key no other may; another caller's or another key is free."""
    with transaction(settled) as connection:
        assert responses.claim_key(connection, Claim("p1", "key", "first"), NOW)
        assert not responses.claim_key(connection, Claim("p1", "key", "second"), NOW + timedelta(minutes=10))
        assert responses.claim_key(connection, Claim("p2", "key", "third"), NOW)
        assert responses.claim_key(connection, Claim("p1", "other", "fourth"), NOW)
        assert responses.release_claim(connection, Claim("p1", "key", "first"))
        assert responses.claim_key(connection, Claim("p1", "key", "fifth"), NOW)


def test_a_claim_that_a_crash_left_expires(settled: Engine) -> None:
    """After ten minutes a key is free again, and whoever held it has no say over the new claim."""
    late = NOW + timedelta(minutes=10, seconds=1)
    with transaction(settled) as connection:
        responses.claim_key(connection, Claim("p1", "key", "first"), NOW)
        assert responses.claim_key(connection, Claim("p1", "key", "second"), late)
        assert not responses.release_claim(connection, Claim("p1", "key", "first"))
        assert responses.release_claim(connection, Claim("p1", "key", "second"))


# A million couples


EXPLAINED = {"sqlite": ("EXPLAIN QUERY PLAN", "'SCAN"), "postgresql": ("EXPLAIN", "Seq Scan")}
"""How each database tells what it would do, and what it calls reading a whole table."""


def test_no_use_case_reads_a_whole_table(deployment: Deployment, couple: Two) -> None:
    """Every statement of every use case finds its rows by an index."""
    with hearing(deployment.engine) as asked:
        live_a_little(deployment, couple)

    explain, scan = EXPLAINED[deployment.engine.dialect.name]
    scans = set()
    with reading(deployment.engine) as connection:
        if deployment.engine.dialect.name == "postgresql":  # reads small tables whole, if it may
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        for statement, values in asked:
            if statement.startswith(("SELECT", "UPDATE", "DELETE", "INSERT")):
                steps = connection.exec_driver_sql(f"{explain} {statement}", values)
                told = " ".join(str(step) for step in steps)
                scans |= {(told, statement)} if scan in told else set()
    assert len(asked) > 50
    assert scans == set()


def live_a_little(deployment: Deployment, couple: Two) -> None:
    """Go through every use case that touches the database once."""
    robin, sam = couple.robin, couple.sam
    joined = service.create_couple(deployment, "Kim")
    kim = service.authenticate(deployment, joined.token)
    alex = service.accept_invite(deployment, service.new_invite(deployment, kim), "Alex")
    service.put_answers(deployment, robin, {"pace": 3})
    service.put_boundaries(deployment, robin, Boundaries(touch_max="none"))
    service.update_me(deployment, robin, freshness=0.5)
    service.update_couple(deployment, sam, goals=[Goal("ritual")])
    logged = service.log_date(deployment, sam, on=date(2026, 11, 20), title="The lake").date.date_id
    service.put_rating(deployment, sam, logged, enjoyment=4)
    service.update_date(deployment, robin, logged, status="done")
    service.delete_rating(deployment, sam, logged)
    service.list_dates(deployment, robin)
    service.delete_date(deployment, sam, logged)
    service.calendar_feed(deployment, service.new_calendar(deployment, robin))
    with transaction(deployment.engine) as connection:
        plan = Plan(WEEK, robin.couple_id or "", "average", (suggestion("s1"),))
        plans.insert_plan(connection, plan, NOW)
        plans.replace_suggestion(connection, "s1", suggestion("s2"), "other", NOW)
        chosen = CoupleDate("d", plan.couple_id, "soup-swap", "Soup", "planned", NOW, "s2")
        dates.insert_date(connection, chosen)
        dates.insert_date(connection, chosen)
        plans.find_plan(connection, plan.couple_id, WEEK)
        people.list_couple_ids(connection, limit=10)
        answer = StoredResponse("0" * 64, 201, "{}")
        claim = Claim(robin.partner_id or "", "key", "claim")
        responses.claim_key(connection, claim, NOW)
        responses.release_claim(connection, claim)
        responses.insert_response(connection, robin.partner_id or "", "key", answer, NOW)
        responses.find_response(connection, robin.partner_id or "", "key")
    service.export_me(deployment, robin)
    service.leave(deployment, service.Caller("partner", alex.partner_id, alex.couple_id))
    made, token = service.new_session(deployment, sam, label="kitchen", scope="plan")
    service.authenticate(deployment, token)
    service.use_link(deployment, service.new_link(deployment, sam))
    service.list_sessions(deployment, sam)
    service.end_session(deployment, sam, made)
    service.end_other_sessions(deployment, sam)
    service.revoke_invites(deployment, sam)
    service.leave(deployment, robin)
    service.delete_couple(deployment, sam)


@on_sqlite
def test_moments_are_texts_that_sort(engine: Engine) -> None:
    """SQLite keeps a moment as UTC to the microsecond, whatever its zone: texts in the order of time."""
    east = datetime(2026, 11, 23, 23, 30, 0, 7, timezone(timedelta(hours=5, minutes=30)))
    with transaction(engine) as connection:
        people.insert_couple(connection, Couple("e", ()), east)
        people.insert_couple(connection, Couple("n", ()), NOW)
        kept = connection.scalars(text("SELECT created_at FROM couples ORDER BY created_at")).all()

    assert kept == ["2026-11-23 18:00:00.000000", "2026-11-23 18:00:00.000007"]

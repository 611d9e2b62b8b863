"""A couple's week over a real database: the plan stays, follows limits and ratings at once, and is logged."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier
from zoneinfo import ZoneInfo

import pytest

from recommender.catalogue.bundled import data_folder
from recommender.domain import Boundaries, Circumstances, Idea, Plan, Slot, Suggestion, SwapReason, Week
from recommender.errors import Conflict, InvalidInput, NotFound, Unauthenticated
from recommender.planning.occasion import Occasion
from recommender.planning.settings import PlanSettings
from recommender.preferences.prior import load_prior
from recommender.service import (
    Caller,
    Deployment,
    choose,
    create_couple,
    get_plan,
    leave,
    list_dates,
    log_date,
    put_answers,
    put_boundaries,
    put_rating,
    swap,
    update_couple,
    update_date,
    update_me,
)
from recommender.service.callers import couple_of
from recommender.service.past import read_past
from recommender.service.serving import ServedModels
from recommender.service.weeks import standpoint, upcoming_week
from recommender.service.weekview import week_and_dates
from recommender.store import people, plans, reading
from tests.api_world import with_shipped_catalogue
from tests.conftest import WEEK, Clock, Two, join
from tests.planning_world import idea, objections, role_suits

REASONS: tuple[SwapReason, ...] = (
    *("too_far", "too_dear", "too_tired", "done_it", "not_us", "wrong_weather", "not_this_week", "other"),
)


@pytest.fixture
def shipped(deployment: Deployment) -> Deployment:
    """Return an empty deployment that suggests from the shipped ideas, always the best."""
    return replace(with_shipped_catalogue(deployment), plan_settings=PlanSettings(exploration=0.0))


def with_ideas(d: Deployment, *ideas: Idea) -> Deployment:
    """Return a deployment on the same database with other ideas."""
    catalogue = replace(d.catalogue, ideas=ideas)
    models = ServedModels(d.registry, catalogue)
    return replace(d, catalogue=catalogue, models=models, table=models.table)


@pytest.fixture
def few(shipped: Deployment) -> Deployment:
    """Return a deployment with three ideas in all, of 30, 60 and 90 minutes."""
    return with_ideas(shipped, idea("boats", minutes=30), idea("soup", minutes=60), idea("songs", minutes=90))


@pytest.fixture
def lovers(shipped: Deployment) -> Two:
    """Join two partners where the shipped ideas are suggested."""
    return join(shipped, "Robin", "Sam")


def ideas_of(d: Deployment, plan: Plan) -> list[Idea]:
    """Return a plan's ideas."""
    return [d.catalogue.idea(s.idea_id) for s in plan.suggestions]


def ids_of(plan: Plan) -> list[str]:
    """Return the ids of a plan's ideas."""
    return [s.idea_id for s in plan.suggestions]


def exposures(d: Deployment, caller: Caller) -> tuple[plans.Exposure, ...]:
    """Return everything stored as shown."""
    with reading(d.engine) as connection:
        return plans.all_exposures(connection, caller.couple_id or "")


class TestUpcomingWeek:
    """Which week is planned for."""

    @pytest.mark.parametrize(
        ("now", "week"),
        [
            ((28, 11, 0), "2026-W48"),
            ((28, 11, 1), "2026-W49"),
            ((29, 11, 59), "2026-W49"),
            ((29, 12, 0), "2026-W49"),
            ((30, 0, 0), "2026-W49"),
        ],
    )
    def test_it_is_the_next_once_nothing_can_begin(self, now: tuple[int, int, int], week: str) -> None:
        """Free on Wednesday evening and Saturday until noon in Berlin: an hour before noon is the last."""
        slots = (Slot(3, dt.time(18), 240), Slot(6, dt.time(9), 180))
        told = Circumstances(slots=slots, time_zone="Europe/Berlin")
        assert str(upcoming_week(datetime(2026, 11, *now, tzinfo=ZoneInfo("Europe/Berlin")), told)) == week

    def test_what_they_look_at_is_the_week_that_has_something(
        self, shipped: Deployment, lovers: Two, clock: Clock
    ) -> None:
        """When this week's free hours are over, the plan that they see is next week's, and is not empty."""
        update_couple(shipped, lovers.robin, circumstances=Circumstances(slots=(Slot(1, dt.time(19), 180),)))
        clock.now = datetime(2026, 11, 23, 21, 30, tzinfo=UTC)
        view, _ = week_and_dates(shipped, lovers.robin)
        assert view.plan.week == WEEK.next()
        assert len(view.plan.suggestions) == 3


class TestPlan:
    """Reading a plan."""

    def test_asking_twice_gives_the_same(self, shipped: Deployment, lovers: Two) -> None:
        """Both partners get the same plan, to the last reason, however often they ask."""
        first = get_plan(shipped, lovers.robin, WEEK)
        assert len(first.suggestions) == 3
        assert get_plan(shipped, lovers.robin, WEEK) == first
        assert get_plan(shipped, lovers.sam, WEEK) == first

    def test_it_stays_when_tastes_change(self, shipped: Deployment, lovers: Two, clock: Clock) -> None:
        """Later, with a rating and another dial, this week's plan is still the same."""
        first = get_plan(shipped, lovers.robin, WEEK)
        clock.wait(days=2)
        update_me(shipped, lovers.sam, freshness=1.0)
        date = log_date(
            shipped, lovers.robin, on=dt.date(2026, 11, 24), idea_id=shipped.table.ideas[0].idea_id
        )
        put_rating(shipped, lovers.robin, date.date.date_id, enjoyment=1)
        assert get_plan(shipped, lovers.sam, WEEK) == first

    def test_the_plan_knows_what_each_rated(self, shipped: Deployment, lovers: Two, clock: Clock) -> None:
        """What a past date gave each partner is in the history that the plan is made from."""
        first = get_plan(shipped, lovers.robin, WEEK).suggestions[0]
        date = choose(shipped, lovers.robin, WEEK, first.suggestion_id).date
        clock.now = date.starts_at + timedelta(hours=12)
        for caller, stars in ((lovers.robin, 5), (lovers.sam, 2)):
            put_rating(shipped, caller, date.date_id, enjoyment=stars)
        with reading(shipped.engine) as connection:
            past = read_past(connection, couple_of(connection, lovers.sam))
        occasion = standpoint(shipped, past, WEEK.next()).occasion
        (done,) = (idea for idea in occasion.history if idea.met == "done")
        assert done.felt == {lovers.robin.partner_id: 5, lovers.sam.partner_id: 2}

    def test_a_rating_changes_the_next_plan_at_once(self, shipped: Deployment, lovers: Two) -> None:
        """After a date is rated 1 by both, what the next week expects of ideas like it falls."""
        other = join(shipped, "Alex", "Kim")
        done = get_plan(shipped, lovers.robin, WEEK).suggestions[0]
        for two, stars in ((lovers, 1), (other, 5)):
            date = log_date(shipped, two.robin, on=dt.date(2026, 11, 23), idea_id=done.idea_id)
            for caller in (two.robin, two.sam):
                put_rating(shipped, caller, date.date.date_id, enjoyment=stars)
        low, high = (get_plan(shipped, two.robin, WEEK.next()) for two in (lovers, other))
        assert done.idea_id not in ids_of(low) + ids_of(high)
        usual = load_prior(data_folder() / "prior.yaml")["level"]["mean"]
        for told, sign in ((low, -1), (high, 1)):
            levels = [
                r.contribution - usual for s in told.suggestions for r in s.reasons if r.kind == "level"
            ]
            assert all(sign * level > 0 for level in levels)
            assert len(levels) == 3
        assert max(s.expected for s in low.suggestions) < min(s.expected for s in high.suggestions)

    def test_one_alone_gets_a_plan(self, shipped: Deployment) -> None:
        """Before the other joins, one partner gets three suggestions, none of them tender."""
        one = create_couple(shipped, "Robin")
        robin = Caller("partner", one.partner_id, one.couple_id)
        update_me(shipped, robin, tender_weeks=[str(WEEK)])
        plan = get_plan(shipped, robin, WEEK)
        assert len(plan.suggestions) == 3
        assert all(it.tags["talk_depth"][0] not in ("tender", "repair") for it in ideas_of(shipped, plan))

    def test_the_one_who_stays_gets_a_plan_of_their_own(self, shipped: Deployment, lovers: Two) -> None:
        """When one has left, the plan that was made of both is gone; the other gets one of theirs alone."""
        scales = {q.question_id: q.options[-1].value for q in shipped.catalogue.quiz if q.kind != "many"}
        put_answers(shipped, lovers.sam, scales)
        first = get_plan(shipped, lovers.robin, WEEK)
        leave(shipped, lovers.sam)
        second = get_plan(shipped, lovers.robin, WEEK)
        whose = [{r.partner_id for s in plan.suggestions for r in s.reasons} for plan in (first, second)]
        assert [lovers.sam.partner_id in ids for ids in whose] == [True, False]
        assert first.suggestions[0].suggestion_id not in {s.suggestion_id for s in second.suggestions}
        with pytest.raises(Unauthenticated):
            get_plan(shipped, lovers.sam, WEEK)

    def test_narrow_limits_still_give_three(self, shipped: Deployment, lovers: Two) -> None:
        """No touch, no alcohol and no money: three suggestions that keep to it."""
        put_boundaries(shipped, lovers.robin, Boundaries(touch_max="none"))
        put_boundaries(shipped, lovers.sam, Boundaries(alcohol_max="none"))
        update_couple(shipped, lovers.sam, circumstances=Circumstances(budget_max=0))
        plan = get_plan(shipped, lovers.robin, WEEK)
        told = [(it.tags["touch"], it.tags["alcohol"], it.typical_cost) for it in ideas_of(shipped, plan)]
        assert told == [(("none",), ("none",), 0)] * 3

    def test_tender_only_when_both_opted_in_that_very_week(self, shipped: Deployment) -> None:
        """Among tender and mending ideas only, there is a plan in the week both named, and in no other."""
        tender = tuple(
            it for it in shipped.catalogue.ideas if it.tags["talk_depth"][0] in ("tender", "repair")
        )
        d = with_ideas(shipped, *tender)
        two = join(d, "Robin", "Sam")
        update_me(d, two.robin, tender_weeks=["2026-W49", "2026-W50"])
        update_me(d, two.sam, tender_weeks=["2026-W48", "2026-W50"])
        counts = [len(get_plan(d, two.robin, Week(2026, n)).suggestions) for n in (48, 49, 50, 51)]
        assert counts == [0, 0, 3, 0]

    def test_taking_back_the_word_takes_away_tender_ideas(self, shipped: Deployment) -> None:
        """A plan with tender ideas loses them as soon as one partner no longer is open to them."""
        tender = [it for it in shipped.catalogue.ideas if it.tags["talk_depth"] == ("tender",)][:3]
        plain = [it for it in shipped.catalogue.ideas if it.tags["talk_depth"] == ("chatty",)][:9]
        narrow = with_ideas(shipped, *tender)
        two = join(narrow, "Robin", "Sam")
        for caller in (two.robin, two.sam):
            update_me(narrow, caller, tender_weeks=[str(WEEK)])
        assert get_plan(narrow, two.robin, WEEK).suggestions
        update_me(narrow, two.sam, tender_weeks=[])
        assert get_plan(narrow, two.robin, WEEK).suggestions == ()
        wide = with_ideas(shipped, *tender, *plain)
        left = get_plan(wide, two.robin, WEEK)
        assert {it.tags["talk_depth"] for it in ideas_of(wide, left)} == {("chatty",)}

    def test_two_who_ask_at_once_get_the_same(self, shipped: Deployment, lovers: Two) -> None:
        """Two threads that ask for a first plan at the same moment are told one plan, stored once."""
        start = Barrier(2)

        def ask(caller: Caller) -> Plan:
            start.wait()
            return get_plan(shipped, caller, WEEK)

        with ThreadPoolExecutor(2) as pool:
            one, other = pool.map(ask, (lovers.robin, lovers.sam))
        assert one == other
        assert len(exposures(shipped, lovers.robin)) == 3

    def test_what_was_shown_is_stored(self, deployment: Deployment) -> None:
        """Every suggestion is kept with position, model and a propensity in (0, 1], explored or not."""
        d = replace(with_shipped_catalogue(deployment), plan_settings=PlanSettings(exploration=0.5))
        for n in range(5):
            two = join(d, f"R{n}", f"S{n}")
            plan = get_plan(d, two.robin, WEEK)
            stored = exposures(d, two.robin)
            assert [e.suggestion for e in stored] == list(plan.suggestions)
            assert [e.suggestion.position for e in stored] == [1, 2, 3]
            assert {e.suggestion.model_version for e in stored} == {"prior"}
            assert all(0 < e.suggestion.propensity <= 1 for e in stored)
            assert {(e.week, e.swap_reason) for e in stored} == {(WEEK, None)}

    def test_a_week_that_has_passed_is_planned_as_of_its_monday(
        self, shipped: Deployment, lovers: Two
    ) -> None:
        """Months later a week that was never asked for still gets three, all within it."""
        past = Week.parse("2026-W30")
        update_couple(shipped, lovers.robin, circumstances=Circumstances(time_zone="Asia/Kathmandu"))
        plan = get_plan(shipped, lovers.robin, past)
        assert len(plan.suggestions) == 3
        zone = ZoneInfo("Asia/Kathmandu")
        assert {Week.of(s.starts_at.astimezone(zone).date()) for s in plan.suggestions} == {past}

    def test_a_week_begun_is_planned_from_now_on(
        self, shipped: Deployment, lovers: Two, clock: Clock
    ) -> None:
        """Asked on Saturday at noon, nothing starts before that."""
        clock.now = datetime(2026, 11, 28, 12, tzinfo=UTC)
        plan = get_plan(shipped, lovers.robin, WEEK)
        assert len(plan.suggestions) == 3
        assert all(s.starts_at >= clock.now for s in plan.suggestions)

    @pytest.mark.parametrize("week", [Week(1, 1), Week(1969, 52), Week(2200, 1), Week(9999, 52)])
    def test_weeks_beyond_the_calendar(self, shipped: Deployment, lovers: Two, week: Week) -> None:
        """A week centuries off is refused by name, and nothing is stored for it."""
        update_couple(shipped, lovers.robin, circumstances=Circumstances(time_zone="Pacific/Auckland"))
        with pytest.raises(NotFound, match=str(week)):
            get_plan(shipped, lovers.robin, week)
        assert exposures(shipped, lovers.robin) == ()

    @pytest.mark.parametrize("week", ["2026-W43", "2026-W13"])
    def test_stored_starts_keep_their_moment_when_clocks_change(
        self, shipped: Deployment, lovers: Two, clock: Clock, week: str
    ) -> None:
        """In a week in which Lisbon's clocks change, the stored plan is the one that was told."""
        night = Slot(7, dt.time(0), 240)
        update_couple(
            shipped, lovers.robin, circumstances=Circumstances(slots=(night,), time_zone="Europe/Lisbon")
        )
        clock.now = datetime(2026, 3, 1, tzinfo=UTC)
        first, again = (get_plan(shipped, lovers.robin, Week.parse(week)) for _ in range(2))
        assert [s.starts_at.astimezone(UTC) for s in again.suggestions] == [
            s.starts_at.astimezone(UTC) for s in first.suggestions
        ]
        assert len(first.suggestions) == 3

    def test_rest_counts_over_weeks(self, shipped: Deployment, lovers: Two, clock: Clock) -> None:
        """What was chosen this week is in none of the next eleven plans."""
        out = get_plan(shipped, lovers.robin, WEEK).suggestions[0]
        choose(shipped, lovers.robin, WEEK, out.suggestion_id)
        week = WEEK
        for _ in range(3):
            week = week.next()
            clock.wait(weeks=1)
            assert out.idea_id not in ids_of(get_plan(shipped, lovers.sam, week))


class TestLimitsSetLater:
    """A limit holds from the moment it is set, for plans made before too."""

    def test_a_boundary_removes_what_it_forbids(self, shipped: Deployment, lovers: Two) -> None:
        """The idea that one partner now never wants is replaced; the others stay as they are."""
        before = get_plan(shipped, lovers.robin, WEEK)
        out = before.suggestions[1]
        put_boundaries(shipped, lovers.sam, Boundaries(ideas_never=(out.idea_id,)))
        after = get_plan(shipped, lovers.robin, WEEK)
        assert out.idea_id not in ids_of(after)
        assert (after.suggestions[0], after.suggestions[2]) == (before.suggestions[0], before.suggestions[2])
        assert (after.suggestions[1].position, after.suggestions[1].role) == (2, out.role)
        assert get_plan(shipped, lovers.sam, WEEK) == after

    def test_all_three_may_go(self, shipped: Deployment, lovers: Two) -> None:
        """Where a boundary forbids all three, three others take their places."""
        before = get_plan(shipped, lovers.robin, WEEK)
        put_boundaries(shipped, lovers.sam, Boundaries(ideas_never=tuple(ids_of(before))))
        after = get_plan(shipped, lovers.robin, WEEK)
        assert len(after.suggestions) == 3
        assert not set(ids_of(after)) & set(ids_of(before))

    def test_a_shared_limit_counts_too(self, shipped: Deployment, lovers: Two) -> None:
        """Once they say that they have 30 minutes, no idea of the plan takes longer."""
        get_plan(shipped, lovers.robin, WEEK)
        update_couple(shipped, lovers.robin, circumstances=Circumstances(minutes_max=30))
        assert all(it.minutes <= 30 for it in ideas_of(shipped, get_plan(shipped, lovers.robin, WEEK)))

    def test_nothing_to_replace_it_leaves_it_out(self, few: Deployment, lovers: Two) -> None:
        """Of three ideas in all, the one forbidden leaves a plan of two that stays so, with no word why."""
        before = get_plan(few, lovers.robin, WEEK)
        out = before.suggestions[0]
        put_boundaries(few, lovers.sam, Boundaries(ideas_never=(out.idea_id,)))
        for caller in (lovers.robin, lovers.sam):
            after = get_plan(few, caller, WEEK)
            assert after.suggestions == before.suggestions[1:]
            assert after.advice == ()

    def test_what_a_shared_limit_left_out_comes_with_advice(self, few: Deployment, lovers: Two) -> None:
        """Where a shared limit left fewer than three, the plan says which to relax."""
        get_plan(few, lovers.robin, WEEK)
        update_couple(few, lovers.robin, circumstances=Circumstances(minutes_max=60))
        after = get_plan(few, lovers.robin, WEEK)
        assert sorted(ids_of(after)) == ["boats", "soup"]
        assert [(a.change, a.opens) for a in after.advice] == [("With 30 more minutes", 1)]

    def test_what_is_forbidden_can_no_longer_be_chosen(self, few: Deployment, lovers: Two) -> None:
        """A page read before the boundary was set cannot make a date of what it forbids, nor swap it."""
        out = get_plan(few, lovers.robin, WEEK).suggestions[0]
        put_boundaries(few, lovers.sam, Boundaries(ideas_never=(out.idea_id,)))
        with pytest.raises(NotFound):
            choose(few, lovers.robin, WEEK, out.suggestion_id)
        with pytest.raises(NotFound):
            swap(few, lovers.robin, WEEK, out.suggestion_id, "other")
        assert list_dates(few, lovers.robin) == ()

    def test_a_swap_shows_nothing_forbidden_either(self, shipped: Deployment, lovers: Two) -> None:
        """Swapping one suggestion after another was forbidden tells a plan without that one."""
        one, two, _ = get_plan(shipped, lovers.robin, WEEK).suggestions
        put_boundaries(shipped, lovers.sam, Boundaries(ideas_never=(two.idea_id,)))
        after = swap(shipped, lovers.robin, WEEK, one.suggestion_id, "other")
        assert not {one.idea_id, two.idea_id} & set(ids_of(after))
        assert len(set(ids_of(after))) == 3
        assert get_plan(shipped, lovers.sam, WEEK) == after

    def test_a_chosen_one_stays(self, shipped: Deployment, lovers: Two) -> None:
        """What they chose already is theirs to skip; a later boundary does not take it from the plan."""
        before = get_plan(shipped, lovers.robin, WEEK)
        out = before.suggestions[0]
        date = choose(shipped, lovers.robin, WEEK, out.suggestion_id)
        put_boundaries(shipped, lovers.sam, Boundaries(ideas_never=(out.idea_id,)))
        assert get_plan(shipped, lovers.robin, WEEK) == before
        assert choose(shipped, lovers.robin, WEEK, out.suggestion_id).date == date.date

    @pytest.mark.parametrize("chosen", [False, True])
    def test_an_idea_that_left_the_catalogue_leaves_the_plan(
        self, shipped: Deployment, lovers: Two, chosen: bool
    ) -> None:
        """Every idea of a plan can be looked up, even after one chosen has left the catalogue."""
        out = get_plan(shipped, lovers.robin, WEEK).suggestions[0]
        if chosen:
            choose(shipped, lovers.robin, WEEK, out.suggestion_id)
        smaller = with_ideas(shipped, *(it for it in shipped.catalogue.ideas if it.idea_id != out.idea_id))
        after = get_plan(smaller, lovers.robin, WEEK)
        assert out.idea_id not in [it.idea_id for it in ideas_of(smaller, after)]
        assert len(after.suggestions) >= 2
        assert len(list_dates(smaller, lovers.robin)) == chosen


class TestSwap:
    """Replacing one suggestion."""

    @pytest.mark.parametrize("reason", REASONS)
    def test_each_reason(self, shipped: Deployment, lovers: Two, clock: Clock, reason: SwapReason) -> None:
        """The new one is feasible, answers the reason, has a propensity, and stands where the old one did."""
        before = get_plan(shipped, lovers.robin, WEEK)
        out = before.suggestions[1]
        after = swap(shipped, lovers.sam, WEEK, out.suggestion_id, reason)
        new = after.suggestions[1]
        it, old = shipped.catalogue.idea(new.idea_id), shipped.catalogue.idea(out.idea_id)
        assert new.idea_id not in ids_of(before)
        assert [after.suggestions[n] for n in (0, 2)] == [before.suggestions[n] for n in (0, 2)]
        assert (new.position, new.role) == (2, "growth")
        assert role_suits(it, "growth")
        assert 0 < new.propensity <= 1
        assert sum(r.contribution for r in new.reasons) == pytest.approx(new.score, abs=1e-9)
        self._answers(it, old, reason)
        self._feasible(shipped, lovers, it, new, clock)
        assert get_plan(shipped, lovers.robin, WEEK) == after

    @staticmethod
    def _answers(it: Idea, old: Idea, reason: SwapReason) -> None:
        if reason == "too_far":
            assert set(it.tags["place"]) <= {"home", "yard", "neighbourhood", "online"}
        if reason == "too_dear":
            assert it.typical_cost < old.typical_cost or it.typical_cost == old.typical_cost == 0
        if reason == "too_tired":
            assert it.tags["energy"][0] in ("rest", "low")
            assert it.minutes <= old.minutes
        if reason == "wrong_weather":
            assert it.tags["setting"] != ("outdoor",)

    @staticmethod
    def _feasible(d: Deployment, two: Two, it: Idea, new: Suggestion, clock: Clock) -> None:
        with reading(d.engine) as connection:
            couple = people.find_couple(connection, two.robin.couple_id or "")
        assert couple is not None
        assert objections(it, new.starts_at, Occasion(couple, WEEK, clock())) == []

    def test_both_are_stored(self, shipped: Deployment, lovers: Two) -> None:
        """The old one is kept with the reason and what took its place; the new one as any exposure."""
        out = get_plan(shipped, lovers.robin, WEEK).suggestions[0]
        new = swap(shipped, lovers.robin, WEEK, out.suggestion_id, "not_us").suggestions[0]
        stored = {e.suggestion.suggestion_id: e for e in exposures(shipped, lovers.robin)}
        assert len(stored) == 4
        assert stored[out.suggestion_id].swap_reason == "not_us"
        assert stored[out.suggestion_id].suggestion.replaced_by == new.suggestion_id
        assert stored[new.suggestion_id].suggestion == new
        assert stored[new.suggestion_id].swap_reason is None

    def test_nothing_comes_twice_in_a_week(self, shipped: Deployment, lovers: Two) -> None:
        """Ten swaps of one position show ten ideas that were not there before."""
        plan = get_plan(shipped, lovers.robin, WEEK)
        seen = ids_of(plan)
        for _ in range(10):
            plan = swap(shipped, lovers.robin, WEEK, plan.suggestions[0].suggestion_id, "other")
            assert plan.suggestions[0].idea_id not in seen
            seen.append(plan.suggestions[0].idea_id)

    @pytest.mark.parametrize("reason", REASONS)
    def test_what_each_reason_means_in_later_weeks(
        self, few: Deployment, lovers: Two, reason: SwapReason
    ) -> None:
        """Done rests for twelve weeks and not us for half a year; any other is forgotten with the week."""
        out = get_plan(few, lovers.robin, WEEK).suggestions[0]
        four = with_ideas(few, *few.catalogue.ideas, idea("swing", minutes=20))
        swap(four, lovers.robin, WEEK, out.suggestion_id, reason)
        rest = {"done_it": 12, "not_us": 26}.get(reason, 1)
        all_shown = with_ideas(few, few.catalogue.idea(out.idea_id), idea("swing", minutes=20))
        for weeks in (1, 2, 11, 12, 25, 26):
            week = Week.of(WEEK.monday + timedelta(weeks=weeks))
            comes = out.idea_id in ids_of(get_plan(all_shown, lovers.robin, week))
            assert comes == (weeks >= rest), weeks

    def test_a_circumstance_is_forgotten_with_the_week(self, few: Deployment, lovers: Two) -> None:
        """After everything was too dear, far and tiring this week, next week starts as if it had not been."""
        dear = [
            idea(f"dear-{n}", typical_cost=30, place="venue", setting="outdoor", energy="high")
            for n in range(3)
        ]
        cheap = [idea(f"cheap-{n}", minutes=20 + n) for n in range(5)]
        d = with_ideas(few, *dear, *cheap)
        put_boundaries(d, lovers.sam, Boundaries(ideas_never=tuple(it.idea_id for it in cheap)))
        plan = get_plan(d, lovers.robin, WEEK)
        assert set(ids_of(plan)) == {it.idea_id for it in dear}
        put_boundaries(d, lovers.sam, Boundaries())
        for suggestion, reason in zip(plan.suggestions, ("too_dear", "too_far", "too_tired"), strict=True):
            plan = swap(d, lovers.robin, WEEK, suggestion.suggestion_id, reason)  # type: ignore[arg-type]
        assert all(idea_id.startswith("cheap") for idea_id in ids_of(plan))
        put_boundaries(d, lovers.sam, Boundaries(ideas_never=tuple(it.idea_id for it in cheap)))
        assert set(ids_of(get_plan(d, lovers.robin, WEEK.next()))) == {it.idea_id for it in dear}

    def test_unknown_suggestions(self, shipped: Deployment, lovers: Two) -> None:
        """None: before any plan, by a wrong id, in another week, once replaced, of another couple."""
        with pytest.raises(NotFound):
            swap(shipped, lovers.robin, WEEK, "nothing", "other")
        plan = get_plan(shipped, lovers.robin, WEEK)
        out = plan.suggestions[0]
        swap(shipped, lovers.robin, WEEK, out.suggestion_id, "other")
        stranger = join(shipped, "Alex", "Kim").robin
        get_plan(shipped, stranger, WEEK)
        kept = plan.suggestions[1].suggestion_id
        for caller, week, suggestion_id in (
            (lovers.robin, WEEK, "nothing"),
            (lovers.robin, WEEK, out.suggestion_id),
            (lovers.robin, WEEK.next(), kept),
            (stranger, WEEK, kept),
        ):
            with pytest.raises(NotFound):
                swap(shipped, caller, week, suggestion_id, "other")
            with pytest.raises(NotFound):
                choose(shipped, caller, week, suggestion_id)

    def test_what_is_chosen_cannot_be_swapped(self, shipped: Deployment, lovers: Two) -> None:
        """A chosen suggestion is a date by now; the plan stays."""
        plan = get_plan(shipped, lovers.robin, WEEK)
        out = plan.suggestions[0].suggestion_id
        choose(shipped, lovers.sam, WEEK, out)
        with pytest.raises(Conflict):
            swap(shipped, lovers.robin, WEEK, out, "other")
        assert get_plan(shipped, lovers.robin, WEEK) == plan

    def test_nothing_else_fits(self, few: Deployment, lovers: Two) -> None:
        """With three ideas in all, none is left to swap for; the plan stays."""
        plan = get_plan(few, lovers.robin, WEEK)
        with pytest.raises(Conflict):
            swap(few, lovers.robin, WEEK, plan.suggestions[0].suggestion_id, "other")
        assert get_plan(few, lovers.robin, WEEK) == plan

    def test_two_who_swap_at_once(self, shipped: Deployment, lovers: Two) -> None:
        """Of two threads that swap the same one, one does and the other is told to read the plan again."""
        out = get_plan(shipped, lovers.robin, WEEK).suggestions[0].suggestion_id
        start = Barrier(2)

        def ask(caller: Caller) -> Plan | None:
            start.wait()
            try:
                return swap(shipped, caller, WEEK, out, "other")
            except NotFound:
                return None

        with ThreadPoolExecutor(2) as pool:
            told = list(pool.map(ask, (lovers.robin, lovers.sam)))
        (done,) = [plan for plan in told if plan is not None]
        assert get_plan(shipped, lovers.robin, WEEK) == done


class TestChoose:
    """Making a date of a suggestion."""

    def test_a_date_at_its_own_start(self, shipped: Deployment, lovers: Two) -> None:
        """The date has the idea, title and start of the suggestion, and both see it."""
        out = get_plan(shipped, lovers.robin, WEEK).suggestions[0]
        date = choose(shipped, lovers.robin, WEEK, out.suggestion_id).date
        assert (date.idea_id, date.status, date.starts_at, date.suggestion_id) == (
            *(out.idea_id, "planned", out.starts_at, out.suggestion_id),
        )
        assert date.title == shipped.catalogue.idea(out.idea_id).title
        assert [view.date for view in list_dates(shipped, lovers.sam)] == [date]

    def test_twice_is_one_date(self, shipped: Deployment, lovers: Two) -> None:
        """Both partners choosing the same suggestion make one date; another start moves it, and counts."""
        out = get_plan(shipped, lovers.robin, WEEK).suggestions[0].suggestion_id
        first = choose(shipped, lovers.robin, WEEK, out).date
        assert choose(shipped, lovers.sam, WEEK, out).date == first
        later = first.starts_at + timedelta(hours=1)
        moved = choose(shipped, lovers.sam, WEEK, out, later).date
        assert moved == replace(first, starts_at=later, revision=first.revision + 1)
        assert [view.date for view in list_dates(shipped, lovers.robin)] == [moved]

    def test_two_threads_choose_one_date(self, shipped: Deployment, lovers: Two) -> None:
        """So do both at the same moment."""
        out = get_plan(shipped, lovers.robin, WEEK).suggestions[0].suggestion_id
        start = Barrier(2)

        def ask(caller: Caller) -> str:
            start.wait()
            return choose(shipped, caller, WEEK, out).date.date_id

        with ThreadPoolExecutor(2) as pool:
            one, other = pool.map(ask, (lovers.robin, lovers.sam))
        assert one == other
        assert len(list_dates(shipped, lovers.robin)) == 1

    @pytest.mark.parametrize(
        "starts_at",
        [datetime(2026, 11, 28, 19, 30), datetime(1900, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)],
    )
    def test_starts_that_cannot_be(self, shipped: Deployment, lovers: Two, starts_at: datetime) -> None:
        """A start without a zone, or centuries off, is refused by its field, and no date is made."""
        out = get_plan(shipped, lovers.robin, WEEK).suggestions[0].suggestion_id
        with pytest.raises(InvalidInput) as refused:
            choose(shipped, lovers.robin, WEEK, out, starts_at)
        assert refused.value.field == "starts_at"
        assert list_dates(shipped, lovers.robin) == ()

    def test_a_skipped_date_leaves_its_idea_free(self, few: Deployment, lovers: Two) -> None:
        """What was chosen but skipped need not rest: where there is nothing else, it comes next week."""
        out = get_plan(few, lovers.robin, WEEK).suggestions[0]
        date = choose(few, lovers.robin, WEEK, out.suggestion_id).date
        update_date(few, lovers.robin, date.date_id, status="skipped")
        assert out.idea_id in ids_of(get_plan(few, lovers.robin, WEEK.next()))

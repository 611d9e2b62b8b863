"""Small rituals beside the plan, kept when both say so; and weeks in which a couple wants no plan."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.domain import Boundaries, Circumstances, Goal, Pause, Slot, Week
from recommender.errors import Conflict, InvalidInput, NotAllowed, NotFound
from recommender.planning.goals import progress
from recommender.planning.occasion import Occasion, PastIdea
from recommender.planning.rituals import offer_rituals
from recommender.planning.settings import PlanSettings
from recommender.service import (
    Caller,
    Deployment,
    SeenRitual,
    choose,
    create_couple,
    export_me,
    get_couple,
    get_plan,
    get_week,
    keep_ritual,
    leave,
    list_dates,
    put_boundaries,
    put_mark,
    swap,
    update_couple,
)
from recommender.service.people import accept_invite
from recommender.service.telling import told
from recommender.store import reading, rituals
from tests.api_world import with_catalogue, with_shipped_catalogue
from tests.conftest import WEEK, Clock, Two, join
from tests.planning_world import (
    _boundary_objections,
    _history_objections,
    _season_objections,
    _shared_objections,
    idea,
    known,
    occasion_of,
    occasions,
    served_prior,
    table_of,
    two,
)

ANY = {"minutes": 20, "practice": "ritual"}
SMALL = tuple(idea(f"small-{n}", **ANY, domain=d) for n, d in enumerate(("nature", "animals", "food_drink")))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "fits"),
    [
        ({}, True),
        ({"minutes": 20}, True),
        ({"minutes": 21}, False),
        ({"time_of_day": "morning"}, False),
        ({"lead_time": "same_day"}, True),
        ({"lead_time": "days"}, False),
        ({"setting": "outdoor"}, False),
        ({"setting": "either"}, True),
        ({"repeat": "once"}, False),
        ({"repeat": "ritual"}, True),
    ],
)
def test_what_is_small(changed: dict, fits: bool) -> None:
    """A ritual takes twenty minutes at most, at any time, without a day's notice, and can be done again."""
    assert table_of(idea(**{"minutes": 15, **changed})).small.tolist() == [fits]


@settings(max_examples=40, deadline=None)
@given(occasion=occasions(), taken=st.integers(0, 3), explore=st.sampled_from((0.0, 0.5)))
def test_rituals_keep_every_limit(occasion: Occasion, taken: int, explore: float) -> None:
    """For any couple: at most two, new to the week, inside all limits, with reasons that sum to the score."""
    models = served_prior()
    model = models.expect(occasion.couple, (), ())
    held = tuple(it.idea_id for it in models.table.ideas[:taken])
    found = offer_rituals(
        models.table, model, occasion, PlanSettings(exploration=explore), (1, 2), held, lambda: "r"
    )
    assert [one.position for one in found] == [1, 2][: len(found)]
    assert len({*held, *(one.idea_id for one in found)}) == taken + len(found)
    for one in found:
        it = models.table.ideas[models.table.index[one.idea_id]]
        assert it.minutes <= 20
        assert it.tags["time_of_day"] == ("any",)
        assert [
            *_boundary_objections(it, occasion),
            *_shared_objections(it, occasion.couple.circumstances),
            *_season_objections(it, occasion),
            *_history_objections(it, occasion),
        ] == []
        assert not (occasion.couple.circumstances.children and it.tags["kids"] == ("asleep",))
        assert 0 < one.propensity <= 1
        assert sum(reason.contribution for reason in one.reasons) == pytest.approx(one.score, abs=1e-9)


def test_no_free_evening_is_no_hindrance() -> None:
    """A couple whose only free time is over still gets its two."""
    models = served_prior()
    couple = two(circumstances=Circumstances(slots=(Slot(1, time(8), 15),)))
    model = models.expect(couple, (), ())
    found = offer_rituals(models.table, model, occasion_of(couple), PlanSettings(), (1, 2), (), lambda: "r")
    assert len(found) == 2


def test_what_is_kept_need_not_rest() -> None:
    """A ritual kept last week may come again; the same idea done as a date rests."""
    table = table_of(SMALL[0])
    for met, comes in (("kept", True), ("shown", True), ("done", False), ("planned", False)):
        past = PastIdea("small-0", WEEK.monday - timedelta(weeks=1), met)  # type: ignore[arg-type]
        occasion = occasion_of(two(), past)
        found = offer_rituals(table, known([4.0], [4.0]), occasion, PlanSettings(), (1,), (), lambda: "r")
        assert bool(found) == comes, met


class TestOffered:
    """Rituals of a week over a real database."""

    @pytest.fixture
    def d(self, deployment: Deployment) -> Deployment:
        """Return a deployment with the shipped ideas."""
        return with_shipped_catalogue(deployment)

    @pytest.fixture
    def few(self, deployment: Deployment) -> Deployment:
        """Return a deployment with three small ideas and three long ones."""
        long = (idea(f"long-{n}", minutes=60 + n) for n in range(3))
        return with_catalogue(deployment, replace(deployment.catalogue, ideas=(*SMALL, *long)))

    @pytest.fixture
    def lovers(self, d: Deployment) -> Two:
        """Join two partners."""
        return join(d, "Robin", "Sam")

    def offered(self, d: Deployment, caller: Caller, week: Week = WEEK) -> tuple[SeenRitual, ...]:
        """Return the rituals of a week."""
        return get_week(d, caller, week).rituals

    def test_both_are_offered_the_same_again_and_again(
        self, d: Deployment, lovers: Two, clock: Clock
    ) -> None:
        """Two, the same for both, today and later in the week, and none of the plan's three."""
        first = self.offered(d, lovers.robin)
        clock.wait(days=4)
        assert self.offered(d, lovers.sam) == first == self.offered(d, lovers.robin)
        assert len(first) == 2
        assert not {it.ritual.idea_id for it in first} & {
            s.idea_id for s in get_plan(d, lovers.robin, WEEK).suggestions
        }

    def test_they_are_logged_with_propensity_and_model(self, d: Deployment, lovers: Two) -> None:
        """What was offered is kept as it was: position, propensity, model, reasons and moment."""
        seen = self.offered(d, lovers.robin)
        with reading(d.engine) as connection:
            stored = rituals.list_rituals(connection, lovers.robin.couple_id or "")
        assert [told(one.ritual, lovers.robin) for one in stored] == [it.ritual for it in seen]
        assert {(one.week, one.shown_at, one.ritual.model_version) for one in stored} == {
            (WEEK, d.clock(), "prior")
        }
        assert all(0 < one.ritual.propensity <= 1 for one in stored)

    def test_a_swap_shows_no_ritual_of_the_week(self, few: Deployment) -> None:
        """Whatever is swapped, a suggestion is never an idea that is offered beside it."""
        couple = join(few, "Robin", "Sam")
        beside = {it.ritual.idea_id for it in self.offered(few, couple.robin)}
        plan = get_plan(few, couple.robin, WEEK)
        try:
            plan = swap(few, couple.robin, WEEK, plan.suggestions[0].suggestion_id, "other")
        except Conflict:
            return
        assert not beside & {s.idea_id for s in plan.suggestions}

    def test_a_boundary_takes_one_away_at_once(self, d: Deployment, lovers: Two) -> None:
        """An idea that one now never wants is replaced by another, with no word; the other one stays."""
        first, second = self.offered(d, lovers.robin)
        put_boundaries(d, lovers.sam, Boundaries(ideas_never=(first.ritual.idea_id,)))
        after = self.offered(d, lovers.robin)
        assert after[1] == second
        assert after[0].ritual.position == 1
        assert after[0].ritual.idea_id not in (first.ritual.idea_id, second.ritual.idea_id)
        with pytest.raises(NotFound):
            keep_ritual(d, lovers.robin, first.ritual.ritual_id)

    def test_nothing_left_is_left_out(self, few: Deployment) -> None:
        """Of three small ideas as many are offered as limits leave, at most two."""
        couple = join(few, "Robin", "Sam")
        update_couple(few, couple.robin, circumstances=Circumstances(slots=(Slot(1, time(3), 15),)))
        names = [it.idea_id for it in SMALL]
        for never, left in ((names[:2], names[2:]), (names, [])):
            put_boundaries(few, couple.sam, Boundaries(ideas_never=tuple(never)))
            assert [it.ritual.idea_id for it in self.offered(few, couple.robin)] == left
        other = join(few, "Alex", "Kim")
        update_couple(few, other.robin, circumstances=Circumstances(slots=(Slot(1, time(3), 15),)))
        assert len(self.offered(few, other.robin)) == 2

    def test_it_is_kept_when_both_confirm(self, d: Deployment, lovers: Two) -> None:
        """One word is not enough; the second makes it kept, for both; saying it again changes nothing."""
        ritual_id = self.offered(d, lovers.robin)[0].ritual.ritual_id
        one = keep_ritual(d, lovers.robin, ritual_id)
        assert (one.mine, one.kept) == (True, False)
        assert keep_ritual(d, lovers.robin, ritual_id) == one
        assert [(it.mine, it.kept) for it in self.offered(d, lovers.sam)] == [(False, False)] * 2
        both = keep_ritual(d, lovers.sam, ritual_id)
        assert (both.mine, both.kept) == (True, True)
        assert keep_ritual(d, lovers.sam, ritual_id) == both
        assert [(it.mine, it.kept) for it in self.offered(d, lovers.robin)] == [(True, True), (False, False)]

    def test_one_word_is_not_told_to_the_other(self, d: Deployment, lovers: Two) -> None:
        """Whatever one has confirmed, the other's week stays the same to the letter."""
        before = get_week(d, lovers.sam, WEEK)
        for it in before.rituals:
            keep_ritual(d, lovers.robin, it.ritual.ritual_id)
        assert get_week(d, lovers.sam, WEEK) == before

    def test_one_alone_keeps_alone(self, d: Deployment) -> None:
        """Before the other joins, one word keeps it, and it stays kept when the other comes."""
        one = create_couple(d, "Robin")
        robin = Caller("partner", one.partner_id, one.couple_id)
        ritual_id = self.offered(d, robin)[0].ritual.ritual_id
        assert keep_ritual(d, robin, ritual_id).kept
        other = accept_invite(d, one.invite_code or "", "Sam")
        sam = Caller("partner", other.partner_id, other.couple_id)
        assert [(it.mine, it.kept) for it in self.offered(d, sam)] == [(False, True), (False, False)]

    def test_what_was_offered_to_two_goes_when_one_leaves(self, d: Deployment, lovers: Two) -> None:
        """Kept or not, a ritual that was chosen for both is gone; new ones are offered to the one."""
        ritual_id = self.offered(d, lovers.robin)[0].ritual.ritual_id
        for caller in (lovers.robin, lovers.sam):
            keep_ritual(d, caller, ritual_id)
        leave(d, lovers.sam)
        assert [it.kept for it in self.offered(d, lovers.robin)] == [False, False]

    def test_a_boundary_does_not_take_what_was_kept(self, d: Deployment, lovers: Two) -> None:
        """What both did stands, as a chosen date does."""
        first = self.offered(d, lovers.robin)[0].ritual
        for caller in (lovers.robin, lovers.sam):
            keep_ritual(d, caller, first.ritual_id)
        put_boundaries(d, lovers.sam, Boundaries(ideas_never=(first.idea_id,)))
        assert self.offered(d, lovers.robin)[0].ritual == first

    def test_only_ones_own_and_of_now(self, d: Deployment, lovers: Two) -> None:
        """Unknown, of another couple, of a week to come, or as the host: refused, each in its way."""
        ritual_id = self.offered(d, lovers.robin)[0].ritual.ritual_id
        later = self.offered(d, lovers.robin, WEEK.next())[0].ritual.ritual_id
        stranger = join(d, "Alex", "Kim").robin
        for caller, unknown in ((lovers.robin, "nothing"), (stranger, ritual_id)):
            with pytest.raises(NotFound):
                keep_ritual(d, caller, unknown)
        with pytest.raises(Conflict):
            keep_ritual(d, lovers.robin, later)
        with pytest.raises(NotAllowed):
            keep_ritual(d, Caller("operator", couple_id=lovers.robin.couple_id), ritual_id)

    def test_next_weeks_can_be_confirmed_once_it_is_what_they_are_shown(
        self, d: Deployment, lovers: Two, clock: Clock
    ) -> None:
        """Until Sunday noon in Paris next week has to wait; from then on it is theirs, and no later one."""
        update_couple(d, lovers.robin, circumstances=Circumstances(time_zone="Europe/Paris"))
        first, later = (self.offered(d, lovers.robin, week)[0] for week in (WEEK.next(), WEEK.next().next()))
        clock.now = datetime(2026, 11, 29, 10, 59, tzinfo=UTC)
        with pytest.raises(Conflict):
            keep_ritual(d, lovers.robin, first.ritual.ritual_id)
        clock.wait(minutes=1)
        assert keep_ritual(d, lovers.robin, first.ritual.ritual_id).mine
        with pytest.raises(Conflict):
            keep_ritual(d, lovers.robin, later.ritual.ritual_id)

    def test_last_weeks_can_still_be_confirmed(self, d: Deployment, lovers: Two, clock: Clock) -> None:
        """A week later one may still say that it was done."""
        ritual_id = self.offered(d, lovers.robin)[0].ritual.ritual_id
        clock.wait(weeks=1)
        assert keep_ritual(d, lovers.robin, ritual_id).mine

    def test_a_week_that_is_over_offers_nothing_new(self, d: Deployment, lovers: Two) -> None:
        """A week that nobody looked at while it lasted has no rituals now."""
        assert self.offered(d, lovers.robin, Week.parse("2026-W46")) == ()

    def test_kept_ones_count_for_goals(self, d: Deployment, lovers: Two) -> None:
        """A goal of two of anything is half reached by a ritual kept, and not by one word alone."""
        update_couple(d, lovers.robin, goals=[Goal(times=2, weeks=1)])
        ritual_id = self.offered(d, lovers.robin)[0].ritual.ritual_id
        keep_ritual(d, lovers.robin, ritual_id)
        assert get_couple(d, lovers.robin).progress[0].done == 0
        keep_ritual(d, lovers.sam, ritual_id)
        assert get_couple(d, lovers.robin).progress[0].done == 1
        assert get_week(d, lovers.robin, WEEK).goals[0][1].done == 1

    def test_kept_ones_come_back_first(self, few: Deployment) -> None:
        """Of three small ideas, the one kept this week is offered next week; the one not taken waits."""
        d = replace(
            few, plan_settings=PlanSettings(exploration=0.0, variety_weight=0.0, freshness_weight=0.0)
        )
        couple = join(d, "Robin", "Sam")
        update_couple(d, couple.robin, circumstances=Circumstances(slots=(Slot(1, time(3), 15),)))
        first, second = self.offered(d, couple.robin)
        for caller in (couple.robin, couple.sam):
            keep_ritual(d, caller, first.ritual.ritual_id)
        later = [it.ritual.idea_id for it in self.offered(d, couple.robin, WEEK.next())]
        assert first.ritual.idea_id in later
        assert second.ritual.idea_id not in later

    def test_an_export_has_ones_own_word(self, d: Deployment, lovers: Two) -> None:
        """The rituals offered are in one's export, with one's own confirmation."""
        ritual_id = self.offered(d, lovers.robin)[0].ritual.ritual_id
        keep_ritual(d, lovers.robin, ritual_id)
        told = [(it["confirmed"], it["kept"]) for it in export_me(d, lovers.robin)["rituals"]]
        assert told == [(True, False), (False, False)]
        other = [it["confirmed"] for it in export_me(d, lovers.sam)["rituals"]]
        assert other == [False, False]
        assert json.loads(json.dumps(export_me(d, lovers.sam)))


class TestPause:
    """A break, for as long as they like."""

    @pytest.fixture
    def d(self, deployment: Deployment) -> Deployment:
        """Return a deployment with the shipped ideas."""
        return with_shipped_catalogue(deployment)

    @pytest.fixture
    def lovers(self, d: Deployment) -> Two:
        """Join two partners."""
        return join(d, "Robin", "Sam")

    def pause(self, d: Deployment, caller: Caller, since: str, weeks: int) -> None:
        """Pause some weeks."""
        update_couple(d, caller, circumstances=Circumstances(pause=Pause(since, weeks)))

    @pytest.mark.parametrize(
        ("week", "paused"),
        [
            ("2026-W47", False),
            ("2026-W48", True),
            ("2026-W53", True),
            ("2027-W01", True),
            ("2027-W02", False),
        ],
    )
    def test_the_weeks_of_a_pause(self, week: str, paused: bool) -> None:
        """Seven weeks from the forty-eighth on, over the turn of a year with fifty-three."""
        assert Circumstances(pause=Pause("2026-W48", 7)).paused(Week.parse(week)) == paused
        assert not Circumstances().paused(Week.parse(week))

    def test_a_paused_week_asks_for_nothing(self, d: Deployment, lovers: Two) -> None:
        """No suggestion, no ritual, no advice; nothing is stored, so that nothing counts as shown."""
        self.pause(d, lovers.robin, "2026-W48", 2)
        for caller in (lovers.robin, lovers.sam):
            view = get_week(d, caller, WEEK)
            assert (view.paused, view.plan.suggestions, view.plan.advice, view.rituals) == (True, (), (), ())
        assert export_me(d, lovers.robin)["shown"] == []
        assert export_me(d, lovers.robin)["rituals"] == []
        assert len(get_week(d, lovers.robin, Week.parse("2026-W50")).plan.suggestions) == 3

    def test_what_was_planned_before_comes_back(self, d: Deployment, lovers: Two) -> None:
        """A pause hides the plan of a week and its end shows it again; a chosen date stays all the while."""
        before = get_week(d, lovers.robin, WEEK)
        out = before.plan.suggestions[0].suggestion_id
        date_id = choose(d, lovers.robin, WEEK, out).date.date_id
        self.pause(d, lovers.sam, "2026-W48", 1)
        assert get_week(d, lovers.robin, WEEK).plan.suggestions == ()
        assert [view.date.date_id for view in list_dates(d, lovers.robin)] == [date_id]
        for refused in (swap, choose):
            with pytest.raises(NotFound):
                refused(d, lovers.robin, WEEK, out, *(("other",) if refused is swap else ()))  # type: ignore[operator]
        update_couple(d, lovers.sam, circumstances=Circumstances())
        assert get_week(d, lovers.robin, WEEK) == before

    def test_a_pause_does_not_count_against_a_goal(self) -> None:
        """With two of four weeks paused, the two weeks before count instead, and no more than those."""
        table, goal = table_of(idea("soup")), Goal(times=1, weeks=4)
        couple = two(goals=(goal,), circumstances=Circumstances(pause=Pause("2026-W46", 2)))
        found = [
            progress(table, occasion_of(couple, PastIdea("soup", day, "done")), goal).done
            for day in (date(2026, 10, 18), date(2026, 10, 19), date(2026, 11, 2), date(2026, 11, 29))
        ]
        assert found == [0, 1, 1, 1]

    @pytest.mark.parametrize(
        ("since", "weeks", "first"),
        [
            ("2026-W30", 4, date(2026, 11, 2)),  # over before the goal's weeks
            ("2026-W49", 4, date(2026, 11, 2)),  # to come
            ("2026-W48", 1, date(2026, 10, 26)),  # this week alone
            ("2026-W47", 9, date(2026, 10, 19)),  # two of nine so far
            ("2026-W40", 7, date(2026, 9, 14)),  # seven, of which two in the goal's weeks
        ],
    )
    def test_where_the_weeks_that_count_begin(self, since: str, weeks: int, first: date) -> None:
        """A goal of four weeks counts four weeks that were not paused."""
        goal = Goal(weeks=4)
        couple = two(goals=(goal,), circumstances=Circumstances(pause=Pause(since, weeks)))
        assert progress(table_of(idea()), occasion_of(couple), goal).since == first

    @pytest.mark.parametrize(
        ("pause", "field"),
        [
            (Pause("soon", 2), "circumstances.pause.since"),
            (Pause("2026-W54", 2), "circumstances.pause.since"),
            (Pause("2026-W48", 0), "circumstances.pause.weeks"),
            (Pause("2026-W48", 105), "circumstances.pause.weeks"),
        ],
    )
    def test_a_pause_that_cannot_be(self, d: Deployment, lovers: Two, pause: Pause, field: str) -> None:
        """An unknown week or no length is refused by its field."""
        with pytest.raises(InvalidInput) as refused:
            update_couple(d, lovers.robin, circumstances=Circumstances(pause=pause))
        assert refused.value.field == field

    def test_marks_wait(self, d: Deployment, lovers: Two) -> None:
        """Marks made before are there after the pause."""
        out = get_plan(d, lovers.robin, WEEK).suggestions[0].suggestion_id
        put_mark(d, lovers.robin, WEEK, out, "yes")
        self.pause(d, lovers.sam, "2026-W48", 1)
        assert get_week(d, lovers.robin, WEEK).marks.by_suggestion == {}
        update_couple(d, lovers.sam, circumstances=Circumstances())
        assert get_week(d, lovers.robin, WEEK).marks.by_suggestion[out].mine == "yes"

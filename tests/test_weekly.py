"""The weekly plan, in process: feasible, fair, fresh, said why, and the same for the same inputs."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.catalogue.library import Catalogue
from recommender.catalogue.taxonomy import Value
from recommender.domain import (
    Boundaries,
    Circumstances,
    Couple,
    Goal,
    Idea,
    Partner,
    Plan,
    Slot,
    Suggestion,
    SwapReason,
    Week,
)
from recommender.planning.lifts import lifts
from recommender.planning.occasion import Occasion, PastIdea
from recommender.planning.settings import TOP_K, PlanSettings
from recommender.planning.weekly import seeded, swapped, weekly_plan
from recommender.service.serving import ServedModels
from tests.api_world import shipped_catalogue
from tests.planning_world import (
    WEEK,
    Known,
    idea,
    known,
    objections,
    occasion_of,
    occasions,
    role_suits,
    served,
    served_prior,
    table_of,
    two,
)

GREEDY = PlanSettings(exploration=0.0)
PLAIN = TOP_K


def numbers() -> Iterator[str]:
    """Yield new ids."""
    return (f"s{n}" for n in count(1))


def planned(occasion: Occasion, models: ServedModels | None = None, plan: PlanSettings | None = None) -> Plan:
    """Return the plan that the shipped prior makes."""
    models = models or served_prior()
    expectation = models.expect(occasion.couple, (), ())
    ids = numbers()
    return weekly_plan(models.table, expectation, occasion, plan or PlanSettings(), lambda: next(ids))


def plan_of(ideas: list[Idea], model: Known, occasion: Occasion, plan: PlanSettings = GREEDY) -> Plan:
    """Return the plan over some ideas, given in order of id."""
    ids = numbers()
    return weekly_plan(table_of(*ideas), model, occasion, plan, lambda: next(ids))


def judge(plan: Plan, occasion: Occasion, catalogue: Catalogue) -> None:
    """Fail unless everything that every plan promises holds of this one."""
    ids = [s.idea_id for s in plan.suggestions]
    assert len(set(ids)) == len(ids)
    assert [s.position for s in plan.suggestions] == list(range(1, len(ids) + 1))
    for suggestion, role in zip(plan.suggestions, ("easy", "growth", "close"), strict=False):
        it = catalogue.idea(suggestion.idea_id)
        assert objections(it, suggestion.starts_at, occasion) == [], it.idea_id
        assert suggestion.role in (role, "open")
        assert suggestion.role == "open" or role_suits(it, role)
        total = sum(reason.contribution for reason in suggestion.reasons)
        assert total == pytest.approx(suggestion.score, abs=1e-9)
        assert 0 < suggestion.propensity <= 1
        assert 1 <= suggestion.expected <= 5
        assert suggestion.std > 0
        assert suggestion.starts_at.utcoffset() is not None
    if len(ids) == 3:
        assert plan.advice == ()


@settings(max_examples=80, deadline=None)
@given(occasion=occasions())
def test_nothing_infeasible_is_ever_in_a_plan(occasion: Occasion) -> None:
    """Whoever the couple, wherever they live and whatever they did, a plan keeps every promise."""
    judge(planned(occasion), occasion, shipped_catalogue())


@settings(max_examples=25, deadline=None)
@given(occasion=occasions(), seed=st.integers(0, 1000))
def test_a_bold_plan_keeps_every_promise_too(occasion: Occasion, seed: int) -> None:
    """However much is explored, nothing infeasible is drawn."""
    couple = replace(occasion.couple, couple_id=f"c{seed}")
    occasion = replace(occasion, couple=couple)
    bold = PlanSettings(exploration=1.0, temperature=5.0)
    judge(planned(occasion, plan=bold), occasion, shipped_catalogue())


@settings(max_examples=25, deadline=None)
@given(
    occasion=occasions(),
    reason=st.sampled_from(
        ["too_far", "too_dear", "too_tired", "done_it", "not_us", "wrong_weather", "not_this_week", "other"]
    ),
)
def test_swaps_keep_every_promise(occasion: Occasion, reason: SwapReason) -> None:
    """What takes another's place is as feasible as that was, new to the plan, and in its position."""
    models = served_prior()
    plan = planned(occasion)
    for out in plan.suggestions:
        model = models.expect(occasion.couple, (), ())
        new = swapped(models.table, model, occasion, PlanSettings(), plan, out, reason, "new")
        if new is None:
            continue
        assert (new.position, new.suggestion_id) == (out.position, "new")
        assert new.idea_id not in [s.idea_id for s in plan.suggestions]
        kept = tuple(new if s is out else s for s in plan.suggestions)
        judge(replace(plan, suggestions=kept, advice=()), occasion, shipped_catalogue())


@settings(max_examples=20, deadline=None)
@given(occasion=occasions())
def test_same_inputs_same_plan(occasion: Occasion) -> None:
    """Planning twice gives the same plan to the last bit; the order of the partners changes no idea."""
    assert planned(occasion) == planned(occasion)


@settings(max_examples=20, deadline=None)
@given(occasion=occasions(), seed=st.integers(0, 1))
def test_the_order_of_the_catalogue_does_not_matter(occasion: Occasion, seed: int) -> None:
    """However the ideas are ordered, the same are suggested for the same reasons."""
    assert planned(occasion, shuffled(seed)) == planned(occasion)


def test_equals_are_drawn_for_each_couple() -> None:
    """Of ideas that are expected to be just as good, couples see different ones, with equal propensities."""
    ideas = [idea(name) for name in ("c", "a", "d", "b")]
    firsts = set()
    for name in "klmnopqrstuvwxyz":
        couple = replace(two(), couple_id=name)
        plans = [
            plan_of(order, known([3.0] * 4, [3.0] * 4), occasion_of(couple), PLAIN)
            for order in (ideas, ideas[::-1])
        ]
        assert plans[0] == plans[1]
        assert [s.propensity for s in plans[0].suggestions] == pytest.approx([1 / 4, 1 / 3, 1 / 2])
        firsts.add(plans[0].suggestions[0].idea_id)
    assert firsts == {"a", "b", "c", "d"}


SHUFFLED: dict[int, ServedModels] = {}


def shuffled(seed: int) -> ServedModels:
    """Return the shipped prior over the shipped ideas in another order."""
    if seed not in SHUFFLED:
        catalogue = shipped_catalogue()
        ideas = random.Random(seed).sample(catalogue.ideas, len(catalogue.ideas))
        SHUFFLED[seed] = served(replace(catalogue, ideas=tuple(ideas)))
    return SHUFFLED[seed]


def test_no_limits_a_full_plan() -> None:
    """A couple that said nothing gets three suggestions: easy, growth and close, on three evenings."""
    plan = planned(occasion_of())
    assert [s.role for s in plan.suggestions] == ["easy", "growth", "close"]
    assert len({s.starts_at.date() for s in plan.suggestions}) == 3
    assert (plan.week, plan.couple_id, plan.rule) == (WEEK, "c", "leaning")


@pytest.mark.parametrize("week", ["2026-W02", "2026-W13", "2026-W28", "2026-W43", "2026-W53"])
@pytest.mark.parametrize("latitude", [None, 55.0, -37.0])
def test_narrow_limits_still_give_a_full_plan(week: str, latitude: float | None) -> None:
    """No touch, no alcohol and no money still give three, in every season on both halves of the world."""
    never = Boundaries(touch_max="none", alcohol_max="none")
    couple = two(never, never, Circumstances(budget_max=0.0, latitude=latitude))
    occasion = occasion_of(couple, week=Week.parse(week))
    plan = planned(occasion)
    assert len(plan.suggestions) == 3
    judge(plan, occasion, shipped_catalogue())


def test_one_alone_gets_a_plan() -> None:
    """Before the other has joined, one partner's tastes make the plan."""
    occasion = occasion_of(Couple("c", (Partner("p", "c", "Robin"),)))
    plan = planned(occasion)
    assert len(plan.suggestions) == 3
    judge(plan, occasion, shipped_catalogue())


@pytest.mark.parametrize(
    ("week", "sunday"), [("2026-W43", datetime(2026, 10, 25)), ("2026-W13", datetime(2026, 3, 29))]
)
def test_weeks_in_which_the_clocks_change(week: str, sunday: datetime) -> None:
    """On the night of the change and the day after, starts lie inside the slots as the clock tells them."""
    night, evening = (
        Slot(6, time(22), 360),
        Slot(7, time(19), 180),
    )
    couple = two(circumstances=Circumstances(slots=(night, evening), time_zone="Europe/Lisbon"))
    occasion = occasion_of(couple, week=Week.parse(week))
    plan = planned(occasion)
    judge(plan, occasion, shipped_catalogue())
    zone = ZoneInfo("Europe/Lisbon")
    at_seven = sunday.replace(hour=19, tzinfo=zone)
    on_sunday = [s for s in plan.suggestions if s.starts_at.hour >= 19 and s.starts_at.isoweekday() == 7]
    assert [s.starts_at.astimezone(UTC) for s in on_sunday] == [at_seven.astimezone(UTC)] * len(on_sunday)
    assert on_sunday


def test_other_couples_weeks_and_swaps_have_other_chance() -> None:
    """Chance is seeded by couple, week and purpose, so where all is explored, plans differ between them."""
    base = occasion_of()
    couples = [replace(base, couple=replace(base.couple, couple_id=f"c{n}")) for n in range(20)]
    weeks = [replace(base, week=Week(2026, n)) for n in range(30, 50)]
    for occasions_of in (couples, weeks):
        assert len({seeded(occasion, "plan").random() for occasion in occasions_of}) == 20
    assert seeded(base, "plan").random() != seeded(base, "swap a").random() != seeded(base, "swap b").random()
    bold = PlanSettings(exploration=1.0, temperature=5.0)
    plans = {tuple(s.idea_id for s in planned(occasion, plan=bold).suggestions) for occasion in couples}
    assert len(plans) > 15


class TestBothOfThem:
    """From two expected ratings to one order."""

    def test_the_average_decides(self) -> None:
        """Three of four ideas are taken in order of the two partners' average."""
        model = known([3.0, 5.0, 4.0, 3.2], [4.0, 4.0, 4.0, 3.2])
        plan = plan_of([idea(name) for name in "abcd"], model, occasion_of(), PLAIN)
        assert [(s.idea_id, s.expected) for s in plan.suggestions] == [("b", 4.5), ("c", 4.0), ("a", 3.5)]
        assert [s.role for s in plan.suggestions] == ["open"] * 3

    def test_what_one_would_dislike_falls_behind(self) -> None:
        """5 and 2 average 3.5 but lose a point for being 1 below the floor of 3, so 3.2 each comes first."""
        fair = replace(PLAIN, rule="average_with_floor")
        plan = plan_of([idea("a"), idea("b")], known([5.0, 3.2], [2.0, 3.2]), occasion_of(), fair)
        assert [(s.idea_id, pytest.approx(s.score)) for s in plan.suggestions] == [("b", 3.2), ("a", 2.5)]
        balance = next(r for r in plan.suggestions[1].reasons if r.kind == "balance")
        assert balance.contribution == pytest.approx(-1.0)

    def test_expectations_stay_on_the_scale(self) -> None:
        """A model that expects more than 5 is told as 5; the score keeps the order."""
        plan = plan_of([idea("a"), idea("b")], known([6.0, 7.0], [6.0, 7.0]), occasion_of(), PLAIN)
        assert [(s.idea_id, s.expected, s.score) for s in plan.suggestions] == [
            ("b", 5.0, 7.0),
            ("a", 5.0, 6.0),
        ]


class TestLifts:
    """Points that the couple's own history adds, by hand: two ideas alike by 1, and one unlike them."""

    TABLE = table_of(
        idea("a", practice="ritual", connection="words"),
        idea("b", practice="ritual", connection="words"),
        idea("z", practice="goals", connection="touch", play="silly"),
    )

    def added(self, *past: PastIdea, couple: Couple | None = None) -> dict[str, list[float]]:
        """Return what is added to a, b and z."""
        found = lifts(self.TABLE, occasion_of(couple, *past), PlanSettings(), np.array([3.0, 4.0, 5.0]))
        return {name: getattr(found, name) for name in ("freshness", "shown", "goals", "care")}

    @staticmethod
    def past(weeks: int, met: str = "done", idea_id: str = "a") -> PastIdea:
        """Return a meeting some weeks ago."""
        return PastIdea(idea_id, WEEK.monday - timedelta(weeks=weeks), met)  # type: ignore[arg-type]

    def test_everything_is_fresh_to_newcomers(self) -> None:
        """Without a past, every idea gets the dial's share of 0.4; nothing else is added."""
        found = self.added()
        np.testing.assert_allclose(found["freshness"], [0.2] * 3)
        for name in ("shown", "goals", "care"):
            np.testing.assert_array_equal(found[name], 0.0)

    def test_freshness_comes_back_with_time(self) -> None:
        """Eight weeks after a date half of it is back; what is unlike it never lost any."""
        np.testing.assert_allclose(self.added(self.past(8))["freshness"], [0.1, 0.1, 0.2], atol=1e-6)
        np.testing.assert_allclose(self.added(self.past(0))["freshness"], [0.0, 0.0, 0.2], atol=1e-6)

    def test_the_dial_is_the_average_of_both(self) -> None:
        """One at 1 and one at 0 are as fresh as two in the middle; two at 1 twice as fresh."""
        base = two()
        for dials, points in (((1.0, 0.0), 0.2), ((1.0, 1.0), 0.4), ((0.0, 0.0), 0.0)):
            partners = tuple(replace(p, freshness=d) for p, d in zip(base.partners, dials, strict=True))
            found = self.added(couple=replace(base, partners=partners))
            np.testing.assert_allclose(found["freshness"], [points] * 3)

    @pytest.mark.parametrize(("weeks", "points"), [(0, -0.3), (1, -0.3), (3, -0.15), (5, -0.075)])
    def test_what_was_shown_rests(self, weeks: int, points: float) -> None:
        """An idea shown last week and not taken loses 0.3, and half of that every two weeks on."""
        np.testing.assert_allclose(self.added(self.past(weeks, "shown"))["shown"], [points, 0, 0])

    def test_a_swap_costs_an_idea_nothing(self) -> None:
        """What was swapped away last week starts this week as if it had never been shown."""
        np.testing.assert_allclose(self.added(self.past(1, "swapped"))["shown"], [0, 0, 0])

    def test_a_goal_that_is_behind(self) -> None:
        """Two rituals in four weeks: lifted until the second is done, and again once they are long ago."""
        couple = two(goals=(Goal("ritual", times=2, weeks=4),))
        for past, points in (
            ((), 0.15),
            ((1,), 0.15),
            ((1, 2), 0.0),
            ((1, 4), 0.15),
        ):
            found = self.added(*(self.past(weeks) for weeks in past), couple=couple)["goals"]
            np.testing.assert_allclose(found, [points, points, 0.0])

    def test_ways_of_caring_take_turns(self) -> None:
        """After dates of kind words, what brings another way is lifted."""
        np.testing.assert_allclose(self.added(self.past(2))["care"], [0.0, 0.0, 0.05])

    def test_only_the_last_four_dates_count_for_caring(self) -> None:
        """A touch five dates ago is missing again."""
        past = [self.past(9, idea_id="z"), *(self.past(weeks) for weeks in (4, 3, 2, 1))]
        np.testing.assert_allclose(self.added(*past)["care"], [0.0, 0.0, 0.05])
        np.testing.assert_allclose(self.added(*past[:-1])["care"], [0.0, 0.0, 0.0])


def test_a_loved_idea_returns_as_close_after_its_rest() -> None:
    """A favourite of thirteen weeks ago takes the close place, as none of last week could."""
    favourite = idea("a", energy="high")
    ideas = [favourite, idea("b", touch="sustained", energy="high")]
    model = known([4.5, 3.5], [4.5, 3.5])
    plan = replace(GREEDY, roles=("close",))
    for weeks, chosen in ((13, "a"), (1, "b")):
        past = PastIdea("a", WEEK.monday - timedelta(weeks=weeks), "done", loved=True)
        found = plan_of(ideas, model, occasion_of(two(), past), plan).suggestions
        assert [(s.idea_id, s.role) for s in found] == [(chosen, "close")]
    unloved = PastIdea("a", WEEK.monday - timedelta(weeks=13), "done")
    assert plan_of(ideas, model, occasion_of(two(), unloved), plan).suggestions[0].idea_id == "b"


def test_fewer_than_three_come_with_advice() -> None:
    """Where the budget leaves one, it is suggested, and the plan says what more money would open."""
    ideas = [idea("a"), idea("b", typical_cost=20), idea("c", typical_cost=30)]
    occasion = occasion_of(two(circumstances=Circumstances(budget_max=0.0)))
    plan = plan_of(ideas, known([3.0] * 3, [3.0] * 3), occasion)
    assert [s.idea_id for s in plan.suggestions] == ["a"]
    assert [(a.change, a.opens) for a in plan.advice] == [("With 30 EUR more to spend", 2)]


def test_an_impossible_week_is_an_empty_plan() -> None:
    """A couple whose only slot is over gets no suggestion and no error."""
    couple = two(circumstances=Circumstances(slots=(Slot(1, time(8), 15),)))
    assert planned(occasion_of(couple, now=datetime(2026, 11, 24, tzinfo=UTC))).suggestions == ()


class TestSwap:
    """What each reason looks for instead."""

    IDEAS = (
        idea("a-out", typical_cost=20, minutes=120, place="venue", setting="outdoor", energy="moderate"),
        idea("b-dear", typical_cost=20, minutes=200, place="nature", setting="outdoor", energy="moderate"),
        idea(
            "c-cheap",
            typical_cost=10,
            minutes=200,
            place=("home", "nature"),
            setting="outdoor",
            energy="high",
        ),
        idea(
            "d-near", typical_cost=30, minutes=120, place=("home", "yard"), setting="outdoor", energy="high"
        ),
        idea("e-restful", typical_cost=30, minutes=120, place="nature", setting="outdoor", energy="low"),
        idea("f-roof", typical_cost=30, minutes=200, place="nature", setting="either", energy="low"),
    )
    # Without the reason, each would be taken after those before it.
    EXPECTED = (5.0, 4.9, 4.8, 4.7, 4.6, 4.5)

    def swap(
        self, reason: SwapReason, occasion: Occasion, *gone: str, more: tuple[Idea, ...] = ()
    ) -> Suggestion | None:
        """Return what takes the place of the first of a plan of one; ``more`` are ideas liked less."""
        table = table_of(*(it for it in self.IDEAS if it.idea_id not in gone), *more)
        mean = {it.idea_id: points for it, points in zip(self.IDEAS, self.EXPECTED, strict=True)}
        model = known(*[[mean.get(it.idea_id, 4.0) for it in table.ideas]] * 2)
        one = replace(PLAIN, roles=("open",))
        plan = weekly_plan(table, model, occasion, one, lambda: "first")
        (out,) = plan.suggestions
        assert out.idea_id == "a-out"
        return swapped(table, model, occasion, one, plan, out, reason, "second")

    @pytest.mark.parametrize(
        ("reason", "chosen"),
        [
            ("too_far", "d-near"),
            ("too_dear", "c-cheap"),
            ("too_tired", "e-restful"),
            ("wrong_weather", "f-roof"),
            ("done_it", "b-dear"),
            ("not_us", "b-dear"),
            ("not_this_week", "b-dear"),
            ("other", "b-dear"),
        ],
    )
    def test_the_best_that_answers_the_reason(self, reason: SwapReason, chosen: str) -> None:
        """Nearer, cheaper, more restful or under a roof; otherwise the next best."""
        new = self.swap(reason, occasion_of())
        assert new is not None
        assert (new.idea_id, new.position, new.role, new.suggestion_id, new.propensity) == (
            *(chosen, 1, "open", "second", 1.0),
        )

    @pytest.mark.parametrize(
        ("reason", "only"),
        [
            ("too_far", "d-near"),
            ("too_dear", "c-cheap"),
            ("too_tired", "e-restful"),
            ("wrong_weather", "f-roof"),
        ],
    )
    def test_nothing_that_answers_the_reason(self, reason: SwapReason, only: str) -> None:
        """Where no other idea answers, there is none, rather than one that does not."""
        assert self.swap(reason, occasion_of(), only) is None

    @pytest.mark.parametrize(
        ("before", "reason", "chosen"),
        [
            ("too_dear", "too_far", "g-both"),
            ("too_far", "too_dear", "g-both"),
            ("not_this_week", "too_far", "d-near"),
        ],
    )
    def test_reasons_add_up_over_the_week(self, before: SwapReason, reason: SwapReason, chosen: str) -> None:
        """A second swap answers the week's first reason too, not only its own."""
        both = idea("g-both", typical_cost=5, minutes=120, place="home", setting="outdoor", energy="high")
        past = PastIdea("b-dear", WEEK.monday, "swapped", swap_reason=before)
        new = self.swap(reason, occasion_of(two(), past), more=(both,))
        assert new is not None
        assert new.idea_id == chosen

    def test_the_latest_reason_counts_most(self) -> None:
        """Where nothing answers both reasons, the one just given is answered."""
        past = PastIdea("b-dear", WEEK.monday, "swapped", swap_reason="wrong_weather")
        new = self.swap("too_far", occasion_of(two(), past))
        assert new is not None
        assert new.idea_id == "d-near"

    def test_last_weeks_reasons_are_forgotten(self) -> None:
        """What was too dear last week is no more so this week."""
        last = WEEK.monday - timedelta(weeks=1)
        past = PastIdea("c-cheap", last, "swapped", swap_reason="too_dear")
        new = self.swap("too_far", occasion_of(two(), past))
        assert new is not None
        assert new.idea_id == "d-near"

    def test_done_it_passes_over_what_is_just_alike(self) -> None:
        """Swapped because it was done, an idea takes its likes along; for another reason it does not."""
        twins = [idea("a", domain="nature"), idea("b", domain="nature"), idea("c", domain="animals")]
        table, model = table_of(*twins), known([5.0, 4.0, 3.0], [5.0, 4.0, 3.0])
        one = replace(PLAIN, roles=("open",))
        plan = weekly_plan(table, model, occasion_of(), one, lambda: "s")
        for reason, chosen in (("done_it", "c"), ("not_us", "b"), ("not_this_week", "b")):
            new = swapped(table, model, occasion_of(), one, plan, plan.suggestions[0], reason, "t")
            assert new is not None
            assert new.idea_id == chosen

    def test_what_was_shown_this_week_does_not_come_again(self) -> None:
        """An idea swapped away earlier this week is passed over."""
        past = PastIdea("b-dear", WEEK.monday, "swapped", swap_reason="other")
        new = self.swap("other", occasion_of(two(), past))
        assert new is not None
        assert new.idea_id == "c-cheap"


def test_a_model_of_a_smaller_taxonomy_still_says_why() -> None:
    """After a tag is added to the taxonomy, the model fitted before it still gives plans with reasons."""
    catalogue = shipped_catalogue()
    facets = catalogue.taxonomy.facets
    domain = facets["domain"]
    grown = replace(domain, values=(Value("naps", "naps", "Sleeping."), *domain.values))
    taxonomy = replace(catalogue.taxonomy, facets={**facets, "domain": grown})
    occasion = occasion_of()
    plan = planned(occasion, served(replace(catalogue, taxonomy=taxonomy)))
    assert len(plan.suggestions) == 3
    judge(plan, occasion, catalogue)


def test_a_swapped_free_idea_may_be_too_dear_only_for_another_free_one() -> None:
    """Something free that is "too dear" is swapped for something free."""
    table = table_of(idea("a"), idea("b", typical_cost=1), idea("c"))
    model = known([5.0, 4.0, 3.0], [5.0, 4.0, 3.0])
    one = replace(PLAIN, roles=("open",))
    plan = weekly_plan(table, model, occasion_of(), one, lambda: "s")
    new = swapped(table, model, occasion_of(), one, plan, plan.suggestions[0], "too_dear", "t")
    assert new is not None
    assert new.idea_id == "c"

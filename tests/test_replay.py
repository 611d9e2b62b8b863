"""Plans made anew: what a candidate would have shown, and what that would have been worth."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from recommender.domain import Boundaries, Week
from recommender.learning.gate import Judgement, with_replay
from recommender.learning.offpolicy import OffPolicyValue
from recommender.learning.replay import PlaceValue, Replay, Shown, replay
from recommender.preferences.couples import CoupleModel
from recommender.service import (
    Caller,
    Deployment,
    choose,
    get_plan,
    model_card,
    put_boundaries,
    put_rating,
    retrain,
    swap,
)
from recommender.service.replays import latest_shown
from recommender.store.engine import reading
from tests.api_world import with_shipped_catalogue
from tests.conftest import Clock, Two, join

N_WEEKS = 5


@pytest.fixture
def lived(deployment: Deployment, clock: Clock) -> tuple[Deployment, list[Two]]:
    """Return a deployment of the shipped catalogue in which four couples planned, swapped, went and rated."""
    d = with_shipped_catalogue(deployment)
    couples = [join(d, f"Robin {k}", f"Sam {k}") for k in range(4)]
    for number in range(N_WEEKS):
        clock.wait(days=7)
        for k, couple in enumerate(couples):
            live_week(d, clock, couple, number + k)
    return d, couples


def live_week(d: Deployment, clock: Clock, couple: Two, turn: int) -> None:
    """Plan, now and then swap, choose one of the three and rate it a little later."""
    week = Week.of(clock.now.date() + timedelta(days=7))
    plan = get_plan(d, couple.robin, week)
    if turn % 3 == 0:
        plan = swap(d, couple.robin, week, plan.suggestions[2].suggestion_id, "too_far")
    picked = plan.suggestions[turn % 3]
    date = choose(d, couple.robin, week, picked.suggestion_id, clock.now + timedelta(hours=1)).date
    clock.wait(hours=5)
    for caller, enjoyment in ((couple.robin, 1 + turn % 5), (couple.sam, 5 - turn % 2)):
        rate(d, caller, date.date_id, enjoyment)


def rate(d: Deployment, caller: Caller, date_id: str, enjoyment: int) -> None:
    """Rate a date."""
    put_rating(d, caller, date_id, enjoyment=enjoyment)


def shown_by(d: Deployment) -> tuple[Shown, ...]:
    """Return the plans as they are to be made anew."""
    with reading(d.engine) as connection:
        return latest_shown(connection)


def prior_of(d: Deployment, **change: object) -> CoupleModel:
    """Return the prior that served, or one a little other."""
    parameters = replace(d.registry.load("prior").parameters, **change)  # type: ignore[arg-type]
    return CoupleModel("other", parameters, d.table.features, d.catalogue.quiz)


def test_the_model_that_served_makes_the_very_same_plans(lived: tuple[Deployment, list[Two]]) -> None:
    """Made anew by the same model every idea is as likely as was logged, so its value is what was got."""
    d, _ = lived
    shown = shown_by(d)
    assert len(shown) == 4 * N_WEEKS

    again = replay(d.table, d.plan_settings, shown, prior_of(d), prior_of(d))

    assert (again.n_plans, again.n_left_out, again.changed, again.examples) == (4 * N_WEEKS, 0, 0.0, ())
    assert again.coverage == again.current_coverage > 3
    assert sum(place.n_shown for place in again.places) == 3 * 4 * N_WEEKS
    for place in again.places:
        assert place.snips is not None
        assert place.doubly_robust is not None
        assert place.snips.effective == pytest.approx(place.n_shown, rel=1e-9)
        assert place.snips.value == pytest.approx(place.got, abs=1e-9)
    rewards = [reward for plan in shown for reward in plan.rewards]
    # Of the first-shown suggestions; those that came by a swap are not among them.
    assert sum(reward > 0 for reward in rewards) > N_WEEKS
    assert {reward for reward in rewards if reward} <= {n / 2 for n in range(2, 11)}


def test_another_model_changes_plans(lived: tuple[Deployment, list[Two]]) -> None:
    """A model of other tastes would have shown other ideas: how many, and some of them by name."""
    d, _ = lived
    fixed = d.registry.load("prior").parameters.fixed
    contrary = fixed.copy()
    contrary[1:] *= -1

    changed = replay(d.table, d.plan_settings, shown_by(d), prior_of(d, fixed=contrary), prior_of(d))

    assert changed.changed is not None
    assert changed.changed > 0.5
    assert len(changed.examples) == 3
    assert all(old != new for _, old, new in changed.examples)
    for place in changed.places:
        assert place.snips is None or not place.snips.conclusive
    assert changed.worse_at == ()


def test_plans_outside_today_s_limits_are_left_out(lived: tuple[Deployment, list[Two]]) -> None:
    """Of plans that could not be shown today nothing is told."""
    d, couples = lived
    ideas = tuple({s.idea_id for plan in shown_by(d)[:N_WEEKS] for s in plan.suggestions})
    first = next(c for c in couples if c.robin.couple_id == shown_by(d)[0].occasion.couple.couple_id)
    put_boundaries(d, first.robin, Boundaries(ideas_never=ideas))

    left = replay(d.table, d.plan_settings, shown_by(d), prior_of(d), prior_of(d))

    assert (left.n_plans, left.n_left_out) == (3 * N_WEEKS, N_WEEKS)


def test_nothing_was_shown(deployment: Deployment) -> None:
    """Without plans there is nothing to tell."""
    none = replay(deployment.table, deployment.plan_settings, (), prior_of(deployment), prior_of(deployment))

    assert none == Replay(0, 0, None, 0, 0, (), ())


def place(value: float, *, conclusive: bool, got: float = 3.0) -> PlaceValue:
    """Return a place that was worth 3 and would have been worth something else, give or take 0.2."""
    told = OffPolicyValue(value, 0.1, value - 0.2, value + 0.2, 150.0 if conclusive else 20.0, conclusive)
    return PlaceValue(1, "easy", 200, got, told, told)


@pytest.mark.parametrize(
    ("value", "conclusive", "passes"),
    [(2.7, True, False), (2.9, True, True), (3.5, True, True), (2.0, False, True)],
)
def test_what_would_have_been_worth_less_is_refused(value: float, conclusive: bool, passes: bool) -> None:
    """A candidate is refused where its interval lies under what was got, unless too little was shown."""
    found = Replay(200, 0, 0.5, 20, 20, (), (place(value, conclusive=conclusive),))

    judged = with_replay(Judgement("better", "+0.1 nats", ()), found)

    assert (judged.passed, judged.replay) == (passes, found)
    assert ("worth less under it, in their place for: easy" in judged.reason) != passes


def test_a_verdict_that_stands_keeps_its_reason() -> None:
    """A candidate that is refused already is refused for what it was."""
    found = Replay(200, 0, 0.5, 20, 20, (), (place(2.0, conclusive=True),))

    assert with_replay(Judgement("worse", "for newcomers", ()), found).reason == "for newcomers"


def test_the_card_tells_what_would_change(lived: tuple[Deployment, list[Two]]) -> None:
    """A model's card says in how many plans it would have put another idea, and what they were worth."""
    d, _ = lived

    card = model_card(d, retrain(d).version or "")

    assert "latest plans made anew" in card
    assert "Place 1 (easy)" in card
    assert "too few to conclude from" in card

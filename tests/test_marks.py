"""Choosing together: marks are hidden until both have marked all, and nothing can be read off before."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime, time, timedelta
from itertools import product
from typing import get_args

import pytest

from recommender.domain import Boundaries, Circumstances, MarkWord, Slot, Week
from recommender.errors import Conflict, NotAllowed, NotFound
from recommender.planning.settings import PlanSettings
from recommender.service import (
    Caller,
    Deployment,
    WeekView,
    choose,
    create_couple,
    export_me,
    get_plan,
    get_week,
    host_caller,
    leave,
    list_dates,
    log_date,
    plan_cards,
    put_boundaries,
    put_mark,
    swap,
    update_couple,
    update_date,
)
from recommender.service.people import accept_invite, new_invite
from tests.api_world import with_catalogue, with_shipped_catalogue
from tests.conftest import WEEK, Two, join
from tests.planning_world import idea

WORDS: tuple[MarkWord, ...] = get_args(MarkWord)


@pytest.fixture
def shipped(deployment: Deployment) -> Deployment:
    """Return an empty deployment that suggests from the shipped ideas, always the best."""
    return replace(with_shipped_catalogue(deployment), plan_settings=PlanSettings(exploration=0.0))


@pytest.fixture
def lovers(shipped: Deployment) -> Two:
    """Join two partners where the shipped ideas are suggested."""
    return join(shipped, "Robin", "Sam")


def say(d: Deployment, caller: Caller, *words: MarkWord) -> WeekView:
    """Mark the first suggestions of the week in order; return the week as seen afterwards."""
    suggestions = get_plan(d, caller, WEEK).suggestions
    for suggestion, word in zip(suggestions, words, strict=False):
        put_mark(d, caller, WEEK, suggestion.suggestion_id, word)
    return get_week(d, caller, WEEK)


def mine(view: WeekView) -> list[str | None]:
    """Return how the one who looks marked each suggestion."""
    return [view.marks.by_suggestion[s.suggestion_id].mine for s in view.plan.suggestions]


def both(view: WeekView) -> list[str | None]:
    """Return what both like of each suggestion."""
    return [view.marks.by_suggestion[s.suggestion_id].both for s in view.plan.suggestions]


def test_both_see_what_both_like_once_both_have_marked_all(shipped: Deployment, lovers: Two) -> None:
    """Yes and yes is yes, yes and maybe is maybe, and a no is nothing: for both alike."""
    say(shipped, lovers.robin, "yes", "yes", "maybe")
    seen = say(shipped, lovers.sam, "yes", "maybe", "not_this_time")
    for view in (seen, get_week(shipped, lovers.robin, WEEK)):
        assert both(view) == ["yes", "maybe", None]
        assert view.marks.complete
    assert mine(seen) == ["yes", "maybe", "not_this_time"]


def test_what_both_like_depends_on_both_words_alone() -> None:
    """Of all pairs of words the less eager one counts, whoever said it, and a no leaves nothing."""
    from recommender.service.marks import both_like

    told = {(one, other): both_like((one, other)) for one, other in product(WORDS, WORDS)}
    assert {pair for pair, like in told.items() if like == "yes"} == {("yes", "yes")}
    assert {pair for pair, like in told.items() if like == "maybe"} == {
        ("yes", "maybe"),
        ("maybe", "yes"),
        ("maybe", "maybe"),
    }
    assert sum(like is None for like in told.values()) == 5


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("marked", [1, 2])
def test_nothing_is_seen_before_both_have_marked_all(
    shipped: Deployment, lovers: Two, word: MarkWord, marked: int
) -> None:
    """Whatever one has said so far, the other's week is the same to the letter as if nothing were said."""
    before = [get_week(shipped, lovers.sam, WEEK), say(shipped, lovers.sam, "yes", "maybe", "yes")]
    say(shipped, lovers.robin, *([word] * marked))
    after = get_week(shipped, lovers.sam, WEEK)
    assert after == before[1]
    assert both(after) == [None] * 3
    assert not after.marks.complete


def test_all_of_one_tells_the_other_nothing(shipped: Deployment, lovers: Two) -> None:
    """One who has marked nothing sees the same whether the other has marked all or none."""
    before = get_week(shipped, lovers.sam, WEEK)
    say(shipped, lovers.robin, "yes", "not_this_time", "maybe")
    assert get_week(shipped, lovers.sam, WEEK) == before


def test_marks_may_change_until_both_have_seen(shipped: Deployment, lovers: Two) -> None:
    """One's own mark can be put anew; after both have marked all, nobody's can, so that none is read off."""
    say(shipped, lovers.robin, "not_this_time", "yes", "yes")
    assert mine(say(shipped, lovers.robin, "maybe")) == ["maybe", "yes", "yes"]
    seen = say(shipped, lovers.sam, "yes", "yes", "not_this_time")
    for caller, suggestion in product((lovers.robin, lovers.sam), seen.plan.suggestions):
        with pytest.raises(Conflict):
            put_mark(shipped, caller, WEEK, suggestion.suggestion_id, "yes")
    assert both(get_week(shipped, lovers.robin, WEEK)) == ["maybe", "yes", None]


def test_marks_are_frozen_before_anybody_looks(shipped: Deployment, lovers: Two) -> None:
    """Once both have marked all, no mark can change, even before either has read the week again."""
    say(shipped, lovers.robin, "yes", "yes", "not_this_time")
    suggestions = get_plan(shipped, lovers.sam, WEEK).suggestions
    for suggestion in suggestions:
        put_mark(shipped, lovers.sam, WEEK, suggestion.suggestion_id, "maybe")
    with pytest.raises(Conflict):
        put_mark(shipped, lovers.robin, WEEK, suggestions[2].suggestion_id, "yes")


def test_a_swap_does_not_let_one_ask_again(shipped: Deployment, lovers: Two) -> None:
    """After a swap only the new suggestion is marked anew: what was seen stays seen, and as it was."""
    say(shipped, lovers.robin, "yes", "not_this_time", "maybe")
    say(shipped, lovers.sam, "yes", "not_this_time", "maybe")
    first, second, _ = get_plan(shipped, lovers.robin, WEEK).suggestions
    swap(shipped, lovers.robin, WEEK, first.suggestion_id, "other")
    view = get_week(shipped, lovers.robin, WEEK)
    assert (both(view), mine(view)) == ([None, None, "maybe"], [None, "not_this_time", "maybe"])
    assert not view.marks.complete
    with pytest.raises(Conflict):
        put_mark(shipped, lovers.robin, WEEK, second.suggestion_id, "yes")
    new = view.plan.suggestions[0].suggestion_id
    put_mark(shipped, lovers.robin, WEEK, new, "yes")
    assert both(get_week(shipped, lovers.sam, WEEK)) == [None, None, "maybe"]
    put_mark(shipped, lovers.sam, WEEK, new, "maybe")
    assert both(get_week(shipped, lovers.robin, WEEK)) == ["maybe", None, "maybe"]


def test_a_swap_before_hides_all_the_same(shipped: Deployment, lovers: Two) -> None:
    """Where one had not finished, a swap shows nothing of what the other had said."""
    say(shipped, lovers.robin, "yes", "yes", "yes")
    say(shipped, lovers.sam, "yes", "yes")
    third = get_plan(shipped, lovers.sam, WEEK).suggestions[2]
    swap(shipped, lovers.sam, WEEK, third.suggestion_id, "not_us")
    assert both(get_week(shipped, lovers.sam, WEEK)) == [None] * 3


def test_only_what_is_in_force_can_be_marked(shipped: Deployment, lovers: Two) -> None:
    """Not before a plan, by a wrong id, in another week, once swapped away, or of another couple."""
    with pytest.raises(NotFound):
        put_mark(shipped, lovers.robin, WEEK, "nothing", "yes")
    out, kept, _ = get_plan(shipped, lovers.robin, WEEK).suggestions
    swap(shipped, lovers.robin, WEEK, out.suggestion_id, "other")
    stranger = join(shipped, "Alex", "Kim").robin
    get_plan(shipped, stranger, WEEK)
    for caller, week, suggestion_id in (
        (lovers.robin, WEEK, "nothing"),
        (lovers.robin, WEEK, out.suggestion_id),
        (lovers.robin, WEEK.next(), kept.suggestion_id),
        (stranger, WEEK, kept.suggestion_id),
    ):
        with pytest.raises(NotFound):
            put_mark(shipped, caller, week, suggestion_id, "yes")


def test_the_host_marks_nothing(shipped: Deployment, lovers: Two) -> None:
    """Whoever hosts the service reads a plan without marks, and cannot make any."""
    host = host_caller(shipped, lovers.robin.couple_id or "")
    view = say(shipped, lovers.robin, "yes", "yes", "yes")
    assert mine(get_week(shipped, host, WEEK)) == [None] * 3
    with pytest.raises(NotAllowed):
        put_mark(shipped, host, WEEK, view.plan.suggestions[0].suggestion_id, "yes")


def test_one_alone_marks_and_sees(shipped: Deployment) -> None:
    """Before the other joins, marks are one's own, and may change as long as one likes."""
    one = create_couple(shipped, "Robin")
    robin = Caller("partner", one.partner_id, one.couple_id)
    view = say(shipped, robin, "yes", "maybe", "not_this_time")
    assert (both(view), view.marks.complete) == (["yes", "maybe", None], True)
    assert both(say(shipped, robin, "maybe")) == ["maybe", "maybe", None]


def test_who_joins_sees_nothing_of_what_was_marked(shipped: Deployment) -> None:
    """Marks from before are hidden from the one who joins until they have marked all themselves."""
    one = create_couple(shipped, "Robin")
    robin = Caller("partner", one.partner_id, one.couple_id)
    say(shipped, robin, "yes", "not_this_time", "yes")
    other = accept_invite(shipped, one.invite_code or "", "Sam")
    sam = Caller("partner", other.partner_id, other.couple_id)
    assert both(get_week(shipped, sam, WEEK)) == [None] * 3
    assert both(get_week(shipped, robin, WEEK)) == [None] * 3
    assert both(say(shipped, sam, "yes", "yes", "maybe")) == ["yes", None, "maybe"]


def test_who_leaves_takes_their_marks_along(shipped: Deployment, lovers: Two) -> None:
    """The marks go with the plan that was made of both, and whoever joins next reads nothing of new ones."""
    say(shipped, lovers.robin, "yes", "not_this_time", "yes")
    say(shipped, lovers.sam, "yes", "yes", "yes")
    leave(shipped, lovers.sam)
    assert mine(get_week(shipped, lovers.robin, WEEK)) == [None] * 3
    assert both(say(shipped, lovers.robin, "yes", "yes", "yes")) == ["yes"] * 3
    joined = accept_invite(shipped, new_invite(shipped, lovers.robin), "Kim")
    kim = Caller("partner", joined.partner_id, joined.couple_id)
    assert both(get_week(shipped, kim, WEEK)) == [None] * 3
    assert both(say(shipped, kim, "yes", "yes")) == [None] * 3


def test_a_boundary_set_later_tells_nothing(shipped: Deployment, lovers: Two) -> None:
    """Where a boundary replaces a suggestion, the week says the same as after a swap: one not yet marked."""
    say(shipped, lovers.robin, "yes", "yes", "yes")
    out = get_plan(shipped, lovers.sam, WEEK).suggestions[1]
    put_boundaries(shipped, lovers.sam, Boundaries(ideas_never=(out.idea_id,)))
    view = get_week(shipped, lovers.robin, WEEK)
    assert (mine(view), both(view)) == (["yes", None, "yes"], [None] * 3)


def test_ones_own_export_has_ones_own_marks(shipped: Deployment, lovers: Two) -> None:
    """An export names one's own marks and none of the other's."""
    say(shipped, lovers.robin, "yes", "maybe", "not_this_time")
    say(shipped, lovers.sam, "maybe", "maybe", "maybe")
    marks = [shown["mark"] for shown in export_me(shipped, lovers.robin)["shown"]]
    assert sorted(marks) == ["maybe", "not_this_time", "yes"]


def test_cards_say_what_both_like(shipped: Deployment, lovers: Two) -> None:
    """On the command line a card tells what both like, and nothing where they do not."""
    say(shipped, lovers.robin, "yes", "maybe", "not_this_time")
    facts = [card.facts for card in plan_cards(shipped, say(shipped, lovers.sam, "yes", "yes", "yes"))]
    assert [fact.rpartition(" · ")[2] for fact in facts[:2]] == ["you both said yes", "a maybe for you both"]
    assert "both" not in facts[2]


class TestOtherStarts:
    """When else a chosen date could be."""

    @pytest.fixture
    def d(self, deployment: Deployment) -> Deployment:
        """Return a deployment with three ideas of an hour, one for the afternoon only."""
        ideas = (idea("boats"), idea("soup"), idea("songs", time_of_day="afternoon"))
        return with_catalogue(deployment, replace(deployment.catalogue, ideas=ideas))

    @pytest.fixture
    def two(self, d: Deployment) -> Two:
        """Join two who are free on Tuesday from 19:00 to 21:00 and Saturday from 16:00 to 18:00."""
        two = join(d, "Robin", "Sam")
        slots = (Slot(2, time(19), 120), Slot(6, time(16), 120))
        update_couple(d, two.robin, circumstances=Circumstances(slots=slots))
        return two

    def test_every_fitting_start_is_offered(self, d: Deployment, two: Two) -> None:
        """A date can move to each half hour of their free time that leaves room for it, not where it is."""
        plan = get_plan(d, two.robin, WEEK)
        boats = next(s for s in plan.suggestions if s.idea_id == "boats")
        tuesday, saturday = datetime(2026, 11, 24, 19, tzinfo=UTC), datetime(2026, 11, 28, 16, tzinfo=UTC)
        half = timedelta(minutes=30)
        offered = choose(d, two.robin, WEEK, boats.suggestion_id, tuesday).starts
        assert offered == (tuesday + half, tuesday + 2 * half, saturday, saturday + half, saturday + 2 * half)

    def test_only_what_the_idea_fits(self, d: Deployment, two: Two) -> None:
        """An idea for the afternoon is offered the afternoon."""
        plan = get_plan(d, two.robin, WEEK)
        songs = next(s for s in plan.suggestions if s.idea_id == "songs")
        later = datetime(2026, 11, 28, 16, 30, tzinfo=UTC)
        assert choose(d, two.robin, WEEK, songs.suggestion_id, later).starts == (
            datetime(2026, 11, 28, 16, tzinfo=UTC),
        )

    def test_moving_offers_the_rest(self, d: Deployment, two: Two) -> None:
        """After a move, where it was is offered again, and where it is no longer is; a list says the same."""
        plan = get_plan(d, two.robin, WEEK)
        boats = next(s for s in plan.suggestions if s.idea_id == "boats")
        date = choose(d, two.robin, WEEK, boats.suggestion_id)
        moved = update_date(d, two.sam, date.date.date_id, starts_at=date.starts[0])
        assert moved.date.starts_at == date.starts[0]
        assert {*moved.starts, moved.date.starts_at} == {*date.starts, date.date.starts_at}
        assert list_dates(d, two.robin)[0].starts == moved.starts

    def test_another_date_is_in_the_way(self, d: Deployment, two: Two) -> None:
        """A start that would run into another planned date is not offered; a skipped one is in no way."""
        plan = get_plan(d, two.robin, WEEK)
        by_idea = {s.idea_id: s.suggestion_id for s in plan.suggestions}
        saturday = datetime(2026, 11, 28, 16, tzinfo=UTC)
        soup = choose(d, two.robin, WEEK, by_idea["soup"], saturday + timedelta(minutes=30))
        boats = choose(d, two.robin, WEEK, by_idea["boats"], datetime(2026, 11, 24, 19, tzinfo=UTC))
        assert {start.day for start in boats.starts} == {24}
        update_date(d, two.robin, soup.date.date_id, status="skipped")
        found = {v.date.idea_id: v.starts for v in list_dates(d, two.robin)}
        assert {start.day for start in found["boats"]} == {24, 28}
        assert found["soup"] == ()

    def test_back_to_back_is_no_collision(self, d: Deployment, two: Two) -> None:
        """An hour may begin as the other ends, or end as the other begins."""
        by_idea = {s.idea_id: s.suggestion_id for s in get_plan(d, two.robin, WEEK).suggestions}
        tuesday = datetime(2026, 11, 24, 19, tzinfo=UTC)
        choose(d, two.robin, WEEK, by_idea["soup"], tuesday)
        boats = choose(d, two.robin, WEEK, by_idea["boats"], datetime(2026, 11, 28, 16, tzinfo=UTC))
        assert [start for start in boats.starts if start.day == 24] == [tuesday + timedelta(hours=1)]

    def test_what_is_over_or_unknown_has_none(self, d: Deployment, two: Two) -> None:
        """Done, without an idea, or in a week that is over: nothing to offer."""
        own = log_date(d, two.robin, on=datetime(2026, 11, 23).date(), title="The lake")
        assert own.starts == ()
        planned = update_date(d, two.robin, own.date.date_id, status="planned")
        assert planned.starts == ()
        over = Week.parse("2026-W46")
        old = choose(d, two.robin, over, get_plan(d, two.robin, over).suggestions[0].suggestion_id)
        assert old.starts == ()


def test_a_week_view_names_nobody_else(shipped: Deployment, lovers: Two) -> None:
    """What one sees of marks holds no id and no moment, of either partner."""
    say(shipped, lovers.robin, "yes", "yes", "yes")
    seen = asdict(say(shipped, lovers.sam, "yes", "maybe", "not_this_time").marks)
    assert set(seen) == {"by_suggestion", "complete"}
    assert all(set(mark) == {"mine", "both"} for mark in seen["by_suggestion"].values())

"""What a couple can really do: every limit forbids what it should, and nothing else."""

from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

import numpy as np
import pytest

from recommender.domain import Boundaries, Circumstances, Couple, Slot, Week
from recommender.planning.feasibility import feasible, relaxations
from recommender.planning.occasion import Occasion, PastIdea
from tests.api_world import shipped_catalogue
from tests.planning_world import ORDERS, WEEK, idea, occasion_of, served_prior, table_of, two


def shown(occasion: Occasion, *ideas: object) -> list[str]:
    """Return the ids of the feasible ones of some ideas, in order."""
    table = table_of(*ideas)  # type: ignore[arg-type]
    mask = feasible(table, occasion).mask
    return sorted(it.idea_id for it, can in zip(table.ideas, mask, strict=True) if can)


def with_limits(**limits: object) -> Occasion:
    """Return the occasion of a couple with these circumstances."""
    return occasion_of(two(circumstances=Circumstances(**limits)))  # type: ignore[arg-type]


def test_no_limits_known_forbids_nothing() -> None:
    """A couple that said nothing may do a plain idea."""
    assert shown(occasion_of(), idea()) == ["plain"]


CAPS = [
    ("touch_max", "touch"),
    ("alcohol_max", "alcohol"),
    ("mobility_max", "mobility"),
    ("sensory_max", "sensory"),
    ("talk_max", "talk_depth"),
]


@pytest.mark.parametrize(("field", "facet"), CAPS)
@pytest.mark.parametrize("whose", [0, 1])
def test_a_cap_of_either_partner_holds(field: str, facet: str, whose: int) -> None:
    """For every cap of either partner, just the ideas up to it are left."""
    values = ORDERS[facet]
    week = (str(WEEK), str(WEEK))
    for rank, value in enumerate(values):
        limits: list[Boundaries | None] = [None, None]
        limits[whose] = Boundaries(**{field: value})  # type: ignore[arg-type]
        ideas = [idea(f"{n}-{v}", **{facet: v}) for n, v in enumerate(values)]
        left = shown(occasion_of(two(*limits, tender=week)), *ideas)
        assert left == [f"{n}-{v}" for n, v in enumerate(values)][: rank + 1]


def test_the_stricter_partner_decides() -> None:
    """Where both set a cap, the lower holds."""
    couple = two(Boundaries(touch_max="sustained"), Boundaries(touch_max="incidental"))
    ideas = [idea("a", touch="incidental"), idea("b", touch="affectionate")]
    assert shown(occasion_of(couple), *ideas) == ["a"]


def test_hazards_tags_and_ideas_never() -> None:
    """Any hazard, tag or idea that one partner never wants keeps an idea out, even among other tags."""
    never = Boundaries(
        hazards_never=("water",), tags_never={"domain": ("animals",), "visibility": ("public",)}
    )
    couple = two(never, Boundaries(ideas_never=("no", "not-in-the-catalogue")))
    ideas = [
        idea("no"),
        idea("wet", hazard=("water", "dark")),
        idea("pets", domain=("nature", "animals")),
        idea("seen", visibility="public"),
        idea("yes", hazard=("dark",), domain=("nature",), visibility="semi"),
    ]
    assert shown(occasion_of(couple), *ideas) == ["yes"]


@pytest.mark.parametrize(
    ("tender", "left"),
    [
        (("2026-W48", "2026-W48"), ["mend", "mends", "tender"]),
        (("2026-W48", ""), []),
        (("", "2026-W48"), []),
        (("2026-W48", "2026-W47"), []),
        (("", ""), []),
    ],
)
def test_tender_talk_takes_both_words_for_that_week(tender: tuple[str, str], left: list[str]) -> None:
    """Tender and mending ideas are feasible only in a week that both partners named."""
    ideas = [
        idea("tender", talk_depth="tender"),
        idea("mend", talk_depth="repair"),
        idea("mends", practice=("kindness", "repair")),
    ]
    assert shown(occasion_of(two(tender=tender)), *ideas) == left


def test_one_alone_gets_no_tender_talk() -> None:
    """A couple of one never sees tender ideas, whatever that one opted in to."""
    both = two(tender=(str(WEEK), str(WEEK)))
    alone = Couple("c", both.partners[:1])
    assert shown(occasion_of(alone), idea("a"), idea("b", talk_depth="tender")) == ["a"]


def test_opting_in_lifts_no_cap() -> None:
    """A partner who opted in but set a lower cap for talk still sees nothing above it."""
    couple = two(Boundaries(talk_max="chatty"), tender=(str(WEEK), str(WEEK)))
    assert shown(occasion_of(couple), idea("a", talk_depth="tender"), idea("b", talk_depth="chatty")) == ["b"]


@pytest.mark.parametrize(
    ("limits", "left"),
    [
        ({"budget_max": 0.0}, ["free"]),
        ({"budget_max": 12.0}, ["free", "twelve"]),
        ({"budget_max": 11.99}, ["free"]),
        ({"budget_max": None}, ["free", "twelve"]),
    ],
)
def test_money(limits: dict, left: list[str]) -> None:
    """An idea may cost just what they have, and not a cent more."""
    assert shown(with_limits(**limits), idea("free"), idea("twelve", typical_cost=12)) == left


def test_minutes() -> None:
    """An idea may take just as long as they have."""
    ideas = [idea("a", minutes=45), idea("b", minutes=46)]
    assert shown(with_limits(minutes_max=45), *ideas) == ["a"]


def test_every_place_must_be_open_to_them() -> None:
    """An idea that also needs a place outside the list is left out."""
    ideas = [idea("a", place=("home",)), idea("b", place=("home", "nature")), idea("c", place=("venue",))]
    assert shown(with_limits(places=("home", "venue")), *ideas) == ["a", "c"]


def test_children_need_a_sitter_for_some() -> None:
    """With children and nobody to mind them, ideas that need a sitter are out; with one, in."""
    ideas = [idea("a", kids="sitter"), idea("b", kids="welcome")]
    assert shown(with_limits(children=True), *ideas) == ["b"]
    assert shown(with_limits(children=True, sitter=True), *ideas) == ["a", "b"]
    assert shown(with_limits(), *ideas) == ["a", "b"]


@pytest.mark.parametrize(
    ("access", "left"),
    [
        (("seated",), ["seated"]),
        (("step_free",), ["level", "seated"]),
        (("quiet",), ["level", "seated", "stairs"]),
        (("step_free", "quiet"), ["level", "seated"]),
    ],
)
def test_access(access: tuple[str, ...], left: list[str]) -> None:
    """Each need keeps out what asks more."""
    ideas = [
        idea("seated"),
        idea("level", mobility="step_free"),
        idea("stairs", mobility="strenuous"),
        idea("loud", mobility="strenuous", sensory="moderate"),
    ]
    assert shown(with_limits(access=access), *ideas) == left


def test_alcohol_free_means_none_at_all() -> None:
    """Even alcohol on the side keeps an idea out."""
    assert shown(with_limits(alcohol_free=True), idea("a"), idea("b", alcohol="optional")) == ["a"]


def test_apart_and_side_by_side() -> None:
    """Apart, only what works over a call; together, everything but what is made for distance."""
    ideas = [
        idea("both", together="remote_ok"),
        idea("call", together="remote_only"),
        idea("here", together="in_person"),
    ]
    assert shown(with_limits(remote=True), *ideas) == ["both", "call"]
    assert shown(with_limits(), *ideas) == ["both", "here"]


SEASON_OF = {
    "2026-W02": ("winter", "summer"),
    "2026-W12": ("spring", "autumn"),
    "2026-W28": ("summer", "winter"),
    "2026-W40": ("autumn", "spring"),
    "2026-W50": ("winter", "summer"),
}


@pytest.mark.parametrize("week", SEASON_OF)
def test_seasons_turn_with_the_sign_of_the_latitude(week: str) -> None:
    """North and south have opposite seasons; the equator goes with the north."""
    ideas = [idea(season, season=(season,)) for season in ("autumn", "spring", "summer", "winter")]
    north, south = SEASON_OF[week]
    for latitude, season in ((51.5, north), (0.0, north), (-33.9, south)):
        couple = two(circumstances=Circumstances(latitude=latitude))
        assert shown(occasion_of(couple, week=Week.parse(week)), *ideas) == [season]


def test_unknown_latitude_takes_what_is_in_season_everywhere() -> None:
    """Without a latitude, an idea must be in season on both halves of the world."""
    ideas = [
        idea("any"),
        idea("autumn", season=("autumn",)),
        idea("both", season=("autumn", "spring")),
        idea("other", season=("summer", "winter")),
    ]
    assert shown(occasion_of(), *ideas) == ["any", "both"]


@pytest.mark.parametrize(
    ("latitude", "snows"), [(None, False), (39.9, False), (40.0, True), (-39.0, False), (-45, True)]
)
def test_snow_falls_far_from_the_equator(latitude: float | None, snows: bool) -> None:
    """Snow is counted on from 40 degrees on, north or south, and never where the latitude is unknown."""
    occasion = with_limits(latitude=latitude)
    assert shown(occasion, idea("a", weather="snow")) == (["a"] if snows else [])


def ago(weeks: float, met: str, reason: str | None = None, idea_id: str = "plain") -> PastIdea:
    """Return a meeting with an idea some weeks before the week."""
    on = WEEK.monday - timedelta(days=round(7 * weeks))
    return PastIdea(idea_id, on, met, swap_reason=reason)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("past", "comes"),
    [
        (ago(1, "done"), False),
        (ago(11, "done"), False),
        (ago(12, "done"), True),
        (ago(0, "planned"), False),
        (ago(-1, "planned"), False),
        (ago(12, "planned"), True),
        (ago(1, "shown"), True),
        (ago(1, "swapped", "other"), True),
        (ago(1, "swapped", "too_far"), True),
        (ago(11, "swapped", "done_it"), False),
        (ago(12, "swapped", "done_it"), True),
        (ago(25, "swapped", "not_us"), False),
        (ago(26, "swapped", "not_us"), True),
        (ago(0, "swapped", "not_this_week"), True),
        (ago(1, "swapped", "too_dear"), True),
        (ago(1, "swapped", "too_tired"), True),
        (ago(1, "swapped", "wrong_weather"), True),
    ],
)
def test_rest(past: PastIdea, comes: bool) -> None:
    """Twelve weeks after a date, twenty-six after "not us", at once after any other swap."""
    assert shown(occasion_of(two(), past), idea()) == (["plain"] if comes else [])


def test_a_one_off_never_comes_back() -> None:
    """An idea that is spent after use stays away once done, and only then."""
    once = idea(repeat="once")
    assert shown(occasion_of(two(), ago(200, "done")), once) == []
    assert shown(occasion_of(two(), ago(200, "planned")), once) == ["plain"]
    assert shown(occasion_of(two(), ago(200, "swapped", "done_it")), once) == []
    assert shown(occasion_of(two(), ago(200, "swapped", "not_us")), once) == ["plain"]


def test_what_is_just_alike_rests_too() -> None:
    """An idea with the same tastes as a date of last week rests with it; another does not."""
    ideas = [
        idea("did", domain="music_dance", play="silly"),
        idea("twin", domain="music_dance", play="silly", typical_cost=5),
        idea("other", domain="nature"),
    ]
    assert shown(occasion_of(two(), ago(1, "done", idea_id="did")), *ideas) == ["other"]
    for past in (ago(12, "done", idea_id="did"), ago(1, "shown", idea_id="did")):
        assert shown(occasion_of(two(), past), *ideas) == ["did", "other", "twin"]


def test_a_past_idea_that_left_the_catalogue_does_no_harm() -> None:
    """History may name ideas that are no longer there."""
    assert shown(occasion_of(two(), ago(1, "done", idea_id="gone")), idea()) == ["plain"]


def test_boundaries_only_ever_take_away() -> None:
    """Over the shipped ideas, whatever limit is added, nothing that was out comes in."""
    table = served_prior().table
    free = feasible(table, occasion_of()).mask
    for limits in (Boundaries(touch_max="none"), Boundaries(tags_never={"place": ("home",)})):
        assert not (feasible(table, occasion_of(two(limits))).mask & ~free).any()
    assert 3 < free.sum() <= len(shipped_catalogue().ideas)


def test_nothing_is_feasible_in_an_empty_catalogue_s_stead() -> None:
    """A couple with no time left in the week can do nothing, and asking breaks nothing."""
    evening = Slot(1, time(19), 60)
    occasion = with_limits(slots=(evening,))
    late = replace(occasion, now=occasion.now + timedelta(days=3))
    assert shown(late, idea()) == []


class TestAdvice:
    """Which shared limit to relax."""

    @staticmethod
    def advice(occasion: Occasion, *ideas: object) -> list[tuple[str, int]]:
        """Return what is advised and how much it opens."""
        return [(a.change, a.opens) for a in relaxations(table_of(*ideas), occasion)]  # type: ignore[arg-type]

    def test_money_is_named_with_what_it_opens(self) -> None:
        """The least sum that opens three more is named: 25 more reaches the third dearer idea at 30."""
        ideas = [idea(f"i{cost}", typical_cost=cost) for cost in (0, 10, 20, 30, 40)]
        occasion = with_limits(budget_max=5.0, currency="CHF")
        assert self.advice(occasion, *ideas) == [("With 25 CHF more to spend", 3)]

    def test_fewer_than_three_are_opened_all(self) -> None:
        """Where only two more exist, the sum that opens both is named."""
        ideas = [idea(f"i{cost}", typical_cost=cost) for cost in (0, 10, 20)]
        assert self.advice(with_limits(budget_max=5.0), *ideas) == [("With 15 EUR more to spend", 2)]

    def test_the_widest_comes_first(self) -> None:
        """Minutes that open two come before money that opens one."""
        ideas = [
            idea("long", minutes=100),
            idea("longer", minutes=120),
            idea("dear", typical_cost=50),
            idea("both", minutes=100, typical_cost=50),
        ]
        told = self.advice(with_limits(budget_max=0.0, minutes_max=90), *ideas)
        assert told == [("With 30 more minutes", 2), ("With 50 EUR more to spend", 1)]

    def test_places_and_times(self) -> None:
        """Places and free time are named when more of them would help."""
        ideas = [idea("away", place="nature", minutes=120), idea("long", minutes=120)]
        slots = (Slot(2, time(19), 60),)
        told = self.advice(with_limits(places=("home",), slots=slots), *ideas)
        assert told == [("With any evening or weekend of the week", 1)]
        told = self.advice(with_limits(places=("home",)), *ideas)
        assert told == [("With any kind of place", 1)]

    @pytest.mark.parametrize(
        "private", [{"second": Boundaries(touch_max="none")}, {"tender": (str(WEEK), str(WEEK))}]
    )
    def test_nothing_private_shows_in_it(self, private: dict[str, Any]) -> None:
        """Neither a boundary nor a word about tender talk changes what is advised, or by how much."""
        limits = Circumstances(budget_max=5.0, minutes_max=60)
        ideas = [
            idea("touching", touch="sustained", typical_cost=50),
            idea("tender", talk_depth="tender", typical_cost=50),
            idea("long", touch="sustained", minutes=90),
        ]
        told = [self.advice(occasion_of(two(circumstances=limits, **said)), *ideas) for said in ({}, private)]
        assert told[0] == told[1] == [("With 45 EUR more to spend", 1), ("With 30 more minutes", 1)]

    def test_no_limits_no_advice(self) -> None:
        """Limits that are not set cannot be relaxed."""
        assert self.advice(occasion_of(), idea("a", season=("summer",))) == []

    def test_every_number_is_kept_over_the_shipped_ideas(self) -> None:
        """Doing what the advice says opens just as many of the shipped ideas as it promised."""
        table = served_prior().table
        limits = Circumstances(budget_max=0.0, minutes_max=30, places=("home",))
        couple = two(circumstances=limits)
        now = feasible(table, occasion_of(couple)).mask
        for told in relaxations(table, occasion_of(couple)):
            words = told.change.split()
            if "EUR" in words:
                lifted = replace(limits, budget_max=float(words[1]))
            elif "minutes" in words:
                lifted = replace(limits, minutes_max=30 + int(words[1]))
            else:
                lifted = replace(limits, places=())
            then = feasible(table, occasion_of(replace(couple, circumstances=lifted))).mask
            assert (then & ~now).sum() == told.opens > 0


def test_dates_in_the_history_may_be_of_any_time() -> None:
    """A date far in the past or future breaks nothing."""
    for day in (date(1970, 1, 1), date(2199, 12, 31)):
        past = PastIdea("plain", day, "done")
        assert np.array_equal(feasible(table_of(idea()), occasion_of(two(), past)).mask, [day.year == 1970])

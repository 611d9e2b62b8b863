"""What the tests of planning share: ideas with known tags, a model with known answers, a judge of plans."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import strategies as st

from recommender.catalogue.bundled import data_folder, models_folder
from recommender.catalogue.library import Catalogue
from recommender.catalogue.taxonomy import Taxonomy, load_taxonomy
from recommender.domain import Boundaries, Circumstances, Couple, Goal, Idea, Partner, Prompts, Slot, Week
from recommender.learning.registry import PRIOR_VERSION, Registry
from recommender.planning.occasion import Occasion, PastIdea
from recommender.planning.table import IdeaTable, build_table
from recommender.preferences.model import Contributions
from recommender.service.serving import ServedModels
from tests.api_world import shipped_catalogue

WEEK = Week.parse("2026-W48")


@cache
def taxonomy() -> Taxonomy:
    """Return the taxonomy that comes with Rekindle."""
    return load_taxonomy(data_folder() / "taxonomy.yaml")


def idea(idea_id: str = "plain", *, typical_cost: float = 0, minutes: int = 60, **tags: object) -> Idea:
    """Return an idea that asks nothing of anybody, some tags changed: ``idea("a", touch="sustained")``."""
    usual: dict[str, object] = {facet.name: facet.names[0] for facet in taxonomy().facets.values()}
    usual |= {"time_of_day": "any", "season": "any", "practice": "self_care", "repeat": "repeatable"}
    chosen = {name: value if isinstance(value, tuple) else (value,) for name, value in (usual | tags).items()}
    return Idea(
        idea_id=idea_id,
        title=idea_id,
        pitch="Something for two.",
        steps=("Begin.", "Go on.", "End."),
        typical_cost=typical_cost,
        minutes=minutes,
        tags=chosen,  # type: ignore[arg-type]  # every value is a tuple of words by now
        versions={},
        plan_b="Tea.",
        prompts=Prompts("Why?", "Why not?"),
    )


def table_of(*ideas: Idea) -> IdeaTable:
    """Return the table of some ideas."""
    return build_table(ideas, taxonomy())


def two(
    first: Boundaries | None = None,
    second: Boundaries | None = None,
    circumstances: Circumstances | None = None,
    *,
    tender: tuple[str, str] = ("", ""),
    goals: tuple[Goal, ...] = (),
) -> Couple:
    """Return a couple of two; ``tender`` names a week for each, or none."""
    partners = tuple(
        Partner(name, "c", name, {}, boundaries or Boundaries(), tender_weeks=(week,) if week else ())
        for name, boundaries, week in (("robin", first, tender[0]), ("sam", second, tender[1]))
    )
    return Couple("c", partners, circumstances or Circumstances(), goals)


def occasion_of(
    couple: Couple | None = None,
    *past: PastIdea,
    week: Week = WEEK,
    now: datetime | None = None,
) -> Occasion:
    """Return the occasion of a couple as the week begins where they live."""
    couple = couple or two()
    zone = ZoneInfo(couple.circumstances.time_zone)
    return Occasion(couple, week, now or datetime.combine(week.monday, time(), tzinfo=zone), past)


@dataclass(frozen=True)
class Known:
    """A model that expects what a test says it does, and has no terms to tell."""

    mean: np.ndarray
    std: np.ndarray
    model_version: str = "known"

    def couple_std(self, rows: np.ndarray) -> np.ndarray:
        """Return what the test says."""
        return self.std[rows]

    def contributions(self, idea_index: int) -> Contributions | None:  # noqa: ARG002 - as the plan asks
        """Return None: there are no terms."""
        return None


def known(*mean: Sequence[float], std: float = 0.3) -> Known:
    """Return a model that expects ``mean`` of each partner, one number an idea."""
    return Known(np.array(mean, dtype=float), np.full(len(mean[0]), std))


@cache
def served_prior() -> ServedModels:
    """Return the shipped prior over the shipped catalogue."""
    return served(shipped_catalogue())


def served(catalogue: Catalogue) -> ServedModels:
    """Return the shipped prior over a catalogue."""
    return ServedModels(Registry(Path("nowhere"), models_folder() / PRIOR_VERSION), catalogue)


# The orders that caps go by, least demanding first, written down once more: the judge must not ask
# the code that it judges.
ORDERS = {
    "touch": ("none", "incidental", "affectionate", "sustained", "intimate"),
    "talk_depth": ("none_needed", "chatty", "personal", "tender", "repair"),
    "alcohol": ("none", "optional", "central"),
    "mobility": ("seated", "step_free", "walking", "strenuous"),
    "sensory": ("quiet", "moderate", "intense"),
}
NOTICE = {"now": 0, "same_day": 3, "days": 24, "weeks": 168}
SAID_NOTHING = (
    *(Slot(day, time(18, 30), 330) for day in range(1, 6)),
    Slot(6, time(7, 30), 40 * 60),
    Slot(7, time(7, 30), 16 * 60 + 30),
)
SEASONS = ("winter", "spring", "summer", "autumn")


def objections(it: Idea, start: datetime, occasion: Occasion) -> list[str]:
    """Return every reason why a couple cannot do an idea at a start, judged from its tags alone."""
    return [
        *_boundary_objections(it, occasion),
        *_shared_objections(it, occasion.couple.circumstances),
        *_season_objections(it, occasion),
        *_time_objections(it, start, occasion),
        *_history_objections(it, occasion),
    ]


def _over(it: Idea, facet: str, cap: str | None) -> bool:
    order = ORDERS[facet]
    return cap is not None and order.index(it.tags[facet][0]) > order.index(cap)


def _boundary_objections(it: Idea, occasion: Occasion) -> Iterator[str]:
    partners = occasion.couple.partners
    for partner in partners:
        b = partner.boundaries
        caps = {
            "touch": b.touch_max,
            "talk_depth": b.talk_max,
            "alcohol": b.alcohol_max,
            "mobility": b.mobility_max,
            "sensory": b.sensory_max,
        }
        yield from (f"{facet} over {cap}" for facet, cap in caps.items() if _over(it, facet, cap))
        yield from (f"hazard {h}" for h in b.hazards_never if h in it.tags["hazard"])
        yield from (f"{f}={v}" for f, values in b.tags_never.items() for v in values if v in it.tags[f])
        if it.idea_id in b.ideas_never:
            yield "never this idea"
    tender = it.tags["talk_depth"][0] in ("tender", "repair") or "repair" in it.tags["practice"]
    if tender and not (len(partners) == 2 and all(str(occasion.week) in p.tender_weeks for p in partners)):
        yield "tender without both words"


def _shared_objections(it: Idea, c: Circumstances) -> Iterator[str]:
    facts = {
        "too dear": c.budget_max is not None and it.typical_cost > c.budget_max,
        "too long": c.minutes_max is not None and it.minutes > c.minutes_max,
        "elsewhere": bool(c.places) and not set(it.tags["place"]) <= set(c.places),
        "no sitter": c.children and not c.sitter and it.tags["kids"] == ("sitter",),
        "not seated": "seated" in c.access and it.tags["mobility"] != ("seated",),
        "steps": "step_free" in c.access and it.tags["mobility"][0] not in ("seated", "step_free"),
        "loud": "quiet" in c.access and it.tags["sensory"] != ("quiet",),
        "alcohol": c.alcohol_free and it.tags["alcohol"] != ("none",),
        "apart": c.remote and it.tags["together"] == ("in_person",),
        "together": not c.remote and it.tags["together"] == ("remote_only",),
    }
    return (name for name, holds in facts.items() if holds)


def _season_objections(it: Idea, occasion: Occasion) -> Iterator[str]:
    latitude = occasion.couple.circumstances.latitude
    month = occasion.week.monday.month
    north = SEASONS[{12: 0, 1: 0, 2: 0}.get(month, month // 3)]
    south = {"winter": "summer", "spring": "autumn", "summer": "winter", "autumn": "spring"}[north]
    here = {north, south} if latitude is None else {north if latitude >= 0 else south}
    if "any" not in it.tags["season"] and not here <= set(it.tags["season"]):
        yield f"not in {here}"
    if it.tags["weather"] == ("snow",) and (latitude is None or abs(latitude) < 40):
        yield "no snow there"


def _time_objections(it: Idea, start: datetime, occasion: Occasion) -> Iterator[str]:
    c = occasion.couple.circumstances
    zone = ZoneInfo(c.time_zone)
    begins, ends = start.astimezone(UTC), start.astimezone(UTC) + timedelta(minutes=it.minutes)
    local = start.astimezone(zone)
    if not any(
        opens <= begins and ends <= opens + timedelta(minutes=slot.minutes)
        for slot in c.slots or SAID_NOTHING
        for opens in [_opening(slot, occasion.week, zone)]
    ):
        yield f"not free at {local}"
    if begins - occasion.now.astimezone(UTC) < timedelta(hours=NOTICE[it.tags["lead_time"][0]]):
        yield "too short notice"
    if not {"any", _part(local.hour)} & set(it.tags["time_of_day"]):
        yield f"wrong part of the day at {local}"
    if c.children and it.tags["kids"] == ("asleep",) and 5 <= local.hour < 20:
        yield "children awake"


def _opening(slot: Slot, week: Week, zone: ZoneInfo) -> datetime:
    day = week.monday + timedelta(days=slot.weekday - 1)
    return datetime.combine(day, slot.start, tzinfo=zone).astimezone(UTC)


def _part(hour: int) -> str:
    if 5 <= hour < 9:
        return "early"
    if 9 <= hour < 12:
        return "morning"
    if 12 <= hour < 14:
        return "midday"
    if 14 <= hour < 17:
        return "afternoon"
    return "evening" if 17 <= hour < 22 else "late"


def _history_objections(it: Idea, occasion: Occasion) -> Iterator[str]:
    for past in occasion.history:
        if past.idea_id != it.idea_id:
            continue
        weeks = (occasion.week.monday - past.on).days / 7
        if (past.met in ("done", "planned") or past.swap_reason == "done_it") and weeks < 12:
            yield "not rested"
        if past.swap_reason == "not_us" and weeks < 26:
            yield "not us"
        if (past.met == "done" or past.swap_reason == "done_it") and it.tags["repeat"] == ("once",):
            yield "once only"


def role_suits(it: Idea, role: str) -> bool:
    """Return whether an idea is what a role says, judged from its tags alone."""
    tags = {facet: set(values) for facet, values in it.tags.items()}
    if role == "easy":
        return (
            tags["lead_time"] <= {"now", "same_day"}
            and tags["energy"] <= {"rest", "low"}
            and tags["challenge"] <= {"easy", "gentle"}
            and it.typical_cost <= 15
            and it.minutes <= 120
        )
    if role == "growth":
        new = tags["novelty"] <= {"new", "far_out"} and tags["need"] <= {"growth", "both"}
        return (
            new
            or bool(tags["practice"] & {"novelty_learning", "unusual_event"})
            or tags["challenge"] == {"stretch"}
        )
    close = {"honest_talk", "gaze_hands", "consent_touch", "meet_in_middle", "ritual", "highs_lows"}
    close |= {"kindness", "repair", "nostalgia"}
    return bool(tags["practice"] & close) or tags["touch"] <= {"affectionate", "sustained", "intimate"}


ZONES = (
    "UTC",
    "Europe/Lisbon",
    "America/Los_Angeles",
    "Pacific/Auckland",
    "Asia/Kathmandu",
    "Africa/Nairobi",
)
MET = ("done", "planned", "shown", "swapped")


def rarely(usual: object, strategy: st.SearchStrategy) -> st.SearchStrategy:
    """Return a strategy that gives ``usual`` about two times in three, so that limits leave something."""
    return st.one_of(st.just(usual), st.just(usual), strategy)


def boundaries() -> st.SearchStrategy[Boundaries]:
    """Return random boundaries."""
    never = st.fixed_dictionaries(
        {"visibility": rarely((), st.just(("public",))), "domain": rarely((), st.just(("animals", "nature")))}
    )
    hazards = ("height", "water", "fire", "dark", "animals", "strangers")
    ideas = [it.idea_id for it in shipped_catalogue().ideas]
    return st.builds(
        Boundaries,
        touch_max=rarely(None, st.sampled_from(ORDERS["touch"])),
        talk_max=rarely(None, st.sampled_from(ORDERS["talk_depth"])),
        alcohol_max=rarely(None, st.sampled_from(ORDERS["alcohol"])),
        mobility_max=rarely(None, st.sampled_from(ORDERS["mobility"])),
        sensory_max=rarely(None, st.sampled_from(ORDERS["sensory"])),
        hazards_never=rarely((), st.lists(st.sampled_from(hazards), unique=True).map(tuple)),
        tags_never=never,
        ideas_never=st.lists(st.sampled_from(ideas), unique=True, max_size=30).map(tuple),
    )


def circumstances() -> st.SearchStrategy[Circumstances]:
    """Return random circumstances."""
    slot = st.builds(
        Slot,
        weekday=st.integers(1, 7),
        start=st.times().map(lambda at: at.replace(second=0, microsecond=0)),
        minutes=st.integers(15, 600),
    )
    places = ("home", "yard", "neighbourhood", "nature", "venue", "event")
    return st.builds(
        Circumstances,
        budget_max=rarely(None, st.sampled_from((0.0, 10.0, 40.0))),
        minutes_max=rarely(None, st.sampled_from((30, 90, 240))),
        slots=st.one_of(st.just(()), st.lists(slot, min_size=1, max_size=5).map(tuple)),
        time_zone=st.sampled_from(ZONES),
        latitude=rarely(None, st.floats(-60, 65)),
        children=st.booleans(),
        sitter=st.booleans(),
        access=rarely((), st.sampled_from((("seated",), ("step_free",), ("quiet", "step_free")))),
        places=rarely((), st.lists(st.sampled_from(places), min_size=1, unique=True).map(tuple)),
        remote=rarely(False, st.just(True)),
        alcohol_free=st.booleans(),
    )


@st.composite
def occasions(draw: st.DrawFn) -> Occasion:
    """Return a random couple with a random past, in a random week of 2026, some way into it."""
    week = Week(2026, draw(st.integers(1, 53)))
    partners = tuple(
        Partner(
            partner_id=f"p{n}",
            couple_id="c",
            name=f"P{n}",
            answers=draw(st.sampled_from(({}, {"tonight": "in"}, {"tonight": "out", "room": "quiet"}))),
            boundaries=draw(boundaries()),
            freshness=draw(st.floats(0, 1)),
            tender_weeks=draw(st.sampled_from(((), (str(week),), (str(week.next()),)))),
        )
        for n in range(draw(st.integers(1, 2)))
    )
    couple = Couple(
        draw(st.sampled_from(("c1", "c2", "c3"))),
        partners,
        draw(circumstances()),
        draw(rarely((), st.just((Goal("ritual", 2, 4), Goal("kindness"))))),
    )
    into = timedelta(hours=draw(st.integers(-48, 168)))
    now = datetime.combine(week.monday, time(), tzinfo=UTC) + into
    return Occasion(couple, week, now, tuple(draw(st.lists(_pasts(week), max_size=12))))


def _pasts(week: Week) -> st.SearchStrategy[PastIdea]:
    def past(idea_id: str, weeks: int, met: str, reason: str) -> PastIdea:
        on = week.monday - timedelta(weeks=weeks)
        swapped = PastIdea(idea_id, on, "swapped", swap_reason=reason)  # type: ignore[arg-type]
        return swapped if met == "swapped" else replace(swapped, met=met, swap_reason=None)  # type: ignore[arg-type]

    ids = st.sampled_from([it.idea_id for it in shipped_catalogue().ideas])
    reasons = st.sampled_from(("not_us", "done_it", "too_far", "other"))
    return st.builds(past, ids, st.integers(0, 30), st.sampled_from(MET), reasons)

"""A simulated year of the whole service: real plans, a real database, real retraining, made-up people.

Every policy meets the same town, the same couples and the same chance. Each week every couple asks for its
plan, chooses the suggestion it truly likes best but for a little whim, and both rate the evening;
every few weeks the model is retrained through its gate. What is reported is the couples' true enjoyment,
which only the simulation knows. All figures are simulated.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from rich.console import Console
from rich.progress import track

from recommender.domain import Couple, Partner, Plan, Week
from recommender.learning.evaluation.limits import inside_limits
from recommender.learning.evaluation.town import WORLDS, Town, build_town, rate
from recommender.learning.evaluation.years import MEASURES as MEASURES
from recommender.learning.evaluation.years import Year as Year
from recommender.learning.evaluation.years import by_week as by_week
from recommender.learning.evaluation.years import lead as lead
from recommender.learning.evaluation.years import measured as measured
from recommender.planning.couple import RULES
from recommender.planning.settings import TOP_K
from recommender.service import dates as date_service
from recommender.service import people, weeks
from recommender.service.deployment import Deployment, open_deployment
from recommender.service.models import retrain
from recommender.service.people import Caller
from recommender.service.settings import Settings
from recommender.service.simulated_rivals import BASELINES, BaselineModels
from recommender.store import people as people_store
from recommender.store import transaction

POLICIES = (*BASELINES, "top_k", "rekindle")
"""What can live a year, besides any name in `couple.RULES`: our plan under that rule."""

FIRST_WEEK = Week.parse("2026-W02")
WHIM_SD = 0.15
REPEAT_WEEKS = 12
RETRAIN_WEEKS = 4


def simulate_policy(policy: str, n_couples: int, n_weeks: int, seed: int, world: str = "typical") -> Year:
    """Return one policy's year in one world, on a database of its own that is thrown away."""
    with tempfile.TemporaryDirectory(prefix="rekindle-simulation-") as home:
        return simulate_at(Path(home), policy, n_couples, n_weeks, seed, world)


def simulate_at(
    home: Path, policy: str, n_couples: int, n_weeks: int, seed: int, world: str = "typical"
) -> Year:
    """Return one policy's year, and leave its database and models in a new ``home`` to be looked at."""
    clock = _Clock()
    deployment = _deployment(policy, home, clock, seed)
    town = build_town(deployment.catalogue, n_couples, seed, WORLDS[world])
    life = _Life(deployment, town, clock, seed)
    residents = [_move_in(deployment, town, number, seed) for number in range(n_couples)]
    weeks = [life.live_week(residents, number) for number in range(n_weeks)]
    deployment.engine.dispose()
    return Year(policy, world, *(np.array(column) for column in zip(*weeks, strict=True)))


def simulate(
    n_couples: int,
    n_weeks: int,
    seed: int,
    jobs: int,
    console: Console | None = None,
    policies: Sequence[str] = POLICIES,
    worlds: Sequence[str] = ("typical",),
) -> list[Year]:
    """Return every policy's year in every world, in parallel processes.

    Parameters
    ----------
    console : Console, optional
        Where to draw a progress bar, one step a year.
    """
    years = [(policy, world) for world in worlds for policy in policies]
    tasks = (delayed(simulate_policy)(policy, n_couples, n_weeks, seed, world) for policy, world in years)
    lived = Parallel(n_jobs=jobs, return_as="generator")(tasks)
    return list(track(lived, "Living years", len(years), console=console, disable=console is None))


@dataclass
class _Clock:
    """A clock that the simulation sets."""

    now: datetime = datetime(2026, 1, 5, 6, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True, slots=True)
class _Resident:
    """A simulated couple: its callers, what it did, by idea, and what it was shown last."""

    number: int
    couple_id: str
    callers: tuple[Caller, Caller]
    done: dict[str, date] = field(default_factory=dict)
    shown: set[str] = field(default_factory=set)

    def repeats(self, idea_id: str, week: Week) -> bool:
        """Return whether they did the idea within the last weeks."""
        last = self.done.get(idea_id)
        return last is not None and (week.monday - last).days < 7 * REPEAT_WEEKS

    def newly_shown(self, ideas: Sequence[str]) -> float:
        """Note a week's slate; return the share of it that the last did not have, NaN if either is empty."""
        before = set(self.shown)
        self.shown.clear()
        self.shown.update(ideas)
        return float(np.mean([idea not in before for idea in ideas])) if before and ideas else float("nan")


def _deployment(policy: str, home: Path, clock: _Clock, seed: int) -> Deployment:
    deployment = open_deployment(Settings.from_environment({"REKINDLE_HOME": str(home)}), clock=clock)
    if policy in BASELINES:
        models = BaselineModels(policy, deployment.catalogue, seed)
        return replace(deployment, models=models, plan_settings=TOP_K)
    if policy == "top_k":
        return replace(deployment, plan_settings=TOP_K)
    if policy in RULES:
        return replace(deployment, plan_settings=replace(deployment.plan_settings, rule=policy))
    return deployment


def _move_in(deployment: Deployment, town: Town, number: int, seed: int) -> _Resident:
    """Store a couple under ids made from the seed: a plan's chance follows from the couple's id."""
    couple_id, now = f"{seed}-{number:06}", deployment.clock()
    callers = tuple(Caller("partner", f"{couple_id}-{at}", couple_id) for at in range(2))
    with transaction(deployment.engine) as connection:
        people_store.insert_couple(connection, Couple(couple_id, partners=()), now)
        for caller in callers:
            partner = Partner(caller.partner_id or "", couple_id, f"partner {caller.partner_id}")
            people_store.insert_partner(connection, partner, now)
    for at, caller in enumerate(callers):
        people.put_answers(deployment, caller, town.answers[number][at])
        people.put_boundaries(deployment, caller, town.boundaries[number][at])
    people.update_couple(deployment, callers[0], circumstances=town.circumstances[number])
    return _Resident(number, couple_id, (callers[0], callers[1]))


@dataclass(frozen=True, slots=True)
class _Life:
    """A town under one policy."""

    deployment: Deployment
    town: Town
    clock: _Clock
    seed: int

    def live_week(self, residents: Sequence[_Resident], number: int) -> tuple[object, ...]:
        """Live one week; return what `Year` keeps of it, in its order."""
        deployment, week = self.deployment, Week.of(FIRST_WEEK.monday + timedelta(weeks=number))
        self.clock.now = datetime.combine(week.monday, datetime.min.time(), tzinfo=UTC) - timedelta(hours=20)
        if isinstance(deployment.models, BaselineModels):
            deployment.models.refit(deployment)
        elif number and number % RETRAIN_WEEKS == 0:
            retrain(deployment)
        felt = np.full((len(residents), 2), np.nan)
        varied, renewed = (np.full(len(residents), np.nan) for _ in range(2))
        shown = infeasible = repeats = 0
        for resident in residents:
            plan = weeks.get_plan(deployment, resident.callers[0], week)
            ideas = [s.idea_id for s in plan.suggestions]
            shown += len(ideas)
            infeasible += sum(
                not inside_limits(deployment.catalogue, self.town, resident.number, idea) for idea in ideas
            )
            repeats += sum(resident.repeats(idea, week) for idea in ideas)
            varied[resident.number] = self._variety(ideas)
            renewed[resident.number] = resident.newly_shown(ideas)
            if ideas:
                rng = np.random.default_rng([self.seed, resident.number, number])
                felt[resident.number] = self._live_date(resident, plan, rng)
        return felt, varied, renewed, shown, infeasible, repeats

    def _variety(self, ideas: Sequence[str]) -> float:
        """Return the mean distance between the ideas of a slate, NaN for fewer than two."""
        rows = np.array([self.deployment.table.index[idea] for idea in ideas], dtype=int)
        if len(rows) < 2:
            return float("nan")
        alike = self.deployment.table.likeness(rows, rows)
        return float(1 - alike[np.triu_indices(len(rows), 1)].mean())

    def _live_date(self, resident: _Resident, plan: Plan, rng: np.random.Generator) -> np.ndarray:
        """Choose, live and rate one date; return both partners' true enjoyment, shape (2,)."""
        index, number = self.deployment.table.index, resident.number
        truth = np.array([self.town.enjoyment[number, :, index[s.idea_id]] for s in plan.suggestions])
        whim = rng.normal(0, WHIM_SD, size=3)[: len(truth)]
        at = int(np.argmax(truth.mean(axis=1) + whim))
        chosen = plan.suggestions[at]
        view = weeks.choose(self.deployment, resident.callers[0], plan.week, chosen.suggestion_id)
        resident.done[chosen.idea_id] = plan.week.monday
        before, self.clock.now = self.clock.now, view.date.starts_at + timedelta(hours=14)
        ratings = rate(truth[at], rng)
        says = rng.random(2) < self.town.world.rates
        for caller, rating, said in zip(resident.callers, ratings, says, strict=True):
            if said:
                date_service.put_rating(
                    self.deployment, caller, view.date.date_id, enjoyment=rating, again=rating >= 4
                )
        self.clock.now = before
        return np.asarray(truth[at])

"""A simulated year of the whole service: real plans, a real database, real retraining, made-up people.

Every policy meets the same town, the same couples and the same chance. Each week every couple asks for its
plan, chooses the suggestion it truly likes best but for a little whim, and both rate the evening;
every few weeks the model is retrained through its gate. What is reported is the couples' true enjoyment,
which only the simulation knows. All figures are simulated.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from rich.console import Console
from rich.progress import track

from recommender.catalogue.library import Catalogue
from recommender.domain import Circumstances, Couple, CoupleDate, Idea, Partner, Plan, Rating, Week
from recommender.learning.evaluation.town import Town, build_town, rate
from recommender.learning.snapshot import idea_frame
from recommender.planning.settings import TOP_K
from recommender.preferences.baselines import PopularityRecommender, RandomRecommender, TagCosineRecommender
from recommender.preferences.features import alignment, encode_answers
from recommender.preferences.model import Contributions
from recommender.service import dates as date_service
from recommender.service import people, weeks
from recommender.service.deployment import Deployment, open_deployment
from recommender.service.models import retrain, snapshot_of
from recommender.service.people import Caller
from recommender.service.settings import Settings
from recommender.store import people as people_store
from recommender.store import transaction

POLICIES = ("random", "popularity", "tag_cosine", "rekindle")
FIRST_WEEK = Week.parse("2026-W02")
WHIM_SD = 0.15
REPEAT_WEEKS = 12
RETRAIN_WEEKS = 4


@dataclass(frozen=True, slots=True)
class WeekResult:
    """One policy's week in the town.

    Attributes
    ----------
    enjoyment, less_satisfied : float
        Mean true enjoyment of the chosen dates, both partners averaged and the lower one's, 1 to 5.
    n_dates, n_shown : int
        Dates chosen and suggestions shown.
    n_infeasible, n_repeats : int
        Suggestions shown against a couple's limits, or of an idea done in the last 12 weeks.
    """

    policy: str
    week: int
    enjoyment: float
    less_satisfied: float
    n_dates: int
    n_shown: int
    n_infeasible: int
    n_repeats: int


def simulate_policy(policy: str, n_couples: int, n_weeks: int, seed: int) -> list[WeekResult]:
    """Return one policy's year, week by week, on a database of its own that is thrown away."""
    with tempfile.TemporaryDirectory(prefix="rekindle-simulation-") as home:
        clock = _Clock()
        deployment = _deployment(policy, Path(home), clock, seed)
        town = build_town(deployment.catalogue, n_couples, seed)
        couples = [_move_in(deployment, town, number, seed) for number in range(n_couples)]
        results = [
            _live_week(deployment, policy, town, couples, clock, number, seed) for number in range(n_weeks)
        ]
        deployment.engine.dispose()
    return results


def simulate(
    n_couples: int,
    n_weeks: int,
    seed: int,
    jobs: int,
    console: Console | None = None,
    policies: Sequence[str] = POLICIES,
) -> list[WeekResult]:
    """Return every policy's year, policies in parallel processes.

    Parameters
    ----------
    console : Console, optional
        Where to draw a progress bar, one step a policy.
    """
    tasks = (delayed(simulate_policy)(policy, n_couples, n_weeks, seed) for policy in policies)
    lived = Parallel(n_jobs=jobs, return_as="generator")(tasks)
    shown = track(lived, "Living a year", len(policies), console=console, disable=console is None)
    return [result for year in shown for result in year]


def year_row(results: Sequence[WeekResult], policy: str) -> tuple[str, float, float, int, int, int]:
    """Return a policy's name, mean enjoyment, mean of the less satisfied, dates, infeasible, repeats."""
    year = [r for r in results if r.policy == policy]
    n_dates = sum(r.n_dates for r in year)
    return (
        policy,
        sum(r.enjoyment * r.n_dates for r in year) / n_dates,
        sum(r.less_satisfied * r.n_dates for r in year) / n_dates,
        n_dates,
        sum(r.n_infeasible for r in year),
        sum(r.n_repeats for r in year),
    )


@dataclass
class _Clock:
    """A clock that the simulation sets."""

    now: datetime = datetime(2026, 1, 5, 6, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True, slots=True)
class _Resident:
    """A simulated couple: its callers, and what it did, by idea."""

    number: int
    couple_id: str
    callers: tuple[Caller, Caller]
    done: dict[str, date]


def _deployment(policy: str, home: Path, clock: _Clock, seed: int) -> Deployment:
    deployment = open_deployment(Settings.from_environment({"REKINDLE_HOME": str(home)}), clock=clock)
    if policy == "rekindle":
        return deployment
    models = BaselineModels(policy, deployment.catalogue, seed)
    return replace(deployment, models=models, plan_settings=TOP_K)


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
    return _Resident(number, couple_id, (callers[0], callers[1]), {})


def _live_week(
    deployment: Deployment,
    policy: str,
    town: Town,
    residents: Sequence[_Resident],
    clock: _Clock,
    number: int,
    seed: int,
) -> WeekResult:
    week = Week.of(FIRST_WEEK.monday + timedelta(weeks=number))
    clock.now = datetime.combine(week.monday, datetime.min.time(), tzinfo=UTC) - timedelta(hours=20)
    if policy == "rekindle" and number and number % RETRAIN_WEEKS == 0:
        retrain(deployment)
    if isinstance(deployment.models, BaselineModels):
        deployment.models.refit(deployment)
    felt: list[np.ndarray] = []
    shown = infeasible = repeats = 0
    for resident in residents:
        plan = weeks.get_plan(deployment, resident.callers[0], week)
        shown += len(plan.suggestions)
        infeasible += sum(not _feasible(deployment, town, resident, s.idea_id) for s in plan.suggestions)
        repeats += sum(_repeated(resident, s.idea_id, week) for s in plan.suggestions)
        if plan.suggestions:
            felt.append(
                _live_date(
                    deployment,
                    town,
                    resident,
                    plan,
                    clock,
                    np.random.default_rng([seed, resident.number, number]),
                )
            )
    enjoyed = np.array(felt).reshape(-1, 2)
    return WeekResult(
        policy=policy,
        week=number,
        enjoyment=float(enjoyed.mean()),
        less_satisfied=float(enjoyed.min(axis=1).mean()),
        n_dates=len(enjoyed),
        n_shown=shown,
        n_infeasible=infeasible,
        n_repeats=repeats,
    )


def _live_date(
    deployment: Deployment,
    town: Town,
    resident: _Resident,
    plan: Plan,
    clock: _Clock,
    rng: np.random.Generator,
) -> np.ndarray:
    """Choose, live and rate one date; return both partners' true enjoyment, shape (2,)."""
    index = {idea.idea_id: row for row, idea in enumerate(deployment.catalogue.ideas)}
    truth = np.array([town.enjoyment[resident.number, :, index[s.idea_id]] for s in plan.suggestions])
    whim = rng.normal(0, WHIM_SD, size=3)[: len(truth)]
    at = int(np.argmax(truth.mean(axis=1) + whim))
    chosen = plan.suggestions[at]
    view = weeks.choose(deployment, resident.callers[0], plan.week, chosen.suggestion_id)
    resident.done[chosen.idea_id] = plan.week.monday
    before, clock.now = clock.now, view.date.starts_at + timedelta(hours=14)
    for caller, rating in zip(resident.callers, rate(truth[at], rng), strict=True):
        date_service.put_rating(deployment, caller, view.date.date_id, enjoyment=rating, again=rating >= 4)
    clock.now = before
    return np.asarray(truth[at])


def _repeated(resident: _Resident, idea_id: str, week: Week) -> bool:
    last = resident.done.get(idea_id)
    return last is not None and (week.monday - last).days < 7 * REPEAT_WEEKS


CAPS = {"touch_max": "touch", "talk_max": "talk_depth", "alcohol_max": "alcohol",
        "mobility_max": "mobility", "sensory_max": "sensory"}  # fmt: skip


def _feasible(deployment: Deployment, town: Town, resident: _Resident, idea_id: str) -> bool:
    """Return whether an idea's tags are inside a couple's limits, worked out apart from the plan."""
    idea, facets = deployment.catalogue.idea(idea_id), deployment.catalogue.taxonomy.facets
    for limits in town.boundaries[resident.number]:
        for field, facet in CAPS.items():
            most = getattr(limits, field)
            if most is not None and facets[facet].rank(idea.tags[facet][0]) > facets[facet].rank(most):
                return False
        if set(limits.hazards_never) & set(idea.tags["hazard"]):
            return False
    return _affordable(idea, town.circumstances[resident.number])


def _affordable(idea: Idea, circumstances: Circumstances) -> bool:
    if circumstances.budget_max is not None and idea.typical_cost > circumstances.budget_max:
        return False
    if circumstances.minutes_max is not None and idea.minutes > circumstances.minutes_max:
        return False
    if idea.minutes > max(slot.minutes for slot in circumstances.slots):
        return False
    needs_sitter = circumstances.children and not circumstances.sitter
    return not (needs_sitter and idea.tags["kids"] == ("sitter",))


@dataclass(frozen=True, slots=True)
class _BaselineExpectation:
    """A baseline's scores as the plan asks for them: no spread, no terms."""

    mean: np.ndarray
    model_version: str

    def couple_std(self, rows: np.ndarray) -> np.ndarray:
        """No spread is known."""
        return np.zeros(len(rows))

    def contributions(self, _idea_index: int) -> Contributions | None:
        """No terms are known."""
        return None


class BaselineModels:
    """A baseline in the model's place, refitted to all feedback every week.

    The nearest by tags know what the quiz said, as the model does.

    Parameters
    ----------
    policy : {"random", "popularity", "tag_cosine"}
    catalogue : Catalogue
    seed : int
        Breaks ties, differently for every couple and week: a baseline that knows nothing picks at random.
    """

    def __init__(self, policy: str, catalogue: Catalogue, seed: int) -> None:
        self.policy = policy
        self.seed = seed
        self.week = 0
        self.features = idea_frame(catalogue)
        self.quiz = catalogue.quiz
        self.speaks_for = alignment(catalogue.quiz, catalogue.taxonomy)
        self.recommender: RandomRecommender | PopularityRecommender | TagCosineRecommender

    def refit(self, deployment: Deployment) -> None:
        """Fit to all feedback so far."""
        makers: Mapping[
            str, Callable[[], RandomRecommender | PopularityRecommender | TagCosineRecommender]
        ] = {
            "random": lambda: RandomRecommender(self.seed),
            "popularity": PopularityRecommender,
            "tag_cosine": TagCosineRecommender,
        }
        self.week += 1
        self.recommender = makers[self.policy]().fit(snapshot_of(deployment).ratings, self.features)

    def ready(self) -> str:
        """Return the policy's name."""
        return self.policy

    def expect(
        self, couple: Couple, dates: Sequence[CoupleDate], ratings: Sequence[Rating]
    ) -> _BaselineExpectation:
        """Return the baseline's scores for every idea, ties broken at random."""
        rows = [self._scores(partner) for partner in couple.partners]
        ties = np.random.default_rng([self.seed, self.week, int(couple.couple_id[-6:], 36)])
        noise = 1e-6 * ties.random(len(self.features))
        mean = np.array(rows) + noise
        return _BaselineExpectation(ties.random(mean.shape) if self.policy == "random" else mean, self.policy)

    def _scores(self, partner: Partner) -> np.ndarray:
        pairs = pd.DataFrame({"partner_id": partner.partner_id, "idea_id": self.features.index})
        if not isinstance(self.recommender, TagCosineRecommender):
            return np.asarray(self.recommender.predict(pairs))
        said = self.speaks_for @ encode_answers(self.quiz, partner.answers)
        stated = pd.DataFrame([said], [partner.partner_id], self.features.columns)
        return np.asarray(self.recommender.predict(pairs, partner_features=stated))

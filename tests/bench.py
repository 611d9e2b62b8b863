"""``make bench``: how fast a plan is made in this process, step by step.

Each figure is the median of many runs in one process. Beside it stands its ratio to the plainest
recommender there is, a matrix product of tags with one profile and a sort, measured in the same run, so that
figures from different machines can be compared.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from recommender.catalogue.bundled import models_folder
from recommender.catalogue.library import Catalogue, load_catalogue
from recommender.domain import Couple, CoupleDate, Partner, Plan, Rating, Week
from recommender.learning.evaluation.town import build_town
from recommender.learning.registry import Registry
from recommender.planning.feasibility import feasible
from recommender.planning.occasion import Occasion, PastIdea
from recommender.planning.settings import PlanSettings
from recommender.planning.slate import Pick, choose_slate
from recommender.planning.weekly import reasons_for, score_ideas, seeded, weekly_plan
from recommender.service.serving import ServedModels
from tests.record import record
from tests.test_model import random_ratings
from tests.test_model import served as random_model

N_RATED = 20
SIZES = {1_000: 400, 100_000: 20}
"""Ideas in the catalogue to how often each step is run."""

YARDSTICK, WHOLE = "matrix product and sort (the yardstick)", "the whole plan"
APART = "a posterior alone, 50 ratings, 64 features"
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def grown(catalogue: Catalogue, n_ideas: int) -> Catalogue:
    """Return a catalogue of ``n_ideas``: the shipped ones, repeated under other names as needed."""
    ideas = [
        replace(catalogue.ideas[k % len(catalogue.ideas)], idea_id=f"idea-{k:05}") for k in range(n_ideas)
    ]
    return replace(catalogue, ideas=tuple(ideas))


def timed(work: Callable[[], object], runs: int) -> float:
    """Return the median time of one call, milliseconds."""
    took = []
    for _ in range(runs):
        start = perf_counter()
        work()
        took.append(1000 * (perf_counter() - start))
    return median(took)


def steps_of(n_ideas: int) -> dict[str, Callable[[], object]]:
    """Return the yardstick, each step of one plan and the whole of it, over so many ideas."""
    catalogue = grown(load_catalogue(), n_ideas)
    town = build_town(load_catalogue(), 1, seed=1)
    with tempfile.TemporaryDirectory() as home:
        models = ServedModels(Registry(Path(home), models_folder() / "prior"), catalogue)
        models.ready()
    partners = tuple(
        Partner(f"p{k}", "c", f"p{k}", answers=town.answers[0][k], boundaries=town.boundaries[0][k])
        for k in range(2)
    )
    couple = Couple("c", partners, town.circumstances[0])
    dates = tuple(
        CoupleDate(f"d{k}", "c", f"idea-{37 * k:05}", "", "done", NOW - timedelta(weeks=k + 1))
        for k in range(N_RATED)
    )
    stars = {date.date_id: 1 + k % 5 for k, date in enumerate(dates)}
    ratings = tuple(
        Rating(date.date_id, partner.partner_id, stars[date.date_id], None, True, None, NOW)
        for date in dates
        for partner in partners
    )
    history = tuple(
        PastIdea(
            date.idea_id or "",
            date.starts_at.date(),
            "done",
            felt={partner.partner_id: stars[date.date_id] for partner in partners},
        )
        for date in dates
    )
    table, settings = models.table, PlanSettings()
    occasion = Occasion(couple, Week.of(NOW.date()), NOW, history)
    expectation = models.expect(couple, dates, ratings)
    can, scored = feasible(table, occasion), score_ideas(table, expectation, occasion, settings)
    profile = np.ones(len(table.features.names))

    def slate() -> tuple[Pick, ...]:
        rng = seeded(occasion, "plan")
        return choose_slate(table, scored.total, expectation.couple_std, can.mask, settings, rng)

    def whole() -> Plan:
        expected = models.expect(couple, dates, ratings)
        return weekly_plan(table, expected, occasion, settings, lambda: "x")

    rng = np.random.default_rng(0)
    model, known = random_model(rng, n_ideas, n_features=64), random_ratings(rng, n_ideas, n_dates=25)
    answers = rng.normal(size=(2, len(model.parameters.answer_names)))
    picks = slate()
    assert len(whole().suggestions) == len(picks) == 3
    return {
        YARDSTICK: lambda: np.argsort(-(table.features.matrix @ profile), kind="stable")[:3],
        APART: lambda: model.posterior(answers, known),
        "posterior of the couple": lambda: models.expect(couple, dates, ratings),
        "feasibility and openings": lambda: feasible(table, occasion),
        "fairness, freshness, goals, care": lambda: score_ideas(table, expectation, occasion, settings),
        "slate, spreads and propensities": slate,
        "reasons": lambda: [reasons_for(table, occasion, expectation, scored, pick) for pick in picks],
        "starts": lambda: [can.openings.best_start(pick.idea_index, ()) for pick in picks],
        WHOLE: whole,
    }


def main() -> None:
    """Print a table for each size of catalogue."""
    threadpool_limits(limits=1, user_api="blas")  # as a deployment does
    found: dict[str, dict[str, float]] = {}
    for n_ideas, runs in SIZES.items():
        medians = {name: timed(work, runs) for name, work in steps_of(n_ideas).items()}
        title = f"\nOne plan, {n_ideas:,} ideas, {N_RATED} past ratings by each partner"
        table = Table(title=title, title_justify="left")
        for column in ("step", "median ms", "share", "times the yardstick"):
            table.add_column(column, justify="left" if column == "step" else "right")
        for name, took in medians.items():
            share = "" if name in (YARDSTICK, APART) else f"{took / medians[WHOLE]:.0%}"
            table.add_row(name, f"{took:.3f}", share, f"{took / medians[YARDSTICK]:.1f}")
        Console().print(table)
        for name, took in medians.items():
            found.setdefault(name, {})[f"ms, {n_ideas:,} ideas"] = took
    record("One plan", found)


if __name__ == "__main__":
    main()

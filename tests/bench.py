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
from recommender.domain import Couple, CoupleDate, Partner, Rating, Week
from recommender.learning.evaluation.town import build_town
from recommender.learning.registry import Registry
from recommender.planning.feasibility import feasible
from recommender.planning.lifts import lifts
from recommender.planning.occasion import Occasion, PastIdea
from recommender.planning.settings import PlanSettings
from recommender.planning.weekly import weekly_plan
from recommender.service.serving import ServedModels

N_IDEAS, N_RATED, RUNS = 1000, 20, 200
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def grown(catalogue: Catalogue, n_ideas: int) -> Catalogue:
    """Return a catalogue of ``n_ideas``: the shipped ones, repeated under other names as needed."""
    ideas = [
        replace(catalogue.ideas[k % len(catalogue.ideas)], idea_id=f"idea-{k:05}") for k in range(n_ideas)
    ]
    return replace(catalogue, ideas=tuple(ideas))


def timed(work: Callable[[], object], runs: int = RUNS) -> float:
    """Return the median time of one call, milliseconds."""
    took = []
    for _ in range(runs):
        start = perf_counter()
        work()
        took.append(1000 * (perf_counter() - start))
    return median(took)


def main() -> None:
    """Print the table."""
    threadpool_limits(limits=1, user_api="blas")  # as a deployment does
    catalogue = grown(load_catalogue(), N_IDEAS)
    town = build_town(load_catalogue(), 1, seed=1)
    with tempfile.TemporaryDirectory() as home:
        models = ServedModels(Registry(Path(home), models_folder() / "prior"), catalogue)
    partners = tuple(
        Partner(f"p{k}", "c", f"p{k}", answers=town.answers[0][k], boundaries=town.boundaries[0][k])
        for k in range(2)
    )
    couple = Couple("c", partners, town.circumstances[0])
    dates = tuple(
        CoupleDate(f"d{k}", "c", f"idea-{37 * k:05}", "", "done", NOW - timedelta(weeks=k + 1))
        for k in range(N_RATED)
    )
    ratings = tuple(
        Rating(date.date_id, partner.partner_id, 1 + k % 5, None, True, None, NOW)
        for k, date in enumerate(dates)
        for partner in partners
    )
    history = tuple(PastIdea(date.idea_id or "", date.starts_at.date(), "done") for date in dates)
    occasion, settings = Occasion(couple, Week.of(NOW.date()), NOW, history), PlanSettings()
    expectation = models.expect(couple, dates, ratings)
    matrix, profile = models.table.features.matrix, np.ones(len(models.table.features.names))
    steps = {
        "matrix product and sort (the yardstick)": lambda: np.argsort(-(matrix @ profile), kind="stable")[:3],
        "posterior of the couple": lambda: models.expect(couple, dates, ratings),
        "feasibility": lambda: feasible(models.table, occasion),
        "freshness, goals, care": lambda: lifts(
            models.table, occasion, settings, expectation.mean.min(axis=0)
        ),
        "slate, slots, reasons and all of the above": lambda: weekly_plan(
            models.table, models.expect(couple, dates, ratings), occasion, settings, lambda: "x"
        ),
    }
    medians = {name: timed(work) for name, work in steps.items()}
    title = f"One plan, {N_IDEAS} ideas, {N_RATED} past ratings by each partner"
    table = Table(title=title, title_justify="left")
    for column in ("step", "median ms", "times the yardstick"):
        table.add_column(column, justify="left" if column == "step" else "right")
    yardstick = next(iter(medians.values()))
    for name, took in medians.items():
        table.add_row(name, f"{took:.3f}", f"{took / yardstick:.1f}")
    assert len(weekly_plan(models.table, expectation, occasion, settings, lambda: "x").suggestions) == 3
    Console().print(table)


if __name__ == "__main__":
    main()

"""``make bench``, third part: how long a retraining's fit takes, beside packages that one could take instead.

All people are simulated: each likes some tags, some of what their partner likes, and something that no tag
says. Newcomers have two ratings in what is learned from, and eight that are not; the order of these is what
the models are judged by. LightFM's time is that of its epochs up to the one that is best on ratings held out
for that, with one thread or with one a core, whichever is faster (its threads get into each other's way);
finding out which they are is not counted.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table
from scipy.sparse import csr_matrix, hstack, identity

from recommender.catalogue.library import load_catalogue
from recommender.learning.evaluation.metrics import pairwise_accuracy
from recommender.learning.evaluation.rivals import ImplicitALSRecommender
from recommender.learning.snapshot import idea_frame
from recommender.preferences.estimator import HierarchicalRecommender
from tests.record import record

SIZES = (1_000, 10_000, 100_000)
"""Partners, each with ten ratings of the catalogue's ideas."""

PARTNERS, IDEAS, FEATURES = 12_000, 1_000, 64
"""Of the same with made-up ideas, half of whose features are marks that some have."""

N_RATED, N_REVEALED, N_NEWCOMERS, N_LATENT, N_ANSWERS = 10, 2, 2_000, 8, 12
N_COMPONENTS, PATIENCE, EPOCHS = 16, 3, 60


@dataclass(frozen=True)
class World:
    """Feedback to learn from, newcomers' later ratings to be judged by, and everybody's answers."""

    ideas: pd.DataFrame
    answers: pd.DataFrame
    known: pd.DataFrame
    later: pd.DataFrame


@dataclass(frozen=True)
class Fit:
    """How long a model took to fit, seconds, and how well it orders newcomers' later ratings."""

    seconds: float
    accuracy: float


def made_up_ideas() -> pd.DataFrame:
    """Return ``IDEAS`` ideas with ``FEATURES`` features."""
    rng = np.random.default_rng(0)
    half = FEATURES // 2
    marks, amounts = rng.random((IDEAS, half)) < 0.2, rng.normal(size=(IDEAS, FEATURES - half))
    names = [f"feature_{at}" for at in range(FEATURES)]
    return pd.DataFrame(np.hstack([marks, amounts]), [f"idea_{at}" for at in range(IDEAS)], names)


def world(n_partners: int, ideas: pd.DataFrame, seed: int = 1) -> World:
    """Return so many simulated partners, two and two couples, who rate the same dates."""
    rng = np.random.default_rng(seed)
    tags = (ideas - ideas.mean()).to_numpy()
    tags = tags / np.sqrt((tags**2).sum(axis=1).mean())
    beyond = rng.normal(size=(len(ideas), N_LATENT)) / np.sqrt(N_LATENT)
    couple = np.arange(n_partners) // 2
    n_couples = int(couple[-1]) + 1
    taste = (
        rng.normal(size=(n_couples, tags.shape[1]))[couple] + rng.normal(size=(n_partners, tags.shape[1]))
    ) / 2
    quirk = rng.normal(size=(n_partners, N_LATENT)) / 2
    dates = np.array([rng.choice(len(ideas), N_RATED, replace=False) for _ in range(n_couples)])
    partner, idea = np.repeat(np.arange(n_partners), N_RATED), dates[couple].ravel()
    liked = np.vecdot(tags[idea], taste[partner]) + np.vecdot(beyond[idea], quirk[partner])
    liked += 3.6 + rng.normal(0, 0.3, len(ideas))[idea] + rng.normal(0, 0.6, len(idea))
    names = np.array([f"p{k}" for k in range(n_partners)])
    ratings = pd.DataFrame(
        {
            "partner_id": names[partner],
            "couple_id": np.array([f"c{k}" for k in range(n_couples)])[couple[partner]],
            "idea_id": ideas.index.to_numpy()[idea],
            "rating": np.clip(np.rint(liked), 1, 5),
        }
    )
    said = (taste[:, :N_ANSWERS] + rng.normal(size=(n_partners, N_ANSWERS)) > 0).astype(float)
    answers = pd.DataFrame(said, index=names, columns=[f"a{k}" for k in range(N_ANSWERS)])
    newcomer = partner >= n_partners - min(N_NEWCOMERS, n_partners // 5)
    held = newcomer & (np.tile(np.arange(N_RATED), n_partners) >= N_REVEALED)
    return World(ideas, answers, ratings[~held], ratings[held])


def judged(later: pd.DataFrame, score: np.ndarray) -> float:
    """Return the share of pairs in order, averaged over newcomers whose later ratings differ."""
    groups = later.reset_index(drop=True).groupby("partner_id").indices.values()
    rating = later["rating"].to_numpy()
    people = [rows for rows in groups if np.ptp(rating[rows]) > 0]
    return float(np.mean([pairwise_accuracy(rating[rows], score[rows]) for rows in people]))


def fitted(make: Callable[[], Any], it: World) -> Fit:
    """Return the fit of one of the models that evaluations judge, which then learns of newcomers' ratings."""
    model = make()
    began = perf_counter()
    model.fit(it.known, it.ideas, it.answers)
    took = perf_counter() - began
    known = it.known[it.known["couple_id"].isin(it.later["couple_id"])]
    return Fit(took, judged(it.later, model.predict(it.later, ratings=known)))


def lightfm(it: World) -> Fit:
    """Return LightFM's fit with tags and answers, logistic loss, to its best epoch."""
    from lightfm import LightFM

    people, ideas = pd.Index(it.answers.index), it.ideas.index
    mean = it.known.groupby("partner_id")["rating"].transform("mean")
    sign = np.where(it.known["rating"] >= mean, 1.0, -1.0).astype(np.float32)
    row = people.get_indexer(pd.Index(it.known["partner_id"]))
    column = ideas.get_indexer(pd.Index(it.known["idea_id"]))
    shape = len(people), len(ideas)
    held = np.random.default_rng(0).random(len(row)) < 0.1
    cells = csr_matrix((sign[~held], (row[~held], column[~held])), shape=shape).tocoo()
    sides = {
        "user_features": hstack([identity(len(people)), csr_matrix(it.answers.to_numpy())]).tocsr(),
        "item_features": hstack([identity(len(ideas)), csr_matrix(it.ideas.to_numpy())]).tocsr(),
    }
    asked = (
        people.get_indexer(pd.Index(it.later["partner_id"])),
        ideas.get_indexer(pd.Index(it.later["idea_id"])),
    )

    def new() -> LightFM:
        return LightFM(no_components=N_COMPONENTS, loss="logistic", random_state=0)

    def epoch(model: LightFM, n_threads: int) -> float:
        began = perf_counter()
        model.fit_partial(cells, epochs=1, num_threads=n_threads, **sides)
        return perf_counter() - began

    n_threads = min((1, os.cpu_count() or 1), key=lambda n: epoch(new(), n))
    model, spent, best, since = new(), 0.0, (-1.0, 0.0, 0.0), 0
    for _ in range(EPOCHS):
        spent += epoch(model, n_threads)
        right = float(np.mean(np.sign(model.predict(row[held], column[held], **sides)) == sign[held]))
        since = 0 if right > best[0] else since + 1
        if since == 0:
            best = right, spent, judged(it.later, model.predict(*asked, **sides))
        if since == PATIENCE:
            break
    return Fit(best[1], best[2])


MODELS: dict[str, tuple[str | None, Callable[[World], Fit]]] = {
    "rekindle": (None, partial(fitted, partial(HierarchicalRecommender, n_jobs=os.cpu_count() or 1))),
    "LightFM": ("lightfm", lightfm),
    "implicit, ALS": ("implicit", partial(fitted, partial(ImplicitALSRecommender, N_COMPONENTS))),
}


def measured(sizes: Iterable[int], ideas: pd.DataFrame) -> dict[str, dict[str, Fit]]:
    """Return every installed model's fit, by what it was fitted to."""
    installed = {
        name: fit for name, (package, fit) in MODELS.items() if package is None or find_spec(package)
    }
    found = {}
    for size in sizes:
        it = world(size, ideas)
        what = f"{len(it.known):,} of {len(ideas):,} × {ideas.shape[1]}"
        found[what] = {name: fit(it) for name, fit in installed.items()}
    return found


def main() -> None:
    """Print the table and record it."""
    found = measured(SIZES, idea_frame(load_catalogue())) | measured([PARTNERS], made_up_ideas())
    table = Table(title="\nFitting, simulated people with ten ratings each", title_justify="left")
    of, judged_by = "ratings, ideas × features", "newcomers' pairs in order after 2 ratings"
    for column in (of, "model", "seconds", "times ours", judged_by):
        table.add_column(column, justify="left" if column == "model" else "right", no_wrap=column == of)
    for what, fits in found.items():
        for name, fit in fits.items():
            ratio = fit.seconds / fits["rekindle"].seconds
            table.add_row(what, name, f"{fit.seconds:.1f}", f"{ratio:.2f}", f"{fit.accuracy:.3f}")
    Console().print(table)
    figures = {
        f"{what}, {name}": {"seconds": fit.seconds, "newcomers' pairs in order": fit.accuracy}
        for what, fits in found.items()
        for name, fit in fits.items()
    }
    record("Fitting, ratings of ideas × features", figures)


if __name__ == "__main__":
    main()

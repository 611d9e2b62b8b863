"""Judging recommenders on ratings that people gave elsewhere: everything `rekindle evaluate` writes."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from recommender.catalogue.library import load_catalogue
from recommender.errors import InvalidInput

if TYPE_CHECKING:
    import pandas as pd

    from recommender.learning.evaluation.datasets import Dataset

# What is imported in the functions needs scikit-learn and pandas, which a web worker must not load.


@dataclass(frozen=True, slots=True)
class Ask:
    """What to evaluate on, and how.

    Attributes
    ----------
    ratings, ideas, partners : Path or None
        CSV files; or else
    dataset, folder : str or None, Path or None
        a public data set by name, and where it lies; ``simulated`` lies nowhere.
    protocols, models : tuple[str, ...]
        Empty for all that can be.
    seeds : int
    train_partners : int or None
        Fit on this many people only.
    ablate : bool
        Judge our model with one term out at a time, too.
    """

    ratings: Path | None
    ideas: Path | None
    partners: Path | None
    dataset: str | None
    folder: Path | None
    protocols: tuple[str, ...]
    models: tuple[str, ...]
    seeds: int
    train_partners: int | None
    ablate: bool


def evaluate(
    ask: Ask, out: Path, n_jobs: int, on_part: Callable[[int, int], None]
) -> list[dict[str, object]]:
    """Judge, write ``metrics.json``, ``predictions.csv`` and pictures into ``out``; return the summary.

    Parameters
    ----------
    on_part : callable
        Told after each seed and protocol how many are done, of how many.

    Raises
    ------
    InvalidInput
        If the data cannot be read or do not suffice; nothing is written then.
    """
    import pandas as pd

    from recommender.learning.evaluation import plots
    from recommender.learning.evaluation.contenders import chosen
    from recommender.learning.evaluation.judging import Plan, judge, scores, summary
    from recommender.learning.evaluation.protocols import ALL_KNOWN

    dataset = _dataset(ask)
    plan = Plan(
        chosen(ask.models, ablate=ask.ablate),
        ask.protocols or _possible(dataset),
        ask.seeds,
        ask.train_partners,
    )
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".unfinished-") as folder:
        unfinished = Path(folder)
        judged, parts = [], []
        total = len(plan.protocols) * plan.seeds
        for number, part in enumerate(judge(dataset, plan, n_jobs), start=1):
            part.to_csv(
                unfinished / "predictions.csv", mode="a", header=number == 1, index=False, float_format="%.6g"
            )
            judged.append(scores(part, plan.contenders))
            parts.append(part[part["model"] == "rekindle"])
            on_part(number, total)
        table = summary(pd.concat(judged))
        rows = _rows(table)
        (unfinished / "metrics.json").write_text(
            json.dumps(_about(dataset, ask, plan.protocols) | {"metrics": rows}, indent=1), encoding="utf-8"
        )
        for protocol in plan.protocols:
            if protocol not in ALL_KNOWN:
                plots.learning_curves(table, protocol, unfinished / f"learning-{protocol}.png")
        if "choices" not in plan.protocols:
            plots.calibration(pd.concat(parts), unfinished / "calibration.png")
        for path in unfinished.iterdir():
            path.replace(out / path.name)
    return rows


def table_of(rows: Sequence[dict[str, object]], protocol: str, metric: str) -> list[tuple[object, ...]]:
    """Return a row a model: its name, then value ± standard error at each n; empty if not measured."""
    mine = [row for row in rows if row["protocol"] == protocol and row["metric"] == metric]
    models = dict.fromkeys(row["model"] for row in mine)
    return [
        (model, *(f"{row['value']:.3f} ± {row['se']:.3f}" for row in mine if row["model"] == model))
        for model in models
    ]


def steps_of(rows: Sequence[dict[str, object]], protocol: str, metric: str) -> list[str]:
    """Return the headings of ``table_of``: how many ratings are known."""
    ns = dict.fromkeys(row["n"] for row in rows if row["protocol"] == protocol and row["metric"] == metric)
    return ["all known" if n == -1 else f"n = {n}" for n in ns]


def _dataset(ask: Ask) -> Dataset:
    from recommender.learning.evaluation.datasets import read_dataset
    from recommender.learning.evaluation.public import read_public
    from recommender.learning.evaluation.simulated import SIMULATED, simulated

    if ask.dataset == SIMULATED:
        return simulated(load_catalogue())
    if ask.dataset is not None:
        if ask.folder is None:
            raise InvalidInput("folder", "name the folder that the data set lies in: --folder DIR")
        return read_public(ask.dataset, ask.folder)
    if ask.ratings is None or ask.ideas is None:
        raise InvalidInput("ratings", "give --ratings and --ideas, or --dataset and --folder")
    return read_dataset(ask.ratings, ask.ideas, ask.partners)


def _possible(dataset: Dataset) -> tuple[str, ...]:
    """Return the protocols that these ratings suffice for."""
    from recommender.learning.evaluation.protocols import PROTOCOLS, split

    possible = []
    for protocol in PROTOCOLS:
        try:
            split(dataset.ratings, protocol, 0, ideas=dataset.ideas.index)
        except InvalidInput:
            continue
        possible.append(protocol)
    if not possible:
        raise InvalidInput(
            "ratings",
            "too few to judge by: people need six or more; ratings that are all the same also need rated_at",
        )
    return tuple(possible)


def _rows(table: pd.DataFrame) -> list[dict[str, object]]:
    return [
        {str(name): (None if value != value else value) for name, value in row.items()}
        for row in table.to_dict("records")
    ]


def _about(dataset: Dataset, ask: Ask, protocols: Sequence[str]) -> dict[str, object]:
    return {
        "dataset": dataset.name,
        "source": dataset.source,
        "ratings": len(dataset.ratings),
        "partners": int(dataset.ratings["partner_id"].nunique()),
        "ideas": len(dataset.ideas),
        "protocols": list(protocols),
        "seeds": ask.seeds,
        "train_partners": ask.train_partners,
        "versions": {name: version(name) for name in ("rekindle", "numpy", "scikit-learn", "pandas")},
    }

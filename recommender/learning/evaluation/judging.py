"""Fit every contender on the same splits, and judge them on the same held-out ratings."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from recommender.learning.evaluation.contenders import Contender
from recommender.learning.evaluation.datasets import Dataset
from recommender.learning.evaluation.metrics import (
    clustered,
    density_metrics,
    ranking_metrics,
    rating_metrics,
)
from recommender.learning.evaluation.protocols import ALL_KNOWN, Split, Trial, split

KEYS = ["seed", "protocol", "n", "partner_id"]
PREDICTION_COLUMNS = [*KEYS[:3], "partner_id", "idea_id", "rating", "model", "mean", "std"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to judge.

    Attributes
    ----------
    contenders : Mapping[str, Contender]
    protocols : tuple[str, ...]
    seeds : int
    train_partners : int or None
        Fit on this many people only.
    """

    contenders: Mapping[str, Contender]
    protocols: tuple[str, ...]
    seeds: int
    train_partners: int | None = None


def judge(dataset: Dataset, plan: Plan, n_jobs: int = 1) -> Iterator[pd.DataFrame]:
    """Yield the predictions of each seed and protocol, as they are ready, in a fixed order.

    Columns are ``seed, protocol, n, partner_id, idea_id, rating, model, mean, std``; ``std`` is missing for
    models that do not say.

    Raises
    ------
    InvalidInput
        If the ratings do not suffice for a protocol; before anything is fitted.
    """
    splits = [
        split(dataset.ratings, protocol, seed, train_partners=plan.train_partners, ideas=dataset.ideas.index)
        for protocol in plan.protocols
        for seed in range(plan.seeds)
    ]
    tasks = (delayed(_predictions)(dataset, plan.contenders, one) for one in splits)
    yield from Parallel(n_jobs=n_jobs, return_as="generator")(tasks)


def scores(predictions: pd.DataFrame, contenders: Mapping[str, Contender]) -> pd.DataFrame:
    """Return every metric of every person: columns ``seed, protocol, n, partner_id, model, metric, value``.

    Where everything is known of people, that is ever so much; there ``n`` is -1. Of ``choices`` it is the
    area under the ROC curve alone: what they are found among is drawn, which moves every other metric.
    """
    worst, binary = predictions["rating"].min(), predictions["rating"].nunique() == 2
    rows = []
    for (*keys, model), group in predictions.groupby([*KEYS, "model"], sort=False):
        rating = group["rating"].to_numpy(dtype=float)
        mean, std = group["mean"].to_numpy(dtype=float), group["std"].to_numpy(dtype=float)
        found = ranking_metrics(rating - worst, mean, binary=binary)
        if contenders[str(model)].in_points:
            found |= rating_metrics(rating, mean)
        if contenders[str(model)].has_std:
            found |= density_metrics(rating, mean, std)
        rows += [(*keys, model, metric, value) for metric, value in found.items()]
    table = pd.DataFrame(rows, columns=[*KEYS, "model", "metric", "value"])
    table.loc[table["protocol"].isin(ALL_KNOWN), "n"] = -1
    return table[(table["protocol"] != "choices") | (table["metric"] == "roc_auc")]


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Return means over people with standard errors, and each model's paired difference from ours.

    Columns: ``protocol, n, metric, model, value, se, behind, behind_se, n_partners``; ``behind`` is the value
    of ``rekindle`` less the model's, for the same people under the same seeds.
    """
    rows = []
    for (protocol, n, metric), group in table.groupby(["protocol", "n", "metric"], sort=False):
        wide = group.pivot(index=["seed", "partner_id"], columns="model", values="value")
        partners = wide.index.get_level_values("partner_id").to_series(index=wide.index)
        for model in dict.fromkeys(group["model"]):
            value, se = clustered(wide[model], partners)
            behind = clustered(wide["rekindle"] - wide[model], partners)
            rows.append((protocol, n, metric, model, value, se, *behind, partners.nunique()))
    columns = ["protocol", "n", "metric", "model", "value", "se", "behind", "behind_se", "n_partners"]
    return pd.DataFrame(rows, columns=columns)


def _predictions(dataset: Dataset, contenders: Mapping[str, Contender], one: Split) -> pd.DataFrame:
    with warnings.catch_warnings():
        # Rivals' packages warn about their own insides; none of it is for the reader of a table.
        warnings.simplefilter("ignore")
        parts = [
            part
            for name, contender in contenders.items()
            for part in _of_contender(dataset, name, contender, one)
        ]
    return pd.concat(parts, ignore_index=True)[PREDICTION_COLUMNS]


def _of_contender(dataset: Dataset, name: str, contender: Contender, one: Split) -> Iterator[pd.DataFrame]:
    model = contender.make().fit(one.train, dataset.ideas, dataset.partners_among(one.train))
    for trial in one.trials:
        mean, std = _predict(model, contender, dataset, trial)
        yield trial.held[["n", "partner_id", "idea_id", "rating"]].assign(
            seed=one.seed, protocol=one.protocol, model=name, mean=mean, std=std
        )


def _predict(
    model: object, contender: Contender, dataset: Dataset, trial: Trial
) -> tuple[np.ndarray, np.ndarray | float]:
    asked = {"ratings": trial.revealed, "partner_features": dataset.partners_among(trial.held)}
    pairs = trial.held[["partner_id", "idea_id"]].reset_index(drop=True)
    if contender.has_std:
        return model.predict(pairs, return_std=True, **asked)  # type: ignore[attr-defined]
    return model.predict(pairs, **asked), np.nan  # type: ignore[attr-defined]


def models_in(table: pd.DataFrame) -> Sequence[str]:
    """Return the models of a table, in the order in which they were judged."""
    return list(dict.fromkeys(table["model"]))

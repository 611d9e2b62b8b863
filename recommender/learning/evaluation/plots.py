"""Learning curves and calibration, as pictures that say what is to be seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from recommender.learning.evaluation.judging import models_in

INK, OURS, OTHERS = "#2b2b33", "#a3324a", ("#4a6fa5", "#6b8f47", "#c28a2e", "#7d5ba6", "#3f8f8b", "#8c8c94")
LEVELS = np.linspace(0.1, 0.9, 9)
TITLES = {
    "pairwise_accuracy": "pairs of ideas in the right order",
    "ndcg_at_5": "NDCG of the first five",
    "rmse": "root mean squared error, points",
}


def learning_curves(table: pd.DataFrame, protocol: str, path: Path) -> None:
    """Draw how each metric grows with the ratings revealed; bars are one standard error."""
    chosen = table[(table["protocol"] == protocol) & table["metric"].isin(TITLES)]
    metrics = [metric for metric in TITLES if metric in set(chosen["metric"])]
    figure, axes = _panels(len(metrics))
    for axis, metric in zip(axes, metrics, strict=True):
        rows = chosen[chosen["metric"] == metric]
        for model, colour in _colours(models_in(table)).items():
            curve = rows[(rows["model"] == model)].sort_values("n")
            if model != "random" and len(curve):
                axis.errorbar(
                    np.arange(len(curve)),
                    curve["value"],
                    curve["se"],
                    color=colour,
                    label=model,
                    linewidth=2.4 if model == "rekindle" else 1.2,
                    zorder=3 if model == "rekindle" else 2,
                )
                axis.set_xticks(np.arange(len(curve)), curve["n"].astype(str))
        axis.set_title(TITLES[metric], fontsize=10, color=INK)
        axis.set_xlabel("ratings known of a person")
    axes[-1].legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    _save(figure, f"{protocol.replace('_', ' ')}: what each rating teaches", path)


def calibration(predictions: pd.DataFrame, path: Path) -> None:
    """Draw, for intervals of each size, how many ratings they really held."""
    rows = predictions[predictions["model"] == "rekindle"]
    away = (rows["rating"] - rows["mean"]).abs().to_numpy() / rows["std"].to_numpy()
    figure, (axis,) = _panels(1)
    axis.plot([0, 1], [0, 1], color="#8c8c94", linewidth=1, linestyle="--")
    for protocol in dict.fromkeys(rows["protocol"]):
        mine = away[(rows["protocol"] == protocol).to_numpy()]
        held = [(mine <= norm.ppf(0.5 + level / 2)).mean() for level in LEVELS]
        axis.plot(LEVELS, held, marker="o", label=protocol.replace("_", " "))
    axis.set(xlabel="share that an interval claims to hold", ylabel="share of ratings in it")
    axis.legend(frameon=False, fontsize=8)
    _save(figure, "Do intervals hold what they claim?", path)


def _panels(number: int) -> tuple[Any, Any]:
    # Here, not above: drawing is the last thing done, and nothing else needs it.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.4 * number + 1, 3.8), layout="constrained")
    axes = figure.subplots(1, number, squeeze=False)[0]
    for axis in axes:
        axis.spines[["top", "right"]].set_visible(False)
        axis.grid(alpha=0.25)
    return figure, axes


def _colours(models: Any) -> dict[str, str]:
    others = [model for model in models if model != "rekindle"]
    return {model: OTHERS[at % len(OTHERS)] for at, model in enumerate(others)} | {"rekindle": OURS}


def _save(figure: Any, title: str, path: Path) -> None:
    figure.suptitle(title, fontsize=12, color=INK)
    figure.savefig(path, dpi=150)

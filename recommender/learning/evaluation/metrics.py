"""How good predictions of one person's ratings are, and how sure we are of the average over people."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import norm
from sklearn.metrics import ndcg_score, roc_auc_score, root_mean_squared_error

TOP = 5
COVERAGE = 0.9
"""The share of ratings that the judged intervals claim to hold."""

TIE = 1e-12
"""Scores that differ by less are the same score."""

RANKING = ("ndcg_at_5", "pairwise_accuracy", "roc_auc")
LOWER_IS_BETTER = ("rmse",)


def ranking_metrics(rating: np.ndarray, score: np.ndarray, *, binary: bool = False) -> dict[str, float]:
    """Return how well ``score`` ranks one person's ideas; nothing where all their ratings are the same.

    Parameters
    ----------
    rating : ndarray of shape (n,)
        0 or more, 0 for the worst that anybody gave; the gains of NDCG.
    score : ndarray of shape (n,)
    binary : bool
        Whether all ratings there are have one of two values.

    Returns
    -------
    dict
        ``ndcg_at_5`` (Järvelin and Kekäläinen 2002, linear gains, ties averaged), ``pairwise_accuracy``, and
        ``roc_auc`` for binary ratings. All in [0, 1].

    Examples
    --------
    >>> ranking_metrics(np.array([0.0, 2.0, 1.0]), np.array([0.1, 0.9, 0.1]))["pairwise_accuracy"]
    0.8333333333333334
    """
    values = np.unique(rating)
    if len(values) < 2:
        return {}
    metrics = {
        "ndcg_at_5": float(ndcg_score(rating[None], score[None], k=TOP)),
        "pairwise_accuracy": pairwise_accuracy(rating, score),
    }
    if binary:
        metrics["roc_auc"] = float(roc_auc_score(rating == values[1], score))
    return metrics


def pairwise_accuracy(rating: np.ndarray, score: np.ndarray) -> float:
    """Return the share of pairs with different ratings that ``score`` has in order; ties count half."""
    apart = rating[:, None] < rating[None, :]
    lead = (score[None, :] - score[:, None])[apart]
    return float(((lead > TIE) + 0.5 * (np.abs(lead) <= TIE)).mean())


def rating_metrics(rating: np.ndarray, mean: np.ndarray) -> dict[str, float]:
    """Return the root mean squared error in rating points."""
    return {"rmse": float(root_mean_squared_error(rating, mean))}


def density_metrics(rating: np.ndarray, mean: np.ndarray, std: np.ndarray) -> dict[str, float]:
    """Return the mean log-likelihood (nats, Gaussian) and the share of ratings inside 90 % intervals."""
    half = norm.ppf(0.5 + COVERAGE / 2) * std
    return {
        "log_likelihood": float(norm.logpdf(rating, mean, std).mean()),
        "coverage_90": float((np.abs(rating - mean) <= half).mean()),
    }


def clustered(values: pd.Series, partners: pd.Series) -> tuple[float, float]:
    """Return the mean of ``values`` and its standard error, people being the clusters.

    A person who is judged under several seeds is one observation, not several (Liang and Zeger 1986).
    """
    mean = float(values.mean())
    sums = (values - mean).groupby(partners.to_numpy()).sum()
    return mean, float(np.sqrt((sums**2).sum())) / len(values)

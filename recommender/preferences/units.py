"""Columns of any scale, fitted in units of our own and told in theirs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from recommender.preferences.model import Parameters


def own_units(features: pd.DataFrame) -> np.ndarray:
    """Return a unit for each column, shape (n_columns,).

    In these units every column runs over the same range, and all of them together have a variance of one;
    a vague prior can then treat them alike.
    """
    values = features.to_numpy(dtype=float)
    spread = np.ptp(values, axis=0) if len(values) else np.zeros(values.shape[1])
    ranges = np.where(spread > 0, spread, 1.0)
    total = (values / ranges).var(axis=0).sum() if len(values) else 0.0
    return ranges * (np.sqrt(total) if total > 0 else 1.0)


def in_plain_units(
    parameters: Parameters, idea_units: np.ndarray, partner_units: np.ndarray, partner_means: np.ndarray
) -> Parameters:
    """Return parameters for plain columns that say the same as ``parameters`` do for columns in units.

    Parameters
    ----------
    idea_units, partner_units : ndarray of shape (n_features,), (n_answers,)
        What the columns were divided by.
    partner_means : ndarray of shape (n_answers,)
        What was taken from the answers before.
    """
    of_ideas = np.append(1.0, idea_units)
    fixed = parameters.fixed / of_ideas[:, None] / np.append(1.0, partner_units)
    fixed[:, 0] -= fixed[:, 1:] @ partner_means
    squared = np.outer(of_ideas, of_ideas)
    return replace(
        parameters,
        feature_means=parameters.feature_means * idea_units,
        fixed=fixed,
        couple_cov=parameters.couple_cov / squared,
        partner_cov=parameters.partner_cov / squared,
    )

"""The plain data frames that estimators take: checks and look-ups."""

from __future__ import annotations

import numpy as np
import pandas as pd

from recommender.errors import InvalidInput

RATING_COLUMNS = ("partner_id", "idea_id", "rating")


def check_ratings(ratings: pd.DataFrame, idea_features: pd.DataFrame) -> pd.DataFrame:
    """Return ``ratings`` if it has the columns that every estimator needs and only known ideas.

    Raises
    ------
    InvalidInput
        If a column is missing, a rating is not a finite number, or an idea has no features.
    """
    missing = [name for name in RATING_COLUMNS if name not in ratings.columns]
    if missing:
        raise InvalidInput("ratings", f"lacks the column(s) {', '.join(missing)}; add them")
    finite = np.isfinite(ratings["rating"].to_numpy(dtype=float))
    if not finite.all():
        raise InvalidInput("ratings.rating", f"row {int(np.argmin(finite))} is not a number; drop or mend it")
    idea_rows(idea_features, ratings["idea_id"])
    return ratings


def known_ratings(fitted: pd.DataFrame, given: pd.DataFrame | None) -> pd.DataFrame:
    """Return the ratings to predict from: ``given``, or those that fit saw."""
    return fitted if given is None else given


def aligned_features(idea_features: pd.DataFrame, idea_ids: pd.Series) -> np.ndarray:
    """Return the features of ``idea_ids``, shape (n, n_features).

    Raises
    ------
    InvalidInput
        If an idea has no row in ``idea_features``.
    """
    return np.asarray(idea_features.to_numpy(dtype=float)[idea_rows(idea_features, idea_ids)])


def idea_rows(idea_features: pd.DataFrame, idea_ids: pd.Series) -> np.ndarray:
    """Return where ``idea_ids`` stand in ``idea_features``, shape (n,).

    Raises
    ------
    InvalidInput
        If an idea has no row in ``idea_features``.
    """
    rows = idea_features.index.get_indexer(pd.Index(idea_ids))
    if (rows < 0).any():
        raise InvalidInput("idea_id", f"{pd.Index(idea_ids)[rows < 0][0]!r} has no features; add its row")
    return rows


def keys_of(*columns: np.ndarray) -> np.ndarray:
    """Return one number for each row of these counts from 0, the same for the same counts alone.

    Examples
    --------
    >>> keys_of(np.array([0, 1, 1]), np.array([2, 0, 0])).tolist()
    [2, 3, 3]
    """
    keys = np.zeros(1, dtype=np.int64)
    for column in columns:
        keys = keys * (int(column.max(initial=0)) + 1) + column
    return keys

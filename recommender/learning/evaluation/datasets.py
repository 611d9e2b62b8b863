"""Ratings, ideas and people to judge recommenders by, from files in one plain form."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from recommender.errors import InvalidInput
from recommender.preferences.frames import RATING_COLUMNS

MOST_COLUMNS = 5_000


@dataclass(frozen=True, slots=True)
class Dataset:
    """Something to evaluate on.

    Attributes
    ----------
    name : str
    ratings : DataFrame
        ``partner_id``, ``idea_id``, ``rating``; perhaps ``couple_id`` and ``rated_at``.
    ideas : DataFrame
        Numeric columns, indexed by ``idea_id``.
    partners : DataFrame or None
        Numeric columns, indexed by ``partner_id``; what people said beforehand.
    source : str
        Where it comes from, whom to cite, under which terms.
    """

    name: str
    ratings: pd.DataFrame
    ideas: pd.DataFrame
    partners: pd.DataFrame | None = None
    source: str = ""

    def partners_among(self, ratings: pd.DataFrame) -> pd.DataFrame | None:
        """Return what the people in ``ratings`` said, or None where nobody was asked."""
        if self.partners is None:
            return None
        return self.partners[self.partners.index.isin(ratings["partner_id"])]


def read_dataset(ratings: Path, ideas: Path, partners: Path | None = None) -> Dataset:
    """Return the data set in CSV files.

    Raises
    ------
    InvalidInput
        If a file cannot be read, lacks a column, has a value that is no number, names an idea twice, or rates
        an idea that is not there; the message names file, row (the heading is row 1) and column.
    """
    features = _features(ideas, "idea_id")
    frame = _table(ratings, list(RATING_COLUMNS))
    frame["rating"] = _numbers(ratings, frame, ["rating"])["rating"]
    _require(ratings, "idea_id", frame["idea_id"].isin(features.index), f"is not in {ideas.name}")
    if "rated_at" in frame.columns:
        frame["rated_at"] = _times(ratings, frame["rated_at"])
    said = None if partners is None else _features(partners, "partner_id")
    return Dataset(ratings.stem, frame, features, said, source=str(ratings.name))


def _table(path: Path, needed: list[str]) -> pd.DataFrame:
    try:
        ids = dict.fromkeys(("partner_id", "idea_id", "couple_id"), str)
        frame = pd.read_csv(path, dtype=ids, keep_default_na=False, na_values=[""])
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InvalidInput(str(path), f"cannot be read as CSV ({reason}); mend or replace it") from None
    missing = [name for name in needed if name not in frame.columns]
    if missing:
        raise InvalidInput(str(path), f"lacks the column(s) {', '.join(missing)}; add them")
    if frame.empty:
        raise InvalidInput(str(path), "has no rows; add some")
    for name in set(needed) - {"rating"}:
        _require(path, name, frame[name].notna(), "is empty; fill it in or drop the row")
    return frame


def _features(path: Path, key: str) -> pd.DataFrame:
    frame = _table(path, [key])
    _require(path, key, ~frame[key].duplicated(), "stands twice; keep one")
    names = [name for name in frame.columns if name != key]
    if len(names) > MOST_COLUMNS:
        raise InvalidInput(str(path), f"has {len(names)} columns; {MOST_COLUMNS} at most, join some")
    return _numbers(path, frame, names)[names].set_index(pd.Index(frame[key], name=key))


def _numbers(path: Path, frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    columns = {name: pd.to_numeric(frame[name], errors="coerce").astype(float) for name in names}
    for name, column in columns.items():
        _require(path, name, column.abs() < np.inf, "is not a number; write one or drop the row")
    return pd.DataFrame(columns, index=frame.index)


def _times(path: Path, column: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(column):
        return column.astype(float)
    times = pd.to_datetime(column, errors="coerce", utc=True, format="ISO8601")
    _require(path, "rated_at", times.notna(), "is not a time; write ISO 8601 or seconds")
    return times


def _require(path: Path, name: str, good: pd.Series, problem: str) -> None:
    if not good.all():
        row = int(np.argmin(good.to_numpy())) + 2
        raise InvalidInput(f"{path}: row {row}, {name}", problem)

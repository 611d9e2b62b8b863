"""One consistent read of the feedback, as the frames that training works on, with a hash of its content."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from recommender.catalogue.library import Catalogue
from recommender.domain import AnswerValue, FeedbackRow
from recommender.preferences.features import AnswerCode, encode_ideas

RATINGS_MAX = 300
"""Of one person at most, the latest: five years of dates, so that nobody's diary becomes the model."""

RATINGS_MIN, TIMES_THE_MEDIAN = 30, 4
"""Nor more than so many times what the median rater gave, though as many as the first figure in any case."""

SAME_IDEA_MAX = 3
"""Of one idea by one person: how it goes the fourth time says more of the person than of the idea."""

COLUMNS = ("couple_id", "partner_id", "date_id", "idea_id", "rating", "closeness", "again", "rated_at")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Feedback at one moment.

    Attributes
    ----------
    ratings : DataFrame
        Columns ``COLUMNS``, ordered by time and id; only ideas of the catalogue.
    idea_features : DataFrame
        Indexed by ``idea_id``.
    partner_features : DataFrame
        Encoded answers, indexed by ``partner_id``.
    content_hash : str
        SHA-256 over ratings and answers: an edited rating changes it, the order of reading does not.
    excluded : Mapping[str, int]
        Why ratings were left out, to how many; reasons that left out none are not in it.
    """

    ratings: pd.DataFrame
    idea_features: pd.DataFrame
    partner_features: pd.DataFrame
    content_hash: str
    excluded: Mapping[str, int]


def take_snapshot(
    rows: Iterable[FeedbackRow], answers: Mapping[str, Mapping[str, AnswerValue]], catalogue: Catalogue
) -> Snapshot:
    """Return the snapshot of feedback rows and raters' answers, less what cannot be learned from."""
    every = pd.DataFrame([_values(row) for row in rows], columns=list(COLUMNS))
    every = every.sort_values(["rated_at", "date_id", "partner_id"], ignore_index=True)
    ratings, excluded = _checked(every, {idea.idea_id for idea in catalogue.ideas})
    raters = sorted(set(ratings["partner_id"]))
    code = AnswerCode(catalogue.quiz)
    encoded = [code.encode(answers.get(partner, {})) for partner in raters]
    return Snapshot(
        ratings=ratings,
        idea_features=idea_frame(catalogue),
        partner_features=pd.DataFrame(encoded, index=raters, columns=list(code.names), dtype=float),
        content_hash=_hash(ratings, encoded),
        excluded=excluded,
    )


def _checked(ratings: pd.DataFrame, idea_ids: Collection[str]) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the ratings that can be learned from, earliest first, and by why how many cannot."""
    excluded: dict[str, int] = {}
    for reason, faulty in (
        ("the catalogue no longer has the idea", lambda r: ~r["idea_id"].isin(idea_ids)),
        ("not a whole number from 1 to 5", lambda r: ~r["rating"].isin(range(1, 6))),
        ("said again later, by the same person of the same date", _repeated),
        (f"beyond the latest {SAME_IDEA_MAX} of one person of one idea", _worn),
        ("beyond the latest that one person may teach", _surplus),
    ):
        found = faulty(ratings)
        if found.any():
            excluded[reason] = int(found.sum())
            ratings = ratings[~found]
    return ratings.reset_index(drop=True), excluded


def _repeated(ratings: pd.DataFrame) -> pd.Series:
    return ratings.duplicated(["date_id", "partner_id"], keep="last")


def _worn(ratings: pd.DataFrame) -> pd.Series:
    return ratings.groupby(["partner_id", "idea_id"]).cumcount(ascending=False) >= SAME_IDEA_MAX


def _surplus(ratings: pd.DataFrame) -> pd.Series:
    return ratings.groupby("partner_id").cumcount(ascending=False) >= ratings_max(ratings)


def ratings_max(ratings: pd.DataFrame) -> int:
    """Return how many of one person's ratings count, which depends on how many others give."""
    if ratings.empty:
        return RATINGS_MAX
    usual = float(ratings.groupby("partner_id").size().median())
    return int(min(RATINGS_MAX, max(RATINGS_MIN, TIMES_THE_MEDIAN * usual)))


def idea_frame(catalogue: Catalogue) -> pd.DataFrame:
    """Return the catalogue's features as a frame indexed by ``idea_id``."""
    table = encode_ideas(catalogue.ideas, catalogue.taxonomy)
    return pd.DataFrame(table.matrix, index=list(table.idea_ids), columns=list(table.names))


def _values(row: FeedbackRow) -> tuple[object, ...]:
    return (
        row.couple_id,
        row.partner_id,
        row.date_id,
        row.idea_id,
        float(row.enjoyment),
        row.closeness,
        row.again,
        row.rated_at,
    )


def _hash(ratings: pd.DataFrame, encoded: Sequence[object]) -> str:
    digest = hashlib.sha256()
    for row in ratings.itertuples(index=False):
        digest.update(repr(tuple(map(str, row))).encode())
    for answers in encoded:
        digest.update(repr(list(map(float, answers))).encode())  # type: ignore[call-overload]
    return digest.hexdigest()

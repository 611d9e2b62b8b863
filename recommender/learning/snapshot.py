"""One consistent read of the feedback, as the frames that training works on, with a hash of its content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from recommender.catalogue.library import Catalogue
from recommender.domain import AnswerValue, FeedbackRow
from recommender.preferences.features import answer_names, encode_answers, encode_ideas

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
    n_unknown : int
        Ratings left out because the catalogue no longer has their idea.
    """

    ratings: pd.DataFrame
    idea_features: pd.DataFrame
    partner_features: pd.DataFrame
    content_hash: str
    n_unknown: int


def take_snapshot(
    rows: Iterable[FeedbackRow], answers: Mapping[str, Mapping[str, AnswerValue]], catalogue: Catalogue
) -> Snapshot:
    """Return the snapshot of feedback rows and of every rater's answers."""
    every = pd.DataFrame([_values(row) for row in rows], columns=list(COLUMNS))
    known = every["idea_id"].isin([idea.idea_id for idea in catalogue.ideas])
    ratings = every[known].sort_values(["rated_at", "date_id", "partner_id"], ignore_index=True)
    raters = sorted(set(ratings["partner_id"]))
    encoded = [encode_answers(catalogue.quiz, answers.get(partner, {})) for partner in raters]
    names = list(answer_names(catalogue.quiz))
    return Snapshot(
        ratings=ratings,
        idea_features=idea_frame(catalogue),
        partner_features=pd.DataFrame(encoded, index=raters, columns=names, dtype=float),
        content_hash=_hash(ratings, encoded),
        n_unknown=int((~known).sum()),
    )


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

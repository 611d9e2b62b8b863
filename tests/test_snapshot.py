"""The snapshot: what training reads, and a hash that changes exactly when that does."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from recommender.catalogue.library import Catalogue
from recommender.domain import AnswerValue, FeedbackRow
from recommender.learning.snapshot import COLUMNS, RATINGS_MAX, RATINGS_MIN, take_snapshot
from tests.api_world import shipped_catalogue

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def row(partner: str, date: str, idea: str, enjoyment: int, hours: int = 0) -> FeedbackRow:
    """Return a rating of couple c, ``hours`` after noon."""
    return FeedbackRow("c", partner, date, idea, enjoyment, None, None, NOON + timedelta(hours=hours))


ROWS = (
    row("p", "d1", "paper-boats", 4, 0),
    row("q", "d1", "paper-boats", 2, 1),
    row("p", "d2", "soup-swap", 5, 30),
    row("q", "d2", "soup-swap", 5, 30),
)
ANSWERS: dict[str, dict[str, AnswerValue]] = {
    "p": {"tonight": "in", "pace": 5, "food": ("cook",)},
    "q": {"pace": 2},
}


def hashed(
    catalogue: Catalogue, rows: tuple[FeedbackRow, ...] = ROWS, **answers: dict[str, AnswerValue]
) -> str:
    """Return the content hash of ``rows`` and everyone's answers, some of them changed."""
    return take_snapshot(rows, ANSWERS | answers, catalogue).content_hash


def test_what_training_reads(catalogue: Catalogue) -> None:
    """Ratings come in order of time, answers as numbers by partner, ideas as in the catalogue."""
    snapshot = take_snapshot(reversed(ROWS), ANSWERS, catalogue)

    assert tuple(snapshot.ratings.columns) == COLUMNS
    assert list(zip(snapshot.ratings["date_id"], snapshot.ratings["partner_id"], strict=True)) == [
        ("d1", "p"), ("d1", "q"), ("d2", "p"), ("d2", "q"),
    ]  # fmt: skip
    assert list(snapshot.ratings["rating"]) == [4.0, 2.0, 5.0, 5.0]
    assert list(snapshot.idea_features.index) == ["paper-boats", "soup-swap", "stair-songs"]
    assert list(snapshot.partner_features.index) == ["p", "q"]
    # In of (in, out) is 1; 5 of 1..5 is 1, 2 is -0.5; cook chosen is 1, snack not is 0; nothing said is 0.
    expected = np.array([[1, 1, 1, 0], [0, -0.5, 0, 0]])
    np.testing.assert_allclose(snapshot.partner_features.to_numpy(), expected)


def test_the_order_of_rows_does_not_matter(catalogue: Catalogue) -> None:
    """Rows and answers in another order give the same hash and the same ratings."""
    one = take_snapshot(ROWS, ANSWERS, catalogue)
    other = take_snapshot(ROWS[::-1], dict(reversed(ANSWERS.items())), catalogue)

    assert other.content_hash == one.content_hash
    assert other.ratings.equals(one.ratings)
    assert other.partner_features.equals(one.partner_features)


@pytest.mark.parametrize(
    "change",
    [
        {"enjoyment": 3},
        {"closeness": 4},
        {"again": False},
        {"idea_id": "stair-songs"},
        {"rated_at": NOON + timedelta(hours=31)},
    ],
)
def test_an_edited_rating_changes_the_hash(catalogue: Catalogue, change: dict[str, object]) -> None:
    """Whatever of a rating is edited, the hash is another, though there are as many rows."""
    edited = (*ROWS[:3], replace(ROWS[3], **change))  # type: ignore[arg-type]

    assert hashed(catalogue, edited) != hashed(catalogue)


def test_a_deleted_rating_changes_the_hash(catalogue: Catalogue) -> None:
    """With a rating less, the hash is another."""
    assert hashed(catalogue, ROWS[:3]) != hashed(catalogue)


@pytest.mark.parametrize("answers", [{"pace": 3}, {}, {"pace": 2, "food": ("snack",)}])
def test_an_edited_answer_changes_the_hash(catalogue: Catalogue, answers: dict[str, AnswerValue]) -> None:
    """An answer that is changed, taken back or added gives another hash."""
    assert hashed(catalogue, q=answers) != hashed(catalogue)


def test_two_partners_answers_are_not_mixed_up(catalogue: Catalogue) -> None:
    """The same answers from the other partner give another hash."""
    assert hashed(catalogue, p=ANSWERS["q"], q=ANSWERS["p"]) != hashed(catalogue)


def test_people_who_have_not_rated_do_not_count(catalogue: Catalogue) -> None:
    """Answers of someone without a rating are neither in the frames nor in the hash."""
    snapshot = take_snapshot(ROWS, ANSWERS | {"r": {"pace": 1}}, catalogue)

    assert list(snapshot.partner_features.index) == ["p", "q"]
    assert snapshot.content_hash == hashed(catalogue)


def test_unknown_ideas_are_left_out_and_counted(catalogue: Catalogue) -> None:
    """Ratings of ideas that the catalogue lost are counted, and change nothing else."""
    gone = (row("p", "d3", "gone", 5, 40), row("q", "d3", "gone", 1, 40), row("r", "d4", "lost", 1, 41))
    snapshot = take_snapshot((*gone, *ROWS), ANSWERS, catalogue)

    assert snapshot.excluded == {"the catalogue no longer has the idea": 3}
    assert set(snapshot.ratings["idea_id"]) == {"paper-boats", "soup-swap"}
    assert list(snapshot.partner_features.index) == ["p", "q"]
    assert snapshot.content_hash == hashed(catalogue)


def test_impossible_and_repeated_ratings_are_left_out(catalogue: Catalogue) -> None:
    """Out of range, half a point, and all but the last word on one date are left out, each with why."""
    odd = (row("p", "d3", "paper-boats", 6, 40), row("q", "d3", "paper-boats", 0, 40))
    changed = (row("p", "d4", "soup-swap", 1, 41), row("p", "d4", "soup-swap", 5, 42))
    snapshot = take_snapshot((*ROWS, *odd, *changed), ANSWERS, catalogue)

    assert snapshot.excluded == {
        "not a whole number from 1 to 5": 2,
        "said again later, by the same person of the same date": 1,
    }
    assert snapshot.ratings.set_index(["date_id", "partner_id"]).loc[("d4", "p"), "rating"] == 5


@pytest.mark.parametrize(
    ("n_others", "of_each", "kept"),
    [
        (0, 0, RATINGS_MAX),  # alone one's own median is high
        (4, 10, 40),  # four times what the median rater gave
        (4, 2, RATINGS_MIN),  # but no less than this
    ],
)
def test_a_diary_does_not_become_the_model(n_others: int, of_each: int, kept: int) -> None:
    """Of one person only the latest ratings count, the fewer the less others give; others keep theirs."""
    ideas = [idea.idea_id for idea in shipped_catalogue().ideas]
    diary = [row("p", f"e{k:03}", ideas[k], 3, k) for k in range(RATINGS_MAX + 2)]
    others = [row(f"q{q}", f"e{k:03}", ideas[k], 4, k) for q in range(n_others) for k in range(of_each)]
    snapshot = take_snapshot((*diary, *others), {}, shipped_catalogue())

    assert snapshot.excluded == {"beyond the latest that one person may teach": len(diary) - kept}
    found = snapshot.ratings.groupby("partner_id")["date_id"].agg(["min", "max", "size"])
    assert tuple(found.loc["p"]) == (f"e{len(diary) - kept:03}", "e301", kept)
    assert set(found.loc[found.index != "p", "size"]) == ({of_each} if n_others else set())


def test_one_idea_over_and_over_counts_three_times(catalogue: Catalogue) -> None:
    """Of one idea by one person the latest three count."""
    again = [row("p", f"e{k}", "paper-boats", 1, k) for k in range(5)]
    snapshot = take_snapshot((*again, row("q", "e0", "paper-boats", 4, 0)), ANSWERS, catalogue)

    assert snapshot.excluded == {"beyond the latest 3 of one person of one idea": 2}
    assert list(snapshot.ratings["date_id"]) == ["e0", "e2", "e3", "e4"]


def test_no_feedback(catalogue: Catalogue) -> None:
    """Without any rating the frames are empty, have their columns, and the hash is not that of some."""
    snapshot = take_snapshot((), {}, catalogue)

    assert snapshot.ratings.empty
    assert tuple(snapshot.ratings.columns) == COLUMNS
    assert snapshot.partner_features.shape == (0, 4)
    assert snapshot.excluded == {}
    assert snapshot.content_hash != hashed(catalogue)

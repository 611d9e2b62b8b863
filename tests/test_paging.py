"""Ideas, page by page."""

from __future__ import annotations

import pytest

from recommender.errors import InvalidInput, NotFound
from recommender.service import Deployment, IdeaQuery, get_idea, list_ideas, quiz


def test_pages_hold_every_match_once(deployment: Deployment) -> None:
    """Following the cursor from page to page gives each idea once, in order, and then ends."""
    ids: list[str] = []
    cursor = None
    for _ in range(3):
        page, cursor = list_ideas(deployment, IdeaQuery(), limit=1, cursor=cursor)
        ids += [idea.idea_id for idea in page]

    assert ids == ["paper-boats", "soup-swap", "stair-songs"]
    assert cursor is None


def test_a_last_page_that_is_full_has_no_cursor(deployment: Deployment) -> None:
    """Three ideas on a page of three are all there are."""
    page, cursor = list_ideas(deployment, IdeaQuery(), limit=3)

    assert (len(page), cursor) == (3, None)


def test_a_search_is_paged_too(deployment: Deployment) -> None:
    """The cursor goes on within what matches."""
    query = IdeaQuery(minutes_max=60)
    (first,), cursor = list_ideas(deployment, query, limit=1)
    (second,), end = list_ideas(deployment, query, limit=1, cursor=cursor)

    assert (first.idea_id, second.idea_id, end) == ("paper-boats", "soup-swap", None)


@pytest.mark.parametrize("cursor", ["", "x", "%%%", "é", "bm8tc3VjaC1pZGVh", "/w=="])
def test_a_cursor_from_elsewhere_is_refused(deployment: Deployment, cursor: str) -> None:
    """What no page gave is refused by its field, not answered with the first page."""
    with pytest.raises(InvalidInput) as refusal:
        list_ideas(deployment, IdeaQuery(), cursor=cursor)

    assert refusal.value.field == "cursor"


@pytest.mark.parametrize("limit", [0, 101, -1])
def test_a_page_has_1_to_100_ideas(deployment: Deployment, limit: int) -> None:
    """A limit out of range is refused by its field."""
    with pytest.raises(InvalidInput) as refusal:
        list_ideas(deployment, IdeaQuery(), limit=limit)

    assert refusal.value.field == "limit"


def test_an_idea_is_found_by_its_id(deployment: Deployment) -> None:
    """An idea has its id, and one that is not there is said to be so."""
    assert get_idea(deployment, "soup-swap").title == "Soup swap"
    with pytest.raises(NotFound):
        get_idea(deployment, "no-such-idea")


def test_the_quiz_keeps_its_order(deployment: Deployment) -> None:
    """Questions come as the catalogue has them."""
    assert [question.question_id for question in quiz(deployment)] == ["tonight", "pace", "food"]

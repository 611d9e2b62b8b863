"""The catalogue and the quiz, for anyone to read."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode

from recommender.catalogue.meanings import bundled_meanings
from recommender.catalogue.search import IdeaQuery, search_ideas
from recommender.domain import Idea, Question
from recommender.errors import InvalidInput
from recommender.service.deployment import Deployment

PAGE = 20
PAGE_MOST = 100


def quiz(d: Deployment) -> tuple[Question, ...]:
    """Return the quiz questions in order."""
    return d.catalogue.quiz


def get_idea(d: Deployment, idea_id: str) -> Idea:
    """Return an idea.

    Raises
    ------
    NotFound
        If the catalogue has no such idea.
    """
    return d.catalogue.idea(idea_id)


def list_ideas(
    d: Deployment, query: IdeaQuery, *, limit: int = PAGE, cursor: str | None = None
) -> tuple[tuple[Idea, ...], str | None]:
    """Return a page of the ideas that match, and the cursor of the next page (None: this is the last).

    Parameters
    ----------
    cursor : str or None
        What the page before gave; None starts at the best match.

    Raises
    ------
    InvalidInput
        If the limit is out of range, or the cursor is not one that this search gave.
    """
    if not 1 <= limit <= PAGE_MOST:
        raise InvalidInput("limit", f"{limit} is not between 1 and {PAGE_MOST}")
    matches = search_ideas(d.catalogue.ideas, query, bundled_meanings())
    start = 0 if cursor is None else _after(matches, cursor)
    page = matches[start : start + limit]
    more = start + limit < len(matches)
    return page, _cursor(page[-1]) if more else None


def _cursor(last: Idea) -> str:
    """Return a cursor that goes on after ``last``, wherever the catalogue of tomorrow puts it."""
    return urlsafe_b64encode(last.idea_id.encode()).decode()


def _after(matches: tuple[Idea, ...], cursor: str) -> int:
    try:
        last = urlsafe_b64decode(cursor.encode()).decode()
        return [idea.idea_id for idea in matches].index(last) + 1
    except (binascii.Error, ValueError):  # not base64, not text, or not among the matches
        raise InvalidInput("cursor", "is not from this search; start again without it") from None

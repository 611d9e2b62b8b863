"""The catalogue and the quiz, open to anyone."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from orjson import Fragment

from api.registry import Call, Router
from api.schemas.fields import IdeaId
from api.schemas.ideas import IdeaBody, IdeasBody, IdeasQuery, QuestionBody, QuizBody
from recommender import service
from recommender.domain import Idea
from recommender.errors import InvalidInput, NotFound
from recommender.service import Catalogue, Deployment, IdeaQuery

router = Router()

IDEAS_KEPT = 4096
"""Ideas that are kept as JSON, some 10 MB; of an imported catalogue those that were shown last."""


@router.route("GET", "/v1/quiz", auth="none")
def read_quiz(call: Call) -> QuizBody:
    """Read the quiz."""
    return QuizBody(questions=tuple(QuestionBody.of(q) for q in service.quiz(call.deployment)))


@router.route("GET", "/v1/ideas", auth="none", errors=(404,))
def search_ideas(call: Call, query: IdeasQuery) -> IdeasBody:
    """Search the catalogue, the best matches first, page by page.

    A cursor that is not from this search is a page that does not exist: 404.
    """
    wanted = IdeaQuery(query.q or None, query.tags(), query.cost_max, query.minutes_max)
    try:
        ideas, following = service.list_ideas(call.deployment, wanted, limit=query.limit, cursor=query.cursor)
    except InvalidInput as error:
        if error.field != "cursor":
            raise
        raise NotFound(str(error)) from None
    return IdeasBody(ideas=tuple(idea_body(call.deployment, i) for i in ideas), next_cursor=following)


@router.route("GET", "/v1/ideas/<idea_id>", auth="none", errors=(404,))
def read_idea(call: Call, idea_id: IdeaId) -> IdeaBody:
    """Read an idea."""
    return idea_body(call.deployment, service.get_idea(call.deployment, idea_id))


def idea_body(deployment: Deployment, idea: Idea) -> IdeaBody:
    """Return an idea as this deployment's taxonomy shows it."""
    return _body(deployment.catalogue, idea)


def idea_json(deployment: Deployment, idea_id: str) -> Fragment:
    """Return the JSON of an idea's body: the same for everybody, and so written once.

    Raises
    ------
    NotFound
        If the catalogue has no such idea.
    """
    return _writer(deployment.catalogue)(idea_id)


@lru_cache(maxsize=1)
def _writer(catalogue: Catalogue) -> Callable[[str], Fragment]:
    @lru_cache(IDEAS_KEPT)
    def write(idea_id: str) -> Fragment:
        return Fragment(_body(catalogue, catalogue.idea(idea_id)).model_dump_json())

    return write


def _body(catalogue: Catalogue, idea: Idea) -> IdeaBody:
    return IdeaBody.of(idea, _lists(catalogue))


@lru_cache(maxsize=1)
def _lists(catalogue: Catalogue) -> frozenset[str]:
    """Return the facets that take several values."""
    return frozenset(facet.name for facet in catalogue.taxonomy.facets.values() if facet.kind == "multi")

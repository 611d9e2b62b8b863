"""What the operator does with imported ideas: look, confirm their tags, withdraw them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from recommender.catalogue.rules import impossible_tags
from recommender.catalogue.tags import misplaced_tags, unknown_tags
from recommender.catalogue.taxonomy import DERIVED, Taxonomy
from recommender.domain import Idea, Tags
from recommender.errors import InvalidInput, NotFound
from recommender.service.deployment import Deployment
from recommender.store import ideas as idea_store
from recommender.store.engine import reading, transaction
from recommender.store.ideas import ImportedFilter, ImportedIdea, SourceCount

PAGE_MOST = 100


def list_sources(deployment: Deployment) -> tuple[SourceCount, ...]:
    """Return every source of imported ideas by name, with how many ideas it has."""
    with reading(deployment.engine) as connection:
        return idea_store.count_sources(connection, deployment.clock())


def list_imported(
    deployment: Deployment, wanted: ImportedFilter, *, limit: int = PAGE_MOST, after: str = ""
) -> tuple[tuple[ImportedIdea, ...], str | None]:
    """Return a page of imported ideas by id, and what the next page comes after (None: this is the last)."""
    with reading(deployment.engine) as connection:
        found = idea_store.list_ideas(connection, wanted, limit=limit + 1, after=after)
    return found[:limit], found[limit - 1].idea_id if len(found) > limit else None


def review_idea(
    deployment: Deployment, idea_id: str, tags: Mapping[str, Sequence[str]] | None = None
) -> ImportedIdea:
    """Return an imported idea as it is once a person has confirmed its tags, those given here put right.

    Raises
    ------
    NotFound
        If there is no such imported idea.
    InvalidInput
        If a tag is unknown, in the wrong number, or cannot go with another.
    """
    with transaction(deployment.engine) as connection:
        kept = _held(connection, idea_id)
        document = _corrected(kept.document, tags or {}, deployment.catalogue.taxonomy)
        reviewed = replace(kept, document=document, confidence={}, reviewed_at=deployment.clock())
        idea_store.put_ideas(connection, [reviewed])
        idea_store.bump_revision(connection)
        return reviewed


def review_source(deployment: Deployment, source: str) -> int:
    """Confirm the tags of every idea of a source as they are, and return how many awaited it."""
    n_reviewed = 0
    wanted = ImportedFilter(source=source, to_review=True)
    while True:
        with transaction(deployment.engine) as connection:
            page = idea_store.list_ideas(connection, wanted, limit=PAGE_MOST)
            if not page:
                return n_reviewed
            now = deployment.clock()
            confirmed = [
                replace(kept, document=replace(kept.document, guessed=()), confidence={}, reviewed_at=now)
                for kept in page
            ]
            idea_store.put_ideas(connection, confirmed)
            idea_store.bump_revision(connection)
        n_reviewed += len(page)


def withdraw_idea(deployment: Deployment, idea_id: str) -> None:
    """Take an imported idea out of the catalogue; importing it again does not bring it back.

    Raises
    ------
    NotFound
        If there is no such imported idea.
    """
    with transaction(deployment.engine) as connection:
        kept = _held(connection, idea_id)
        _withdraw(deployment, connection, kept.source, [kept.external_id])


def withdraw_source(deployment: Deployment, source: str) -> int:
    """Take every idea of a source out of the catalogue, and return how many were in it.

    Raises
    ------
    NotFound
        If there is no such source.
    """
    with transaction(deployment.engine) as connection:
        if not idea_store.list_ideas(connection, ImportedFilter(source=source), limit=1):
            raise NotFound(f"there is no source {source!r}; see `rekindle ideas sources`")
        return _withdraw(deployment, connection, source, None)


def restore_idea(deployment: Deployment, idea_id: str) -> ImportedIdea:
    """Return an imported idea that is in the catalogue again, whoever had withdrawn it.

    Raises
    ------
    NotFound
        If there is no such imported idea.
    """
    with transaction(deployment.engine) as connection:
        kept = _held(connection, idea_id)
        back = replace(kept, withdrawn_at=None, withdrawn_by=None)
        idea_store.put_ideas(connection, [back])
        idea_store.bump_revision(connection)
        return back


def _held(connection: Connection, idea_id: str) -> ImportedIdea:
    kept = idea_store.find_idea(connection, idea_id, for_update=True)
    if kept is None:
        raise NotFound(f"there is no imported idea {idea_id!r}")
    return kept


def _withdraw(deployment: Deployment, connection: Connection, source: str, ids: Sequence[str] | None) -> int:
    n_withdrawn = idea_store.withdraw(connection, source, ids, "operator", deployment.clock())
    if n_withdrawn:
        idea_store.bump_revision(connection)
    return n_withdrawn


def _corrected(idea: Idea, tags: Mapping[str, Sequence[str]], taxonomy: Taxonomy) -> Idea:
    """Return an idea with some tags put right, all of them confirmed."""
    chosen: Tags = {**idea.tags, **{name: tuple(values) for name, values in tags.items()}}
    _check(tags, taxonomy)
    for facet, problem, remedy in impossible_tags(chosen):
        raise InvalidInput(f"tags.{facet}", f"{problem}: {remedy}")
    return replace(idea, tags=chosen, guessed=())


def _check(tags: Mapping[str, Sequence[str]], taxonomy: Taxonomy) -> None:
    for name, values in tags.items():
        if name in DERIVED:
            raise InvalidInput(f"tags.{name}", "follows from the idea's numbers; correct them at the source")
        wrong = list(unknown_tags({name: list(values)}, taxonomy))
        if not wrong:
            facet = taxonomy.facets[name]
            several = facet.kind == "multi" or len(values) != 1
            wrong = list(misplaced_tags({name: list(values) if several else values[0]}, facet))
        for facet_name, problem, remedy in wrong:
            raise InvalidInput(f"tags.{facet_name}", f"{problem}: {remedy}")

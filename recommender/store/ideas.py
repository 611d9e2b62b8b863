"""Ideas imported from elsewhere: kept, read back, withdrawn; and the number that counts their changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, union, update

from recommender.domain import Idea
from recommender.store.tables import catalogue_revision, dates, imported_ideas, suggestions
from recommender.store.upserts import insert

AT_A_TIME = 1000
WithdrawnBy = Literal["operator", "file"]


@dataclass(frozen=True, slots=True)
class ImportedIdea:
    """An idea from elsewhere as it is kept.

    Attributes
    ----------
    external_id : str
        What its source calls it.
    document : Idea
        The idea itself.
    content_hash : str
        SHA-256 of what its source said: as long as it is the same there is nothing to import.
    confidence : Mapping[str, float]
        For each guessed facet the probability of the guess, 0 to 1.
    exists_until : datetime or None
        When its last span ends; None means never.
    reviewed_at : datetime or None
        When a person last confirmed its tags.
    withdrawn_by : {"operator", "file"} or None
        Who took it out of the catalogue.
    """

    idea_id: str
    source: str
    external_id: str
    document: Idea
    content_hash: str
    confidence: Mapping[str, float]
    imported_at: datetime
    exists_from: datetime | None = None
    exists_until: datetime | None = None
    reviewed_at: datetime | None = None
    withdrawn_at: datetime | None = None
    withdrawn_by: WithdrawnBy | None = None


COLUMNS = tuple(imported_ideas.c[field.name] for field in fields(ImportedIdea))


@dataclass(frozen=True, slots=True)
class SourceCount:
    """How many ideas of one source are offered, await review, are over, and are withdrawn."""

    source: str
    n_offered: int
    n_to_review: int
    n_over: int
    n_withdrawn: int


@dataclass(frozen=True, slots=True)
class ImportedFilter:
    """Which imported ideas to list; every default means "no matter"."""

    source: str | None = None
    to_review: bool | None = None
    withdrawn: bool | None = None


def put_ideas(connection: Connection, ideas: Sequence[ImportedIdea]) -> None:
    """Store ideas, each in place of the one with its id."""
    if not ideas:
        return
    rows = [{column.name: getattr(idea, column.name) for column in COLUMNS} for idea in ideas]
    statement = insert(connection, imported_ideas)
    changed = {column.name: statement.excluded[column.name] for column in COLUMNS if not column.primary_key}
    connection.execute(statement.on_conflict_do_update(index_elements=["idea_id"], set_=changed), rows)


def find_hashes(
    connection: Connection, source: str, external_ids: Sequence[str]
) -> dict[str, tuple[str, WithdrawnBy | None]]:
    """Return the content hash, and who withdrew it, of each idea of a source that is kept, by external id."""
    query = select(
        imported_ideas.c.external_id, imported_ideas.c.content_hash, imported_ideas.c.withdrawn_by
    ).where(imported_ideas.c.source == source, imported_ideas.c.external_id.in_(external_ids))
    return {row.external_id: (row.content_hash, row.withdrawn_by) for row in connection.execute(query)}


def find_by_external_id(
    connection: Connection, source: str, external_ids: Sequence[str]
) -> dict[str, ImportedIdea]:
    """Return the ideas of a source that are kept, by external id."""
    query = select(*COLUMNS).where(
        imported_ideas.c.source == source, imported_ideas.c.external_id.in_(external_ids)
    )
    return {row["external_id"]: ImportedIdea(**row) for row in connection.execute(query).mappings()}


def find_idea(connection: Connection, idea_id: str, *, for_update: bool = False) -> ImportedIdea | None:
    """Return an imported idea, or None."""
    query = select(*COLUMNS).where(imported_ideas.c.idea_id == idea_id)
    row = connection.execute(query.with_for_update() if for_update else query).mappings().first()
    return None if row is None else ImportedIdea(**row)


def list_ideas(
    connection: Connection, wanted: ImportedFilter, *, limit: int, after: str = ""
) -> tuple[ImportedIdea, ...]:
    """Return up to ``limit`` ideas by id, those after ``after``."""
    query = select(*COLUMNS).where(imported_ideas.c.idea_id > after, *_matching(wanted))
    rows = connection.execute(query.order_by(imported_ideas.c.idea_id).limit(limit))
    return tuple(ImportedIdea(**row) for row in rows.mappings())


def list_external_ids(connection: Connection, source: str) -> Iterator[str]:
    """Yield the external id of each idea of a source that is not withdrawn, without holding them all."""
    query = select(imported_ideas.c.external_id).where(
        imported_ideas.c.source == source, imported_ideas.c.withdrawn_at.is_(None)
    )
    return iter(connection.execute(query, execution_options={"yield_per": AT_A_TIME}).scalars())


def read_offered(connection: Connection, now: datetime) -> Iterator[tuple[Idea, str]]:
    """Yield every idea that is neither withdrawn nor over, by id, with its content hash."""
    return _stream(connection, _offered(now))


def read_past(connection: Connection, now: datetime) -> Iterator[tuple[Idea, str]]:
    """Yield every idea that is withdrawn or over but that some couple was shown or has done; as above."""
    met = union(
        select(dates.c.idea_id).where(dates.c.idea_id.is_not(None)), select(suggestions.c.idea_id)
    ).subquery()
    return _stream(connection, ~_offered(now), imported_ideas.c.idea_id.in_(select(met.c.idea_id)))


def count_sources(connection: Connection, now: datetime) -> tuple[SourceCount, ...]:
    """Return the sources by name."""
    withdrawn = imported_ideas.c.withdrawn_at.is_not(None)
    over = and_(~withdrawn, ~_offered(now))
    to_review = and_(_offered(now), imported_ideas.c.reviewed_at.is_(None))
    conditions = (_offered(now), to_review, over, withdrawn)
    counts = [func.count().filter(condition) for condition in conditions]
    query = select(imported_ideas.c.source, *counts).group_by(imported_ideas.c.source)
    return tuple(SourceCount(*row) for row in connection.execute(query.order_by(imported_ideas.c.source)))


def withdraw(
    connection: Connection,
    source: str,
    external_ids: Sequence[str] | None,
    by: WithdrawnBy,
    at: datetime,
) -> int:
    """Withdraw ideas of a source, or all of them (None), and return how many were not withdrawn before."""
    statement = update(imported_ideas).where(
        imported_ideas.c.source == source, imported_ideas.c.withdrawn_at.is_(None)
    )
    if external_ids is not None:
        statement = statement.where(imported_ideas.c.external_id.in_(external_ids))
    return connection.execute(statement.values(withdrawn_at=at, withdrawn_by=by)).rowcount


def read_revision(connection: Connection) -> int:
    """Return how often the imported ideas have changed."""
    return connection.scalar(select(catalogue_revision.c.revision)) or 0


def bump_revision(connection: Connection) -> None:
    """Say that the imported ideas have changed; in the transaction that changes them."""
    statement = insert(connection, catalogue_revision).values(only=1, revision=1)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["only"], set_={"revision": catalogue_revision.c.revision + 1}
        )
    )


def _offered(now: datetime) -> ColumnElement[bool]:
    until = imported_ideas.c.exists_until
    return and_(imported_ideas.c.withdrawn_at.is_(None), or_(until.is_(None), until > now))


def _matching(wanted: ImportedFilter) -> Iterable[ColumnElement[bool]]:
    if wanted.source is not None:
        yield imported_ideas.c.source == wanted.source
    if wanted.to_review is not None:
        unseen = imported_ideas.c.reviewed_at.is_(None)
        yield unseen if wanted.to_review else ~unseen
    if wanted.withdrawn is not None:
        gone = imported_ideas.c.withdrawn_at.is_not(None)
        yield gone if wanted.withdrawn else ~gone


def _stream(connection: Connection, *where: ColumnElement[Any]) -> Iterator[tuple[Idea, str]]:
    query = select(imported_ideas.c.document, imported_ideas.c.content_hash)
    rows = connection.execute(
        query.where(*where).order_by(imported_ideas.c.idea_id), execution_options={"yield_per": AT_A_TIME}
    )
    # Ideas say much the same in their tags, and a catalogue is held for long: the same is held once.
    held: dict[tuple[str, ...], tuple[str, ...]] = {}
    for document, content_hash in rows:
        tags = {name: held.setdefault(values, values) for name, values in document.tags.items()}
        yield replace(document, tags=tags), content_hash

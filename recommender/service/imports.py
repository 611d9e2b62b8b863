"""Ideas from elsewhere, taken into the database: a preview first, and nothing written unless asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from pathlib import PurePath
from typing import IO, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from recommender.catalogue.faults import Fault
from recommender.catalogue.importers import (
    Broken,
    Completed,
    Draft,
    Intake,
    complete,
    format_of,
    is_complete,
    read_drafts,
    words_of,
)
from recommender.catalogue.likeness import alike
from recommender.catalogue.rules import impossible_tags
from recommender.catalogue.tagger import Tagged, Tagger, load_tagger
from recommender.domain import OUR_SOURCE, Idea
from recommender.errors import InvalidInput
from recommender.service.deployment import Deployment
from recommender.store import ideas as idea_store
from recommender.store.engine import reading, transaction
from recommender.store.ideas import ImportedIdea

BATCH = 500
"""Rows that are tagged and written at once: a write holds the database for a moment, never for an import."""

SHOWN = 50
"""Ideas that a report shows."""

COMPARED_MOST = 2000
"""New and changed ideas that are held against all others in a preview."""

FAULTS_MOST = 20_000
"""Faults that a report names; beyond, they are only counted."""

SOURCE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
SOURCE_MOST = 60

Became = Literal["new", "changed", "same", "withheld", "cancelled"]


@dataclass(frozen=True, slots=True)
class Shown:
    """An idea of the file, as it is or would be kept.

    Attributes
    ----------
    became : {"new", "changed"}
    confidence : Mapping[str, float]
        For each guessed facet how sure the guess is, 0 to 1.
    """

    line: int | None
    became: Became
    idea: Idea
    confidence: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or with ``applied`` false would do.

    Attributes
    ----------
    n_rows : int
        Rows read, broken ones too.
    n_broken : int
        Rows left out; ``faults`` says why.
    n_withheld : int
        Rows whose idea the operator has withdrawn; they stay withdrawn.
    n_withdrawn : int
        Ideas withdrawn because they are called off or, when replacing, gone from the file.
    n_to_review : int
        New and changed ideas with guessed tags.
    shown : tuple[Shown, ...]
        The first new and changed ideas.
    alike : tuple[Alike, ...]
        Which of the first new and changed ideas say nearly what another does.
    """

    source: str
    format: str
    applied: bool
    n_rows: int
    n_new: int
    n_changed: int
    n_same: int
    n_withheld: int
    n_broken: int
    n_withdrawn: int
    n_to_review: int
    faults: tuple[Fault, ...]
    shown: tuple[Shown, ...]
    alike: tuple[Alike, ...]


@dataclass(frozen=True, slots=True)
class Alike:
    """Two ideas that say nearly the same; ``likeness`` is the cosine of their TF-IDF vectors."""

    idea_id: str
    title: str
    like_id: str
    like_title: str
    likeness: float


@dataclass(frozen=True, slots=True)
class ImportOrder:
    """What is to be imported, and how.

    Attributes
    ----------
    file : str
        Its name, for messages.
    source : str or None
        What its catalogue is called here; None takes it from the file's name.
    format : str or None
        None takes it from the file's name.
    apply : bool
        Write; otherwise only say what would be written.
    replace : bool
        Withdraw the source's ideas that the file no longer names.
    time_zone : str
        Of times in the file that name none.
    """

    file: str
    source: str | None = None
    format: str | None = None
    apply: bool = False
    replace: bool = False
    time_zone: str = "UTC"


def import_ideas(
    deployment: Deployment,
    file: IO[bytes],
    order: ImportOrder,
    *,
    tagger: Tagger | None = None,
    progress: Callable[[int], None] = lambda _rows: None,
) -> ImportReport:
    """Return what importing a file did, or would do.

    Every row that can be read goes in, whatever is wrong with others. Each batch is a transaction of its own:
    an import that is cut short has taken in the batches before, and importing again takes in the rest. Ideas
    are told apart by source and by their own id, or their words where they have none.

    Parameters
    ----------
    tagger : Tagger or None
        What guesses missing facets; None means the one that ships, loaded when a row first needs it.
    progress : Callable
        Told how many rows were read since it was last told.

    Raises
    ------
    InvalidInput
        If source, format or time zone cannot be used, or the file is larger than its format allows.
    ModelError
        If facets are missing and there is no tagger to guess them.
    """
    source = _source(order)
    kind = order.format or format_of(order.file)
    intake = Intake(order.file, deployment.catalogue.taxonomy, _zone(order.time_zone), deployment.clock())
    run = _Run(deployment, order, source, intake, tagger)
    rows = read_drafts(file, kind, intake)
    while batch := list(islice(rows, BATCH)):
        run.take(batch)
        progress(len(batch))
    if order.replace:
        run.withdraw_missing()
    return run.report(kind)


@dataclass
class _Run:
    """One import on its way."""

    deployment: Deployment
    order: ImportOrder
    source: str
    intake: Intake
    tagger: Tagger | None
    seen: dict[str, int | None] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    texts: list[Idea] = field(default_factory=list)
    n_rows: int = 0
    n_broken: int = 0
    n_withdrawn: int = 0
    n_to_review: int = 0
    n_nameless: int = 0

    def take(self, batch: Sequence[Draft | Broken]) -> None:
        """Take a batch in: tell rows from faults, guess what is missing, and write if that is asked for."""
        drafts = [draft for each in batch for draft in self._readable(each)]
        with reading(self.deployment.engine) as connection:
            kept = idea_store.find_hashes(connection, self.source, [draft.key for draft in drafts])
        fresh = [draft for draft in drafts if self._is_fresh(draft, kept)]
        with reading(self.deployment.engine) as connection:
            before = idea_store.find_by_external_id(connection, self.source, [d.key for d in fresh])
        ideas = [
            idea
            for draft, tagged in zip(fresh, self._tagged(fresh), strict=True)
            for idea in self._idea(draft, tagged, before.get(draft.key))
        ]
        cancelled = [draft.key for draft in drafts if draft.cancelled and draft.key in kept]
        self._write(ideas, cancelled)

    def withdraw_missing(self) -> None:
        """Withdraw what the file no longer names; nothing if a row's name could not be read."""
        if self.n_nameless:
            return
        with reading(self.deployment.engine) as connection:
            named = idea_store.list_external_ids(connection, self.source)
            gone = [external_id for external_id in named if external_id not in self.seen]
        for start in range(0, len(gone), BATCH):
            self._write([], gone[start : start + BATCH])

    def report(self, kind: str) -> ImportReport:
        """Return what was done."""
        return ImportReport(
            source=self.source,
            format=kind,
            applied=self.order.apply,
            n_rows=self.n_rows,
            n_new=self.counts.get("new", 0),
            n_changed=self.counts.get("changed", 0),
            n_same=self.counts.get("same", 0),
            n_withheld=self.counts.get("withheld", 0),
            n_broken=self.n_broken,
            n_withdrawn=self.n_withdrawn,
            n_to_review=self.n_to_review,
            faults=tuple(self.faults),
            shown=tuple(self.shown),
            alike=() if self.order.apply else self._alike(),
        )

    def _alike(self) -> tuple[Alike, ...]:
        known = self.deployment.catalogue.ideas
        return tuple(
            Alike(idea.idea_id, idea.title, other.idea_id, other.title, likeness)
            for idea, other, likeness in alike(self.texts, known)
        )

    def _readable(self, row: Draft | Broken) -> Iterator[Draft]:
        self.n_rows += row.n_rows if isinstance(row, Broken) else 1
        if isinstance(row, Broken):
            self._break(row.faults, row.external_id, row.n_rows)
        elif row.key in self.seen:
            told = (
                f"{row.key[:60]!r} stands in the file twice",
                "give one of the two another id, or drop it",
            )
            self._break((self.intake.row(row.line).fault((), row.external_id, ("id",), *told),), row.key)
        else:
            self.seen[row.key] = row.line
            yield row

    def _break(self, faults: Sequence[Fault], external_id: str | None, n_rows: int = 1) -> None:
        self.n_broken += n_rows
        self.faults += faults[: max(FAULTS_MOST - len(self.faults), 0)]
        if external_id is None:
            self.n_nameless += n_rows
        else:
            self.seen.setdefault(external_id, None)

    def _is_fresh(self, draft: Draft, kept: Mapping[str, tuple[str, str | None]]) -> bool:
        """Return whether a draft says anything new, and count what it is otherwise."""
        content_hash, withdrawn_by = kept.get(draft.key, (None, None))
        if draft.cancelled:
            self._count("cancelled")
        elif withdrawn_by == "operator":
            self._count("withheld")
        elif content_hash == draft.content_hash and withdrawn_by is None:
            self._count("same")
        else:
            return True
        return False

    def _count(self, became: Became) -> None:
        self.counts[became] = self.counts.get(became, 0) + 1

    def _tagged(self, drafts: Sequence[Draft]) -> list[Tagged | None]:
        lacking = [at for at, draft in enumerate(drafts) if not is_complete(draft, self.intake.taxonomy)]
        tagged: list[Tagged | None] = [None] * len(drafts)
        if not lacking:
            return tagged
        if self.tagger is None:
            self.tagger = load_tagger()
        answers = self.tagger.tag([words_of(drafts[at]) for at in lacking])
        for at, answer in zip(lacking, answers, strict=True):
            tagged[at] = answer
        return tagged

    def _idea(
        self, draft: Draft, tagged: Tagged | None, before: ImportedIdea | None
    ) -> Iterator[ImportedIdea]:
        done = complete(draft, tagged, self.source, self.intake)
        if not isinstance(done, Completed):
            self._break(done, draft.key)
            return
        kept = imported(draft, done, self.intake.now)
        if before is not None:
            kept = _still_reviewed(kept, before)
        became: Became = "new" if before is None else "changed"
        self._count(became)
        self.n_to_review += kept.reviewed_at is None
        if len(self.shown) < SHOWN:
            self.shown.append(Shown(draft.line, became, kept.document, kept.confidence))
        if len(self.texts) < COMPARED_MOST:
            self.texts.append(kept.document)
        yield kept

    def _write(self, ideas: Sequence[ImportedIdea], gone: Sequence[str]) -> None:
        if not self.order.apply:
            self.n_withdrawn += len(gone)
            return
        if not ideas and not gone:
            return
        with transaction(self.deployment.engine) as connection:
            idea_store.put_ideas(connection, ideas)
            n_gone = idea_store.withdraw(connection, self.source, gone, "file", self.intake.now)
            if ideas or n_gone:
                idea_store.bump_revision(connection)
        self.n_withdrawn += n_gone


def imported(draft: Draft, done: Completed, now: datetime) -> ImportedIdea:
    """Return an idea as it is kept; one with nothing guessed needs no review."""
    spans = done.idea.spans
    return ImportedIdea(
        idea_id=done.idea.idea_id,
        source=done.idea.source,
        external_id=draft.key,
        document=done.idea,
        content_hash=draft.content_hash,
        confidence=done.confidence,
        imported_at=now,
        exists_from=min((span.starts for span in spans), default=None),
        exists_until=max((span.ends for span in spans), default=None),
        reviewed_at=None if done.idea.guessed else now,
    )


def _still_reviewed(kept: ImportedIdea, before: ImportedIdea) -> ImportedIdea:
    """Return an idea with the tags that a person confirmed, as long as its words are the same."""
    new, old = kept.document, before.document
    if before.reviewed_at is None or not new.guessed:
        return kept
    if (new.title, new.pitch, new.steps) != (old.title, old.pitch, old.steps):
        return kept
    tags = {**new.tags, **{name: old.tags[name] for name in new.guessed if name in old.tags}}
    cost = old.typical_cost if "cost" in new.guessed else new.typical_cost
    minutes = old.minutes if "duration" in new.guessed else new.minutes
    if any(impossible_tags(tags)):
        return kept
    document = replace(new, tags=tags, typical_cost=cost, minutes=minutes, guessed=())
    return replace(kept, document=document, confidence={}, reviewed_at=before.reviewed_at)


def _source(order: ImportOrder) -> str:
    """Return the name of the source: small letters, digits and hyphens.

    Raises
    ------
    InvalidInput
        If it cannot be used, or is that of the ideas that ship.
    """
    if order.source is None:
        name = re.sub(r"[^a-z0-9]+", "-", PurePath(order.file).stem.casefold()).strip("-")[:SOURCE_MOST]
    else:
        name = order.source
    if len(name) > SOURCE_MOST or not SOURCE.fullmatch(name) or name == OUR_SOURCE:
        raise InvalidInput(
            "source",
            f"{name[:80]!r} cannot be used; name the source in small letters and digits, joined by hyphens, "
            f"{SOURCE_MOST} at most, and not {OUR_SOURCE}",
        )
    return name


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput(
            "time_zone", f"{name[:60]!r} is not a time zone; write one like Europe/Madrid"
        ) from None

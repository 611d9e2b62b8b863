"""What a reader yields: drafts of ideas, and rows that could not be read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo
from functools import cached_property

from recommender.catalogue.documents import Document, Place
from recommender.catalogue.faults import Fault
from recommender.catalogue.taxonomy import Taxonomy
from recommender.domain import Span, Tags

HORIZON = timedelta(days=183)
"""How far ahead what recurs is written out; importing again later writes out more."""


@dataclass(frozen=True)
class Intake:
    """What reading a file depends on besides the file.

    Attributes
    ----------
    file : str
        Its name, for messages.
    zone : tzinfo
        Of times that name none.
    now : datetime
        Aware; what was over by then is left out.
    """

    file: str
    taxonomy: Taxonomy
    zone: tzinfo
    now: datetime
    horizon: timedelta = HORIZON

    @cached_property
    def vocabulary(self) -> Mapping[str, frozenset[str]]:
        """The values of every facet, for a quick look."""
        return {name: frozenset(facet.names) for name, facet in self.taxonomy.facets.items()}

    def row(self, line: int | None) -> Document:
        """Return a row that stands at a line, as something to name faults in."""
        return Document(self.file, None, {} if line is None else {(): line}, [])

    def broken(self, line: int | None, name: str, problem: str, remedy: str) -> Broken:
        """Return what is wrong at a line, where no row can be told."""
        return Broken(None, (Fault(self.file, line, None, name, problem, remedy),))

    def remark(self, line: int | None, name: str, problem: str, remedy: str) -> Broken:
        """Return what is wrong with the file but with none of its rows."""
        return replace(self.broken(line, name, problem, remedy), n_rows=0)


@dataclass(frozen=True, slots=True)
class Draft:
    """An idea as its source tells it: what is missing is left empty.

    Attributes
    ----------
    line : int or None
        Where it stands in its file, from 1.
    external_id : str or None
        What the source calls it.
    tags : Mapping[str, tuple[str, ...]]
        The facets that the source states.
    spans : tuple[Span, ...]
        When it exists, by start; empty means always.
    cancelled : bool
        The source says that it does not take place after all.
    """

    line: int | None
    external_id: str | None
    title: str
    pitch: str = ""
    steps: tuple[str, ...] = ()
    typical_cost: float | None = None
    minutes: int | None = None
    tags: Tags = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    plan_b: str = ""
    light: str = ""
    deeper: str = ""
    consent_note: str | None = None
    safety: str | None = None
    spans: tuple[Span, ...] = ()
    cancelled: bool = False

    @property
    def key(self) -> str:
        """What tells it from others of its source: its own id, or else a hash of its title and pitch."""
        if self.external_id is not None:
            return self.external_id
        return "words:" + hashlib.sha256(f"{self.title}\0{self.pitch}".encode()).hexdigest()[:32]

    @property
    def content_hash(self) -> str:
        """SHA-256 of everything the source says; neither its line nor the order of its tags counts."""
        said = replace(self, line=None, tags={name: tuple(sorted(self.tags[name])) for name in self.tags})
        parts = {name: getattr(said, name) for name in self.__slots__}
        parts["spans"] = [(span.starts.timestamp(), span.ends.timestamp()) for span in self.spans]
        return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Broken:
    """A row that cannot become an idea, or a file that cannot be read on.

    Attributes
    ----------
    external_id : str or None
        What the source calls it, if that much could be read.
    n_rows : int
        Rows that are lost by it.
    """

    external_id: str | None
    faults: tuple[Fault, ...]
    n_rows: int = 1


def broken_row(
    row: Document, at: Place, external_id: str | None, name: Place, said: tuple[str, str]
) -> Broken:
    """Return a row with one fault: what is wrong, and what to do."""
    return Broken(external_id, (row.fault((*at, *name), external_id, name, *said),))

"""The words that describe an idea: facets and their values."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, ValidationError

from recommender.catalogue.documents import Row, read_document, shape_faults
from recommender.catalogue.faults import Fault, raise_faults

Kind = Literal["ordinal", "single", "multi"]
Tier = Literal["filter", "gate", "ranking"]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a facet: a tag. ``label`` is what a person reads, ``means`` what an author goes by."""

    name: str
    label: str
    means: str


@dataclass(frozen=True)
class Facet:
    """One dimension of the taxonomy.

    Attributes
    ----------
    kind : {"ordinal", "single", "multi"}
        One value in order (least demanding first), one value, or one or more.
    tier : {"filter", "gate", "ranking"}
        Shared limit, private boundary, or taste.
    values : tuple[Value, ...]
        In the taxonomy's order.
    """

    name: str
    kind: Kind
    tier: Tier
    means: str
    values: tuple[Value, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of its values, in order."""
        return tuple(value.name for value in self.values)

    def rank(self, value: str) -> int:
        """Return the position of ``value``, from 0.

        Raises
        ------
        ValueError
            If the facet has no such value.
        """
        return self.names.index(value)


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """All facets, by name, in order."""

    version: int
    facets: Mapping[str, Facet]

    @property
    def content_hash(self) -> str:
        """SHA-256 of canonical JSON; the order of facets and values counts."""
        content = [self.version, [asdict(facet) for facet in self.facets.values()]]
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


class _ValueRow(Row):
    label: Text
    means: Text


class _FacetRow(Row):
    kind: Kind
    tier: Tier
    means: Text
    values: Annotated[dict[Word, _ValueRow], Field(min_length=2)]


class _TaxonomyRow(Row):
    version: Annotated[int, Field(ge=1)]
    facets: Annotated[dict[Word, _FacetRow], Field(min_length=1)]


def load_taxonomy(path: Path) -> Taxonomy:
    """Return the taxonomy in a YAML file.

    Raises
    ------
    CatalogueError
        If it cannot be read or does not have the form; the message names line and field.
    """
    taxonomy, faults = read_taxonomy(path)
    raise_faults(faults)
    assert taxonomy is not None  # no fault, hence read
    return taxonomy


def read_taxonomy(path: Path) -> tuple[Taxonomy | None, list[Fault]]:
    """Return the taxonomy in a YAML file, or None, and every fault found."""
    document = read_document(path)
    if document.faults:
        return None, document.faults
    try:
        row = _TaxonomyRow.model_validate(document.content)
    except ValidationError as error:
        return None, shape_faults(document, error, (), None)
    taxonomy = Taxonomy(row.version, {name: _facet(name, facet) for name, facet in row.facets.items()})
    return taxonomy, []


def lost_words(taxonomy: Taxonomy, standard: Taxonomy, file: str) -> list[Fault]:
    """Return a fault for each facet of ``standard`` that another taxonomy lacks or has changed.

    Limits, seasons and boundaries speak of facets and values by name, so a taxonomy may add to them
    but must keep those of the standard one, with their kind, tier and order.
    """
    return [
        Fault(file, None, None, f"facets.{name}", "is not as Rekindle relies on it", _keep(facet))
        for name, facet in standard.facets.items()
        if not _keeps(taxonomy.facets.get(name), facet)
    ]


COST_BANDS = (("free", 0.0), ("low", 15.0), ("mid", 40.0), ("high", 100.0), ("splurge", float("inf")))
"""Upper ends, inclusive, of the tags of ``cost``: for two, in units of about one euro or dollar."""

DURATION_BANDS = (
    ("micro", 20.0),
    ("short", 60.0),
    ("evening", 180.0),
    ("half_day", 300.0),
    ("day", 720.0),
    ("overnight", float("inf")),
)
"""Upper ends, inclusive, of the tags of ``duration``, in minutes."""

DERIVED = {"cost": COST_BANDS, "duration": DURATION_BANDS}
"""Facets that nobody tags: they follow from an idea's numbers."""


def band(bands: tuple[tuple[str, float], ...], amount: float) -> str:
    """Return the first band whose upper end is not below ``amount``.

    Examples
    --------
    >>> band(COST_BANDS, 15), band(DURATION_BANDS, 61)
    ('low', 'evening')
    """
    return next(name for name, upper in bands if amount <= upper)


def _facet(name: str, row: _FacetRow) -> Facet:
    values = tuple(Value(value, word.label, word.means) for value, word in row.values.items())
    return Facet(name, row.kind, row.tier, row.means, values)


def _keeps(facet: Facet | None, standard: Facet) -> bool:
    if facet is None or (facet.kind, facet.tier) != (standard.kind, standard.tier):
        return False
    return tuple(name for name in facet.names if name in standard.names) == standard.names


def _keep(standard: Facet) -> str:
    values = ", ".join(standard.names)
    return f"make it {standard.kind}, a {standard.tier}, with {values} in this order; others may be added"

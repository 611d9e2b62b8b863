"""Hand-written lists of words for tags: facet, value, then words and phrases with commas between them."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from recommender.catalogue.documents import Row, read_document, shape_faults
from recommender.catalogue.faults import raise_faults
from recommender.catalogue.tags import unknown_tags
from recommender.catalogue.taxonomy import Taxonomy

Listed = dict[str, dict[str, str]]
"""Facet → value → words and phrases with commas between them, as the file has them."""

ListedRow = TypeVar("ListedRow", bound=Row)


def read_listed(path: Path, kind: type[ListedRow], taxonomy: Taxonomy) -> ListedRow:
    """Return the row that a YAML file holds; its fields that are ``Listed`` speak of tags.

    Raises
    ------
    CatalogueError
        If it cannot be read, is of another form, or names a tag that the taxonomy does not have.
    """
    document = read_document(path)
    raise_faults(document.faults)
    try:
        row = kind.model_validate(document.content)
    except ValidationError as error:
        raise_faults(shape_faults(document, error, (), None))
        raise  # every validation error is a fault
    raise_faults(
        [
            document.fault((part, found.facet), None, (part, found.facet), found.problem, found.remedy)
            for part, listed in row
            if isinstance(listed, dict)
            for found in unknown_tags({facet: list(values) for facet, values in listed.items()}, taxonomy)
        ]
    )
    return row

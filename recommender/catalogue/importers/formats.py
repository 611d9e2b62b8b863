"""The formats that ideas come in, by name, by file name and by media type."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePath
from typing import IO

from recommender.catalogue.importers.calendars import read_ics
from recommender.catalogue.importers.drafts import Broken, Draft, Intake
from recommender.catalogue.importers.linked import read_html, read_jsonld
from recommender.catalogue.importers.objects import read_json, read_yaml
from recommender.catalogue.importers.tables import read_csv
from recommender.errors import InvalidInput

Reader = Callable[[IO[bytes], Intake], Iterator[Draft | Broken]]

FORMATS: Mapping[str, Reader] = {
    "csv": read_csv,
    "json": read_json,
    "yaml": read_yaml,
    "jsonld": read_jsonld,
    "html": read_html,
    "ics": read_ics,
}

MEDIA_TYPES: Mapping[str, str] = {
    "text/csv": "csv",
    "application/json": "json",
    "application/yaml": "yaml",
    "application/ld+json": "jsonld",
    "text/html": "html",
    "text/calendar": "ics",
}
SUFFIXES = {"yml": "yaml", "tsv": "csv", "jsonl": "json", "ndjson": "json", "htm": "html", "ical": "ics"}


def format_of(file: str) -> str:
    """Return the format that a file's name tells.

    Raises
    ------
    InvalidInput
        If it tells none.
    """
    suffix = PurePath(file).suffix.casefold().removeprefix(".")
    kind = SUFFIXES.get(suffix, suffix)
    if kind not in FORMATS:
        raise InvalidInput(file, f"does not tell its format; name one of {', '.join(FORMATS)} with --format")
    return kind


def read_drafts(file: IO[bytes], kind: str, intake: Intake) -> Iterator[Draft | Broken]:
    """Yield what a file in a format holds, a row at a time."""
    return FORMATS[kind](file, intake)

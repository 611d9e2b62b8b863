"""Texts to tag, from plain lines or from documents of ideas, whole or in part."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from recommender.catalogue.documents import read_document
from recommender.catalogue.faults import raise_faults
from recommender.catalogue.tagger.texts import IdeaText
from recommender.catalogue.tags import tag_names
from recommender.errors import InvalidInput

Part = Annotated[str, StringConstraints(strip_whitespace=True)]

_BULLET = re.compile(r"^\s*(?:[-*•–]|\d{1,4}[.)])\s+")


class _TextRow(BaseModel):
    """The fields of an idea that the tagger reads; any other may be there as well."""

    model_config = ConfigDict(extra="ignore")

    title: Part = ""
    pitch: Part = ""
    steps: tuple[Part, ...] = ()
    typical_cost: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    minutes: Annotated[int, Field(ge=1)] | None = None
    tags: dict[str, object] = {}


def read_texts(path: Path) -> tuple[IdeaText, ...]:
    """Return the ideas in a file: documents in ``.yaml``, ``.yml`` and ``.json``, else one idea a line.

    Raises
    ------
    CatalogueError
        If it is no YAML; the message names the line.
    InvalidInput
        If it is no UTF-8, no JSON, or an entry does not have the form.
    """
    if path.suffix in {".yaml", ".yml"}:
        document = read_document(path)
        raise_faults(document.faults)
        return _documents(str(path), document.content)
    try:
        content = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InvalidInput(str(path), "is not UTF-8 text; save it with UTF-8 encoding") from None
    return parse_texts(str(path), content, as_json=path.suffix == ".json")


def parse_texts(name: str, content: str, *, as_json: bool = False) -> tuple[IdeaText, ...]:
    r"""Return the ideas in JSON, or in lines of text; bullets and numbers before a line are left out.

    Parameters
    ----------
    as_json : bool
        Whether it must be JSON; what begins like a list or an object is taken for JSON all the same.

    Examples
    --------
    >>> [text.title for text in parse_texts("list", "1. Go bowling\n\n2. Bake bread")]
    ['Go bowling', 'Bake bread']
    """
    if not as_json and content.lstrip()[:1] not in ("[", "{"):
        lines = (_BULLET.sub("", line).strip() for line in content.splitlines())
        return tuple(IdeaText(line) for line in lines if line)
    try:
        return _documents(name, json.loads(content))
    except (ValueError, RecursionError) as error:
        raise InvalidInput(name, f"is not JSON ({error})") from error


def _documents(name: str, content: object) -> tuple[IdeaText, ...]:
    entries = content if isinstance(content, list) else [content]
    return tuple(_document(f"{name}, entry {number}", entry) for number, entry in enumerate(entries, start=1))


def _document(name: str, entry: object) -> IdeaText:
    if not isinstance(entry, dict):
        raise InvalidInput(name, "is not an idea; write it as fields, title: … first")
    try:
        row = _TextRow.model_validate(entry)
    except ValidationError as error:
        detail = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in detail["loc"])
        raise InvalidInput(f"{name}, {field}", detail["msg"]) from error
    given = {facet: tag_names(values) for facet, values in row.tags.items()}
    text = IdeaText(row.title, row.pitch, row.steps, row.typical_cost, row.minutes, given)
    if not any(text.parts):
        raise InvalidInput(name, "has no words; give it at least a title, a pitch or steps")
    return text


def titles(texts: Sequence[IdeaText]) -> tuple[str, ...]:
    """Return what to call each text: its title, or else how it begins."""
    return tuple(text.title or next(part for part in text.parts if part)[:60] for text in texts)

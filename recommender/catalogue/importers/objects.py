"""JSON and YAML: our own idea documents, whole or in part."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import IO, NoReturn

from recommender.catalogue.documents import read_text
from recommender.catalogue.importers.drafts import Broken, Draft, Intake
from recommender.catalogue.importers.limits import read_whole
from recommender.catalogue.importers.rows import draft_of

BLANK = " \t\r\n"


def read_yaml(file: IO[bytes], intake: Intake) -> Iterator[Draft | Broken]:
    """Yield each idea of a YAML list in the form of our own files; all but the title may be missing."""
    document = read_text(read_whole(file, intake.file, "yaml"), intake.file)
    content = document.content
    if document.faults:
        yield Broken(None, tuple(document.faults))
    if content is None:
        return
    rows, before = _rows_in(content)
    if rows is None:
        yield intake.broken(1, "", "is not a list of ideas", "write ideas as a list: - title: …")
        return
    for number, row in enumerate(rows):
        yield draft_of(intake, document, (*before, number), row)


def read_json(file: IO[bytes], intake: Intake) -> Iterator[Draft | Broken]:
    """Yield each idea of a JSON list, of an object with a list ``ideas``, or of one object a line."""
    for line, value in json_values(read_whole(file, intake.file, "json"), intake):
        if isinstance(value, Broken):
            yield value
            continue
        rows, _ = _rows_in(value)
        for row in (value,) if rows is None else rows:
            yield draft_of(intake, intake.row(line), (), row)


def json_values(data: bytes, intake: Intake) -> Iterator[tuple[int, object]]:
    """Yield each element of a JSON list, or each of the values that follow each other, with its line.

    The text is held whole, but of the values never more than one. Where it cannot be read on, a `Broken`
    takes the place of the value.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        yield 1, intake.broken(1, "", "is not UTF-8 text", "save it with UTF-8 encoding")
        return
    at = _after(text, 0, BLANK)
    listed = text[at : at + 1] == "["
    between = BLANK + "," if listed else BLANK
    at = _after(text, at + listed, between)
    line, counted = 1, 0
    while at < len(text) and not (listed and text[at] == "]"):
        line, counted = line + text.count("\n", counted, at), at
        try:
            value, at = DECODER.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            yield line, _unreadable(intake, line, error)
            return
        yield line, value
        at = _after(text, at, between)
    if listed and at >= len(text):
        line += text.count("\n", counted)
        yield line, intake.broken(line, "", "ends within its list", "end the list with ]")


def _rows_in(content: object) -> tuple[list[object] | None, tuple[str, ...]]:
    """Return the list of rows, and what leads to it; None if there is no list."""
    if isinstance(content, list):
        return content, ()
    if isinstance(content, dict) and isinstance(content.get("ideas"), list):
        return content["ideas"], ("ideas",)
    return None, ()


def _unreadable(intake: Intake, line: int, error: Exception) -> Broken:
    if isinstance(error, RecursionError):
        return intake.broken(line, "", "is nested too deep", "write ideas as fields of one level")
    if isinstance(error, json.JSONDecodeError):
        return intake.broken(
            error.lineno, "", f"is not valid JSON ({error.msg})", "mend it; nothing after it was read"
        )
    return intake.broken(line, "", f"holds a number that cannot be used ({error})", "write a usual number")


def _after(text: str, at: int, letters: str) -> int:
    while at < len(text) and text[at] in letters:
        at += 1
    return at


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


DECODER = json.JSONDecoder(parse_constant=_no_constant)

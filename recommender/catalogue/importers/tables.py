"""CSV: a header line with the names of fields, then one idea a row."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import IO

from recommender.catalogue.importers.drafts import Broken, Draft, Intake
from recommender.catalogue.importers.limits import LINE_MOST, read_line
from recommender.catalogue.importers.rows import FIELDS, draft_of
from recommender.catalogue.taxonomy import DERIVED

ALSO = {"name": "title", "description": "pitch", "cost": "typical_cost", "external_id": "id"}
"""Other names that lists use for our fields."""

NUMBERS: Mapping[str, type[int] | type[float]] = {"typical_cost": float, "minutes": int}
PROMPTS = {"light": "light", "deeper": "deeper", "prompt_light": "light", "prompt_deeper": "deeper"}
BETWEEN = ",;|"
VERSIONS = "versions."


def read_csv(file: IO[bytes], intake: Intake) -> Iterator[Draft | Broken]:
    """Yield each row of a CSV file as a draft; several tags or steps of one field stand between ``|``.

    Columns are the fields of an idea, the facets (``touch`` or ``tags.touch``), ``versions.quiet`` and its
    like, ``light`` and ``deeper``. Fields stand between commas, semicolons or tabs, whichever the header has.
    """
    lines = _Lines(file)
    header = _decoded(next(lines.raw(), b"").removeprefix(b"\xef\xbb\xbf"))
    if header is None or not header.strip():
        yield intake.broken(
            1, "", "has no header", "write the names of the fields on the first line, in UTF-8"
        )
        return
    separator = max(",;\t", key=header.count)
    try:
        names = next(csv.reader([header], delimiter=separator))
    except csv.Error as error:
        yield intake.broken(1, "", _said(error), "mend the first line, which names the fields")
        return
    columns, unknown = _columns(names, intake)
    yield from unknown
    if "title" not in columns:
        yield intake.broken(1, "title", "is no column", "name the column with the ideas' titles title")
        return
    yield from _rows(lines, separator, columns, intake)


def _rows(lines: _Lines, separator: str, columns: Sequence[str], intake: Intake) -> Iterator[Draft | Broken]:
    # strict: a stray quote is told, instead of swallowing the rows after it in silence.
    reader = csv.reader(lines, delimiter=separator, strict=True)
    while True:
        first = lines.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (csv.Error, UnicodeDecodeError, ValueError) as error:
            yield intake.broken(first, "", _said(error), "mend the row; others are read all the same")
            reader = csv.reader(lines, delimiter=separator, strict=True)
            continue
        if any(cell.strip() for cell in cells):
            yield _row(cells, columns, intake, first)


def _row(cells: Sequence[str], columns: Sequence[str], intake: Intake, line: int) -> Draft | Broken:
    if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
        problem = f"has {len(cells)} fields where the header has {len(columns)}"
        return intake.broken(line, "", problem, 'put fields that hold the separator in "quotes"')
    said: dict[str, object] = {}
    for name, cell in zip(columns, cells, strict=False):
        if cell.strip() and name:
            _put(said, name, cell.strip(), intake)
    return draft_of(intake, intake.row(line), (), said)


def _put(said: dict[str, object], name: str, cell: str, intake: Intake) -> None:
    """Put the text of a cell where the field of that name belongs, as the type it has."""
    if name in NUMBERS:
        said[name] = _number(cell, NUMBERS[name])
    elif name == "steps":
        said[name] = [step.strip() for step in cell.replace("\n", "|").split("|") if step.strip()]
    elif name in PROMPTS:
        _under(said, "prompts")[PROMPTS[name]] = cell
    elif name.startswith(VERSIONS):
        _under(said, "versions")[name.removeprefix(VERSIONS)] = cell
    elif name in intake.taxonomy.facets:
        several = intake.taxonomy.facets[name].kind == "multi"
        _under(said, "tags")[name] = _values(cell) if several else cell
    else:
        said[name] = cell


def _under(said: dict[str, object], name: str) -> dict[str, object]:
    inner = said.setdefault(name, {})
    assert isinstance(inner, dict)  # made here and nowhere else
    return inner


def _values(cell: str) -> list[str]:
    for separator in BETWEEN:
        cell = cell.replace(separator, " ")
    return cell.split()


def _number(cell: str, kind: type[int] | type[float]) -> object:
    """Return a number; what is none stays text, so that the fault can name it."""
    try:
        number = float(cell)
    except ValueError:
        return cell
    return int(number) if kind is int and number.is_integer() else number


def _columns(header: Sequence[str], intake: Intake) -> tuple[list[str], list[Broken]]:
    """Return the field of each column, empty for those we do not know, and a fault for each of these."""
    facets = [name for name in intake.taxonomy.facets if name not in DERIVED]
    known = {*FIELDS - {"tags", "versions", "prompts"}, *PROMPTS, *facets}
    columns, faults = [], []
    for written in header:
        name = written.strip().casefold().removeprefix("tags.")
        name = ALSO.get(name, name)
        if name in columns and name:
            faults.append(intake.remark(1, name, "is the name of two columns", "keep one of the two"))
            name = ""
        elif name and name not in known and not name.startswith(VERSIONS):
            close = get_close_matches(name, known, n=1)
            remedy = f"did you mean {close[0]!r}?" if close else "remove the column; it is passed over"
            faults.append(intake.remark(1, written.strip()[:60], "is not a field we know", remedy))
            name = ""
        columns.append(name)
    return columns, faults


def _said(error: Exception) -> str:
    return str(error) if type(error) is ValueError else f"is not CSV ({error})"


def _decoded(line: bytes) -> str | None:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return None


class _Lines:
    """The lines of a file as text, counted; one that cannot be read raises ValueError and is passed."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.number = 0

    def raw(self) -> Iterator[bytes]:
        """Yield the lines as bytes."""
        while line := read_line(self.file)[0]:
            self.number += 1
            yield line

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line, whole = read_line(self.file)
        if not line:
            raise StopIteration
        self.number += 1
        if not whole:
            raise ValueError(f"holds more than {LINE_MOST} bytes on one line")
        text = _decoded(line)
        if text is None:
            raise ValueError("is not UTF-8 text")
        return text

"""YAML files read into plain values, remembering on which line each stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from yaml.constructor import SafeConstructor

from recommender.catalogue.faults import Fault

# The C parser reads a whole catalogue in a tenth of a second; PyYAML is sometimes built without it.
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Place = tuple[str | int, ...]
"""Keys and positions that lead to a value, such as ``(3, "tags", "touch")``."""

DEPTH_MOST = 100
"""Levels of nesting; an idea has four."""

HARMLESS = 10_000
"""Levels that no parser minds."""

_TEXT = "tag:yaml.org,2002:str"


class Row(BaseModel):
    """Fields as they stand in a file: nothing is converted, nothing unknown is let through."""

    model_config = ConfigDict(strict=True, extra="forbid")


@dataclass(frozen=True, slots=True)
class Document:
    """A file's content.

    Attributes
    ----------
    content : object
        Dicts, lists and scalars; None if the file could not be read.
    lines : Mapping[Place, int]
        The line of every value, counted from 1.
    faults : list[Fault]
        What kept it from being read, such as a key given twice.
    """

    file: str
    content: object
    lines: Mapping[Place, int]
    faults: list[Fault]

    def line(self, place: Place) -> int | None:
        """Return the line of the value at ``place``, or of the nearest value around it."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place)

    def fault(self, place: Place, idea_id: str | None, name: Place, problem: str, remedy: str) -> Fault:
        """Return a fault at ``place``, whose field is called ``name``."""
        field_name = ".".join(str(part) for part in name)
        return Fault(self.file, self.line(place), idea_id, field_name, problem, remedy)


def read_document(path: Path) -> Document:
    """Return the content of a YAML file; whatever is wrong with it is among its faults."""
    try:
        data = path.read_bytes()
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
        remedy = "put the file there, readable; the one that ships shows its form"
        return _unread(str(path), None, problem, remedy)
    return read_text(data, str(path))


def read_text(data: bytes, file: str) -> Document:
    """Return the content of YAML in UTF-8; whatever is wrong with it is among its faults.

    Parameters
    ----------
    file : str
        Its name, for faults.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _unread(file, None, "is not UTF-8 text", "save it with UTF-8 encoding")
    reader = _Reader(file)
    try:
        if _too_deep(text):
            return _unread(file, None, f"is nested more than {DEPTH_MOST} deep", "write it flatter")
        node = yaml.compose(text, Loader=Loader)
        content = None if node is None else reader.value(node, ())
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        return _unread(file, error, "is not valid YAML" + _said(error), "mend the YAML at or above this line")
    return Document(file, content, reader.lines, reader.faults)


def _too_deep(text: str) -> bool:
    """Return whether a text is nested so deep that PyYAML's C parser, which recurses, would crash.

    Counting levels takes as long as reading does, so a look at the text comes first: each level of a flow
    has a bracket of its own, and each level of a block stands at least one column further in.
    """
    flows = text.count("[") + text.count("{")
    widest = max(map(len, text.splitlines()), default=0)
    if flows + 2 * widest <= HARMLESS:
        return False
    depth = 0
    for event in yaml.parse(text, Loader=Loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEPTH_MOST:
            return True
    return False


def shape_faults(document: Document, error: ValidationError, at: Place, idea_id: str | None) -> list[Fault]:
    """Return what pydantic found in the entry at ``at``, as faults in plain words."""
    found = []
    for detail in error.errors(include_url=False):
        name = tuple(part for part in detail["loc"] if part != "[key]")
        problem, remedy = _in_words(detail["type"], detail["msg"], detail["input"])
        found.append(document.fault((*at, *name), idea_id, name, problem, remedy))
    return found


def _in_words(kind: str, message: str, value: object) -> tuple[str, str]:
    if kind == "missing":
        return "is missing", "add it"
    if kind == "extra_forbidden":
        return "is not a field we know", "remove it, or correct its spelling"
    if kind == "string_type":
        return (
            f"{_short(value)} is not text",
            'write text, in "quotes" if YAML takes it for something else',
        )
    if kind == "string_pattern_mismatch":
        joint = "hyphens" if "(-" in message else "underscores"
        return f"{_short(value)} does not fit", f"use small letters and digits, joined by {joint}"
    if kind == "model_type":
        return f"{_short(value)} is not a set of fields", "write it as fields, one name: value each"
    return f"{_short(value)} does not fit", message[0].lower() + message[1:]


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _said(error: Exception) -> str:
    problem = getattr(error, "problem", None)
    return f" ({problem})" if problem else ""


def _unread(file: str, error: Exception | None, problem: str, remedy: str) -> Document:
    mark = getattr(error, "problem_mark", None)
    line = None if mark is None else mark.line + 1
    return Document(file, None, {}, [Fault(file, line, None, "", problem, remedy)])


@dataclass(slots=True)
class _Reader:
    """Turns nodes into values, each collection once."""

    file: str
    lines: dict[Place, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)
    scalars: SafeConstructor = field(default_factory=SafeConstructor)

    def value(self, node: yaml.Node, at: Place) -> object:
        self.lines.setdefault(at, node.start_mark.line + 1)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, at)
        if id(node) in self.seen:
            self._refuse(node, at, "repeats a part by an anchor (&, *)", "write the part out")
            return None
        self.seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child, (*at, number)) for number, child in enumerate(node.value)]
        return self._mapping(node, at)

    def _scalar(self, node: yaml.ScalarNode, at: Place) -> object:
        if node.tag == _TEXT:
            return node.value
        try:
            return self.scalars.construct_object(node)
        except (yaml.YAMLError, ValueError):
            self._refuse(node, at, f"{node.value!r} cannot be read", 'put it in "quotes"')
            return None

    def _mapping(self, node: yaml.Node, at: Place) -> dict[str, object]:
        content: dict[str, object] = {}
        for key, child in node.value:
            name = str(getattr(key, "value", "?"))
            if name in content:
                self._refuse(key, (*at, name), "is given twice", "keep one of the two")
                continue
            self.lines[*at, name] = key.start_mark.line + 1
            content[name] = self.value(child, (*at, name))
        return content

    def _refuse(self, node: yaml.Node, at: Place, problem: str, remedy: str) -> None:
        name = ".".join(str(part) for part in at)
        self.faults.append(Fault(self.file, node.start_mark.line + 1, None, name, problem, remedy))

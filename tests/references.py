"""``python -m tests.references``: write ``docs/reference/``, each page from the code or data it is about."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from inspect import getdoc
from pathlib import Path
from typing import Any

import click

import recommender.cli
from api.openapi import build_document
from api.problems import KINDS
from api.routes import ROUTES
from recommender.catalogue.library import load_catalogue
from recommender.catalogue.taxonomy import Facet
from recommender.service.settings import variables
from tests.record import RECORD

FOLDER = Path(__file__).parent.parent / "docs" / "reference"
COLUMNS = 100
CALLERS = {
    "none": "anyone",
    "optional": "anyone, or the operator",
    "partner": "a partner",
    "operator": "the operator",
}
KINDS_OF_FACET = {
    "ordinal": "one value, the least demanding first",
    "single": "one value",
    "multi": "one value or more",
}
TIERS = {
    "filter": "a limit that the two share",
    "gate": "what a partner's private boundaries speak of",
    "ranking": "taste",
}
WORDS = {
    "answers": "object of a question's id to an answer",
    "idea": "an idea's id",
    "tag": "facet:tag",
    "tags": "object of a facet to a list of its tags",
    "time_zone": "an IANA time zone",
}
BOUNDS = {
    "minimum": "from {}",
    "exclusiveMinimum": "above {}",
    "maximum": "to {}",
    "minLength": "{} characters or more",
    "maxLength": "at most {} characters",
    "minItems": "{} or more",
    "maxItems": "at most {}",
}


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    r"""Return a Markdown table; what would end a cell is escaped.

    Examples
    --------
    >>> print(table(["a", "b"], [["1|2", "3"]]))
    | a | b |
    |---|---|
    | 1\|2 | 3 |
    """
    head = list(head)
    lines = [head, *([" ".join(cell.split()).replace("|", "\\|") for cell in row] for row in rows)]
    written = [f"| {' | '.join(line)} |" for line in lines]
    return "\n".join((written[0], "|---" * len(head) + "|", *written[1:]))


def settings() -> str:
    """Return the page of settings."""
    rows = ([f"`{one.name}`", one.default, one.means] for one in variables())
    return _page(
        "Settings",
        "Read from the environment, once, when a command or the service starts. An empty variable counts as "
        "one that is not set; a value that cannot be used is named, and nothing starts.",
        table(["variable", "default", "what it does"], rows),
    )


def cli() -> str:
    """Return the page of commands: what each one's ``--help`` says."""
    told = (f"## {context.command_path}\n\n```text\n{context.get_help()}\n```" for context in _contexts())
    return _page(
        "The command line",
        "What `--help` says of each command.",
        (getdoc(recommender.cli) or "").partition("\n\n")[2],
        *told,
    )


def _contexts() -> Iterator[click.Context]:
    main = recommender.cli.main
    top = click.Context(main, info_name="rekindle", terminal_width=COLUMNS, **main.context_settings)
    waiting = [top]
    while waiting:
        context = waiting.pop(0)
        yield context
        if isinstance(context.command, click.Group):
            members = context.command.commands
            below = [click.Context(members[n], info_name=n, parent=context) for n in sorted(members)]
            waiting[:0] = below


def taxonomy() -> str:
    """Return the page of facets and tags of the catalogue that comes along."""
    facets = load_catalogue().taxonomy.facets.values()
    n_tags = sum(len(facet.values) for facet in facets)
    return _page(
        "The taxonomy",
        f"The {len(facets)} facets that describe an idea and their {n_tags} tags, from `data/taxonomy.yaml`. "
        "The label is what a person reads, the meaning what an author goes by.",
        *map(_facet, facets),
    )


def _facet(facet: Facet) -> str:
    rows = ([f"`{value.name}`", value.label, value.means] for value in facet.values)
    kind = f"Takes {KINDS_OF_FACET[facet.kind]}; serves as {TIERS[facet.tier]}."
    return f"## {facet.name}\n\n{facet.means} {kind}\n\n{table(['tag', 'label', 'meaning'], rows)}"


def api() -> str:
    """Return the page of routes, problems and everything that is sent or answered."""
    document = build_document(ROUTES, _Words(), "")
    groups: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            (group,) = operation["tags"]
            groups.setdefault(group, []).append(_operation(method.upper(), path, operation))
    problems = ([f"`{kind.slug}`", str(status), kind.means] for status, kind in KINDS.items())
    schemas = document["components"]["schemas"]
    return _page(
        "The API",
        "Every route, and everything that is sent or answered. How to use it, with examples, is in "
        "[the guide](../api.md). A running service tells the same at `/docs` and, for programs and with the "
        "words of its own catalogue, at `/openapi.json`.",
        *(f"## {group.capitalize()}\n\n" + "\n\n".join(told) for group, told in groups.items()),
        "## Problems\n\nEvery error is a [ProblemBody](#problembody) as `application/problem+json`.",
        table(["kind", "status", "meaning"], problems),
        "## What is sent and answered",
        *(_schema(name, schemas[name]) for name in sorted(schemas)),
    )


class _Words(dict[str, dict[str, Any]]):
    """Stands for the vocabularies of any deployment: each is told by its name."""

    def __missing__(self, name: str) -> dict[str, Any]:
        return {"words": name}


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> str:
    caller = CALLERS[next(route.auth for route in ROUTES if route.name == operation["operationId"])]
    status, answer = next((s, a) for s, a in operation["responses"].items() if s.startswith("2"))
    content = answer.get("content", {})
    answered = " or ".join(f"{_type(one['schema'])} as `{kind}`" for kind, one in content.items())
    said = f"{operation['summary']} {operation['description']}".replace(" (components/parameters)", "")
    lines = [f"### {method} {path}", said.strip()]
    if "requestBody" in operation:
        sent = operation["requestBody"]["content"]["application/json"]["schema"]
        lines.append(f"Sent: {_type(sent)}.")
    lines.append(f"Called by {caller}. Answered: {status}{', ' if answered else ''}{answered}.")
    if operation["parameters"]:
        rows = (_parameter(one) for one in operation["parameters"])
        lines.append(table(["parameter", "type", "meaning"], rows))
    return "\n\n".join(lines)


def _parameter(one: Mapping[str, Any]) -> tuple[str, str, str]:
    return f"`{one['name']}`, in the {one['in']}", _type(one["schema"]), _meaning({**one["schema"], **one})


def _schema(name: str, schema: Mapping[str, Any]) -> str:
    rows = (
        (
            f"`{field}`" + ("" if field in schema.get("required", ()) else ", optional"),
            _type(one),
            _meaning(one),
        )
        for field, one in schema.get("properties", {}).items()
    )
    shape = table(["field", "type", "meaning"], rows) if "properties" in schema else f"Is {_type(schema)}."
    return "\n\n".join(filter(None, (f"### {name}", schema.get("description", ""), shape)))


def _meaning(schema: Mapping[str, Any]) -> str:
    examples = schema.get("examples")
    shown = f" For example `{_written(examples[0])}`." if examples else ""
    return f"{schema.get('description', '')}{shown}".strip()


def _type(schema: Mapping[str, Any]) -> str:
    """Return a schema in words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(map(_type, schema["anyOf"]))
    if "words" in schema and schema.get("type") != "array":
        return WORDS.get(schema["words"]) or f"a tag of [{schema['words']}](taxonomy.md#{schema['words']})"
    if "const" in schema or "enum" in schema:
        return ", ".join(f"`{_written(value)}`" for value in schema.get("enum", [schema.get("const")]))
    bounds = [words.format(schema[bound]) for bound, words in BOUNDS.items() if bound in schema]
    return ", ".join((_kind(schema), " ".join(bounds))).removesuffix(", ")


def _kind(schema: Mapping[str, Any]) -> str:
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_type(schema['additionalProperties'])}"
    return str(schema.get("format") or schema.get("type") or "anything")


def _written(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def benchmarks() -> str:
    """Return the page of what `make bench` measured last."""
    return _page(
        "Benchmarks",
        "What `make bench` measured last, of simulated couples, from `docs/benchmarks.json`. Compare ratios "
        "rather than figures where the machine is another.",
        *(_benchmark(name, kept) for name, kept in json.loads(RECORD.read_text(encoding="utf-8")).items()),
    )


def _benchmark(name: str, kept: Mapping[str, Any]) -> str:
    machine, figures = kept["machine"], kept["figures"]
    where = f"{machine['processor']}, {machine['cores']} cores, Python {machine['python']}, {kept['day']}."
    columns = list(dict.fromkeys(column for row in figures.values() for column in row))
    rows = ([what, *(f"{row[c]:,}" if c in row else "" for c in columns)] for what, row in figures.items())
    return f"## {name}\n\n{where}\n\n{table(['', *columns], rows)}"


def _page(title: str, *parts: str) -> str:
    made = "<!-- Written by `make docs`; what it says is changed where it is said. -->"
    return "\n\n".join((f"# {title}", made, *parts)) + "\n"


PAGES: Mapping[str, Callable[[], str]] = {
    "api.md": api,
    "benchmarks.md": benchmarks,
    "cli.md": cli,
    "settings.md": settings,
    "taxonomy.md": taxonomy,
}


def write() -> None:
    """Write every page."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write()

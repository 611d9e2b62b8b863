"""The arrows between rooms, read from the source with `ast`."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

BASE = {"domain", "errors", "keys"}
CATALOGUE = BASE | {"catalogue"}
PREFERENCES = CATALOGUE | {"preferences"}
PLANNING = PREFERENCES | {"planning"}
LEARNING = PLANNING | {"learning"}
EDGE = BASE | {"service"}
MAY_IMPORT = {
    "domain": set[str](),
    "errors": set[str](),
    "keys": {"errors"},
    "catalogue": BASE,
    "preferences": CATALOGUE,
    "planning": PREFERENCES,
    "learning": PLANNING,
    "store": BASE,
    "service": LEARNING | {"store"},
    "cli": EDGE,
    "api": EDGE,
}
"""Each room and the other rooms it may import."""

CLOCKS = {"now", "utcnow", "today"}
"""Calls that read a clock without importing `time`."""

PATHS = [path for package in ("recommender", "api") for path in (ROOT / package).rglob("*.py")]


def _name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {_name(path): ast.parse(path.read_text(encoding="utf-8")) for path in PATHS}
PACKAGES = {_name(path) for path in PATHS if path.name == "__init__.py"}


def _room(module: str) -> str:
    """Return the room of a module, such as ``store``; the whole of ``api`` is one."""
    parts = module.split(".")
    return parts[0] if parts[0] != "recommender" or len(parts) == 1 else parts[1]


def _imported(module: str, tree: ast.AST) -> Iterator[str]:
    """Yield the modules that a tree imports, wherever in it; of a name, the module it is or comes from."""
    package = module if module in PACKAGES else module.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            source = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            names = (f"{source}.{alias.name}" for alias in node.names)
            yield from (name if name in MODULES else source for name in names)


def _ours(module: str) -> set[str]:
    return {name for name in _imported(module, MODULES[module]) if name in MODULES}


def _of(*rooms: str) -> list[str]:
    return sorted(module for module in MODULES if _room(module) in rooms)


def test_every_room_is_known() -> None:
    """No module lies outside the rooms whose arrows are held here."""
    assert {_room(module) for module in MODULES} == MAY_IMPORT.keys() | {"recommender"}


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_rooms_import_only_what_they_may(room: str) -> None:
    """A room imports itself and the rooms before it, and nothing else of ours."""
    allowed = MAY_IMPORT[room] | {room}
    strays = {
        f"{module} imports {other}"
        for module in _of(room)
        for other in _ours(module)
        if _room(other) not in allowed and other != "recommender"
    }

    # Of the web service, only its command shows a plan as the command line does.
    assert {stray for stray in strays if not stray.startswith("api.command imports recommender.cli")} == set()


def test_the_recommender_knows_no_web_service() -> None:
    """Whatever is in `recommender` imports neither `api` nor Flask."""
    strays = {
        f"{module} imports {name}"
        for module in MODULES
        if module.split(".")[0] == "recommender"
        for name in _imported(module, MODULES[module])
        if name.split(".")[0] in {"api", "flask"}
    }

    assert strays == set()


@pytest.mark.parametrize("module", _of("preferences", "planning"))
def test_what_computes_neither_reads_a_clock_nor_the_environment(module: str) -> None:
    """Preferences and planning never import `os` or the store, and never ask for the time."""
    imported = {name.split(".")[0] for name in _imported(module, MODULES[module])}
    called = {
        node.func.attr
        for node in ast.walk(MODULES[module])
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }

    assert imported & {"os", "time"} == set()
    assert called & CLOCKS == set()


def test_no_module_imports_itself_by_a_detour() -> None:
    """There is no cycle of imports at module level; what a function imports when called does not count."""
    graph = {module: _at_load(module) for module in MODULES}

    # Raises CycleError, which names the modules.
    TopologicalSorter(graph).prepare()


def _at_load(module: str) -> set[str]:
    """Return our modules that importing ``module`` imports by itself, without functions and type checks."""
    body: list[ast.AST] = []
    for node in MODULES[module].body:
        lazy = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        types_only = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        if not lazy and not types_only:
            body.append(node)
    found = {name for node in body for name in _imported(module, node) if name in MODULES}
    return found - {module}

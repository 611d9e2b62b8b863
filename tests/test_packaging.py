"""The wheel: built from a copy of the tree, installed apart from it, and used from another folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from email.message import Message
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parent.parent
TREE = ("recommender", "api", "data", "models", "pyproject.toml", "README.md", "LICENSE")
BUNDLED = "recommender/_bundled"


def ran(*command: object, cwd: Path, env: dict[str, str] | None = None) -> str:
    """Run a command that must end well, and return its stdout."""
    done = subprocess.run(list(map(str, command)), cwd=cwd, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy of what it is made of."""
    tree = tmp_path_factory.mktemp("tree")
    for name in TREE:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, tree)
    ran(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", "out", cwd=tree)
    (built,) = (tree / "out").iterdir()
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel with the locked libraries into an environment of its own; return its scripts."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False, symlinks=True)
    scripts = folder / "bin"
    # The pip of the interpreter below ours: a virtual environment made by `make` has none.
    pip = (Path(sys.base_prefix) / "bin" / "python3", "-m", "pip", "--python", scripts / "python", "install")
    ran(*pip, "--quiet", "--require-hashes", "-r", ROOT / "requirements.lock", cwd=folder)
    ran(*pip, "--quiet", "--no-deps", wheel, cwd=folder)
    return scripts


def _files(wheel: Path) -> set[str]:
    with ZipFile(wheel) as archive:
        return set(archive.namelist())


def _metadata(wheel: Path) -> Message:
    with ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        return Parser().parsestr(archive.read(name).decode())


def test_the_wheel_holds_catalogue_and_prior(wheel: Path) -> None:
    """Everything that the programme reads of its own data is in the wheel."""
    ideas = {f"{BUNDLED}/data/ideas/{path.name}" for path in (ROOT / "data" / "ideas").glob("*.yaml")}
    others = {f"{BUNDLED}/data/{name}.yaml" for name in ("quiz", "taxonomy", "prior")}
    prior = {f"{BUNDLED}/models/prior/{name}" for name in ("arrays.npz", "manifest.json", "card.md")}
    migrations = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "recommender" / "store" / "migrations").rglob("*.py")
    }

    assert ideas
    assert migrations
    assert ideas | others | prior | migrations <= _files(wheel)


def test_the_wheel_holds_no_test_and_no_litter(wheel: Path) -> None:
    """Only the two packages and what describes them are in it."""
    names = _files(wheel)

    assert {name.split("/")[0].split("-")[0] for name in names} == {"recommender", "api", "rekindle"}
    assert [name for name in names if "__pycache__" in name or "/tests/" in name] == []


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    """Its metadata holds the README, and names the licence and its file."""
    metadata = _metadata(wheel)

    assert metadata["Name"] == "rekindle"
    assert metadata["License-Expression"] == "MIT"
    assert metadata["License-File"] == "LICENSE"
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert metadata.get_payload() == (ROOT / "README.md").read_text(encoding="utf-8")
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in _files(wheel))


def test_the_installed_command_suggests(installed: Path, tmp_path: Path) -> None:
    """From another folder, with nothing of the tree in reach, three suggestions and the figures come."""
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("REKINDLE_", "PYTHON"))
    }
    env = {**clean, "REKINDLE_HOME": str(tmp_path / "home")}

    suggested = ran(installed / "rekindle", "suggest", cwd=tmp_path, env=env)
    stats = ran(installed / "rekindle", "ideas", "stats", cwd=tmp_path, env=env)
    place = ran(
        installed / "python", "-c", "import recommender as r; print(r.__file__)", cwd=tmp_path, env=env
    )

    assert suggested.count("Expected ") == 3
    assert "Coverage" in stats
    assert Path(place).is_relative_to(installed.parent)

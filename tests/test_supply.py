"""What Rekindle is made of: pinned, hashed, and free to ship."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.licences import ROOT, TABLE, licence_of, pinned, table

FREE = re.compile(
    r"MIT|BSD|Apache|PSF|Python Software Foundation|ISC|0BSD|Zlib|CC0|MPL|HPND|Unlicense", re.IGNORECASE
)
"""Licences that ask for no more than their own text; MPL asks for changes to its own files."""


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_everything_is_pinned_with_its_hash(lock: str) -> None:
    """Nothing that is installed can be other than what was tested."""
    found = pinned(lock)

    assert len(found) > 30
    assert [name for name, rest in found.items() if "--hash=sha256:" not in rest] == []


@pytest.mark.parametrize("package", sorted(pinned("requirements.lock")))
def test_every_licence_may_be_shipped(package: str) -> None:
    """What is installed to run Rekindle is under a licence that lets anybody use and pass it on."""
    said = licence_of(package)

    assert FREE.search(said), f"{package}: {said!r}"
    assert "GPL" not in said.replace("LGPL", "")


def test_the_bill_of_materials_names_everything(tmp_path: Path) -> None:
    """`make sbom` lists every pinned package with its version and hashes, as CycloneDX."""
    target = tmp_path / "sbom.json"
    tool = Path(sys.executable).parent / "cyclonedx-py"
    options = ["--of", "JSON", "--pyproject", str(ROOT / "pyproject.toml"), "-o", str(target)]
    subprocess.run(
        [tool, "requirements", *options, str(ROOT / "requirements.lock")], check=True, capture_output=True
    )

    told = json.loads(target.read_text())

    assert told["bomFormat"] == "CycloneDX"
    assert {part["name"].lower() for part in told["components"]} == set(pinned("requirements.lock"))
    assert all(part["version"] for part in told["components"])


def test_the_table_of_licences_is_of_today() -> None:
    """After a version was raised, `python -m tests.licences` writes the table anew."""
    assert TABLE.read_text(encoding="utf-8") == table()

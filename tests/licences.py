"""``python -m tests.licences``: write ``docs/licences.md``, what Rekindle is made of and on which terms."""

from __future__ import annotations

import re
from importlib.metadata import metadata
from pathlib import Path

ROOT = Path(__file__).parent.parent
TABLE = ROOT / "docs" / "licences.md"
HEAD = """# Licences

What is installed to run Rekindle, and on which terms.

| Package | Version | Licence |
|---|---|---|"""
FONTS = """The pages carry two typefaces, Fraunces and Figtree, cut down to the characters of western Europe,
under the SIL Open Font License 1.1: [its text](../api/static/fonts-licence.txt).
"""
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)(.*?)(?=^\S|\Z)", re.MULTILINE | re.DOTALL)

OSI = "License :: OSI Approved :: "
SAID_IN_FULL = {
    "cycler": "BSD-3-Clause",
    "flask-wtf": "BSD-3-Clause",
    "kiwisolver": "BSD-3-Clause",
    "matplotlib": "PSF-based",
    "scipy": "BSD-3-Clause",
}
"""Packages whose metadata hold the whole text of their licence, and which one it is."""


def pinned(lock: str) -> dict[str, str]:
    """Return each package of a lock file with what stands beside its version."""
    return {found[1].lower(): found[3] for found in PINNED.finditer((ROOT / lock).read_text())}


def licence_of(package: str) -> str:
    """Return what a package says its licence is."""
    if package in SAID_IN_FULL:
        return SAID_IN_FULL[package]
    said = metadata(package)
    classifiers = [c for c in said.get_all("Classifier") or [] if c.startswith(OSI)]
    named = ", ".join(one.removeprefix(OSI) for one in classifiers)
    return said.get("License-Expression") or named or said.get("License") or ""


def table() -> str:
    """Return the table of everything that is installed to run Rekindle."""
    names = sorted(pinned("requirements.lock"))
    rows = (f"| {name} | {metadata(name)['Version']} | {licence_of(name)} |" for name in names)
    return "\n".join((HEAD, *rows, "", FONTS))


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")

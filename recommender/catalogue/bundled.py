"""Where the data and models are that come with Rekindle."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent.parent


def data_folder() -> Path:
    """Return the folder of taxonomy, quiz, ideas and prior."""
    return _bundled("data")


def models_folder() -> Path:
    """Return the folder of the models that come with the package."""
    return _bundled("models")


def _bundled(name: str) -> Path:
    """Return the folder inside an installed package, or beside the package in a checkout."""
    inside = _PACKAGE / "_bundled" / name
    return inside if inside.is_dir() else _PACKAGE.parent / name

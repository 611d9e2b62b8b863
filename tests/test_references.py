"""The pages of reference say what the code says today."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from recommender.service import settings
from tests.references import FOLDER, PAGES


@pytest.mark.parametrize("name", PAGES)
def test_a_reference_is_of_today(name: str) -> None:
    """After what it is about was changed, `make docs` writes the page anew."""
    assert PAGES[name]() == (FOLDER / name).read_text(encoding="utf-8"), "is stale; run `make docs`"


def test_there_is_no_other_page() -> None:
    """Every page of the folder is written by `make docs`."""
    assert {path.name for path in FOLDER.iterdir()} == set(PAGES)


def test_every_variable_that_is_read_is_a_setting() -> None:
    """What the source of the settings names is what the page lists."""
    named = set(re.findall(r"REKINDLE_\w+", inspect.getsource(settings)))

    assert named == {one.name for one in settings.variables()}


def test_the_defaults_that_are_told_hold() -> None:
    """Of the values that stand as such; what is told in words is in the tests of deployments."""
    held = settings.Settings.from_environment({}).as_environment()
    told = {one.name: one.default.strip("`") for one in settings.variables() if "`" in one.default}

    assert len(told) >= 4
    assert {name: str(Path(value).expanduser()) for name, value in told.items()} == {n: held[n] for n in told}

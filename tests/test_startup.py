"""What starting loads: libraries that take seconds wait until something needs them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SLOW = ("sklearn", "pandas")

LOADED = """
import sys
{doing}
print(*sorted(name for name in {slow} if name in sys.modules))
"""

HELP = """
from recommender.cli import main
main(["--help"], standalone_mode=False)
"""


def loaded_by(doing: str, slow: tuple[str, ...], home: Path) -> list[str]:
    """Return those of the ``slow`` modules that are loaded after ``doing`` in a fresh interpreter."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", LOADED.format(doing=doing, slow=slow)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "REKINDLE_HOME": str(home)},
    )
    return done.stdout.splitlines()[-1].split()


@pytest.mark.parametrize("doing", ["import api.app", "import recommender.service", HELP])
def test_starting_loads_no_training_library(doing: str, tmp_path: Path) -> None:
    """Neither the web service, the use cases nor `rekindle --help` load them, or make a file or folder."""
    home = tmp_path / "home"

    assert loaded_by(doing, SLOW, home) == []
    assert not home.exists()


def test_serving_a_plan_loads_no_training_library(tmp_path: Path) -> None:
    """What has made a plan still has neither scikit-learn nor pandas in memory."""
    doing = 'from recommender.cli import main\nmain(["suggest"], standalone_mode=False)'

    assert loaded_by(doing, SLOW, tmp_path) == []

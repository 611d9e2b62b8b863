"""The notebooks: they run from top to bottom, and are kept with what they show."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.notebooks import FOLDER, notebooks, read, run

NAMES = [
    "01-the-catalogue",
    "02-the-model-from-scratch",
    "03-does-it-work",
    "04-an-operators-look",
    "05-bring-your-own-ideas",
]


def test_all_are_there() -> None:
    """There are five, and the folder's page names each."""
    assert [path.stem for path in notebooks()] == NAMES
    assert all(f"({name}.ipynb)" in (FOLDER / "README.md").read_text() for name in NAMES)


@pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)
def test_each_is_kept_as_it_ran(path: Path) -> None:
    """Cells were run once, in order, without a failure or a warning, and show pictures and tables."""
    code = [cell for cell in read(path).cells if cell.cell_type == "code"]
    shown = [output for cell in code for output in cell.outputs]

    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert not [output for output in shown if output.output_type == "error"]
    assert not [output for output in shown if output.get("name") == "stderr"]
    assert len(shown) >= 5
    assert path.stat().st_size < 500_000


@pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)
def test_each_runs(path: Path) -> None:
    """A notebook runs from top to bottom with the code as it is now, and shows as much as before."""
    before, now = read(path), run(path)

    assert [len(cell.get("outputs", ())) > 0 for cell in now.cells] == [
        len(cell.get("outputs", ())) > 0 for cell in before.cells
    ]

"""``python -m tests.notebooks``: run the notebooks from top to bottom and keep what they show."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode
from traitlets.config import Config

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "notebooks"
SECONDS = 120
"""What a notebook may take, on two cores."""


def notebooks() -> list[Path]:
    """Return the notebooks in order."""
    return sorted(FOLDER.glob("*.ipynb"))


def read(path: Path) -> NotebookNode:
    """Return a notebook as it is kept."""
    return nbformat.read(path, as_version=4)


def run(path: Path) -> NotebookNode:
    """Return a notebook with what it shows now; a cell that fails, or takes too long, raises."""
    book = read(path)
    os.environ |= {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
    where = {"metadata": {"path": ROOT}}
    # Sockets in a folder of its own, over no network: two notebooks at once must not meet in one.
    with TemporaryDirectory() as folder:
        talk = Config({"KernelManager": {"transport": "ipc", "ip": f"{folder}/kernel"}})
        NotebookClient(book, timeout=SECONDS, kernel_name="python3", resources=where, config=talk).execute()
    for cell in book.cells:
        cell.metadata.pop("execution", None)  # when it ran is nobody's business
    return book


def main() -> None:
    """Run them all."""
    for path in notebooks():
        nbformat.write(run(path), path)
        print(path.name)


if __name__ == "__main__":
    main()

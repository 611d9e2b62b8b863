"""What is wrong in a file of the catalogue, where it stands, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from recommender.errors import CatalogueError


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to mend.

    Attributes
    ----------
    file : str
        Path of the file or folder.
    line : int or None
        Counted from 1; None where the fault is about the whole file or folder.
    idea_id : str or None
        The idea (or question) at fault, if its id could be read.
    field : str
        Such as ``tags.touch``; empty where the whole entry is meant.
    problem, remedy : str
        What is wrong, with the value; what to do, in plain words.

    Examples
    --------
    >>> print(Fault("x.yaml", 12, "bus-line", "tags.touch", "there is no tag 'hug'", "write affectionate"))
    x.yaml:12 bus-line tags.touch: there is no tag 'hug' → write affectionate
    """

    file: str
    line: int | None
    idea_id: str | None
    field: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        where = " ".join(part for part in (place, self.idea_id, self.field) if part)
        return f"{where}: {self.problem} → {self.remedy}"


def raise_faults(faults: Sequence[Fault]) -> None:
    """Raise the first fault in words, with the number of others; do nothing if there is none.

    Raises
    ------
    CatalogueError
        If there is any fault.
    """
    if not faults:
        return
    rest = f" (and {len(faults) - 1} more: `rekindle ideas check` lists them)" if len(faults) > 1 else ""
    raise CatalogueError(f"{faults[0]}{rest}")

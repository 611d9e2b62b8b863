"""How much of a file from elsewhere is read, and how that is kept."""

from __future__ import annotations

from typing import IO

from recommender.errors import InvalidInput

LINE_MOST = 1_000_000
"""Bytes of one line of a format that is read line by line."""

WHOLE_MOST = {"json": 64_000_000, "jsonld": 64_000_000, "html": 64_000_000, "yaml": 8_000_000}
"""Bytes of a file in a format that must be read whole; YAML takes a hundred times its size in memory."""

OCCURRENCES_MOST = 200
"""Times of one event that recurs."""

TITLE_MOST, TEXT_MOST, STEPS_MOST, ID_MOST = 200, 2000, 30, 200
COST_MOST, MINUTES_MOST = 1_000_000.0, 14 * 24 * 60


def read_whole(file: IO[bytes], name: str, kind: str) -> bytes:
    """Return a file's bytes.

    Raises
    ------
    InvalidInput
        If there are more than a file of this format may have.
    """
    most = WHOLE_MOST[kind]
    data = file.read(most + 1)
    if len(data) > most:
        raise InvalidInput(
            name, f"holds more than {most // 1_000_000} MB; cut it into several files, or use CSV"
        )
    return data


def read_line(file: IO[bytes]) -> tuple[bytes, bool]:
    """Return the next line, empty at the end, and whether it was within the limit; what is over is lost."""
    line = file.readline(LINE_MOST + 1)
    if len(line) <= LINE_MOST:
        return line, True
    rest = line
    while rest and not rest.endswith(b"\n"):
        rest = file.readline(LINE_MOST)
    return line[:LINE_MOST], False

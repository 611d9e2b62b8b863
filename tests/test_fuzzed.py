"""What `tests.fuzz` once found, and that its targets read the good as well as the bad."""

from __future__ import annotations

import pytest

from tests import fuzzed

FOUND = [
    bytes.fromhex("0074790000 65732c636f0065732c636f7330 0d7330 0d0a42".replace(" ", "")),
    b'\x05[{"tis":60,"tags":{"domain":["nanwtes":5float_typeNT=3ture"]}}]',
]
"""Bytes that made an importer fail before it was mended."""


@pytest.mark.parametrize("data", FOUND)
def test_what_was_found_is_mended(data: bytes) -> None:
    """An importer takes it as a fault."""
    fuzzed.importers(data)


@pytest.mark.parametrize(
    "data", [b"2026-W48", b'{"tonight": "in"}', b'{"on": "2026-11-20", "title": "a"}', b"[" * 9999]
)
def test_parsers_take_anything(data: bytes) -> None:
    """Good or bad, nothing but our own errors comes of it."""
    fuzzed.parsers(data)

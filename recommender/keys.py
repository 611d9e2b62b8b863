"""Random keys that sign what is ours, each in a file that only its owner can read."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from recommender.errors import StoreError

KEY_BYTES = 32


def kept_key(path: Path) -> bytes:
    """Return the random key in a file that only its owner can read; made when it is first asked for.

    Raises
    ------
    StoreError
        If it can be neither read nor made.
    """
    try:
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _make_key(path)
        return path.read_bytes()
    except OSError as error:
        raise StoreError(
            f"{path}: cannot read or make the key that signs what is ours ({error.strerror}); "
            "check who may write to its folder"
        ) from None


def _make_key(path: Path) -> None:
    """Write a key whole under another name first, so that no other process reads half of one."""
    fresh = path.with_name(f"{path.name}-{secrets.token_hex(4)}")
    fresh.touch(mode=0o600, exist_ok=False)
    try:
        fresh.write_bytes(secrets.token_bytes(KEY_BYTES))
        with suppress(FileExistsError):  # another process was faster
            os.link(fresh, path)
    finally:
        fresh.unlink()

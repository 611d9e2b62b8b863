"""What code this is: another hash for any other."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

import api
import recommender


@cache
def code_hash() -> str:
    """Return the SHA-256 of all modules of Rekindle, in hexadecimal digits.

    A version number would not do: whoever works on Rekindle changes it less often than the code.
    """
    digest = sha256()
    for package in (api, recommender):
        folder = Path(str(package.__file__)).parent
        for path in sorted(folder.rglob("*.py")):
            digest.update(f"{path.relative_to(folder)} {path.stat().st_size}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()

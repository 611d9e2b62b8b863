"""Ids, and secrets that are told once and kept only as hashes."""

from __future__ import annotations

import secrets
from datetime import datetime
from hashlib import sha256

from ulid import ULID

INVITE_ALPHABET = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
"""Letters and digits that nobody mistakes for another when reading them out: no I, L, O, U, 0, 1."""

INVITE_LENGTH = 10


def new_id(at: datetime) -> str:
    """Return a new ULID; ids made later sort later.

    Examples
    --------
    >>> from datetime import UTC
    >>> len(new_id(datetime(2026, 11, 23, tzinfo=UTC)))
    26
    """
    return str(ULID.from_datetime(at))


def new_secret() -> str:
    """Return a secret of 256 random bits that may stand in an address."""
    return secrets.token_urlsafe(32)


def new_invite_code() -> str:
    """Return a code that can be read out on the phone: about 49 random bits, good for a week."""
    return "".join(secrets.choice(INVITE_ALPHABET) for _ in range(INVITE_LENGTH))


def invite_key(code: str) -> str:
    """Return an invitation code as it was made, however it was typed.

    Examples
    --------
    >>> invite_key(" abcde-fghjk ")
    'ABCDEFGHJK'
    """
    return "".join(code.split()).replace("-", "").upper()


def hashed(secret: str) -> str:
    """Return the SHA-256 of a secret in hexadecimal, which is all that is stored of it.

    The secrets are long and random, so that a slow hash would add nothing.

    Examples
    --------
    >>> hashed("a")[:8]
    'ca978112'
    """
    return sha256(secret.encode(errors="surrogatepass")).hexdigest()

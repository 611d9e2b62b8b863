"""What people write in their own words, checked before it is kept."""

from __future__ import annotations

from unicodedata import category

from recommender.errors import InvalidInput

NAME_LENGTH = 80
TITLE_LENGTH = 120
NOTE_LENGTH = 5000


def check_line(field: str, text: str, longest: int) -> str:
    """Return one line of text without the space around it.

    Raises
    ------
    InvalidInput
        If nothing is left, it is longer than ``longest`` characters, or holds control characters.

    Examples
    --------
    >>> check_line("name", " Robin ", NAME_LENGTH)
    'Robin'
    """
    line = text.strip()
    if not line:
        raise InvalidInput(field, "is empty; write at least one character")
    _check_characters(field, line, allowed="")
    return _at_most(field, line, longest)


def check_note(field: str, text: str | None) -> str | None:
    """Return a note without the space around it, or None for an empty one.

    Raises
    ------
    InvalidInput
        If it is too long or holds control characters other than line breaks and tabs.
    """
    note = (text or "").strip()
    _check_characters(field, note, allowed="\n\r\t")
    return _at_most(field, note, NOTE_LENGTH) or None


def _check_characters(field: str, text: str, *, allowed: str) -> None:
    # Control characters (Cc) and halves of characters (Cs) cannot be stored everywhere or shown safely.
    if any(category(character) in ("Cc", "Cs") and character not in allowed for character in text):
        raise InvalidInput(field, "holds characters that are not text; remove them")


def _at_most(field: str, text: str, longest: int) -> str:
    if len(text) > longest:
        raise InvalidInput(field, f"has {len(text)} characters; {longest} are the most")
    return text

"""The tagger that ships, for ideas whose source leaves facets out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from importlib import import_module
from typing import Any

from recommender.catalogue.importers import IdeaWords, Tagged, Tagger
from recommender.errors import ModelError


class _Shipped:
    """Asks the tagger of the catalogue room, in its own words."""

    def __init__(self, tagger: Any, kind: Any) -> None:
        self.tagger = tagger
        self.kind = kind

    def tag(self, texts: Sequence[IdeaWords]) -> Sequence[Tagged]:
        """Return the facets of each text, in order."""
        names = [field.name for field in fields(IdeaWords)]
        asked = [self.kind(**{name: getattr(text, name) for name in names}) for text in texts]
        return tuple(self.tagger.tag(asked))


def load_tagger() -> Tagger:
    """Return the tagger that ships with Rekindle.

    Raises
    ------
    ModelError
        If there is none, or it cannot be read.
    """
    try:
        # Here, and not above: it needs scikit-learn, which a web worker must not load at its start.
        room = import_module("recommender.catalogue.tagger")
    except ModuleNotFoundError:
        raise ModelError(
            "There is no tagger here to guess missing facets; state every facet of each idea, or install one."
        ) from None
    return _Shipped(room.load_tagger(), room.IdeaText)

"""The tagger as its users see it: tag texts, train it anew. Needs no database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from recommender.catalogue.library import load_catalogue
from recommender.catalogue.tagger import IdeaText, Tagged, load_tagger
from recommender.catalogue.tagger.reading import parse_texts, read_texts, titles


@dataclass(frozen=True, slots=True)
class TaggedText:
    """A text, by its title or its beginning, and what the tagger makes of it."""

    title: str
    tagged: Tagged


def tag_file(path: Path, folder: Path | None = None) -> tuple[TaggedText, ...]:
    """Return the tags of every idea in a file: YAML, JSON, or one idea a line.

    Parameters
    ----------
    folder : Path or None
        Another tagger than the one that comes with Rekindle.
    """
    return _tagged(read_texts(path), folder)


def tag_lines(content: str, folder: Path | None = None) -> tuple[TaggedText, ...]:
    """Return the tags of every idea in a text: JSON, or one idea a line."""
    return _tagged(parse_texts("standard input", content), folder)


def train_tagger(
    out: Path,
    folder: Path | None = None,
    *,
    ablate: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> str:
    """Train a tagger on a catalogue, judge it, write both into ``out``, and return its card.

    Parameters
    ----------
    folder : Path or None
        Another catalogue than the one that comes with Rekindle.
    ablate : bool
        Whether to measure as well what each part is worth, which takes some minutes more.
    say : Callable[[str], None]
        Told what goes on.
    """
    # Here, not above: it needs scikit-learn, which a web worker must not load.
    from recommender.learning.tagging.training import train

    return train(out, load_catalogue(folder), folder, ablate=ablate, say=say)


def _tagged(texts: Sequence[IdeaText], folder: Path | None) -> tuple[TaggedText, ...]:
    if not texts:
        return ()
    tagged = load_tagger(folder).tag(texts)
    return tuple(TaggedText(title, tags) for title, tags in zip(titles(texts), tagged, strict=True))

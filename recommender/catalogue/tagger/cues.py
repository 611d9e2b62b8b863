"""Cue words: a hand-written list of what hints at each tag, counted in a text."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from recommender.catalogue.documents import Row
from recommender.catalogue.listed import Listed, read_listed
from recommender.catalogue.tagger.amounts import stated_bands
from recommender.catalogue.tagger.texts import IdeaText
from recommender.catalogue.taxonomy import Taxonomy

Tag = tuple[str, str]
PART_WEIGHTS = (3.0, 2.0, 1.0)
"""How much a hit counts in title, pitch and steps: the shorter the text, the more a word of it says."""
PHRASE_WEIGHT = 2
STATED_WEIGHT = 3

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


class _CuesRow(Row):
    version: Annotated[int, Field(ge=1)]
    cues: Listed
    certain: Listed


@dataclass
class _Matcher:
    """Finds, for a word, the numbers of the tags that it hints at, and the phrases that it begins."""

    exact: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    begins: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    phrases: dict[str, list[tuple[list[str], int]]] = field(default_factory=lambda: defaultdict(list))
    known: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def add(self, cue: str, tag: int) -> None:
        first, *rest = cue.split()
        if rest:
            self.phrases[first].append((rest, tag))
        elif cue.endswith("*"):
            self.begins[cue[:-1]].add(tag)
        else:
            self.exact[cue].add(tag)

    def hits(self, word: str) -> tuple[int, ...]:
        if word not in self.known:
            if len(self.known) > 100_000:  # a stream of imported texts has no end
                self.known.clear()
            stems = (word[:length] for length in range(2, len(word) + 1))
            found = set[int]().union(*(self.begins[stem] for stem in stems if stem in self.begins))
            # The parts of a compound and the singular of a plural are as good as the word.
            for form in {word, word.removesuffix("s"), *word.split("-")}:
                found |= self.exact.get(form, set())
            self.known[word] = tuple(sorted(found))
        return self.known[word]


class Cues:
    """Counts how often a text hints at each tag.

    Parameters
    ----------
    listed : Listed
        The cues of each tag; a tag may have none.
    certain : Listed
        Cues of safety tags that leave no doubt: a text with one is at least so demanding.
    """

    def __init__(self, listed: Listed, certain: Listed, taxonomy: Taxonomy) -> None:
        self.listed, self.certain = listed, certain
        self.tags = tuple((facet.name, value) for facet in taxonomy.facets.values() for value in facet.names)
        self._number = {tag: number for number, tag in enumerate(self.tags)}
        self._hints, self._floors = self._matcher(listed), self._matcher(certain)

    def counts(self, texts: Sequence[IdeaText]) -> np.ndarray:
        """Return the logarithm of one plus the weighted hits, (n_texts, n_tags)."""
        hits = np.zeros((len(texts), len(self.tags)))
        for row, text in zip(hits, texts, strict=True):
            for part, weight in zip(text.parts, PART_WEIGHTS, strict=True):
                if part:
                    _count(self._hints, words_of(part), weight, row)
            for tag in stated_bands(" ".join(text.parts)):
                row[self._number[tag]] += STATED_WEIGHT
        return np.log1p(hits)

    def floors(self, texts: Sequence[IdeaText]) -> np.ndarray:
        """Return which safety tags a text certainly asks for, bool (n_texts, n_tags)."""
        hits = np.zeros((len(texts), len(self.tags)))
        for row, text in zip(hits, texts, strict=True):
            _count(self._floors, words_of(" ".join(text.parts)), 1.0, row)
        return hits > 0

    def _matcher(self, listed: Listed) -> _Matcher:
        matcher = _Matcher()
        for facet, values in listed.items():
            for value, cues in values.items():
                for cue in cues.casefold().split(","):
                    matcher.add(cue.strip(), self._number[facet, value])
        return matcher


def words_of(text: str) -> list[str]:
    """Return the words of a text in small letters.

    Examples
    --------
    >>> words_of("Don't rush: a hand-made card!")
    ["don't", 'rush', 'a', 'hand-made', 'card']
    """
    return _WORD.findall(text.casefold().replace("’", "'"))


def load_cues(path: Path, taxonomy: Taxonomy) -> Cues:
    """Return the cues in a YAML file.

    Raises
    ------
    CatalogueError
        If it cannot be read, or names a tag that the taxonomy does not have.
    """
    row = read_listed(path, _CuesRow, taxonomy)
    return Cues(row.cues, row.certain, taxonomy)


def _count(matcher: _Matcher, words: list[str], weight: float, row: np.ndarray) -> None:
    for at, word in enumerate(words):
        for tag in matcher.hits(word):
            row[tag] += weight
        for rest, tag in matcher.phrases.get(word, ()):
            if _follows(rest, words[at + 1 : at + 1 + len(rest)]):
                row[tag] += PHRASE_WEIGHT * weight


def _follows(cue: list[str], words: list[str]) -> bool:
    return len(cue) == len(words) and all(
        word.startswith(part[:-1]) if part.endswith("*") else word == part
        for part, word in zip(cue, words, strict=True)
    )

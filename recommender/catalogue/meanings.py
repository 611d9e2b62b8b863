"""What the words of a search ask for: tags, by a hand-written list, or words of the ideas."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field

from recommender.catalogue.bundled import data_folder
from recommender.catalogue.documents import Row
from recommender.catalogue.listed import Listed, read_listed
from recommender.catalogue.taxonomy import Taxonomy, load_taxonomy
from recommender.domain import Tags

WORD = re.compile(r"\w+")


class _MeaningsRow(Row):
    version: Annotated[int, Field(ge=1)]
    limits: Listed
    tastes: Listed
    ignored: str


@dataclass(frozen=True, slots=True)
class Sought:
    """One word or phrase that is looked for.

    Attributes
    ----------
    tags : Tags
        What it asks for: of every facet any one of the values.
    decided : bool
        Whether tags alone decide: "no alcohol" is not met by an idea that speaks of alcohol.
    """

    word: str
    tags: Tags
    decided: bool


class Meanings:
    """What words ask for. A word that it does not know must begin a word of title, pitch, steps or tags.

    Parameters
    ----------
    limits, tastes : Listed
        What asks for each tag. Of a limit tags alone decide; a taste may be met by words as well.
    ignored : str
        Words that say nothing.
    """

    def __init__(self, limits: Listed, tastes: Listed, ignored: str) -> None:
        self._ignored = frozenset(fold(ignored))
        decided, phrases = _phrases(limits), _phrases(limits, tastes)
        self._longest = max((phrase.count(" ") + 1 for phrase in phrases), default=1)
        self._known = {phrase: Sought(phrase, tags, phrase in decided) for phrase, tags in phrases.items()}

    def sought(self, text: str) -> list[Sought]:
        """Return what a text looks for, phrases before the words in them; case and accents do not count."""
        words, sought = fold(text), []
        while words:
            for length in range(min(self._longest, len(words)), 0, -1):
                if (known := self._known.get(" ".join(words[:length]))) is not None:
                    break
            else:
                known = None if words[0] in self._ignored else Sought(words[0], {}, False)
            sought += [known] if known else []
            words = words[length:]
        return sought


def _phrases(*lists: Listed) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return the tags that each folded word or phrase asks for."""
    phrases: dict[str, dict[str, tuple[str, ...]]] = defaultdict(dict)
    for facet, values in (pair for listed in lists for pair in listed.items()):
        for value, words in values.items():
            for word in words.split(","):
                asked = phrases[" ".join(fold(word))]
                asked[facet] = (*asked.get(facet, ()), value)
    return phrases


def load_meanings(path: Path, taxonomy: Taxonomy) -> Meanings:
    """Return the meanings in a YAML file.

    Raises
    ------
    CatalogueError
        If it cannot be read, or names a tag that the taxonomy does not have.
    """
    row = read_listed(path, _MeaningsRow, taxonomy)
    return Meanings(row.limits, row.tastes, row.ignored)


@cache
def bundled_meanings() -> Meanings:
    """Return the meanings that come with Rekindle; every taxonomy keeps the tags that they speak of."""
    folder = data_folder()
    return load_meanings(folder / "search.yaml", load_taxonomy(folder / "taxonomy.yaml"))


def fold(text: str) -> list[str]:
    """Return the words of a text in small letters without accents."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return WORD.findall("".join(letter for letter in plain if not unicodedata.combining(letter)))

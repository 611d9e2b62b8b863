"""The catalogue as one frozen thing: taxonomy, quiz and ideas."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path

from recommender.catalogue.bundled import data_folder
from recommender.catalogue.faults import raise_faults
from recommender.catalogue.ideas import load_ideas
from recommender.catalogue.quiz import load_quiz
from recommender.catalogue.taxonomy import Taxonomy, load_taxonomy, lost_words
from recommender.domain import Idea, Question
from recommender.errors import NotFound


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Everything that can be suggested and asked; two are the same only if they are one.

    Attributes
    ----------
    ideas : tuple[Idea, ...]
        By ``idea_id``.
    content_hash : str
        SHA-256 over taxonomy, quiz and ideas, whatever files they were read from.
    past : tuple[Idea, ...]
        Ideas that are offered no longer but that couples have met: their history still speaks of them.
    """

    taxonomy: Taxonomy
    quiz: tuple[Question, ...]
    ideas: tuple[Idea, ...]
    content_hash: str
    past: tuple[Idea, ...] = ()

    @cached_property
    def by_id(self) -> Mapping[str, Idea]:
        """The ideas by ``idea_id``, past ones too."""
        return {idea.idea_id: idea for idea in (*self.past, *self.ideas)}

    def idea(self, idea_id: str) -> Idea:
        """Return an idea.

        Raises
        ------
        NotFound
            If the catalogue has no such idea.
        """
        try:
            return self.by_id[idea_id]
        except KeyError:
            raise NotFound(f"there is no idea {idea_id!r}") from None


def load_catalogue(folder: Path | None = None) -> Catalogue:
    """Return the catalogue in a folder, or the one that comes with Rekindle.

    Parameters
    ----------
    folder : Path or None
        Holds ``taxonomy.yaml``, ``quiz.yaml`` and ``ideas/*.yaml``.

    Raises
    ------
    CatalogueError
        If a file is missing or broken; the message names file, line, idea and field.
    """
    folder = data_folder() if folder is None else folder
    taxonomy = load_taxonomy(folder / "taxonomy.yaml")
    standard = load_taxonomy(data_folder() / "taxonomy.yaml")
    raise_faults(lost_words(taxonomy, standard, str(folder / "taxonomy.yaml")))
    quiz = load_quiz(folder / "quiz.yaml", taxonomy)
    ideas = load_ideas(folder / "ideas", taxonomy)
    return Catalogue(taxonomy, quiz, ideas, _hash(taxonomy, quiz, ideas))


def with_imported(
    shipped: Catalogue, offered: Sequence[Idea], past: Sequence[Idea], content_hashes: Iterable[str]
) -> Catalogue:
    """Return a catalogue with imported ideas beside its own.

    Parameters
    ----------
    offered, past : Sequence[Idea]
        Imported ideas that can be proposed, and those that couples have met but that are withdrawn or over.
    content_hashes : Iterable[str]
        Of all of them, in any order.
    """
    if not offered and not past:
        return shipped
    digest = hashlib.sha256(shipped.content_hash.encode())
    for content_hash in sorted(content_hashes):
        digest.update(content_hash.encode())
    ideas = sorted((*shipped.ideas, *offered), key=lambda idea: idea.idea_id)
    return replace(shipped, ideas=tuple(ideas), past=tuple(past), content_hash=digest.hexdigest())


def _hash(taxonomy: Taxonomy, quiz: tuple[Question, ...], ideas: tuple[Idea, ...]) -> str:
    """Return the SHA-256 of canonical JSON. Facets go in as a list: their order is theirs, not the keys'."""
    facets = [asdict(facet) for facet in taxonomy.facets.values()]
    content = [taxonomy.version, facets, [asdict(q) for q in quiz], [_written(idea) for idea in ideas]]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _written(idea: Idea) -> dict[str, object]:
    """Return what a file says of an idea; spans and guesses are of imported ones only."""
    return {name: value for name, value in asdict(idea).items() if name not in ("spans", "guessed")}

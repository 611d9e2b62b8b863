"""The catalogue as one frozen thing: taxonomy, quiz and ideas."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from recommender.catalogue.bundled import data_folder
from recommender.catalogue.faults import raise_faults
from recommender.catalogue.ideas import load_ideas
from recommender.catalogue.quiz import load_quiz
from recommender.catalogue.taxonomy import Taxonomy, load_taxonomy, lost_words
from recommender.domain import Idea, Question
from recommender.errors import NotFound


@dataclass(frozen=True)
class Catalogue:
    """Everything that can be suggested and asked.

    Attributes
    ----------
    ideas : tuple[Idea, ...]
        By ``idea_id``.
    content_hash : str
        SHA-256 over taxonomy, quiz and ideas, whatever files they were read from.
    """

    taxonomy: Taxonomy
    quiz: tuple[Question, ...]
    ideas: tuple[Idea, ...]
    content_hash: str

    @cached_property
    def by_id(self) -> Mapping[str, Idea]:
        """The ideas by ``idea_id``."""
        return {idea.idea_id: idea for idea in self.ideas}

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


def _hash(taxonomy: Taxonomy, quiz: tuple[Question, ...], ideas: tuple[Idea, ...]) -> str:
    """Return the SHA-256 of canonical JSON. Facets go in as a list: their order is theirs, not the keys'."""
    facets = [asdict(facet) for facet in taxonomy.facets.values()]
    content = [taxonomy.version, facets, [asdict(q) for q in quiz], [asdict(idea) for idea in ideas]]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()

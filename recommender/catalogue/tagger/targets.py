"""Facets as yes-or-no questions, and answers to them as probabilities of values.

An ordinal facet asks of each value but the first whether the idea asks for at least so much, so its order
is kept; any other facet asks of each value whether the idea has it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from recommender.catalogue.taxonomy import Facet, Taxonomy
from recommender.domain import Tags


@dataclass(frozen=True, slots=True)
class Questions:
    """All questions about an idea.

    Attributes
    ----------
    asked : Mapping[str, slice]
        Where a facet's questions stand.
    values : Mapping[str, slice]
        Where its values stand among all values.
    """

    facets: tuple[Facet, ...]
    asked: Mapping[str, slice]
    values: Mapping[str, slice]
    n_asked: int
    n_values: int

    @classmethod
    def about(cls, taxonomy: Taxonomy) -> Questions:
        """Return the questions that a taxonomy asks."""
        facets = tuple(taxonomy.facets.values())
        n_values = [len(facet.names) for facet in facets]
        n_asked = [n - (facet.kind == "ordinal") for n, facet in zip(n_values, facets, strict=True)]
        return cls(facets, _slices(facets, n_asked), _slices(facets, n_values), sum(n_asked), sum(n_values))

    def answers(self, tags: Sequence[Tags]) -> np.ndarray:
        """Return 1.0 for yes and 0.0 for no, (n_ideas, n_asked)."""
        answers = np.zeros((len(tags), self.n_asked))
        for row, tag in zip(answers, tags, strict=True):
            for facet in self.facets:
                row[self.asked[facet.name]] = _answer(facet, tag[facet.name])
        return answers

    def probabilities(self, yes: np.ndarray) -> np.ndarray:
        """Return the probability of every value, (n_texts, n_values), from that of every yes."""
        found = np.empty((len(yes), self.n_values))
        for facet in self.facets:
            found[:, self.values[facet.name]] = _of_values(facet, yes[:, self.asked[facet.name]])
        return found


def at_least(probabilities: np.ndarray) -> np.ndarray:
    """Return the probability of each value or a more demanding one, (n_texts, n_values of one facet)."""
    return probabilities[:, ::-1].cumsum(axis=1)[:, ::-1]


def _slices(facets: tuple[Facet, ...], sizes: list[int]) -> dict[str, slice]:
    ends = np.cumsum(sizes).tolist()
    return {facet.name: slice(end - size, end) for facet, size, end in zip(facets, sizes, ends, strict=True)}


def _answer(facet: Facet, values: tuple[str, ...]) -> list[float]:
    if facet.kind == "ordinal":
        rank = facet.rank(values[0])
        return [float(rank >= step) for step in range(1, len(facet.names))]
    return [float(name in values) for name in facet.names]


def _of_values(facet: Facet, yes: np.ndarray) -> np.ndarray:
    if facet.kind == "multi":
        return yes
    if facet.kind == "single":
        return yes / yes.sum(axis=1, keepdims=True)
    # At least so much can be no likelier than at least less.
    falling = np.minimum.accumulate(yes, axis=1)
    ends = np.ones((len(yes), 1))
    return np.hstack([ends, falling]) - np.hstack([falling, 0 * ends])

"""Ideas that say nearly the same thing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from recommender.catalogue.faults import Fault
from recommender.catalogue.ideas import Entry
from recommender.domain import Idea

LIKENESS_MAX = 0.35
"""Cosine of TF-IDF vectors above which two ideas count as near-duplicates; chosen, see data/README.md."""


def near_duplicates(entries: Sequence[Entry]) -> Iterator[Fault]:
    """Yield a fault for each idea that is too like one before it, by title, pitch and steps."""
    for one, other, likeness in likest(entries, LIKENESS_MAX):
        problem = f"is {likeness:.2f} alike with {one.idea.idea_id} (bound {LIKENESS_MAX})"
        yield other.fault((), problem, "keep the better one, or make them differ in what happens")


def alike(
    ideas: Sequence[Idea], known: Sequence[Idea], above: float = LIKENESS_MAX
) -> Iterator[tuple[Idea, Idea, float]]:
    """Yield each of some new ideas with the one it is likest, if that is above a bound.

    It is held against what is known and against the new ones before it, never against itself.
    """
    if not ideas or len(ideas) + len(known) < 2:
        return
    # Here and not above: a web worker loads this room, and scikit-learn takes seconds to import.
    from sklearn.feature_extraction.text import TfidfVectorizer

    every = (*known, *ideas)
    vectors = TfidfVectorizer(stop_words="english", sublinear_tf=True).fit_transform(map(_words, every))
    for at in range(len(known), len(every)):
        # Row by row, and sparse: all pairs of a large catalogue fit into no memory.
        row = (vectors[:at] @ vectors[at].T).tocoo()
        others = [
            (float(likeness), int(other))
            for other, likeness in zip(row.coords[0], row.data, strict=True)
            if likeness > above and every[other].idea_id != every[at].idea_id
        ]
        if others:
            likeness, other = max(others)
            yield every[at], every[other], likeness


def likest(entries: Sequence[Entry], above: float) -> Iterator[tuple[Entry, Entry, float]]:
    """Yield each pair of entries with a likeness above ``above``, in the order given.

    The likeness is the cosine of their TF-IDF vectors, from 0 (no word in common) to 1.
    """
    cosines = _cosines([_words(entry.idea) for entry in entries])
    for first in range(len(entries)):
        for second in range(first + 1, len(entries)):
            if cosines[first, second] > above:
                yield entries[first], entries[second], float(cosines[first, second])


def like_groups(texts: Sequence[str], above: float) -> list[np.ndarray]:
    """Return groups of positions such that texts of different groups are at most ``above`` alike."""
    from scipy.sparse.csgraph import connected_components

    n_groups, group = connected_components(_cosines(texts) > above)
    return [np.flatnonzero(group == number) for number in range(n_groups)]


def _cosines(texts: Sequence[str]) -> np.ndarray:
    if len(texts) < 2:
        return np.ones((len(texts), len(texts)))
    # Here and not above: a web worker loads this room, and scikit-learn takes seconds to import.
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectors = TfidfVectorizer(stop_words="english", sublinear_tf=True).fit_transform(texts)
    return (vectors @ vectors.T).toarray()


def _words(idea: Idea) -> str:
    return " ".join((idea.title, idea.pitch, *idea.steps))

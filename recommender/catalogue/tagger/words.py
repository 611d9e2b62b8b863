"""Texts as TF-IDF vectors of words, pairs of words, and pieces of words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Kind = Literal["words", "pieces"]

# Stop words stay: "each", "both" and "other" tell who does what.
SETTINGS: dict[Kind, dict[str, Any]] = {
    "words": {"sublinear_tf": True, "ngram_range": (1, 2), "min_df": 2},
    "pieces": {"sublinear_tf": True, "ngram_range": (3, 5), "min_df": 2, "analyzer": "char_wb"},
}


@dataclass(frozen=True)
class Vocabulary:
    """Terms of one kind and how rare each is.

    Attributes
    ----------
    terms : tuple[str, ...]
        In alphabetical order.
    rarity : np.ndarray
        Inverse document frequencies, float64 (n_terms,).
    """

    kind: Kind
    terms: tuple[str, ...]
    rarity: np.ndarray


def learn_vocabulary(kind: Kind, documents: Sequence[str]) -> Vocabulary:
    """Return the terms that occur in at least two documents."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(**SETTINGS[kind]).fit(documents)
    return Vocabulary(kind, tuple(vectorizer.get_feature_names_out()), vectorizer.idf_)


class Words:
    """Turns documents into vectors of length 1, over all vocabularies side by side."""

    def __init__(self, vocabularies: Sequence[Vocabulary]) -> None:
        # SciPy and scikit-learn take seconds to import; a web worker that never tags does without.
        from sklearn.feature_extraction.text import TfidfVectorizer

        self.vocabularies = tuple(vocabularies)
        self._vectorizers = []
        for vocabulary in vocabularies:
            vectorizer = TfidfVectorizer(**SETTINGS[vocabulary.kind], vocabulary=vocabulary.terms)
            vectorizer.idf_ = vocabulary.rarity
            self._vectorizers.append(vectorizer)

    def vectors(self, documents: Sequence[str]) -> csr_matrix:
        """Return float32 (n_documents, n_terms); a document without a known term is all zero."""
        from scipy.sparse import hstack

        scale = 1 / np.sqrt(len(self._vectorizers))
        blocks = list(self._blocks(documents))
        return hstack([block * scale for block in blocks], format="csr", dtype=np.float32)

    def _blocks(self, documents: Sequence[str]) -> Iterator[csr_matrix]:
        for vectorizer in self._vectorizers:
            yield vectorizer.transform(documents)

"""Five-fold cross-validation of the tagger and of what it is measured against.

Folds keep ideas together that are alike, and what is learned from examples is not from those that are like an
idea left out. Whatever a tagger chooses (vocabulary, strengths, calibration,
bars) it chooses inside the other four folds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from recommender.catalogue.likeness import like_groups
from recommender.catalogue.tagger.examples import Example
from recommender.catalogue.tagger.judging import N_FOLDS, fold_of
from recommender.catalogue.tagger.learning import NEAR
from recommender.catalogue.tagger.tagger import Tagger
from recommender.catalogue.tagger.targets import Questions
from recommender.catalogue.tagger.texts import VIEWS, View, idea_text, seen_as
from recommender.catalogue.taxonomy import Taxonomy
from recommender.domain import Idea, Tags


class Fit(Protocol):
    """Anything that makes a tagger of ideas and examples."""

    def __call__(
        self, ideas: Sequence[Idea], taxonomy: Taxonomy, *, examples: Sequence[Example], views: Sequence[View]
    ) -> Tagger:
        """Return the tagger for these amounts of text."""


@dataclass(frozen=True)
class Held:
    """What was said of ideas that had no part in the fit.

    Attributes
    ----------
    truth : np.ndarray
        Bool (n_ideas, n_values).
    named : dict[View, np.ndarray]
        The final, mended tags from each amount of text, of the same shape.
    probabilities : dict[View, np.ndarray]
        Of the same shape.
    """

    questions: Questions
    truth: np.ndarray
    named: dict[View, np.ndarray]
    probabilities: dict[View, np.ndarray]


def folds(ideas: Sequence[Idea]) -> np.ndarray:
    """Return the fold of every idea, int (n_ideas,)."""
    texts = [idea_text(idea).document for idea in ideas]
    return fold_of(like_groups(texts, NEAR), len(ideas))


def cross_validate(
    ideas: Sequence[Idea],
    taxonomy: Taxonomy,
    examples: Sequence[Example],
    fit: Fit = Tagger.fit,
    views: Sequence[View] = VIEWS,
) -> Held:
    """Return what taggers say of the ideas of the fold that they have not seen."""
    questions, fold = Questions.about(taxonomy), folds(ideas)
    truth = mask(questions, [idea.tags for idea in ideas])
    named = {view: np.zeros_like(truth) for view in views}
    probabilities = {view: np.zeros(truth.shape) for view in views}
    for number in range(N_FOLDS):
        out = np.flatnonzero(fold == number)
        known = [ideas[at] for at in np.flatnonzero(fold != number).tolist()]
        apart = unlike(examples, [ideas[at] for at in out.tolist()])
        tagger = fit(known, taxonomy, examples=apart, views=views)
        for view in views:
            texts = [seen_as(idea_text(ideas[at]), view) for at in out.tolist()]
            probabilities[view][out] = tagger.probabilities(texts)
            named[view][out] = mask(questions, [tagged.tags for tagged in tagger.tag(texts)])
    return Held(questions, truth, named, probabilities)


def majority(ideas: Sequence[Idea], taxonomy: Taxonomy) -> np.ndarray:
    """Return the commonest value of every facet, of a multi facet those that most ideas have."""
    questions, fold = Questions.about(taxonomy), folds(ideas)
    truth = mask(questions, [idea.tags for idea in ideas])
    named = np.zeros_like(truth)
    for number in range(N_FOLDS):
        share = truth[fold != number].mean(axis=0)
        for facet in questions.facets:
            at = questions.values[facet.name]
            common = share[at] > 0.5 if facet.kind == "multi" else share[at] == share[at].max()
            named[fold == number, at] = common
    return named


def plain(ideas: Sequence[Idea], taxonomy: Taxonomy) -> np.ndarray:
    """Return the tags of TF-IDF and logistic regression as they come, one model for each facet or value."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    questions, fold = Questions.about(taxonomy), folds(ideas)
    truth = mask(questions, [idea.tags for idea in ideas])
    texts = np.array([idea_text(idea).document for idea in ideas])
    named = np.zeros_like(truth)

    def classify(known: np.ndarray, asked: np.ndarray, answers: np.ndarray) -> np.ndarray:
        if len(set(answers)) == 1:
            return np.full(asked.shape[0], answers[0])
        return LogisticRegression(max_iter=1000).fit(known, answers).predict(asked)

    for number in range(N_FOLDS):
        out, rest = fold == number, fold != number
        vectorizer = TfidfVectorizer(sublinear_tf=True).fit(texts[rest])
        known, asked = vectorizer.transform(texts[rest]), vectorizer.transform(texts[out])
        for facet in questions.facets:
            at = questions.values[facet.name]
            if facet.kind == "multi":
                columns = [classify(known, asked, answers) for answers in truth[rest, at].T]
                named[out, at] = np.column_stack(columns)
            else:
                said = classify(known, asked, truth[rest, at].argmax(axis=1))
                named[out, at] = said[:, None] == np.arange(len(facet.names))
    return named


def unlike(examples: Sequence[Example], ideas: Sequence[Idea]) -> list[Example]:
    """Return the examples that are like none of the ideas, not even by way of another."""
    documents = [idea_text(idea).document for idea in ideas] + [example.text.document for example in examples]
    groups = like_groups(documents, NEAR)
    return [examples[at - len(ideas)] for group in groups if group[0] >= len(ideas) for at in group.tolist()]


def mask(questions: Questions, tags: Sequence[Tags]) -> np.ndarray:
    """Return which values ideas have, bool (n_ideas, n_values)."""
    return questions.probabilities(questions.answers(tags)) > 0.5

"""What the tagger learns from, and how, for one amount of text.

Whole texts are learned from whole texts: ideas and sketches. Shorter ones are learned from these cut to that
length, and from plain lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from recommender.catalogue.likeness import like_groups
from recommender.catalogue.tagger.cues import Cues
from recommender.catalogue.tagger.deciding import set_bars
from recommender.catalogue.tagger.examples import Example
from recommender.catalogue.tagger.judging import Judge, fit_judge
from recommender.catalogue.tagger.ridge import Scorer, fit_scorer
from recommender.catalogue.tagger.targets import Questions
from recommender.catalogue.tagger.texts import IdeaText, View, idea_text, seen_as
from recommender.catalogue.tagger.words import Kind, Vocabulary, Words, learn_vocabulary
from recommender.domain import Idea

NEAR = 0.2
"""Likeness above which ideas are kept together when some are left out: stricter than a near-duplicate."""


@dataclass(frozen=True)
class Lesson:
    """Texts with their answers, and what they are compared by.

    Attributes
    ----------
    texts : Sequence[IdeaText]
        Ideas, then examples.
    answers : np.ndarray
        (n_texts, n_questions).
    n_ideas : int
        How many of the texts are ideas.
    """

    questions: Questions
    texts: Sequence[IdeaText]
    n_ideas: int
    answers: np.ndarray
    cues: Cues
    vocabularies: tuple[Vocabulary, ...]

    @classmethod
    def of(
        cls,
        questions: Questions,
        ideas: Sequence[Idea],
        examples: Sequence[Example],
        cues: Cues,
        kinds: Sequence[Kind],
    ) -> Lesson:
        """Return what ideas and examples teach."""
        texts = [*map(idea_text, ideas), *(example.text for example in examples)]
        documents = [text.document for text in texts]
        answers = questions.answers([idea.tags for idea in ideas] + [one.tags for one in examples])
        vocabularies = tuple(learn_vocabulary(kind, documents) for kind in kinds)
        return cls(questions, texts, len(ideas), answers, cues, vocabularies)

    @cached_property
    def words(self) -> Words:
        """What turns texts into vectors."""
        return Words(self.vocabularies)

    @cached_property
    def groups(self) -> list[np.ndarray]:
        """Positions of texts that are alike, by all that there is of them."""
        return like_groups([text.document for text in self.texts], NEAR)


def learn(lesson: Lesson, view: View) -> tuple[Scorer, Judge, np.ndarray]:
    """Return scorer, judge and bars for texts of one view."""
    seen, answers, groups = [seen_as(text, view) for text in lesson.texts], lesson.answers, lesson.groups
    if view == "whole":
        whole = [at for at, text in enumerate(seen) if text.view == "whole"]
        seen, answers = [seen[at] for at in whole], answers[whole]
        groups = like_groups([text.document for text in seen], NEAR)
    vectors = lesson.words.vectors([text.document for text in seen])
    scorer, left_out = fit_scorer(vectors, answers, groups)
    judge, yes = fit_judge(lesson.questions, left_out, lesson.cues.counts(seen), answers, groups)
    # Bars are set on ideas alone: rare values are not as rare among the examples.
    said, truth = (lesson.questions.probabilities(part[: lesson.n_ideas]) for part in (yes, answers))
    return scorer, judge, set_bars(lesson.questions, said, truth > 0.5)

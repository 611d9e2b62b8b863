"""What the tagger learns from, and how, for one amount of text.

Whole texts are learned from whole texts: ideas and sketches. Shorter ones are learned from these cut to that
length, from plain lines, and from the whole texts as well, which hold most of the words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

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
    groups : list[np.ndarray]
        Positions of those that are alike.
    """

    questions: Questions
    texts: Sequence[IdeaText]
    n_ideas: int
    answers: np.ndarray
    groups: list[np.ndarray]
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
        return cls(questions, texts, len(ideas), answers, like_groups(documents, NEAR), cues, vocabularies)

    @cached_property
    def words(self) -> Words:
        """What turns texts into vectors."""
        return Words(self.vocabularies)

    @cached_property
    def whole(self) -> np.ndarray:
        """Which texts have steps, bool (n_texts,)."""
        return np.array([text.view == "whole" for text in self.texts])

    @cached_property
    def whole_vectors(self) -> csr_matrix:
        """Those texts as vectors."""
        return self.words.vectors([self.texts[at].document for at in np.flatnonzero(self.whole).tolist()])


def learn(lesson: Lesson, view: View) -> tuple[Scorer, Judge, np.ndarray]:
    """Return scorer, judge and bars for texts of one view."""
    from scipy.sparse import vstack

    whole, examples = lesson.whole, lesson.whole_vectors
    if view == "whole":
        seen, answers = [text for text in lesson.texts if text.view == "whole"], lesson.answers[whole]
        groups = members = like_groups([text.document for text in seen], NEAR)
        taught = answers
    else:
        seen, answers = [seen_as(text, view) for text in lesson.texts], lesson.answers
        groups, behind = lesson.groups, len(seen) + np.cumsum(whole) - 1
        # Behind them the whole texts, each in the group of the text that it is.
        members = [np.append(group, behind[group[whole[group]]]) for group in groups]
        cut = lesson.words.vectors([text.document for text in seen])
        examples = vstack([cut, examples], format="csr")
        taught = np.vstack([answers, answers[whole]])
    scorer, left_out = fit_scorer(examples, taught, members)
    judge, yes = fit_judge(lesson.questions, left_out[: len(seen)], lesson.cues.counts(seen), answers, groups)
    # Bars are set on ideas alone: rare values are not as rare among the examples.
    said, truth = (lesson.questions.probabilities(part[: lesson.n_ideas]) for part in (yes, answers))
    return scorer, judge, set_bars(lesson.questions, said, truth > 0.5)

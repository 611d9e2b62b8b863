"""What the tagger learns from, and how, for one amount of text.

Whole texts are learned from whole texts. Shorter ones are learned from the ideas cut to that length, from
plain lines, and from the whole texts as well, which hold most of the words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recommender.catalogue.likeness import like_groups
from recommender.catalogue.tagger.cues import Cues
from recommender.catalogue.tagger.deciding import set_bars
from recommender.catalogue.tagger.judging import Judge, fit_judge
from recommender.catalogue.tagger.lines import Line
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
    ideas, lines : Sequence[IdeaText]
        The texts of ideas, and plain lines.
    answers : np.ndarray
        Of ideas, then of lines, (n_ideas + n_lines, n_questions).
    groups : list[np.ndarray]
        Positions among ideas and lines of those that are alike.
    """

    questions: Questions
    ideas: Sequence[IdeaText]
    lines: Sequence[IdeaText]
    answers: np.ndarray
    groups: list[np.ndarray]
    cues: Cues
    vocabularies: tuple[Vocabulary, ...]

    @classmethod
    def of(
        cls,
        questions: Questions,
        ideas: Sequence[Idea],
        lines: Sequence[Line],
        cues: Cues,
        kinds: Sequence[Kind],
    ) -> Lesson:
        """Return what ideas and lines teach."""
        texts, plain = [idea_text(idea) for idea in ideas], [line.text for line in lines]
        documents = [text.document for text in (*texts, *plain)]
        answers = questions.answers([idea.tags for idea in ideas] + [line.tags for line in lines])
        vocabularies = tuple(learn_vocabulary(kind, documents) for kind in kinds)
        return cls(questions, texts, plain, answers, like_groups(documents, NEAR), cues, vocabularies)


def learn(lesson: Lesson, view: View) -> tuple[Scorer, Judge, np.ndarray]:
    """Return scorer, judge and bars for texts of one view."""
    from scipy.sparse import vstack

    n_ideas = len(lesson.ideas)
    seen = [seen_as(text, view) for text in lesson.ideas]
    words = Words(lesson.vocabularies)
    if view == "whole":
        groups = members = like_groups([text.document for text in seen], NEAR)
        answers = lesson.answers[:n_ideas]
        examples, taught = words.vectors([text.document for text in seen]), answers
    else:
        seen, groups, answers = [*seen, *lesson.lines], lesson.groups, lesson.answers
        # Behind them the whole texts, each in the group of the idea that it is.
        members = [np.append(group, group[group < n_ideas] + len(seen)) for group in groups]
        taught = np.vstack([answers, answers[:n_ideas]])
        examples = vstack(
            [words.vectors([text.document for text in texts]) for texts in (seen, lesson.ideas)], format="csr"
        )
    scorer, left_out = fit_scorer(examples, taught, members)
    judge, yes = fit_judge(lesson.questions, left_out[: len(seen)], lesson.cues.counts(seen), answers, groups)
    truth = lesson.questions.probabilities(answers) > 0.5
    return scorer, judge, set_bars(lesson.questions, lesson.questions.probabilities(yes), truth)

"""The tagger: fitted on a catalogue, or loaded from a folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from recommender.catalogue.bundled import data_folder, models_folder
from recommender.catalogue.tagger.cues import Cues, load_cues
from recommender.catalogue.tagger.deciding import confidences, decide, tags_of
from recommender.catalogue.tagger.examples import Example, load_examples
from recommender.catalogue.tagger.judging import Judge
from recommender.catalogue.tagger.learning import Lesson, learn
from recommender.catalogue.tagger.mending import mend
from recommender.catalogue.tagger.ridge import Scorer
from recommender.catalogue.tagger.targets import Questions
from recommender.catalogue.tagger.texts import SAFETY, VIEWS, IdeaText, Tagged, View
from recommender.catalogue.tagger.words import Kind, Vocabulary, Words
from recommender.catalogue.taxonomy import DERIVED, Taxonomy, band
from recommender.domain import Idea
from recommender.errors import InvalidInput

CLOSE_CALL = 0.5
"""A chosen value of lower probability than this is shown to a person."""
BATCH = 512
KINDS: tuple[Kind, ...] = ("words", "pieces")


@dataclass(frozen=True)
class Tagger:
    """Tells every facet from an idea's words.

    Attributes
    ----------
    vocabularies : tuple[Vocabulary, ...]
        What texts are compared by.
    scorers : Mapping[View, Scorer]
        What is learned from, and how, for each amount of text.
    judges : Mapping[View, Judge]
        Calibration for each amount of text.
    bars : Mapping[View, np.ndarray]
        What the probability of each value is held against, (n_values,).
    """

    taxonomy: Taxonomy
    cues: Cues
    vocabularies: tuple[Vocabulary, ...]
    scorers: Mapping[View, Scorer]
    judges: Mapping[View, Judge]
    bars: Mapping[View, np.ndarray]

    @classmethod
    def fit(
        cls,
        ideas: Sequence[Idea],
        taxonomy: Taxonomy,
        *,
        cues: Cues | None = None,
        examples: Sequence[Example] | None = None,
        kinds: Sequence[Kind] = KINDS,
        views: Sequence[View] = VIEWS,
    ) -> Tagger:
        """Return a tagger that has learned from ideas with tags.

        Parameters
        ----------
        cues : Cues or None
            Cue words; None takes those that come with Rekindle.
        examples : Sequence[Example] or None
            Sketches and plain lines to learn from besides; None takes those that come with Rekindle.
        kinds : Sequence[Kind]
            What texts are compared by.
        views : Sequence[View]
            The amounts of text that it learns to tag.

        Raises
        ------
        InvalidInput
            If there are fewer than 20 ideas.
        """
        if len(ideas) < 20:
            raise InvalidInput("ideas", f"{len(ideas)} are too few to learn from; give at least 20")
        cues = load_cues(data_folder() / "cues.yaml", taxonomy) if cues is None else cues
        if examples is None:
            examples = load_examples(data_folder() / "examples.csv", taxonomy)
        lesson = Lesson.of(Questions.about(taxonomy), ideas, examples, cues, kinds)
        scorers: dict[View, Scorer] = {}
        judges: dict[View, Judge] = {}
        bars: dict[View, np.ndarray] = {}
        for view in views:
            scorers[view], judges[view], bars[view] = learn(lesson, view)
        return cls(taxonomy, cues, lesson.vocabularies, scorers, judges, bars)

    def tag(self, texts: Sequence[IdeaText]) -> tuple[Tagged, ...]:
        """Return every facet of every text. Hundreds at a time are quicker than one by one.

        Raises
        ------
        InvalidInput
            If a text has no words, or states a tag that the taxonomy does not have.
        """
        return tuple(
            tagged
            for start in range(0, len(texts), BATCH)
            for tagged in self._tag_batch(texts[start : start + BATCH])
        )

    def probabilities(self, texts: Sequence[IdeaText]) -> np.ndarray:
        """Return the probability of every value, (n_texts, n_values), from words alone."""
        vectors = self._words.vectors([text.document for text in texts])
        counts = self.cues.counts(texts)
        yes = np.empty((len(texts), self.questions.n_asked))
        for view, scorer in self.scorers.items():
            rows = [row for row, text in enumerate(texts) if text.view == view]
            yes[rows] = self.judges[view].yes(scorer.scores(vectors[rows]), counts[rows])
        return self.questions.probabilities(yes)

    def choices(self, texts: Sequence[IdeaText], probabilities: np.ndarray) -> np.ndarray:
        """Return which values the texts have, bool (n_texts, n_values), before any is mended."""
        chosen = np.empty(probabilities.shape, dtype=bool)
        for view, bars in self.bars.items():
            rows = [row for row, text in enumerate(texts) if text.view == view]
            chosen[rows] = decide(self.questions, probabilities[rows], bars)
        return self._raised(chosen, self.cues.floors(texts))

    @cached_property
    def questions(self) -> Questions:
        """What it asks of an idea."""
        return Questions.about(self.taxonomy)

    @cached_property
    def _words(self) -> Words:
        return Words(self.vocabularies)

    def _tag_batch(self, texts: Sequence[IdeaText]) -> Iterator[Tagged]:
        for text in texts:
            _check(text, self.taxonomy)
        probabilities = self.probabilities(texts)
        chosen = self.choices(texts, probabilities)
        for text, row, values in zip(texts, probabilities, chosen, strict=True):
            known = _known(text)
            tags = {**tags_of(self.questions, values, row), **known}
            confidence = {
                **confidences(self.questions, row),
                **{name: _sure(self.taxonomy, name, values) for name, values in known.items()},
            }
            mended = mend(tags, confidence, self.taxonomy, known)
            review = tuple(
                name
                for name, values in mended.items()
                if name not in known and (name in SAFETY or _close(confidence[name], values))
            )
            yield Tagged(mended, confidence, review)

    def _raised(self, chosen: np.ndarray, floors: np.ndarray) -> np.ndarray:
        """Return the choices with safety facets at least as demanding as words without doubt say."""
        raised = chosen.copy()
        for facet in self.questions.facets:
            at = self.questions.values[facet.name]
            certain = floors[:, at]
            asks = certain.any(axis=1)
            if facet.kind == "multi":
                raised[:, at] |= certain
                raised[asks, at.start : at.stop] &= np.array([name != "none" for name in facet.names])
                continue
            ranks = np.arange(len(facet.names))
            rank = np.maximum(chosen[:, at].argmax(axis=1), (certain * ranks).max(axis=1))
            raised[asks, at] = rank[asks, None] == ranks
        return raised


def load_tagger(folder: Path | None = None) -> Tagger:
    """Return the tagger in a folder, or the one that comes with Rekindle. Nothing in it is run.

    Raises
    ------
    ModelError
        If a file is missing or broken, or does not match its hash; the message names it and the remedy.
    """
    from recommender.catalogue.tagger.storage import read_tagger

    return read_tagger(models_folder() / "tagger" if folder is None else folder)


def _check(text: IdeaText, taxonomy: Taxonomy) -> None:
    if not any(part.strip() for part in text.parts):
        raise InvalidInput("text", "has no words; give at least a title, a pitch or steps")
    for name, values in text.given.items():
        facet = taxonomy.facets.get(name)
        unknown = [value for value in values if facet is None or value not in facet.names]
        if facet is None or unknown or not values:
            raise InvalidInput(f"given.{name}", f"{', '.join(values) or 'nothing'} is no tag of the taxonomy")


def _known(text: IdeaText) -> dict[str, tuple[str, ...]]:
    amounts = {"cost": text.typical_cost, "duration": text.minutes}
    derived = {
        name: (band(DERIVED[name], float(amount)),) for name, amount in amounts.items() if amount is not None
    }
    return {**{name: tuple(values) for name, values in text.given.items()}, **derived}


def _sure(taxonomy: Taxonomy, name: str, values: tuple[str, ...]) -> dict[str, float]:
    return {value: float(value in values) for value in taxonomy.facets[name].names}


def _close(confidence: Mapping[str, float], values: tuple[str, ...]) -> bool:
    return min(confidence[value] for value in values) < CLOSE_CALL

"""What each part of the tagger is worth, and what it costs in time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from recommender.catalogue.tagger.cues import Cues
from recommender.catalogue.tagger.examples import Example
from recommender.catalogue.tagger.tagger import Tagger
from recommender.catalogue.tagger.texts import View, idea_text
from recommender.catalogue.taxonomy import Taxonomy
from recommender.domain import Idea
from recommender.learning.tagging.crossval import Fit, Held, cross_validate
from recommender.learning.tagging.scores import calibration_error, facet_f1s, macro_f1, reliability


@dataclass(frozen=True, slots=True)
class Variant:
    """A tagger with or without a part, cross-validated.

    Attributes
    ----------
    ranking, overall, line : float
        Macro-F1 over the ranking facets and over all from whole texts; over the ranking facets from titles.
    calibration : float
        Mean gap between confidence and how often it was right, from whole texts.
    texts_a_minute : float
        Whole texts tagged on this machine by one process.
    """

    name: str
    ranking: float
    overall: float
    line: float
    calibration: float
    texts_a_minute: float


def variants(taxonomy: Taxonomy) -> dict[str, Fit]:
    """Return what to compare the whole with, by name."""
    return {
        "without cue words": partial(Tagger.fit, cues=Cues({}, {}, taxonomy)),
        "without examples": _without_examples,
        "without pieces of words": partial(Tagger.fit, kinds=("words",)),
        "without words and pairs": partial(Tagger.fit, kinds=("pieces",)),
    }


def measure(
    name: str, fit: Fit, ideas: Sequence[Idea], examples: Sequence[Example], taxonomy: Taxonomy
) -> Variant:
    """Return the row of a variant, cross-validated."""
    held = cross_validate(ideas, taxonomy, examples, fit, ("whole", "line"))
    return row_of(name, held, fit(ideas, taxonomy, examples=examples, views=("whole",)), ideas)


def row_of(name: str, held: Held, tagger: Tagger, ideas: Sequence[Idea]) -> Variant:
    """Return one row of the table: what was said of ideas left out, and how fast ``tagger`` is."""
    questions = held.questions
    whole, line = (facet_f1s(questions, held.named[view], held.truth) for view in ("whole", "line"))
    return Variant(
        name,
        macro_f1(questions, whole, "ranking"),
        macro_f1(questions, whole),
        macro_f1(questions, line, "ranking"),
        calibration_error(reliability(held.probabilities["whole"], held.truth)),
        speed(tagger, ideas),
    )


def speed(tagger: Tagger, ideas: Sequence[Idea]) -> float:
    """Return how many whole texts a tagger tags in a minute, once it has started."""
    texts = [idea_text(idea) for idea in ideas]
    tagger.tag(texts)
    started = time.perf_counter()
    tagger.tag(texts)
    return 60 * len(texts) / (time.perf_counter() - started)


def _without_examples(
    ideas: Sequence[Idea],
    taxonomy: Taxonomy,
    *,
    examples: Sequence[Example],  # noqa: ARG001 - to leave them out is the point
    views: Sequence[View],
) -> Tagger:
    return Tagger.fit(ideas, taxonomy, examples=(), views=views)

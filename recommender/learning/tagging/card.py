"""The tagger's model card, with every figure taken from cross-validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from recommender.catalogue.tagger.deciding import SAFE_RECALL
from recommender.catalogue.tagger.texts import VIEWS
from recommender.learning.tagging.ablation import Variant
from recommender.learning.tagging.crossval import Held
from recommender.learning.tagging.scores import (
    SUPPORT,
    calibration_error,
    facet_f1s,
    macro_f1,
    reliability,
    safety,
)

AIM = 0.70
"""Macro-F1 over the ranking facets that was hoped for."""

OPENING = """# Model tagger

Tells every facet of the taxonomy from an idea's words: title, pitch and steps, or as much as there is.

**For** filling in tags of imported ideas, to be looked over by a person. **Not for** letting ideas past
anybody's boundaries unseen: the facets of safety are always marked for review, whatever the confidence.

How it works: a text is compared with every idea of the catalogue and with examples written for the tagger
(TF-IDF of words, pairs of words and pieces of words). Ridge regression turns likenesses into a score for
every tag, and a small logistic regression for each tag weighs the scores of its facet and a hand-written
list of cue words (`data/cues.yaml`) into a calibrated probability. Bars for naming a value are chosen on
ideas that were left out. Combinations that cannot be are mended at the least loss. Loading it runs no code.

Learned from {n} ideas of our own catalogue and {examples} examples of our own that are never shown
(`data/examples.csv`): sketches of ideas, and plain lines as lists from elsewhere have them. Ideas and
sketches are seen whole, without their steps, and as their pitch alone.
"""

MEASURES = """
## How it was judged

Five-fold cross-validation on {n} ideas; ideas that are alike (cosine of TF-IDF over 0.2) stay in one fold,
and examples that are like one of them are left out with it.
Everything that is chosen is chosen inside the other four folds.

*F1 of a facet*: the mean of F1 over its values that at least {support} ideas have. *Macro-F1*: the mean of
that over facets. *Plain* is TF-IDF and logistic regression as they come; *majority* is the commonest value.
*Whole* text is title, pitch and steps; *short* is title and pitch; a *line* is the pitch alone.
The figures are of the tags that are handed out, after mending. Another split into folds moves a macro-F1 by
about 0.01, so smaller differences say nothing.
"""

SAFE = """
## Safety

Where it is unsure it takes the more demanding value. *Not too low*: the share of all ideas that are not
tagged less demanding than they are (for hazards: that miss none). *Asking*: the same of those ideas that ask
for anything, which is harder. *Needless*: the share tagged more demanding than they are. The bars aim at
{recall} not too low inside the training folds.

| facet | text | not too low | asking | needless |
|---|---|---|---|---|
"""

CLOSING = """
## What was tried and left out

Each by the same cross-validation, before mending; macro-F1 over the ranking facets.

- Sentence embeddings beside the words, a third of the likeness, with the first 4,400 sketches: a small
  transformer of six layers (MiniLM, eight-bit, by ONNX) .687 against .665 without, at 1,500 texts a minute in
  one process beside other work; a universal sentence encoder in NumPy .673, at 600; averaged word vectors,
  with the first 1,200 sketches, nothing. No well-kept package carries the transformer and its tokeniser
  without PyTorch, and 60 MB more to install are much for tags that a person looks over: left out.
- Whole texts beside the cut ones, for shorter amounts of text: without them, and with more sketches, sixty
  plain titles are told a hundredth better than before, and a fit inverts matrices of half the size.
- More weight on ideas than on examples, likeness squared beside likeness: no more than chance.
- Naive Bayes scores beside those of the ridge: .02 less.
- Calibration on ideas alone, without the examples: .01 less. Bars set on ideas and examples: .004 less, and
  `mobility` told too low too often, since what is rare among ideas is not as rare among the examples.

## Limits

- Tags are judgements. Two readings from the words and the meanings of the tags alone came to a macro-F1 of
  .85 against each other; two more, with the conventions that the meanings now name, to .91, and to between
  .83 and .86 against the first two. A tag is what three of the four and the author say. `need` (.82),
  `novelty` and `connection` (.87) depend most on the reading.
- Values with fewer than {support} ideas are hardly learned; of safety, unmistakable words still count.
- It reads English.
- Measured on our own catalogue, which says little outright; other lists are plainer, and written otherwise.
"""


def write_card(
    held: Held,
    baselines: Mapping[str, np.ndarray],
    variants: Sequence[Variant],
    n_ideas: int,
    n_examples: int,
) -> str:
    """Return the card in Markdown.

    Parameters
    ----------
    baselines : Mapping[str, np.ndarray]
        What ``majority`` and ``plain`` name, bool (n_ideas, n_values).
    """
    parts = [
        OPENING.format(n=n_ideas, examples=n_examples),
        MEASURES.format(n=n_ideas, support=SUPPORT),
        _table(held, baselines),
        SAFE.format(recall=SAFE_RECALL),
        _safety(held),
        _calibration(held),
        _ablation(variants),
        CLOSING.format(support=SUPPORT),
    ]
    return "".join(parts)


def _table(held: Held, baselines: Mapping[str, np.ndarray]) -> str:
    questions = held.questions
    columns: dict[str, dict[str, float]] = {
        **{name: facet_f1s(questions, named, held.truth) for name, named in baselines.items()},
        **{view: facet_f1s(questions, held.named[view], held.truth) for view in VIEWS},
    }
    lines = [f"\n| facet | tier | {' | '.join(columns)} |", f"|---|---|{'---|' * len(columns)}"]
    for facet in questions.facets:
        figures = " | ".join(_figure(f1s[facet.name]) for f1s in columns.values())
        lines.append(f"| {facet.name} | {facet.tier} | {figures} |")
    for name, tier in (("ranking facets", "ranking"), ("all facets", None)):
        means = " | ".join(f"**{macro_f1(questions, f1s, tier):.3f}**" for f1s in columns.values())
        lines.append(f"| **macro-F1, {name}** | | {means} |")
    ranking, plain = (macro_f1(questions, columns[name], "ranking") for name in ("whole", "plain"))
    verdict = "reached" if ranking >= AIM else "**not reached**"
    lines.append(
        f"\nThe aim of {AIM:.2f} over the ranking facets is {verdict} ({ranking:.3f}); "
        f"the gain over plain TF-IDF and logistic regression is {ranking - plain:+.3f}.\n"
    )
    return "\n".join(lines)


def _safety(held: Held) -> str:
    return "".join(
        f"| {name} | {view} | {s.not_too_low:.3f} | {_figure(s.asking)} | {s.needless:.3f} |\n"
        for view in VIEWS
        for name, s in safety(held.questions, held.named[view], held.truth).items()
    )


def _calibration(held: Held) -> str:
    bins = reliability(held.probabilities["whole"], held.truth)
    lines = [
        "\n## Calibration\n",
        f"![reliability](reliability.svg) Mean gap {calibration_error(bins):.3f} (whole texts).\n",
        "| said | true | times |",
        "|---|---|---|",
        *(f"| {bin_.said:.2f} | {bin_.true:.2f} | {bin_.n} |" for bin_ in bins),
    ]
    return "\n".join(lines) + "\n"


def _ablation(variants: Sequence[Variant]) -> str:
    if not variants:
        return ""
    lines = [
        "\n## What each part is worth\n",
        "Macro-F1 over ranking facets, over all facets, and over ranking facets from titles alone; the mean",
        "gap of calibration; whole texts a minute in one process on the machine that trained it.\n",
        "| tagger | ranking | all | line | gap | texts a minute |",
        "|---|---|---|---|---|---|",
        *(
            f"| {v.name} | {v.ranking:.3f} | {v.overall:.3f} | {v.line:.3f} | {v.calibration:.3f} "
            f"| {v.texts_a_minute:,.0f} |"
            for v in variants
        ),
    ]
    return "\n".join(lines) + "\n"


def _figure(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.3f}"

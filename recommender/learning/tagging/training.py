"""Trains the tagger, judges it, and writes artefact, card and reliability plot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from recommender.catalogue.bundled import data_folder
from recommender.catalogue.library import Catalogue
from recommender.catalogue.tagger.examples import load_examples
from recommender.catalogue.tagger.storage import read_tagger, write_tagger
from recommender.catalogue.tagger.tagger import Tagger
from recommender.catalogue.tagger.texts import idea_text
from recommender.errors import ModelError
from recommender.learning.tagging.ablation import measure, row_of, variants
from recommender.learning.tagging.card import write_card
from recommender.learning.tagging.crossval import cross_validate, majority, plain
from recommender.learning.tagging.plot import reliability_svg
from recommender.learning.tagging.scores import facet_f1s, macro_f1, reliability


def train(
    out: Path,
    catalogue: Catalogue,
    folder: Path | None = None,
    *,
    ablate: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> str:
    """Train on a catalogue, judge by cross-validation, write both into ``out``; return the card.

    Parameters
    ----------
    folder : Path or None
        The catalogue's; its ``examples.csv`` is learned from besides, or the one that ships if it has none.

    Raises
    ------
    ModelError
        If what was written does not say the same as what was fitted.
    """
    ideas, taxonomy = catalogue.ideas, catalogue.taxonomy
    shipped = data_folder() / "examples.csv"
    own = shipped if folder is None else folder / "examples.csv"
    examples = load_examples(own if own.exists() else shipped, taxonomy)
    say(f"Judging on {len(ideas)} ideas …")
    held = cross_validate(ideas, taxonomy, examples)
    baselines = {"majority": majority(ideas, taxonomy), "plain": plain(ideas, taxonomy)}
    say("Fitting on all of them …")
    tagger = Tagger.fit(ideas, taxonomy, examples=examples)
    measured = [row_of("all parts", held, tagger, ideas)]
    for name, fit in variants(taxonomy).items() if ablate else ():
        say(f"Without a part: {name} …")
        measured.append(measure(name, fit, ideas, examples, taxonomy))
    f1s = facet_f1s(held.questions, held.named["whole"], held.truth)
    manifest = {
        "catalogue_sha256": catalogue.content_hash,
        "n_ideas": len(ideas),
        "n_examples": len(examples),
        "macro_f1_ranking": macro_f1(held.questions, f1s, "ranking"),
        "ablation": [asdict(variant) for variant in measured],
    }
    write_tagger(out, tagger, manifest)
    texts = [idea_text(idea) for idea in ideas[:20]]
    if read_tagger(out).tag(texts) != tagger.tag(texts):
        raise ModelError(f"{out}: what was written differs from what was fitted; please report it")
    bins = reliability(held.probabilities["whole"], held.truth)
    (out / "reliability.svg").write_text(reliability_svg(bins), encoding="utf-8")
    card = write_card(held, baselines, measured, len(ideas), len(examples))
    (out / "card.md").write_text(card, encoding="utf-8")
    return card

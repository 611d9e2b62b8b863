"""Everything that can be said about a catalogue without trying it on a couple."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from recommender.catalogue.bundled import data_folder
from recommender.catalogue.coverage import Headline, coverage, headline
from recommender.catalogue.faults import Fault
from recommender.catalogue.ideas import Entry, read_ideas
from recommender.catalogue.likeness import near_duplicates
from recommender.catalogue.quiz import read_quiz
from recommender.catalogue.rules import rule_faults
from recommender.catalogue.taxonomy import Taxonomy, load_taxonomy, lost_words, read_taxonomy
from recommender.catalogue.wording import wording_faults

__all__ = ["Fault", "check_catalogue"]

HEADLINE_MIN = Headline(
    n_ideas=600,
    n_free=150,
    n_at_home=200,
    n_free_at_home=100,
    n_remote=60,
    n_micro=100,
    n_seated_or_step_free=80,
    n_kids_welcome=60,
)
"""The least that our own catalogue holds."""

TAG_MIN = {"practice": 25, "domain": 20, "season": 25, "time_of_day": 25}
"""The least ideas that every value of a facet has in our own catalogue."""


def check_catalogue(folder: Path) -> list[Fault]:
    """Return every fault of a catalogue: what would keep it from loading first, then what would not.

    Parameters
    ----------
    folder : Path
        Holds ``taxonomy.yaml``, ``quiz.yaml`` and ``ideas/*.yaml``.
    """
    taxonomy, faults = read_taxonomy(folder / "taxonomy.yaml")
    if taxonomy is None:
        return faults
    standard = load_taxonomy(data_folder() / "taxonomy.yaml")
    faults += lost_words(taxonomy, standard, str(folder / "taxonomy.yaml"))
    faults += read_quiz(folder / "quiz.yaml", taxonomy)[1]
    entries, unread = read_ideas(folder / "ideas", taxonomy)
    faults += unread
    for entry in entries:
        faults += rule_faults(entry)
        faults += wording_faults(entry)
    faults += near_duplicates(entries)
    if folder.resolve() == data_folder().resolve():  # what is asked of ours is not asked of others'
        faults += coverage_faults(entries, taxonomy, str(folder / "ideas"))
    return faults


def coverage_faults(entries: Sequence[Entry], taxonomy: Taxonomy, file: str) -> Iterator[Fault]:
    """Yield each tag and each headline figure of which there are too few."""
    ideas = [entry.idea for entry in entries]
    for row in coverage(ideas, taxonomy):
        least = TAG_MIN.get(row.facet, 0)
        if row.n_ideas < least:
            problem = f"only {row.n_ideas} ideas carry {row.value}"
            yield Fault(file, None, None, f"tags.{row.facet}", problem, f"write more, up to {least}")
    for name, count in asdict(headline(ideas)).items():
        least = getattr(HEADLINE_MIN, name)
        if count < least:
            problem = f"only {count} {name.removeprefix('n_').replace('_', ' ')}"
            yield Fault(file, None, None, "", problem, f"write more, up to {least}")

"""Everything that can be said about a catalogue without trying it on a couple."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from recommender.catalogue.bundled import data_folder
from recommender.catalogue.coverage import coverage, headline
from recommender.catalogue.faults import Fault
from recommender.catalogue.ideas import Entry, read_ideas
from recommender.catalogue.likeness import near_duplicates
from recommender.catalogue.quiz import read_quiz
from recommender.catalogue.rules import rule_faults
from recommender.catalogue.taxonomy import Taxonomy, load_taxonomy, lost_words, read_taxonomy
from recommender.catalogue.wording import wording_faults

__all__ = ["Fault", "check_catalogue"]

PRACTICE_MIN = 8
FREE_AT_HOME_MIN = 40


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
    """Yield each practice, and the free ideas at home, of which there are too few."""
    ideas = [entry.idea for entry in entries]
    for row in coverage(ideas, taxonomy):
        if row.facet == "practice" and row.n_ideas < PRACTICE_MIN:
            problem = f"only {row.n_ideas} ideas carry {row.value}"
            yield Fault(file, None, None, "tags.practice", problem, f"write more, up to {PRACTICE_MIN}")
    n_free = headline(ideas).n_free_at_home
    if n_free < FREE_AT_HOME_MIN:
        problem = f"only {n_free} ideas are free and at home"
        yield Fault(file, None, None, "tags.cost", problem, f"write more, up to {FREE_AT_HOME_MIN}")

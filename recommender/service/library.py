"""The catalogue as its authors see it: faults, coverage, search. Needs no database."""

from __future__ import annotations

from pathlib import Path

from recommender.catalogue.bundled import data_folder
from recommender.catalogue.coverage import Coverage, Headline, coverage, headline
from recommender.catalogue.faults import Fault
from recommender.catalogue.library import Catalogue, load_catalogue
from recommender.catalogue.meanings import bundled_meanings
from recommender.catalogue.search import IdeaQuery, search_ideas
from recommender.domain import Idea


def catalogue_faults(folder: Path | None = None) -> list[Fault]:
    """Return every fault of a catalogue, or of the one that comes with Rekindle."""
    # Here, not above: it needs scikit-learn, which a web worker must not load.
    from recommender.catalogue.checks import check_catalogue

    return check_catalogue(folder or data_folder())


def catalogue_coverage(folder: Path | None = None) -> tuple[Headline, tuple[Coverage, ...]]:
    """Return the headline figures of a catalogue, and how many ideas carry each tag."""
    catalogue = load_catalogue(folder)
    return headline(catalogue.ideas), coverage(catalogue.ideas, catalogue.taxonomy)


def catalogue_health(catalogue: Catalogue, n_thin: int) -> tuple[Headline, tuple[Coverage, ...]]:
    """Return the headline figures of a catalogue, and the tags that the fewest ideas carry."""
    rows = coverage(catalogue.ideas, catalogue.taxonomy)
    return headline(catalogue.ideas), tuple(sorted(rows, key=lambda row: row.n_ideas)[:n_thin])


def find_ideas(text: str, folder: Path | None = None) -> tuple[Idea, ...]:
    """Return the ideas that meet every word of ``text``, the best first."""
    return search_ideas(load_catalogue(folder).ideas, IdeaQuery(text), bundled_meanings())

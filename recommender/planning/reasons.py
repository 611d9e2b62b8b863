"""Why this idea: the score's own additive terms, in words.

The terms of a suggestion sum to its score. What speaks for an idea in one partner's answers or dates is
voiced for that partner alone; the rest is told to both as one. A tag is voiced only when the idea carries
it, so nothing is said of what an idea is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from recommender.domain import Reason
from recommender.planning.table import IdeaTable
from recommender.preferences.model import Contributions

VOICED_MIN = 0.02
"""Rating points below which a single tag's part is not worth a sentence of its own."""

VOICED_MAX = 2
"""Tags voiced in one sentence; the rest are told as one."""

VOICED_WORDS = {
    "answers": "It suits your answers: {}.",
    "taste": "Like dates you enjoyed: {}.",
}

REST_WORDS = {
    "answers": "The rest of what your answers say.",
    "taste": "The rest of what your past dates say.",
}

KINDRED = "How people with tastes like yours took to it."


@dataclass(frozen=True, slots=True)
class Extras:
    """The parts of a score that are not expected rating, in points."""

    balance: float
    freshness: float
    shown: float
    goals: float
    care: float
    variety: float


EXTRA_WORDS = {
    "balance": "Weighed so that it is an evening for both of you.",
    "freshness": "It is fresh to you two.",
    "shown": "It was on your list not long ago.",
    "goals": "It serves a goal you set.",
    "care": "It brings a way of caring that your last dates did not.",
    "variety": "It is set against the others this week, so that the three differ.",
}


def reasons_of(
    table: IdeaTable,
    idea_index: int,
    terms: Contributions | None,
    partner_ids: Sequence[str],
    expected: float,
    extras: Extras,
) -> tuple[Reason, ...]:
    """Return the reasons of one suggestion, the most telling first; their contributions sum to its score.

    Parameters
    ----------
    terms : Contributions or None
        The model's additive terms; None for a model that has none, whose expectation is told as one.
    partner_ids : Sequence[str]
        Whose the rows of ``terms`` are.
    expected : float
        The couple's expected rating: the sum of ``terms`` over partners, averaged.
    """
    told = [Reason("expected", "What others made of it.", expected)] if terms is None else []
    told += [] if terms is None else _model_reasons(table, idea_index, terms, partner_ids)
    for kind, words in EXTRA_WORDS.items():
        points = float(getattr(extras, kind))
        if points != 0.0:
            told.append(Reason(kind, words, points))
    return tuple(sorted(told, key=_telling))


def _telling(reason: Reason) -> tuple[bool, float]:
    """Sort the base level last and the rest by what they add."""
    return (reason.kind == "level", -reason.contribution)


def _model_reasons(
    table: IdeaTable, idea_index: int, terms: Contributions, partner_ids: Sequence[str]
) -> list[Reason]:
    n_partners = len(partner_ids)
    level = terms.level + float(terms.leniency.sum()) / n_partners
    told = [
        Reason("level", "Where any date starts for you two.", level),
        Reason("appeal", "How ideas like it go down in general.", float(terms.appeal.sum())),
        Reason("idea", "How this very idea has gone down.", terms.effect),
        Reason("kindred", KINDRED, float(terms.kindred.sum()) / n_partners),
    ]
    told += _each(table, idea_index, "answers", terms.answers, partner_ids)
    told += _each(table, idea_index, "taste", terms.taste, partner_ids)
    return [reason for reason in told if reason.contribution != 0.0]


def _each(
    table: IdeaTable, idea_index: int, kind: str, parts: np.ndarray, partner_ids: Sequence[str]
) -> list[Reason]:
    """Return each partner's own reason, and one of both for all that is left."""
    shares = zip(partner_ids, parts / len(parts), strict=True)
    voiced = [
        reason
        for partner_id, points in shares
        if (reason := _voiced(table, idea_index, kind, points, partner_id)) is not None
    ]
    left = float(parts.sum()) / len(parts) - sum(reason.contribution for reason in voiced)
    return [*voiced, Reason(f"{kind}_rest", REST_WORDS[kind], left)]


def _voiced(
    table: IdeaTable, idea_index: int, kind: str, points: np.ndarray, partner_id: str
) -> Reason | None:
    """Return the strongest tags that speak for the idea to one partner, as a reason; None if none does."""
    carried = table.features.matrix[idea_index] != 0
    for_it = (carried & (points >= VOICED_MIN)).nonzero()[0].tolist()
    labels: dict[str, int] = {}
    for k in sorted(for_it, key=points.__getitem__, reverse=True):
        if len(labels) == VOICED_MAX:
            break
        label = tag_label(table, idea_index, table.features.names[k])
        if not _says_again(label, labels):
            labels[label] = k
    if not labels:
        return None
    told = float(sum(points[k] for k in labels.values()))
    return Reason(kind, VOICED_WORDS[kind].format(", ".join(labels)), told, partner_id)


def _says_again(label: str, said: Iterable[str]) -> bool:
    """Return whether a label begins like one already said: making something, making things by hand."""
    return any(label.split()[0] == other.split()[0] for other in said)


def tag_label(table: IdeaTable, idea_index: int, feature: str) -> str:
    """Return the words for a feature as this idea has it."""
    name, _, value = feature.partition("=")
    facet = table.taxonomy.facets[name]
    value = value or table.ideas[idea_index].tags[name][0]
    return facet.values[facet.rank(value)].label

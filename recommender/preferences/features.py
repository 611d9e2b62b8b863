"""Ideas and answers as numbers: stable names for columns, so that every weight can be told in words.

An ordinal facet becomes one column, coded from -1 (least demanding) to 1 (most); every other value
becomes an indicator named ``facet=value``. Values that say "nothing in particular" have no column.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from recommender.catalogue.taxonomy import Facet, Taxonomy
from recommender.domain import AnswerValue, Idea, Question, Tags

UNMARKED = frozenset({"any", "none"})
"""Values of multi facets that say nothing in particular; their absence of a column is the baseline."""


@dataclass(frozen=True, slots=True)
class FeatureTable:
    """The ideas as a matrix.

    Attributes
    ----------
    idea_ids : tuple[str, ...]
        Row names.
    names : tuple[str, ...]
        Column names.
    matrix : ndarray of shape (n_ideas, n_features), float64
        Codes in [-1, 1] for ordinal facets, 0 or 1 for the rest.
    """

    idea_ids: tuple[str, ...]
    names: tuple[str, ...]
    matrix: np.ndarray


def feature_names(taxonomy: Taxonomy) -> tuple[str, ...]:
    """Return the column names, in the taxonomy's order."""
    return tuple(name for facet in taxonomy.facets.values() for name in _columns(facet))


@dataclass(frozen=True, slots=True)
class Carried:
    """The tags that differ among some ideas, in one facet or otherwise, and which of them each idea has.

    A large catalogue has few that differ, so that what is worked out for these is then only looked up.

    Attributes
    ----------
    sets : Sequence[tuple[str, ...]]
    which : ndarray of shape (n_ideas,)
        Positions in ``sets``.
    """

    sets: Sequence[tuple[str, ...]]
    which: np.ndarray

    def having(self, name: str) -> np.ndarray:
        """Return which ideas have a tag, bool (n_ideas,)."""
        return np.array([name in values for values in self.sets], dtype=bool)[self.which]


def carried_tags(ideas: Sequence[Idea], facets: Sequence[str]) -> dict[str, Carried]:
    """Return what ideas carry of each facet."""
    return dict(
        zip(facets, _carried((map(idea.tags.get, facets) for idea in ideas), len(facets)), strict=True)
    )


def carried_guesses(ideas: Sequence[Idea]) -> Carried:
    """Return the facets that were guessed of ideas."""
    return next(_carried(((idea.guessed,) for idea in ideas), 1))


def encode_ideas(ideas: Sequence[Idea], taxonomy: Taxonomy) -> FeatureTable:
    """Return the feature table of ``ideas``, one row each, in their order."""
    names = feature_names(taxonomy)
    matrix, start = np.zeros((len(ideas), len(names))), 0
    for name, carried in carried_tags(ideas, tuple(taxonomy.facets)).items():
        columns = _columns(taxonomy.facets[name])
        codes = [dict(encode_tags({name: values} if values else {}, taxonomy)) for values in carried.sets]
        rows = np.array([[code.get(column, 0.0) for column in columns] for code in codes])
        matrix[:, start : start + len(columns)] = rows.reshape(-1, len(columns))[carried.which]
        start += len(columns)
    return FeatureTable(tuple(idea.idea_id for idea in ideas), names, matrix)


def encode_tags(tags: Tags, taxonomy: Taxonomy) -> Iterator[tuple[str, float]]:
    """Yield ``(column name, code)`` for every tag that has a column.

    Several values of an ordinal facet, as a quiz option may name, count as their mean.
    """
    for facet_name, values in tags.items():
        facet = taxonomy.facets[facet_name]
        if facet.kind == "ordinal":
            codes = [2 * facet.rank(value) / (len(facet.names) - 1) - 1 for value in values]
            yield facet_name, float(np.mean(codes))
        else:
            yield from ((f"{facet_name}={value}", 1.0) for value in values if not _unmarked(facet, value))


def answer_names(quiz: Sequence[Question]) -> tuple[str, ...]:
    """Return one name per answer column: the question, and for ``many`` its option too."""
    return tuple(name for question in quiz for name in _answer_columns(question))


class AnswerCode:
    """The answers to a quiz as numbers, each in [-1, 1]; 0 where not answered.

    A pair is 1 for its first option and -1 for its second; a scale runs from -1 to 1;
    each option of a ``many`` question is 1 when chosen, else 0.

    Parameters
    ----------
    quiz : Sequence[Question]

    Attributes
    ----------
    names : tuple[str, ...]
        As of `answer_names`.
    """

    def __init__(self, quiz: Sequence[Question]) -> None:
        self.names = answer_names(quiz)
        column = {name: at for at, name in enumerate(self.names)}
        self._many = {
            question.question_id: {
                option.value: column[name]
                for option, name in zip(question.options, _answer_columns(question), strict=True)
            }
            for question in quiz
            if question.kind == "many"
        }
        self._one = {
            question.question_id: (
                column[question.question_id],
                {option.value: _position(question, at) for at, option in enumerate(question.options)},
            )
            for question in quiz
            if question.kind != "many"
        }

    def encode(self, answers: Mapping[str, AnswerValue]) -> np.ndarray:
        """Return the answers as a vector of shape (n_answers,); what is not of the quiz does not count."""
        codes = np.zeros(len(self.names))
        for question_id, answer in answers.items():
            if isinstance(answer, tuple):
                columns = self._many.get(question_id, {})
                codes[[columns[value] for value in answer if value in columns]] = 1.0
            elif question_id in self._one:
                column, positions = self._one[question_id]
                codes[column] = positions.get(answer, 0.0)
        return codes


def alignment(quiz: Sequence[Question], taxonomy: Taxonomy) -> np.ndarray:
    """Return what each answer speaks for, shape (n_features, n_answers).

    The column of a pair or scale is the tags of one end minus those of the other, halved,
    so that answering one way or the other moves the same distance.
    """
    column = {name: k for k, name in enumerate(feature_names(taxonomy))}

    def vector(tags: Tags) -> np.ndarray:
        out = np.zeros(len(column))
        for name, code in encode_tags(tags, taxonomy):
            out[column[name]] = code
        return out

    columns: list[np.ndarray] = []
    for question in quiz:
        ends = [vector(option.tags) for option in question.options]
        if question.kind == "many":
            columns.extend(ends)
        elif question.kind == "pair":
            columns.append((ends[0] - ends[1]) / 2)
        else:
            columns.append((ends[-1] - ends[0]) / 2)
    return np.array(columns).T.reshape(len(column), len(columns))


def _carried(rows: Iterable[Iterable[tuple[str, ...] | None]], n_columns: int) -> Iterator[Carried]:
    # Idea by idea, not facet by facet: its tags lie together in memory.
    numbers: list[dict[tuple[str, ...], int]] = [{} for _ in range(n_columns)]
    which = [
        [number.setdefault(values or (), len(number)) for number, values in zip(numbers, row, strict=True)]
        for row in rows
    ]
    columns = np.array(which, dtype=np.int32).reshape(-1, n_columns)
    return (Carried(list(number), columns[:, at]) for at, number in enumerate(numbers))


def _unmarked(facet: Facet, value: str) -> bool:
    return facet.kind == "multi" and value in UNMARKED


def _columns(facet: Facet) -> list[str]:
    if facet.kind == "ordinal":
        return [facet.name]
    return [f"{facet.name}={value}" for value in facet.names if not _unmarked(facet, value)]


def _answer_columns(question: Question) -> list[str]:
    if question.kind == "many":
        return [f"{question.question_id}={option.value}" for option in question.options]
    return [question.question_id]


def _position(question: Question, index: int) -> float:
    """Return where an answer stands between the two ends: pairs begin at 1, scales at -1."""
    along = 2 * index / (len(question.options) - 1) - 1
    return -along if question.kind == "pair" else along

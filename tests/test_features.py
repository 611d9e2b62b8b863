"""Ideas and answers as numbers: every number says what its column's name says."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.catalogue.taxonomy import Facet, Taxonomy, Value
from recommender.domain import Option, Question
from recommender.preferences.features import (
    AnswerCode,
    alignment,
    answer_names,
    carried_tags,
    encode_ideas,
    encode_tags,
    feature_names,
)
from tests.api_world import shipped_catalogue
from tests.planning_world import idea


def facet(name: str, kind: str, *values: str) -> Facet:
    """Return a facet of taste."""
    return Facet(name, kind, "ranking", "", tuple(Value(v, v, v) for v in values))  # type: ignore[arg-type]


SMALL = Taxonomy(
    1,
    {
        "pace": facet("pace", "ordinal", "slow", "steady", "quick"),
        "screen": facet("screen", "single", "none", "central"),
        "food": facet("food", "multi", "none", "cook", "snack"),
    },
)
QUIZ = (
    Question(
        "night", "pair", "?", (Option("in", "", {"pace": ("slow",)}), Option("out", "", {"pace": ("quick",)}))
    ),
    Question(
        "screen",
        "scale",
        "?",
        (
            Option(1, "", {"screen": ("none",)}),
            Option(2, "", {}),
            Option(3, "", {}),
            Option(4, "", {}),
            Option(5, "", {"screen": ("central",), "pace": ("slow", "steady")}),
        ),
    ),
    Question("food", "many", "?", (Option("cook", "", {"food": ("cook",)}), Option("eat", "", {}))),
)


def test_columns_are_named_by_facet_and_value() -> None:
    """An ordinal facet is one column; others have one a value, but for "none" of a facet that takes many."""
    assert feature_names(SMALL) == ("pace", "screen=none", "screen=central", "food=cook", "food=snack")


def test_ordinal_codes_run_from_minus_one_to_one() -> None:
    """The least demanding value is -1, the middle 0, the most 1."""
    codes = [dict(encode_tags({"pace": (value,)}, SMALL))["pace"] for value in ("slow", "steady", "quick")]
    assert codes == [-1.0, 0.0, 1.0]


def test_several_values_of_an_ordinal_count_as_their_mean() -> None:
    """An option that speaks for slow and steady speaks for halfway between them."""
    assert dict(encode_tags({"pace": ("slow", "steady")}, SMALL)) == {"pace": -0.5}


def test_an_idea_is_one_row() -> None:
    """Each idea's row holds its codes under the names, in the order the ideas were given."""
    ideas = [
        idea("b", pace="quick", screen="none", food=("cook", "snack")),
        idea("a", pace="slow", screen="central", food="none"),
    ]
    bare = [replace(it, tags={name: it.tags[name] for name in SMALL.facets}) for it in ideas]
    table = encode_ideas(bare, SMALL)
    assert table.idea_ids == ("b", "a")
    np.testing.assert_array_equal(table.matrix, [[1, 1, 0, 1, 1], [-1, 0, 1, 0, 0]])


def test_what_differs_is_held_once() -> None:
    """Of three ideas two carry the same; a facet that an idea lacks is carried as nothing."""
    ideas = [idea("a", food="cook"), idea("b", food=("cook", "snack")), idea("c", food="cook")]
    carried = carried_tags(ideas, ("food", "moon"))
    assert carried["food"].sets == [("cook",), ("cook", "snack")]
    assert carried["food"].having("cook").tolist() == [True, True, True]
    assert carried["food"].having("snack").tolist() == [False, True, False]
    assert carried["moon"].sets == [()] and not carried["moon"].having("full").any()


def test_a_catalogue_without_ideas_has_no_rows() -> None:
    """No ideas make an empty matrix that still has its columns."""
    assert encode_ideas([], SMALL).matrix.shape == (0, 5)


def test_every_tag_of_the_shipped_ideas_can_be_read_back() -> None:
    """From the matrix alone, every idea's tags can be told, but for "any" and "none"."""
    catalogue = shipped_catalogue()
    table = encode_ideas(catalogue.ideas, catalogue.taxonomy)
    for row, it in zip(table.matrix, catalogue.ideas, strict=True):
        told = dict(zip(table.names, row, strict=True))
        for name, words in catalogue.taxonomy.facets.items():
            if words.kind == "ordinal":
                back = words.names[round((told[name] + 1) / 2 * (len(words.names) - 1))]
                assert (back,) == it.tags[name]
            else:
                back = {v for v in words.names if told.get(f"{name}={v}")}
                assert back == set(it.tags[name]) - ({"any", "none"} if words.kind == "multi" else set())


def test_answer_columns_are_named() -> None:
    """A pair or scale is one column by its question; each option of a "many" has its own."""
    assert answer_names(QUIZ) == ("night", "screen", "food=cook", "food=eat")


@pytest.mark.parametrize(
    ("answers", "codes"),
    [
        ({}, [0, 0, 0, 0]),
        ({"night": "in", "screen": 1}, [1, -1, 0, 0]),
        ({"night": "out", "screen": 5, "food": ("eat",)}, [-1, 1, 0, 1]),
        ({"screen": 3, "food": ("cook", "eat")}, [0, 0, 1, 1]),
        ({"screen": 4, "food": ()}, [0, 0.5, 0, 0]),
        ({"night": "sideways", "screen": 9, "gone": "x"}, [0, 0, 0, 0]),
    ],
)
def test_answers_become_numbers(answers: dict, codes: list[float]) -> None:
    """A pair is 1 or -1, a scale runs from -1 to 1, a chosen option is 1; the unknown counts as skipped."""
    np.testing.assert_array_equal(AnswerCode(QUIZ).encode(answers), codes)


def test_alignment_is_half_the_difference_of_the_ends() -> None:
    """An answer's column is its end's tags less the other's, halved; an option of a "many" has its own."""
    #                  pace   none  central cook snack
    night = [-1.0, 0.0, 0.0, 0.0, 0.0]
    screen = [-0.25, -0.5, 0.5, 0.0, 0.0]
    cook, eat = [0.0, 0.0, 0.0, 1.0, 0.0], [0.0] * 5
    np.testing.assert_array_equal(alignment(QUIZ, SMALL), np.array([night, screen, cook, eat]).T)


def test_either_end_of_a_question_moves_the_same_distance() -> None:
    """Answering one way is worth exactly what answering the other way costs."""
    ends = alignment(QUIZ, SMALL)
    for question, (one, other) in {"night": ("in", "out"), "screen": (1, 5)}.items():
        moved = [ends @ AnswerCode(QUIZ).encode({question: value}) for value in (one, other)]
        np.testing.assert_array_equal(moved[0], -moved[1])


def test_an_answer_moves_towards_the_tags_it_names() -> None:
    """For every pair of the shipped quiz, an answer's own end gains on the other, where they differ."""
    catalogue = shipped_catalogue()
    ends = alignment(catalogue.quiz, catalogue.taxonomy)
    names = feature_names(catalogue.taxonomy)
    for question in catalogue.quiz:
        if question.kind != "pair":
            continue
        vectors = []
        for option in question.options:
            vectors.append(np.zeros(len(names)))
            for name, code in encode_tags(option.tags, catalogue.taxonomy):
                vectors[-1][names.index(name)] = code
        first = ends @ AnswerCode(catalogue.quiz).encode({question.question_id: question.options[0].value})
        assert first @ (vectors[0] - vectors[1]) > 0, question.question_id


def test_no_quiz_has_no_columns() -> None:
    """Without questions there are no answers and nothing to align."""
    assert alignment((), SMALL).shape == (5, 0)
    assert AnswerCode(()).encode({"night": "in"}).shape == (0,)

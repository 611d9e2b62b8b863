"""The quiz loads, takes answers, and speaks for what the ranking knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from recommender.catalogue.bundled import data_folder
from recommender.catalogue.quiz import check_answers, load_quiz
from recommender.catalogue.taxonomy import Taxonomy, load_taxonomy
from recommender.domain import Option, Question
from recommender.errors import CatalogueError, InvalidInput

QUIZ = (
    Question("tonight", "pair", "In or out?", (Option("in", "In", {}), Option("out", "Out", {}))),
    Question("pulse", "scale", "How fast?", tuple(Option(n, str(n), {}) for n in range(1, 6))),
    Question("likes", "many", "Which?", tuple(Option(v, v, {}) for v in ("tea", "toast", "jam"))),
)
SPOKEN_FOR = """
    place setting energy sensory food touch talk_depth screen domain novelty arousal interaction
    challenge play creativity connection need practice who_leads company visibility
"""


@pytest.fixture(scope="module")
def taxonomy() -> Taxonomy:
    """Return the taxonomy that ships."""
    return load_taxonomy(data_folder() / "taxonomy.yaml")


@pytest.fixture(scope="module")
def shipped(taxonomy: Taxonomy) -> tuple[Question, ...]:
    """Return the quiz that ships."""
    return load_quiz(data_folder() / "quiz.yaml", taxonomy)


def pair(**changes: Any) -> dict[str, Any]:
    """Return a sound pair question with some fields replaced."""
    options = [
        {"value": "in", "label": "In", "tags": {"place": ["home"]}},
        {"value": "out", "label": "Out", "tags": {"setting": ["outdoor"]}},
    ]
    return {"id": "tonight", "kind": "pair", "prompt": "In or out?", "options": options} | changes


def option(value: object, tags: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return an option with a label."""
    return {"value": value, "label": f"Option {value}"} | ({"tags": tags} if tags else {})


def written(folder: Path, *questions: dict[str, Any]) -> Path:
    """Write a quiz and return its path."""
    path = folder / "quiz.yaml"
    path.write_text(yaml.safe_dump({"version": 1, "questions": list(questions)}), encoding="utf-8")
    return path


class TestLoading:
    """Questions in."""

    def test_question_is_read_whole(self, tmp_path: Path, taxonomy: Taxonomy) -> None:
        """A pair arrives with its prompt, labels and tags."""
        (question,) = load_quiz(written(tmp_path, pair()), taxonomy)
        assert question == Question(
            "tonight",
            "pair",
            "In or out?",
            (Option("in", "In", {"place": ("home",)}), Option("out", "Out", {"setting": ("outdoor",)})),
        )

    @pytest.mark.parametrize(
        ("questions", "message"),
        [
            ([], "questions: "),
            ([pair(kind="trio")], r"questions\.0\.kind: 'trio' does not fit"),
            ([pair(), pair()], "is the id of a question above"),
            ([pair(id="To night")], "joined by underscores"),
            ([pair(prompt="")], "prompt"),
            ([pair(options=[option("a", {"place": ["home"]})])], "options"),
            ([pair(options=[option(v, {"place": ["home"]}) for v in "abc"])], "give it two options"),
            ([pair(options=[option("a", {"place": [p]}) for p in ("home", "yard")])], "a word of its own"),
            (
                [pair(options=[option(True, {"place": ["home"]}), option("b", {"need": ["both"]})])],
                "a word of",
            ),
            ([pair(options=[option("a"), option("b", {"place": ["home"]})])], "speaks for nothing"),
            ([pair(options=[option("a", {"place": ["moon"]}), option("b", {"need": ["both"]})])], "'moon'"),
            ([pair(options=[option("a", {"mood": ["ok"]}), option("b", {"need": ["both"]})])], "'mood'"),
            (
                [pair(kind="scale", options=[option(n, {"place": ["home"]}) for n in (1, 5)])],
                "values 1, 2, 3, 4, 5",
            ),
            (
                [pair(kind="scale", options=[option(n, {"place": ["home"]}) for n in range(1, 6)])],
                "stands between the ends",
            ),
            ([pair(colour="red")], "is not a field we know"),
        ],
    )
    def test_wrong_question_is_named(
        self, tmp_path: Path, taxonomy: Taxonomy, questions: list[dict[str, Any]], message: str
    ) -> None:
        """Each way to get a question wrong is an error that names the file and what is wrong."""
        with pytest.raises(CatalogueError, match=rf"quiz\.yaml:\d+.*{message}"):
            load_quiz(written(tmp_path, *questions), taxonomy)

    @pytest.mark.parametrize("text", ["", "[]", "word", "version: 2\nquestions: []", "{version: 1"])
    def test_odd_file_is_named(self, tmp_path: Path, taxonomy: Taxonomy, text: str) -> None:
        """A file that is no quiz is a named error."""
        path = tmp_path / "quiz.yaml"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(CatalogueError, match=r"quiz\.yaml"):
            load_quiz(path, taxonomy)


class TestAnswers:
    """Answers held against the questions."""

    def test_good_answers_come_back(self) -> None:
        """One value of a pair, a number of a scale and several of a list are taken."""
        answers = check_answers(QUIZ, {"likes": ["jam"], "pulse": 5, "tonight": "out"})
        assert answers == {"tonight": "out", "pulse": 5, "likes": ("jam",)}
        assert list(answers) == ["tonight", "pulse", "likes"]

    def test_several_values_are_tidied(self) -> None:
        """Repeats go, and the order is that of the options."""
        assert check_answers(QUIZ, {"likes": ["jam", "tea", "jam"]}) == {"likes": ("tea", "jam")}

    def test_nothing_chosen_is_an_answer(self) -> None:
        """An empty list says that none of the options fits, and no answers at all are fine."""
        assert check_answers(QUIZ, {"likes": []}) == {"likes": ()}
        assert check_answers(QUIZ, {}) == {}

    @pytest.mark.parametrize(
        ("answers", "field"),
        [
            ({"colour": "red"}, "answers.colour"),
            ({"tonight": "up"}, "answers.tonight"),
            ({"tonight": ["in"]}, "answers.tonight"),
            ({"tonight": None}, "answers.tonight"),
            ({"pulse": 0}, "answers.pulse"),
            ({"pulse": 6}, "answers.pulse"),
            ({"pulse": True}, "answers.pulse"),
            ({"pulse": "3"}, "answers.pulse"),
            ({"pulse": 2.5}, "answers.pulse"),
            ({"likes": "tea"}, "answers.likes"),
            ({"likes": ["tea", "eggs"]}, "answers.likes"),
            ({"likes": [["tea"]]}, "answers.likes"),
            ({"likes": {"tea": True}}, "answers.likes"),
        ],
    )
    def test_wrong_answer_is_refused(self, answers: dict[str, object], field: str) -> None:
        """An unknown question, or a value that is not an option's, is refused by its field."""
        with pytest.raises(InvalidInput) as caught:
            check_answers(QUIZ, answers)
        assert caught.value.field == field

    def test_refusal_lists_what_is_right(self) -> None:
        """The message gives the values to choose from."""
        with pytest.raises(InvalidInput, match=r"^answers\.likes: give a list of any of tea, toast, jam$"):
            check_answers(QUIZ, {"likes": 1})


class TestShipped:
    """The quiz that comes with Rekindle."""

    def test_is_short(self, shipped: tuple[Question, ...]) -> None:
        """It has 12 to 16 questions, mostly pairs."""
        kinds = [question.kind for question in shipped]
        assert 12 <= len(kinds) <= 16
        assert kinds.count("pair") > len(kinds) / 2

    @pytest.mark.parametrize("facet", SPOKEN_FOR.split())
    def test_speaks_for_each_facet_of_taste(self, shipped: tuple[Question, ...], facet: str) -> None:
        """Some option of some question speaks for each of these facets."""
        spoken = {name for question in shipped for option in question.options for name in option.tags}
        assert facet in spoken

    def test_ends_differ(self, shipped: tuple[Question, ...]) -> None:
        """The two ends of a pair or scale never speak for the same tag."""
        for question in shipped:
            if question.kind == "many":
                continue
            first, last = question.options[0].tags, question.options[-1].tags
            both = {facet: set(first[facet]) & set(last[facet]) for facet in first.keys() & last.keys()}
            assert not any(both.values()), question.question_id

    def test_reads_kindly(self, shipped: tuple[Question, ...]) -> None:
        """Prompts end in a question or a plain sentence, are short, and shout nothing."""
        for question in shipped:
            assert question.prompt[-1] in "?."
            assert "!" not in question.prompt
            assert len(question.prompt) <= 100

"""The quiz: questions read from YAML, and answers held against them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from recommender.catalogue.documents import Document, Place, Row, read_document, shape_faults
from recommender.catalogue.faults import Fault, raise_faults
from recommender.catalogue.tags import tag_names, unknown_tags
from recommender.catalogue.taxonomy import Taxonomy, Text, Word
from recommender.domain import AnswerValue, Option, Question
from recommender.errors import InvalidInput

SCALE = [1, 2, 3, 4, 5]


class _OptionRow(Row):
    value: object  # a word or a number, by the question's kind
    label: Text
    tags: Annotated[dict[str, list[str]], Field(default_factory=dict)]


class _QuestionRow(Row):
    id: Word
    kind: Literal["pair", "scale", "many"]
    prompt: Text
    options: Annotated[list[_OptionRow], Field(min_length=2)]


class _QuizRow(Row):
    version: Literal[1]
    questions: Annotated[list[_QuestionRow], Field(min_length=1)]


def load_quiz(path: Path, taxonomy: Taxonomy) -> tuple[Question, ...]:
    """Return the questions in a YAML file, in order.

    Raises
    ------
    CatalogueError
        If a question does not have the form; the message names line, question and field.
    """
    questions, faults = read_quiz(path, taxonomy)
    raise_faults(faults)
    return tuple(questions)


def read_quiz(path: Path, taxonomy: Taxonomy) -> tuple[list[Question], list[Fault]]:
    """Return the sound questions in a YAML file, and every fault."""
    document = read_document(path)
    if document.faults:
        return [], document.faults
    try:
        rows = _QuizRow.model_validate(document.content).questions
    except ValidationError as error:
        return [], shape_faults(document, error, (), None)
    faults = [
        fault for number, row in enumerate(rows) for fault in _row_faults(document, number, row, taxonomy)
    ]
    return [_question(row) for row in rows], faults + _repeated_ids(document, rows)


def check_answers(quiz: Sequence[Question], answers: Mapping[str, object]) -> dict[str, AnswerValue]:
    """Return the answers as the model takes them, in the quiz's order.

    Several values (``many``) come back without repeats, in the order of the options.

    Raises
    ------
    InvalidInput
        If there is no such question, or a value is not among its options.
    """
    questions = {question.question_id: question for question in quiz}
    for question_id in answers:
        if question_id not in questions:
            raise InvalidInput(f"answers.{question_id}", "there is no such question; GET /v1/quiz lists them")
    return {name: _answer(q, answers[name]) for name, q in questions.items() if name in answers}


def _answer(question: Question, answer: object) -> AnswerValue:
    values = [option.value for option in question.options]
    if question.kind == "many":
        return _several(question, answer)
    # True equals 1 in Python, and is no answer.
    if isinstance(answer, str | int) and not isinstance(answer, bool) and answer in values:
        return answer
    raise _refusal(question, "give one of")


def _several(question: Question, answer: object) -> tuple[str, ...]:
    values = [str(option.value) for option in question.options]
    if not isinstance(answer, list | tuple) or any(value not in values for value in answer):
        raise _refusal(question, "give a list of any of")
    return tuple(value for value in values if value in answer)


def _refusal(question: Question, what: str) -> InvalidInput:
    values = ", ".join(str(option.value) for option in question.options)
    return InvalidInput(f"answers.{question.question_id}", f"{what} {values}")


def _row_faults(document: Document, number: int, row: _QuestionRow, taxonomy: Taxonomy) -> Iterator[Fault]:
    at: Place = ("questions", number)
    if remedy := _options_remedy(row):
        yield document.fault((*at, "options"), row.id, ("options",), f"do not make a {row.kind}", remedy)
    for position, option in enumerate(row.options):
        name: Place = ("options", position, "tags")
        for facet, problem, remedy in unknown_tags(option.tags, taxonomy):
            yield document.fault((*at, *name, facet), row.id, (*name, facet), problem, remedy)
        between = row.kind == "scale" and 0 < position < len(row.options) - 1
        if bool(option.tags) == between:
            problem = "stands between the ends" if between else "speaks for nothing"
            remedy = "leave its tags out" if between else "say which tags it speaks for"
            yield document.fault((*at, *name), row.id, name, problem, remedy)


def _options_remedy(row: _QuestionRow) -> str | None:
    """Return what to do about options that do not fit the kind, or None."""
    values = [option.value for option in row.options]
    if row.kind == "scale":
        return None if values == SCALE else "give the options the values 1, 2, 3, 4, 5"
    if not all(isinstance(value, str) and value for value in values) or len(set(values)) < len(values):
        return 'give each option a word of its own as value, in "quotes" if YAML takes it for something else'
    return "give it two options" if row.kind == "pair" and len(values) != 2 else None


def _question(row: _QuestionRow) -> Question:
    options = (
        Option(
            option.value if isinstance(option.value, int) else str(option.value),
            option.label,
            {facet: tag_names(values) for facet, values in option.tags.items()},
        )
        for option in row.options
    )
    return Question(row.id, row.kind, row.prompt, tuple(options))


def _repeated_ids(document: Document, rows: Sequence[_QuestionRow]) -> list[Fault]:
    first: dict[str, int] = {}
    remedy = "give one of them another id"
    return [
        document.fault(("questions", number, "id"), row.id, ("id",), "is the id of a question above", remedy)
        for number, row in enumerate(rows)
        if first.setdefault(row.id, number) != number
    ]

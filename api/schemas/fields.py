"""Types of single fields. Each accepts exactly what its JSON Schema says, no more and no less."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema
from pydantic.types import Strict

from recommender.domain import Week
from recommender.service.texts import NAME_LENGTH

# Control characters, line separators and the marks that turn the reading direction round.
_CONTROL = r"\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069"
_BLANK = r"\u0020\u00a0\u00ad\u1680\u180e\u2000-\u200f\u202f\u205f-\u2064\u3000\ufeff"
LINE_PATTERN = f"^[^{_CONTROL}]*[^{_CONTROL}{_BLANK}][^{_CONTROL}]*$"
TEXT_PATTERN = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$"
WORD_PATTERN = r"^[A-Za-z0-9_+/:.-]{1,200}$"
ID_PATTERN = r"^[0-9A-Z]{26}$"
IDEA_ID_PATTERN = r"^[a-z0-9_-]{1,200}$"
SECRET_PATTERN = r"^[A-Za-z0-9_-]{1,200}$"

# The years a plan or date may lie in; those with a week 53 are listed, so that the pattern is exact.
_LONG_YEARS = "|".join(
    f"{year - 2000:02d}" for year in range(2000, 2100) if date(year, 12, 28).isocalendar().week == 53
)
WEEK_PATTERN = rf"^20([0-9]{{2}}-W(0[1-9]|[1-4][0-9]|5[0-2])|({_LONG_YEARS})-W53)$"
DAY_PATTERN = r"^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
CLOCK_PATTERN = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
MOMENT_PATTERN = (
    r"^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"(\.[0-9]{1,6})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
)


def _matched(value: object, pattern: str, problem: str) -> str:
    if not isinstance(value, str) or re.fullmatch(pattern, value) is None:
        raise ValueError(problem)
    return value


def _week(value: object) -> Week:
    return Week.parse(_matched(value, WEEK_PATTERN, "is not an ISO week; write one like 2026-W48"))


def _week_text(value: object) -> str:
    return str(_week(value))


def _day(value: object) -> date:
    problem = "is not a day of this century; write one like 2026-11-28"
    text = _matched(value, DAY_PATTERN, problem)
    try:
        return date.fromisoformat(text)
    except ValueError:  # 31 February
        raise ValueError(problem) from None


def _moment(value: object) -> datetime:
    problem = "is not a moment with an offset; write one like 2026-11-28T19:30:00+01:00"
    text = _matched(value, MOMENT_PATTERN, problem)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(problem) from None


def _clock(value: object) -> time:
    return time.fromisoformat(_matched(value, CLOCK_PATTERN, "is not a time of day; write one like 19:30"))


def _whole(value: object) -> object:
    # JSON Schema counts 19.0 as an integer; pydantic's strict int does not.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def word(vocabulary: str) -> Any:
    """Return the field of a word of this deployment's catalogue; the OpenAPI document lists the words.

    Parameters
    ----------
    vocabulary : str
        A name of `api.vocabulary.vocabularies`.
    """
    return Field(pattern=WORD_PATTERN, json_schema_extra={"x-vocabulary": vocabulary})


# Bounds go inside these two: outside a validator pydantic checks them, but leaves them out of the schema.
WHOLE = BeforeValidator(_whole)
STRIPPED = AfterValidator(str.strip)

Whole = Annotated[int, Strict(), WHOLE]
Line = Annotated[str, Field(pattern=LINE_PATTERN), STRIPPED]
Text = Annotated[str, Field(pattern=TEXT_PATTERN)]
Name = Annotated[
    str,
    Field(
        pattern=LINE_PATTERN,
        max_length=NAME_LENGTH,
        description="What you are called here.",
        examples=["Robin"],
    ),
    STRIPPED,
]
DateId = Annotated[
    str, Field(pattern=ID_PATTERN, description="The date.", examples=["01KB2C3D4E5F6G7H8J9KAMBNCP"])
]
SessionId = Annotated[
    str, Field(pattern=ID_PATTERN, description="The session.", examples=["9F86D081884C7D659A2FEAA0C5"])
]
SuggestionId = Annotated[
    str, Field(pattern=ID_PATTERN, description="The suggestion.", examples=["01KB2C3D4E5F6G7H8J9KAMBNCQ"])
]
RitualId = Annotated[
    str, Field(pattern=ID_PATTERN, description="The ritual.", examples=["01KB2C3D4E5F6G7H8J9KAMBNCQ"])
]
IdeaId = Annotated[
    str,
    Field(pattern=IDEA_ID_PATTERN, description="An idea of the catalogue.", examples=["three-line-letters"]),
]
Secret = Annotated[str, Field(pattern=SECRET_PATTERN, description="The feed's secret.")]
Version = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+-]{0,199}$", description="A model.", examples=["prior"])
]
_WEEK_SCHEMA = {
    "type": "string",
    "pattern": WEEK_PATTERN,
    "description": "An ISO week of this century.",
    "examples": ["2026-W48"],
}
WeekName = Annotated[str, BeforeValidator(_week_text), WithJsonSchema(_WEEK_SCHEMA)]
WeekInPath = Annotated[Week, BeforeValidator(_week), WithJsonSchema(_WEEK_SCHEMA)]
Day = Annotated[
    date,
    BeforeValidator(_day),
    WithJsonSchema({"type": "string", "format": "date", "pattern": DAY_PATTERN, "examples": ["2026-11-28"]}),
]
Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema(
        {
            "type": "string",
            "format": "date-time",
            "pattern": MOMENT_PATTERN,
            "examples": ["2026-11-28T19:30:00+01:00"],
        }
    ),
]
Clock = Annotated[
    time,
    BeforeValidator(_clock),
    PlainSerializer(lambda at: at.strftime("%H:%M"), return_type=str),
    WithJsonSchema({"type": "string", "pattern": CLOCK_PATTERN, "examples": ["19:30"]}),
]

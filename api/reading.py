"""From a request to checked values: the body, the query and the names in the path."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from flask import request
from pydantic import TypeAdapter, ValidationError
from werkzeug.datastructures import MultiDict

from api.problems import KINDS, ProblemError
from api.registry import Route
from api.schemas.problem import FieldProblem

PROBLEMS_MOST = 100
"""Wrong values that one answer names."""


def read_request(route: Route, path: Mapping[str, str]) -> dict[str, Any]:
    """Return what a route's handler asks for, by name.

    Raises
    ------
    ProblemError
        400 if the body is not JSON, 413 if it is too long, 415 if it does not claim to be JSON, 422 if a
        value is not usable.
    """
    found = {name: _checked(kind, path[name], name) for name, kind in route.parameters.items()}
    if route.query is not None:
        found["query"] = _checked(route.query, _query(request.args))
    if route.body is not None:
        found["body"] = _body(route.body)
    return found


def _body(kind: Any) -> Any:
    if not request.is_json:
        raise ProblemError(415, KINDS[415].means)
    raw = request.get_data()
    if request.content_length is None and len(raw) == request.max_content_length:
        raise ProblemError(413, KINDS[413].means)  # its length was not told, and here reading stopped
    try:
        return kind.model_validate_json(raw)
    except ValidationError as error:
        if error.errors()[0]["type"] != "json_invalid":
            raise ProblemError(422, KINDS[422].means, _field_problems(error)) from None
    raise _unreadable(raw)


def _unreadable(raw: bytes) -> ProblemError:
    """Tell JSON that is broken from JSON that says what no text can hold, such as half a character."""
    try:
        json.loads(raw)
    except (ValueError, RecursionError):
        return ProblemError(400, KINDS[400].means)
    return ProblemError(422, "The body holds text or a number that cannot be used.")


def _query(sent: MultiDict[str, str]) -> dict[str, str | list[str]]:
    return {name: values[0] if len(values) == 1 else values for name, values in sent.lists()}


def _checked(kind: Any, value: object, name: str | None = None) -> Any:
    try:
        return _adapter(kind).validate_python(value)
    except ValidationError as error:
        raise ProblemError(422, KINDS[422].means, _field_problems(error, name)) from None


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _field_problems(error: ValidationError, name: str | None = None) -> list[FieldProblem]:
    """Return each wrong value's place and what is wrong with it, never the value."""
    wrong = error.errors(include_url=False, include_context=False, include_input=False)[:PROBLEMS_MOST]
    return [
        FieldProblem(
            field=".".join(map(str, (name,) if name else found["loc"])) or "body",
            problem=found["msg"].removeprefix("Value error, "),
        )
        for found in wrong
    ]

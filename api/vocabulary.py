"""The words of a deployment's catalogue as JSON Schema, for the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import available_timezones

from recommender.domain import Question
from recommender.service import Deployment

FACETS = ("touch", "talk_depth", "alcohol", "mobility", "sensory", "hazard", "place", "practice")


def vocabularies(deployment: Deployment) -> dict[str, dict[str, Any]]:
    """Return each vocabulary's schema, by the name that ``x-vocabulary`` asks for."""
    catalogue = deployment.catalogue
    facets = {name: facet.names for name, facet in catalogue.taxonomy.facets.items()}
    words = {name: list(facets[name]) for name in FACETS}
    words["hazard"] = [value for value in words["hazard"] if value != "none"]
    words["idea"] = [idea.idea_id for idea in catalogue.ideas]
    words["tag"] = [f"{facet}:{value}" for facet, values in facets.items() for value in values]
    words["time_zone"] = sorted(available_timezones())
    return {
        **{name: {"enum": values} for name, values in words.items()},
        "tags": _object({facet: _some_of(values) for facet, values in facets.items()}),
        "answers": _object({question.question_id: _answer(question) for question in catalogue.quiz}),
    }


def filled_in(schema: Any, words: Mapping[str, dict[str, Any]]) -> Any:
    """Return a schema with every ``x-vocabulary`` replaced by the words it names.

    Examples
    --------
    >>> filled_in({"items": {"x-vocabulary": "size"}}, {"size": {"enum": ["small", "large"]}})
    {'items': {'enum': ['small', 'large']}}
    """
    if isinstance(schema, list):
        return [filled_in(part, words) for part in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {name: filled_in(part, words) for name, part in schema.items() if name != "x-vocabulary"}
    return {**kept, **words[schema["x-vocabulary"]]} if "x-vocabulary" in schema else kept


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _some_of(values: Any) -> dict[str, Any]:
    return {"type": "array", "items": {"enum": list(values)}, "maxItems": 100}


def _answer(question: Question) -> dict[str, Any]:
    values = [option.value for option in question.options]
    schema = _some_of(values) if question.kind == "many" else {"enum": values}
    return {**schema, "description": question.prompt}

"""The OpenAPI 3.1 document, made from the routes and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from inspect import getdoc
from typing import Any, Literal

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema

import api
from api.idempotency import KEY_PATTERN
from api.problems import KINDS, MEDIA_TYPE, RETRY_SECONDS
from api.registry import Content, Route
from api.schemas.problem import ProblemBody
from api.vocabulary import filled_in

REF = "#/components/schemas/{model}"
Refs = Mapping[Any, Any]

SECURITY: Mapping[str, list[dict[str, list[str]]]] = {
    "none": [],
    "optional": [{}, {"operator": []}],
    "partner": [{"partner": []}],
    "operator": [{"operator": []}],
}
HEADERS: Mapping[str, dict[str, Any]] = {
    "RequestId": {
        "description": "The id of this request in the service's log.",
        "required": True,
        "schema": {"type": "string", "format": "uuid"},
    },
    "Authenticate": {
        "description": "The scheme to authenticate with.",
        "required": True,
        "schema": {"type": "string", "const": 'Bearer realm="rekindle"'},
    },
    "RetryIfBusy": {
        "description": "Seconds to wait before asking again: the same request is being worked on.",
        "schema": {"type": "integer", "const": RETRY_SECONDS},
    },
    "RetryAfter": {
        "description": "Seconds to wait before trying again.",
        "required": True,
        "schema": {"type": "integer", "const": RETRY_SECONDS},
    },
    "Replayed": {
        "description": "true when this answer was stored for an earlier request with the same key.",
        "schema": {"type": "string", "const": "true"},
    },
}

KEY: Mapping[str, Any] = {
    "type": "string",
    "pattern": KEY_PATTERN,
    "description": "On any POST: text of your own, new for each thing to do; sent again, it is done once.",
}


class _Untitled(GenerateJsonSchema):
    """Leaves out titles that only repeat a field's name."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic passes it
        """Return False: never."""
        return False


def build_document(
    routes: Iterable[Route], words: Mapping[str, dict[str, Any]], version: str
) -> dict[str, Any]:
    """Return the OpenAPI document of some routes.

    Parameters
    ----------
    words : Mapping[str, dict]
        The vocabularies of a deployment; see `api.vocabulary`.
    """
    routes = list(routes)
    refs, schemas = models_json_schema(list(_models(routes)), ref_template=REF, schema_generator=_Untitled)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.template, {})[route.method.lower()] = _operation(route, refs)
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Rekindle", "version": version, "description": getdoc(api)},
        "servers": [{"url": "/"}],
        "tags": [{"name": name} for name in dict.fromkeys(route.group for route in routes)],
        "paths": paths,
        "components": _components(schemas["$defs"]),
    }
    return dict(filled_in(document, words))


def _components(schemas: dict[str, Any]) -> dict[str, Any]:
    return {
        "schemas": schemas,
        "headers": dict(HEADERS),
        "parameters": {"IdempotencyKey": _parameter("header", "Idempotency-Key", KEY, required=False)},
        "responses": {kind.slug: _problem(status) for status, kind in KINDS.items()},
        "securitySchemes": {
            "partner": {"type": "http", "scheme": "bearer", "description": "A partner's token."},
            "operator": {"type": "http", "scheme": "bearer", "description": "REKINDLE_OPERATOR_TOKEN."},
        },
    }


def _models(routes: Iterable[Route]) -> Iterable[tuple[type[BaseModel], JsonSchemaMode]]:
    yield ProblemBody, "serialization"
    for route in routes:
        if route.body is not None:
            yield route.body, "validation"
        if _has_model(route):
            yield route.output, "serialization"


def _has_model(route: Route) -> bool:
    return route.output not in (None, Content)


def _operation(route: Route, refs: Refs) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "description": _description(route),
        "tags": [route.group],
        "security": SECURITY[route.auth],
        "parameters": [*_path_parameters(route), *_query_parameters(route)],
        "responses": {
            str(route.status): _success(route, refs),
            **{str(s): {"$ref": f"#/components/responses/{KINDS[s].slug}"} for s in route.statuses},
        },
    }
    if route.body is not None:
        content = {"application/json": {"schema": refs[route.body, "validation"]}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _description(route: Route) -> str:
    # A parameter of each POST it is not: a generator of requests would send one key with two bodies, and
    # call our 422 a refusal of good data.
    kept = "Takes the header Idempotency-Key (components/parameters)." if route.method == "POST" else ""
    return f"{route.description} {kept}".strip()


def _success(route: Route, refs: Refs) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": HTTPStatus(route.status).phrase,
        "headers": _headers("RequestId"),
    }
    if route.method == "POST" and not route.secret:
        answer["headers"] |= {"Idempotency-Replayed": _header("Replayed")}
    if _has_model(route):
        answer["content"] = {route.media_type: {"schema": refs[route.output, "serialization"]}}
    elif route.output is Content:
        answer["content"] = {route.media_type: {"schema": {"type": "string"}}}
    return answer


def _problem(status: int) -> dict[str, Any]:
    names = {401: ("Authenticate",), 409: ("RetryIfBusy",), 503: ("RetryAfter",)}.get(status, ())
    return {
        "description": KINDS[status].means,
        "headers": _headers("RequestId", *names),
        "content": {MEDIA_TYPE: {"schema": {"$ref": REF.format(model="ProblemBody")}}},
    }


def _headers(*names: str) -> dict[str, Any]:
    wire = {
        "RequestId": "X-Request-Id",
        "Authenticate": "WWW-Authenticate",
        "RetryAfter": "Retry-After",
        "RetryIfBusy": "Retry-After",
    }
    return {wire[name]: _header(name) for name in names}


def _header(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/headers/{name}"}


def _path_parameters(route: Route) -> Iterable[dict[str, Any]]:
    for name, kind in route.parameters.items():
        yield _parameter("path", name, TypeAdapter(kind).json_schema(), required=True)


def _query_parameters(route: Route) -> Iterable[dict[str, Any]]:
    if route.query is None:
        return
    for name, schema in route.query.model_json_schema(schema_generator=_Untitled)["properties"].items():
        yield _parameter("query", name, schema, required=False)


def _parameter(
    place: Literal["path", "query", "header"], name: str, schema: Mapping[str, Any], *, required: bool
) -> dict[str, Any]:
    kept = {key: part for key, part in schema.items() if key != "description"}
    told = schema.get("description", "")
    return {"name": name, "in": place, "required": required, "description": told, "schema": kept}

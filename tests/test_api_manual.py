"""The manual, the page and the OpenAPI document say what the routes say."""

import json
import os
import subprocess
import sys
from html.parser import HTMLParser

import pytest
from jsonschema import Draft202012Validator

import api
from api.app import create_app
from api.problems import KINDS
from api.routes import ROUTES
from recommender.service import Deployment
from tests.api_world import Person

KEYWORDS = {
    *("type", "enum", "const", "format", "pattern", "default", "examples", "description", "title", "$ref"),
    *(
        "properties",
        "required",
        "additionalProperties",
        "propertyNames",
        "maxProperties",
        "items",
        "maxItems",
    ),
    *("minItems", "minimum", "maximum", "minLength", "maxLength", "anyOf", "oneOf", "allOf", "not"),
    *("contains", "minContains", "maxContains"),
}


@pytest.fixture
def document(deployment: Deployment) -> dict:
    """Return the OpenAPI document as it is served."""
    answer = Person(create_app(deployment))("GET", "/openapi.json")
    assert answer.mimetype == "application/json"
    return answer.json


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_every_route_is_in_the_manual(route):
    """A route stands in the package's docstring with its caller, and has a summary of one sentence."""
    caller = {"none": "anyone", "optional": "anyone"}.get(route.auth, route.auth)
    start = f"``{route.method} {route.template}`` "
    line = next((line for line in api.__doc__.splitlines() if line.startswith(start)), "")

    assert f" {caller} " in line
    assert route.summary.endswith(".")


@pytest.mark.parametrize("status", KINDS)
def test_every_status_is_in_the_manual(status):
    """A status that an error can have stands in the package's docstring."""
    assert f"\n{status}    " in api.__doc__


def test_the_document_has_every_route(document):
    """Each route is one operation, under its own name, with its own statuses and no others."""
    told = {
        operation["operationId"]: (method.upper(), path, set(operation["responses"]))
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }

    assert document["openapi"] == "3.1.0"
    assert told == {
        route.name: (route.method, route.template, {str(route.status), *map(str, route.statuses)})
        for route in ROUTES
    }


def test_every_schema_is_sound(document):
    """Each schema is valid JSON Schema, uses only keywords that mean something, and every $ref resolves."""
    schemas = list(schemas_in(document))

    for schema in schemas:
        Draft202012Validator.check_schema(schema)
    assert {key for schema in schemas for part in parts_of(schema) for key in part} <= KEYWORDS
    for part in (part for schema in schemas for part in parts_of(schema) if "$ref" in part):
        assert part["$ref"].removeprefix("#/components/schemas/") in document["components"]["schemas"]


def test_every_example_fits_its_schema(document):
    """An example in the document is one that the service would take or give."""
    shared = {"components": document["components"]}
    shown = [part for schema in schemas_in(document) for part in parts_of(schema) if "examples" in part]

    # The words of examples are of the shipped catalogue; this document's is smaller.
    for part in (part for part in shown if "enum" not in json.dumps(part)):
        for example in part["examples"]:
            Draft202012Validator({**shared, **part}).validate(example)
    assert len(shown) > 50


def test_every_field_is_explained(document):
    """Each field that a request can have has a description or says it by an example."""
    for route in ROUTES:
        if route.body is not None:
            fields = document["components"]["schemas"][route.body.__name__]["properties"]
            assert all({"description", "examples", "$ref"} & set(field) for field in fields.values()), (
                route.name
            )


def test_words_are_those_of_the_catalogue(document):
    """Where only words of the catalogue or quiz will do, the document lists this deployment's."""
    schemas = document["components"]["schemas"]
    touch = schemas["BoundariesBody"]["properties"]["touch_max"]["anyOf"][0]
    answers = schemas["AnswersBody"]["properties"]["answers"]

    assert touch["enum"] == ["none", "incidental", "affectionate", "sustained", "intimate"]
    assert answers["properties"]["pace"]["enum"] == [1, 2, 3, 4, 5]
    assert answers["additionalProperties"] is False
    assert "x-vocabulary" not in json.dumps(document)


class Links(HTMLParser):
    """Collects what a page loads or links to, and where a link can lead in it."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, _tag, attrs):
        """Keep addresses and ids."""
        told = dict(attrs)
        self.targets += [told[name] for name in ("href", "src", "action") if told.get(name)]
        self.ids |= {told["id"]} if "id" in told else set()
        assert "style" not in told  # the content security policy forbids it


def test_the_page_lists_every_route(deployment):
    """/docs has every route and problem, loads nothing from elsewhere, and has no dead link."""
    anyone = Person(create_app(deployment))
    page = anyone("GET", "/docs")
    links = Links()
    links.feed(page.text)

    assert page.mimetype == "text/html"
    assert {route.name for route in ROUTES} | {kind.slug for kind in KINDS.values()} <= links.ids
    for target in set(links.targets):
        if target.startswith("#"):
            assert target[1:] in links.ids
        else:
            with anyone("GET", target) as answer:
                assert answer.status_code == 200


def test_a_problem_links_to_its_kind(deployment):
    """The type of a problem is an address on the page that explains it."""
    anyone = Person(create_app(deployment))

    address, _, anchor = anyone("GET", "/v1/me").json["type"].partition("#")

    assert f'id="{anchor}"' in anyone("GET", address).text


def test_importing_does_nothing(tmp_path):
    """Importing the app reads no setting, opens no database and makes no folder."""
    home = tmp_path / "home"
    unusable = {"REKINDLE_HOME": str(home), "REKINDLE_DATABASE_URL": "nonsense", "REKINDLE_SIGNUP": "perhaps"}

    done = subprocess.run(
        [sys.executable, "-c", "import api.app, api.server"],
        env={**os.environ, **unusable, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert not home.exists()


def schemas_in(document):
    """Yield every schema of an OpenAPI document: the components, and those of parameters and headers."""
    yield from document["components"]["schemas"].values()
    yield from (header["schema"] for header in document["components"]["headers"].values())
    for operations in document["paths"].values():
        for operation in operations.values():
            yield from (parameter["schema"] for parameter in operation["parameters"])


def parts_of(schema):
    """Yield a schema and every schema inside it."""
    yield schema
    inside = [*schema.get("properties", {}).values()]
    inside += [part for key in ("anyOf", "oneOf", "allOf") for part in schema.get(key, ())]
    for key in ("items", "contains", "propertyNames", "additionalProperties", "not"):
        inside += [schema[key]] if isinstance(schema.get(key), dict) else []
    for part in inside:
        yield from parts_of(part)

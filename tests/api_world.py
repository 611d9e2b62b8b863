"""Somebody who calls the API, for the tests of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from recommender.catalogue.library import Catalogue, load_catalogue
from recommender.service import Deployment
from recommender.service.serving import ServedModels


@dataclass(frozen=True)
class Person:
    """Somebody who calls an app, with a token or without: ``robin("GET", "/v1/me")``."""

    app: Flask
    token: str | None = None

    def __call__(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, **rest: Any
    ) -> TestResponse:
        """Return the answer to a request with a JSON body, an Idempotency-Key, or neither."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if key is not None:
            headers["Idempotency-Key"] = key
        if body is not None:
            rest["json"] = body
        return self.app.test_client().open(path, method=method, headers=headers, **rest)


def start(app: Flask, name: str = "Robin") -> tuple[Person, str]:
    """Return the first partner of a new couple, and the code for the second."""
    told = Person(app)("POST", "/v1/couples", {"name": name}).json
    return Person(app, told["token"]), told["invite_code"]


def accept(app: Flask, code: str, name: str = "Sam") -> Person:
    """Return the second partner of a couple."""
    told = Person(app)("POST", "/v1/invites/accept", {"invite_code": code, "name": name}).json
    return Person(app, told["token"])


def signed_in(app: Flask, person: Person) -> Any:
    """Return a browser in which somebody is signed in."""
    browser = app.test_client()
    found = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/sign-in").text)
    assert found is not None
    browser.post("/sign-in", data={"token": person.token, "csrf_token": found[1]})
    return browser


def with_shipped_catalogue(deployment: Deployment) -> Deployment:
    """Return a deployment that suggests from the catalogue that comes with Rekindle."""
    return with_catalogue(deployment, shipped_catalogue())


def with_catalogue(deployment: Deployment, catalogue: Catalogue) -> Deployment:
    """Return a deployment that suggests from a catalogue."""
    models = ServedModels(deployment.registry, catalogue)
    return replace(deployment, catalogue=catalogue, models=models, table=models.table)


@cache
def shipped_catalogue() -> Catalogue:
    """Return the catalogue that comes with Rekindle, read once for all tests."""
    return load_catalogue()

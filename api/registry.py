"""The list of routes: each one's method, path, models, status and caller, kept in one place.

A route is a plain function. Its signature says what it takes and gives: ``body`` and ``query`` are
pydantic models, a name in the path is that parameter's type, the return type is the answer's model,
and the docstring's first line is the summary. Flask's rules, the OpenAPI document and the page at
``/docs`` are all made from this list.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import getdoc
from typing import Annotated, Any, Literal, Self, get_origin, get_type_hints

import orjson

from recommender.domain import Scope
from recommender.service import Caller, Deployment

Auth = Literal["none", "optional", "partner", "operator"]
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Handler = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Call:
    """What every handler is given.

    Attributes
    ----------
    known : Caller or None
        Who calls; None where a route is open and nobody said who they are.
    """

    deployment: Deployment
    known: Caller | None = None

    @property
    def caller(self) -> Caller:
        """The caller, on a route that admits none without a token."""
        if self.known is None:
            raise RuntimeError("an open route has no caller")
        return self.known


@dataclass(frozen=True, slots=True)
class Content:
    """An answer that is not made by a model: its bytes and media type.

    A handler whose bytes are nevertheless the JSON of one returns ``Annotated[Content, Model]``.
    """

    data: bytes
    media_type: str

    @classmethod
    def json(cls, told: Mapping[str, Any]) -> Self:
        """Return a JSON object, written as pydantic would."""
        return cls(orjson.dumps(told, option=orjson.OPT_UTC_Z), "application/json")


@dataclass(frozen=True, slots=True)
class Route:
    """One method on one path.

    Attributes
    ----------
    path : str
        In Flask's spelling, ``/v1/dates/<date_id>``.
    status : int
        Of an answer that went well.
    errors : tuple[int, ...]
        Statuses this route adds to those that follow from its kind; see `statuses`.
    scope : {"all", "plan"}
        What a partner's token must allow.
    secret : bool
        True where the answer holds a token or code, which must never be stored.
    media_type : str
        Of an answer that went well.
    parameters : Mapping[str, Any]
        Each name in the path with its type.
    """

    method: Method
    path: str
    handler: Handler
    auth: Auth
    status: int
    errors: tuple[int, ...]
    scope: Scope
    secret: bool
    media_type: str
    parameters: Mapping[str, Any]
    body: Any
    query: Any
    output: Any

    @property
    def name(self) -> str:
        """The handler's name: Flask's endpoint and OpenAPI's operationId."""
        return self.handler.__name__

    @property
    def group(self) -> str:
        """The module it stands in, such as ``weeks``."""
        return self.handler.__module__.rpartition(".")[2]

    @property
    def template(self) -> str:
        """The path in OpenAPI's spelling, ``/v1/dates/{date_id}``."""
        return re.sub(r"<(\w+)>", r"{\1}", self.path)

    @property
    def summary(self) -> str:
        """The first line of the handler's docstring."""
        return (getdoc(self.handler) or "").partition("\n")[0]

    @property
    def description(self) -> str:
        """The rest of the handler's docstring."""
        return (getdoc(self.handler) or "").partition("\n")[2].strip()

    @property
    def statuses(self) -> tuple[int, ...]:
        """Every error status the route can answer with, in order."""
        found = set(self.errors)
        if self.path.startswith("/v1/"):
            found |= {429}
        if self.auth != "none":
            found |= {401, 503}
        if self.auth in ("partner", "operator"):
            found |= {403}
        if self.body is not None:
            found |= {400, 413, 415, 422}
        if self.query is not None or self.parameters:
            found |= {422}
        if self.method == "POST":
            found |= {409, 413, 422, 503}  # the Idempotency-Key, and the body it is compared by
        return tuple(sorted(found))


class Router:
    """Collects routes by decoration; nothing is registered anywhere until an app is made.

    Examples
    --------
    >>> router = Router()
    >>> @router.route("GET", "/greetings/<name>", auth="none")
    ... def greet(call: Call, name: str) -> None:
    ...     '''Greet somebody.'''
    >>> [(route.template, route.summary) for route in router.routes]
    [('/greetings/{name}', 'Greet somebody.')]
    """

    def __init__(self) -> None:
        self.routes: list[Route] = []

    def route(
        self,
        method: Method,
        path: str,
        *,
        auth: Auth = "partner",
        status: int = 200,
        errors: tuple[int, ...] = (),
        scope: Scope = "all",
        secret: bool = False,
        media_type: str = "application/json",
    ) -> Callable[[Handler], Handler]:
        """Return a decorator that adds the function to the routes and leaves it as it is."""

        def add(handler: Handler) -> Handler:
            hints = get_type_hints(handler, include_extras=True)
            self.routes.append(
                Route(
                    method=method,
                    path=path,
                    handler=handler,
                    auth=auth,
                    status=status,
                    errors=errors,
                    scope=scope,
                    secret=secret,
                    media_type=media_type,
                    parameters={name: hints[name] for name in re.findall(r"<(\w+)>", path)},
                    body=hints.get("body"),
                    query=hints.get("query"),
                    output=_told(hints["return"]),
                )
            )
            return handler

        return add


def _told(returned: Any) -> Any:
    """Return the model that an answer follows, `Content` or None, from what a handler returns."""
    if get_origin(returned) is Annotated:
        return returned.__metadata__[0]
    return None if returned is type(None) else returned

"""The shape of every error."""

from __future__ import annotations

from pydantic import Field

from api.schemas.base import Body


class FieldProblem(Body):
    """One wrong value."""

    field: str = Field(description="Where it stood, dotted.", examples=["circumstances.slots.0.weekday"])
    problem: str = Field(description="What is wrong.", examples=["Input should be less than or equal to 7"])


class ProblemBody(Body):
    """Problem details, RFC 9457."""

    type: str = Field(
        description="Names the kind of problem; a link into the page at /docs.", examples=["/docs#not-found"]
    )
    title: str = Field(description="The kind, in words.", examples=["Not found"])
    status: int = Field(description="The HTTP status.", examples=[404])
    detail: str = Field(
        description="What happened this time and what to do.", examples=["There is no such date."]
    )
    instance: str = Field(
        description="This one occurrence; the same id is in X-Request-Id and in the log.",
        examples=["urn:uuid:7f0c1c52-6d5c-4b38-9d0e-3f2a54f0a0aa"],
    )
    errors: tuple[FieldProblem, ...] = Field(description="Every wrong value; empty where none is to blame.")

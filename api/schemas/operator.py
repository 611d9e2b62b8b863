"""Bodies for whoever runs the service, and about the service itself."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue, RootModel

from api.schemas.base import Body
from api.schemas.fields import Line, Version


class RetrainBody(Body):
    """What a retraining run did."""

    version: str | None = Field(description="The candidate; null when nothing was fitted.")
    promoted: bool
    verdict: str = Field(examples=["not enough to tell"])
    reason: str
    n_ratings: int
    n_couples: int


class ModelBody(Body):
    """One model."""

    version: str = Field(examples=["prior"])
    created_at: str
    n_ratings: int
    verdict: str
    current: bool = Field(description="Whether it serves now.")


class ModelsBody(Body):
    """All models, the prior first, then by time."""

    models: tuple[ModelBody, ...]


class Promotion(Body):
    """Which model to serve from now on, and why."""

    version: Version
    reason: Line = Field(
        max_length=500, description="Kept with the move.", examples=["went back: see issue 12"]
    )


class CurrentBody(Body):
    """The model that serves."""

    version: str = Field(examples=["prior"])


class HealthBody(Body):
    """That all is well."""

    status: Literal["ok"] = Field(examples=["ok"])


class OpenApiBody(RootModel[dict[str, JsonValue]]):
    """An OpenAPI 3.1 document."""

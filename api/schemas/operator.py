"""Bodies for whoever runs the service, and about the service itself."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, JsonValue, RootModel

from api.schemas.base import Body
from api.schemas.fields import Line, Text, Version, word
from recommender.service import ImportReport


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


class ImportBody(Body):
    """A file of ideas."""

    format: Literal["csv", "json", "yaml", "jsonld", "html", "ics"] = Field(
        description="What kind of file it is.", examples=["csv"]
    )
    content: Text = Field(
        max_length=900_000,
        description="The file itself. Larger ones: `rekindle ideas import`.",
        examples=["title,pitch,minutes\nA walk by the canal,Count the herons.,60\n"],
    )
    source: str = Field(
        pattern="^[a-z0-9]+(-[a-z0-9]+)*$",
        max_length=60,
        description="What it is called here; `rekindle` is our own.",
        examples=["city"],
        json_schema_extra={"not": {"const": "rekindle"}},
    )
    name: Line = Field(default="file", max_length=200, description="For messages.", examples=["walks.csv"])
    apply: bool = Field(default=False, description="Take them in; otherwise only say what would be.")
    replace: bool = Field(default=False, description="Withdraw what the source named before, and not now.")
    time_zone: Annotated[str, word("time_zone")] = Field(
        default="UTC", description="Of times that name none.", examples=["Europe/Paris"]
    )


class FaultBody(Body):
    """One thing to mend in a file."""

    line: int | None
    idea_id: str | None
    field: str
    problem: str
    remedy: str

    @classmethod
    def of(cls, fault: object) -> Self:
        """Return the body of a fault."""
        return cls(**{name: getattr(fault, name) for name in cls.model_fields})


class ImportedBody(Body):
    """What an import did, or would do."""

    source: str
    applied: bool
    n_rows: int
    n_new: int
    n_changed: int
    n_same: int
    n_withheld: int = Field(description="Withdrawn by the operator before; they stay withdrawn.")
    n_broken: int
    n_withdrawn: int
    n_to_review: int = Field(description="New and changed ideas with guessed tags.")
    faults: tuple[FaultBody, ...]

    @classmethod
    def of(cls, report: ImportReport) -> Self:
        """Return the body of a report."""
        told = {name: getattr(report, name) for name in cls.model_fields if name != "faults"}
        faults = tuple(
            FaultBody(**{name: getattr(fault, name) for name in FaultBody.model_fields})
            for fault in report.faults
        )
        return cls(**told, faults=faults)


class SourceBody(Body):
    """Where imported ideas come from."""

    source: str
    n_offered: int
    n_to_review: int
    n_over: int
    n_withdrawn: int


class SourcesBody(Body):
    """All sources, by name."""

    sources: tuple[SourceBody, ...]


class HealthBody(Body):
    """That all is well."""

    status: Literal["ok"] = Field(examples=["ok"])


class OpenApiBody(RootModel[dict[str, JsonValue]]):
    """An OpenAPI 3.1 document."""

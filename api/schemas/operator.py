"""Bodies for whoever runs the service, and about the service itself."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal, Self

from pydantic import Field, JsonValue, RootModel

from api.schemas.base import Body
from api.schemas.fields import Line, Text, Version, word
from recommender.service import ImportReport, Run


class RetrainBody(Body):
    """What a retraining run did."""

    version: str | None = Field(description="The candidate; null when nothing was fitted.")
    promoted: bool
    verdict: str = Field(examples=["not enough to tell"])
    reason: str
    n_ratings: int
    n_couples: int
    retired: tuple[str, ...] = Field(
        description="Models deleted because they had learned from people who are gone."
    )


class RunBody(Body):
    """How far a retraining run is."""

    state: Literal["running", "finished", "failed", "interrupted"] = Field(
        description="An interrupted run was killed; the next goes on where it stopped."
    )
    started_at: str
    step: int = Field(description="Counts from 1.")
    n_steps: int
    doing: str = Field(examples=["fitting the earlier feedback"])
    n_passes: int = Field(description="Passes of the fit that is under way.")
    problem: str = Field(description="Why it failed; empty otherwise.")
    report: RetrainBody | None = Field(description="Once it is finished.")

    @classmethod
    def of(cls, run: Run) -> Self:
        """Return the body for a run."""
        return cls(
            state=run.state,
            started_at=run.started_at,
            step=run.step + 1,
            n_steps=run.n_steps,
            doing=run.doing,
            n_passes=run.n_passes,
            problem=run.problem,
            report=RetrainBody(**asdict(run.report)) if run.report else None,
        )


class ModelHealthBody(Body):
    """Whether the model that serves does as well with dates as it did when it was judged."""

    version: str
    verdict: Literal["as promised", "worse than promised", "not enough to tell"]
    reason: str
    n_dates: int = Field(description="Dates that came of its suggestions and that both rated.")
    n_couples: int
    enjoyed: float | None = Field(description="Mean of both ratings, 1 to 5; null without a date.")
    expected: float | None
    bias: float | None = Field(description="Enjoyed less expected, points.")
    low: float | None = Field(description="Lower end of its 90 % interval.")
    high: float | None
    coverage_90: float | None = Field(description="Share of dates inside the 90 % intervals.")


class ModelBody(Body):
    """One model."""

    version: str = Field(examples=["prior"])
    created_at: str
    n_ratings: int
    verdict: str
    current: bool = Field(description="Whether it serves now.")
    rmse: float | None = Field(description="Points it was off by on ratings it had not seen; null unjudged.")
    pairwise_accuracy: float | None = Field(description="Share of pairs of those that it put in order.")
    to_retire: bool = Field(
        description="Whether it learned from somebody who is gone: the next retraining run deletes it."
    )


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

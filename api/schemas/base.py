"""What all bodies have in common."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


def _without_defaults(schema: dict[str, Any]) -> None:
    for field in schema.get("properties", {}).values():
        field.pop("default", None)


class Body(BaseModel):
    """A JSON object: no unknown fields, no conversions that JSON Schema does not know."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True)


class Changes(Body):
    """The body of a PATCH: a field left out stays as it is, whatever its default here."""

    model_config = ConfigDict(json_schema_extra=_without_defaults)

    def given(self) -> dict[str, Any]:
        """Return the fields that were sent, by name."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class Query(BaseModel):
    """Query parameters: text that is read as the type each field asks for."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)

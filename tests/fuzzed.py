"""What `tests.fuzz` throws bytes at: everything that reads what strangers send."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from datetime import UTC, datetime

from pydantic import ValidationError

from api.schemas.couples import CoupleChanges
from api.schemas.dates import DateChanges, LoggedDate, NewRating
from api.schemas.people import AnswersBody, BoundariesBody
from recommender.catalogue.importers.drafts import Intake
from recommender.catalogue.importers.formats import FORMATS, read_drafts
from recommender.catalogue.library import load_catalogue
from recommender.catalogue.quiz import check_answers
from recommender.domain import Week
from recommender.errors import RekindleError

CATALOGUE = load_catalogue()
INTAKE = Intake("fuzz", CATALOGUE.taxonomy, UTC, datetime(2026, 11, 23, tzinfo=UTC))
KINDS = sorted(FORMATS)
BODIES = (CoupleChanges, DateChanges, LoggedDate, NewRating, AnswersBody, BoundariesBody)


def importers(data: bytes) -> None:
    """Read bytes as a file of a format, to its end."""
    if data:
        with suppress(RekindleError):
            for _ in read_drafts(io.BytesIO(data[1:]), KINDS[data[0] % len(KINDS)], INTAKE):
                pass


def parsers(data: bytes) -> None:
    """Read bytes as a week, as quiz answers, and as each body that holds slots, days and moments."""
    text = data.decode("utf-8", errors="replace")
    with suppress(ValueError):
        Week.parse(text)
    for body in BODIES:
        with suppress(ValidationError):
            body.model_validate_json(data)
    with suppress(ValueError, RecursionError):
        answers = json.loads(data)
        if isinstance(answers, dict):
            with suppress(RekindleError):
                check_answers(CATALOGUE.quiz, answers)

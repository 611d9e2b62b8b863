"""Ideas from elsewhere: CSV, JSON, YAML, schema.org events and calendars, read into drafts.

A reader takes an open file and yields a `Draft` for each row it can read and a `Broken` for each it cannot,
one at a time: no format holds more than one row beyond what its library needs, and what must be read whole
has a limit of size. `complete` makes an idea of a draft and of what was guessed about it.
"""

from recommender.catalogue.importers.completing import Completed, complete, idea_id, is_complete
from recommender.catalogue.importers.drafts import Broken, Draft, Intake
from recommender.catalogue.importers.formats import FORMATS, MEDIA_TYPES, format_of, read_drafts
from recommender.catalogue.importers.guessing import words_of

__all__ = [
    "FORMATS",
    "MEDIA_TYPES",
    "Broken",
    "Completed",
    "Draft",
    "Intake",
    "complete",
    "format_of",
    "idea_id",
    "is_complete",
    "read_drafts",
    "words_of",
]

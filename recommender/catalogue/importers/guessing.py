"""What the tagger is asked about a draft."""

from __future__ import annotations

from recommender.catalogue.importers.drafts import Draft
from recommender.catalogue.tagger import IdeaText


def words_of(draft: Draft) -> IdeaText:
    """Return what a tagger is asked about a draft."""
    return IdeaText(draft.title, draft.pitch, draft.steps, draft.typical_cost, draft.minutes, draft.tags)

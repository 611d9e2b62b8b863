"""From words to every facet: what an idea's title, pitch and steps say about it, with confidence.

>>> tagger = load_tagger()  # the one that comes with Rekindle
>>> tagged, = tagger.tag([IdeaText("Cook a new recipe together")])
>>> tagged.tags["domain"][0]  # the main one
'food_drink'

Importing this room loads nothing heavy; fitting, loading and tagging import SciPy and scikit-learn.
"""

from __future__ import annotations

from recommender.catalogue.tagger.tagger import Tagger, load_tagger
from recommender.catalogue.tagger.texts import SAFETY, IdeaText, Tagged, idea_text

__all__ = ["SAFETY", "IdeaText", "Tagged", "Tagger", "idea_text", "load_tagger"]

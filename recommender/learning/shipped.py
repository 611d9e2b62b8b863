"""Builds the prior that comes with Rekindle: ``python -m recommender.learning.shipped``.

Run it after the catalogue, the quiz, the taxonomy or ``data/prior.yaml`` has changed; a test says when.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from recommender.catalogue.bundled import data_folder, models_folder
from recommender.catalogue.library import Catalogue, load_catalogue
from recommender.learning.artefact import write_artefact
from recommender.learning.registry import PRIOR_VERSION
from recommender.preferences.prior import load_prior, prior_parameters

CARD = """# Model prior

A hierarchical Bayesian linear model of how much each partner enjoys a date, **fitted to nobody**.

- Every number in it follows from `data/prior.yaml`, where each has its reason, the quiz and the catalogue.
- Answers set a direction and little more; ratings take over from the first one.
- Its spread is wide, and suggestions made with it say that they are a guess.

For choosing date ideas. Not for judging people or relationships; it says nothing about either.
"""


def write_prior(folder: Path, catalogue: Catalogue) -> None:
    """Write the prior's artefact into ``folder``, in place of the one there."""
    parameters = prior_parameters(load_prior(data_folder() / "prior.yaml"), catalogue)
    manifest = {
        "created_at": "",
        "n_ratings": 0,
        "catalogue_sha256": catalogue.content_hash,
        "verdict": "written by hand",
    }
    if folder.exists():
        shutil.rmtree(folder)
    write_artefact(folder, PRIOR_VERSION, parameters, manifest, CARD)


if __name__ == "__main__":
    write_prior(models_folder() / PRIOR_VERSION, load_catalogue())

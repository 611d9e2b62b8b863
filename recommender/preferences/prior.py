"""The model before any feedback: scales and directions from ``data/prior.yaml``, nothing fitted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import yaml

from recommender.catalogue.library import Catalogue
from recommender.errors import ModelError
from recommender.preferences.features import alignment, answer_names, encode_ideas, feature_names
from recommender.preferences.model import Parameters


def load_prior(path: Path) -> dict[str, Any]:
    """Return the prior's sections as written.

    Raises
    ------
    ModelError
        If the file is missing or is not YAML.
    """
    try:
        prior: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise ModelError(
            f"{path}: cannot read the prior ({type(error).__name__}); restore the file"
        ) from error
    return prior


def prior_parameters(prior: dict[str, Any], catalogue: Catalogue) -> Parameters:
    """Return the parameters that ``prior`` states, scaled to the ideas of ``catalogue``.

    A facet's weights get variance in proportion to its relevance squared, scaled so that over the
    catalogue's ideas the personal part of a rating has the stated standard deviation; answers are
    scaled the same way to theirs.
    """
    names = feature_names(catalogue.taxonomy)
    matrix = encode_ideas(catalogue.ideas, catalogue.taxonomy).matrix
    means = matrix.mean(axis=0)
    centred = matrix - means
    relevance = _relevance(prior, catalogue, names)
    weight_var = prior["taste"]["sd"] ** 2 * relevance**2 / _spread((centred * relevance).var(axis=0).sum())
    variances = np.append(prior["leniency"]["sd"] ** 2, weight_var)
    shared = np.append(prior["leniency"]["shared"], np.full(len(names), prior["taste"]["shared"]))
    directions = relevance[:, None] ** 2 * alignment(catalogue.quiz, catalogue.taxonomy)
    moved = _spread(((centred @ directions) ** 2).sum(axis=1).mean())
    fixed = np.zeros((len(names) + 1, directions.shape[1] + 1))
    fixed[0, 0] = prior["level"]["mean"]
    fixed[1:, 0] = _appeal(prior, names)
    fixed[1:, 1:] = prior["quiz"]["sd"] * directions / np.sqrt(moved)
    return Parameters(
        idea_ids=(),
        feature_names=names,
        answer_names=answer_names(catalogue.quiz),
        feature_means=means,
        fixed=fixed,
        effects=np.zeros(0),
        effect_vars=np.zeros(0),
        effect_var=prior["idea"]["sd"] ** 2,
        couple_cov=np.diag(shared * variances),
        partner_cov=np.diag((1 - shared) * variances),
        shock_var=prior["evening"]["sd"] ** 2,
        noise_var=prior["noise"]["sd"] ** 2,
    )


def _spread(variance: float) -> float:
    """Return ``variance``, or 1 where all ideas are alike and any scale will do."""
    return variance if variance > 1e-12 else 1.0


def _relevance(prior: dict[str, Any], catalogue: Catalogue, names: tuple[str, ...]) -> np.ndarray:
    tiers = {name: facet.tier for name, facet in catalogue.taxonomy.facets.items()}
    return np.array([prior["relevance"][tiers[name.partition("=")[0]]] for name in names])


def _appeal(prior: dict[str, Any], names: tuple[str, ...]) -> np.ndarray:
    unknown = set(prior["appeal"]) - set(names)
    if unknown:
        raise ModelError(f"prior.yaml: appeal names {sorted(unknown)}, which the taxonomy does not have")
    return np.array([prior["appeal"].get(name, {"points": 0.0})["points"] for name in names])

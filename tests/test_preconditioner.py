"""The preconditioner: exact where ratings are independent and answers uncorrelated."""

from __future__ import annotations

import numpy as np

from recommender.preferences.model import with_intercept
from recommender.preferences.preconditioner import Preconditioner
from recommender.preferences.threads import Threads


def test_it_is_the_inverse_where_answers_are_uncorrelated() -> None:
    """Every idea is rated by a yes and by a no, so that answers are uncorrelated."""
    rng = np.random.default_rng(2)
    n_ideas, n_features, variance, effect_var = 7, 2, 0.8, 0.3
    design = with_intercept(rng.normal(size=(n_ideas, n_features)))
    precision = rng.uniform(0.5, 2, size=(n_features + 1, 2))
    idea, answer = np.repeat(np.arange(n_ideas), 2), np.tile([-1.0, 1.0], n_ideas)
    said = with_intercept(answer[:, None])
    of_weights = (design[idea][:, :, None] * said[:, None, :]).reshape(len(idea), -1)
    joint = np.hstack([of_weights, idea[:, None] == np.arange(n_ideas)])
    normal = joint.T @ joint / variance + np.diag(np.append(precision, np.full(n_ideas, 1 / effect_var)))
    right = rng.normal(size=len(normal))
    told = np.full((n_ideas, 2), 2 / variance)

    found = Preconditioner(design, told, precision, Threads(2)).solver(effect_var)(right)

    np.testing.assert_allclose(found, np.linalg.solve(normal, right))

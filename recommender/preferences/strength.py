"""How firmly a fit is held to its prior."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.preferences.model import Parameters


@dataclass(frozen=True, slots=True)
class Strength:
    """How many observations each variance's prior is worth, and how firmly fixed weights are held.

    Attributes
    ----------
    covariances : float
        Couples' (or partners') worth of prior for ``couple_cov`` and ``partner_cov``, for each of their rows:
        a covariance of F rows takes at least F couples to estimate, and overfits badly on fewer.
    variances : float
        Observations' worth of prior for noise, shock and idea effects.
    scales : float
        Weights' worth of prior for how much the tags, and each answer, may say.
    tags : float, optional
        Weights' worth of prior that a tag's tastes are scaled as all tags' are; None for one scale of all.
    level_sd : float
        Prior standard deviation of the level, as a share of that of ratings under the prior. Small: the level
        is that of all ideas, and ratings are only of those that were chosen (Marlin and Zemel 2009).
    appeal_sd, answer_sd : float
        The same of what appeal and answers may add to a rating beyond ``prior``. Whole sums, not single
        weights: many features are held as firmly as few.
    """

    covariances: float = 1.0
    variances: float = 5.0
    scales: float = 10.0
    tags: float | None = None
    level_sd: float = 0.02
    appeal_sd: float = 0.15
    answer_sd: float = 0.2


VAGUE = Strength(covariances=3.0, variances=2.0, scales=0.1, tags=10.0)
"""For a prior that states nothing: its scales are a guess and give way at once, that no tag matters more than
another gives way soon, and that no two go together is held until many say otherwise."""


@dataclass(frozen=True, slots=True)
class Held:
    """A ``Strength`` in the units of one fit.

    Attributes
    ----------
    covariances, variances, scales, tags : float
    level_var : float
    scale : ndarray of shape (2, A)
        Prior variance of a weight of each column: what it says of leniency, and of each tag.
    """

    covariances: float
    variances: float
    scales: float
    tags: float
    level_var: float
    scale: np.ndarray


def held(strength: Strength, prior: Parameters, design: np.ndarray, answers: np.ndarray) -> Held:
    """Return ``strength`` for whole covariances and single weights, in the units of the ratings."""
    n_features = float((design**2).sum(axis=1).mean())
    n_answers = float((answers**2).sum(axis=1).mean()) or 1.0
    scale = np.full((2, answers.shape[1] + 1), strength.answer_sd**2 / n_answers)
    scale[1] /= n_features
    scale[1, 0] = strength.appeal_sd**2 / n_features
    rating_var = _rating_var(prior, design)
    return Held(
        covariances=strength.covariances * design.shape[1],
        variances=strength.variances,
        scales=strength.scales,
        tags=np.inf if strength.tags is None else strength.tags,
        level_var=rating_var * strength.level_sd**2,
        scale=rating_var * scale,
    )


def _rating_var(prior: Parameters, design: np.ndarray) -> float:
    """Return the variance of a rating under the prior, averaged over ideas."""
    taste = np.einsum("if,fg,ig->i", design, prior.couple_cov + prior.partner_cov, design, optimize=True)
    return float(taste.mean() + prior.effect_var + prior.shock_var + prior.noise_var)

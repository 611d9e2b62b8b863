"""Empirical Bayes: the parameters that make the feedback most likely, by accelerated variational EM.

Each pass (``passes.py``) raises the objective or leaves it. Variances are then carried further along the
way they just moved, ever further while that pays; when the objective falls, the pass's own step is taken
instead (adaptive overrelaxed bound optimisation; Salakhutdinov & Roweis 2003). Much feedback is met with
parameters from a sample of its couples.

How much the tags and each answer may say (the prior variance of a column of the fixed weights) is learned
first, an answer at a time, so that those that say nothing fade (automatic relevance determination;
MacKay 1994). Every variance has a weak prior worth a
few observations, so that little feedback cannot run away with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.linalg import eigh
from threadpoolctl import threadpool_limits

from recommender.preferences.feedback import Feedback
from recommender.preferences.model import Parameters
from recommender.preferences.passes import Passes
from recommender.preferences.strength import Strength

SCALE_STEPS, SCALE_PASSES = 6, 3
"""How often the scales of the fixed weights are learned at first, and after how many passes each time."""

GROWTH = 2.0
"""How much longer each stretched step is than the one before; 1 is EM."""

LONG = 4.0
"""How long a step must be to say that all is gained: after a short one, little gain says little."""

SAMPLE_RATINGS = 10_000
"""What scales are learned from where there is more than twice as much."""

MORE_RATINGS, MORE_COUPLES = 40_000, 2_000
"""What variances are learned from, at least, where there is more than twice as much: it knows them well. A
covariance needs many couples, however much each of them rated (on MovieLens, 270 people were too few).
Fixed weights and ideas' effects are met by all ratings, once."""

MANY_RATINGS = 200_000
"""From so many on, a fit stops at its tolerance; with fewer, passes cost little and gains are small."""


def fit_parameters(
    feedback: Feedback,
    prior: Parameters,
    *,
    strength: Strength | None = None,
    max_iterations: int = 300,
    tolerance: float = 1e-4,
    on_iteration: Callable[[int, float], None] = lambda _number, _objective: None,
    n_jobs: int = 1,
) -> Parameters:
    """Return the parameters that the feedback supports, shrunk to ``prior``.

    Parameters
    ----------
    prior : Parameters
        Its ``idea_ids`` name the rows of ``feedback.features``.
    max_iterations : int
        Passes over the whole at most.
    tolerance : float
        Stops when the objective grows by less than this share of its size; by less still where all of fewer
        than ``MANY_RATINGS`` are climbed on, in proportion.
    on_iteration : callable
        Told the number of each pass over the whole that raised the objective, and the objective.
    n_jobs : int
        Threads; the result does not depend on it.
    """
    strength = strength or Strength()
    with threadpool_limits(1, user_api="blas"):
        first = Passes(feedback.sample(SAMPLE_RATINGS), prior, strength, n_jobs)
        start = prior
        for _ in range(SCALE_STEPS):
            start = _climb(first, start, SCALE_PASSES, 0.0, lambda *_: None)
            first.learn_scale(start)
        more = feedback.sample(MORE_RATINGS, MORE_COUPLES)
        passes = Passes(more, prior, strength, n_jobs, first.scale)
        if more is feedback:
            tolerance *= min(1.0, len(feedback.rating) / MANY_RATINGS)
            return _climb(passes, start, max_iterations, tolerance, on_iteration)
        start = _climb(passes, start, max_iterations, tolerance, lambda *_: None)
        settled, objective = Passes(feedback, prior, strength, n_jobs, first.scale).settle(start)
        on_iteration(1, objective)
        return settled


def _climb(
    passes: Passes,
    start: Parameters,
    max_iterations: int,
    tolerance: float,
    on_iteration: Callable[[int, float], None],
) -> Parameters:
    """Return the parameters after passes that raise the objective until it hardly grows."""
    current = safe = start
    last, step = -np.inf, 1.0
    for number in range(1, max_iterations + 1):
        moved, objective = passes.iterate(current)
        if objective < last:
            current, step = safe, GROWTH
            continue
        on_iteration(number, objective)
        if step > LONG and objective - last < tolerance * abs(objective):
            return moved
        last, safe, current = objective, moved, _stretched(current, moved, step)
        step *= GROWTH
    return safe


def _stretched(start: Parameters, end: Parameters, step: float) -> Parameters:
    """Return ``end`` with its variances ``step`` times as far from ``start``, on the way between them."""
    if step == 1.0:
        return end

    def variance(name: str) -> float:
        return float(getattr(start, name) * (getattr(end, name) / getattr(start, name)) ** step)

    return replace(
        end,
        couple_cov=_geodesic(start.couple_cov, end.couple_cov, step),
        partner_cov=_geodesic(start.partner_cov, end.partner_cov, step),
        shock_var=variance("shock_var"),
        noise_var=variance("noise_var"),
        effect_var=variance("effect_var"),
    )


def _geodesic(start: np.ndarray, end: np.ndarray, step: float) -> np.ndarray:
    """Return the covariance at ``step`` on the geodesic from ``start`` (0) to ``end`` (1).

    Bhatia 2007, *Positive Definite Matrices*, theorem 6.1.6; positive definite for every step.
    """
    ratio, vectors = eigh(end, start)
    half = start @ vectors
    return np.asarray((half * ratio**step) @ half.T)

"""Empirical Bayes: the parameters that make the feedback most likely, by accelerated variational EM.

Each pass (``passes.py``) tells of three ways on, and the boldest is tried first: where the last passes lead
together (``extrapolation.py``), as far as the ratings tell (``scoring.py``), and EM's own step, which never
lowers the objective. Much feedback is met with parameters from a sample of its couples.

How much the tags and each answer may say (the prior variance of a column of the fixed weights) is learned
first, an answer at a time, so that those that say nothing fade (automatic relevance determination;
MacKay 1994). Every variance has a weak prior worth a
few observations, so that little feedback cannot run away with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from threadpoolctl import threadpool_limits

from recommender.preferences.extrapolation import Extrapolation
from recommender.preferences.feedback import Feedback
from recommender.preferences.model import Parameters
from recommender.preferences.passes import Passes
from recommender.preferences.strength import Strength

SCALE_PASSES, FEW_SCALE_PASSES = (3,) * 6, (3, 1, 1)
"""Passes before each time that the scales of the fixed weights are learned, at first; fewer where a sample of
``MORE_RATINGS`` corrects the variances that go with them."""

PATIENCE = 3
"""Passes that together must have gained hardly anything: after a short step, little gain says little."""

SAMPLE_RATINGS = 10_000
"""What scales are learned from where there is more than twice as much, and where to start from there."""

MORE_RATINGS, MORE_COUPLES = 40_000, 2_000
"""What variances are learned from, at least, where there is more than twice as much: it knows them well. A
covariance needs many couples, however much each of them rated (on MovieLens, 270 people were too few).
Fixed weights and ideas' effects are met by all ratings, once."""

SAMPLE_TOLERANCE = 10
"""Tolerances at which that stops: what is left to gain is less than another sample would differ by."""

FEW_RATINGS = 10_000
"""Fewer do not make a fit stop later: what a nat more likely says is nothing."""


def _silent(_number: int, _objective: float) -> None:
    pass


def fit_parameters(
    feedback: Feedback,
    prior: Parameters,
    *,
    strength: Strength | None = None,
    max_iterations: int = 300,
    tolerance: float = 1e-4,
    on_iteration: Callable[[int, float], None] = _silent,
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
        Stops when ``PATIENCE`` passes together gain less than so many nats a rating, of at least
        ``FEW_RATINGS``.
    on_iteration : callable
        Told the number of each pass over the whole that raised the objective, and the objective.
    n_jobs : int
        Threads; the result does not depend on it.
    """
    strength = strength or Strength()
    few, more = feedback.sample(SAMPLE_RATINGS), feedback.sample(MORE_RATINGS, MORE_COUPLES)
    with threadpool_limits(1, user_api="blas"):
        passes = Passes(few, prior, strength, n_jobs)
        if more is not feedback:
            start = _scaled(passes, prior, FEW_SCALE_PASSES)
            passes = Passes(more, prior, strength, n_jobs, passes.scale)
            start = _climb(passes, start, max_iterations, SAMPLE_TOLERANCE * tolerance, _silent)
            settled, objective = Passes(feedback, prior, strength, n_jobs, passes.scale).settle(start)
            on_iteration(1, objective)
            return settled
        start = _scaled(passes, prior, SCALE_PASSES)
        if few is not feedback:
            start = _climb(passes, start, max_iterations, tolerance, _silent)
            passes = Passes(feedback, prior, strength, n_jobs, passes.scale)
        return _climb(passes, start, max_iterations, tolerance, on_iteration)


def _scaled(passes: Passes, start: Parameters, n_passes: Sequence[int]) -> Parameters:
    """Learn the scales of the fixed weights, and return the parameters that were reached on the way."""
    for some in n_passes:
        start = _climb(passes, start, some, 0.0, _silent)
        passes.learn_scale(start)
    return start


def _climb(
    passes: Passes,
    start: Parameters,
    max_iterations: int,
    tolerance: float,
    on_iteration: Callable[[int, float], None],
) -> Parameters:
    """Return the parameters after passes that raise the objective until it hardly grows."""
    least = tolerance * max(len(passes.feedback.rating), FEW_RATINGS)
    extrapolation, heights, ways = Extrapolation(passes.threads), [-np.inf], [start]
    for number in range(1, max_iterations + 1):
        current = ways.pop()
        led = passes.iterate(current)
        if led.objective < heights[-1] and ways:
            extrapolation.misled()
            continue
        on_iteration(number, led.objective)
        if led.objective - heights[-PATIENCE:][0] < least:
            return led.moved
        heights.append(led.objective)
        ways = [led.moved, *extrapolation.after(current, led.ahead)]
    return ways[0]

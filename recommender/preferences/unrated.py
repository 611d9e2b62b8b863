"""What ideas that nobody rated are expected to be worth, from what rated ideas like them are.

What appeal, which is linear in the tags, leaves out of a rated idea is its effect. Of an idea that nobody
rated appeal is all there is, and it knows less than it could: it takes tags one by one, and every idea counts
about alike for it, however many took that idea up. So unrated ideas' worth is read off rated ones by kernel
ridge regression (Rasmussen & Williams 2006, eq. 2.25), for which an idea may count as often as it was rated.
How much it does, and the penalty, are what foretells left-out ideas best. Where ratings of different ideas
differ no more than those of one, they say nothing of what ideas are worth, and appeal is all there is.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import RidgeCV
from threadpoolctl import threadpool_limits

from recommender.preferences.feedback import Feedback
from recommender.preferences.model import Parameters, with_intercept
from recommender.preferences.ridge import PENALTIES
from recommender.preferences.units import own_units

KINDS, CELLS = 512, 2**24
"""Rated ideas that all are compared with, and cells of the table of how near they are, at most."""

SHARES = (0.0, 0.5, 1.0)
"""Powers of the number of its ratings that an idea may count for: as one, as often as rated, or between."""


def with_unrated(parameters: Parameters, feedback: Feedback, tags: pd.DataFrame) -> Parameters:
    """Return ``parameters`` in which unrated ideas have the effect that makes them worth what is expected.

    What is expected beyond appeal is 0 on average over all ideas, rated or not: those that many rate are
    better than others, and what is new need not be one of them. Effects stay as they are if ratings do not
    show that ideas differ.

    Parameters
    ----------
    parameters : Parameters
        Fitted to ``feedback``.
    tags : DataFrame
        What is known of the same ideas before anybody rated them, in any units.
    """
    counts = np.bincount(feedback.idea, minlength=len(tags))
    rated = counts > 0
    if rated.all() or np.count_nonzero(rated) < 2:
        return parameters
    ratings = by_the_average_person(parameters, feedback)
    if not ideas_differ(ratings, feedback.idea):
        return parameters
    worth = np.bincount(feedback.idea, ratings, len(tags))[rated] / counts[rated]
    appeal = _design(parameters, feedback) @ parameters.fixed[:, 0]
    with threadpool_limits(1, user_api="blas"):
        beyond = expected_worth(tags, worth, counts) - appeal
    return replace(parameters, effects=np.where(rated, parameters.effects, beyond - beyond.mean()))


def by_the_average_person(parameters: Parameters, feedback: Feedback) -> np.ndarray:
    """Return each rating, shape (n_ratings,), less what answers and leniency explain of it.

    Tastes that nobody could know beforehand stay in it: who takes an idea up likes its kind, and so will
    those who take up another.

    Leniency is the best linear guess from all of a person's ratings (Searle, Casella and McCulloch 1992,
    *Variance Components*, section 3.4): their mean beyond what is expected, drawn to 0 by what else varies.
    """
    design, idea, partner = _design(parameters, feedback), feedback.idea, feedback.partner
    said = np.vecdot((design @ parameters.fixed[:, 1:])[idea], feedback.answers[partner])
    expected = (design @ parameters.fixed[:, 0] + parameters.effects)[idea] + said
    spread = parameters.couple_cov[0, 0] + parameters.partner_cov[0, 0]
    rest = parameters.effect_var + parameters.shock_var + parameters.noise_var
    beyond, sizes = np.bincount(partner, feedback.rating - expected), np.bincount(partner)
    return np.asarray(feedback.rating - said - (beyond / (sizes + rest / spread))[partner])


def ideas_differ(ratings: np.ndarray, idea: np.ndarray) -> bool:
    """Return whether ratings of different ideas differ more than those of one idea do.

    That is, whether the F of a one-way analysis of variance (Fisher 1925, *Statistical Methods for Research
    Workers*, chapter 7) is above 1. It is about 1 where ideas do not differ, and less where zeros were dealt
    so that every idea has its share of them. If no idea was rated twice, nothing shows a difference.
    """
    _, at, counts = np.unique(idea, return_inverse=True, return_counts=True)
    means = np.bincount(at, ratings) / counts
    between, within = np.sum(counts * (means - ratings.mean()) ** 2), np.sum((ratings - means[at]) ** 2)
    return bool(between * (len(ratings) - len(means)) > within * (len(means) - 1))


def expected_worth(tags: pd.DataFrame, worth: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return what each idea is expected to be worth, shape (n_ideas,).

    Parameters
    ----------
    tags : DataFrame
    worth : ndarray of shape (n_rated,)
        What the rated ones were, in the order of ``tags``.
    counts : ndarray of int, shape (n_ideas,)
        How often each idea was rated; two or more were.
    """
    rated = counts > 0
    # There may be no tags, which are then all alike.
    near = nearness(with_intercept(tags.to_numpy(dtype=float) / own_units(tags)), rated)
    fits = [_regressed(near[rated], worth, counts[rated], share) for share in SHARES]
    best = max(fits, key=lambda fit: fit.best_score_)
    return np.asarray(best.predict(near))


def nearness(places: np.ndarray, rated: np.ndarray) -> np.ndarray:
    """Return columns whose products say how near ideas lie, shape (n_ideas, n_columns).

    The products are exp(-d²/2), d being the distance of two ideas, where one of them is among so many rated
    ones, and nearly so elsewhere (the Nyström method; Williams and Seeger 2001).
    """
    kinds = np.unique(places[rated], axis=0)
    most = min(KINDS, len(kinds), max(1, CELLS // len(places)))
    return np.asarray(Nystroem(gamma=0.5, n_components=most, random_state=0).fit(kinds).transform(places))


def _regressed(near: np.ndarray, worth: np.ndarray, counts: np.ndarray, share: float) -> RidgeCV:
    """Return the ridge regression that foretells left-out ideas best, each judged as often as it was rated.

    What all are missed by alike is a matter of the level, which is not at stake here.
    """

    def score(foretold: BaseEstimator, predictions: np.ndarray, worth: np.ndarray, **_fit: object) -> float:
        return -float(np.cov(worth - foretold.predict(predictions), aweights=counts, ddof=0))

    weight = counts.astype(float) ** share
    return RidgeCV(PENALTIES, scoring=score).fit(near, worth, sample_weight=weight / weight.mean())


def _design(parameters: Parameters, feedback: Feedback) -> np.ndarray:
    return with_intercept(feedback.features - parameters.feature_means)

"""The hierarchical model as an estimator on plain data frames, usable outside Rekindle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from recommender.preferences.em import fit_parameters
from recommender.preferences.factors import learn_factors
from recommender.preferences.feedback import Feedback
from recommender.preferences.frames import check_ratings, idea_rows, keys_of
from recommender.preferences.heard import worth_hearing
from recommender.preferences.model import (
    CouplePosterior,
    CoupleRatings,
    HierarchicalModel,
    Parameters,
    with_features,
)
from recommender.preferences.ordinal import OrdinalScale
from recommender.preferences.places import Places, with_places
from recommender.preferences.raters import axes_of, with_raters
from recommender.preferences.strength import VAGUE, Strength
from recommender.preferences.units import in_plain_units, own_units
from recommender.preferences.unrated import with_unrated


class HierarchicalRecommender(BaseEstimator):  # type: ignore[misc]
    """Hierarchical Bayesian linear recommender for single people and couples.

    Parameters
    ----------
    prior : Parameters or None
        Where to start and what to shrink to; None takes a vague prior scaled to the ratings given.
    strength : Strength or None
        How much the prior is worth; None takes ``Strength()`` for ``prior`` and ``VAGUE`` for a vague one.
    n_factors : int
        How many factors of ideas, beyond their features, are looked for in the ratings; 0 for none.
    count_raters : bool
        Whether a fit without a prior takes who rated an idea, and how many, for features of it.
    ordinal : bool
        Whether a fit without a prior reads few-valued ratings as steps that may be unevenly far apart.
    expect_unrated : bool
        Whether a fit without a prior expects of ideas that nobody rated what rated ones like them are worth.
    place_people : bool
        Whether a fit that counts raters takes which ideas somebody rated for something that they said.
    doubt_answers : bool
        Whether a fit without a prior hears answers only if they foretell what people who were left out like.
    max_iterations : int
    on_iteration : callable
        Told the number of each iteration and the objective after it.
    n_jobs : int
        Threads to fit with; the result does not depend on it.

    Attributes
    ----------
    parameters_ : Parameters
    scale_ : OrdinalScale
        What each step of the ratings stands for. A prior of one's own is told in points, where each stands
        for itself.
    places_ : Places
        Where people stand by what they rated; on no axis where a fit does not look.
    objective_ : list[float]
        The objective after each iteration; never decreases.

    Examples
    --------
    >>> import pandas as pd
    >>> ideas = pd.DataFrame({"loud": [1.0, 1.0, -1.0, -1.0]}, index=["gig", "club", "bath", "book"])
    >>> ratings = pd.DataFrame(
    ...     [("ann", "gig", 5.0), ("ann", "bath", 1.0), ("bo", "book", 5.0), ("bo", "club", 1.0)],
    ...     columns=["partner_id", "idea_id", "rating"],
    ... )
    >>> model = HierarchicalRecommender().fit(ratings, ideas)
    >>> loud, quiet = model.predict(pd.DataFrame({"partner_id": "ann", "idea_id": ["club", "book"]}))
    >>> bool(loud > quiet)
    True
    """

    def __init__(
        self,
        prior: Parameters | None = None,
        strength: Strength | None = None,
        n_factors: int = 8,
        count_raters: bool = True,
        ordinal: bool = True,
        expect_unrated: bool = True,
        place_people: bool = True,
        doubt_answers: bool = True,
        max_iterations: int = 300,
        on_iteration: Callable[[int, float], None] | None = None,
        n_jobs: int = 1,
    ) -> None:
        self.prior = prior
        self.strength = strength
        self.n_factors = n_factors
        self.count_raters = count_raters
        self.ordinal = ordinal
        self.expect_unrated = expect_unrated
        self.place_people = place_people
        self.doubt_answers = doubt_answers
        self.max_iterations = max_iterations
        self.on_iteration = on_iteration
        self.n_jobs = n_jobs

    def fit(
        self,
        ratings: pd.DataFrame,
        idea_features: pd.DataFrame,
        partner_features: pd.DataFrame | None = None,
    ) -> HierarchicalRecommender:
        """Return self, fitted to all ratings.

        Parameters
        ----------
        ratings : DataFrame
            ``partner_id``, ``idea_id``, ``rating``; optionally ``couple_id`` (else everyone is single)
            and ``date_id`` (else every couple has one date per idea and row of a partner).
        idea_features : DataFrame
            Numeric columns, indexed by ``idea_id``.
        partner_features : DataFrame, optional
            Numeric columns (answers), indexed by ``partner_id``; people without a row count as 0.

        Raises
        ------
        InvalidInput
            If a column is missing, a rating is not a number, or an idea has no features.
        """
        check_ratings(ratings, idea_features)
        steps, stepped = ratings["rating"].to_numpy(dtype=float), self.ordinal and self.prior is None
        self.scale_ = OrdinalScale.of(steps) if stepped else OrdinalScale.plain()
        self.ratings_ = self.scale_.read(ratings)
        self.idea_features_, self.partner_features_ = idea_features, partner_features
        self.places_ = Places.nowhere(len(idea_features))
        self.objective_: list[float] = []
        return self._with(self._fit_vague() if self.prior is None else self._fit_given(self.prior))

    def _fit_given(self, prior: Parameters) -> Parameters:
        n_answers = len(prior.answer_names)
        self.unanswered_ = np.zeros(n_answers)
        feedback = feedback_of(self.ratings_, self.idea_features_, self.partner_features_, n_answers)
        return self._fitted(prior, feedback, Strength())

    def _fit_vague(self) -> Parameters:
        """Fit in units in which a vague prior treats all columns alike; no answer counts as the average."""
        tags, people = self.idea_features_, self.partner_features_
        partner_units = self.unanswered_ = np.zeros(0)
        if people is not None:
            partner_units = own_units(people)
            self.unanswered_ = people.mean().fillna(0.0).to_numpy(dtype=float)
            people = people.sub(self.unanswered_).div(partner_units)
        feedback = feedback_of(self.ratings_, tags, people, len(partner_units))
        if self.count_raters:
            self._count_raters(feedback)
        idea_units = own_units(self.idea_features_)
        ideas = self.idea_features_.div(idea_units)
        prior, known = vague_prior(self.ratings_, ideas, people), tags if self.expect_unrated else None
        feedback = replace(feedback, features=ideas.to_numpy(dtype=float))
        fitted = self._fitted(prior, feedback, VAGUE, known)
        on_axes = np.ones(len(self.places_.doubts))  # places are about 0 and in units of their own
        means = np.append(self.unanswered_, 0 * on_axes)
        return in_plain_units(fitted, idea_units, np.append(partner_units, on_axes), means)

    def _count_raters(self, feedback: Feedback) -> None:
        """Take who rated an idea for features of it, and which ideas somebody rated for their place."""
        partner, idea = feedback.partner, feedback.idea
        self.idea_features_ = with_raters(self.idea_features_, partner, idea, self.n_jobs)
        if self.place_people:
            self.places_ = Places.among(axes_of(self.idea_features_).to_numpy(dtype=float), partner, idea)

    @classmethod
    def from_parameters(
        cls,
        parameters: Parameters,
        ratings: pd.DataFrame,
        idea_features: pd.DataFrame,
        partner_features: pd.DataFrame | None = None,
    ) -> HierarchicalRecommender:
        """Return an estimator with parameters fitted elsewhere, that knows ``ratings`` of these people."""
        recommender = cls(prior=parameters)
        recommender.unanswered_ = np.zeros(len(parameters.answer_names))
        recommender.scale_ = OrdinalScale.plain()
        recommender.ratings_ = check_ratings(ratings, idea_features)
        recommender.idea_features_ = idea_features
        recommender.places_ = Places.nowhere(len(idea_features))
        recommender.partner_features_ = partner_features
        recommender.objective_ = []
        return recommender._with(with_features(parameters, tuple(map(str, idea_features.columns))))

    def _with(self, parameters: Parameters) -> HierarchicalRecommender:
        self.parameters_ = parameters
        features = self.idea_features_.to_numpy(dtype=float)
        self.model_ = HierarchicalModel(parameters, tuple(self.idea_features_.index), features)
        return self

    def predict(
        self,
        pairs: pd.DataFrame,
        *,
        ratings: pd.DataFrame | None = None,
        partner_features: pd.DataFrame | None = None,
        return_std: bool = False,
    ) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
        """Return the expected rating of each pair, and its standard deviation if asked.

        Parameters
        ----------
        pairs : DataFrame
            ``partner_id``, ``idea_id`` and, for people who are not in ``ratings``, nothing more.
        ratings : DataFrame, optional
            What is known of these people; replaces what fit saw. The parameters stay as they are.
        return_std : bool
            Whether to return the standard deviation of a rating too (noise included).
        """
        check_is_fitted(self)
        idea_rows(self.idea_features_, pairs["idea_id"])
        mean, var = np.zeros(len(pairs)), np.zeros(len(pairs))
        for where, partner, posterior in self._posteriors(pairs, ratings, partner_features):
            columns = np.array([self.model_.index[idea_id] for idea_id in pairs["idea_id"].to_numpy()[where]])
            mean[where] = posterior.mean[partner, columns]
            if return_std:
                ideas, at = np.unique(columns, return_inverse=True)
                var[where] = self.model_.std(posterior, ideas)[partner, at] ** 2
        if not return_std:
            return mean
        alone = self.parameters_.noise_var + self.parameters_.shock_var + self.scale_.rest_var
        return mean, np.sqrt(var + alone)

    def sample_posterior(
        self,
        pairs: pd.DataFrame,
        rng: np.random.Generator,
        *,
        ratings: pd.DataFrame | None = None,
        partner_features: pd.DataFrame | None = None,
    ) -> np.ndarray:
        """Return one joint draw of the expected rating of each pair, shape (n_pairs,)."""
        check_is_fitted(self)
        draw = np.zeros(len(pairs))
        for members, known, answers, rows in self._couples(pairs, ratings, partner_features):
            sample = self.model_.sample_posterior(answers, known, rng)
            for where, partner in _rows_of(members, rows):
                columns = [self.model_.index[idea_id] for idea_id in pairs["idea_id"].to_numpy()[where]]
                draw[where] = sample[partner, columns]
        return draw

    def contributions(
        self,
        pairs: pd.DataFrame,
        *,
        ratings: pd.DataFrame | None = None,
        partner_features: pd.DataFrame | None = None,
    ) -> pd.DataFrame:
        """Return the additive terms of each pair's expected rating: one row a pair, summing to ``predict``.

        Columns are ``level``, ``leniency``, ``effect``, ``kindred`` and, for each feature, ``appeal:…``,
        ``answers:…`` (what somebody said, and took up) and ``taste:…``.
        """
        check_is_fitted(self)
        names = list(self.idea_features_.columns)
        columns = ["level", "leniency", "effect", "kindred"]
        columns += [f"{kind}:{name}" for kind in ("appeal", "answers", "taste") for name in names]
        out = np.zeros((len(pairs), len(columns)))
        for where, partner, posterior in self._posteriors(pairs, ratings, partner_features):
            for row in where:
                terms = self.model_.contributions(
                    posterior, self.model_.index[pairs["idea_id"].to_numpy()[row]]
                )
                head = [terms.level, terms.leniency[partner], terms.effect, terms.kindred[partner]]
                tail = (terms.appeal, terms.answers[partner], terms.taste[partner])
                out[row] = np.concatenate([head, *tail])
        return pd.DataFrame(out, columns=columns, index=pairs.index)

    def _fitted(
        self,
        prior: Parameters,
        feedback: Feedback,
        strength: Strength,
        tags: pd.DataFrame | None = None,
    ) -> Parameters:
        """Return the parameters that the ratings support; with ``tags``, those of unrated ideas too."""
        n_ideas = len(self.idea_features_)
        start = replace(
            prior,
            idea_ids=tuple(self.idea_features_.index),
            effects=np.zeros(n_ideas),
            effect_vars=np.full(n_ideas, prior.effect_var),
        )
        if self.ratings_.empty:
            return start

        def note(number: int, objective: float) -> None:
            self.objective_.append(objective)
            if self.on_iteration is not None:
                self.on_iteration(number, objective)

        strength = self.strength or strength
        doubted = self.doubt_answers and self.prior is None and len(start.answer_names) > 0
        if doubted and not worth_hearing(feedback, start, strength, self.n_jobs):
            feedback = replace(feedback, answers=np.zeros_like(feedback.answers))
        fitted = fit_parameters(
            feedback,
            start,
            strength=strength,
            max_iterations=self.max_iterations,
            on_iteration=note,
            n_jobs=self.n_jobs,
        )
        fitted = learn_factors(feedback, fitted, self.n_factors, n_jobs=self.n_jobs)
        fitted = fitted if tags is None else with_unrated(fitted, feedback, tags)
        return with_places(fitted, feedback, self.places_)

    def _posteriors(
        self, pairs: pd.DataFrame, ratings: pd.DataFrame | None, partner_features: pd.DataFrame | None
    ) -> Iterator[tuple[np.ndarray, int, CouplePosterior]]:
        """Yield rows of ``pairs``, the partner's position in the couple, and the couple's posterior."""
        for members, known, answers, rows in self._couples(pairs, ratings, partner_features):
            posterior = self.model_.posterior(answers, known)
            for where, partner in _rows_of(members, rows):
                yield where, partner, posterior

    def _couples(
        self, pairs: pd.DataFrame, ratings: pd.DataFrame | None, partner_features: pd.DataFrame | None
    ) -> Iterator[tuple[list[object], CoupleRatings, np.ndarray, pd.Series]]:
        known = self.ratings_ if ratings is None else self.scale_.read(ratings)
        features = self.partner_features_ if partner_features is None else partner_features
        couple_ids = _couple_ids(known)
        couple, partner = pd.factorize(couple_ids)[0], pd.factorize(known["partner_id"])[0]
        idea = idea_rows(self.idea_features_, known["idea_id"])
        keyed = known.assign(couple_id=couple_ids, date_id=_dates(known, couple, partner, idea))
        couple_of = dict(zip(keyed["partner_id"], keyed["couple_id"], strict=True))
        wanted = pairs["partner_id"].map(lambda partner: couple_of.get(partner, ("single", partner)))
        groups = dict(iter(keyed.groupby("couple_id", sort=False)))
        for couple_id, rows in pairs.assign(row=np.arange(len(pairs))).groupby(wanted, sort=False):
            theirs = groups.get(couple_id, keyed.iloc[:0])
            members = list(dict.fromkeys([*theirs["partner_id"], *rows["partner_id"]]))
            rated = self._couple_ratings(theirs, members)
            standing = self.places_.of_people(rated.partner, rated.idea_index, len(members))
            answers = np.hstack([answer_rows(features, members, self.unanswered_), standing])
            yield members, rated, answers, rows.set_index("row")["partner_id"]

    def _couple_ratings(self, ratings: pd.DataFrame, members: list[object]) -> CoupleRatings:
        return CoupleRatings(
            partner=np.array([members.index(partner) for partner in ratings["partner_id"]], dtype=int),
            idea_index=np.array([self.model_.index[idea] for idea in ratings["idea_id"]], dtype=int),
            date=pd.factorize(ratings["date_id"])[0],
            rating=ratings["rating"].to_numpy(dtype=float),
        )


def _rows_of(members: list[object], partner_by_row: pd.Series) -> Iterator[tuple[np.ndarray, int]]:
    for position, member in enumerate(members):
        where = partner_by_row.index[partner_by_row == member].to_numpy()
        if len(where):
            yield where, position


def _couple_ids(ratings: pd.DataFrame) -> pd.Series:
    if "couple_id" in ratings.columns:
        return ratings["couple_id"]
    return ratings["partner_id"].map(lambda partner: ("single", partner))


def _dates(ratings: pd.DataFrame, couple: np.ndarray, partner: np.ndarray, idea: np.ndarray) -> np.ndarray:
    """Return the number of each rating's date."""
    if "date_id" in ratings.columns:
        return pd.factorize(ratings["date_id"])[0]
    of_partner = pd.Series(keys_of(partner, idea))
    if not of_partner.duplicated().any():
        return pd.factorize(keys_of(couple, idea))[0]
    turn = of_partner.groupby(of_partner).cumcount().to_numpy()
    return pd.factorize(keys_of(couple, idea, turn))[0]


def answer_rows(
    partner_features: pd.DataFrame | None, members: pd.Index | list[object], unanswered: np.ndarray
) -> np.ndarray:
    """Return the answers of ``members``, shape (n_members, n_answers); ``unanswered`` for who gave none."""
    if partner_features is None:
        return np.tile(unanswered, (len(members), 1))
    rows = partner_features.reindex(pd.Index(members)).to_numpy(dtype=float)
    return np.where(np.isnan(rows), unanswered, rows)


def feedback_of(
    ratings: pd.DataFrame,
    idea_features: pd.DataFrame,
    partner_features: pd.DataFrame | None,
    n_answers: int,
) -> Feedback:
    """Return the frames as the arrays that the fit works on, couples and partners in order of appearance."""
    partner, partners = pd.factorize(ratings["partner_id"])
    couple = pd.factorize(ratings["couple_id"])[0] if "couple_id" in ratings.columns else partner
    idea = idea_rows(idea_features, ratings["idea_id"])
    return Feedback(
        rating=ratings["rating"].to_numpy(dtype=float),
        idea=idea,
        partner=partner,
        couple=couple,
        date=_dates(ratings, couple, partner, idea),
        features=idea_features.to_numpy(dtype=float),
        answers=answer_rows(partner_features, partners, np.zeros(n_answers)),
    )


def vague_prior(
    ratings: pd.DataFrame, idea_features: pd.DataFrame, partner_features: pd.DataFrame | None
) -> Parameters:
    """Return a prior scaled to the ratings' variance: a third each to taste, to idea and level, to noise."""
    features = idea_features.to_numpy(dtype=float)
    total = float(ratings["rating"].var(ddof=0)) if len(ratings) > 1 else 1.0
    total = total if total > 0 else 1.0
    spread = max(float(features.var(axis=0).sum()), 1e-12)
    variances = np.append(total / 6, np.full(features.shape[1], total / 3 / spread))
    answers = () if partner_features is None else tuple(map(str, partner_features.columns))
    fixed = np.zeros((features.shape[1] + 1, len(answers) + 1))
    fixed[0, 0] = float(ratings["rating"].mean()) if len(ratings) else 3.0
    return Parameters(
        idea_ids=(),
        feature_names=tuple(map(str, idea_features.columns)),
        answer_names=answers,
        feature_means=features.mean(axis=0),
        fixed=fixed,
        effects=np.zeros(0),
        effect_vars=np.zeros(0),
        effect_var=total / 6,
        couple_cov=np.diag(variances / 2),
        partner_cov=np.diag(variances / 2),
        shock_var=total / 12,
        noise_var=total / 4,
    )

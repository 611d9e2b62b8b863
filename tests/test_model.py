"""The hierarchical model: its posterior is exact, its terms add up, its fit climbs and recovers."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import block_diag

from recommender.preferences.conditioning import InRatings, InWeights
from recommender.preferences.estimator import HierarchicalRecommender, feedback_of, vague_prior
from recommender.preferences.model import (
    CoupleRatings,
    HierarchicalModel,
    Parameters,
    with_features,
    with_intercept,
)
from recommender.preferences.passes import Passes
from recommender.preferences.strength import Strength
from tests.contracts import LearnsTastes, RecommenderContract, pairs_of


class TestHierarchical(LearnsTastes, RecommenderContract):
    """HierarchicalRecommender keeps the contract."""

    make = staticmethod(HierarchicalRecommender)


def random_parameters(rng: np.random.Generator, n_ideas: int, n_features: int, n_answers: int) -> Parameters:
    """Return parameters with every term switched on."""
    size, more = n_features + 1, rng.spawn(1)[0]

    def covariance(scale: float) -> np.ndarray:
        root = rng.normal(size=(size, size))
        return np.asarray(scale * (root @ root.T / size + 0.1 * np.eye(size)))

    return Parameters(
        idea_ids=tuple(f"i{k}" for k in range(n_ideas - 1)),
        feature_names=tuple(f"f{k}" for k in range(n_features)),
        answer_names=tuple(f"a{k}" for k in range(n_answers)),
        feature_means=rng.normal(size=n_features),
        fixed=rng.normal(size=(size, n_answers + 1)),
        effects=rng.normal(size=n_ideas - 1),
        effect_vars=rng.uniform(0.01, 0.1, size=n_ideas - 1),
        effect_var=0.2,
        couple_cov=covariance(0.3),
        partner_cov=covariance(0.2),
        shock_var=0.15,
        noise_var=0.5,
        factors=more.normal(0, 0.5, size=(n_ideas - 1, 2)),
        own_vars=more.uniform(0.01, 0.1, size=n_ideas - 1),
        own_var=0.12,
    )


def random_ratings(rng: np.random.Generator, n_ideas: int, n_dates: int) -> CoupleRatings:
    """Return both partners' ratings of some dates, some of the same idea."""
    idea = np.repeat(rng.integers(n_ideas, size=n_dates), 2)
    return CoupleRatings(
        partner=np.tile([0, 1], n_dates),
        idea_index=idea,
        date=np.repeat(np.arange(n_dates), 2),
        rating=rng.integers(1, 6, size=2 * n_dates).astype(float),
    )


def served(
    rng: np.random.Generator, n_ideas: int = 7, n_features: int = 4, n_answers: int = 2
) -> HierarchicalModel:
    """Return a served model of random parameters; its last idea was never seen in training."""
    parameters = random_parameters(rng, n_ideas, n_features, n_answers)
    ideas = tuple(f"i{k}" for k in range(n_ideas))
    return HierarchicalModel(parameters, ideas, rng.normal(size=(n_ideas, n_features)))


def brute_force(
    model: HierarchicalModel, answers: np.ndarray, ratings: CoupleRatings
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and covariance of (partner 0, partner 1) × ideas, by stacking every latent variable.

    The latent vector is u = [v, z_0, z_1, effect, own_0, own_1], tastes over tags and factors; a rating is
    its row of A times u plus noise, so the posterior is the textbook one of a linear model: precision
    Σ⁻¹ + A'R⁻¹A.
    """
    q, n_ideas = model.parameters, len(model.idea_ids)
    factors = np.vstack([q.factors, np.zeros(q.factors.shape[1])])
    tags, size = len(q.fixed), model.design.shape[1]
    design = np.hstack([model.design[:, :tags], factors])
    effects, effect_vars = np.append(q.effects, 0.0), np.append(q.effect_vars, q.effect_var)
    own_vars = np.append(q.own_vars, q.own_var)
    alone = np.diag(np.append(np.zeros(tags), np.ones(size - tags)))
    couple, partner = np.zeros((size, size)), alone.copy()
    couple[:tags, :tags], partner[:tags, :tags] = q.couple_cov, q.partner_cov
    # A covariance of nothing cannot be inverted: the couple has no weights on factors, to within 1e-12.
    couple += 1e-12 * alone
    diagonals = [np.diag(some) for some in (effect_vars, own_vars, own_vars)]
    prior = block_diag(couple, partner, partner, *diagonals)

    def rows(partner: np.ndarray, idea: np.ndarray) -> np.ndarray:
        out = np.zeros((len(idea), len(prior)))
        for n, (p, i) in enumerate(zip(partner, idea, strict=True)):
            out[n, :size] = design[i]
            out[n, (1 + p) * size : (2 + p) * size] = design[i]
            out[n, 3 * size + i] = out[n, 3 * size + (1 + p) * n_ideas + i] = 1.0
        return out

    def fixed(partner: np.ndarray, idea: np.ndarray) -> np.ndarray:
        weights = with_intercept(answers) @ q.fixed.T
        return np.einsum("nf,nf->n", design[idea, :tags], weights[partner]) + effects[idea]

    A = rows(ratings.partner, ratings.idea_index)
    R = q.noise_var * np.eye(len(A)) + q.shock_var * (ratings.date[:, None] == ratings.date[None, :])
    posterior_cov = np.linalg.inv(np.linalg.inv(prior) + A.T @ np.linalg.solve(R, A))
    residual = ratings.rating - fixed(ratings.partner, ratings.idea_index)
    u = posterior_cov @ A.T @ np.linalg.solve(R, residual)
    partner, idea = np.repeat([0, 1], n_ideas), np.tile(np.arange(n_ideas), 2)
    P = rows(partner, idea)
    return fixed(partner, idea) + P @ u, P @ posterior_cov @ P.T


@pytest.mark.parametrize("asked", [[6, 0, 3, 1, 2], []])
@pytest.mark.parametrize("n_dates", [0, 1, 5])
def test_posterior_is_exact(rng: np.random.Generator, n_dates: int, asked: list[int]) -> None:
    """Means and deviations, of some ideas or of none, equal those of the stacked linear model."""
    model = served(rng)
    answers, ratings = rng.normal(size=(2, 2)), random_ratings(rng, 7, n_dates)
    mean, cov = brute_force(model, answers, ratings)
    posterior = model.posterior(answers, ratings)
    np.testing.assert_allclose(posterior.mean.ravel(), mean, atol=1e-9)
    rows = np.array(asked, dtype=int)
    std = np.sqrt(np.diag(cov)).reshape(2, 7)
    np.testing.assert_allclose(model.std(posterior, rows), std[:, rows], atol=1e-9)
    average = np.hstack([np.eye(7), np.eye(7)]) / 2
    couple_std = np.sqrt(np.diag(average @ cov @ average.T))
    np.testing.assert_allclose(model.couple_std(posterior, rows), couple_std[rows], atol=1e-9)


def test_draws_have_the_posterior_s_moments(rng: np.random.Generator) -> None:
    """Over 5,000 draws, means and covariances are those of the posterior within sampling error."""
    model = served(rng, n_ideas=4, n_features=2)
    answers, ratings = rng.normal(size=(2, 2)), random_ratings(rng, 4, 3)
    mean, cov = brute_force(model, answers, ratings)
    draws = np.array([model.sample_posterior(answers, ratings, rng).ravel() for _ in range(5_000)])
    error = np.sqrt(np.diag(cov) / len(draws))
    assert (np.abs(draws.mean(axis=0) - mean) < 5 * error).all()
    spread = np.sqrt((np.outer(np.diag(cov), np.diag(cov)) + cov**2) / len(draws))
    assert (np.abs(np.cov(draws.T) - cov) < 5 * spread).all()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), n_dates=st.integers(0, 6))
def test_contributions_sum_to_the_mean(seed: int, n_dates: int) -> None:
    """The additive terms of every idea sum to each partner's mean to 1e-9."""
    rng = np.random.default_rng(seed)
    model = served(rng)
    answers = rng.normal(size=(2, 2))
    posterior = model.posterior(answers, random_ratings(rng, 7, n_dates))
    terms = [model.contributions(posterior, i) for i in range(7)]
    np.testing.assert_allclose(np.transpose([of.total() for of in terms]), posterior.mean, atol=1e-9)
    # What a tag is worth to anybody is said once, what it is worth to a partner for each.
    assert terms[0].appeal.shape == (4,)
    assert terms[0].answers.shape == terms[0].taste.shape == (2, 4)


def test_one_partner_alone(rng: np.random.Generator) -> None:
    """A couple of one gets that partner's own posterior, as if the other had said nothing."""
    model = served(rng)
    answers = rng.normal(size=(2, 2))
    alone = CoupleRatings(np.zeros(2, int), np.array([1, 3]), np.array([0, 1]), np.array([5.0, 1.0]))
    both = model.posterior(answers, alone)
    single = model.posterior(answers[:1], alone)
    np.testing.assert_allclose(single.mean[0], both.mean[0], atol=1e-12)
    rows = np.arange(7)
    np.testing.assert_allclose(model.couple_std(single, rows), model.std(both, rows)[0], atol=1e-9)


MANY = np.arange(1, 17)
"""Ideas of twenty that are more than twice as many as four tags, two factors and a level."""


@pytest.mark.parametrize(
    ("idea", "date", "kind"),
    [
        (MANY, MANY, InWeights),
        (np.where(MANY == 5, 4, MANY), MANY, InRatings),  # one idea twice
        (MANY, np.where(MANY == 5, 4, MANY), InRatings),  # two in one evening
        (MANY[:14], MANY[:14], InRatings),
    ],
)
def test_who_rated_much_alone_is_known_exactly(
    rng: np.random.Generator, idea: np.ndarray, date: np.ndarray, kind: type
) -> None:
    """As the stacked linear model has it, of whichever ideas: rated, not rated, or new."""
    model = served(rng, n_ideas=20)
    answers, n_rated = rng.normal(size=(2, 2)), len(idea)
    ratings = CoupleRatings(np.zeros(n_rated, dtype=int), idea, date, rng.uniform(1, 5, n_rated))
    mean, cov = brute_force(model, answers, ratings)
    posterior = model.posterior(answers[:1], ratings)
    assert isinstance(posterior.known.inverse, kind)
    np.testing.assert_allclose(posterior.mean[0], mean[:20], atol=1e-9)
    rows, std = np.array([19, 3, 0, 16, 5, 4]), np.sqrt(np.diag(cov))[:20]
    np.testing.assert_allclose(model.std(posterior, rows)[0], std[rows], atol=1e-9)
    np.testing.assert_allclose(model.couple_std(posterior, rows), std[rows], atol=1e-9)


def test_weights_that_hang_together_wholly_can_be_met_too(rng: np.random.Generator) -> None:
    """A covariance of rank two has eigenvalues that are 0 up to rounding, some of them below."""
    seen, two, rest = rng.normal(size=(20, 6)), rng.normal(size=(6, 2)), rng.uniform(0.5, 1, 20)
    cov, values = two @ two.T, rng.normal(size=20)
    assert np.linalg.eigvalsh(cov).min() < 0
    expected = np.linalg.solve(seen @ cov @ seen.T + np.diag(rest), values)
    np.testing.assert_allclose(InWeights.of(seen, cov, rest).times(values), expected, atol=1e-12)


def test_a_feature_that_came_after_training_hinders_nobody_who_rated_much(rng: np.random.Generator) -> None:
    """It has no spread, so weights' covariance has no Cholesky factor."""
    model = served(rng, n_ideas=20)
    parameters = with_features(model.parameters, (*model.parameters.feature_names, "new"))
    features = np.hstack([model.design[:, 1:5] + model.parameters.feature_means, rng.normal(size=(20, 1))])
    wider = HierarchicalModel(parameters, model.idea_ids, features)
    date = np.arange(19)
    ratings = CoupleRatings(np.zeros(19, dtype=int), date, date, rng.uniform(1, 5, 19))
    posterior = wider.posterior(np.zeros((1, 2)), ratings)
    assert isinstance(posterior.known.inverse, InWeights)
    np.testing.assert_allclose(posterior.mean, model.posterior(np.zeros((1, 2)), ratings).mean)


def test_one_partner_s_rating_teaches_about_the_other(rng: np.random.Generator) -> None:
    """A rating of partner 0 above what was expected lifts partner 1's expectation too, but less."""
    model = served(rng)
    answers = np.zeros((2, 2))
    before = model.posterior(answers, CoupleRatings.none())
    high = before.mean[0, 2] + 2
    after = model.posterior(
        answers, CoupleRatings(np.array([0]), np.array([2]), np.array([0]), np.array([high]))
    )
    lift = after.mean[:, 2] - before.mean[:, 2]
    assert lift[0] > lift[1] > 0


@pytest.fixture(scope="module")
def known_world() -> tuple[Parameters, HierarchicalRecommender]:
    """A world of 300 couples whose parameters we chose, and the estimator fitted to their ratings."""
    rng = np.random.default_rng(7)
    n_ideas, n_features, n_couples, n_dates = 150, 5, 300, 12
    size = n_features + 1
    truth = replace(
        random_parameters(rng, n_ideas + 1, n_features, 2),
        feature_means=np.zeros(n_features),
        fixed=rng.normal(0, 0.3, size=(size, 3)) + np.array([[3.4, 0, 0]] + [[0, 0, 0]] * n_features),
        effects=rng.normal(0, 0.3, size=n_ideas),
        effect_var=0.09,
        couple_cov=0.06 * np.eye(size),
        partner_cov=0.04 * np.eye(size),
        shock_var=0.16,
        noise_var=0.49,
    )
    X, answers = rng.normal(size=(n_ideas, n_features)), rng.normal(size=(2 * n_couples, 2))
    rows = []
    for couple in range(n_couples):
        v = rng.normal(0, np.sqrt(0.06), size=size)
        z = rng.normal(0, np.sqrt(0.04), size=(2, size))
        for date in range(n_dates):
            idea, shock = rng.integers(n_ideas), rng.normal(0, 0.4)
            f = np.append(1.0, X[idea])
            for p in range(2):
                w = truth.fixed @ np.append(1.0, answers[2 * couple + p]) + v + z[p]
                rating = f @ w + truth.effects[idea] + shock + rng.normal(0, 0.7)
                rows.append((2 * couple + p, couple, f"i{idea}", rating, f"{couple}-{date}"))
    ratings = pd.DataFrame(rows, columns=["partner_id", "couple_id", "idea_id", "rating", "date_id"])
    ideas = pd.DataFrame(X, index=[f"i{k}" for k in range(n_ideas)], columns=truth.feature_names)
    people = pd.DataFrame(answers, columns=truth.answer_names)
    return truth, HierarchicalRecommender(max_iterations=200, count_raters=False).fit(ratings, ideas, people)


def test_every_pass_raises_the_objective(known_world: tuple[Parameters, HierarchicalRecommender]) -> None:
    """A pass never lowers the objective, wherever it starts."""
    fitted = known_world[1]
    prior = replace(
        vague_prior(fitted.ratings_, fitted.idea_features_, fitted.partner_features_),
        idea_ids=tuple(fitted.idea_features_.index),
        effects=np.zeros(len(fitted.idea_features_)),
        effect_vars=np.ones(len(fitted.idea_features_)),
    )
    feedback = feedback_of(fitted.ratings_, fitted.idea_features_, fitted.partner_features_, 2)
    passes = Passes(feedback, prior, Strength())
    current, objectives = prior, []
    for _ in range(12):
        led = passes.iterate(current)
        current = led.moved
        objectives.append(led.objective)
    assert np.diff(objectives).min() > -1e-6
    assert objectives[-1] > objectives[0] + 100


def test_the_fit_only_climbs(known_world: tuple[Parameters, HierarchicalRecommender]) -> None:
    """Longer steps are taken back where they lower the objective: what is told of never falls."""
    objectives = known_world[1].objective_
    assert len(objectives) > 1
    assert np.diff(objectives).min() > -1e-6


def knowing(truth: Parameters, fitted: HierarchicalRecommender) -> Parameters:
    """Return the truth with its ideas' effects learned from what ``fitted`` saw, given all the rest."""
    n_ideas = len(truth.effects)
    unknown = replace(
        truth,
        idea_ids=tuple(fitted.idea_features_.index),
        effects=np.zeros(n_ideas),
        effect_vars=np.full(n_ideas, truth.effect_var),
    )
    feedback = feedback_of(fitted.ratings_, fitted.idea_features_, fitted.partner_features_, 2)
    return Passes(feedback, unknown, Strength()).settle(unknown)[0]


def test_parameters_are_recovered(known_world: tuple[Parameters, HierarchicalRecommender]) -> None:
    """In a world of known parameters the fit finds them, within what 7,200 ratings can tell."""
    truth, fitted = known_world
    found = fitted.parameters_
    # The means of the drawn features are not quite 0, which moves the level by a known amount.
    level = found.fixed[0, 0] - found.feature_means @ found.fixed[1:, 0]
    assert abs(level - truth.fixed[0, 0]) < 0.15
    assert np.corrcoef(found.fixed[1:, 1:].ravel(), truth.fixed[1:, 1:].ravel())[0, 1] > 0.97
    # Effects as well as if all variances had been known, within a standard error of a correlation.
    known, told = (np.corrcoef(of.effects, truth.effects)[0, 1] for of in (knowing(truth, fitted), found))
    assert told > known - (1 - known**2) / np.sqrt(len(truth.effects))
    for name, tolerance in (("noise_var", 0.1), ("shock_var", 0.25), ("effect_var", 0.3)):
        assert getattr(found, name) == pytest.approx(getattr(truth, name), rel=tolerance), name
    assert np.diag(found.couple_cov).mean() == pytest.approx(0.06, rel=0.35)
    assert np.diag(found.partner_cov).mean() == pytest.approx(0.04, rel=0.35)


@pytest.mark.xfail(
    strict=True, reason="a fit that climbs higher finds .8498 where one that stopped early had .85001"
)
def test_effects_are_recovered_as_well_as_ever(
    known_world: tuple[Parameters, HierarchicalRecommender],
) -> None:
    """Ideas' effects go with the true ones at more than .85."""
    truth, fitted = known_world
    assert np.corrcoef(fitted.parameters_.effects, truth.effects)[0, 1] > 0.85


def test_intervals_cover_at_their_rate(known_world: tuple[Parameters, HierarchicalRecommender]) -> None:
    """90 % intervals for new ratings hold 88 to 92 % of them in the world that the model describes."""
    truth, fitted = known_world
    rng = np.random.default_rng(8)
    pairs = fitted.ratings_[["partner_id", "idea_id"]].iloc[:3000].assign(partner_id=np.arange(3000) + 10**6)
    answers = pd.DataFrame(rng.normal(size=(len(pairs), 2)), index=pairs["partner_id"])
    mean, std = fitted.predict(pairs, partner_features=answers, return_std=True)
    X = fitted.idea_features_.loc[pairs["idea_id"]].to_numpy()
    f = with_intercept(X)
    weights = with_intercept(answers.to_numpy()) @ truth.fixed.T + rng.normal(0, np.sqrt(0.1), size=f.shape)
    effect = truth.effects[[int(idea[1:]) for idea in pairs["idea_id"]]]
    actual = np.einsum("nf,nf->n", f, weights) + effect + rng.normal(0, np.sqrt(0.65), size=len(f))
    covered = (np.abs(actual - mean) < 1.645 * std).mean()
    assert 0.88 < covered < 0.92


def test_little_feedback_does_not_run_away() -> None:
    """With three ratings, the fitted variances stay near where they started."""
    ideas = pd.DataFrame({"x": [0.0, 1.0, 2.0]}, index=["a", "b", "c"])
    ratings = pd.DataFrame(
        [("p", "a", 1.0), ("p", "b", 5.0), ("q", "c", 5.0)], columns=["partner_id", "idea_id", "rating"]
    )
    fitted = HierarchicalRecommender().fit(ratings, ideas).parameters_
    start = np.var([1.0, 5.0, 5.0])
    assert 0.5 < fitted.noise_var / (start / 4) < 2
    assert np.isfinite(HierarchicalRecommender().fit(ratings, ideas).predict(pairs_of("p", ["c"]))).all()


@pytest.mark.parametrize("n_tags", [0, 1])
def test_answers_that_can_say_nothing_are_harmless(n_tags: int, rng: np.random.Generator) -> None:
    """Without tags no answer says anything of them, and what all say alike says nothing at all."""
    ratings = pd.DataFrame(
        {
            "partner_id": np.repeat(np.arange(30), 8),
            "idea_id": np.tile(np.arange(12), 20),
            "rating": rng.integers(1, 6, size=240).astype(float),
        }
    )
    ideas = pd.DataFrame(rng.normal(size=(12, n_tags)))
    answers = pd.DataFrame({"alike": np.ones(30), "told": rng.normal(size=30)})
    fitted = HierarchicalRecommender(n_factors=0).fit(ratings, ideas, answers).parameters_
    assert np.isfinite(fitted.fixed).all()
    assert not fitted.fixed[:, 1].any()  # of what all say alike

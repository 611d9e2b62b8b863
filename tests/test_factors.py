"""Factors of ideas: what the fit believes is exact given them, it only climbs, and it finds what is there."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from recommender.preferences import factors as factors_of_ideas
from recommender.preferences.em import fit_parameters
from recommender.preferences.factors import FactorPasses, Guess, learn_factors
from recommender.preferences.feedback import Feedback
from recommender.preferences.kernels import kernel_of
from recommender.preferences.model import Parameters, rating_noise, with_intercept
from recommender.preferences.solvers import solver_of

N_IDEAS, N_FEATURES, N_COUPLES, N_DATES, K = 60, 3, 400, 12, 2


def believed() -> Parameters:
    """Return what the worlds below are made of, but for their factors."""
    return Parameters(
        idea_ids=tuple(map(str, range(N_IDEAS))),
        feature_names=("a", "b", "c"),
        answer_names=(),
        feature_means=np.zeros(N_FEATURES),
        fixed=np.array([[3.0], [0.2], [0.0], [-0.1]]),
        effects=np.zeros(N_IDEAS),
        effect_vars=np.full(N_IDEAS, 0.1),
        effect_var=0.1,
        couple_cov=0.05 * np.eye(N_FEATURES + 1),
        partner_cov=0.05 * np.eye(N_FEATURES + 1),
        shock_var=0.05,
        noise_var=0.3,
    )


def world(strength: float) -> tuple[Feedback, np.ndarray]:
    """Return ratings of couples who differ in tags and in two factors of this strength, and the factors."""
    rng, q = np.random.default_rng(5), believed()
    features = rng.normal(size=(N_IDEAS, N_FEATURES))
    truth = rng.normal(0, strength, size=(N_IDEAS, K))
    couple = np.repeat(np.arange(N_COUPLES), 2 * N_DATES)
    date = np.repeat(np.arange(N_COUPLES * N_DATES), 2)
    partner = 2 * couple + np.tile([0, 1], N_COUPLES * N_DATES)
    idea = np.repeat(rng.integers(N_IDEAS, size=N_COUPLES * N_DATES), 2)
    design = with_intercept(features)
    weights = rng.normal(0, np.sqrt(0.05), size=(N_COUPLES, 4))[couple] + q.fixed[:, 0]
    weights = weights + rng.normal(0, np.sqrt(0.05), size=(2 * N_COUPLES, 4))[partner]
    tastes = rng.normal(size=(2 * N_COUPLES, K))[partner]
    rating = (design[idea] * weights).sum(axis=1) + (truth[idea] * tastes).sum(axis=1)
    rating += rng.normal(0, np.sqrt(0.1), size=N_IDEAS)[idea]
    rating += rng.normal(0, np.sqrt(0.05), size=N_COUPLES * N_DATES)[date]
    rating += rng.normal(0, np.sqrt(0.3), size=len(idea))
    return Feedback(rating, idea, partner, couple, date, features, np.zeros((2 * N_COUPLES, 0))), truth


@pytest.fixture(scope="module")
def two_factors() -> tuple[Feedback, np.ndarray]:
    """Return a world in which factors add half as much variance as noise does."""
    return world(0.3)


def certain(passes: FactorPasses, means: np.ndarray) -> Guess:
    """Return a guess that knows effects and factors."""
    covs = np.zeros((N_IDEAS, 1 + K, 1 + K))
    return replace(passes.first(), means=means, covs=covs, centre=np.array([0.4, -0.2]), noise=1.5)


def test_what_is_believed_given_the_factors_is_exact(two_factors: tuple[Feedback, np.ndarray]) -> None:
    """With factors known, likelihood and residuals are those of the covariance written out."""
    feedback = two_factors[0].of_couples(60, np.random.default_rng(2))
    means = np.random.default_rng(3).normal(0, 0.3, size=(N_IDEAS, 1 + K))
    passes = FactorPasses(feedback, believed(), K)
    guess = certain(passes, means)
    q = replace(believed(), noise_var=1.5 * 0.3, shock_var=1.5 * 0.05)
    kernel = kernel_of(passes.design, q)
    for batch in passes.batches:
        found = passes._beliefs(batch, solver_of(batch, kernel), guess)
        total = 0.0
        for couple, rows in enumerate(batch.rows):
            rows = rows[batch.real[couple]]
            x, idea = passes.design[feedback.idea[rows]], feedback.idea[rows]
            same = feedback.partner[rows][:, None] == feedback.partner[rows]
            factors = means[idea, 1:]
            cov = x @ q.couple_cov @ x.T + same * (x @ q.partner_cov @ x.T + factors @ factors.T)
            cov += rating_noise(q, feedback.date[rows])
            residual = feedback.rating[rows] - x @ q.fixed[:, 0] - means[idea, 0] - factors @ guess.centre
            total += multivariate_normal(np.zeros(len(rows)), cov).logpdf(residual)
            alpha = found.pull[couple, batch.real[couple], 0]
            np.testing.assert_allclose(alpha, np.linalg.solve(cov, residual), atol=1e-10)
        assert found.objective == pytest.approx(total, abs=1e-8)


def test_the_noise_is_what_is_left(two_factors: tuple[Feedback, np.ndarray]) -> None:
    """The expected noise is the textbook one, mean mean' + R - R C⁻¹ R, in units of what was fitted."""
    feedback = two_factors[0].of_couples(60, np.random.default_rng(2))
    means = np.random.default_rng(3).normal(0, 0.3, size=(N_IDEAS, 1 + K))
    passes = FactorPasses(feedback, believed(), K)
    guess, q = certain(passes, means), replace(believed(), noise_var=1.5 * 0.3, shock_var=1.5 * 0.05)
    found, expected = 0.0, 0.0
    for batch in passes.batches:
        found += passes._beliefs(batch, solver_of(batch, kernel_of(passes.design, q)), guess).misfit
        for couple, rows in enumerate(batch.rows):
            rows = rows[batch.real[couple]]
            x, idea = passes.design[feedback.idea[rows]], feedback.idea[rows]
            same = feedback.partner[rows][:, None] == feedback.partner[rows]
            factors, noise = means[idea, 1:], rating_noise(q, feedback.date[rows])
            cov = x @ q.couple_cov @ x.T + same * (x @ q.partner_cov @ x.T + factors @ factors.T) + noise
            residual = feedback.rating[rows] - x @ q.fixed[:, 0] - means[idea, 0] - factors @ guess.centre
            mean = noise @ np.linalg.solve(cov, residual)
            square = np.outer(mean, mean) + noise - noise @ np.linalg.solve(cov, noise)
            expected += float(np.trace(np.linalg.solve(noise / 1.5, square)))
    assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("strength", [0.0, 0.3])
def test_the_fit_only_climbs(strength: float) -> None:
    """No pass lowers the objective; where there are no factors to be found, the search ends early."""
    objectives: list[float] = []
    learn_factors(
        world(strength)[0],
        believed(),
        6,
        max_iterations=25,
        tolerance=0.0,
        on_iteration=lambda _, height: objectives.append(height),
    )
    assert (len(objectives) == 25) == (strength > 0)
    assert np.diff(objectives).min() > -1e-6
    assert objectives[-1] > objectives[0]


def test_factors_are_found(two_factors: tuple[Feedback, np.ndarray]) -> None:
    """Of six factors offered two stay; together they say what the true ones do, and noise is as it was."""
    feedback, truth = two_factors
    found = learn_factors(feedback, fit_parameters(feedback, believed()), 6)
    assert found.factors.shape == (N_IDEAS, K)
    left = truth - found.factors @ np.linalg.lstsq(found.factors, truth, rcond=None)[0]
    assert (left**2).sum() / (truth**2).sum() < 0.15
    assert found.noise_var + found.shock_var == pytest.approx(0.35, rel=0.1)
    assert (found.factors**2).sum() / N_IDEAS == pytest.approx(2 * 0.3**2, rel=0.25)


def test_nothing_is_found_where_there_is_nothing() -> None:
    """In a world of tags alone the parameters stay as they were, to the last bit."""
    feedback = world(0.0)[0]
    fitted = fit_parameters(feedback, believed())
    found = learn_factors(feedback, fitted, 6)
    for field in fields(Parameters):
        np.testing.assert_array_equal(getattr(found, field.name), getattr(fitted, field.name))


def test_a_sample_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Strong factors from a third of the couples, then seen in all of them, say the same of every rating."""
    feedback, _ = world(0.5)
    whole = learn_factors(feedback, believed(), 4)
    monkeypatch.setattr(factors_of_ideas, "SAMPLE_RATINGS", len(feedback.rating) // 3)
    sampled = learn_factors(feedback, believed(), 4)
    alike = np.corrcoef(
        (sampled.factors @ sampled.factors.T).ravel(), (whole.factors @ whole.factors.T).ravel()
    )
    assert alike[0, 1] > 0.98
    assert sampled.noise_var == pytest.approx(whole.noise_var, rel=0.05)
    np.testing.assert_allclose(sampled.effects, whole.effects, atol=0.1)


def test_threads_do_not_change_the_factors(
    two_factors: tuple[Feedback, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two threads give the same factors to the last bit."""
    monkeypatch.setattr("recommender.preferences.solvers.BATCH_RATINGS", 512)
    monkeypatch.setattr("recommender.preferences.solvers.BATCH_CELLS", 1)
    one, two = (
        learn_factors(two_factors[0], believed(), 4, max_iterations=3, n_jobs=jobs) for jobs in (1, 2)
    )
    for field in fields(Parameters):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(two, field.name))


@pytest.mark.parametrize(("short_by", "n_factors"), [(1, 0), (0, 1)])
def test_a_factor_takes_many_people(
    monkeypatch: pytest.MonkeyPatch, two_factors: tuple[Feedback, np.ndarray], short_by: int, n_factors: int
) -> None:
    """With as many people as one factor takes, one of two is found; with one less, none is looked for."""
    monkeypatch.setattr(factors_of_ideas, "PEOPLE_FOR_ONE", 2 * N_COUPLES + short_by)
    start = believed()
    found = learn_factors(two_factors[0], start, 4)
    assert found.factors.shape[1] == n_factors
    assert (found is start) == (n_factors == 0)

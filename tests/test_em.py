"""The fit: longer steps, a first sample, threads, and how firmly it is held."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from recommender.preferences import em
from recommender.preferences.em import fit_parameters
from recommender.preferences.extrapolation import Extrapolation
from recommender.preferences.feedback import Feedback
from recommender.preferences.model import Parameters, with_intercept
from recommender.preferences.passes import Passes
from recommender.preferences.strength import VAGUE, Strength

N_IDEAS, N_FEATURES, N_COUPLES, N_DATES = 40, 3, 60, 10


def prior(scale: float = 1.0) -> Parameters:
    """Return a prior without opinions, tastes with variance ``scale``."""
    return Parameters(
        idea_ids=tuple(map(str, range(N_IDEAS))),
        feature_names=("a", "b", "c"),
        answer_names=(),
        feature_means=np.zeros(N_FEATURES),
        fixed=np.array([[3.0], [0.0], [0.0], [0.0]]),
        effects=np.zeros(N_IDEAS),
        effect_vars=np.full(N_IDEAS, 0.1),
        effect_var=0.1,
        couple_cov=scale * 0.2 * np.eye(N_FEATURES + 1),
        partner_cov=scale * 0.2 * np.eye(N_FEATURES + 1),
        shock_var=0.1,
        noise_var=0.5,
    )


@pytest.fixture(scope="module")
def feedback() -> Feedback:
    """Return ratings of couples whose tastes have a variance of 0.05 each, around a level of 4."""
    rng = np.random.default_rng(11)
    features = rng.normal(size=(N_IDEAS, N_FEATURES))
    couple = np.repeat(np.arange(N_COUPLES), 2 * N_DATES)
    date = np.repeat(np.arange(N_COUPLES * N_DATES), 2)
    partner = 2 * couple + np.tile([0, 1], N_COUPLES * N_DATES)
    idea = np.repeat(rng.integers(N_IDEAS, size=N_COUPLES * N_DATES), 2)
    design = with_intercept(features)
    weights = rng.normal(0, np.sqrt(0.05), size=(N_COUPLES, 4))[couple]
    weights = weights + rng.normal(0, np.sqrt(0.05), size=(2 * N_COUPLES, 4))[partner]
    rating = 4 + (design[idea] * weights).sum(axis=1) + rng.normal(0, 0.6, size=len(idea))
    return Feedback(rating, idea, partner, couple, date, features, np.zeros((2 * N_COUPLES, 0)))


def test_a_sample_holds_whole_couples(feedback: Feedback) -> None:
    """About as many ratings as asked for, every one of each couple drawn, and the same draw each time."""
    drawn = feedback.of_couples(205, np.random.default_rng(0))
    assert 205 <= len(drawn.rating) < 205 + 2 * 2 * N_DATES
    assert set(np.bincount(drawn.couple)) == {0, 2 * N_DATES}
    again = feedback.of_couples(205, np.random.default_rng(0))
    np.testing.assert_array_equal(drawn.rating, again.rating)
    assert drawn.features is feedback.features


@pytest.mark.parametrize(("n_ratings", "n_couples", "expected"), [(205, 1, 11), (205, 20, 20), (205, 31, 60)])
def test_a_sample_holds_enough_couples(
    feedback: Feedback, n_ratings: int, n_couples: int, expected: int
) -> None:
    """Each couple gave twenty ratings: eleven give 205, and there are not twice as many as thirty-one."""
    assert len(np.unique(feedback.sample(n_ratings, n_couples).couple)) == expected


def written_out(feedback: Feedback, now: Parameters) -> np.ndarray:
    """Return the covariance of all ratings, what fixed weights and effects leave of them."""
    design = with_intercept(feedback.features - now.feature_means)[feedback.idea]

    def same(of: np.ndarray) -> np.ndarray:
        return np.asarray(of[:, None] == of)

    return np.asarray(
        same(feedback.couple) * (design @ now.couple_cov @ design.T)
        + same(feedback.partner) * (design @ now.partner_cov @ design.T)
        + same(feedback.date) * now.shock_var
        + np.eye(len(design)) * now.noise_var
    )


def test_fixed_weights_and_effects_are_the_likeliest_together(feedback: Feedback) -> None:
    """They are the mean of a Gaussian given all ratings, its covariance written out."""
    rng = np.random.default_rng(4)
    start = replace(
        prior(),
        answer_names=("p",),
        fixed=np.pad(prior().fixed, ((0, 0), (0, 1))),
        effects=rng.normal(size=N_IDEAS),
    )
    feedback = replace(feedback, answers=rng.normal(size=(2 * N_COUPLES, 1)))
    passes = Passes(feedback, start, Strength())
    now = start
    for _ in range(20):
        now, _ = passes.settle(now)
    said = with_intercept(feedback.answers)[feedback.partner]
    of_weights = (with_intercept(feedback.features)[feedback.idea][:, :, None] * said[:, None, :]).reshape(
        len(said), -1
    )
    of_effects = feedback.idea[:, None] == np.arange(N_IDEAS)
    joint = np.hstack([of_weights, of_effects])
    variances = np.append(np.tile(passes.scale[1], (N_FEATURES + 1, 1)), np.full(N_IDEAS, start.effect_var))
    variances[:2] = passes.held.level_var, passes.scale[0, 1]
    total = (joint * variances) @ joint.T + written_out(feedback, start)
    residual = feedback.rating - of_weights @ start.fixed.ravel()
    expected = variances * (joint.T @ np.linalg.solve(total, residual))
    np.testing.assert_allclose((now.fixed - start.fixed).ravel(), expected[: now.fixed.size], atol=1e-7)
    np.testing.assert_allclose(now.effects, expected[now.fixed.size :], atol=1e-7)


def test_much_feedback_is_met_once(feedback: Feedback, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variances come from a sample of couples, fixed weights and effects from all ratings."""
    told: list[float] = []
    monkeypatch.setattr(em, "SAMPLE_RATINGS", 200)
    monkeypatch.setattr(em, "MORE_RATINGS", 500)
    monkeypatch.setattr(em, "MORE_COUPLES", 25)
    start = replace(prior(), fixed=np.array([[4.0], [0.0], [0.0], [0.0]]))
    found = fit_parameters(feedback, start, on_iteration=lambda _, height: told.append(height))
    assert len(told) == 1
    of_sample = fit_parameters(feedback.sample(500), start)
    np.testing.assert_allclose(found.couple_cov, of_sample.couple_cov, atol=0.01)
    passes = Passes(feedback, start, Strength())
    for _ in range(4):
        settled, _ = passes.settle(found)
    np.testing.assert_allclose(found.effects, settled.effects, atol=0.01)


def test_a_sample_changes_little(feedback: Feedback, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variances from two thirds of the couples are near those from all of them, and so are effects."""
    start = replace(prior(), fixed=np.array([[4.0], [0.0], [0.0], [0.0]]))
    straight = fit_parameters(feedback, start, tolerance=1e-7)
    monkeypatch.setattr(em, "SAMPLE_RATINGS", 400)
    monkeypatch.setattr(em, "MORE_RATINGS", 590)
    monkeypatch.setattr(em, "MORE_COUPLES", 25)
    sampled = fit_parameters(feedback, start, tolerance=1e-7)
    np.testing.assert_allclose(sampled.couple_cov, straight.couple_cov, atol=0.02)
    np.testing.assert_allclose(sampled.effects, straight.effects, atol=0.03)
    assert sampled.noise_var == pytest.approx(straight.noise_var, rel=0.1)


def test_a_sample_of_scales_alone_changes_nothing_but_the_way(
    feedback: Feedback, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Starting from a sample of the couples ends where starting from all of them does."""
    start = replace(prior(), fixed=np.array([[4.0], [0.0], [0.0], [0.0]]))
    straight = fit_parameters(feedback, start, tolerance=1e-7)
    monkeypatch.setattr(em, "SAMPLE_RATINGS", 400)
    sampled = fit_parameters(feedback, start, tolerance=1e-7)
    np.testing.assert_allclose(sampled.couple_cov, straight.couple_cov, atol=0.02)
    np.testing.assert_allclose(sampled.effects, straight.effects, atol=0.03)
    assert sampled.noise_var == pytest.approx(straight.noise_var, rel=0.02)


def test_threads_do_not_change_the_fit(feedback: Feedback, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads give the same parameters to the last bit."""
    monkeypatch.setattr("recommender.preferences.solvers.BATCH_RATINGS", 256)
    monkeypatch.setattr("recommender.preferences.solvers.BATCH_CELLS", 1)
    monkeypatch.setattr("recommender.preferences.passes.CHUNK_RATINGS", 100)
    one, two = (fit_parameters(feedback, prior(), max_iterations=4, n_jobs=jobs) for jobs in (1, 2))
    for field in fields(Parameters):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(two, field.name))


def climbed(feedback: Feedback, n_passes: int) -> float:
    """Return the objective after so many passes, none of which may have lowered it."""
    told: list[float] = []
    passes = Passes(feedback, prior(), Strength())
    em._climb(passes, prior(), n_passes, 0.0, lambda _, objective: told.append(objective))
    assert (np.diff(told) > -1e-6).all()
    return told[-1]


def test_bolder_ways_arrive_sooner(feedback: Feedback, monkeypatch: pytest.MonkeyPatch) -> None:
    """In as many passes scoring climbs higher than plain EM, and extrapolation higher than scoring alone."""
    all_ways = climbed(feedback, 12)
    monkeypatch.setattr(Extrapolation, "after", lambda _self, _start, end: [end])
    scoring = climbed(feedback, 12)
    monkeypatch.setattr(Extrapolation, "after", lambda _self, _start, _end: [])
    plain = climbed(feedback, 12)
    assert all_ways > scoring > plain + 0.1


def test_what_misleads_is_taken_back(feedback: Feedback, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where both bolder ways lead astray, a fit still climbs as EM does, in three passes each."""
    monkeypatch.setattr(Extrapolation, "after", lambda _self, _start, end: [end, astray(end)])
    monkeypatch.setattr("recommender.preferences.passes.scored", lambda now, *_: 50 * now)
    misled = climbed(feedback, 36)
    monkeypatch.setattr(Extrapolation, "after", lambda _self, _start, _end: [])
    assert misled == pytest.approx(climbed(feedback, 12), abs=1e-6)


def astray(parameters: Parameters) -> Parameters:
    """Return the same with a noise that is fifty times as large."""
    return replace(parameters, noise_var=50 * parameters.noise_var)


def test_ratings_are_seen_as_written_out(feedback: Feedback) -> None:
    """What moves the covariances is X'(C⁻¹ e e' C⁻¹ - C⁻¹)X and X'C⁻¹X, summed over couples and partners."""
    some = feedback.of_couples(205, np.random.default_rng(0))
    passes = Passes(some, prior(), Strength())
    met = passes._meet(prior())
    precision = np.linalg.inv(written_out(some, prior()))
    alpha = precision @ passes._residual(met.parameters)
    design = with_intercept(some.features)[some.idea]
    for seen, of in zip(passes._seen(met), (some.couple, some.partner), strict=True):
        theirs = [design[of == each].T @ alpha[of == each] for each in np.unique(of)]
        same = of[:, None] == of
        information = design.T @ (same * precision) @ design
        np.testing.assert_allclose(seen.information, information, rtol=1e-9, atol=1e-9)
        slope = np.transpose(theirs) @ theirs - information
        np.testing.assert_allclose(seen.slope, slope, rtol=1e-9, atol=1e-9)
        assert seen.n == len(theirs)


def test_how_much_taste_there_is_is_learned_from_few_couples(feedback: Feedback) -> None:
    """Ten couples and a prior worth many more still find that tastes are smaller than the prior believes."""
    few = feedback.of_couples(190, np.random.default_rng(1))
    firm = Strength(covariances=20.0)
    found = fit_parameters(few, prior(scale=4.0), strength=firm, max_iterations=60)
    believed = prior(scale=4.0)
    spread = np.trace(found.couple_cov + found.partner_cov)
    assert spread < 0.5 * np.trace(believed.couple_cov + believed.partner_cov)


def test_leniency_does_not_make_tastes_wide() -> None:
    """Twenty couples who differ in leniency alone: that is found, and tastes shrink to nearly nothing."""
    rng = np.random.default_rng(5)
    n = 20 * 30
    partner = np.repeat(np.arange(20), 30)
    features = rng.normal(size=(N_IDEAS, N_FEATURES))
    rating = 3 + rng.normal(0, 1.5, size=20)[partner] + rng.normal(0, 0.5, size=n)
    alone = Feedback(
        rating, rng.integers(N_IDEAS, size=n), partner, partner, np.arange(n), features, np.zeros((20, 0))
    )
    found = fit_parameters(alone, prior(), strength=VAGUE)
    spread = np.diag(found.couple_cov + found.partner_cov)
    assert spread[0] > 1
    assert spread[1:].max() < 0.02


def test_tastes_may_lie_in_one_tag() -> None:
    """People differ in one tag alone: a vague prior finds more of that and less of others than one scale."""
    rng = np.random.default_rng(7)
    n_people, n_each = 60, 12
    partner = np.repeat(np.arange(n_people), n_each)
    n, features = n_people * n_each, rng.normal(size=(N_IDEAS, N_FEATURES))
    idea = rng.integers(N_IDEAS, size=n)
    rating = 3 + features[idea, 0] * rng.normal(0, 1.0, size=n_people)[partner] + rng.normal(0, 0.7, size=n)
    alone = Feedback(rating, idea, partner, partner, np.arange(n), features, np.zeros((n_people, 0)))
    spread = {}
    for tags in (VAGUE.tags, None):
        found = fit_parameters(alone, prior(), strength=replace(VAGUE, tags=tags))
        spread[tags] = np.diag(found.couple_cov + found.partner_cov)[1:]
    assert (spread[VAGUE.tags][1:] < 0.95 * spread[None][1:]).all()
    assert spread[VAGUE.tags][0] > spread[None][0]
    assert spread[VAGUE.tags][0] == pytest.approx(1.0, rel=0.4)


@pytest.mark.parametrize("of_tags", [False, True])
def test_answers_may_say_much_of_leniency_and_nothing_of_tags(of_tags: bool) -> None:
    """What an answer may say of tags is learned from what it says of tags, not from leniency."""
    rng = np.random.default_rng(6)
    n_people, n_each = 150, 15
    partner = np.repeat(np.arange(n_people), n_each)
    n = len(partner)
    features, answers = rng.normal(size=(N_IDEAS, N_FEATURES)), rng.normal(size=(n_people, 2))
    idea = rng.integers(N_IDEAS, size=n)
    weights = np.vstack([[1.0, -1.0], of_tags * rng.normal(0, 0.5, size=(N_FEATURES, 2))])
    said = np.vecdot(with_intercept(features)[idea] @ weights, answers[partner])
    rating = 3 + said + rng.normal(0, 0.7, size=n)
    start = replace(prior(), answer_names=("p", "q"), fixed=np.pad(prior().fixed, ((0, 0), (0, 2))))
    feedback = Feedback(rating, idea, partner, partner, np.arange(n), features, answers)
    passes = Passes(feedback, start, VAGUE)
    first = passes.scale.copy()
    moved = start
    for _ in range(4):
        for _ in range(3):
            moved = passes.iterate(moved).moved
        passes.learn_scale(moved)
    assert passes.scale[0, 1] > 5 * first[0, 1]
    assert (passes.scale[1, 1:] > first[1, 1:]).all() == of_tags
    if not of_tags:
        assert (passes.scale[1, 1:] < 0.2 * first[1, 1:]).all()


def test_scales_by_hand() -> None:
    """One feature, one answer: each scale is the squared weight over how well the ratings know it."""
    rng = np.random.default_rng(8)
    features, answers = rng.normal(size=(6, 1)), rng.normal(size=(9, 1))
    partner, idea = np.repeat(np.arange(9), 6), np.tile(np.arange(6), 9)
    start = replace(
        prior(),
        idea_ids=tuple(map(str, range(6))),
        feature_names=("a",),
        answer_names=("p",),
        feature_means=np.zeros(1),
        fixed=np.array([[3.0, 0.0], [0.0, 0.0]]),
        effects=np.zeros(6),
        effect_vars=np.full(6, 0.1),
        couple_cov=0.2 * np.eye(2),
        partner_cov=0.2 * np.eye(2),
    )
    feedback = Feedback(rng.normal(3, 1, size=54), idea, partner, partner, np.arange(54), features, answers)
    strength = Strength(scales=2.0)
    passes = Passes(feedback, start, strength)
    believed = passes.scale.copy()
    now = passes.iterate(start).moved
    passes.learn_scale(now)
    expected = believed.copy()
    x, z = with_intercept(features), with_intercept(answers)
    for column in (0, 1):
        said = np.zeros((2, 2))
        for person in range(9):
            cov = x @ (now.couple_cov + now.partner_cov) @ x.T + (now.noise_var + now.shock_var) * np.eye(6)
            said += z[person, column] ** 2 * x.T @ np.linalg.solve(cov, x)
        precision = 1 / believed[:, column]
        if column == 0:
            precision[0] = 1 / passes.held.level_var
        var = np.diag(np.linalg.inv(said + np.diag(precision)))
        learned = 1 - var * precision
        square = (now.fixed - start.fixed)[:, column] ** 2
        expected[1, column] = (square[1] + 2 * believed[1, column]) / (learned[1] + 2)
        if column:
            expected[0] = (square[0] + 2 * believed[0, 1]) / (learned[0] + 2)
    np.testing.assert_allclose(passes.scale, expected, rtol=1e-6)


def test_the_level_is_held(feedback: Feedback) -> None:
    """Ratings around 4 hardly move a level of 3, unless the strength lets them; leniency takes it up."""
    held = fit_parameters(feedback, prior())
    free = fit_parameters(feedback, prior(), strength=replace(Strength(), level_sd=10.0))
    assert abs(held.fixed[0, 0] - 3) < 0.2
    assert abs(free.fixed[0, 0] - 4) < 0.2

"""The gate: a better model passes, one that learned nothing or harms someone does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.catalogue.bundled import data_folder
from recommender.catalogue.library import load_catalogue
from recommender.learning.evaluation.town import build_town
from recommender.learning.gate import COUPLES_MIN, RATINGS_MIN, judge, split_by_time
from recommender.learning.snapshot import Snapshot, take_snapshot
from recommender.learning.training import fit
from recommender.preferences.model import Parameters
from recommender.preferences.prior import load_prior, prior_parameters
from tests.towns import answers_of, live

START = datetime(2026, 1, 5, 20, tzinfo=UTC)


class Lived:
    """A town of 60 couples after 14 weeks: its snapshot in two parts, and what was fitted to the earlier."""

    def __init__(self) -> None:
        catalogue = load_catalogue()
        town = build_town(catalogue, 60, seed=3)
        self.snapshot = take_snapshot(live(catalogue, town, 14, seed=4), answers_of(town), catalogue)
        self.earlier, self.later = split_by_time(self.snapshot.ratings)
        self.prior = prior_parameters(load_prior(data_folder() / "prior.yaml"), catalogue)
        self.fitted = fit(self.snapshot, self.earlier, self.prior)


@pytest.fixture(scope="module")
def lived() -> Lived:
    """Return the town."""
    return Lived()


@pytest.fixture(scope="module")
def world() -> tuple[Snapshot, Parameters]:
    """Return 12 couples with 10 dates each of four ideas that nothing tells apart, and a plain model of them.

    Everyone rates 4, but every fifth date 3 and every other fifth 5; the second partner one lower.
    """
    rows = [
        (f"c{c:02}", f"c{c:02}-{p}", f"c{c:02}-{d}", f"i{d % 4}", 4.0 + (-1, 0, 0, 0, 1)[d % 5] - p,
         START + timedelta(weeks=d, minutes=c))
        for c in range(12) for d in range(10) for p in range(2)
    ]  # fmt: skip
    ratings = pd.DataFrame(
        rows, columns=["couple_id", "partner_id", "date_id", "idea_id", "rating", "rated_at"]
    )
    ideas = pd.DataFrame({"x": [-1.0, 1.0, -1.0, 1.0]}, index=["i0", "i1", "i2", "i3"])
    people = pd.DataFrame({"a": 0.0}, index=sorted(set(ratings["partner_id"])))
    plain = Parameters(
        idea_ids=(),
        feature_names=("x",),
        answer_names=("a",),
        feature_means=np.zeros(1),
        fixed=np.array([[3.5, 0.0], [0.0, 0.0]]),
        effects=np.zeros(0),
        effect_vars=np.zeros(0),
        effect_var=0.01,
        couple_cov=np.diag([0.1, 0.01]),
        partner_cov=np.diag([0.3, 0.01]),
        shock_var=0.2,
        noise_var=0.3,
    )
    return Snapshot(ratings, ideas, people, "0" * 64, {}), plain


@pytest.fixture
def tasty(rng: np.random.Generator) -> tuple[Snapshot, Parameters]:
    """Return 40 couples of strong tastes with 15 dates each, and a model that hardly believes in tastes."""
    ideas = pd.DataFrame(
        rng.normal(size=(40, 3)), index=[f"i{k}" for k in range(40)], columns=["x", "y", "z"]
    )
    rows = []
    for couple in range(40):
        tastes = rng.normal(0, 0.5, size=3) + rng.normal(0, 0.3, size=(2, 3))
        for week in range(15):
            idea, mood = rng.integers(40), rng.normal(0, 0.4)
            felt = 3.2 + tastes @ ideas.to_numpy()[idea] + mood + rng.normal(0, 0.5, size=2)
            names = [(f"c{couple}", f"c{couple}-{p}", f"c{couple}-{week}", f"i{idea}") for p in range(2)]
            at = START + timedelta(weeks=week, minutes=couple)
            rows += [(*name, r, at) for name, r in zip(names, np.clip(np.rint(felt), 1, 5), strict=True)]
    ratings = pd.DataFrame(
        rows, columns=["couple_id", "partner_id", "date_id", "idea_id", "rating", "rated_at"]
    )
    people = pd.DataFrame({"a": 0.0}, index=sorted(set(ratings["partner_id"])))
    snapshot = Snapshot(ratings, ideas, people, "0" * 64, {})
    little = 0.01 * np.eye(4)
    prior = Parameters(
        (), ("x", "y", "z"), ("a",), np.zeros(3), np.array([[3.6, 0.0]] + [[0.0, 0.0]] * 3), np.zeros(0),
        np.zeros(0), 0.09, little, little, 0.16, 0.56,
    )  # fmt: skip
    return snapshot, prior


def verdict(world: tuple[Snapshot, Parameters], candidate: Parameters) -> str:
    """Return the verdict on a candidate against the world's plain model."""
    return judge(world[1], candidate, world[0], *split_by_time(world[0].ratings)).verdict


# What passes


def test_a_candidate_fitted_to_known_tastes_passes(tasty: tuple[Snapshot, Parameters]) -> None:
    """In a small town of strong tastes, what was fitted beats hardly believing in any."""
    snapshot, prior = tasty
    earlier, later = split_by_time(snapshot.ratings)

    judgement = judge(prior, fit(snapshot, earlier, prior), snapshot, earlier, later)

    assert (judgement.verdict, judgement.passed) == ("better", True)
    everyone = judgement.comparisons[0]
    assert (everyone.group, everyone.n_couples, everyone.n_ratings) == ("everyone", 40, 240)
    assert 0 < everyone.low < everyone.mean < everyone.high


def test_little_feedback_of_many_tags_is_not_overfitted(lived: Lived) -> None:
    """With more tags than couples, what was fitted is not shown to be worse than the prior."""
    judgement = judge(lived.prior, lived.fitted, lived.snapshot, lived.earlier, lived.later)

    # It gained 0.01 to 0.02 in the towns tried; a fit that takes noise for taste lost 0.4 to 1.6.
    assert judgement.comparisons[0].high > 0
    assert judgement.comparisons[0].mean > -0.05
    # The town's own scatter is 0.6², rounding adds 1/12, and what tags do not tell comes on top.
    assert lived.fitted.noise_var > 0.36


def test_one_that_learned_from_shuffled_ratings_is_refused(
    tasty: tuple[Snapshot, Parameters], rng: np.random.Generator
) -> None:
    """Ratings dealt out at random teach no tastes, and what was fitted to them is worse."""
    snapshot, prior = tasty
    earlier, later = split_by_time(snapshot.ratings)
    shuffled = earlier.assign(rating=rng.permutation(earlier["rating"].to_numpy()))

    judgement = judge(fit(snapshot, earlier, prior), fit(snapshot, shuffled, prior), snapshot, earlier, later)

    assert (judgement.verdict, judgement.passed) == ("worse", False)
    assert judgement.comparisons[0].high < 0


def test_the_current_model_again_is_not_worse(lived: Lived) -> None:
    """The same parameters once more gain nothing and lose nothing."""
    judgement = judge(lived.fitted, lived.fitted, lived.snapshot, lived.earlier, lived.later)

    assert judgement.verdict == "not worse"
    assert judgement.passed
    against_itself = [c for c in judgement.comparisons if c.against == "current"]
    assert {(c.mean, c.low, c.high) for c in against_itself} == {(0.0, 0.0, 0.0)}


@pytest.mark.parametrize("digits", [1e-13, -1e-13])
def test_the_last_digits_decide_nothing(world: tuple[Snapshot, Parameters], digits: float) -> None:
    """A candidate that differs as much as summing in another order would is neither worse nor better."""
    nudged = replace(world[1], fixed=world[1].fixed + digits, noise_var=world[1].noise_var * (1 + digits))

    assert verdict(world, nudged) == "not worse"


def test_a_candidate_that_knows_more_is_better(world: tuple[Snapshot, Parameters]) -> None:
    """Where the current model is far too unsure, one that is as sure as it may be passes as better."""
    unsure = replace(world[1], noise_var=30.0)

    assert judge(unsure, world[1], world[0], *split_by_time(world[0].ratings)).verdict == "better"


@pytest.mark.parametrize("change", [{"noise_var": 30.0}, {"fixed": np.array([[-20.0, 0.0], [0.0, 0.0]])}])
def test_a_candidate_that_knows_less_is_worse(
    world: tuple[Snapshot, Parameters], change: dict[str, object]
) -> None:
    """One that is far too unsure, or expects something absurd, is refused."""
    assert verdict(world, replace(world[1], **change)) == "worse"  # type: ignore[arg-type]


def test_harm_to_the_less_satisfied_partner_is_refused() -> None:
    """A gain for most that is paid for by whoever of two enjoys less is worse, and says for whom."""
    # Answer a is 1 for the first partner and -1 for the second. The candidate moves both expectations from
    # 3.5: the first's to 4.8, the second's to 2.2. The first rates 5 every time and the second, who enjoys it
    # less, 3.4: the gain is (1.5² - 0.2²)/2 = 1.1 for one, the loss (1.2² - 0.1²)/2 = 0.7 for the other.
    rows = [
        (f"c{c:02}", f"c{c:02}-{p}", f"c{c:02}-{d}", "i", (5.0, 3.4)[p], START + timedelta(weeks=d))
        for c in range(12) for d in range(10) for p in range(2)
    ]  # fmt: skip
    ratings = pd.DataFrame(
        rows, columns=["couple_id", "partner_id", "date_id", "idea_id", "rating", "rated_at"]
    )
    people = pd.DataFrame(
        {"a": [1.0, -1.0] * 12}, index=[f"c{c:02}-{p}" for c in range(12) for p in range(2)]
    )
    snapshot = Snapshot(ratings, pd.DataFrame({"x": [0.0]}, index=["i"]), people, "0" * 64, {})
    # Tastes that hardly vary, so that both models stay with what they said beforehand; noise 1.
    tiny = 1e-9 * np.eye(2)
    current = Parameters(
        (), ("x",), ("a",), np.zeros(1), np.array([[3.5, 0.0], [0.0, 0.0]]), np.zeros(0), np.zeros(0),
        1e-9, tiny, tiny, 1e-9, 1.0,
    )  # fmt: skip
    candidate = replace(current, fixed=np.array([[3.5, 1.3], [0.0, 0.0]]))

    judgement = judge(current, candidate, snapshot, *split_by_time(ratings))

    by_group = {c.group: c for c in judgement.comparisons}
    assert by_group["everyone"].mean == pytest.approx(
        ((1.5**2 - 0.2**2) / 2 - (1.2**2 - 0.1**2) / 2) / 2, abs=1e-6
    )
    assert by_group["the less satisfied partner"].mean == pytest.approx(-(1.2**2 - 0.1**2) / 2, abs=1e-6)
    assert judgement.verdict == "worse"
    assert "worse for the less satisfied partner" in judgement.reason


def test_each_partner_counts_once() -> None:
    """Someone who rates ten times as often does not own the judgement."""
    # In every couple the first rates ten later dates 5; the candidate moves 4.0 to 5.0, a gain of 1²/2 on
    # each. The second rates one 3.8; 4.0 moves to 3.0, off by 0.8, and loses (0.8² - 0.2²)/2 = 0.3. By rating
    # the gain would be (10 · 0.5 - 0.3)/11 = 0.43, by partner it is (0.5 - 0.3)/2 = 0.1.
    rows = [
        (f"c{c:02}", f"c{c:02}-{p}", f"c{c:02}-{d}", "i", (5.0, 3.8)[p], START + timedelta(weeks=d))
        for c in range(12) for d in range(50) for p in range(2) if p == 0 or d < 40 or d == 45
    ]  # fmt: skip
    ratings = pd.DataFrame(
        rows, columns=["couple_id", "partner_id", "date_id", "idea_id", "rating", "rated_at"]
    )
    people = pd.DataFrame(
        {"a": [1.0, -1.0] * 12}, index=[f"c{c:02}-{p}" for c in range(12) for p in range(2)]
    )
    snapshot = Snapshot(ratings, pd.DataFrame({"x": [0.0]}, index=["i"]), people, "0" * 64, {})
    tiny = 1e-9 * np.eye(2)
    current = Parameters(
        (), ("x",), ("a",), np.zeros(1), np.array([[4.0, 0.0], [0.0, 0.0]]), np.zeros(0), np.zeros(0),
        1e-9, tiny, tiny, 1e-9, 1.0,
    )  # fmt: skip

    judgement = judge(
        current, replace(current, fixed=np.array([[4.0, 1.0], [0.0, 0.0]])), snapshot, *split_by_time(ratings)
    )

    assert judgement.comparisons[0].mean == pytest.approx(0.1, abs=1e-6)
    assert judgement.comparisons[0].n_ratings == 12 * 11


def test_another_quiz_and_other_tags_can_be_judged(world: tuple[Snapshot, Parameters]) -> None:
    """A current model of another quiz and taxonomy is judged by what it still knows."""
    older = replace(
        world[1],
        feature_names=("gone", "x"),
        answer_names=("dropped", "a", "lost"),
        feature_means=np.zeros(2),
        fixed=np.hstack([np.array([[3.5], [0.0], [0.0]]), np.ones((3, 3))]),
        couple_cov=np.diag([0.1, 0.01, 0.01]),
        partner_cov=np.diag([0.3, 0.01, 0.01]),
    )
    judgement = judge(older, world[1], world[0], *split_by_time(world[0].ratings))

    # Nobody answered anything and no idea has the lost tag: what remains of it is the plain model.
    assert judgement.verdict == "not worse"
    assert judgement.comparisons[0].mean == pytest.approx(0, abs=1e-9)


# Too little


@pytest.mark.parametrize(
    ("n_couples", "n_dates", "enough"),
    [
        (COUPLES_MIN - 1, 40, False),  # 9 couples, 144 later ratings
        (COUPLES_MIN, 5, False),  # 10 couples, one later date each: 20 later ratings
        (COUPLES_MIN, 10, True),  # two later dates each: 40 later ratings
    ],
)
def test_too_little_feedback_is_not_enough_to_tell(
    world: tuple[Snapshot, Parameters], n_couples: int, n_dates: int, enough: bool
) -> None:
    """With too few couples or later ratings even a far better candidate does not pass, with the counts."""
    rows = [
        (f"c{c:02}", f"c{c:02}-{p}", f"c{c:02}-{d}", "i0", 4.0, START + timedelta(weeks=d))
        for c in range(n_couples) for d in range(n_dates) for p in range(2)
    ]  # fmt: skip
    ratings = pd.DataFrame(
        rows, columns=["couple_id", "partner_id", "date_id", "idea_id", "rating", "rated_at"]
    )
    earlier, later = split_by_time(ratings)
    people = pd.DataFrame({"a": 0.0}, index=sorted(set(ratings["partner_id"])))
    snapshot = replace(world[0], ratings=ratings, partner_features=people)

    judgement = judge(replace(world[1], noise_var=50.0), world[1], snapshot, earlier, later)

    assert judgement.passed == enough
    if not enough:
        assert judgement.verdict == "not enough to tell"
        assert f"has not seen: {len(later)}, of couples: {n_couples};" in judgement.reason
        assert f"at least {RATINGS_MIN} of {COUPLES_MIN}" in judgement.reason


def test_no_later_ratings_at_all(world: tuple[Snapshot, Parameters]) -> None:
    """Feedback that was all given at once has no later part, and tells nothing."""
    at_once = world[0].ratings.assign(rated_at=START)
    earlier, later = split_by_time(at_once)

    assert (len(earlier), len(later)) == (len(at_once), 0)
    assert judge(world[1], world[1], world[0], earlier, later).verdict == "not enough to tell"


# Earlier and later


def test_the_latest_fifth_is_later(world: tuple[Snapshot, Parameters]) -> None:
    """Of ten weeks the last two are later, and nothing is lost."""
    earlier, later = split_by_time(world[0].ratings)

    assert set(later["date_id"].str[-1]) == {"8", "9"}
    assert (len(earlier), len(later)) == (192, 48)


@pytest.mark.parametrize(
    ("weeks_seen", "n_later"), [(0, 24), (3, 24), (6, 24), (7, 18), (8, 12), (9, 6), (10, 0)]
)
def test_nothing_is_judged_on_what_the_current_model_saw(
    world: tuple[Snapshot, Parameters], weeks_seen: int, n_later: int
) -> None:
    """The later part is the latest fifth of 120 dates, at most half of the 12 a week new to the current."""
    ratings = world[0].ratings
    seen = ratings[ratings["date_id"].str[-1].astype(int) < weeks_seen]["rated_at"].max()

    later = split_by_time(ratings, None if weeks_seen == 0 else seen)[1]

    assert later["date_id"].nunique() == n_later
    assert (later["rated_at"] > seen).all() or weeks_seen == 0


def test_putting_dates_in_order_counts(world: tuple[Snapshot, Parameters]) -> None:
    """A candidate with everything upside down is shown to be worse than the current at order, and says so."""
    ratings, (snapshot, plain) = world[0].ratings, world
    # Two kinds of dates: those of ideas 1 and 3 are rated two more.
    lifted = ratings["idea_id"].isin(["i1", "i3"])
    snapshot = replace(snapshot, ratings=ratings.assign(rating=2.0 + 2 * lifted))
    tiny = 1e-9 * np.eye(2)
    fixed = {sign: np.array([[3.0, 0.0], [sign * 0.1, 0.0]]) for sign in (1, -1)}
    right = replace(plain, fixed=fixed[1], couple_cov=tiny, partner_cov=tiny, effect_var=1e-9, shock_var=1e-9)

    judgement = judge(right, replace(right, fixed=fixed[-1]), snapshot, *split_by_time(snapshot.ratings))

    by_rival = {c.against: c for c in judgement.comparisons if c.measure == "pairwise accuracy"}
    assert (by_rival["current"].mean, by_rival["current"].high) == (-1.0, -1.0)
    assert by_rival["idea means"].mean == -1.0
    assert "than the current model at putting dates in order" in judgement.reason
    assert judgement.promise is not None
    assert judgement.promise.pairwise_accuracy == 0.0


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 30)), min_size=1, max_size=30))
def test_a_date_is_never_split(times: list[tuple[int, int]]) -> None:
    """However late the second partner rates, both ratings of a date are on one side, by its first."""
    ratings = pd.DataFrame(
        [
            (str(date), str(p), START + timedelta(days=begun + p * delay))
            for date, (begun, delay) in enumerate(times)
            for p in range(2)
        ],
        columns=["date_id", "partner_id", "rated_at"],
    )
    earlier, later = split_by_time(ratings)

    assert set(earlier["date_id"]).isdisjoint(later["date_id"])
    assert len(earlier) + len(later) == len(ratings)
    assert len(earlier) > 0
    if len(later):
        begun = ratings.groupby("date_id")["rated_at"].min()
        assert begun[earlier["date_id"]].max() < begun[later["date_id"]].min()

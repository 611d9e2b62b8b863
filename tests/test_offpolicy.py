"""What another policy would have been worth: by hand, and at the stated rate on simulated logs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, norm

from recommender.learning.offpolicy import Log, doubly_robust, effective_size, snips
from recommender.planning.settings import PlanSettings
from recommender.planning.slate import choose_slate, pick_propensities
from tests.planning_world import idea, table_of

SMALL = Log(
    reward=np.array([5.0, 1.0, 3.0, 4.0]),
    propensity=np.array([0.5, 0.25, 0.8, 1.0]),
    target=np.array([0.25, 0.5, 0.0, 1.0]),
    couple=np.array(["a", "a", "b", "c"]),
)
"""Weights .5, 2, 0 and 1."""

Z = norm.ppf(0.975)


def test_snips_by_hand() -> None:
    """Weighted mean, error linearised over couples, effective size: four suggestions to three couples."""
    told = snips(SMALL)
    value = (0.5 * 5 + 2 * 1 + 0 * 3 + 1 * 4) / 3.5
    of_couples = [(0.5 * (5 - value) + 2 * (1 - value)) / 3.5, 0.0, (4 - value) / 3.5]
    se = np.sqrt(3 / 2 * sum(part**2 for part in of_couples))
    assert told.value == pytest.approx(value, abs=1e-12)
    assert told.se == pytest.approx(se, abs=1e-12)
    assert (told.low, told.high) == pytest.approx((value - Z * se, value + Z * se), abs=1e-12)
    assert told.effective == pytest.approx(3.5**2 / (0.25 + 4 + 1), abs=1e-12)


def test_doubly_robust_by_hand() -> None:
    """The model's expectation, mended by the weighted errors of what was shown."""
    predicted, expected = np.array([4.0, 2.0, 3.0, 3.5]), np.array([3.0, 3.5, 2.0, 4.0])
    told = doubly_robust(SMALL, predicted, expected)
    each = np.array([3 + 0.5 * 1, 3.5 + 2 * -1, 2 + 0, 4 + 1 * 0.5])
    value = each.sum() / 4
    of_couples = [(each[0] + each[1] - 2 * value) / 4, (each[2] - value) / 4, (each[3] - value) / 4]
    assert told.value == pytest.approx(value, abs=1e-12)
    assert told.se == pytest.approx(np.sqrt(1.5 * sum(part**2 for part in of_couples)), abs=1e-12)


def test_effective_size() -> None:
    """Equal weights count in full; one weight that towers over the rest counts as one."""
    assert effective_size(np.ones(40)) == pytest.approx(40)
    assert effective_size(np.array([1e9, 1.0, 1.0])) == pytest.approx(1.0)


def test_little_is_not_concluded_from() -> None:
    """Under a hundred effective observations, or from one couple alone, nothing is concluded."""
    n = 400
    many = Log(np.ones(n), np.full(n, 0.5), np.full(n, 0.5), np.arange(n))
    assert snips(many).conclusive
    assert not snips(SMALL).conclusive
    alone = Log(many.reward, many.propensity, many.target, np.zeros(n))
    assert not snips(alone).conclusive
    assert snips(alone).se == np.inf


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"propensity": np.array([0.5, 0.0, 0.8, 1.0])}, "not in"),
        ({"propensity": np.array([0.5, 1.2, 0.8, 1.0])}, "not in"),
        ({"target": np.zeros(4)}, "none of this"),
        ({name: np.array([]) for name in ("reward", "propensity", "target", "couple")}, "empty"),
    ],
)
def test_what_cannot_be_weighed_is_refused(change: dict[str, np.ndarray], said: str) -> None:
    """Propensities out of range, a policy without overlap and an empty log are told apart."""
    fields = {name: getattr(SMALL, name) for name in ("reward", "propensity", "target", "couple")}
    with pytest.raises(ValueError, match=said):
        snips(Log(**{**fields, **change}))


def simulated(rng: np.random.Generator) -> tuple[Log, np.ndarray, np.ndarray, float]:
    """Return a log of 150 couples with four draws each, poor predictions, and the other policy's true value.

    Couples have moods of their own, so their draws are not independent.
    """
    logging, target, worth = np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.2, 0.6]), np.array([2.0, 3.0, 4.0])
    couple = np.repeat(np.arange(150), 4)
    shown = rng.choice(3, size=600, p=logging)
    reward = worth[shown] + rng.normal(0, 0.5, 150)[couple] + rng.normal(0, 1, 600)
    guess = np.array([2.5, 2.5, 3.0])
    log = Log(reward, logging[shown], target[shown], couple)
    return log, guess[shown], np.full(600, target @ guess), float(target @ worth)


@pytest.mark.parametrize("estimator", ["snips", "doubly_robust"])
def test_intervals_cover_the_truth_at_their_rate(estimator: str, rng: np.random.Generator) -> None:
    """Of 1,000 simulated logs 95 % of the intervals hold the truth, within what chance allows (99.9 %)."""
    held = 0
    for _ in range(1000):
        log, predicted, expected, truth = simulated(rng)
        told = snips(log) if estimator == "snips" else doubly_robust(log, predicted, expected)
        held += told.low <= truth <= told.high
    assert binom.ppf(0.0005, 1000, 0.94) <= held <= binom.ppf(0.9995, 1000, 0.96)


def test_good_predictions_narrow_the_interval(rng: np.random.Generator) -> None:
    """With the truth for predictions the doubly robust estimate is surer than weighing alone."""
    log, _, _, truth = simulated(rng)
    of_shown = np.select([log.propensity == 0.5, log.propensity == 0.3], [2.0, 3.0], 4.0)
    assert doubly_robust(log, of_shown, np.full(600, truth)).se < snips(log).se


def test_the_plan_s_own_logs_tell_of_another_policy() -> None:
    """From first picks and their propensities, SNIPS finds the true worth of a policy of other scores."""
    table = table_of(
        *(idea(f"i{k}", domain=(name,)) for k, name in enumerate(("nature", "animals", "food_drink")))
    )
    plan = PlanSettings(exploration=0.5, temperature=0.5, roles=("open",))
    score, other = np.array([3.5, 3.2, 3.0]), np.array([3.0, 3.1, 3.6])
    std, worth = np.array([0.2, 0.4, 0.3]), np.array([3.0, 4.5, 2.0])
    target = pick_propensities(other, std, plan)
    rng = np.random.default_rng(7)
    n = 4000
    picks = [
        choose_slate(table, score, std.__getitem__, np.ones(3, dtype=bool), plan, rng)[0] for _ in range(n)
    ]
    shown = np.array([pick.idea_index for pick in picks])
    log = Log(
        worth[shown] + rng.normal(0, 1, n),
        np.array([pick.propensity for pick in picks]),
        target[shown],
        np.arange(n),
    )
    told = snips(log)
    assert told.conclusive
    assert told.low < target @ worth < told.high
    naive = log.reward.mean()
    assert not told.low < naive < told.high

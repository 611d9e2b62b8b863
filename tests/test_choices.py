"""Choices judged as ratings: what is dealt and offered beside them, what is held out, what is measured."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from sklearn.metrics import roc_auc_score

from recommender.cli import main
from recommender.errors import InvalidInput
from recommender.learning.evaluation.choices import DEALS, OFFERED, PAIR, with_dealt, with_offered
from recommender.learning.evaluation.contenders import chosen, installed
from recommender.learning.evaluation.datasets import Dataset
from recommender.learning.evaluation.judging import Plan, judge, scores, summary
from recommender.learning.evaluation.protocols import split
from recommender.learning.evaluation.rivals import LightFMRecommender
from tests.contracts import pairs_of

N_PEOPLE, N_IDEAS, N_TASTES = 80, 600, 4


def crowd(seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """People who chose 20 ideas each, all of one kind of four; the ideas came one after another."""
    rng = np.random.default_rng(seed)
    kind = np.arange(N_IDEAS) % N_TASTES
    rows = [
        (f"p{person:02}", f"i{idea:03}", 1.0, 20.0 * idea + rng.uniform(0, 3000))
        for person in range(N_PEOPLE)
        for idea in rng.choice(np.flatnonzero(kind == person % N_TASTES), 20, replace=False)
    ]
    choices = pd.DataFrame(rows, columns=["partner_id", "idea_id", "rating", "rated_at"])
    kinds = pd.DataFrame(np.eye(N_TASTES)[kind], index=[f"i{idea:03}" for idea in range(N_IDEAS)])
    return choices, kinds.add_prefix("kind_").rename_axis("idea_id")


def test_what_was_chosen_is_one_and_what_was_dealt_is_zero() -> None:
    """No pair comes twice, what somebody chose is never dealt to them, and margins are kept."""
    choices = crowd()[0]
    both = with_dealt(choices, np.random.default_rng(1))
    assert not both.duplicated(PAIR).any()
    pd.testing.assert_frame_equal(both[both["rating"] == 1], choices)
    zeros = both[both["rating"] == 0]
    for name in ("partner_id", "idea_id"):
        dealt = zeros[name].value_counts()
        assert (dealt <= DEALS * choices[name].value_counts()[dealt.index]).all()
    # What falls to who chose it, or has it from an earlier deal, is left out: for each of those the chance is
    # 20 times that of two cards of the pack being of the same idea.
    alike = (choices["idea_id"].value_counts() ** 2).sum() / len(choices) ** 2
    left = np.mean((1 - 20 * alike) ** np.arange(1, DEALS + 1))
    assert len(zeros) == pytest.approx(left * DEALS * len(choices), rel=0.01)


def test_being_chosen_often_tells_nothing() -> None:
    """Ideas that many chose and ideas that few chose have the same share of ones, and so have people."""
    rng = np.random.default_rng(0)
    busy = np.repeat([f"p{k}" for k in range(400)], np.repeat([2, 20], 200))
    common = rng.choice(3000, len(busy), p=np.repeat([1, 10], 1500) / (11 * 1500))
    choices = pd.DataFrame({"partner_id": busy, "idea_id": common}).drop_duplicates()
    both = with_dealt(choices, rng)
    for name, often in (("idea_id", 3), ("partner_id", 10)):
        many = both[name].map(choices[name].value_counts()) > often
        # Standard error of the smaller group at most √(.14 · .86 / 2600) = .007; some zeros come twice
        assert both["rating"][many].mean() == pytest.approx(1 / (1 + DEALS), abs=0.025)
        assert both["rating"][~many].mean() == pytest.approx(1 / (1 + DEALS), abs=0.025)


def test_later_choices_stand_among_what_was_never_chosen() -> None:
    """Each person gets as many others, drawn from all ideas; none that they ever chose, none twice."""
    choices, ideas = crowd()
    before, later = choices[choices["rated_at"] < 9000], choices[choices["rated_at"] >= 9000]
    held = with_offered(later, before, ideas.index, np.random.default_rng(0))
    ones, zeros = held[held["rating"] == 1], held[held["rating"] == 0]
    assert set(ones.set_index(PAIR).index) == set(later.set_index(PAIR).index)
    assert (zeros.groupby("partner_id")["idea_id"].nunique() == OFFERED).all()
    assert set(zeros["partner_id"]) == set(later["partner_id"])
    assert zeros.merge(choices, on=PAIR).empty
    assert not set(zeros["idea_id"]) <= set(choices["idea_id"])


def test_few_ideas_are_all_offered() -> None:
    """Where less is left than would be drawn, all of it stands there."""
    later = pd.DataFrame({"partner_id": ["ann"], "idea_id": ["a"]})
    before = pd.DataFrame({"partner_id": ["ann", "bo"], "idea_id": ["b", "c"]})
    held = with_offered(later, before, pd.Index(list("abcd")), np.random.default_rng(0))
    assert held.set_index("idea_id")["rating"].to_dict() == {"a": 1.0, "c": 0.0, "d": 0.0}


def test_the_latest_tenth_is_held_out() -> None:
    """Choices fitted on came before those judged, which are of people who had made two at least."""
    choices = crowd()[0]
    late = choices.iloc[:2].assign(partner_id="late", rated_at=[0, 1e9])
    again = choices.iloc[-1:].assign(rated_at=2e9)  # what is chosen again was chosen before
    one = split(pd.concat([again, choices, late], ignore_index=True), "choices", 0)
    (trial,) = one.trials
    assert set(trial.revealed["partner_id"]) == set(trial.held["partner_id"]) <= set(one.train["partner_id"])
    assert "late" not in set(one.train["partner_id"])
    known, found = one.train[one.train["rating"] == 1], trial.held[trial.held["rating"] == 1]
    assert len(known) == int(0.9 * (len(choices) + 2)) - 1
    assert len(known) + len(found) == len(choices)
    assert known["rated_at"].max() <= found.merge(choices, on=PAIR)["rated_at"].min()


@pytest.mark.parametrize(
    ("protocol", "change", "said"),
    [
        ("choices", lambda choices: choices.assign(rating=np.arange(len(choices))), "all the same"),
        ("new_partners", lambda choices: choices, "all the same"),
        ("choices", lambda choices: choices.drop(columns="rated_at"), "rated_at"),
    ],
)
def test_choices_and_ratings_are_told_apart(
    protocol: str, change: Callable[[pd.DataFrame], pd.DataFrame], said: str
) -> None:
    """Ratings that differ are no choices, choices are no ratings, and later needs times."""
    with pytest.raises(InvalidInput, match=said):
        split(change(crowd()[0]), protocol, 0)


def test_ours_finds_what_people_choose_later() -> None:
    """By their kind ideas are found that nobody had chosen yet; how often they were chosen finds none."""
    plan = Plan(chosen(["popularity", "tag_cosine"]), ("choices",), 2)
    table = summary(scores(pd.concat(judge(Dataset("choices", *crowd()), plan)), plan.contenders))
    assert set(table["metric"]) == {"roc_auc"}
    assert set(table["n"]) == {-1}
    value = table.set_index("model")["value"]
    # A quarter of the others is of their kind too, level with what they chose: 3/4 + 1/2 · 1/4.
    assert value["rekindle"] > 0.8
    assert value["tag_cosine"] == pytest.approx(0.875, abs=0.03)
    assert value["popularity"] < 0.6


if "lightfm" in installed():  # the extra bench

    @pytest.mark.filterwarnings("ignore:pkg_resources")
    def test_lightfm_by_features_knows_no_idea_by_itself() -> None:
        """Ideas of one kind score alike; with embeddings of their own they do not."""
        choices, ideas = crowd()
        train = with_dealt(choices, np.random.default_rng(0))
        pairs = pairs_of("p00", list(ideas.index[::N_TASTES]))
        for by_features in (True, False):
            model = LightFMRecommender(by_features=by_features).fit(train, ideas)
            assert (np.ptp(model.predict(pairs)) < 1e-6) == by_features


def test_command_judges_choices(tmp_path: Path) -> None:
    """Files with one rating throughout are judged as choices; the table can be taken from the predictions."""
    choices, ideas = crowd()
    choices.to_csv(tmp_path / "ratings.csv", index=False)
    ideas.to_csv(tmp_path / "ideas.csv")
    files = [f"--{name}={tmp_path / name}.csv" for name in ("ratings", "ideas")]
    options = [*files, "--models=tag_cosine", "--seeds=1", "--jobs=1", f"--out={tmp_path / 'out'}"]
    result = CliRunner().invoke(main, ["evaluate", *options])
    assert result.exit_code == 0, result.output
    assert "Area under the ROC curve · choices" in result.output
    assert "all known" in result.output
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"metrics.json", "predictions.csv"}
    predictions = pd.read_csv(tmp_path / "out" / "predictions.csv")
    rows = json.loads((tmp_path / "out" / "metrics.json").read_text())["metrics"]
    for row in rows:
        mine = predictions[predictions["model"] == row["model"]].groupby("partner_id")
        by_hand = [roc_auc_score(theirs["rating"], theirs["mean"]) for _, theirs in mine]
        assert row["value"] == pytest.approx(np.mean(by_hand), abs=1e-3)

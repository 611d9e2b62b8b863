"""Judging recommenders: metrics by hand, splits that hold nothing back, files read or refused whole."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from recommender.cli import main
from recommender.errors import InvalidInput
from recommender.learning.evaluation.ablation import TERMS, WithoutRecommender
from recommender.learning.evaluation.contenders import CONTENDERS, chosen, installed
from recommender.learning.evaluation.datasets import Dataset, read_dataset
from recommender.learning.evaluation.judging import Plan, judge, scores, summary
from recommender.learning.evaluation.metrics import (
    clustered,
    density_metrics,
    ranking_metrics,
    rating_metrics,
)
from recommender.learning.evaluation.protocols import split
from recommender.learning.evaluation.rivals import MyFMRecommender
from recommender.preferences.estimator import HierarchicalRecommender
from recommender.preferences.raters import RATERS
from tests.contracts import pairs_of

N_PEOPLE, N_IDEAS = 60, 24


def crowd(seed: int = 0, n_people: int = N_PEOPLE) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """People who like loud or quiet ideas, and said so; every one rated 18 of 24 ideas, in order of time."""
    rng = np.random.default_rng(seed)
    loud = rng.normal(size=N_IDEAS)
    likes = rng.normal(size=n_people)
    rows = [
        (f"p{p:03}", f"i{i:02}", np.clip(3 + likes[p] * loud[i] + rng.normal(0, 0.4), 1, 5).round(2))
        for p in range(n_people)
        for i in rng.permutation(N_IDEAS)[:18]
    ]
    ratings = pd.DataFrame(rows, columns=["partner_id", "idea_id", "rating"])
    ratings["rated_at"] = rng.permutation(len(ratings)).astype(float)
    ideas = pd.DataFrame(
        {"loud": loud, "noise": rng.normal(size=N_IDEAS)}, index=sorted(ratings["idea_id"].unique())
    )
    people = pd.DataFrame(
        {"said": likes + rng.normal(0, 0.1, n_people)}, index=sorted(ratings["partner_id"].unique())
    )
    return ratings, ideas.rename_axis("idea_id"), people.rename_axis("partner_id")


def write(folder: Path) -> list[str]:
    """Write the crowd as CSV files and return the options that name them."""
    options = []
    for name, frame in zip(("ratings", "ideas", "partners"), crowd(), strict=True):
        frame.to_csv(folder / f"{name}.csv", index=name != "ratings")
        options += [f"--{name}", str(folder / f"{name}.csv")]
    return options


def test_pairwise_accuracy_by_hand() -> None:
    """Of five pairs that differ, three are in order and one is a tie: 3.5 of 5."""
    rating = np.array([0.0, 1.0, 2.0, 2.0])
    score = np.array([0.2, 0.1, 0.3, 0.2])  # (0,1) wrong; (0,2) right; (0,3) tie; (1,2), (1,3) right
    assert ranking_metrics(rating, score)["pairwise_accuracy"] == pytest.approx(3.5 / 5)


def test_ndcg_at_five_by_hand() -> None:
    """Gains are discounted by the logarithm of the place, and measured against the best order."""
    rating = np.array([2.0, 0.0, 1.0])
    score = np.array([0.5, 0.9, 0.1])  # order: the idea of 0, then of 2, then of 1
    found = 2 / np.log2(3) + 1 / np.log2(4)
    best = 2 / np.log2(2) + 1 / np.log2(3)
    assert ranking_metrics(rating, score)["ndcg_at_5"] == pytest.approx(found / best)


def test_nothing_to_rank_nothing_said() -> None:
    """Where all ratings are the same, no order is better than another."""
    assert ranking_metrics(np.ones(4), np.arange(4.0)) == {}


def test_area_under_the_curve_only_for_binary_ratings() -> None:
    """Of four pairs of a yes and a no, three are in order."""
    rating, score = np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.1, 0.5, 0.4, 0.9])
    assert ranking_metrics(rating, score, binary=True)["roc_auc"] == pytest.approx(0.75)
    assert "roc_auc" not in ranking_metrics(rating, score)


def test_rmse_likelihood_and_coverage_by_hand() -> None:
    """Errors of 3 and 4 points with standard deviation 2: one of two lies inside 1.645 · 2 = 3.29."""
    rating, mean, std = np.array([0.0, 0.0]), np.array([3.0, 4.0]), np.array([2.0, 2.0])
    assert rating_metrics(rating, mean)["rmse"] == pytest.approx(np.sqrt(12.5))
    density = density_metrics(rating, mean, std)
    assert density["coverage_90"] == 0.5
    assert density["log_likelihood"] == pytest.approx(-np.log(2) - np.log(2 * np.pi) / 2 - 25 / 16)


def test_one_person_under_two_seeds_is_one_observation() -> None:
    """Twice the same people give no smaller standard error than once."""
    values, people = pd.Series([0.0, 1.0, 2.0, 5.0]), pd.Series(list("abcd"))
    once = clustered(values, people)
    twice = clustered(pd.concat([values, values]), pd.concat([people, people]))
    assert twice == pytest.approx(once)
    # mean 2; squares 4 + 1 + 0 + 9 = 14; √14 / 4
    assert once == pytest.approx((2.0, np.sqrt(14) / 4))


def test_newcomers_are_strangers_to_the_fit() -> None:
    """A fifth of the people are judged; none of them was fitted on."""
    ratings, _, _ = crowd()
    one = split(ratings, "new_partners", 3)
    judged = {person for trial in one.trials for person in trial.held["partner_id"]}
    assert len(judged) == N_PEOPLE // 5
    assert judged.isdisjoint(one.train["partner_id"])


def test_held_out_ratings_are_the_same_for_every_n_and_never_revealed() -> None:
    """Of 18 ratings ten are the most that can be revealed; the other eight are held out at every n."""
    one = split(crowd()[0], "new_partners", 3)
    assert [int(trial.held["n"].iloc[0]) for trial in one.trials] == [0, 1, 2, 5, 10]
    first = set(one.trials[0].held.index)
    for trial in one.trials:
        n = int(trial.held["n"].iloc[0])
        assert set(trial.held.index) == first
        assert first.isdisjoint(trial.revealed.index)
        assert (trial.revealed.groupby("partner_id").size() == n).all()
        assert (trial.held.groupby("partner_id").size() == 8).all()


def test_couples_are_not_torn_apart() -> None:
    """Who is judged is judged with their partner."""
    ratings = crowd()[0].assign(couple_id=lambda frame: frame["partner_id"].str[1:].astype(int) // 2)
    one = split(ratings, "new_partners", 1)
    assert set(one.train["couple_id"]).isdisjoint(one.trials[0].held["couple_id"])


def test_new_ideas_are_nowhere_but_in_what_is_held_out() -> None:
    """A fifth of the ideas is neither fitted on nor revealed, and only those are judged."""
    ratings, ideas, _ = crowd()
    one = split(ratings, "new_ideas", 0)
    hidden = {idea for trial in one.trials for idea in trial.held["idea_id"]}
    assert 0 < len(hidden) <= len(ideas) // 5
    assert hidden.isdisjoint(one.train["idea_id"])
    assert all(hidden.isdisjoint(trial.revealed["idea_id"]) for trial in one.trials)


def test_later_is_later() -> None:
    """Everything fitted on came before everything judged."""
    one = split(crowd()[0], "later", 0)
    (trial,) = one.trials
    assert one.train["rated_at"].max() <= trial.held["rated_at"].min()
    known = one.train["partner_id"].value_counts()
    assert (trial.held["n"].to_numpy() == known[trial.held["partner_id"]].to_numpy()).all()


def test_few_people_to_learn_from() -> None:
    """`train_partners` leaves that many people to fit on, and everybody to judge."""
    ratings = crowd()[0]
    few, all_of_them = (split(ratings, "new_partners", 0, train_partners=n) for n in (7, None))
    assert few.train["partner_id"].nunique() == 7
    assert set(few.trials[0].held.index) == set(all_of_them.trials[0].held.index)


def test_later_without_times_says_what_is_missing() -> None:
    """The protocol that needs times names the column."""
    with pytest.raises(InvalidInput, match="rated_at"):
        split(crowd()[0].drop(columns="rated_at"), "later", 0)


def test_our_model_learns_people_and_beats_chance() -> None:
    """In this crowd what people said orders ideas well, ratings add to it, and chance does not."""
    dataset = Dataset("crowd", *crowd())
    plan = Plan(chosen(["random", "partner_ridge"]), ("new_partners",), 2)
    table = summary(scores(pd.concat(judge(dataset, plan)), plan.contenders))
    value = table[table["metric"] == "pairwise_accuracy"].set_index(["model", "n"])["value"]
    assert value["rekindle", 0] > 0.75
    assert value["rekindle", 10] > 0.75
    assert value["partner_ridge", 10] > value["partner_ridge", 0] + 0.2
    assert abs(value["random", 0] - 0.5) < 0.1


def test_differences_are_paired() -> None:
    """What a model is behind is the mean of the differences, person by person."""
    rows = [
        (0, "new_partners", 0, person, model, "rmse", value)
        for person, ours, theirs in (("a", 1.0, 0.5), ("b", 3.0, 2.0))
        for model, value in (("rekindle", ours), ("item_mean", theirs))
    ]
    table = pd.DataFrame(rows, columns=["seed", "protocol", "n", "partner_id", "model", "metric", "value"])
    line = summary(table).set_index("model").loc["item_mean"]
    assert line["behind"] == pytest.approx(0.75)
    # differences .5 and 1, mean .75: √(2 · .0625) / 2
    assert line["behind_se"] == pytest.approx(np.sqrt(0.125) / 2)


def test_units_of_columns_do_not_matter() -> None:
    """A year in thousands and its thousandth give the same predictions, and so does a shifted answer."""
    ratings, ideas, people = crowd()
    pairs = pairs_of("p001", list(ideas.index))
    plain = HierarchicalRecommender().fit(ratings, ideas, people).predict(pairs)
    scaled = HierarchicalRecommender().fit(ratings, ideas * [1000.0, 1e-3], 50 + 30 * people).predict(pairs)
    np.testing.assert_allclose(scaled, plain, atol=1e-6)


@pytest.mark.filterwarnings("ignore:pkg_resources", "ignore:OpenBLAS")  # what rivals say while being loaded
@pytest.mark.parametrize("name", installed())
def test_every_contender_judges_strangers(name: str) -> None:
    """Each model scores newcomers with and without ratings, and with what they said, by finite numbers."""
    ratings, ideas, people = crowd()
    new = ratings["partner_id"] >= "p050"
    model = CONTENDERS[name].make().fit(ratings[~new], ideas, people[people.index < "p050"])
    asked = {"partner_features": people[people.index >= "p050"]}
    pairs = ratings.loc[new, ["partner_id", "idea_id"]].reset_index(drop=True)
    for known in (ratings[new].iloc[:0], ratings[new].iloc[::2]):
        score = model.predict(pairs, ratings=known, **asked)
        assert score.shape == (len(pairs),)
        assert np.isfinite(score).all()


@pytest.mark.parametrize("term", [term for term in TERMS if term not in ("places", "doubt", "scales")])
def test_a_term_left_out_says_nothing(term: str) -> None:
    """Without it, what the term would have told apart is told alike; with it, it is not."""
    ratings, ideas, people = crowd()
    ratings = ratings.assign(rating=ratings["rating"].round())
    ideas = pd.concat([ideas, ideas.iloc[:1].set_axis(["unmet"])])
    whole = HierarchicalRecommender().fit(ratings, ideas, people)
    without = WithoutRecommender(term).fit(ratings, ideas, people)
    asked = pairs_of("new", list(ideas.index))
    said = [pd.DataFrame({"said": [value]}, index=["new"]) for value in (-2.0, 2.0)]

    def tells(model: HierarchicalRecommender) -> bool:
        if term == "factors":
            return model.parameters_.factors.shape[1] > 0
        if term == "steps":
            return len(model.scale_.steps) > 1
        if term == "unrated":
            return bool(model.parameters_.effects[-1] != 0)
        if term == "answers":
            one, other = (model.predict(asked, partner_features=answers) for answers in said)
            return not np.array_equal(one, other)
        return {"raters": RATERS, "tags": "loud"}[term] in model.parameters_.feature_names

    assert not tells(without)
    assert tells(whole) or term == "factors"  # these people differ in tags alone


def test_without_scales_of_their_own_tags_are_held_alike() -> None:
    """Of two tags people differ in one: with one scale for both, more taste is seen in the other."""
    ratings, ideas, _ = crowd(n_people=20)
    spreads = []
    for model in (HierarchicalRecommender(), WithoutRecommender("scales")):
        found = model.fit(ratings, ideas).parameters_
        names = [found.feature_names.index(tag) + 1 for tag in ("loud", "noise")]
        loud, noise = np.diag(found.couple_cov + found.partner_cov)[names] * ideas[["loud", "noise"]].var()
        spreads.append(noise / loud)
    assert spreads[0] < 0.9 * spreads[1]


@pytest.mark.filterwarnings("ignore:pkg_resources")
@pytest.mark.parametrize("name", sorted({"boosting", "lightfm", "myfm"} & set(installed())))
def test_rivals_are_given_their_chance(name: str) -> None:
    """Trees, LightFM and the factorisation machine rank better than chance where there is much to learn."""
    ratings, ideas, people = crowd(n_people=120)
    plan = Plan(chosen([name]), ("new_partners",), 1)
    table = summary(scores(pd.concat(judge(Dataset("crowd", ratings, ideas, people), plan)), plan.contenders))
    value = table[table["metric"] == "pairwise_accuracy"].set_index(["model", "n"])["value"]
    assert value[name, 10] > 0.6


def test_a_rival_meets_each_rating_once() -> None:
    """Whoever was in the fit already is not learned from twice where what they rated is revealed."""
    ratings, ideas, _ = crowd()
    model = MyFMRecommender().fit(ratings, ideas)
    early = ratings[ratings["partner_id"] < "p010"]
    strangers = early.assign(partner_id="new " + early["partner_id"])
    met = model._with_revealed(pd.concat([early, strangers]))
    columns = ["partner_id", "idea_id", "rating"]
    wanted = pd.concat([ratings, strangers]).sort_values(columns, ignore_index=True)
    pd.testing.assert_frame_equal(met.sort_values(columns, ignore_index=True), wanted)


def test_command_writes_everything(tmp_path: Path) -> None:
    """`rekindle evaluate` prints tables, and writes figures that can be taken again from its predictions."""
    out = tmp_path / "out"
    options = [*write(tmp_path), "--models", "item_mean", "--seeds", "1", "--jobs", "1", "--out", str(out)]
    result = CliRunner().invoke(main, ["evaluate", *options])
    assert result.exit_code == 0, result.output
    assert "Pairs of ideas in the right order · new partners" in result.output
    assert {path.name for path in out.iterdir()} == {
        "metrics.json",
        "predictions.csv",
        "calibration.png",
        "learning-new_partners.png",
        "learning-new_ideas.png",
    }
    predictions = pd.read_csv(out / "predictions.csv")
    columns = ["seed", "protocol", "n", "partner_id", "idea_id", "rating", "model", "mean", "std"]
    assert list(predictions.columns) == columns
    rows = json.loads((out / "metrics.json").read_text())["metrics"]
    said = {(r["protocol"], r["n"], r["model"]): r["value"] for r in rows if r["metric"] == "rmse"}
    mine = predictions.query("protocol == 'new_partners' and n == 0 and model == 'item_mean'")
    errors = (mine["rating"] - mine["mean"]) ** 2
    by_hand = np.sqrt(errors.groupby(mine["partner_id"]).mean()).mean()
    assert said["new_partners", 0, "item_mean"] == pytest.approx(by_hand, rel=1e-4)


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("ratings", lambda frame: frame.drop(columns="rating"), "lacks the column(s) rating"),
        ("ratings", lambda frame: frame.assign(rating="good"), "row 2, rating: is not a number"),
        ("ratings", lambda frame: frame.replace("i05", "i99"), "idea_id: is not in ideas.csv"),
        ("ratings", lambda frame: frame.iloc[:0], "has no rows"),
        ("ratings", lambda frame: frame.iloc[:9], "too few"),
        ("ratings", lambda frame: frame.assign(rated_at="noon"), "row 2, rated_at: is not a time"),
        ("ideas", lambda frame: frame.assign(loud="very"), "row 2, loud: is not a number"),
        ("ideas", lambda frame: pd.concat([frame, frame.iloc[[3]]]), "row 26, idea_id: stands twice"),
        ("partners", lambda frame: frame.assign(said=np.inf), "row 2, said: is not a number"),
    ],
)
def test_bad_files_are_refused_whole(tmp_path: Path, name: str, change: object, said: str) -> None:
    """One line names file, row and column; exit code 2; nothing is written."""
    options = write(tmp_path)
    path = tmp_path / f"{name}.csv"
    change(pd.read_csv(path)).to_csv(path, index=False)  # type: ignore[operator]
    out = tmp_path / "out"
    result = CliRunner().invoke(main, ["evaluate", *options, "--jobs", "1", "--out", str(out)])
    assert result.exit_code == 2
    assert said in result.output
    assert len(result.output.strip().splitlines()) == 1
    assert not out.exists()


def test_missing_and_garbled_files(tmp_path: Path) -> None:
    """A file that is not there, or is no text, is named."""
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00\x00")
    for name in ("a.csv", "b.csv"):
        with pytest.raises(InvalidInput, match=name):
            read_dataset(tmp_path / "r.csv", tmp_path / name)


def test_ours_comes_again_with_each_term_out(tmp_path: Path) -> None:
    """`--ablate` adds a row for each term to every table."""
    out = tmp_path / "out"
    options = [*write(tmp_path), "--models", "item_mean", "--seeds", "1", "--jobs", "1", "--out", str(out)]
    result = CliRunner().invoke(main, ["evaluate", *options, "--protocol", "new_partners", "--ablate"])
    assert result.exit_code == 0, result.output
    rows = json.loads((out / "metrics.json").read_text())["metrics"]
    models = ["rekindle", "item_mean", *(f"without_{term}" for term in TERMS)]
    assert list(dict.fromkeys(row["model"] for row in rows)) == models


def test_unknown_model_is_named() -> None:
    """The error lists what there is."""
    with pytest.raises(InvalidInput, match="item_mean"):
        chosen(["oracle"])

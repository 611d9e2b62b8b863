"""Retraining: from the database to a judged, registered and perhaps promoted model, again and again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from recommender.domain import Week
from recommender.errors import ModelError
from recommender.learning.evaluation.town import build_town, rate
from recommender.learning.runs import STEPS
from recommender.service import (
    Caller,
    Deployment,
    Run,
    Settings,
    delete_couple,
    get_plan,
    latest_run,
    leave,
    list_models,
    list_promotions,
    log_date,
    model_card,
    open_deployment,
    promote,
    put_answers,
    put_rating,
    retrain,
    rollback,
)
from recommender.service.models import snapshot_of
from recommender.store import reading
from recommender.store.plans import all_exposures
from tests.conftest import Clock, Two, join

FIRST = date(2026, 9, 7)
Enjoyed = Callable[[int, int, int], int]
"""A rating by number of the couple, of its date and of the partner."""


def move_in(deployment: Deployment, n_couples: int) -> list[Two]:
    """Return new couples who answered nothing."""
    return [join(deployment, f"Robin {c}", f"Sam {c}") for c in range(n_couples)]


def live(deployment: Deployment, clock: Clock, couples: list[Two], n_dates: int, enjoyed: Enjoyed) -> None:
    """Log and rate a date a week for every couple, on the evening after; the clock ends where it was."""
    now, ideas = clock.now, deployment.catalogue.ideas
    for week in range(n_dates):
        on = FIRST + timedelta(weeks=week)
        for number, couple in enumerate(couples):
            clock.now = datetime(on.year, on.month, on.day, 20, number, tzinfo=UTC)
            idea = ideas[(7 * number + week) % len(ideas)]
            lived = log_date(deployment, couple.robin, on=on, idea_id=idea.idea_id)
            for at, caller in enumerate((couple.robin, couple.sam)):
                put_rating(deployment, caller, lived.date.date_id, enjoyment=enjoyed(number, week, at))
    clock.now = now


def version_shown(deployment: Deployment, couple: Two, week: Week) -> str:
    """Return the version of the model that made a couple's plan for a week."""
    get_plan(deployment, couple.robin, week)
    with reading(deployment.engine) as connection:
        exposures = all_exposures(connection, couple.robin.couple_id or "")
    (version,) = {exposure.suggestion.model_version for exposure in exposures if exposure.week == week}
    return version


def always_two(_couple: int, _date: int, _partner: int) -> int:
    """Nobody likes anything much."""
    return 2


def turned(_couple: int, date: int, _partner: int) -> int:
    """Everything is wonderful until, all at once, nothing is."""
    return 5 if date < 8 else 1


def test_no_feedback_at_all(deployment: Deployment) -> None:
    """Without a rating nothing is fitted, nothing registered, and the prior serves on."""
    report = retrain(deployment)

    assert (report.version, report.promoted, report.n_ratings) == (None, False, 0)
    assert report.verdict == "nothing to learn from"
    assert [m.version for m in list_models(deployment)] == ["prior"]
    assert deployment.models.ready() == "prior"


def test_ratings_of_lost_ideas_are_no_feedback(deployment: Deployment, couple: Two) -> None:
    """A rating of a date without an idea of the catalogue is nothing to learn from either."""
    lived = log_date(deployment, couple.robin, on=FIRST, title="Our own walk")
    put_rating(deployment, couple.robin, lived.date.date_id, enjoyment=5)

    assert retrain(deployment).verdict == "nothing to learn from"


def test_a_better_model_is_registered_promoted_and_served(deployment: Deployment, clock: Clock) -> None:
    """What explains later ratings better becomes current with its reason, and serves without a restart."""
    live(deployment, clock, move_in(deployment, 12), 9, always_two)
    assert deployment.models.ready() == "prior"
    told: list[Run] = []

    report = retrain(deployment, told.append)

    assert (report.verdict, report.promoted) == ("better", True)
    assert (report.n_ratings, report.n_couples) == (216, 12)
    assert report.version is not None
    assert report.version.startswith("20261123T180000-")
    assert deployment.registry.current_version() == report.version
    assert deployment.models.ready() == report.version
    (move,) = list_promotions(deployment)
    assert (move.version, move.reason) == (report.version, f"better: {report.reason}")
    assert list(dict.fromkeys(run.doing for run in told)) == list(STEPS)
    assert max(run.n_passes for run in told) > 1
    assert (told[-1].state, told[-1].report, latest_run(deployment)) == ("finished", report, told[-1])


def test_the_record_of_a_model(deployment: Deployment, clock: Clock) -> None:
    """Manifest and card say when, on what, against what and why, and name nobody."""
    live(deployment, clock, move_in(deployment, 12), 9, always_two)
    version = retrain(deployment).version or ""

    manifest = deployment.registry.load(version).manifest
    assert manifest["created_at"] == "2026-11-23T18:00:00+00:00"
    assert (manifest["n_ratings"], manifest["n_couples"], manifest["n_partners"]) == (216, 12, 24)
    assert manifest["judged_against"] == "prior"
    assert manifest["first_rated_at"].startswith("2026-09-07 20:00")
    assert manifest["last_rated_at"].startswith("2026-11-02 20:11")
    assert manifest["catalogue_sha256"] == deployment.catalogue.content_hash
    assert manifest["data_sha256"] == snapshot_of(deployment).content_hash
    assert manifest["comparisons"][0]["group"] == "everyone"
    card = model_card(deployment, version)
    assert "Ratings: 216; couples: 12; rated from 2026-09-07 20:00 to 2026-11-02 20:11." in card
    assert "| log density | current | everyone | 12 |" in card
    assert "Robin" not in card + json.dumps(manifest)


def test_nothing_new_fits_nothing(deployment: Deployment, clock: Clock) -> None:
    """A second run on the same feedback fits and registers nothing; one edited rating is something new."""
    couples = move_in(deployment, 12)
    live(deployment, clock, couples, 10, always_two)
    first = retrain(deployment)
    clock.wait(hours=1)
    told: list[Run] = []

    again = retrain(deployment, told.append)

    assert (again.version, again.promoted, again.verdict) == (None, False, "nothing new")
    assert {run.doing for run in told} == {STEPS[0]}
    assert [m.version for m in list_models(deployment)] == ["prior", first.version]
    date_id = snapshot_of(deployment).ratings["date_id"].iloc[0]
    put_rating(deployment, couples[0].robin, date_id, enjoyment=3)
    assert retrain(deployment).version is not None


def test_what_was_not_promoted_is_not_fitted_again(deployment: Deployment, clock: Clock) -> None:
    """Nor is feedback fitted again that a candidate which did not pass was trained on, or one rolled back."""
    live(deployment, clock, move_in(deployment, 2), 2, always_two)
    assert retrain(deployment).version is not None
    clock.wait(hours=1)
    assert retrain(deployment).verdict == "nothing new"

    live(deployment, clock, move_in(deployment, 12), 10, always_two)
    assert retrain(deployment).promoted
    rollback(deployment)
    clock.wait(hours=1)
    assert retrain(deployment).verdict == "nothing new"
    assert deployment.models.ready() == "prior"


def test_too_little_is_registered_but_not_promoted(deployment: Deployment, clock: Clock) -> None:
    """Little feedback gives a model to look at, with the reason why it does not serve."""
    live(deployment, clock, move_in(deployment, 3), 4, always_two)

    report = retrain(deployment)

    assert (report.verdict, report.promoted) == ("not enough to tell", False)
    assert "at least 40 of 10 are needed" in report.reason
    assert deployment.models.ready() == "prior"
    assert [(m.version, m.verdict) for m in list_models(deployment)][1] == (report.version, report.verdict)
    assert report.reason in model_card(deployment, report.version or "")


def test_a_worse_candidate_does_not_serve(deployment: Deployment, clock: Clock) -> None:
    """When the latest dates contradict all before them, the candidate stays in the registry."""
    live(deployment, clock, move_in(deployment, 12), 10, turned)

    report = retrain(deployment)

    assert (report.verdict, report.promoted) == ("worse", False)
    assert report.version is not None
    assert list_promotions(deployment) == ()
    assert deployment.models.ready() == "prior"


def test_deleted_people_are_gone_from_the_next_model(deployment: Deployment, clock: Clock) -> None:
    """After a couple is deleted, or a partner leaves, the next snapshot has nothing of them, and is new."""
    couples = move_in(deployment, 4)
    live(deployment, clock, couples, 3, always_two)
    put_answers(deployment, couples[0].robin, {"tonight": "in"})
    first = retrain(deployment)
    before = snapshot_of(deployment)

    delete_couple(deployment, Caller("operator", couple_id=couples[0].robin.couple_id))
    leave(deployment, couples[1].sam)

    after = snapshot_of(deployment)
    gone = {couples[0].robin.partner_id, couples[0].sam.partner_id, couples[1].sam.partner_id}
    assert gone <= set(before.ratings["partner_id"])
    assert gone.isdisjoint(after.ratings["partner_id"])
    assert gone.isdisjoint(after.partner_features.index)
    assert couples[0].robin.couple_id not in set(after.ratings["couple_id"])
    assert (len(before.ratings), len(after.ratings)) == (24, 24 - 6 - 3)
    clock.wait(hours=1)
    second = retrain(deployment)
    assert second.version not in (None, first.version)
    assert (second.n_ratings, second.n_couples) == (15, 3)


def test_models_that_learned_from_people_who_left_are_retired(deployment: Deployment, clock: Clock) -> None:
    """Such a model is listed; the next run deletes it, and judges against what serves without it."""
    couples = move_in(deployment, 12)
    live(deployment, clock, couples, 10, always_two)
    first = retrain(deployment)
    assert first.promoted
    assert not any(model.to_retire for model in list_models(deployment))

    leave(deployment, couples[3].sam)

    assert [m.version for m in list_models(deployment) if m.to_retire] == [first.version]
    assert deployment.models.ready() == first.version
    clock.wait(hours=1)
    second = retrain(deployment)
    assert second.retired == (first.version,)
    assert first.version not in [model.version for model in list_models(deployment)]
    assert (second.verdict, deployment.models.ready()) == ("better", second.version)
    manifest = (deployment.registry.root / (second.version or "") / "manifest.json").read_text()
    assert (len(json.loads(manifest)["raters"]), json.loads(manifest)["judged_against"]) == (23, "prior")
    assert couples[3].sam.partner_id not in manifest


def test_a_damaged_current_model_is_not_judged_against(deployment: Deployment, clock: Clock) -> None:
    """With the current model's files damaged, retraining says so before it fits; rolling back mends it."""
    live(deployment, clock, move_in(deployment, 12), 10, always_two)
    version = retrain(deployment).version or ""
    (deployment.registry.root / version / "arrays.npz").write_bytes(b"")

    with pytest.raises(ModelError, match="rekindle models rollback"):
        retrain(deployment)

    run = latest_run(deployment)
    assert (run.state, run.doing) == ("failed", STEPS[0])
    assert "arrays.npz" in run.problem
    assert rollback(deployment) == "prior"
    assert deployment.models.ready() == "prior"


@pytest.fixture
def whole(tmp_path: Path, clock: Clock) -> Iterator[Deployment]:
    """Open a real deployment, catalogue and all."""
    deployment = open_deployment(Settings.from_environment({"REKINDLE_HOME": str(tmp_path)}), clock=clock)
    yield deployment
    deployment.engine.dispose()


def test_a_town_s_feedback_through_the_service(whole: Deployment, clock: Clock) -> None:
    """A real deployment learns from a town, gives its reason, and plans with whatever is current."""
    town, rng = build_town(whole.catalogue, 14, seed=6), np.random.default_rng(7)
    couples = move_in(whole, 14)
    for number, couple in enumerate(couples):
        for at, caller in enumerate((couple.robin, couple.sam)):
            put_answers(whole, caller, town.answers[number][at])
    felt: dict[tuple[int, int], tuple[int, ...]] = {}

    def enjoyed(couple: int, week: int, partner: int) -> int:
        if (couple, week) not in felt:
            column = (7 * couple + week) % len(whole.catalogue.ideas)
            felt[couple, week] = rate(town.enjoyment[couple, :, column], rng)
        return felt[couple, week][partner]

    live(whole, clock, couples, 9, enjoyed)
    report = retrain(whole)

    assert report.version is not None
    assert (report.n_ratings, report.n_couples) == (2 * 14 * 9, 14)
    assert report.verdict in ("better", "not worse", "worse")
    assert "nats a rating" in report.reason
    assert report.promoted == (report.verdict != "worse")
    assert whole.models.ready() == (report.version if report.promoted else "prior")
    early, late = move_in(whole, 2)
    week = Week.parse("2026-W49")
    assert version_shown(whole, early, week) == whole.models.ready()
    promote(whole, report.version, "by hand")
    assert version_shown(whole, late, week) == report.version
    promote(whole, "prior", "by hand")
    assert version_shown(whole, late, Week.parse("2026-W50")) == "prior"
    fitted = whole.registry.load(report.version).parameters
    assert fitted.idea_ids == tuple(idea.idea_id for idea in whole.catalogue.ideas)
    # 252 ratings must not talk the model out of evenings and people being fickle: the town's scatter, moods
    # aside, has a variance of 0.36 and rounding adds 1/12.
    assert fitted.noise_var > 0.36

"""A retraining run: alone, followed, and never able to hurt what serves, wherever it is killed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest

from recommender.catalogue.bundled import data_folder, models_folder
from recommender.catalogue.library import load_catalogue
from recommender.errors import Conflict, ModelError, NotFound
from recommender.learning.evaluation.town import build_town
from recommender.learning.registry import PRIOR_VERSION, Registry
from recommender.learning.runs import STEPS, RetrainReport, Run
from recommender.learning.snapshot import take_snapshot
from recommender.learning.training import Lesson, retrain
from recommender.planning.settings import PlanSettings
from recommender.planning.table import build_table
from recommender.preferences.prior import load_prior, prior_parameters
from tests.towns import answers_of, live

NOW = datetime(2026, 11, 23, 18, tzinfo=UTC)
N_KILLS = 50


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """Return an empty registry over the shipped prior."""
    return Registry(tmp_path / "models", models_folder() / PRIOR_VERSION)


@pytest.fixture(scope="module")
def lesson() -> Lesson:
    """Return what twelve simulated couples said in ten weeks, two points less: a prior fits them badly."""
    catalogue = load_catalogue()
    town = build_town(catalogue, 12, seed=5)
    answers = answers_of(town)
    rows = [replace(row, enjoyment=max(row.enjoyment - 2, 1)) for row in live(catalogue, town, 10, seed=6)]
    return Lesson(
        snapshot=take_snapshot(rows, answers, catalogue),
        prior=prior_parameters(load_prior(data_folder() / "prior.yaml"), catalogue),
        catalogue_sha256=catalogue.content_hash,
        taxonomy_sha256=catalogue.taxonomy.content_hash,
        members=frozenset(answers),
        shown=(),
        table=build_table(catalogue.ideas, catalogue.taxonomy),
        settings=PlanSettings(),
        quiz=catalogue.quiz,
    )


def run_through(
    registry: Registry, lesson: Lesson, follow: Callable[[Run], None] = lambda _run: None
) -> RetrainReport:
    """Retrain to the end."""
    with registry.runs.running(NOW, follow) as progress:
        return retrain(registry, lambda: lesson, NOW, progress)


def in_a_process(registry: Registry, lesson: Lesson, killed_after: float | None = None) -> bool:
    """Retrain in a process of its own, killed after so many seconds; return whether it came to its end."""
    child = get_context("fork").Process(target=run_through, args=(registry, lesson))
    child.start()
    child.join(killed_after)
    if child.is_alive():
        child.kill()  # signal 9, which nothing can catch
        child.join()
    return child.exitcode == 0


def check_whole(registry: Registry) -> None:
    """Check that what serves can be read whole, and so can every version that is listed."""
    registry.load(registry.current_version())
    for model in registry.models(()):
        registry.load(model.version)
        registry.card(model.version)


def check_finished(registry: Registry) -> None:
    """Check that a run came to its end and left nothing behind but one more model."""
    check_whole(registry)
    assert registry.runs.latest().state == "finished"
    assert [model.current for model in registry.models(())] == [False, True]
    assert sorted(path.name for path in registry.runs.folder.iterdir()) == ["lock", "run.json"]
    assert not [path for path in registry.root.glob(".*") if path != registry.runs.folder]


def test_killed_at_any_moment(registry: Registry, lesson: Lesson, rng: np.random.Generator) -> None:
    """Fifty runs killed at random moments: what serves always serves, and the next run comes to its end."""
    began = perf_counter()
    assert in_a_process(registry, lesson)
    whole_run = perf_counter() - began
    check_finished(registry)
    homes = (Registry(registry.root / str(k), registry.shipped) for k in count())
    home, kills = next(homes), 0
    while kills < N_KILLS:
        if in_a_process(home, lesson, killed_after=float(rng.uniform(0, whole_run))):
            check_finished(home)
            home = next(homes)
            continue
        kills += 1
        check_whole(home)
        if kills % 5 == 0:
            assert in_a_process(home, lesson)
            check_finished(home)
            home = next(homes)


def test_a_run_goes_on_where_it_was_killed(registry: Registry, lesson: Lesson) -> None:
    """What was fitted is kept, not fitted again, and the model is the very one of an unbroken run."""

    class Killed(BaseException):
        """As a signal would: nothing is tidied up."""

    def until_the_last_fit(run: Run) -> None:
        if run.doing == STEPS[3]:
            raise Killed

    with pytest.raises(Killed):
        run_through(registry, lesson, until_the_last_fit)
    assert registry.runs.latest().state == "interrupted"
    assert registry.runs.latest().doing == STEPS[3]
    told: list[Run] = []

    resumed = run_through(registry, lesson, told.append)

    assert not [run for run in told if run.doing == STEPS[1] and run.n_passes]
    assert [run for run in told if run.doing == STEPS[3] and run.n_passes]
    other = Registry(registry.root.with_name("other"), registry.shipped)
    unbroken = run_through(other, lesson)
    assert resumed == unbroken
    assert arrays_of(registry, resumed) == arrays_of(other, unbroken)


def test_other_feedback_is_not_gone_on_with(registry: Registry, lesson: Lesson) -> None:
    """What an interrupted run fitted to other feedback is thrown away."""
    ratings = lesson.snapshot.ratings
    changed = replace(lesson.snapshot, ratings=ratings.assign(rating=6 - ratings["rating"]), content_hash="x")
    kept = registry.runs.fitted(f"{lesson.key}-all", lambda: lesson.prior)
    assert kept is lesson.prior

    run_through(registry, replace(lesson, snapshot=changed))

    assert sorted(path.name for path in registry.runs.folder.iterdir()) == ["lock", "run.json"]
    (fitted,) = (model for model in registry.models(()) if model.version != PRIOR_VERSION)
    assert not np.array_equal(registry.load(fitted.version).parameters.fixed, lesson.prior.fixed)


def test_a_run_killed_before_promotion_is_made_good(registry: Registry, lesson: Lesson) -> None:
    """A candidate that had passed when the run was killed serves after the next, but if rolled back."""
    report = run_through(registry, lesson)
    assert report.promoted
    (registry.root / "current.json").unlink()  # as if killed between the last two steps

    again = run_through(registry, lesson)

    assert (again.version, again.promoted, again.verdict) == (report.version, True, report.verdict)
    assert registry.current_version() == report.version
    registry.rollback(NOW)
    assert run_through(registry, lesson).verdict == "nothing new"
    assert registry.current_version() == PRIOR_VERSION


def test_a_broken_checkpoint_is_fitted_again(registry: Registry, lesson: Lesson) -> None:
    """A checkpoint that cannot be read does not stop the run."""
    registry.runs.fitted("key", lambda: lesson.prior)
    (registry.runs.folder / "key" / "arrays.npz").write_bytes(b"x")

    again = registry.runs.fitted("key", lambda: replace(lesson.prior, noise_var=9.0))

    assert again.noise_var == 9.0
    assert registry.runs.fitted("key", lambda: lesson.prior).noise_var == 9.0


def test_one_at_a_time(registry: Registry) -> None:
    """While one run holds the lock neither another nor the tidying up of models begins."""
    with registry.runs.running(NOW, lambda _run: None):
        for second in (
            lambda: registry.runs.running(NOW, lambda _run: None).__enter__(),
            lambda: registry.prune(0),
        ):
            with pytest.raises(Conflict, match="under way"):
                second()
        assert registry.runs.latest().state == "running"
    assert registry.runs.latest().state == "interrupted"


def test_a_failed_run_says_why(registry: Registry) -> None:
    """An error is recorded, and the next run may begin."""

    def broken() -> Lesson:
        raise ModelError("the arrays are gone; restore them")

    with (
        pytest.raises(ModelError),
        registry.runs.running(NOW, lambda _run: None) as progress,
    ):
        retrain(registry, broken, NOW, progress)

    run = registry.runs.latest()
    assert (run.state, run.problem) == ("failed", "the arrays are gone; restore them")
    assert (run.step, run.started_at) == (0, "2026-11-23T18:00:00+00:00")


def test_no_run_and_a_broken_record(registry: Registry) -> None:
    """Before the first run there is none; a record that cannot be read names its file and the remedy."""
    with pytest.raises(NotFound, match="rekindle retrain"):
        registry.runs.latest()
    for broken in ("", "[]", "{}", '{"state": "running"}'):
        (registry.runs.folder / "run.json").write_text(broken)
        with pytest.raises(ModelError, match=r"run\.json.*delete it"):
            registry.runs.latest()


def arrays_of(registry: Registry, report: RetrainReport) -> bytes:
    """Return a model's arrays as they lie on disk."""
    return (registry.root / (report.version or "") / "arrays.npz").read_bytes()

"""One retraining run at a time: a lock that dies with its process, a record, work kept to go on with.

Everything lies in one hidden folder beside the models. A run killed at any moment leaves a record that says
how far it came and what it had fitted; the next run on the same feedback goes on from there.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout

from recommender.errors import Conflict, ModelError, NotFound
from recommender.learning.artefact import read_artefact, write_artefact
from recommender.preferences.model import Parameters

STEPS = (
    "reading the feedback",
    "fitting the earlier feedback",
    "judging on the later feedback",
    "fitting all of it",
    "putting it in the registry",
)
PATIENCE_SECONDS = 1.0
"""How long a run waits for the lock: whoever asks whether a run is on holds it for a moment."""

State = Literal["running", "finished", "failed", "interrupted"]


@dataclass(frozen=True, slots=True)
class RetrainReport:
    """What a retraining run did.

    Attributes
    ----------
    version : str or None
        The candidate's version; None when nothing was fitted.
    retired : tuple[str, ...]
        Models deleted because they learned from people who are gone.
    """

    version: str | None
    promoted: bool
    verdict: str
    reason: str
    n_ratings: int
    n_couples: int
    retired: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """How far a retraining run is.

    Attributes
    ----------
    started_at : str
        ISO 8601.
    step : int
        Position in ``STEPS`` of what it does now, or did last.
    n_passes : int
        Passes of the fit that is under way, each over all couples.
    problem : str
        Why it failed; empty otherwise.
    report : RetrainReport or None
        Once it is finished.
    """

    state: State
    started_at: str
    step: int = 0
    n_passes: int = 0
    problem: str = ""
    report: RetrainReport | None = None

    @property
    def n_steps(self) -> int:
        """How many steps a run has."""
        return len(STEPS)

    @property
    def doing(self) -> str:
        """The step in words."""
        return STEPS[self.step]


Follow = Callable[[Run], None]
"""Told of every change."""


@dataclass(frozen=True, slots=True)
class Runs:
    """The runs of one registry.

    Attributes
    ----------
    folder : Path
        Holds the lock, the record of the latest run and what it has fitted; made when first needed.
    """

    folder: Path

    def latest(self) -> Run:
        """Return the latest run; one whose process is gone counts as interrupted.

        Raises
        ------
        NotFound
            If there has been none.
        ModelError
            If its record is broken.
        """
        try:
            with self._lock().acquire(blocking=False):
                run = self._recorded()
                return replace(run, state="interrupted") if run.state == "running" else run
        except Timeout:
            return self._recorded()

    @contextmanager
    def running(self, now: datetime, follow: Follow) -> Iterator[Progress]:
        """Hold the lock for one run, and keep its record to the end, good or bad.

        Raises
        ------
        Conflict
            If one is under way.
        """
        with self.alone():
            progress = Progress(self, Run("running", _stamp(now)), follow)
            progress.tell()
            try:
                yield progress
            except Exception as error:
                progress.tell(state="failed", problem=str(error) or type(error).__name__)
                raise

    def fitted(self, key: str, fit: Callable[[], Parameters]) -> Parameters:
        """Return what an interrupted run fitted under ``key``, or fit and keep it."""
        folder = self.folder / key
        if folder.is_dir():
            try:
                return read_artefact(folder).parameters
            except ModelError:
                shutil.rmtree(folder)
        parameters = fit()
        write_artefact(folder, key, parameters, {}, "")
        return parameters

    def forget(self, keep: str = "") -> None:
        """Remove all that was fitted and half-written, but what has ``keep`` in its name."""
        for folder in self.folder.iterdir():
            if folder.is_dir() and (not keep or keep not in folder.name):
                shutil.rmtree(folder)

    def _write(self, run: Run) -> Run:
        draft = self.folder / "run.json.draft"
        draft.write_text(json.dumps(asdict(run), indent=1), encoding="utf-8")
        draft.replace(self.folder / "run.json")
        return run

    def _recorded(self) -> Run:
        path = self.folder / "run.json"
        try:
            return _run(json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise NotFound(
                "there has been no retraining run yet; start one with `rekindle retrain`"
            ) from None
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise ModelError(f"{path}: cannot be read; delete it, and retrain") from error

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the lock.

        Raises
        ------
        Conflict
            If a run is under way.
        """
        lock = self._lock()
        try:
            lock.acquire(timeout=PATIENCE_SECONDS)
        except Timeout:
            raise Conflict("a retraining run is under way; wait for it to end") from None
        try:
            yield
        finally:
            lock.release()

    def _lock(self) -> FileLock:
        self.folder.mkdir(parents=True, exist_ok=True)
        # The system's own lock, which no killed process can leave behind.
        return FileLock(self.folder / "lock", fallback_to_soft=False)


class Progress:
    """What a run says of itself while it is under way."""

    def __init__(self, runs: Runs, run: Run, follow: Follow) -> None:
        self._runs, self._run, self._follow = runs, run, follow

    def tell(self, **change: Any) -> None:
        """Record a change of the run and tell whoever follows."""
        self._run = self._runs._write(replace(self._run, **change))
        self._follow(self._run)

    def step(self, step: int) -> None:
        """Begin another of ``STEPS``."""
        self.tell(step=step, n_passes=0)

    def passed(self, number: int, _objective: float) -> None:
        """Note a pass of a fit."""
        self.tell(n_passes=number)


def _run(record: dict[str, Any]) -> Run:
    report = record.pop("report")
    told = RetrainReport(**report | {"retired": tuple(report["retired"])}) if report else None
    return Run(**record, report=told)


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="seconds")

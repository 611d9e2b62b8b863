"""Where models live: immutable versions, one current pointer, and a history of who moved it and why."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from recommender.errors import Conflict, ModelError, NotFound
from recommender.keys import kept_key
from recommender.learning.artefact import REMEDY, Artefact, read_artefact, read_manifest, write_artefact
from recommender.learning.runs import Runs
from recommender.preferences.model import Parameters

PRIOR_VERSION = "prior"
"""The model that comes with Rekindle: an honest prior, fitted to nobody."""


@dataclass(frozen=True, slots=True)
class ModelSummary:
    """One line of the list of models.

    Attributes
    ----------
    rmse, pairwise_accuracy : float or None
        On ratings it had not seen, when it was judged: points, and share of pairs put in order.
    to_retire : bool
        Whether it learned from somebody who is gone: the next retraining run deletes it.
    """

    version: str
    created_at: str
    n_ratings: int
    verdict: str
    current: bool
    rmse: float | None = None
    pairwise_accuracy: float | None = None
    to_retire: bool = False


@dataclass(frozen=True, slots=True)
class Promotion:
    """One move of the current pointer.

    Attributes
    ----------
    left : str
        The version that was rolled back from; empty if this was no rollback.
    """

    version: str
    at: str
    reason: str
    left: str = ""


@dataclass(frozen=True, slots=True)
class Registry:
    """Models in a folder, with the shipped prior always among them.

    Attributes
    ----------
    root : Path
        Holds one folder a version, ``current.json`` and what a retraining run keeps; made when first written.
    shipped : Path
        Folder of the prior that comes with the package.
    """

    root: Path
    shipped: Path

    @property
    def runs(self) -> Runs:
        """The retraining runs of this registry."""
        return Runs(self.root / ".run")

    def current_version(self) -> str:
        """Return the version that serves; the prior until another is promoted."""
        history = self.promotions()
        return history[-1].version if history else PRIOR_VERSION

    def promotions(self) -> tuple[Promotion, ...]:
        """Return every move of the pointer, oldest first.

        Raises
        ------
        ModelError
            If the pointer's file is broken.
        """
        path = self.root / "current.json"
        try:
            moves = json.loads(path.read_text(encoding="utf-8"))
            if not isinstance(moves, list):
                raise TypeError("it must hold a list")
            return tuple(Promotion(**move) for move in moves)
        except FileNotFoundError:
            return ()
        except (OSError, ValueError, TypeError) as error:
            raise ModelError(f"{path}: cannot be read; delete it to serve the prior again") from error

    def load(self, version: str) -> Artefact:
        """Return a model.

        Raises
        ------
        NotFound
            If there is no such version.
        ModelError
            If its files are damaged, or it was not signed with this registry's key.
        """
        folder = self._folder(version)
        return read_artefact(folder, None if folder == self.shipped else self._key())

    def card(self, version: str) -> str:
        """Return the model card of a version, Markdown.

        Raises
        ------
        NotFound
            If there is no such version.
        ModelError
            If its card cannot be read.
        """
        path = self._folder(version) / "card.md"
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise ModelError(f"{path}: cannot be read; {REMEDY}") from error

    def trained_on(self, data_sha256: str, catalogue_sha256: str) -> str | None:
        """Return the latest version that was trained on this feedback and catalogue, or None."""
        for folder in reversed(self._folders()):
            manifest = _manifest_of(folder)
            if (manifest.get("data_sha256"), manifest.get("catalogue_sha256")) == (
                data_sha256,
                catalogue_sha256,
            ):
                return str(manifest["version"])
        return None

    def taught_by_others_than(self, members: Collection[str]) -> tuple[str, ...]:
        """Return the versions that learned from anybody who is not among ``members``, by ``partner_id``."""
        here = {rater_mark(partner_id) for partner_id in members}
        return tuple(
            folder.name
            for folder in self._folders()
            if not here.issuperset(_manifest_of(folder).get("raters", ()))
        )

    def serving_without(self, versions: Collection[str]) -> str:
        """Return what would serve if ``versions`` were not there: the newest other that served."""
        return [version for version in self._trail() if version not in versions][-1]

    def retire(self, versions: Collection[str], at: datetime) -> None:
        """Delete versions for good; if one of them serves, the newest other that served takes its place."""
        current, heir = self.current_version(), self.serving_without(versions)
        if current != heir:
            self._move(Promotion(heir, _stamp(at), f"{current} is retired: it learned from people who left"))
        for version in versions:
            self._delete(version)

    def sweep(self) -> None:
        """Remove what killed processes left half-written or half-deleted; only while no run is under way."""
        for folder in (*self.root.glob(".*.draft"), *self.root.glob(".*.gone")):
            if folder.is_dir():
                shutil.rmtree(folder)

    def prune(self, keep: int) -> tuple[str, ...]:
        """Delete all versions but the newest ``keep``, the current one and the one before it; return them.

        Raises
        ------
        Conflict
            If a retraining run is under way.
        """
        with self.runs.alone():
            newest = [folder.name for folder in self._folders()][::-1][:keep]
            spared = {*newest, *self._trail()[-2:], self.current_version()}
            old = tuple(folder.name for folder in self._folders() if folder.name not in spared)
            for version in old:
                self._delete(version)
        return old

    def register(self, version: str, parameters: Parameters, manifest: Mapping[str, Any], card: str) -> None:
        """Write a new version; those that exist are never touched."""
        if (self.root / version).exists():
            raise Conflict(f"model {version} exists already; versions are never overwritten")
        write_artefact(self.root / version, version, parameters, manifest, card, self._key())

    def promote(self, version: str, reason: str, at: datetime) -> None:
        """Make a version current by one atomic replacement of the pointer, once it has been read whole."""
        self._move(Promotion(version, _stamp(at), reason))

    def rollback(self, at: datetime) -> str:
        """Go back to the newest version that served before and was not rolled back from; return it.

        So rolling back again leads further back, in the end to the prior, and never to a model that was
        given up. Promoting such a model again makes it one of the others.

        Raises
        ------
        Conflict
            If nothing is left to go back to.
        """
        current = self.current_version()
        left = [version for version in self._trail() if version != current]
        if not left:
            raise Conflict(
                f"nothing came before {current} that was not rolled back from; "
                "see `rekindle models list` and promote one"
            )
        self._move(Promotion(left[-1], _stamp(at), f"rolled back from {current}", current))
        return left[-1]

    def _move(self, move: Promotion) -> None:
        self.load(move.version)
        moves = [*self.promotions(), move]
        self.root.mkdir(parents=True, exist_ok=True)
        draft = self.root / ".current.json.draft"
        draft.write_text(json.dumps([asdict(m) for m in moves], indent=1), encoding="utf-8")
        draft.replace(self.root / "current.json")

    def models(self, members: Collection[str]) -> tuple[ModelSummary, ...]:
        """Return every version, the prior first, then by time; ``members`` as in `taught_by_others_than`."""
        current, gone = self.current_version(), self.taught_by_others_than(members)
        found = (_summary(read_manifest(folder), current) for folder in (self.shipped, *self._folders()))
        return tuple(replace(model, to_retire=model.version in gone) for model in found)

    def _key(self) -> bytes:
        """Return the key that signs manifests; it lies beside the folder, so that no copy of that has it."""
        return kept_key(self.root.with_suffix(".key"))

    def _trail(self) -> list[str]:
        """Return the versions that one may go back to and that are still there, the newest last."""
        there = {PRIOR_VERSION, *(folder.name for folder in self._folders())}
        return [version for version in _trail(self.promotions()) if version in there]

    def _delete(self, version: str) -> None:
        gone = self.root / f".{version}.gone"  # out of sight at once, then out of the world
        (self.root / version).rename(gone)
        shutil.rmtree(gone)

    def _folders(self) -> list[Path]:
        return sorted(
            p.parent for p in self.root.glob("*/manifest.json") if not p.parent.name.startswith(".")
        )

    def _folder(self, version: str) -> Path:
        if version == PRIOR_VERSION:
            return self.shipped
        folder = self.root / version
        if folder.parent != self.root or version.startswith(".") or not folder.is_dir():
            raise NotFound(f"there is no model {version!r}; see `rekindle models list`")
        return folder


def rater_mark(partner_id: str) -> str:
    """Return what a manifest keeps of a rater: it tells whether they are still here, not who they are."""
    return hashlib.sha256(partner_id.encode()).hexdigest()[:32]


def _manifest_of(folder: Path) -> Mapping[str, Any]:
    """Return a manifest, or nothing where it is damaged: that must not keep others from being looked at."""
    try:
        return read_manifest(folder)
    except ModelError:
        return {}


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _trail(moves: Iterable[Promotion]) -> list[str]:
    """Return the versions that one may go back to, the newest last, the one that serves among them."""
    trail = [PRIOR_VERSION]
    for move in moves:
        if move.left:
            trail = [PRIOR_VERSION, *(version for version in trail if version != move.left)]
        trail.append(move.version)
    return trail


def _summary(manifest: Mapping[str, Any], current: str) -> ModelSummary:
    version = str(manifest["version"])
    promise = manifest.get("promise") or {}
    return ModelSummary(
        version=version,
        created_at=str(manifest.get("created_at", "")),
        n_ratings=int(manifest.get("n_ratings", 0)),
        verdict=str(manifest.get("verdict", "")),
        current=version == current,
        rmse=promise.get("rmse"),
        pairwise_accuracy=promise.get("pairwise_accuracy"),
    )

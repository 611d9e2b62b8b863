"""A model on disk: arrays without pickle, a JSON manifest with their hash, a card for people.

Loading never runs code: ``arrays.npz`` is read with ``allow_pickle=False`` after its SHA-256 has been
checked against the manifest, and the manifest against its signature, where there is a key to check it with.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from recommender.errors import ModelError
from recommender.preferences.model import Parameters

FORMAT = 2
NAMES = ("idea_ids", "feature_names", "answer_names")


@dataclass(frozen=True, slots=True)
class Artefact:
    """A model read back: its parameters and everything its manifest says."""

    version: str
    parameters: Parameters
    manifest: Mapping[str, Any]


def write_artefact(
    folder: Path,
    version: str,
    parameters: Parameters,
    manifest: Mapping[str, Any],
    card: str,
    key: bytes | None = None,
) -> None:
    """Write a model into ``folder``, which must not exist: whole, or not at all.

    The same parameters give the same bytes of ``arrays.npz``.

    Parameters
    ----------
    key : bytes or None
        Signs the manifest (HMAC-SHA-256, RFC 2104); None leaves it unsigned.
    """
    blob = _arrays(parameters)
    names = {name: list(getattr(parameters, name)) for name in NAMES}
    whole = {
        **manifest,
        **names,
        "format": FORMAT,
        "version": version,
        "arrays_sha256": hashlib.sha256(blob).hexdigest(),
    }
    draft = folder.with_name(f".{folder.name}.draft")
    draft.mkdir(parents=True, exist_ok=True)
    (draft / "arrays.npz").write_bytes(blob)
    said = (json.dumps(whole, indent=1, sort_keys=True) + "\n").encode()
    (draft / "manifest.json").write_bytes(said)
    if key is not None:
        (draft / "signature").write_text(_signature(key, said))
    (draft / "card.md").write_text(card, encoding="utf-8")
    draft.rename(folder)


def read_artefact(folder: Path, key: bytes | None = None) -> Artefact:
    """Return the model in ``folder``.

    Parameters
    ----------
    key : bytes or None
        Must have signed the manifest; None asks for no signature.

    Raises
    ------
    ModelError
        If a file is missing, the signature is not good, the manifest is not ours or from a newer Rekindle,
        the arrays do not match their hash, or an array is missing, of the wrong shape or not finite. The
        message names the file.
    """
    if key is not None:
        _check_signature(folder, key)
    manifest = read_manifest(folder)
    path = folder / "arrays.npz"
    try:
        blob = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); {REMEDY}") from error
    if hashlib.sha256(blob).hexdigest() != manifest["arrays_sha256"]:
        raise ModelError(f"{path}: does not match the hash in its manifest; {REMEDY}")
    try:
        with np.load(io.BytesIO(blob), allow_pickle=False) as arrays:
            parameters = _parameters(manifest, {name: arrays[name] for name in arrays.files})
    except BROKEN as error:
        raise ModelError(f"{path}: is not a set of model arrays ({error}); {REMEDY}") from error
    return Artefact(str(manifest["version"]), parameters, manifest)


REMEDY = "restore it, or go back with `rekindle models rollback`"
# All that numpy and zipfile raise on bytes that are no archive of plain arrays (TypeError: a single array).
BROKEN = (ValueError, KeyError, TypeError, EOFError, NotImplementedError, zlib.error, zipfile.BadZipFile)


def _signature(key: bytes, manifest: bytes) -> str:
    return hmac.new(key, manifest, hashlib.sha256).hexdigest()


def _check_signature(folder: Path, key: bytes) -> None:
    try:
        said = (folder / "signature").read_text(encoding="ascii", errors="replace")
        manifest = (folder / "manifest.json").read_bytes()
    except OSError as error:
        raise ModelError(f"{error.filename}: cannot be read ({error.strerror}); {REMEDY}") from error
    if not hmac.compare_digest(said.encode(), _signature(key, manifest).encode()):
        raise ModelError(f"{folder / 'manifest.json'}: was not signed here, or has been changed; {REMEDY}")


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of the model in ``folder``.

    Raises
    ------
    ModelError
        If it is missing, broken, or of a format that this Rekindle does not know.
    """
    path = folder / "manifest.json"
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); {REMEDY}") from error
    except ValueError as error:
        raise ModelError(f"{path}: is not JSON; {REMEDY}") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ModelError(f"{path}: is not of format {FORMAT}; upgrade Rekindle or {REMEDY}")
    missing = [name for name in (*NAMES, "version", "arrays_sha256") if name not in manifest]
    if missing:
        raise ModelError(f"{path}: lacks {', '.join(missing)}; {REMEDY}")
    return manifest


def _arrays(parameters: Parameters) -> bytes:
    buffer = io.BytesIO()
    arrays = {
        f.name: np.asarray(getattr(parameters, f.name)) for f in fields(parameters) if f.name not in NAMES
    }
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _parameters(manifest: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Parameters:
    names: dict[str, Any] = {name: tuple(map(str, manifest[name])) for name in NAMES}
    n_ideas, n_features, n_answers = (len(names[name]) for name in NAMES)
    shapes: dict[str, tuple[int, ...]] = {
        "feature_means": (n_features,),
        "fixed": (n_features + 1, n_answers + 1),
        "effects": (n_ideas,),
        "effect_vars": (n_ideas,),
        "effect_var": (),
        "couple_cov": (n_features + 1, n_features + 1),
        "partner_cov": (n_features + 1, n_features + 1),
        "shock_var": (),
        "noise_var": (),
        "own_var": (),
    }
    shapes |= _factor_shapes(arrays["factors"], n_ideas)
    checked: dict[str, Any] = {}
    for name, shape in shapes.items():
        array = arrays[name]
        if array.shape != shape or array.dtype != np.float64 or not np.isfinite(array).all():
            raise ValueError(f"{name} must be finite float64 of shape {shape}")
        checked[name] = array if shape else float(array)
    return Parameters(**names, **checked)


def _factor_shapes(factors: np.ndarray, n_ideas: int) -> dict[str, tuple[int, ...]]:
    """Return the shapes of what is known of factors: one row an idea, or no row where there is no factor."""
    n_factors = factors.shape[-1] if factors.ndim else 0
    n_known = n_ideas if n_factors else 0
    return {"factors": (n_known, n_factors), "own_vars": (n_known,)}

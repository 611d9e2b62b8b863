"""A model on disk: it comes back as it was, or not at all, and reading it runs nothing."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recommender.errors import ModelError
from recommender.learning.artefact import Artefact, read_artefact, write_artefact
from recommender.preferences.model import Parameters
from tests.test_model import random_parameters

FLAG = "a-pickle-ran"


@pytest.fixture
def parameters(rng: np.random.Generator) -> Parameters:
    """Return parameters of 5 known ideas, 3 features and 2 answers."""
    return random_parameters(rng, n_ideas=6, n_features=3, n_answers=2)


@pytest.fixture
def folder(parameters: Parameters, tmp_path: Path) -> Path:
    """Write a model; return its folder."""
    folder = tmp_path / "models" / "v1"
    write_artefact(folder, "v1", parameters, {"n_ratings": 7, "created_at": "2026-11-23"}, "# Model v1\n")
    return folder


def arrays_of(folder: Path) -> dict[str, np.ndarray]:
    """Return the arrays in a model's folder."""
    with np.load(folder / "arrays.npz", allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def manifest_of(folder: Path) -> dict[str, Any]:
    """Return the manifest in a model's folder."""
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return manifest


def put_manifest(folder: Path, manifest: object) -> None:
    """Put a manifest in place of the one in a model's folder."""
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def put_blob(folder: Path, blob: bytes) -> None:
    """Put other bytes in place of a model's arrays, with a hash that fits them."""
    (folder / "arrays.npz").write_bytes(blob)
    put_manifest(folder, manifest_of(folder) | {"arrays_sha256": hashlib.sha256(blob).hexdigest()})


def put_arrays(folder: Path, arrays: dict[str, Any], *, pickled: bool = False) -> None:
    """Put other arrays in place of a model's, with a hash that fits."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=pickled, **arrays)
    put_blob(folder, buffer.getvalue())


def refusal(folder: Path, file: str) -> str:
    """Return what reading the model says; it must name the file and a remedy."""
    with pytest.raises(ModelError) as failure:
        read_artefact(folder)
    message = str(failure.value)
    assert str(folder / file) in message
    assert "rekindle models rollback" in message
    return message


def assert_equal(found: Parameters, expected: Parameters) -> None:
    """Hold two sets of parameters equal to the last bit."""
    for field in fields(Parameters):
        np.testing.assert_array_equal(getattr(found, field.name), getattr(expected, field.name), field.name)


def test_comes_back_as_it_was(folder: Path, parameters: Parameters) -> None:
    """Reading a written model gives the same parameters, version and notes."""
    artefact = read_artefact(folder)

    assert isinstance(artefact, Artefact)
    assert_equal(artefact.parameters, parameters)
    assert artefact.version == "v1"
    assert (artefact.manifest["n_ratings"], artefact.manifest["created_at"]) == (7, "2026-11-23")
    assert (folder / "card.md").read_text(encoding="utf-8") == "# Model v1\n"


def test_a_model_without_ideas_comes_back(parameters: Parameters, tmp_path: Path) -> None:
    """A prior, which has seen no idea, can be written and read like any other model."""
    nothing = np.zeros(0)
    empty = replace(
        parameters,
        idea_ids=(),
        effects=nothing,
        effect_vars=nothing,
        factors=np.zeros((0, 0)),
        own_vars=nothing,
    )
    write_artefact(tmp_path / "p", "p", empty, {}, "")

    assert_equal(read_artefact(tmp_path / "p").parameters, empty)


def test_equal_parameters_give_equal_bytes(folder: Path, parameters: Parameters, tmp_path: Path) -> None:
    """The arrays of equal parameters are the same bytes, and another number changes them."""
    copied = replace(parameters, fixed=parameters.fixed.copy())
    moved = replace(parameters, noise_var=parameters.noise_var + 1e-12)
    write_artefact(tmp_path / "same", "same", copied, {"n_ratings": 8}, "another card")
    write_artefact(tmp_path / "moved", "moved", moved, {}, "")

    blob = (folder / "arrays.npz").read_bytes()
    assert (tmp_path / "same" / "arrays.npz").read_bytes() == blob
    assert (tmp_path / "moved" / "arrays.npz").read_bytes() != blob


def test_writing_leaves_nothing_half_done(folder: Path) -> None:
    """After writing there is the folder with its three files, and no draft."""
    assert [path.name for path in folder.parent.iterdir()] == ["v1"]
    assert sorted(path.name for path in folder.iterdir()) == ["arrays.npz", "card.md", "manifest.json"]


def test_a_draft_that_was_left_over_is_written_anew(parameters: Parameters, tmp_path: Path) -> None:
    """A run that was killed while it wrote does not keep the next one from writing the same version."""
    draft = tmp_path / ".v2.draft"
    draft.mkdir()
    (draft / "arrays.npz").write_bytes(b"half")

    write_artefact(tmp_path / "v2", "v2", parameters, {}, "")

    assert_equal(read_artefact(tmp_path / "v2").parameters, parameters)
    assert not draft.exists()


@pytest.mark.parametrize("file", ["arrays.npz", "manifest.json"])
def test_a_missing_file(folder: Path, file: str) -> None:
    """A model without one of its files is refused by that file's name."""
    (folder / file).unlink()

    assert "cannot be read" in refusal(folder, file)


def test_truncated_arrays(folder: Path) -> None:
    """Arrays that were cut off do not match their hash."""
    blob = (folder / "arrays.npz").read_bytes()
    (folder / "arrays.npz").write_bytes(blob[: len(blob) // 2])

    assert "hash" in refusal(folder, "arrays.npz")


def test_one_changed_bit(folder: Path) -> None:
    """A single flipped bit is noticed."""
    blob = bytearray((folder / "arrays.npz").read_bytes())
    blob[len(blob) // 2] ^= 1
    (folder / "arrays.npz").write_bytes(bytes(blob))

    assert "hash" in refusal(folder, "arrays.npz")


def npy() -> bytes:
    """Return one plain array, as numpy saves it."""
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(3))
    return buffer.getvalue()


BLOBS: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _blob: b"",
    "text": lambda _blob: b"not arrays",
    "half an archive": lambda blob: blob[: len(blob) // 2],
    "a single array": lambda _blob: npy(),
    # The first member's compressed data starts behind its header of 30 bytes, its name and an extra field.
    "damaged inside": lambda blob: blob[:70] + b"\xff" * 20 + blob[90:],
}


@pytest.mark.parametrize("damage", BLOBS)
def test_bytes_that_are_no_arrays(folder: Path, damage: str) -> None:
    """Even with a hash that fits, bytes that are not a set of arrays are refused in words."""
    put_blob(folder, BLOBS[damage]((folder / "arrays.npz").read_bytes()))

    assert "is not a set of model arrays" in refusal(folder, "arrays.npz")


def wrong(parameters: Parameters) -> dict[str, dict[str, np.ndarray]]:
    """Return replacements for arrays, each wrong in one way."""
    nan, infinite = parameters.fixed.copy(), parameters.couple_cov.copy()
    nan[1, 1], infinite[0, 0] = np.nan, np.inf
    return {
        "shape": {"effects": np.zeros(4)},
        "dimensions": {"noise_var": np.ones(1)},
        "NaN": {"fixed": nan},
        "infinite": {"couple_cov": infinite},
        "whole numbers": {"feature_means": np.zeros(3, dtype=np.int64)},
        "single precision": {"effect_vars": np.ones(5, dtype=np.float32)},
        "factors": {"factors": np.zeros((4, 2))},
        "own finds": {"own_vars": np.zeros(1)},
    }


@pytest.mark.parametrize(
    "fault",
    ["shape", "dimensions", "NaN", "infinite", "whole numbers", "single precision", "factors", "own finds"],
)
def test_wrong_arrays(folder: Path, parameters: Parameters, fault: str) -> None:
    """An array of another shape or kind, or with a number that is not finite, is refused by its name."""
    changed = wrong(parameters)[fault]
    put_arrays(folder, arrays_of(folder) | changed)

    assert f"{next(iter(changed))} must be finite float64" in refusal(folder, "arrays.npz")


def test_a_missing_array(folder: Path) -> None:
    """An array that is not there is refused by its name."""
    arrays = arrays_of(folder)
    del arrays["partner_cov"]
    put_arrays(folder, arrays)

    assert "partner_cov" in refusal(folder, "arrays.npz")


class Planted:
    """Unpickling this makes a folder: the mark of code that ran."""

    def __init__(self, flag: Path) -> None:
        self.flag = flag

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        """Return what a pickle would call."""
        return Path.mkdir, (self.flag,)  # type: ignore[return-value]


@pytest.mark.parametrize("name", ["noise_var", "one_more"])
def test_a_planted_pickle_does_not_run(folder: Path, tmp_path: Path, name: str) -> None:
    """A pickle among the arrays, hash and all, is refused and never run."""
    flag = tmp_path / FLAG
    planted = np.array(Planted(flag), dtype=object)
    put_arrays(folder, arrays_of(folder) | {name: planted}, pickled=True)

    assert "allow_pickle=False" in refusal(folder, "arrays.npz")
    assert not flag.exists()
    with np.load(folder / "arrays.npz", allow_pickle=True) as arrays:  # The plant itself is sound.
        assert arrays[name] is not None
    assert flag.exists()


@pytest.mark.parametrize("key", ["version", "arrays_sha256", "idea_ids", "feature_names", "answer_names"])
def test_a_missing_key(folder: Path, key: str) -> None:
    """A manifest without something that loading needs is refused by the key."""
    manifest = manifest_of(folder)
    del manifest[key]
    put_manifest(folder, manifest)

    assert f"lacks {key}" in refusal(folder, "manifest.json")


@pytest.mark.parametrize("manifest", [{"format": 3}, {}, [], None, "prior", {"format": "2"}])
def test_a_format_that_we_do_not_know(folder: Path, manifest: object) -> None:
    """A manifest of a newer format, or none of ours at all, says to upgrade."""
    whole = manifest_of(folder) | manifest if isinstance(manifest, dict) and manifest else manifest
    put_manifest(folder, whole)

    assert "upgrade Rekindle" in refusal(folder, "manifest.json")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"not json"])
def test_a_manifest_that_is_not_json(folder: Path, content: bytes) -> None:
    """A manifest that cannot be parsed is refused as such."""
    (folder / "manifest.json").write_bytes(content)

    assert "is not JSON" in refusal(folder, "manifest.json")


def test_names_that_do_not_fit_the_arrays(folder: Path) -> None:
    """A manifest that lists more features than the arrays have is refused."""
    manifest = manifest_of(folder)
    put_manifest(folder, manifest | {"feature_names": [*manifest["feature_names"], "extra"]})

    assert "feature_means" in refusal(folder, "arrays.npz")


def test_names_that_are_no_list(folder: Path) -> None:
    """A manifest with a number in place of its names is refused in words."""
    put_manifest(folder, manifest_of(folder) | {"idea_ids": 5})

    refusal(folder, "arrays.npz")

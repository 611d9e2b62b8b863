"""A tagger on disk: arrays without pickle, a JSON manifest with their hash and all words.

Loading runs no code: ``arrays.npz`` is read with ``allow_pickle=False`` after its SHA-256 has been checked
against the manifest. A loaded tagger has the same numbers as the fitted one, so it says the same.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recommender.catalogue.tagger.cues import Cues
from recommender.catalogue.tagger.judging import Judge
from recommender.catalogue.tagger.ridge import Scorer
from recommender.catalogue.tagger.targets import Questions
from recommender.catalogue.tagger.texts import VIEWS, View
from recommender.catalogue.tagger.words import Vocabulary
from recommender.catalogue.taxonomy import Facet, Taxonomy, Value
from recommender.errors import ModelError

if TYPE_CHECKING:
    from recommender.catalogue.tagger.tagger import Tagger

FORMAT = 3
LIBRARIES = ("numpy", "scipy", "scikit-learn")
REMEDY = "restore it, or make it anew with `rekindle ideas train-tagger`"
# All that numpy, zipfile and a wrong manifest raise where the content is not what a tagger writes.
BROKEN = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    EOFError,
    NotImplementedError,
    zlib.error,
    zipfile.BadZipFile,
)


def write_tagger(folder: Path, tagger: Tagger, manifest: Mapping[str, Any]) -> None:
    """Write a tagger into ``folder``, over the one there. The same tagger gives the same bytes.

    Parameters
    ----------
    manifest : Mapping[str, Any]
        What else to say of it, such as the hash of the catalogue that it learned from.
    """
    blob = _arrays(tagger)
    whole = {
        **manifest,
        "format": FORMAT,
        "arrays_sha256": hashlib.sha256(blob).hexdigest(),
        "libraries": {name: version(name) for name in LIBRARIES},
        "taxonomy_sha256": taxonomy_hash(tagger.taxonomy),
        "taxonomy": {"version": tagger.taxonomy.version, "facets": _facets(tagger.taxonomy)},
        "cues": {"hints": tagger.cues.listed, "certain": tagger.cues.certain},
        "vocabularies": [vocabulary.kind for vocabulary in tagger.vocabularies],
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "arrays.npz").write_bytes(blob)
    (folder / "manifest.json").write_text(_json(whole), encoding="utf-8")


def read_tagger(folder: Path) -> Tagger:
    """Return the tagger in ``folder``.

    Raises
    ------
    ModelError
        If a file is missing, not ours, from a newer Rekindle, or does not match its hash.
    """
    manifest = read_manifest(folder)
    path = folder / "arrays.npz"
    try:
        blob = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); {REMEDY}") from error
    if hashlib.sha256(blob).hexdigest() != manifest.get("arrays_sha256"):
        raise ModelError(f"{path}: does not match the hash in its manifest; {REMEDY}")
    try:
        with np.load(io.BytesIO(blob), allow_pickle=False) as arrays:
            return _tagger(manifest, {name: arrays[name] for name in arrays.files})
    except BROKEN as error:
        raise ModelError(f"{path}: does not hold a tagger ({error}); {REMEDY}") from error


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of the tagger in ``folder``.

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
        raise ModelError(f"{path}: is not a tagger of format {FORMAT}; upgrade Rekindle, or {REMEDY}")
    return manifest


def taxonomy_hash(taxonomy: Taxonomy) -> str:
    """Return the SHA-256 of a taxonomy's content."""
    return hashlib.sha256(_json([taxonomy.version, _facets(taxonomy)]).encode()).hexdigest()


def _arrays(tagger: Tagger) -> bytes:
    arrays: dict[str, np.ndarray] = {}
    for number, vocabulary in enumerate(tagger.vocabularies):
        # As bytes: an array of strings would take four bytes a letter, and as many letters for each term.
        arrays[f"terms_{number}"] = np.frombuffer("\n".join(vocabulary.terms).encode(), dtype=np.uint8)
        arrays[f"rarity_{number}"] = vocabulary.rarity
    for view in VIEWS:
        scorer = tagger.scorers[view]
        arrays[f"{view}_examples_data"] = scorer.examples.data.astype(np.float16)
        arrays[f"{view}_examples_indices"] = scorer.examples.indices.astype(np.int32)
        arrays[f"{view}_examples_indptr"] = scorer.examples.indptr.astype(np.int32)
        arrays[f"{view}_weights"] = scorer.weights.astype(np.float16)
        arrays[f"{view}_level"] = scorer.level
        arrays[f"{view}_judge_weights"] = tagger.judges[view].weights
        arrays[f"{view}_judge_offsets"] = tagger.judges[view].offsets
        arrays[f"{view}_bars"] = tagger.bars[view]
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _tagger(manifest: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Tagger:
    from recommender.catalogue.tagger.tagger import Tagger

    taxonomy = _taxonomy(manifest["taxonomy"])
    cues = Cues(manifest["cues"]["hints"], manifest["cues"]["certain"], taxonomy)
    vocabularies = tuple(
        Vocabulary(kind, _terms(arrays[f"terms_{number}"]), arrays[f"rarity_{number}"])
        for number, kind in enumerate(manifest["vocabularies"])
    )
    scorers = _scorers(arrays, sum(len(vocabulary.terms) for vocabulary in vocabularies))
    judges = {view: Judge(arrays[f"{view}_judge_weights"], arrays[f"{view}_judge_offsets"]) for view in VIEWS}
    bars = {view: arrays[f"{view}_bars"] for view in VIEWS}
    tagger = Tagger(taxonomy, cues, vocabularies, scorers, judges, bars)
    _check(tagger)
    return tagger


def _scorers(arrays: Mapping[str, np.ndarray], n_terms: int) -> dict[View, Scorer]:
    # SciPy takes a second to import; a web worker that never tags does without.
    from scipy.sparse import csr_matrix

    def examples(view: View) -> csr_matrix:
        indices, indptr = (arrays[f"{view}_examples_{part}"] for part in ("indices", "indptr"))
        data = _halves(arrays, f"{view}_examples_data")
        matrix = csr_matrix((data, indices, indptr), shape=(len(indptr) - 1, n_terms))
        matrix.check_format()
        return matrix

    return {
        view: Scorer(examples(view), _halves(arrays, f"{view}_weights"), arrays[f"{view}_level"])
        for view in VIEWS
    }


def _halves(arrays: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    """Return an array of half precision as float32; raise ValueError if it is of another kind."""
    if arrays[name].dtype != np.float16:
        raise ValueError(f"{name} must be float16, not {arrays[name].dtype}")
    return arrays[name].astype(np.float32)


def _check(tagger: Tagger) -> None:
    """Raise ValueError unless every array has the shape that the taxonomy asks for and is finite."""
    questions = Questions.about(tagger.taxonomy)
    shapes = [
        *((scorer.level, (questions.n_asked,)) for scorer in tagger.scorers.values()),
        *((s.weights.astype(float), (len(s.weights), questions.n_asked)) for s in tagger.scorers.values()),
        *((vocabulary.rarity, (len(vocabulary.terms),)) for vocabulary in tagger.vocabularies),
        *((judge.offsets, (questions.n_asked,)) for judge in tagger.judges.values()),
        *(
            (judge.weights, (questions.n_asked, questions.n_asked + questions.n_values))
            for judge in tagger.judges.values()
        ),
        *((bars, (questions.n_values,)) for bars in tagger.bars.values()),
    ]
    for scorer in tagger.scorers.values():
        if len(scorer.weights) != scorer.examples.shape[0]:
            raise ValueError(f"{len(scorer.weights)} weights are not one row for each example")
    for array, shape in shapes:
        if array.shape != shape or array.dtype != np.float64 or not np.isfinite(array).all():
            raise ValueError(f"an array of shape {array.shape} must be finite float64 of shape {shape}")


def _terms(letters: np.ndarray) -> tuple[str, ...]:
    return tuple(letters.tobytes().decode().split("\n"))


def _facets(taxonomy: Taxonomy) -> list[dict[str, Any]]:
    return [asdict(facet) for facet in taxonomy.facets.values()]


def _taxonomy(written: Mapping[str, Any]) -> Taxonomy:
    facets = (
        Facet(**{**facet, "values": tuple(Value(**value) for value in facet["values"])})
        for facet in written["facets"]
    )
    return Taxonomy(int(written["version"]), {facet.name: facet for facet in facets})


def _json(content: object) -> str:
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"

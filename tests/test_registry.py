"""The registry: versions that never change, one pointer that moves at once, and a history of why."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from recommender.catalogue.bundled import data_folder
from recommender.catalogue.library import Catalogue
from recommender.errors import Conflict, ModelError, NotFound
from recommender.learning.artefact import write_artefact
from recommender.learning.registry import Promotion, Registry, rater_mark
from recommender.preferences.model import Parameters
from recommender.preferences.prior import load_prior, prior_parameters
from recommender.service.serving import ServedModels
from tests.test_model import random_parameters

MONDAY = datetime(2026, 11, 23, 18, tzinfo=UTC)
TUESDAY = datetime(2026, 11, 24, 18, tzinfo=UTC)


@pytest.fixture
def parameters(rng: np.random.Generator) -> Parameters:
    """Return parameters of no particular catalogue."""
    return random_parameters(rng, n_ideas=4, n_features=2, n_answers=1)


@pytest.fixture
def registry(tmp_path: Path, parameters: Parameters) -> Registry:
    """Return an empty registry with a prior of its own."""
    shipped = tmp_path / "shipped" / "prior"
    write_artefact(shipped, "prior", parameters, {"verdict": "written by hand"}, "# Model prior\n")
    return Registry(tmp_path / "home" / "models", shipped)


@pytest.fixture
def two(registry: Registry, parameters: Parameters) -> Registry:
    """Register versions a and b without promoting either."""
    for version in ("a", "b"):
        manifest = {"created_at": f"day {version}", "n_ratings": 3, "verdict": "better"}
        registry.register(version, parameters, manifest, f"# Model {version}\n")
    return registry


def content(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_the_prior_serves_at_first(registry: Registry) -> None:
    """An empty registry serves the prior, has no history, and made no folder for it."""
    assert registry.current_version() == "prior"
    assert registry.load("prior").version == "prior"
    assert registry.promotions() == ()
    assert [(m.version, m.current) for m in registry.models(())] == [("prior", True)]
    assert not registry.root.exists()


def test_registering_does_not_promote(two: Registry) -> None:
    """New versions are listed behind the prior, can be read, and do not serve."""
    assert [(m.version, m.current) for m in two.models(())] == [("prior", True), ("a", False), ("b", False)]
    assert (two.load("a").version, two.card("b")) == ("a", "# Model b\n")
    assert two.models(())[1].created_at == "day a"
    assert (two.models(())[1].n_ratings, two.models(())[1].verdict) == (3, "better")


def test_a_version_is_never_overwritten(two: Registry, parameters: Parameters) -> None:
    """Registering a version that exists is refused and leaves every file as it was."""
    before = content(two.root)

    with pytest.raises(Conflict, match="a exists already"):
        two.register("a", parameters, {"n_ratings": 99}, "another card")

    assert content(two.root) == before


def test_promotion_moves_the_pointer_and_keeps_why(two: Registry) -> None:
    """Every move is kept with its time and reason, and the last one decides."""
    two.promote("a", "better: +0.1", MONDAY)
    two.promote("b", "by hand", TUESDAY)

    assert two.current_version() == "b"
    assert two.promotions() == (
        Promotion("a", "2026-11-23T18:00:00+00:00", "better: +0.1"),
        Promotion("b", "2026-11-24T18:00:00+00:00", "by hand"),
    )
    assert [m.version for m in two.models(()) if m.current] == ["b"]
    assert sorted(p.name for p in two.root.iterdir()) == ["a", "b", "current.json"]


def test_rollback_goes_one_back(two: Registry) -> None:
    """Rolling back returns to the version before, keeps the history, and says from where."""
    two.promote("a", "first", MONDAY)
    two.promote("b", "second", MONDAY)

    assert two.rollback(TUESDAY) == "a"

    assert two.current_version() == "a"
    assert [move.reason for move in two.promotions()] == ["first", "second", "rolled back from b"]


def test_rollback_from_the_first_promotion_is_to_the_prior(two: Registry) -> None:
    """Before the first promotion the prior served, so that is where rolling back leads; further it cannot."""
    two.promote("a", "first", MONDAY)

    assert two.rollback(TUESDAY) == "prior"
    assert two.current_version() == "prior"
    with pytest.raises(Conflict, match="nothing came before"):
        two.rollback(TUESDAY)


def test_rollback_skips_a_promotion_of_the_same_version(two: Registry) -> None:
    """A version that was promoted twice in a row does not roll back to itself."""
    two.promote("a", "first", MONDAY)
    two.promote("b", "second", MONDAY)
    two.promote("b", "again", MONDAY)

    assert two.rollback(TUESDAY) == "a"


def test_a_second_rollback_goes_further_back(two: Registry, parameters: Parameters) -> None:
    """Rolling back again never returns to what was rolled back from, and ends at the prior."""
    for version in ("a", "b"):
        two.promote(version, "better", MONDAY)

    assert [two.rollback(TUESDAY) for _ in range(2)] == ["a", "prior"]

    with pytest.raises(Conflict, match="nothing came before prior"):
        two.rollback(TUESDAY)
    two.register("c", parameters, {}, "")
    two.promote("c", "better", TUESDAY)
    assert two.rollback(TUESDAY) == "prior"


def test_a_model_that_was_given_up_may_be_promoted_again(two: Registry) -> None:
    """Once promoted anew, a model serves and is gone back to like any other, until rolled back from again."""
    two.promote("a", "first", MONDAY)
    two.promote("b", "second", MONDAY)
    two.rollback(MONDAY)
    two.promote("b", "it was not its fault", TUESDAY)
    two.promote("a", "compare", TUESDAY)

    assert [two.rollback(TUESDAY) for _ in range(2)] == ["b", "prior"]


def test_the_prior_is_the_last_to_go_back_to(two: Registry) -> None:
    """Even a prior that was rolled back from stays what everything leads back to."""
    two.promote("a", "first", MONDAY)
    two.promote("prior", "by hand", MONDAY)

    assert [two.rollback(TUESDAY) for _ in range(2)] == ["a", "prior"]
    with pytest.raises(Conflict, match="nothing came before"):
        two.rollback(TUESDAY)


@pytest.mark.parametrize(
    "version",
    [
        "../a",
        "..",
        ".",
        "",
        "a/../a",
        "./b/../a",
        ".c.draft",
        "current.json",
        "none",
        "a\0",
        "/",
        "../../shipped/prior",
    ],
)
def test_only_names_of_versions_are_versions(two: Registry, version: str) -> None:
    """Paths, drafts and names of nothing are not found, whatever one asks of them."""
    (two.root / ".c.draft").mkdir()
    two.promote("a", "first", MONDAY)
    for ask in (two.load, two.card, lambda v: two.promote(v, "trick", TUESDAY)):
        with pytest.raises(NotFound, match="rekindle models list"):
            ask(version)
    assert two.current_version() == "a"


def test_an_absolute_path_is_no_version(two: Registry, tmp_path: Path) -> None:
    """A whole path to a model elsewhere is not found."""
    with pytest.raises(NotFound):
        two.load(str(tmp_path / "shipped" / "prior"))


def test_a_half_written_version_is_no_model(two: Registry) -> None:
    """What a killed run left is neither listed nor loaded, and does not stop the next registration."""
    draft = two.root / ".c.draft"
    draft.mkdir()
    for file in (two.root / "a").iterdir():
        (draft / file.name).write_bytes(file.read_bytes())

    assert [m.version for m in two.models(())] == ["prior", "a", "b"]
    with pytest.raises(NotFound):
        two.load(".c.draft")
    two.register("c", two.load("a").parameters, {}, "")
    assert [m.version for m in two.models(())] == ["prior", "a", "b", "c"]


def test_what_was_not_signed_here_is_refused(two: Registry, parameters: Parameters) -> None:
    """A manifest that was changed, signed elsewhere or not at all is no model, however good its hashes."""
    manifest = two.root / "a" / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b'"better"', b'"best"'))
    write_artefact(two.root / "planted", "planted", parameters, {}, "")
    write_artefact(two.root / "foreign", "foreign", parameters, {}, "", b"another key")

    for version in ("a", "planted", "foreign"):
        with pytest.raises(ModelError, match=r"signature|signed"):
            two.promote(version, "looks good", MONDAY)
    assert two.current_version() == "prior"
    assert two.load("b").version == "b"


def test_the_key_is_the_owners_alone(two: Registry) -> None:
    """It lies beside the models, not among them, and nobody else may read it."""
    key = two.root.with_suffix(".key")

    assert len(key.read_bytes()) == 32
    assert key.stat().st_mode & 0o077 == 0


def test_a_damaged_version_is_not_promoted(two: Registry) -> None:
    """A version that cannot be read whole is refused, and the pointer stays where it was."""
    two.promote("a", "first", MONDAY)
    (two.root / "b" / "arrays.npz").write_bytes(b"damaged")

    with pytest.raises(ModelError, match=r"b.arrays\.npz"):
        two.promote("b", "second", TUESDAY)

    assert two.current_version() == "a"
    assert len(two.promotions()) == 1


def test_a_refused_promotion_leaves_the_current_model_serving(catalogue: Catalogue, two: Registry) -> None:
    """Serving goes on with the version that it had when a damaged one is put forward."""
    fitting = prior_parameters(load_prior(data_folder() / "prior.yaml"), catalogue)
    two.register("good", fitting, {}, "")
    two.register("bad", fitting, {}, "")
    two.promote("good", "first", MONDAY)
    serving = ServedModels(two, catalogue)
    assert serving.ready() == "good"

    (two.root / "bad" / "manifest.json").unlink()
    with pytest.raises(ModelError, match=r"bad.manifest\.json"):
        two.promote("bad", "second", TUESDAY)

    assert serving.ready() == "good"
    assert ServedModels(two, catalogue).ready() == "good"


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "{",
        "{}",
        "5",
        "null",
        '"prior"',
        "[1]",
        '[{"version": "a"}]',
        '[{"version": "a", "at": "", "reason": "", "x": 1}]',
    ],
)
def test_a_broken_pointer_says_so(two: Registry, broken: str) -> None:
    """A pointer that cannot be read names its file and what to do, rather than serving some model."""
    path = two.root / "current.json"
    path.write_text(broken, encoding="utf-8")

    for ask in (two.current_version, lambda: two.models(()), lambda: two.rollback(TUESDAY)):
        with pytest.raises(ModelError, match="delete it to serve the prior again") as failure:
            ask()
        assert str(path) in str(failure.value)
    path.unlink()
    assert two.current_version() == "prior"


def test_a_half_written_pointer_is_not_read(two: Registry) -> None:
    """A promotion that was killed while it wrote leaves the pointer as it was."""
    two.promote("a", "first", MONDAY)
    (two.root / ".current.json.draft").write_text('[{"version": "b"', encoding="utf-8")

    assert two.current_version() == "a"
    two.promote("b", "second", TUESDAY)
    assert [m["version"] for m in json.loads((two.root / "current.json").read_text())] == ["a", "b"]


def test_a_missing_card_says_so(two: Registry) -> None:
    """A version without its card names the file."""
    (two.root / "a" / "card.md").unlink()

    with pytest.raises(ModelError, match=r"a.card\.md"):
        two.card("a")


def test_what_was_trained_on_is_found(registry: Registry, parameters: Parameters) -> None:
    """The latest version of the same feedback and catalogue is found, a damaged one passed over."""
    for version, data, ideas in (("a", "d1", "c1"), ("b", "d1", "c1"), ("c", "d1", "c2"), ("d", "d2", "c1")):
        manifest = {"data_sha256": data, "catalogue_sha256": ideas}
        registry.register(version, parameters, manifest, "")

    assert registry.trained_on("d1", "c1") == "b"
    assert registry.trained_on("d1", "c2") == "c"
    assert registry.trained_on("d3", "c1") is None
    (registry.root / "b" / "manifest.json").write_text("{", encoding="utf-8")
    assert registry.trained_on("d1", "c1") == "a"


# Deleting


def taught(registry: Registry, parameters: Parameters, version: str, raters: list[str]) -> None:
    """Register a version that learned from some people."""
    manifest = {"verdict": "better", "raters": [rater_mark(rater) for rater in raters]}
    registry.register(version, parameters, manifest, "")


def test_those_taught_by_people_who_left_are_retired(registry: Registry, parameters: Parameters) -> None:
    """They are listed, then deleted; the newest other that served takes the place of one that serves."""
    taught(registry, parameters, "a", ["ana"])
    taught(registry, parameters, "b", ["ana", "bo"])
    taught(registry, parameters, "c", [])
    for version in ("a", "b"):
        registry.promote(version, "better", MONDAY)

    assert [m.to_retire for m in registry.models(("ana", "bo"))] == [False] * 4
    assert [m.version for m in registry.models(("ana",)) if m.to_retire] == ["b"]
    registry.retire(registry.taught_by_others_than(("ana",)), TUESDAY)

    assert registry.current_version() == "a"
    assert [m.version for m in registry.models(())] == ["prior", "a", "c"]
    assert "b is retired" in registry.promotions()[-1].reason
    assert sorted(path.name for path in registry.root.iterdir()) == ["a", "c", "current.json"]
    registry.retire(registry.taught_by_others_than(()), TUESDAY)
    assert registry.current_version() == "prior"
    with pytest.raises(Conflict):
        registry.rollback(TUESDAY)


def test_nobody_s_name_is_in_a_manifest(registry: Registry, parameters: Parameters) -> None:
    """What is kept of a rater does not hold their id."""
    taught(registry, parameters, "a", ["ana-the-partner"])

    assert "ana-the-partner" not in (registry.root / "a" / "manifest.json").read_text(encoding="utf-8")


def test_pruning_spares_what_serves_and_what_came_before(registry: Registry, parameters: Parameters) -> None:
    """Old versions go; the current, the one before it and the newest stay."""
    for version in "abcdef":
        taught(registry, parameters, version, [])
    for version in "bac":
        registry.promote(version, "better", MONDAY)

    assert registry.prune(1) == ("b", "d", "e")
    assert [m.version for m in registry.models(())] == ["prior", "a", "c", "f"]
    assert registry.prune(0) == ("f",)
    assert registry.rollback(TUESDAY) == "a"


def test_the_last_good_model_stays(
    catalogue: Catalogue, two: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    """A worker whose pointer comes to lead to damaged files serves on, says so once, and heals by itself."""
    models = ServedModels(two, catalogue)
    two.promote("a", "better", MONDAY)
    assert models.ready() == "a"
    two.promote("b", "better", TUESDAY)
    arrays = two.root / "b" / "arrays.npz"
    whole = arrays.read_bytes()
    arrays.write_bytes(b"")

    assert [models.ready(), models.ready()] == ["a", "a"]
    assert [record.message.split(":")[0] for record in caplog.records] == ["model a stays"]
    arrays.write_bytes(whole)
    assert models.ready() == "b"
    (two.root / "current.json").write_text("?")
    assert models.ready() == "b"

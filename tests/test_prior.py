"""The prior: it is what ``data/prior.yaml`` states, and the shipped artefact is up to date."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recommender.catalogue.bundled import data_folder, models_folder
from recommender.catalogue.library import Catalogue, load_catalogue
from recommender.errors import ModelError
from recommender.learning.artefact import read_artefact
from recommender.learning.shipped import write_prior
from recommender.preferences.features import encode_ideas
from recommender.preferences.model import Parameters
from recommender.preferences.prior import load_prior, prior_parameters


@pytest.fixture(scope="module")
def shipped_catalogue() -> Catalogue:
    """Return the catalogue that comes with Rekindle."""
    return load_catalogue()


@pytest.fixture(scope="module")
def stated() -> dict[str, Any]:
    """Return what ``data/prior.yaml`` says."""
    return load_prior(data_folder() / "prior.yaml")


@pytest.fixture(scope="module")
def parameters(stated: dict[str, Any], shipped_catalogue: Catalogue) -> Parameters:
    """Return the prior over the shipped catalogue."""
    return prior_parameters(stated, shipped_catalogue)


@pytest.fixture(scope="module")
def centred(parameters: Parameters, shipped_catalogue: Catalogue) -> np.ndarray:
    """Return the features of the shipped ideas, less their means."""
    table = encode_ideas(shipped_catalogue.ideas, shipped_catalogue.taxonomy)
    return np.asarray(table.matrix - table.matrix.mean(axis=0))


@pytest.mark.parametrize("name", [field.name for field in fields(Parameters)])
def test_the_shipped_prior_is_up_to_date(parameters: Parameters, name: str) -> None:
    """Every array of the shipped prior is what prior.yaml, quiz and catalogue give now."""
    shipped = getattr(read_artefact(models_folder() / "prior").parameters, name)
    stale = f"models/prior is stale ({name}); run make prior"
    expected = getattr(parameters, name)
    if name in ("idea_ids", "feature_names", "answer_names"):
        assert shipped == expected, stale
        return
    # Sums over the catalogue differ in their last digits between processors.
    np.testing.assert_allclose(shipped, expected, rtol=1e-9, atol=1e-12, err_msg=stale)


def test_the_shipped_prior_names_its_catalogue(shipped_catalogue: Catalogue) -> None:
    """The shipped manifest has the hash of the shipped catalogue and says that nobody's ratings are in it."""
    manifest = read_artefact(models_folder() / "prior").manifest

    assert manifest["catalogue_sha256"] == shipped_catalogue.content_hash, "run make prior"
    assert (manifest["version"], manifest["n_ratings"]) == ("prior", 0)


def test_writing_the_prior_replaces_it(tmp_path: Path, shipped_catalogue: Catalogue) -> None:
    """``make prior`` writes over the one there, with the same arrays each time."""
    folder = tmp_path / "prior"
    write_prior(folder, shipped_catalogue)
    first = (folder / "arrays.npz").read_bytes()
    (folder / "old").touch()

    write_prior(folder, shipped_catalogue)

    assert (folder / "arrays.npz").read_bytes() == first
    assert sorted(path.name for path in folder.iterdir()) == ["arrays.npz", "card.md", "manifest.json"]


def test_tastes_have_the_stated_spread(
    parameters: Parameters, centred: np.ndarray, stated: dict[str, Any]
) -> None:
    """Over the catalogue, the personal part of a rating has the stated spread, shared as stated."""
    couple, partner = (
        np.einsum("if,fg,ig->i", centred, cov[1:, 1:], centred).mean()
        for cov in (parameters.couple_cov, parameters.partner_cov)
    )

    assert np.sqrt(couple + partner) == pytest.approx(stated["taste"]["sd"])
    assert couple / (couple + partner) == pytest.approx(stated["taste"]["shared"])


def test_a_drawn_person_has_the_stated_spread(
    parameters: Parameters, centred: np.ndarray, stated: dict[str, Any], rng: np.random.Generator
) -> None:
    """2,000 people drawn from the prior like ideas with the stated spread, within 5 %."""
    cov = (parameters.couple_cov + parameters.partner_cov)[1:, 1:]
    weights = rng.normal(size=(2000, len(cov))) @ np.linalg.cholesky(cov).T

    assert np.sqrt(((weights @ centred.T) ** 2).mean()) == pytest.approx(stated["taste"]["sd"], rel=0.05)


def test_answers_have_the_stated_spread(
    parameters: Parameters, centred: np.ndarray, stated: dict[str, Any], rng: np.random.Generator
) -> None:
    """People who answer every question one way or the other are moved by the stated amount, within 5 %."""
    answers = rng.choice([-1.0, 1.0], size=(4000, parameters.fixed.shape[1] - 1))
    said = answers @ parameters.fixed[1:, 1:].T @ centred.T

    assert np.sqrt((said**2).mean()) == pytest.approx(stated["quiz"]["sd"], rel=0.05)
    assert not parameters.fixed[0, 1:].any()  # An answer says nothing about how generously someone rates.


def test_leniency_is_as_stated(parameters: Parameters, stated: dict[str, Any]) -> None:
    """The variance of a partner's level is the stated one, and the stated share of it is the couple's."""
    couple, partner = parameters.couple_cov[0, 0], parameters.partner_cov[0, 0]

    assert couple + partner == pytest.approx(stated["leniency"]["sd"] ** 2)
    assert couple / (couple + partner) == pytest.approx(stated["leniency"]["shared"])


def test_the_other_scales_are_as_stated(parameters: Parameters, stated: dict[str, Any]) -> None:
    """Level, idea effects, evenings and noise are the squares of what is written."""
    assert parameters.fixed[0, 0] == stated["level"]["mean"]
    for variance, section in (("effect_var", "idea"), ("shock_var", "evening"), ("noise_var", "noise")):
        assert getattr(parameters, variance) == pytest.approx(stated[section]["sd"] ** 2), section


def test_appeal_is_as_stated(parameters: Parameters, stated: dict[str, Any]) -> None:
    """Each tag of the list has its points, and no other tag any."""
    appeal = dict(zip(parameters.feature_names, parameters.fixed[1:, 0], strict=True))

    assert {name: points for name, points in appeal.items() if points} == {
        name: line["points"] for name, line in stated["appeal"].items()
    }


def test_every_number_has_its_reason(stated: dict[str, Any]) -> None:
    """Each section and each line of appeal says why."""
    sections = {name: section for name, section in stated.items() if name not in ("version", "appeal")}

    for name, section in {**sections, **stated["appeal"]}.items():
        assert len(section["why"]) > 20, name


def test_an_unknown_tag_is_refused(stated: dict[str, Any], shipped_catalogue: Catalogue) -> None:
    """Appeal for a tag that the taxonomy does not have is refused by its name."""
    mistaken = deepcopy(stated)
    mistaken["appeal"]["interaction=telepathic"] = {"points": 0.1, "why": "a slip"}

    with pytest.raises(ModelError, match="interaction=telepathic"):
        prior_parameters(mistaken, shipped_catalogue)


@pytest.mark.parametrize("content", [None, "level: ["])
def test_a_prior_that_cannot_be_read(tmp_path: Path, content: str | None) -> None:
    """A missing or broken file is named with what to do."""
    path = tmp_path / "prior.yaml"
    if content is not None:
        path.write_text(content, encoding="utf-8")

    with pytest.raises(ModelError, match="restore the file") as failure:
        load_prior(path)

    assert str(path) in str(failure.value)


def test_ideas_that_are_all_alike(stated: dict[str, Any], catalogue: Catalogue) -> None:
    """A catalogue whose ideas have the same tags, asked about by a quiz without tags, has a finite prior."""
    alike = prior_parameters(stated, catalogue)

    assert all(
        np.isfinite(np.asarray(getattr(alike, f.name))).all()
        for f in fields(Parameters)
        if "names" not in f.name and f.name != "idea_ids"
    )
    assert np.linalg.eigvalsh(alike.couple_cov).min() > 0

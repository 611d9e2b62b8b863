"""What contributors are shown how to add is added, to a copy, and does what they are told."""

from __future__ import annotations

import doctest
import shutil
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from recommender.catalogue.bundled import data_folder
from recommender.catalogue.library import load_catalogue
from recommender.learning.evaluation import contenders
from recommender.learning.snapshot import idea_frame
from tests.contracts import LearnsTastes, RecommenderContract
from tests.guides import ROOT, claim, make, reader, run, steps

GUIDE = "CONTRIBUTING.md"
IDEA = claim(GUIDE, "yaml", "- id: the-drawer-of-keys")
CHECK = claim(GUIDE, "console")
FACET = claim(GUIDE, "yaml", "daylight")
QUESTION = claim(GUIDE, "yaml", "kind: pair")
MODEL = claim(GUIDE, "python", "class NearestIdeaRecommender")
CONTRACT = claim(GUIDE, "python", "class TestNearestIdea")
CONTENDER = claim(GUIDE, "python", "CONTENDERS[")
METRIC = claim(GUIDE, "python", "def reciprocal_rank")

ADDED: dict[str, Any] = {}
exec(MODEL.text + CONTRACT.text, ADDED)


class TestTheModelOfTheGuide(ADDED["TestNearestIdea"]):  # type: ignore[misc, name-defined]
    """The class that the guide writes, collected here."""


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the catalogue to add to."""
    return Path(shutil.copytree(data_folder(), tmp_path / "data"))


def test_the_test_of_the_guide_s_model_is_the_contract() -> None:
    """It inherits every promise."""
    assert issubclass(TestTheModelOfTheGuide, LearnsTastes)
    assert issubclass(TestTheModelOfTheGuide, RecommenderContract)


def test_an_idea(tmp_path: Path) -> None:
    """The idea that is shown passes every check that an idea must pass, and the prior is made with it."""
    for name in ("Makefile", "data", "models", "recommender"):
        copy = shutil.copy if (ROOT / name).is_file() else shutil.copytree
        copy(ROOT / name, tmp_path / name)
    data, manifest = tmp_path / "data", tmp_path / "models" / "prior" / "manifest.json"
    ideas = data / "ideas" / "home_project.yaml"
    ideas.write_text(f"{ideas.read_text()}\n{IDEA.text}")
    check, prior = (step.command for step in steps(CHECK))
    before = manifest.read_text()

    run(check, tmp_path, reader(tmp_path, REKINDLE_CATALOGUE=str(data)))
    run(make(*prior.split()[1:]), tmp_path, reader(tmp_path))

    assert "the-drawer-of-keys" in load_catalogue(data).by_id
    assert manifest.read_text() != before


def test_a_facet(copied: Path) -> None:
    """With a value in every idea it passes the checks, and is a feature."""
    taxonomy = copied / "taxonomy.yaml"
    taxonomy.write_text(f"{taxonomy.read_text().rstrip()}\n{FACET.text}")
    for path in (copied / "ideas").iterdir():
        ideas = yaml.safe_load(path.read_text())
        for idea in ideas:
            idea["tags"]["daylight"] = "either"
        path.write_text(yaml.safe_dump(ideas, allow_unicode=True, sort_keys=False))

    run("rekindle ideas check", copied, reader(copied, REKINDLE_CATALOGUE=str(copied)))

    assert any("daylight" in name for name in idea_frame(load_catalogue(copied)).columns)


def test_a_question(copied: Path) -> None:
    """It passes the checks and is asked."""
    quiz = copied / "quiz.yaml"
    quiz.write_text(f"{quiz.read_text().rstrip()}\n{QUESTION.text}")

    run("rekindle ideas check", copied, reader(copied, REKINDLE_CATALOGUE=str(copied)))

    assert "weather" in {question.question_id for question in load_catalogue(copied).quiz}


def test_a_contender(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line in the table is all that an evaluation needs to know of it."""
    monkeypatch.setattr(contenders, "CONTENDERS", dict(contenders.CONTENDERS))
    exec(CONTENDER.text, dict(ADDED))

    model = contenders.chosen(["nearest_idea"])["nearest_idea"].make()

    ratings = pd.DataFrame({"partner_id": ["p", "p"], "idea_id": ["a", "b"], "rating": [5.0, 1.0]})
    features = pd.DataFrame({"x": [0.0, 1.0, 0.1]}, index=["a", "b", "c"])
    model.set_params(n_neighbours=1).fit(ratings, features)
    np.testing.assert_array_equal(model.predict(pd.DataFrame({"partner_id": ["p"], "idea_id": ["c"]})), [5.0])


def test_a_metric() -> None:
    """Its own example holds."""
    module = ModuleType("added")
    exec(METRIC.text, module.__dict__)

    done = doctest.testmod(module)

    assert done.attempted == 1
    assert done.failed == 0

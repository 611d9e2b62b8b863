"""Ratings of a simulated town as a data set to judge on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from recommender.catalogue.library import Catalogue, load_catalogue
from recommender.cli import main
from recommender.learning.evaluation.simulated import simulated
from recommender.learning.evaluation.town import MOOD_SD, NOISE_SD, build_town


@pytest.fixture(scope="module")
def shipped() -> Catalogue:
    """Return the catalogue that comes with Rekindle."""
    return load_catalogue()


def test_both_partners_rate_each_date(shipped: Catalogue) -> None:
    """Couples go on as many dates as asked for, none twice; both rate all of them, in whole numbers."""
    data = simulated(shipped, n_couples=4, n_dates=6)
    ratings = data.ratings
    assert ratings.groupby("couple_id")["partner_id"].nunique().tolist() == [2] * 4
    assert not ratings.duplicated(["partner_id", "idea_id"]).any()
    both = ratings.groupby(["couple_id", "idea_id"])["partner_id"].nunique()
    assert len(both) == 4 * 6
    assert (both == 2).all()
    assert set(ratings["rating"]) <= {1.0, 2.0, 3.0, 4.0, 5.0}
    assert data.partners is not None
    assert set(data.partners.index) == set(ratings["partner_id"])
    assert set(ratings["idea_id"]) <= set(data.ideas.index)
    assert data.source.startswith("Simulated")


def test_ratings_follow_what_is_true(shipped: Catalogue) -> None:
    """Enjoyment and ratings correlate as mood, noise and rounding to whole numbers leave them."""
    data = simulated(shipped, n_couples=60)
    town = build_town(shipped, 60, seed=0)
    at = {idea.idea_id: column for column, idea in enumerate(shipped.ideas)}
    person = data.ratings["partner_id"].to_numpy()
    columns = np.array([at[idea_id] for idea_id in data.ratings["idea_id"]])
    felt = town.enjoyment[person // 2, person % 2, columns]
    disturbed = MOOD_SD**2 + NOISE_SD**2 + 1 / 12
    expected = np.sqrt(felt.var() / (felt.var() + disturbed))
    assert np.corrcoef(felt, data.ratings["rating"])[0, 1] == pytest.approx(expected, abs=0.03)


def test_the_command_needs_no_folder(tmp_path: Path) -> None:
    """The town is judged by its name, and the figures say that it is simulated."""
    words = "evaluate --dataset simulated --protocol new_partners --models item_mean --train-partners 20"
    main([*words.split(), "--seeds", "1", "--jobs", "1", "--out", str(tmp_path)], standalone_mode=False)
    about = json.loads((tmp_path / "metrics.json").read_text(encoding="utf-8"))
    assert about["source"].startswith("Simulated")

"""What past dates add up to."""

import numpy as np
import pytest

from recommender.service import Deployment, freshness_of
from tests.api_world import with_shipped_catalogue


def test_freshness_is_what_is_unlike_everything_before(deployment: Deployment) -> None:
    """The first is all new, the same again not at all, another as unlike as the nearest before it."""
    d = with_shipped_catalogue(deployment)
    one, two, three = (idea.idea_id for idea in d.table.ideas[:3])
    alike = np.clip(d.table.directions[:3] @ d.table.directions[:3].T, 0, 1)
    expected = [1, 1 - alike[0, 1], 0, 1, 1 - max(alike[0, 2], alike[1, 2])]
    assert freshness_of(d, [one, two, one, "gone", three]) == pytest.approx(expected, abs=1e-6)


def test_no_dates_no_freshness(deployment: Deployment) -> None:
    """Before the first date there is nothing to tell."""
    assert freshness_of(deployment, []) == []

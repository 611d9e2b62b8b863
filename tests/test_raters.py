"""What an idea's raters tell of it: how many, and who."""

import numpy as np
import pandas as pd
import pytest

from recommender.preferences.frames import idea_rows
from recommender.preferences.raters import DOUBT, with_raters


def told(ideas: pd.DataFrame, ratings: pd.DataFrame) -> pd.DataFrame:
    """Return what the raters of these ratings tell of ideas."""
    partner, _ = pd.factorize(ratings["partner_id"])
    return with_raters(ideas, partner, idea_rows(ideas, ratings["idea_id"]))


def test_how_many_rated_an_idea_is_expected_of_ideas_that_nobody_rated() -> None:
    """Loud ideas have nine raters each, others three: a new loud one counts as about nine."""
    ideas = pd.DataFrame({"loud": [1.0, 0.0] * 40}, index=[f"i{at}" for at in range(80)])
    rated = [
        (person, idea) for idea, loud in ideas["loud"][:60].items() for person in range(9 if loud else 3)
    ]
    ratings = pd.DataFrame(rated, columns=["partner_id", "idea_id"]).assign(rating=3.0)
    raters = told(ideas, ratings)["raters"]
    np.testing.assert_allclose(raters[:60], np.log([9, 3] * 30))
    np.testing.assert_allclose(raters[60:], np.log([9, 3] * 10), atol=0.02)
    assert (told(ideas, ratings[:0])["raters"] == 0).all()
    without = told(ideas[[]], ratings)["raters"]
    np.testing.assert_allclose(without[60:], np.log([9, 3]).mean())


def crowds(n_people: int, names: str = "ab") -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return ideas without features, and what crowds of so many people each rated.

    Everybody rates the five ideas of their crowd, one that all rate, and one that nobody else does.
    """
    rated = [
        (f"{crowd}{person}", idea, 3.0)
        for crowd in names
        for person in range(n_people)
        for idea in (*(f"{crowd}:{at}" for at in range(5)), "all", f"{crowd}:{person}:own")
    ]
    ratings = pd.DataFrame(rated, columns=["partner_id", "idea_id", "rating"])
    return pd.DataFrame(index=ratings["idea_id"].unique()), ratings


def test_ideas_that_the_same_people_took_up_lie_together() -> None:
    """Ideas of one crowd lie at one place, those of the other opposite, what all rated between them."""
    ideas, ratings = crowds(40)
    places = told(ideas, ratings)["raters:1"]
    of_a, of_b, lone = places["a:0":"a:4"], places["b:0":"b:4"], places["a:7:own"]  # type: ignore[misc]
    np.testing.assert_allclose(of_a, of_a.iloc[0])
    np.testing.assert_allclose(of_b, -of_a.iloc[0])
    assert abs(places["all"]) < 1e-9 < abs(of_a.iloc[0])
    # One rater beside DOUBT average ones, against forty of the same place.
    np.testing.assert_allclose(lone / of_a.iloc[0], (1 / (1 + DOUBT)) / (40 / (40 + DOUBT)))


@pytest.mark.parametrize(("n_people", "n_axes"), [(9, 0), (10, 1), (20, 2), (40, 3)])
def test_there_are_no_more_axes_than_people_and_crowds_can_tell(n_people: int, n_axes: int) -> None:
    """Four crowds differ in three ways, and each way takes forty people."""
    names = list(told(*crowds(n_people, "abcd")))
    assert names == ["raters", *(f"raters:{at + 1}" for at in range(n_axes))]


def test_who_rated_says_nothing_where_everybody_picks_by_chance() -> None:
    """Two hundred people with ten ideas each, drawn from fifty."""
    rng = np.random.default_rng(1)
    rated = [(person, idea, 3.0) for person in range(200) for idea in rng.choice(50, 10, replace=False)]
    ratings = pd.DataFrame(rated, columns=["partner_id", "idea_id", "rating"])
    assert list(told(pd.DataFrame(index=range(50)), ratings)) == ["raters"]


def test_what_they_thought_is_not_looked_at() -> None:
    """The same people with other ratings, in another order, put ideas in the same place."""
    ideas, ratings = crowds(40)
    other = ratings.assign(rating=ratings.index % 5 + 1.0).sample(frac=1, random_state=0)
    here, there = (np.abs(told(ideas, given)[["raters", "raters:1"]]) for given in (ratings, other))
    np.testing.assert_allclose(here, there, atol=1e-8)

"""Ideas are found by words, tags, cost and minutes."""

from __future__ import annotations

from typing import Any

import pytest

from recommender.catalogue.search import IdeaQuery, search_ideas
from recommender.domain import Idea, Prompts, Tags


def idea(idea_id: str, title: str, *, tags: Tags | None = None, **fields: Any) -> Idea:
    """Return an idea in which only what is given matters."""
    known: dict[str, Any] = {
        "pitch": "",
        "steps": (),
        "typical_cost": 0.0,
        "minutes": 30,
        "versions": {},
        "plan_b": "",
        "prompts": Prompts("", ""),
    }
    return Idea(idea_id, title, tags=tags or {}, **(known | fields))


IDEAS = (
    idea("clay", "Clay and rain", steps=("Press your thumbs in.",), typical_cost=12, minutes=90),
    idea("café", "Crème at the café", tags={"weather": ("rainy_bonus",), "season": ("any",)}),
    idea("walk", "A walk", pitch="Let the rain choose.", tags={"season": ("winter", "spring")}, minutes=60),
    idea(
        "party",
        "A party of two",
        steps=("Dance until it would rain.",),
        tags={"season": ("summer",), "weather": ("any",)},
    ),
)


def found(**query: Any) -> list[str]:
    """Return the ids found, in order."""
    return [idea.idea_id for idea in search_ideas(IDEAS, IdeaQuery(**query))]


def test_no_query_gives_everything_by_id() -> None:
    """Without limits every idea comes, by its id."""
    assert found() == ["café", "clay", "party", "walk"]


def test_title_before_pitch_before_the_rest() -> None:
    """A word in the title beats one in the pitch, which beats one in steps or tags; ties go by id."""
    assert found(text="rain") == ["clay", "walk", "café", "party"]


def test_every_word_must_occur() -> None:
    """Words are joined by "and", wherever in the idea each occurs."""
    assert found(text="rain thumbs") == ["clay"]
    assert found(text="rain elephants") == []


@pytest.mark.parametrize("text", ["CAFE", "café", "Cafe\u0301", "creme cafe", " cafe, "])
def test_case_accents_and_commas_do_not_count(text: str) -> None:
    """However it is typed, the same idea is found."""
    assert found(text=text) == ["café"]


def test_words_match_from_their_beginning() -> None:
    """The beginning of a word is enough; its middle is not."""
    assert found(text="par") == ["party"]
    assert found(text="art") == []


def test_tags_are_found_as_words() -> None:
    """A tag's name can be searched for in words."""
    assert found(text="rainy bonus") == ["café"]


@pytest.mark.parametrize("text", ["", "   ", "?!"])
def test_text_without_words_is_no_limit(text: str) -> None:
    """Nothing to look for finds everything."""
    assert len(found(text=text)) == 4


def test_any_of_the_values_of_every_facet() -> None:
    """One value of each facet is enough; all year is every season, but any weather is not snow."""
    assert found(tags={"season": ("winter", "summer")}) == ["café", "party", "walk"]
    assert found(tags={"season": ("winter",), "weather": ("rainy_bonus",)}) == ["café"]
    assert found(tags={"weather": ("snow",)}) == []


def test_limits_are_inclusive() -> None:
    """What costs or lasts exactly as much as allowed is found."""
    assert found(cost_max=12, minutes_max=90) == ["café", "clay", "party", "walk"]
    assert found(cost_max=11.5) == ["café", "party", "walk"]
    assert found(minutes_max=59) == ["café", "party"]

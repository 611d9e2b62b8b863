"""Ideas are found by words, tags, cost and minutes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from recommender.catalogue.library import Catalogue, load_catalogue
from recommender.catalogue.meanings import Meanings, bundled_meanings, load_meanings
from recommender.catalogue.search import IdeaQuery, search_ideas
from recommender.domain import Idea, Prompts, Tags
from recommender.errors import CatalogueError


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


WANTED: dict[str, Tags] = {
    "rainy cheap pottery": {"weather": ("any", "rainy_bonus"), "cost": ("free", "low")},
    "something cheap for a rainy day": {"weather": ("any", "rainy_bonus"), "cost": ("free", "low")},
    "free": {"cost": ("free",)},
    "fancy dinner out": {"cost": ("high", "splurge"), "food": ("meal_out",)},
    "kids outside": {"kids": ("welcome",), "setting": ("outdoor",)},
    "with friends, no alcohol": {"alcohol": ("none",), "company": ("with_friends",)},
    "wheelchair museum": {"mobility": ("seated", "step_free"), "domain": ("culture_history",)},
    "tonight at home": {
        "lead_time": ("now",), "time_of_day": ("evening", "late", "any"), "place": ("home",)
    },
    "quick deep talk": {"duration": ("micro",), "talk_depth": ("personal", "tender")},
    "Long-distance film": {"together": ("remote_ok", "remote_only")},
    "no phones, no touching": {"screen": ("phone_free",), "touch": ("none",)},
    "starry winter": {"weather": ("clear_sky",), "season": ("winter", "any")},
    "tired, after bedtime": {"energy": ("rest", "low"), "kids": ("asleep",)},
    "learn something new with a class": {"novelty": ("new",)},
    "make up after a row": {"talk_depth": ("repair",)},
    "weekend away": {"duration": ("overnight",)},
}  # fmt: skip
"""What people type, and the tags that every one of the first ten must have: by hand, from the taxonomy."""


@pytest.fixture(scope="module")
def shipped() -> Catalogue:
    """Return the catalogue that comes with Rekindle."""
    return load_catalogue()


@pytest.mark.parametrize("text", WANTED)
def test_words_meet_tags(text: str, shipped: Catalogue) -> None:
    """What is typed in everyday words finds ideas by their tags."""
    first = search_ideas(shipped.ideas, IdeaQuery(text), bundled_meanings())[:10]
    assert first, "nothing found"
    for idea in first:
        for facet, values in WANTED[text].items():
            assert set(idea.tags[facet]) & set(values), (idea.idea_id, facet)


def test_a_limit_is_told_by_tags_alone() -> None:
    """A search for "free" is not met by an idea that says so of screens; one for a craft is, but later."""
    meanings = Meanings({"cost": {"free": "free"}}, {"domain": {"arts_crafts": "craft"}}, "")
    ideas = (
        idea("dear", "Free of screens", tags={"cost": ("high",), "screen": ("phone_free",)}),
        idea("free", "A walk", tags={"cost": ("free",)}),
        idea("made", "A box", tags={"cost": ("low",), "domain": ("arts_crafts",)}),
        idea("said", "Craft a sentence", tags={"cost": ("low",), "domain": ("writing_reflection",)}),
    )
    assert [one.idea_id for one in search_ideas(ideas, IdeaQuery("Free"), meanings)] == ["free"]
    assert [one.idea_id for one in search_ideas(ideas, IdeaQuery("craft"), meanings)] == ["made", "said"]


def test_phrases_come_before_their_words() -> None:
    """The longest phrase counts, and words that say nothing are passed over."""
    meanings = Meanings({"kids": {"welcome": "kids", "asleep": "kids asleep"}}, {}, "the, with")
    assert [one.word for one in meanings.sought("With the kids asleep, kids")] == ["kids asleep", "kids"]
    assert meanings.sought("the the") == []


def test_a_meaning_must_be_a_tag(tmp_path: Path, shipped: Catalogue) -> None:
    """A word for a tag that does not exist is a fault with its line."""
    path = tmp_path / "search.yaml"
    path.write_text("version: 1\nlimits:\n  cost: {cheep: cheap}\ntastes: {}\nignored: a\n", encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"search\.yaml:3 limits\.cost.*cheep"):
        load_meanings(path, shipped.taxonomy)

"""Why this idea: terms that sum to the score, in words that the idea bears out, each for whom it is of."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.domain import Reason
from recommender.planning.reasons import EXTRA_WORDS, Extras, reasons_of, tag_label
from recommender.preferences.model import Contributions
from tests.planning_world import idea, served_prior, table_of

NOTHING = Extras(balance=0.0, freshness=0.0, shown=0.0, goals=0.0, care=0.0, variety=0.0)
TABLE = table_of(
    idea("a", play="silly", domain=("nature", "animals"), touch="none"), idea("b", touch="intimate")
)
NAMES = TABLE.features.names
BOTH = ("robin", "sam")


def terms(
    *,
    level: float = 3.5,
    leniency: tuple[float, float] = (0.0, 0.0),
    effect: float = 0.0,
    kindred: tuple[float, float] = (0.0, 0.0),
    appeal: dict[str, float] | None = None,
    answers: dict[str, tuple[float, float]] | None = None,
    taste: dict[str, tuple[float, float]] | None = None,
) -> Contributions:
    """Return the terms of two partners; features not named add nothing."""

    def matrix(told: dict[str, tuple[float, float]]) -> np.ndarray:
        return np.array([[told.get(name, (0.0, 0.0))[p] for name in NAMES] for p in range(2)])

    return Contributions(
        level=level,
        leniency=np.array(leniency),
        effect=effect,
        kindred=np.array(kindred),
        appeal=np.array([(appeal or {}).get(name, 0.0) for name in NAMES]),
        answers=matrix(answers or {}),
        taste=matrix(taste or {}),
    )


def told(given: Contributions, extras: Extras = NOTHING) -> list[tuple[str | None, str, str, float]]:
    """Return the reasons of idea ``a``: whose each is, its kind, words and points."""
    expected = float(given.total().mean())
    found = reasons_of(TABLE, 0, given, BOTH, expected, extras)
    assert sum(r.contribution for r in found) == pytest.approx(
        expected + sum(getattr(extras, f.name) for f in fields(extras)), abs=1e-9
    )
    return [(r.partner_id, r.kind, r.text, pytest.approx(r.contribution)) for r in found]


LEVEL = (None, "level", "Where any date starts for you two.", 3.5)
ANSWERS_REST = "The rest of what your answers say."
TASTE_REST = "The rest of what your past dates say."


def test_the_level_alone() -> None:
    """Where nothing speaks for or against, only the start is told; leniency is part of it, averaged."""
    assert told(terms()) == [LEVEL]
    assert told(terms(level=3.0, leniency=(0.2, 0.8))) == [LEVEL]


def test_a_tag_that_speaks_for_it_is_voiced_for_each() -> None:
    """A strong tag is named to each partner with their own share of the average; the level comes last."""
    assert told(terms(taste={"domain=nature": (0.4, 0.2)})) == [
        ("robin", "taste", "Like dates you enjoyed: nature.", 0.2),
        ("sam", "taste", "Like dates you enjoyed: nature.", 0.1),
        LEVEL,
    ]


def test_an_ordinal_is_voiced_as_the_idea_has_it() -> None:
    """An ordinal's words are those of the idea's own value."""
    assert told(terms(answers={"play": (0.0, 0.1), "touch": (0.0, 0.3)})) == [
        ("sam", "answers", "It suits your answers: no touch, silly.", 0.2),
        LEVEL,
    ]


def test_what_the_idea_is_not_is_never_voiced() -> None:
    """A tag that the idea lacks adds its part to the rest, unnamed."""
    assert told(terms(taste={"domain=food_drink": (0.5, 0.5)})) == [
        (None, "taste_rest", TASTE_REST, 0.5),
        LEVEL,
    ]


def test_only_two_tags_a_kind_are_voiced() -> None:
    """The two strongest are named in one sentence and the third goes with the rest."""
    taste = {"domain=nature": (0.1, 0.0), "domain=animals": (0.3, 0.0), "play": (0.2, 0.0)}
    assert told(terms(taste=taste)) == [
        ("robin", "taste", "Like dates you enjoyed: animals, silly.", 0.25),
        (None, "taste_rest", TASTE_REST, 0.05),
        LEVEL,
    ]


def test_nothing_is_said_twice_in_other_words() -> None:
    """Of two tags whose words begin alike only the stronger is named; the other goes with the rest."""
    answers = {"domain=arts_crafts": (0.3, 0.0), "creativity": (0.2, 0.0), "play": (0.1, 0.0)}
    table = table_of(idea("a", domain=("arts_crafts",), creativity="central", play="silly"))
    names = table.features.names
    points = np.array([[answers.get(name, (0.0, 0.0))[p] for name in names] for p in range(2)])
    nothing = np.zeros_like(points)
    given = Contributions(3.5, np.zeros(2), 0.0, np.zeros(2), nothing, points, nothing)
    found = reasons_of(table, 0, given, BOTH, 3.8, NOTHING)
    assert [(r.kind, r.text) for r in found[:2]] == [
        ("answers", "It suits your answers: making things by hand, silly."),
        ("answers_rest", ANSWERS_REST),
    ]
    assert sum(r.contribution for r in found) == pytest.approx(3.8)


def test_small_and_negative_parts_are_not_voiced() -> None:
    """A share under 0.02 points, or against the idea, gets no sentence of its own."""
    taste = {"domain=nature": (0.03, 0.02), "domain=animals": (-0.4, -0.2)}
    assert told(terms(taste=taste)) == [(None, "taste_rest", TASTE_REST, -0.275), LEVEL]


def test_what_speaks_to_one_is_voiced_for_that_one_alone() -> None:
    """A tag in one partner's answers or dates is no sentence of the other's, nor of both."""
    given = terms(taste={"play": (0.6, 0.0)}, answers={"touch": (-0.1, 0.5)})
    assert told(given) == [
        ("robin", "taste", "Like dates you enjoyed: silly.", 0.3),
        ("sam", "answers", "It suits your answers: no touch.", 0.25),
        (None, "answers_rest", ANSWERS_REST, -0.05),
        LEVEL,
    ]


def test_appeal_and_the_idea_itself() -> None:
    """General appeal is one sum over features, the idea's own effect another, people alike a third."""
    found = told(terms(appeal={"play": 0.1, "touch": -0.3}, effect=0.4, kindred=(0.5, 0.1)))
    assert [(kind, points) for _, kind, _, points in found] == [
        ("idea", 0.4),
        ("kindred", 0.3),
        ("appeal", -0.2),
        ("level", 3.5),
    ]


def test_the_most_telling_comes_first() -> None:
    """Reasons fall by what they add, with the level last whatever it is."""
    extras = Extras(balance=-0.5, freshness=0.2, shown=-0.3, goals=0.15, care=0.05, variety=-0.1)
    kinds = [kind for _, kind, _, _ in told(terms(taste={"play": (0.2, 0.0)}), extras)]
    assert kinds == ["freshness", "goals", "taste", "care", "variety", "shown", "balance", "level"]


def test_every_extra_has_words() -> None:
    """Each part of a score that is not expected rating can be told."""
    assert set(EXTRA_WORDS) == {f.name for f in fields(Extras)}


def test_a_model_without_terms() -> None:
    """Its expectation is told as one term, with the extras beside it."""
    found = reasons_of(TABLE, 0, None, BOTH, 3.9, replace(NOTHING, freshness=0.2))
    assert found == (
        Reason("expected", EXPECTED, 3.9),
        Reason("freshness", "It is fresh to you two.", 0.2),
    )


EXPECTED = "What others made of it."


@pytest.mark.parametrize(
    ("feature", "label"), [("domain=animals", "animals"), ("play", "silly"), ("cost", "free")]
)
def test_labels(feature: str, label: str) -> None:
    """A feature's words are the taxonomy's label of the value the idea has."""
    assert tag_label(TABLE, 0, feature) == label


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000), alone=st.booleans())
def test_reasons_sum_to_the_score(seed: int, alone: bool) -> None:
    """Whatever the terms, reasons sum to expectation and extras to 1e-9, and name only the idea's tags."""
    rng = np.random.default_rng(seed)
    table = served_prior().table
    row = int(rng.integers(len(table.ideas)))
    n_partners, n = (1, len(table.features.names)) if alone else (2, len(table.features.names))
    x = table.features.matrix[row]
    given = Contributions(
        float(rng.normal(3.5)),
        rng.normal(size=n_partners),
        float(rng.normal()),
        rng.normal(size=n_partners),
        x * rng.normal(size=n) * 0.2,
        *(x * rng.normal(size=(n_partners, n)) * 0.2 for _ in range(2)),
    )
    extras = Extras(*rng.normal(size=6))
    expected = float(given.total().mean())
    found = reasons_of(table, row, given, BOTH[:n_partners], expected, extras)
    score = expected + sum(getattr(extras, f.name) for f in fields(extras))
    assert sum(reason.contribution for reason in found) == pytest.approx(score, abs=1e-9)
    it = table.ideas[row]
    facets = table.taxonomy.facets.values()
    own = {v.label for f in facets for v in f.values if v.name in it.tags[f.name]}
    for reason in found:
        if reason.kind in ("answers", "taste"):
            words = reason.text.partition(": ")[2]
            assert words.removesuffix(".") in own | {f"{one}, {other}" for one in own for other in own}

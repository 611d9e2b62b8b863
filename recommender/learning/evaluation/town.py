"""A simulated town: couples whose true enjoyment is known, because we made it up.

Its truth does not share the model's form. A person likes an idea by the best of its tags in each facet, not
by their sum; what they dislike weighs double; two facets can spoil or save each other; likings saturate;
every couple finds some ideas better or worse for no reason that a tag knows; evenings have moods; ratings are
whole numbers. Nothing in it comes from people: use it to compare policies, never to claim what couples feel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from types import MappingProxyType

import numpy as np

from recommender.catalogue.library import Catalogue
from recommender.domain import AnswerValue, Boundaries, Circumstances, Option, Question, Slot, Tags


@dataclass(frozen=True, slots=True)
class World:
    """What kind of couples live in a town.

    Attributes
    ----------
    shared : float
        Correlation of two partners' tastes, -1 to 1.
    rates : tuple of two floats
        How likely each partner is to rate a date.
    """

    shared: float = 0.5
    rates: tuple[float, float] = (1.0, 1.0)


WORLDS: Mapping[str, World] = MappingProxyType(
    {
        "typical": World(),
        "similar": World(shared=0.85),
        "divergent": World(shared=-0.3),
        "one_sided": World(rates=(1.0, 0.1)),
    }
)
"""By name; in the last one partner hardly ever rates."""

TASTE_SCALE = 0.32
QUALITY_SD = 0.25
QUIRK_SD = 0.35
SPOIL = 0.5
MOOD_SD = 0.4
NOISE_SD = 0.6
DISLIKE = 2.0
TASTE_FACETS_TIER = "ranking"


@dataclass(frozen=True, slots=True)
class Town:
    """Everyone's true enjoyment of everything.

    Attributes
    ----------
    enjoyment : ndarray of shape (n_couples, 2, n_ideas)
        True expected enjoyment, 1 to 5, before moods and rounding.
    answers, boundaries : tuples of shape (n_couples, 2)
    circumstances : tuple of shape (n_couples,)
    world : World
    """

    enjoyment: np.ndarray
    answers: tuple[tuple[Mapping[str, AnswerValue], ...], ...]
    boundaries: tuple[tuple[Boundaries, ...], ...]
    circumstances: tuple[Circumstances, ...]
    world: World


def build_town(catalogue: Catalogue, n_couples: int, seed: int, world: World = WORLDS["typical"]) -> Town:
    """Return a town of couples over the ideas of ``catalogue``; the same seed gives the same town."""
    rng = np.random.default_rng(seed)
    tastes = _tastes(catalogue, n_couples, world.shared, rng)
    return Town(
        enjoyment=_enjoyment(catalogue, tastes, rng),
        answers=tuple(
            tuple(_answer_quiz(catalogue.quiz, _of_person(tastes, c, p), rng) for p in range(2))
            for c in range(n_couples)
        ),
        boundaries=tuple(tuple(_boundaries(rng) for _ in range(2)) for _ in range(n_couples)),
        circumstances=tuple(_circumstances(rng) for _ in range(n_couples)),
        world=world,
    )


def rate(enjoyment: np.ndarray, rng: np.random.Generator) -> tuple[int, ...]:
    """Return both partners' whole-number ratings of one evening with one mood.

    Parameters
    ----------
    enjoyment : ndarray of shape (2,)
        True expected enjoyment of each.
    """
    mood = rng.normal(0, MOOD_SD)
    felt = enjoyment + mood + rng.normal(0, NOISE_SD, size=len(enjoyment))
    return tuple(int(value) for value in np.clip(np.rint(felt), 1, 5))


Tastes = Mapping[str, Mapping[str, np.ndarray]]
"""Facet to value to taste, shape (n_couples, 2)."""


def _tastes(catalogue: Catalogue, n_couples: int, shared: float, rng: np.random.Generator) -> Tastes:
    """Return heavy-tailed tastes: most people care about few things, and about those a lot."""
    sides = np.array([1.0, 1.0 if shared >= 0 else -1.0])

    def draw() -> np.ndarray:
        couple = rng.standard_t(4, size=(n_couples, 1))
        own = rng.standard_t(4, size=(n_couples, 2))
        return TASTE_SCALE * (np.sqrt(abs(shared)) * sides * couple + np.sqrt(1 - abs(shared)) * own)

    return {
        facet.name: {value: draw() for value in facet.names}
        for facet in catalogue.taxonomy.facets.values()
        if facet.tier == TASTE_FACETS_TIER
    }


def _of_person(tastes: Tastes, couple: int, partner: int) -> dict[str, dict[str, float]]:
    return {
        facet: {value: float(taste[couple, partner]) for value, taste in values.items()}
        for facet, values in tastes.items()
    }


def _enjoyment(catalogue: Catalogue, tastes: Tastes, rng: np.random.Generator) -> np.ndarray:
    n_couples = next(iter(next(iter(tastes.values())).values())).shape[0]
    quality = rng.normal(0, QUALITY_SD, size=len(catalogue.ideas))
    quirk = rng.normal(0, QUIRK_SD, size=(n_couples, 1, len(catalogue.ideas)))
    out = np.zeros((n_couples, 2, len(catalogue.ideas)))
    for column, idea in enumerate(catalogue.ideas):
        parts = {
            facet: np.max([values[value] for value in idea.tags[facet]], axis=0)
            for facet, values in tastes.items()
        }
        felt = sum(np.where(part < 0, DISLIKE * part, part) for part in parts.values())
        # What they do spoils how they do it: a disliked domain halves the joy of the company's tone.
        spoilt = SPOIL * np.minimum(parts["domain"], 0) * np.maximum(parts["play"], 0)
        out[:, :, column] = felt + spoilt + quality[column]
    # A person's own scale: centred, so that nobody dislikes everything, then saturating into 1..5.
    centred = out - out.mean(axis=2, keepdims=True) + quirk
    return np.asarray(3.4 + 1.6 * np.tanh(centred / 1.6))


def _answer_quiz(
    quiz: Sequence[Question], taste: Mapping[str, Mapping[str, float]], rng: np.random.Generator
) -> dict[str, AnswerValue]:
    """Return answers that follow tastes loosely; one question in ten is skipped."""
    answers: dict[str, AnswerValue] = {}
    for question in quiz:
        if rng.random() < 0.1:
            continue
        pulls = [_pull(option, taste) + rng.normal(0, 0.5 * TASTE_SCALE) for option in question.options]
        if question.kind == "many":
            liked = [str(o.value) for o, pull in zip(question.options, pulls, strict=True) if pull > 0.2]
            answers[question.question_id] = tuple(liked)
        elif question.kind == "pair":
            answers[question.question_id] = question.options[int(np.argmax(pulls))].value
        else:
            lean = np.clip((pulls[-1] - pulls[0]) / (2 * TASTE_SCALE), -1, 1)
            answers[question.question_id] = int(np.rint(3 + 2 * lean))
    return answers


def _pull(option: Option, taste: Mapping[str, Mapping[str, float]]) -> float:
    known: Tags = {facet: values for facet, values in option.tags.items() if facet in taste}
    pulls = [taste[facet][value] for facet, values in known.items() for value in values]
    return float(np.mean(pulls)) if pulls else 0.0


def _boundaries(rng: np.random.Generator) -> Boundaries:
    hazards = ("height", "water", "animals", "dark", "strangers")
    return Boundaries(
        touch_max=str(rng.choice(["none", "affectionate", "sustained"])) if rng.random() < 0.3 else None,
        talk_max=str(rng.choice(["chatty", "personal"])) if rng.random() < 0.2 else None,
        alcohol_max="none" if rng.random() < 0.25 else None,
        mobility_max=str(rng.choice(["seated", "step_free"])) if rng.random() < 0.1 else None,
        sensory_max="quiet" if rng.random() < 0.08 else None,
        hazards_never=tuple(h for h in hazards if rng.random() < 0.08),
    )


def _circumstances(rng: np.random.Generator) -> Circumstances:
    children = bool(rng.random() < 0.3)
    days = rng.choice(7, size=int(rng.integers(2, 5)), replace=False) + 1
    return Circumstances(
        budget_max=float(rng.choice([0, 15, 40, 100])) if rng.random() < 0.6 else None,
        minutes_max=int(rng.choice([60, 120, 180])) if rng.random() < 0.4 else None,
        slots=tuple(_slot(int(day), rng) for day in sorted(days)),
        time_zone=str(rng.choice(["Europe/Paris", "America/Chicago", "Australia/Sydney"])),
        latitude=float(rng.choice([-33.0, 30.0, 52.0])),
        children=children,
        sitter=children and bool(rng.random() < 0.4),
    )


def _slot(weekday: int, rng: np.random.Generator) -> Slot:
    if weekday >= 6:
        return Slot(weekday, time(int(rng.choice([9, 10, 14]))), 480)
    return Slot(weekday, time(int(rng.choice([17, 18, 19]))), 240)

"""What a candidate would have made of the plans that were really shown: its value, and what would change.

Every plan is made anew as things stood when it was shown, once with the candidate and once with the model
that serves. How likely each idea that was shown would have been under the candidate, against how likely it
was, says what the candidate's plans would have been worth (`offpolicy`), without anybody having to live them.
A plan whose ideas lie outside the couple's limits as they are now is left out: what else could have been
shown cannot be told any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recommender.domain import CoupleDate, Rating, Role, Suggestion
from recommender.learning.offpolicy import Log, OffPolicyValue, doubly_robust, snips
from recommender.planning.occasion import Occasion
from recommender.planning.settings import PlanSettings
from recommender.planning.table import IdeaTable
from recommender.planning.weekly import plan_chances
from recommender.preferences.couples import CoupleModel

N_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Shown:
    """One plan as it was shown, and what came of it.

    Attributes
    ----------
    occasion : Occasion
        As things stood then; limits as they are now.
    dates, ratings : tuple
        What was known then.
    suggestions : tuple[Suggestion, ...]
        By position, as first shown.
    rewards : tuple[float, ...]
        The average of both ratings of the date that each became; 0 where it became none that both rated.
    """

    occasion: Occasion
    dates: tuple[CoupleDate, ...]
    ratings: tuple[Rating, ...]
    suggestions: tuple[Suggestion, ...]
    rewards: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class PlaceValue:
    """What one place of the plan was worth, and would have been under the candidate.

    Attributes
    ----------
    n_shown : int
    got : float
        Mean reward of what was shown.
    snips, doubly_robust : OffPolicyValue or None
        The candidate's; None if it would have shown none of it.
    """

    position: int
    role: Role
    n_shown: int
    got: float
    snips: OffPolicyValue | None
    doubly_robust: OffPolicyValue | None


@dataclass(frozen=True, slots=True)
class Replay:
    """What a candidate would change.

    Attributes
    ----------
    n_plans, n_left_out : int
    changed : float or None
        Share of places at which the candidate's likeliest idea is another than the current model's.
    coverage, current_coverage : int
        Different ideas among the likeliest, of the candidate and of the current model.
    examples : tuple of (role, current idea, candidate's idea)
        Some of the changes, by ``idea_id``.
    places : tuple[PlaceValue, ...]
    """

    n_plans: int
    n_left_out: int
    changed: float | None
    coverage: int
    current_coverage: int
    examples: tuple[tuple[Role, str, str], ...]
    places: tuple[PlaceValue, ...]

    @property
    def worse_at(self) -> tuple[str, ...]:
        """The roles at which the candidate is shown to be worth less than what was really shown."""
        return tuple(
            place.role
            for place in self.places
            if place.snips is not None and place.snips.conclusive and place.snips.high < place.got
        )


@dataclass(frozen=True, slots=True)
class _Place:
    """One suggestion of one plan, and what both models would have done."""

    position: int
    role: Role
    couple_id: str
    reward: float
    propensity: float
    target: float
    predicted: float
    expected: float
    likeliest: str
    current_likeliest: str


def replay(
    table: IdeaTable,
    settings: PlanSettings,
    shown: Sequence[Shown],
    candidate: CoupleModel,
    current: CoupleModel,
) -> Replay:
    """Return what ``candidate`` would have made of the plans that were shown."""
    share = float(np.mean([reward > 0 for plan in shown for reward in plan.rewards] or [False]))
    made = [_replayed(table, settings, plan, candidate, current, share) for plan in shown]
    places = [place for plan in made if plan is not None for place in plan]
    changes = [place for place in places if place.likeliest != place.current_likeliest]
    return Replay(
        n_plans=len(made) - made.count(None),
        n_left_out=made.count(None),
        changed=len(changes) / len(places) if places else None,
        coverage=len({place.likeliest for place in places}),
        current_coverage=len({place.current_likeliest for place in places}),
        examples=tuple((p.role, p.current_likeliest, p.likeliest) for p in changes[:N_EXAMPLES]),
        places=tuple(
            _valued([place for place in places if (place.position, place.role) == where])
            for where in sorted({(place.position, place.role) for place in places})
        ),
    )


def _replayed(
    table: IdeaTable,
    settings: PlanSettings,
    plan: Shown,
    candidate: CoupleModel,
    current: CoupleModel,
    share: float,
) -> list[_Place] | None:
    """Return the places of one plan, or None if it cannot be made anew.

    Parameters
    ----------
    share : float
        Of all suggestions, those that became a date which both rated.
    """
    if any(suggestion.idea_id not in table.index for suggestion in plan.suggestions):
        return None
    rows = [table.index[suggestion.idea_id] for suggestion in plan.suggestions]
    couple = plan.occasion.couple
    new, old = (model.expect(couple, plan.dates, plan.ratings) for model in (candidate, current))
    chances = plan_chances(table, new, plan.occasion, settings, rows)
    chances_now = plan_chances(table, old, plan.occasion, settings, rows)
    if len(chances) < len(rows) or not all(row in c for row, (c, _) in zip(rows, chances, strict=True)):
        return None
    # Any prediction makes the doubly robust estimate right while the propensities are; a close one, narrow.
    worth = share * old.mean.mean(axis=0)
    return [
        _Place(
            position=suggestion.position,
            role=suggestion.role,
            couple_id=couple.couple_id,
            reward=reward,
            propensity=suggestion.propensity,
            target=float(probabilities[candidates == row][0]),
            predicted=float(worth[row]),
            expected=float(probabilities @ worth[candidates]),
            likeliest=table.ideas[candidates[probabilities.argmax()]].idea_id,
            current_likeliest=table.ideas[now[0][now[1].argmax()]].idea_id,
        )
        for suggestion, reward, row, (candidates, probabilities), now in zip(
            plan.suggestions, plan.rewards, rows, chances, chances_now, strict=True
        )
    ]


def _valued(places: list[_Place]) -> PlaceValue:
    """Return the value of one position and role."""
    log = Log(
        reward=np.array([place.reward for place in places]),
        propensity=np.array([place.propensity for place in places]),
        target=np.array([place.target for place in places]),
        couple=np.array([place.couple_id for place in places]),
    )
    predicted = np.array([place.predicted for place in places])
    expected = np.array([place.expected for place in places])
    known = bool(log.weight.any())
    return PlaceValue(
        position=places[0].position,
        role=places[0].role,
        n_shown=len(places),
        got=float(log.reward.mean()),
        snips=snips(log) if known else None,
        doubly_robust=doubly_robust(log, predicted, expected) if known else None,
    )

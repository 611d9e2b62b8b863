"""The plan's few numbers, in points of the couple score unless said otherwise. Chosen; see DECISIONS.md."""

from __future__ import annotations

from dataclasses import dataclass

from recommender.domain import Role


@dataclass(frozen=True, slots=True)
class PlanSettings:
    """How a slate is chosen.

    Attributes
    ----------
    rule : str
        How two expected ratings become one score, a name in `couple.RULES`; named in every plan.
    floor : float
        Expected rating below which the less keen partner's shortfall counts.
    floor_weight : float
        Points lost for each point below the floor.
    lean_weight : float
        Share of the say that goes to a partner for each point they are behind.
    freshness_weight : float
        Points between nothing like it and just like it, at the freshest dial.
    shown_weight : float
        Points lost by an idea shown last week and not taken; halves every two weeks.
    goal_weight : float
        Points for serving a goal that is behind.
    care_weight : float
        Points for a way of caring that the last dates did not have.
    variety_weight : float
        Points lost by an idea just like one already on the slate.
    exploration : float
        Share of choices drawn from the posterior's promise instead of taken from the top.
    temperature : float
        Of that draw: points of score for a factor e.
    roles : tuple[Role, ...]
        One suggestion each, in this order.
    """

    rule: str = "leaning"
    floor: float = 3.0
    floor_weight: float = 1.0
    lean_weight: float = 0.25
    freshness_weight: float = 0.4
    shown_weight: float = 0.3
    goal_weight: float = 0.15
    care_weight: float = 0.05
    variety_weight: float = 0.6
    exploration: float = 0.1
    temperature: float = 0.2
    roles: tuple[Role, ...] = ("easy", "growth", "close")


TOP_K = PlanSettings(
    rule="average",
    freshness_weight=0.0,
    shown_weight=0.0,
    goal_weight=0.0,
    care_weight=0.0,
    variety_weight=0.0,
    exploration=0.0,
    roles=("open", "open", "open"),
)
"""The three best by the average, and nothing else: what the plan is compared with."""

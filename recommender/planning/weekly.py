"""The weekly plan: feasible first, then both of them, fresh to them, three roles, said why."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from recommender.domain import Plan, Reason, Suggestion, SwapReason
from recommender.planning.couple import couple_score
from recommender.planning.feasibility import Feasible, feasible, relaxations
from recommender.planning.ledger import ledger_of
from recommender.planning.lifts import Lifts, lifts
from recommender.planning.occasion import Occasion, PastIdea
from recommender.planning.reasons import Extras, reasons_of
from recommender.planning.settings import PlanSettings
from recommender.planning.slate import Pick, choose_slate, slate_chances
from recommender.planning.swaps import answers_week
from recommender.planning.table import IdeaTable
from recommender.preferences.model import Contributions


class Expectation(Protocol):
    """What a model expects of a couple, about every idea of the table."""

    @property
    def mean(self) -> np.ndarray:
        """Expected ratings, shape (n_partners, n_ideas), 1 to 5."""

    def couple_std(self, rows: np.ndarray) -> np.ndarray:
        """Return the standard deviation of the partners' average for some ideas, shape (n_rows,), points."""

    @property
    def model_version(self) -> str:
        """The version that expects it."""

    def contributions(self, idea_index: int) -> Contributions | None:
        """Return the additive terms of one idea, or None if the model has none."""


@dataclass(frozen=True, slots=True)
class Scored:
    """Every idea's score and its parts, shapes (n_ideas,)."""

    average: np.ndarray
    balance: np.ndarray
    lifts: Lifts
    total: np.ndarray


def weekly_plan(
    table: IdeaTable,
    expectation: Expectation,
    occasion: Occasion,
    settings: PlanSettings,
    new_id: Callable[[], str],
) -> Plan:
    """Return the plan of a couple for a week: up to three feasible suggestions, with advice if fewer.

    The same inputs give the same plan, ids apart: chance is seeded by couple and week.
    """
    can = feasible(table, occasion)
    scored = score_ideas(table, expectation, occasion, settings)
    picks = choose_slate(
        table,
        scored.total,
        expectation.couple_std,
        can.mask,
        settings,
        seeded(occasion, "plan"),
        returning=_returning(table, occasion),
    )
    suggestions: tuple[Suggestion, ...] = ()
    for position, pick in enumerate(picks, start=1):
        made = _suggestion(table, occasion, expectation, scored, can, pick, position, suggestions, new_id())
        suggestions = (*suggestions, made)
    advice = relaxations(table, occasion) if len(picks) < len(settings.roles) else ()
    return Plan(occasion.week, occasion.couple.couple_id, settings.rule, suggestions, advice)


def plan_chances(
    table: IdeaTable,
    expectation: Expectation,
    occasion: Occasion,
    settings: PlanSettings,
    shown: Sequence[int],
) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Return what `weekly_plan` could have put at each place of a plan, given the rows ``shown`` before it.

    Returns
    -------
    tuple of (candidates, probabilities)
        For each place, as many as can be filled: rows, and their chances; both of shape (n_candidates,).
    """
    return slate_chances(
        table,
        score_ideas(table, expectation, occasion, settings).total,
        expectation.couple_std,
        feasible(table, occasion).mask,
        settings,
        shown,
        returning=_returning(table, occasion),
    )


def swapped(
    table: IdeaTable,
    expectation: Expectation,
    occasion: Occasion,
    settings: PlanSettings,
    plan: Plan,
    out: Suggestion,
    reason: SwapReason,
    new_id: str,
) -> Suggestion | None:
    """Return a suggestion to take the place of ``out``, or None when nothing else is feasible.

    Parameters
    ----------
    reason : SwapReason
        Changes what is looked for now, as do those given before in the week; see `swaps`.
    """
    past = PastIdea(out.idea_id, occasion.week.monday, "swapped", swap_reason=reason)
    occasion = replace(occasion, history=(*occasion.history, past))
    can = feasible(table, occasion)
    mask = can.mask.copy()
    others = tuple(s for s in plan.suggestions if s.suggestion_id != out.suggestion_id)
    shown = [past.idea_id for past in occasion.history if past.on == occasion.week.monday]
    mask[[table.index[idea_id] for idea_id in shown if idea_id in table.index]] = False
    mask = answers_week(table, occasion, mask)
    scored = score_ideas(table, expectation, occasion, settings)
    picks = choose_slate(
        table,
        scored.total,
        expectation.couple_std,
        mask,
        settings,
        seeded(occasion, f"swap {out.suggestion_id}"),
        roles=(out.role,),
        before=tuple(table.index[s.idea_id] for s in others if s.idea_id in table.index),
        returning=_returning(table, occasion),
    )
    if not picks:
        return None
    return _suggestion(table, occasion, expectation, scored, can, picks[0], out.position, others, new_id)


def seeded(occasion: Occasion, purpose: str) -> np.random.Generator:
    """Return the chance that belongs to a couple, a week and a purpose: the same whoever asks, and when."""
    key = f"{occasion.couple.couple_id}\0{occasion.week}\0{purpose}".encode()
    return np.random.default_rng(int.from_bytes(hashlib.sha256(key).digest()[:8], "big"))


def score_ideas(
    table: IdeaTable, expectation: Expectation, occasion: Occasion, settings: PlanSettings
) -> Scored:
    """Return every idea's score for this couple and week, with its parts."""
    average = expectation.mean.sum(axis=0) / len(expectation.mean)
    ledger = ledger_of(table, expectation.mean, occasion)
    balanced = couple_score(expectation.mean, ledger, settings)
    added = lifts(table, occasion, settings, expectation.mean.min(axis=0))
    total = balanced + added.freshness + added.shown + added.goals + added.care
    return Scored(average, balanced - average, added, total)


def reasons_for(
    table: IdeaTable, occasion: Occasion, expectation: Expectation, scored: Scored, pick: Pick
) -> tuple[Reason, ...]:
    """Return the reasons of a pick; they sum to its score."""
    row = pick.idea_index
    extras = Extras(
        balance=float(scored.balance[row]),
        freshness=float(scored.lifts.freshness[row]),
        shown=float(scored.lifts.shown[row]),
        goals=float(scored.lifts.goals[row]),
        care=float(scored.lifts.care[row]),
        variety=pick.variety,
    )
    partner_ids = [partner.partner_id for partner in occasion.couple.partners]
    terms = expectation.contributions(row)
    return reasons_of(table, row, terms, partner_ids, float(scored.average[row]), extras)


def _returning(table: IdeaTable, occasion: Occasion) -> np.ndarray:
    """Return the favourites: ideas that both would do again (feasibility decides when)."""
    favourites = np.zeros(len(table.ideas), dtype=bool)
    loved = [past.idea_id for past in occasion.history if past.loved and past.idea_id in table.index]
    favourites[[table.index[idea_id] for idea_id in loved]] = True
    return favourites


def _suggestion(
    table: IdeaTable,
    occasion: Occasion,
    expectation: Expectation,
    scored: Scored,
    can: Feasible,
    pick: Pick,
    position: int,
    others: tuple[Suggestion, ...],
    suggestion_id: str,
) -> Suggestion:
    row = pick.idea_index
    return Suggestion(
        suggestion_id=suggestion_id,
        position=position,
        role=pick.role,
        idea_id=table.ideas[row].idea_id,
        starts_at=can.openings.best_start(row, tuple(other.starts_at for other in others)),
        expected=min(max(float(scored.average[row]), 1.0), 5.0),
        std=pick.std,
        score=float(scored.total[row]) + pick.variety,
        propensity=pick.propensity,
        reasons=reasons_for(table, occasion, expectation, scored, pick),
        model_version=expectation.model_version,
    )

"""What of a suggestion one partner is told: never what the other's answers, ratings or boundaries made of it.

Figures are told in steps. To the last digit they would be sums of both partners' private terms, from which
whoever knows the model and their own half could work out the other's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TypeVar

from recommender.domain import Plan, Reason, Ritual, Suggestion
from recommender.service.callers import Caller

EXPECTED_STEPS, REASON_STEPS = 10, 20
"""To a point."""

UNTOLD = frozenset({"level", "appeal", "kindred", "answers_rest", "taste_rest", "balance"})
"""Terms that are told as one: they say nothing to a person, or something of one partner."""

EVERYTHING_ELSE = "Everything else: where any date starts, and what is too small or too private to name."

Shown = TypeVar("Shown", Suggestion, Ritual)


def told_plan(plan: Plan, caller: Caller) -> Plan:
    """Return a plan as the caller is told it."""
    told_to = tuple(told(suggestion, caller) for suggestion in plan.suggestions)
    return Plan(plan.week, plan.couple_id, plan.rule, told_to, plan.advice)


def told(shown: Shown, caller: Caller) -> Shown:
    """Return a suggestion or ritual with its reasons as the caller may read them; they sum to its score.

    A partner reads what is of both and what is their own. The operator, who holds the database, reads what
    is of both and the stronger of what is one partner's, and not whose it is.
    """
    score = _stepped(shown.score, EXPECTED_STEPS)
    named: Collection[Reason] = _named(shown.reasons, caller)
    left = round(score - sum([reason.contribution for reason in named]), 2)
    reasons = (*named, Reason("level", EVERYTHING_ELSE, left))
    return shown.told(_stepped(shown.expected, EXPECTED_STEPS), score, reasons)


def _named(reasons: Iterable[Reason], caller: Caller) -> Collection[Reason]:
    """Return the reasons that the caller reads one by one: of each kind the first, which says most."""
    all_of_them, mine = caller.kind == "operator", (None, caller.partner_id)
    named: dict[str, Reason] = {}
    for reason in reasons:
        kind = reason.kind
        if (all_of_them or reason.partner_id in mine) and kind not in UNTOLD and kind not in named:
            named[kind] = Reason(kind, reason.text, _stepped(reason.contribution, REASON_STEPS))
    return named.values()


def _stepped(points: float, steps: int) -> float:
    return round(points * steps) / steps

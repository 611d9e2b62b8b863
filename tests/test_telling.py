"""What of a suggestion one partner is told."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.domain import Reason
from recommender.service.callers import Caller
from recommender.service.telling import EVERYTHING_ELSE, told
from tests.conftest import suggestion

ROBIN, SAM = Caller("partner", "robin", "c"), Caller("partner", "sam", "c")
HOST = Caller("operator", couple_id="c")
REASONS = (
    Reason("answers", "It suits your answers: silly.", 0.31, "robin"),
    Reason("answers", "It suits your answers: silly.", 0.12, "sam"),
    Reason("taste", "Like dates you enjoyed: nature.", 0.22, "sam"),
    Reason("freshness", "It is fresh to you two.", 0.13),
    Reason("balance", "Weighed so that it is an evening for both of you.", -0.48),
    Reason("taste_rest", "The rest of what your past dates say.", -0.05),
    Reason("level", "Where any date starts for you two.", 3.5),
)
SHOWN = replace(suggestion("s"), expected=4.06, score=3.75, reasons=REASONS)


def told_to(caller: Caller) -> list[tuple[str, float]]:
    """Return each reason's kind and points, as the caller is told."""
    return [(reason.kind, reason.contribution) for reason in told(SHOWN, caller).reasons]


def test_each_reads_their_own() -> None:
    """What is of both and one's own is named, in steps of 0.05; all else is one term, and all sum to 3.8."""
    assert told_to(ROBIN) == [("answers", 0.3), ("freshness", 0.15), ("level", 3.35)]
    assert told_to(SAM) == [("answers", 0.1), ("taste", 0.2), ("freshness", 0.15), ("level", 3.35)]


def test_the_operator_reads_the_stronger_without_whose_it_is() -> None:
    """Where both partners have a reason of a kind, the stronger is told, and none names a partner."""
    assert told_to(HOST) == [("answers", 0.3), ("taste", 0.2), ("freshness", 0.15), ("level", 3.15)]
    assert {reason.partner_id for reason in told(SHOWN, HOST).reasons} == {None}


def test_figures_are_told_in_steps() -> None:
    """Expected and score are told to a tenth."""
    assert (told(SHOWN, ROBIN).expected, told(SHOWN, ROBIN).score) == (4.1, 3.8)


def test_the_last_reason_is_everything_else() -> None:
    """Its words say that something is left out, and not what."""
    assert told(SHOWN, ROBIN).reasons[-1].text == EVERYTHING_ELSE


points = st.floats(-3, 3)


@given(st.lists(st.tuples(st.sampled_from(["robin", "sam", None]), points), max_size=8), points)
def test_reasons_told_sum_to_the_score_told(parts: list[tuple[str | None, float]], score: float) -> None:
    """Whatever the terms, what is told adds up, and no word of the other's is among it."""
    reasons = tuple(Reason(f"taste{k}", f"{whose} {k}", p, whose) for k, (whose, p) in enumerate(parts))
    seen = told(replace(SHOWN, score=score, reasons=reasons), ROBIN)

    assert sum(reason.contribution for reason in seen.reasons) == pytest.approx(seen.score, abs=1e-9)
    assert abs(seen.score - score) <= 0.05 + 1e-9
    assert not any(reason.text.startswith("sam") for reason in seen.reasons)

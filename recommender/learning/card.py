"""The model card: what a person should know of a model before they let it serve."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

HEAD = """| measure | against | group | couples | ratings | gain | 90 % interval |
|---|---|---|---|---|---|---|"""
UNITS = """Log density is in nats a rating; pairwise accuracy is the share of a partner's differently rated
dates put in order, two by two."""


def card(version: str, manifest: Mapping[str, Any]) -> str:
    """Return the model card of a version, Markdown."""
    facts = "\n".join(f"- {fact}" for fact in _facts(manifest))
    return f"""# Model {version}

A hierarchical Bayesian linear model of how much each partner enjoys a date, fitted by variational EM.

{facts}
{_comparisons(manifest["comparisons"])}
For choosing date ideas. Not for judging people or relationships; it says nothing about either.
"""


def _facts(m: Mapping[str, Any]) -> Iterator[str]:
    yield (
        f"Trained {m['created_at']} on {m['n_ratings']} ratings of {m['n_couples']} couples, rated between "
        f"{m['first_rated_at']} and {m['last_rated_at']}."
    )
    for reason, number in m["excluded"].items():
        yield f"{number} ratings were left out: {reason}."
    yield (
        f"Judged against `{m['judged_against']}` on the latest dates that neither had seen: "
        f"**{m['verdict']}** ({m['reason']})."
    )
    if m["catalogue_changed"]:
        yield "The catalogue has changed since the model it was judged against was made."
    if m["promise"]:
        yield _promise(m["promise"])
    yield "What serves is the same recipe fitted to all of the feedback."


def _promise(promise: Mapping[str, Any]) -> str:
    order = promise["pairwise_accuracy"]
    told = "" if order is None else f" It put {order:.0%} of a partner's dates in order, two by two."
    return (
        f"On those dates it was off by {promise['rmse']:.2f} points (root mean square), "
        f"{promise['bias']:+.2f} on average; its 90 % intervals held {promise['coverage_90']:.0%} "
        f"of the ratings.{told}"
    )


def _comparisons(comparisons: list[Mapping[str, Any]]) -> str:
    if not comparisons:
        return ""
    rows = "\n".join(
        f"| {c['measure']} | {c['against']} | {c['group']} | {c['n_couples']} | {c['n_ratings']} "
        f"| {c['mean']:+.4f} | {c['low']:+.4f} to {c['high']:+.4f} |"
        for c in comparisons
    )
    return f"\n{HEAD}\n{rows}\n\n{UNITS}\n"

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
        f"Trained {_moment(m['created_at'])}. Ratings: {m['n_ratings']}; couples: {m['n_couples']}; "
        f"rated from {_moment(m['first_rated_at'])} to {_moment(m['last_rated_at'])}."
    )
    for reason, number in m["excluded"].items():
        yield f"Ratings left out, {reason}: {number}."
    yield (
        f"Judged against `{m['judged_against']}` on the latest dates that neither had seen: "
        f"**{m['verdict']}** ({m['reason']})."
    )
    if m["catalogue_changed"]:
        yield "The catalogue has changed since the model it was judged against was made."
    if m["promise"]:
        yield _promise(m["promise"])
    if m["replay"] and m["replay"]["n_plans"]:
        yield _replay(m["replay"])
        yield from (_place(place) for place in m["replay"]["places"])
    yield "What serves is the same recipe fitted to all of the feedback."


def _moment(iso: str) -> str:
    """Return a moment to the minute."""
    return iso[:16].replace("T", " ")


def _promise(promise: Mapping[str, Any]) -> str:
    order = promise["pairwise_accuracy"]
    told = "" if order is None else f" It put {order:.0%} of a partner's dates in order, two by two."
    return (
        f"On those dates it was off by {promise['rmse']:.2f} points (root mean square), "
        f"{promise['bias']:+.2f} on average; its 90 % intervals held {promise['coverage_90']:.0%} "
        f"of the ratings.{told}"
    )


def _replay(replay: Mapping[str, Any]) -> str:
    changes = "; ".join(f"{role}: `{new}` instead of `{old}`" for role, old, new in replay["examples"])
    examples = f" ({changes})" if changes else ""
    return (
        f"Of {replay['n_plans']} latest plans made anew ({replay['n_left_out']} left out), it would have "
        f"put another idea first at {replay['changed']:.0%} of the places{examples}; "
        f"{replay['coverage']} different ideas, against {replay['current_coverage']} now."
    )


def _place(place: Mapping[str, Any]) -> str:
    head = f"Place {place['position']} ({place['role']}), {place['n_shown']} shown, worth {place['got']:.2f}"
    told = [
        f"{value['value']:.2f} ({value['low']:.2f} to {value['high']:.2f}) {words}"
        for words, value in (("by SNIPS", place["snips"]), ("doubly robust", place["doubly_robust"]))
        if value
    ]
    if not told:
        return f"{head}; it would have shown none of them."
    size = place["snips"]["effective"]
    sure = "" if place["snips"]["conclusive"] else ", too few to conclude from"
    return f"{head}; under it {', '.join(told)}, as from {size:.0f} plans{sure}."


def _comparisons(comparisons: list[Mapping[str, Any]]) -> str:
    if not comparisons:
        return ""
    rows = "\n".join(
        f"| {c['measure']} | {c['against']} | {c['group']} | {c['n_couples']} | {c['n_ratings']} "
        f"| {c['mean']:+.4f} | {c['low']:+.4f} to {c['high']:+.4f} |"
        for c in comparisons
    )
    return f"\n{HEAD}\n{rows}\n\n{UNITS}\n"

"""What was chosen becomes ratings: 1 for what somebody chose, 0 for what they might have and did not."""

from __future__ import annotations

import numpy as np
import pandas as pd

DEALS = 6
"""How often the chosen ideas are dealt anew; each deal gives everybody as many zeros as they chose ideas."""

OFFERED = 200
"""Ideas drawn for each person, of those they never chose, to find the later chosen ones among."""

PAIR = ["partner_id", "idea_id"]


def with_dealt(chosen: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return what was chosen, rated 1, and what was dealt, rated 0.

    The chosen ideas are shuffled among those who chose, so that in every deal everybody gets as many as they
    chose, and every idea goes to as many as chose it. So neither how much a person chooses nor how often an
    idea is chosen tells a 1 from a 0; what does is who chooses what. What somebody chose, or was dealt
    before, is not dealt to them.

    Parameters
    ----------
    chosen : DataFrame
        ``partner_id``, ``idea_id`` and whatever else.
    """
    deals = [
        chosen.assign(idea_id=rng.permutation(chosen["idea_id"].to_numpy()), rating=0.0) for _ in range(DEALS)
    ]
    both = pd.concat([chosen.assign(rating=1.0), *deals], ignore_index=True)
    return both.drop_duplicates(PAIR, ignore_index=True)


def with_offered(
    later: pd.DataFrame, before: pd.DataFrame, ideas: pd.Index, rng: np.random.Generator
) -> pd.DataFrame:
    """Return each person's later choices, rated 1, and ideas drawn from those they never chose, rated 0.

    What is drawn stands for all of them: of the measures of an order, the area under the ROC curve alone is
    the same on average however many are drawn (Krichene and Rendle 2020).
    """
    chosen = pd.concat([before, later])
    parts = [later[PAIR].assign(rating=1.0)]
    for partner, theirs in chosen[chosen["partner_id"].isin(later["partner_id"])].groupby("partner_id"):
        rest = ideas[~ideas.isin(theirs["idea_id"])]
        drawn = rest[rng.choice(len(rest), min(OFFERED, len(rest)), replace=False)]
        parts.append(pd.DataFrame({"partner_id": partner, "idea_id": drawn, "rating": 0.0}))
    return pd.concat(parts, ignore_index=True)

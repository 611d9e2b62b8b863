"""What is fitted on, what is revealed of a person, and what is held out to judge by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recommender.errors import InvalidInput
from recommender.learning.evaluation.choices import PAIR, with_dealt, with_offered

PROTOCOLS = ("new_partners", "new_ideas", "later", "choices")
ALL_KNOWN = ("later", "choices")
"""Those in which everything that a person did before is known, however much that is."""

REVEALED = (0, 1, 2, 5, 10, 20)
HELD_OUT = 5
"""A person is judged on this many ratings at least; on new ideas, of which there are few, on two."""

TEST_SHARE = 0.2
LATER_CHOICES, LEAST_CHOICES = 0.1, 2
"""What of the choices is held out, and of whom: who made two before. As LightFM's documentation has it."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Predict ``held`` knowing ``revealed``.

    Attributes
    ----------
    revealed : DataFrame
        Ratings of the people in ``held``.
    held : DataFrame
        Ratings to predict, with a column ``n``: how many of that person's ratings are revealed.
    """

    revealed: pd.DataFrame
    held: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Split:
    """One seed's way to judge.

    Attributes
    ----------
    protocol : str
    seed : int
    train : DataFrame
        Ratings to fit on.
    trials : tuple[Trial, ...]
    """

    protocol: str
    seed: int
    train: pd.DataFrame
    trials: tuple[Trial, ...]


def split(
    ratings: pd.DataFrame,
    protocol: str,
    seed: int,
    revealed: Sequence[int] = REVEALED,
    train_partners: int | None = None,
    ideas: pd.Index | None = None,
) -> Split:
    """Return a split of ``ratings``.

    ``new_partners`` fits on four fifths of the people (couples stay together) and, for the rest, reveals the
    first n of each person's shuffled ratings; what is held out of a person is the same for every n.
    ``new_ideas`` also keeps a fifth of the ideas from the fit and judges on those alone. ``later`` fits on
    the earlier four fifths of the ratings and judges on what the same people rated later. ``choices`` is for
    data that tell only who chose what, every rating being the same: it fits on the earlier nine tenths, with
    zeros for what was not chosen (``choices.py``), and judges on finding what the same people chose later.

    Parameters
    ----------
    train_partners : int, optional
        Fit on this many people only; ``new_partners`` and ``new_ideas``.
    ideas : Index, optional
        All that could be chosen; what anybody chose, if left out.

    Raises
    ------
    InvalidInput
        If the ratings are too few for the protocol or not of its kind, or have no dates where it needs them.
    """
    rng = np.random.default_rng(seed)
    if (ratings["rating"].nunique() == 1) != (protocol == "choices"):
        raise InvalidInput(
            "ratings", "the protocol choices is for ratings that are all the same, and the only one for them"
        )
    if protocol == "later":
        made = _later(ratings, seed)
    elif protocol == "choices":
        made = _choices(ratings, pd.Index(ratings["idea_id"].unique()) if ideas is None else ideas, seed)
    else:
        made = _newcomers(ratings, protocol, seed, sorted(revealed), train_partners, rng)
    if not len(made.train) or not made.trials:
        raise InvalidInput(
            "ratings", f"too few for the protocol {protocol}: nobody is left to fit on or to judge by"
        )
    return made


def _newcomers(
    ratings: pd.DataFrame,
    protocol: str,
    seed: int,
    revealed: Sequence[int],
    train_partners: int | None,
    rng: np.random.Generator,
) -> Split:
    group = ratings["couple_id" if "couple_id" in ratings.columns else "partner_id"]
    groups = rng.permutation(np.sort(group.unique()))
    n_test = int(len(groups) * TEST_SHARE)
    train = ratings[group.isin(groups[n_test:])]
    if train_partners is not None:
        few = rng.permutation(np.sort(train["partner_id"].unique()))[:train_partners]
        train = train[train["partner_id"].isin(few)]
    theirs = ratings[group.isin(groups[:n_test])].sample(frac=1, random_state=seed)
    least, unseen = HELD_OUT, pd.Series(False, index=theirs.index)
    if protocol == "new_ideas":
        ideas = rng.permutation(np.sort(ratings["idea_id"].unique()))
        hidden = ideas[: int(len(ideas) * TEST_SHARE)]
        train = train[~train["idea_id"].isin(hidden)]
        least, unseen = 2, theirs["idea_id"].isin(hidden)
    turn = theirs.groupby([theirs["partner_id"], unseen]).cumcount()
    if protocol == "new_partners":
        size = theirs.groupby("partner_id")["rating"].transform("size")
        budget = _budget(size - least, revealed)
        held = turn >= budget
    else:
        known = (~unseen).groupby(theirs["partner_id"]).transform("sum")
        held, budget = unseen, _budget(known, revealed)
    enough = held.groupby(theirs["partner_id"]).transform("sum") >= least
    trials = tuple(
        Trial(
            theirs[~held & (turn < n) & (budget >= n) & enough],
            theirs[held & (budget >= n) & enough].assign(n=n),
        )
        for n in revealed
    )
    return Split(protocol, seed, train, tuple(trial for trial in trials if len(trial.held)))


def _budget(spare: pd.Series, revealed: Sequence[int]) -> pd.Series:
    """Return the most that can be revealed of each person, one of ``revealed``; -1 if not even the least."""
    steps = np.array([-1, *revealed])
    return pd.Series(steps[np.searchsorted(steps, spare, side="right") - 1], index=spare.index)


def _later(ratings: pd.DataFrame, seed: int) -> Split:
    train, after = _cut(_in_time(ratings, "later", np.random.default_rng(seed)), TEST_SHARE)
    sizes = after.groupby("partner_id")["rating"].transform("size")
    held = after[(sizes >= HELD_OUT) & after["partner_id"].isin(train["partner_id"])]
    return Split("later", seed, train, _trial(train, held))


def _choices(ratings: pd.DataFrame, ideas: pd.Index, seed: int) -> Split:
    rng = np.random.default_rng(seed)
    before, after = _cut(_in_time(ratings, "choices", rng).drop_duplicates(PAIR), LATER_CHOICES)
    counts = before["partner_id"].value_counts()
    known = counts.index[counts >= LEAST_CHOICES]
    before, after = (part[part["partner_id"].isin(known)] for part in (before, after))
    train = with_dealt(before, rng)
    return Split("choices", seed, train, _trial(train, with_offered(after, before, ideas, rng)))


def _in_time(ratings: pd.DataFrame, protocol: str, rng: np.random.Generator) -> pd.DataFrame:
    """Return the ratings one after another, those of equal times in no particular order."""
    if "rated_at" not in ratings.columns:
        raise InvalidInput(
            "ratings", f"the protocol {protocol} needs the column rated_at; add it or leave it out"
        )
    return ratings.iloc[np.lexsort((rng.permutation(len(ratings)), ratings["rated_at"]))]


def _cut(ordered: pd.DataFrame, share: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the ratings without the last ``share`` of them, and those."""
    n_before = int(len(ordered) * (1 - share))
    return ordered.iloc[:n_before], ordered.iloc[n_before:]


def _trial(train: pd.DataFrame, held: pd.DataFrame) -> tuple[Trial, ...]:
    """Return the one trial in which all is known that people did before; none if nothing is held."""
    if held.empty:
        return ()
    n = held["partner_id"].map(train["partner_id"].value_counts())
    return (Trial(train[train["partner_id"].isin(held["partner_id"])], held.assign(n=n)),)

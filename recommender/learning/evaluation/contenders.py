"""Who is judged: our model, the baselines, and rivals where their packages are installed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import Any

from recommender.errors import InvalidInput
from recommender.learning.evaluation import rivals
from recommender.learning.evaluation.ablation import TERMS, WithoutRecommender
from recommender.preferences.baselines import (
    ItemMeanRecommender,
    PopularityRecommender,
    RandomRecommender,
    TagCosineRecommender,
)
from recommender.preferences.estimator import HierarchicalRecommender
from recommender.preferences.ridge import ContentRidgeRecommender, PartnerRidgeRecommender


@dataclass(frozen=True, slots=True)
class Contender:
    """A model to judge.

    Attributes
    ----------
    make : callable
        Returns a new estimator with default settings.
    in_points : bool
        Whether it predicts ratings; otherwise only the order of its scores means anything.
    has_std : bool
        Whether it says how sure it is.
    package : str or None
        What must be installed for it.
    """

    make: Callable[[], Any]
    in_points: bool = True
    has_std: bool = False
    package: str | None = None


CONTENDERS = {
    "rekindle": Contender(HierarchicalRecommender, has_std=True),
    "item_mean": Contender(ItemMeanRecommender),
    "popularity": Contender(PopularityRecommender, in_points=False),
    "tag_cosine": Contender(TagCosineRecommender, in_points=False),
    "content_ridge": Contender(ContentRidgeRecommender),
    "partner_ridge": Contender(PartnerRidgeRecommender),
    "random": Contender(RandomRecommender, in_points=False),
    "boosting": Contender(rivals.BoostingRecommender),
    "lightfm": Contender(rivals.LightFMRecommender, in_points=False, package="lightfm"),
    "lightfm_features": Contender(
        partial(rivals.LightFMRecommender, by_features=True), in_points=False, package="lightfm"
    ),
    "implicit_als": Contender(rivals.ImplicitALSRecommender, in_points=False, package="implicit"),
    "myfm": Contender(rivals.MyFMRecommender, package="myfm"),
}


ABLATIONS = {f"without_{term}": Contender(partial(WithoutRecommender, term), has_std=True) for term in TERMS}


def installed() -> tuple[str, ...]:
    """Return the names of the contenders that can be judged here."""
    return tuple(
        name for name, one in CONTENDERS.items() if one.package is None or find_spec(one.package) is not None
    )


def chosen(names: Sequence[str], *, ablate: bool = False) -> dict[str, Contender]:
    """Return the contenders of these names, ours first; all that are installed if none is named.

    Parameters
    ----------
    ablate : bool
        Whether ours comes again with one term out at a time.

    Raises
    ------
    InvalidInput
        If a name is unknown, or its package is not installed.
    """
    for name in names:
        if name not in CONTENDERS:
            raise InvalidInput("models", f"{name!r} is not one of {', '.join(CONTENDERS)}")
        if name not in installed():
            raise InvalidInput("models", f"{name} needs `pip install 'rekindle[bench]'`")
    wanted = set(names or installed()) | {"rekindle"}
    return {name: one for name, one in CONTENDERS.items() if name in wanted} | (ABLATIONS if ablate else {})

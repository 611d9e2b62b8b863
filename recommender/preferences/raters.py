"""What an idea's raters tell of it, whatever they thought of it: how many they are, and who.

People choose what they rate, and they choose by taste: ideas that the same people took up are alike in ways
that no tag may name, and what many took up is often better.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.linear_model import RidgeCV

from recommender.preferences.factors import PEOPLE_FOR_ONE
from recommender.preferences.frames import keys_of
from recommender.preferences.kernels import TABLED_IDEAS
from recommender.preferences.model import with_intercept
from recommender.preferences.ridge import PENALTIES
from recommender.preferences.threads import Threads

RATERS = "raters"
"""The column for how many rated an idea, as a logarithm; ``raters:1`` and so on are for who did."""
N_AXES = 8
DOUBT = 5.0
"""Average raters that every idea is given beside its own: what few rated lies near the middle."""


def with_raters(
    idea_features: pd.DataFrame, partner: np.ndarray, idea: np.ndarray, n_jobs: int = 1
) -> pd.DataFrame:
    """Return the features, how many rated each idea, and where that puts it among the others.

    Ideas that nobody rated have what their features let expect (ridge regression), or 0 where nobody rated
    anything.

    Parameters
    ----------
    partner, idea : ndarray of int, shape (n_ratings,)
        Who rated what; every partner from 0 on, and ideas as rows of ``idea_features``.
    """
    rated, ideas = pd.factorize(idea)
    told = _told(partner, rated, len(ideas), n_jobs).set_index(idea_features.index[ideas])
    told = told.reindex(idea_features.index)
    known = told[RATERS].notna().to_numpy()
    if known.any() and not known.all():
        design = with_intercept(idea_features.to_numpy(dtype=float))  # there may be no features
        ridge = RidgeCV(PENALTIES, alpha_per_target=True).fit(design[known], told[known])
        told[~known] = ridge.predict(design[~known]).reshape(-1, told.shape[1])
    return idea_features.join(told.fillna(0.0))


def axes_of(features: pd.DataFrame) -> pd.DataFrame:
    """Return the columns that `with_raters` added for who rated each idea."""
    return features.loc[:, features.columns.astype(str).str.startswith(f"{RATERS}:")]


def _told(partner: np.ndarray, idea: np.ndarray, n_ideas: int, n_jobs: int) -> pd.DataFrame:
    once = ~pd.Series(keys_of(partner, idea)).duplicated().to_numpy()
    partner, idea = partner[once], idea[once]
    n_partners = int(partner.max(initial=-1)) + 1
    n_most = max(0, min(N_AXES, n_partners // PEOPLE_FOR_ONE, n_ideas - 2))
    axes = _axes(partner, idea, n_most, n_jobs) if n_most else np.zeros((n_ideas, 0))
    told = np.column_stack([np.log(np.bincount(idea, minlength=n_ideas)), axes])
    names = [RATERS, *(f"{RATERS}:{axis}" for axis in range(1, axes.shape[1] + 1))]
    return pd.DataFrame(told, columns=names)


def _axes(partner: np.ndarray, idea: np.ndarray, n_most: int, n_jobs: int) -> np.ndarray:
    """Return ideas' places on the main axes of who rated what, (n_ideas, n_axes).

    Only axes are kept that are longer than any of the same ratings dealt out by chance (parallel analysis,
    Horn 1965, *Psychometrika* 30).
    """
    dealt = np.random.default_rng(0).permutation(idea)
    (lengths, places), (by_chance, _) = Threads(n_jobs).map(
        lambda rated: _correspondence(partner, *rated), [(idea, n_most), (dealt, 1)]
    )
    return places[:, lengths > by_chance]


def _correspondence(partner: np.ndarray, idea: np.ndarray, n_axes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the lengths of the main axes, (n_axes,), and ideas' places on them, (n_ideas, n_axes).

    Correspondence analysis (Greenacre 1984, *Theory and Applications of Correspondence Analysis*, ch. 4):
    an idea's place is its raters' average place. The first axis of all says only how many, and is left out.
    """
    from scipy.sparse import csr_matrix
    from scipy.sparse.linalg import eigsh, svds

    by_partner, by_idea = np.bincount(partner) ** -0.5, (np.bincount(idea) + DOUBT) ** -0.5
    weighed = csr_matrix((by_partner[partner] * by_idea[idea], (partner, idea)))
    if weighed.shape[1] > TABLED_IDEAS:
        _, lengths, places = svds(weighed, k=n_axes + 1, v0=np.ones(min(weighed.shape)))
    else:  # few ideas: every two of them are multiplied once, whatever the number of people
        squares, columns = eigsh((weighed.T @ weighed).toarray(), k=n_axes + 1, v0=np.ones(weighed.shape[1]))
        lengths, places = np.sqrt(np.maximum(squares, 0)), columns.T
    main_first = np.argsort(-lengths)[1:]
    lengths, places = lengths[main_first], places[main_first]
    return lengths, by_idea[:, None] * (lengths[:, None] * places).T

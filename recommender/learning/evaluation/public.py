"""Public data sets, read from a folder that you downloaded. Rekindle ships none of them.

Each has terms of its own; the ``source`` of each says where to get it, whom to cite and what is allowed.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfTransformer, TfidfVectorizer
from sklearn.preprocessing import normalize

from recommender.errors import InvalidInput
from recommender.learning.evaluation.datasets import Dataset

TEXT_TOPICS = 20
"""Columns that joke texts become: TF-IDF, then truncated SVD."""

TAG_TOPICS = 50
"""Columns that the tags of questions become, in the same way."""

SEEN_TIMES = 5
"""A cuisine that fewer places have than this is left out."""


MOST_CATEGORIES = 12
"""A column of words about people with as many values as this is left out."""

YEAR_IN_TITLE = r"\((\d{4})\)\s*$"
YEAR_IN_DATE = r"(\d{4})$"


def movielens_small(folder: Path) -> Dataset:
    """Return MovieLens latest-small: stars from half to five, genres and year as columns."""
    ratings = _read(folder / "ratings.csv").rename(
        columns={"userId": "partner_id", "movieId": "idea_id", "timestamp": "rated_at"}
    )
    films = _read(folder / "movies.csv").set_index("movieId")
    genres = films["genres"].str.replace("(no genres listed)", "").str.get_dummies("|").astype(float)
    ideas = genres.assign(year=_centuries(films["title"], YEAR_IN_TITLE))
    return Dataset(
        "movielens-small",
        ratings,
        ideas.reindex(sorted(ratings["idea_id"].unique())).rename_axis("idea_id"),
        source="GroupLens, ml-latest-small, grouplens.org/datasets/movielens; Harper and Konstan 2015. "
        "Research use, cite, no commercial use without leave.",
    )


def movielens_100k(folder: Path) -> Dataset:
    """Return MovieLens 100K: stars from one to five, genres and year as columns, age and gender of people."""
    names = ["partner_id", "idea_id", "rating", "rated_at"]
    ratings = _read(folder / "u.data", sep="\t", names=names)
    films = _read(folder / "u.item", sep="|", header=None, encoding="latin-1").set_index(0)
    genres = films.iloc[:, -19:].astype(float)
    genres.columns = [f"genre_{at}" for at in range(19)]
    people = _read(folder / "u.user", sep="|", names=["partner_id", "age", "gender", "job", "zip"])
    said = pd.get_dummies(people[["age", "gender"]], dtype=float).set_index(people["partner_id"])
    return Dataset(
        "movielens-100k",
        ratings,
        genres.assign(year=_centuries(films[2], YEAR_IN_DATE)).rename_axis("idea_id"),
        said,
        source="GroupLens, ml-100k, grouplens.org/datasets/movielens; Harper and Konstan 2015. "
        "Research use, cite, no commercial use without leave.",
    )


def jester(folder: Path) -> Dataset:
    """Return a subset of Jester: jokes rated from -10 to 10, their texts as topics."""
    ratings, jokes = _read(folder / "ratings.csv"), _read(folder / "items.csv")
    ratings.columns = ["partner_id", "idea_id", "rating"]
    words = TfidfVectorizer(stop_words="english", min_df=2).fit_transform(jokes.iloc[:, 1].fillna(""))
    topics = TruncatedSVD(TEXT_TOPICS, random_state=0).fit_transform(words)
    ideas = pd.DataFrame(topics, index=pd.Index(jokes.iloc[:, 0], name="idea_id"))
    return Dataset(
        "jester",
        ratings,
        ideas.add_prefix("topic_"),
        source="Jester, UC Berkeley, eigentaste.berkeley.edu; Goldberg et al. 2001. Research use, cite.",
    )


def restaurant(folder: Path) -> Dataset:
    """Return Restaurant & consumer data: 0 to 2, with what people said they prefer."""
    ratings = _read(folder / "rating_final.csv").rename(
        columns={"userID": "partner_id", "placeID": "idea_id"}
    )
    ratings["partner_id"] = _prefixed(pd.Index(ratings["partner_id"]))
    places = _read(folder / "geoplaces2.csv").set_index("placeID")
    facts = ["alcohol", "smoking_area", "dress_code", "accessibility", "price", "Rambience", "area"]
    ideas = pd.get_dummies(places[facts], dtype=float).join(
        _indicators(_read(folder / "chefmozcuisine.csv")), how="left"
    )
    people = _read(folder / "userprofile.csv").set_index("userID")
    people.index = _prefixed(people.index)
    cuisines = _indicators(_read(folder / "usercuisine.csv"))
    cuisines.index = _prefixed(cuisines.index)
    said = pd.get_dummies(people[_categories(people)].astype(str), dtype=float).join(cuisines, how="left")
    return Dataset(
        "restaurant",
        ratings[["partner_id", "idea_id", "rating"]],
        ideas.fillna(0.0).reindex(sorted(ratings["idea_id"].unique())).fillna(0.0),
        said.fillna(0.0).rename_axis("partner_id"),
        source="UCI machine learning repository, Restaurant & consumer data; Vargas-Govea et al. 2011. "
        "CC BY 4.0.",
    )


def sushi(folder: Path) -> Dataset:
    """Return SUSHI preference data, set B: five-point ratings of ten kinds a person, with who they are."""
    scores = _read(folder / "sushi3b.5000.10.score", sep=r"\s+", header=None).to_numpy()
    person, kind = np.nonzero(scores >= 0)
    ratings = pd.DataFrame(
        {"partner_id": person, "idea_id": kind, "rating": scores[person, kind].astype(float)}
    )
    kinds = _read(folder / "sushi3.idata", sep="\t", header=None)
    people = _read(folder / "sushi3.udata", sep="\t", header=None)
    ideas = pd.get_dummies(kinds.iloc[:, 2:].astype({4: "category"})).astype(float)
    said = pd.get_dummies(people[[1, 2, 5, 8]].astype({5: "category", 8: "category"}), dtype=float)
    return Dataset(
        "sushi",
        ratings,
        ideas.set_index(pd.Index(kinds[0], name="idea_id")).add_prefix("kind_"),
        said.rename_axis("partner_id").add_prefix("person_"),
        source="SUSHI preference data sets, kamishima.net/sushi; Kamishima 2003. Research use, cite, "
        "no passing on.",
    )


def coat(folder: Path) -> Dataset:
    """Return Coat: five-point ratings of coats, chosen (train) and random (test), with who they are."""
    chosen, drawn = (
        _read(folder / f"{name}.ascii", sep=r"\s+", header=None).to_numpy() for name in ("train", "test")
    )
    scores = np.where(drawn > 0, drawn, chosen)
    person, item = np.nonzero(scores)
    ratings = pd.DataFrame(
        {"partner_id": person, "idea_id": item, "rating": scores[person, item].astype(float)}
    )
    features = folder / "user_item_features"
    ideas = _read(features / "item_features.ascii", sep=r"\s+", header=None).astype(float)
    said = _read(features / "user_features.ascii", sep=r"\s+", header=None).astype(float)
    return Dataset(
        "coat",
        ratings,
        ideas.rename_axis("idea_id").add_prefix("item_"),
        said.rename_axis("partner_id").add_prefix("person_"),
        source="Coat shopping data, cs.cornell.edu/~schnabts/mnar; Schnabel et al. 2016. Research use, cite.",
    )


def crossvalidated(folder: Path) -> Dataset:
    """Return who answered which question on stats.stackexchange.com, and when; tags as topics.

    All ratings are 1, for what nobody answered has none. Topics of a question have length one, so that five
    tags say no more than two. LightFM's loader adds up the times of who answered a question twice, which
    puts them after everybody else; so does this one, to judge by the same answers.
    """
    stored = _arrays(folder / "data.npz")
    answers = pd.DataFrame(
        {
            "partner_id": stored["interactions_row"],
            "idea_id": stored["interactions_col"],
            "rated_at": stored["interactions_data"].astype(float),
        }
    )
    at = (stored["features_row"], stored["features_col"])
    cells = (stored["features_data"].astype(float), at)
    tags = TfidfTransformer().fit_transform(csr_array(cells, shape=stored["features_shape"].ravel()))
    topics = normalize(TruncatedSVD(TAG_TOPICS, random_state=0).fit_transform(tags))
    return Dataset(
        "crossvalidated",
        answers.groupby(["partner_id", "idea_id"], as_index=False).sum().assign(rating=1.0),
        pd.DataFrame(topics).rename_axis("idea_id").add_prefix("topic_"),
        source="LightFM's data sets, github.com/maciejkula/lightfm_datasets; Kula 2015; answers on "
        "stats.stackexchange.com. CC BY-SA, attribution.",
    )


UNREADABLE = "cannot be read; download the data set and unpack it there"

PUBLIC: dict[str, Callable[[Path], Dataset]] = {
    "movielens-small": movielens_small,
    "movielens-100k": movielens_100k,
    "jester": jester,
    "restaurant": restaurant,
    "sushi": sushi,
    "coat": coat,
    "crossvalidated": crossvalidated,
}


def read_public(name: str, folder: Path) -> Dataset:
    """Return a public data set from the folder it was unpacked into.

    Raises
    ------
    InvalidInput
        If there is no loader of that name, or a file is missing or of another form.
    """
    if name not in PUBLIC:
        raise InvalidInput("dataset", f"{name!r} is not one of {', '.join(PUBLIC)}")
    try:
        return PUBLIC[name](folder)
    except (KeyError, ValueError, IndexError) as error:
        raise InvalidInput(
            str(folder), f"does not hold {name} in the form we know ({error}); download it anew"
        ) from error


def _read(path: Path, **options: object) -> pd.DataFrame:
    try:
        return pd.read_csv(path, **options)  # type: ignore[call-overload]
    except OSError:
        raise InvalidInput(str(path), UNREADABLE) from None


def _arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            return dict(stored)
    except OSError:
        raise InvalidInput(str(path), UNREADABLE) from None
    except (BadZipFile, EOFError) as error:
        raise ValueError(error) from None


def _centuries(column: pd.Series, pattern: str) -> pd.Series:
    """Return the year that ``pattern`` finds, in centuries after 1900; the middle one where it finds none."""
    years = column.str.extract(pattern)[0].astype(float)
    return ((years.fillna(years.median()) - 1900) / 100).fillna(0.0)


def _indicators(table: pd.DataFrame) -> pd.DataFrame:
    """Return, for each thing in the first column, a 0 or 1 for each value of the second that is not rare."""
    wide = pd.crosstab(table.iloc[:, 0], table.iloc[:, 1]).clip(upper=1).astype(float)
    return wide.loc[:, wide.sum() >= SEEN_TIMES].add_prefix("cuisine_")


def _prefixed(people: pd.Index) -> pd.Index:
    """Return the ids with the leading U that some copies of the data lack."""
    return pd.Index("U" + people.astype(str).str.removeprefix("U"))


def _categories(people: pd.DataFrame) -> list[str]:
    words = people.select_dtypes(exclude="number")
    return [name for name in words.columns if words[name].nunique() < MOST_CATEGORIES]

"""Loaders of public data, on tiny files of the same form written here by hand."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recommender.errors import InvalidInput
from recommender.learning.evaluation.public import PUBLIC, read_public

N_QUESTIONS, N_TAGS = 90, 60


def questions() -> bytes:
    """Return an archive like CrossValidated's: 4 people, questions of one to three tags, six answers.

    Question 1 has the tags of question 0, and 89 has none; person 2 answered question 5 twice.
    """
    rng = np.random.default_rng(0)
    tags = [rng.choice(N_TAGS, 1 + k % 3, replace=False) for k in range(N_QUESTIONS - 1)]
    tags[1] = tags[0]
    stream = BytesIO()
    np.savez_compressed(
        stream,
        interactions_row=np.array([0, 1, 2, 0, 2, 3], dtype=np.int32),
        interactions_col=np.array([3, 3, 5, 4, 5, 88], dtype=np.int32),
        interactions_data=np.array([100, 200, 300, 400, 500, 600], dtype=np.float32),
        interactions_shape=np.array([[4, N_QUESTIONS]], dtype=np.int32),
        features_row=np.repeat(np.arange(N_QUESTIONS - 1), [len(of) for of in tags]).astype(np.int32),
        features_col=np.concatenate(tags).astype(np.int32),
        features_data=np.ones(sum(map(len, tags)), dtype=np.float32),
        features_shape=np.array([[N_QUESTIONS, N_TAGS]], dtype=np.int32),
        labels=np.array([f"tag{k}" for k in range(N_TAGS)]),
    )
    return stream.getvalue()


FILES: dict[str, dict[str, str | bytes]] = {
    "movielens-small": {
        "ratings.csv": "userId,movieId,rating,timestamp\n1,10,4.5,100\n1,20,1.0,200\n2,20,3.0,300\n",
        "movies.csv": "movieId,title,genres\n10,Walk (1960),Drama|Comedy\n"
        "20,Swim (1980) ,(no genres listed)\n30,Not (2001): again,War\n",
    },
    "movielens-100k": {
        "u.data": "7\t1\t5\t881250949\n8\t2\t1\t881250950\n",
        "u.item": "".join(
            f"{film}|Film|01-Jan-1995||-|{'|'.join('1' if k == film else '0' for k in range(19))}\n"
            for film in (1, 2)
        ),
        "u.user": "7|24|F|writer|00000\n8|53|M|other|00000\n",
    },
    "jester": {
        "ratings.csv": "userId,jokeId,rating\n" + "".join(f"1,{k},{k}.5\n" for k in range(1, 31)),
        "items.csv": "jokeId,jokeText\n"
        + "".join(f'{k},"word{k % 7} horse{k % 5} pub{k % 11} tale{k % 3}"\n' for k in range(1, 31)),
    },
    "restaurant": {
        "rating_final.csv": "userID,placeID,rating,food_rating\n1077,10,2,2\nU1078,11,0,0\n",
        "geoplaces2.csv": "placeID,name,alcohol,smoking_area,dress_code,accessibility,price,Rambience,area\n"
        "10,One,No,none,informal,completely,low,quiet,open\n11,Two,Wine,none,formal,no,high,loud,closed\n",
        "chefmozcuisine.csv": "placeID,Rcuisine\n" + "".join(f"{place},Thai\n" for place in range(10, 15)),
        "userprofile.csv": "userID,smoker,budget,birth_year\nU1077,FALSE,low,1990\nU1078,TRUE,high,1991\n",
        "usercuisine.csv": "userID,cuisine\n" + "".join(f"{person},Thai\n" for person in range(1077, 1082)),
    },
    "sushi": {
        "sushi3b.5000.10.score": "-1 4 0 -1\n2 -1 -1 1\n",
        "sushi3.idata": "".join(f"{k}\tname\t1\t0\t{k}\t2.5\t0.5\t1.8\t0.9\n" for k in range(4)),
        "sushi3.udata": "".join(f"{k}\t{k % 2}\t2\t300\t1\t3\t0\t1\t3\t0\t0\n" for k in range(2)),
    },
    "coat": {
        "train.ascii": "5 0 0\n0 0 2\n",
        "test.ascii": "0 3 0\n0 0 1\n",
        "user_item_features/item_features.ascii": "1 0\n0 1\n1 1\n",
        "user_item_features/user_features.ascii": "1 0 0\n0 1 0\n",
    },
    "crossvalidated": {"data.npz": questions()},
}


def unpacked(folder: Path, name: str) -> Path:
    """Write the files of a data set and return their folder."""
    for path, content in FILES[name].items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def test_every_loader_is_tried() -> None:
    """No public data set is without its files here."""
    assert set(FILES) == set(PUBLIC)


@pytest.mark.parametrize(
    ("name", "ratings"),
    [
        ("movielens-small", [(1, 10, 4.5), (1, 20, 1.0), (2, 20, 3.0)]),
        ("movielens-100k", [(7, 1, 5), (8, 2, 1)]),
        ("restaurant", [("U1077", 10, 2), ("U1078", 11, 0)]),
        ("sushi", [(0, 1, 4), (0, 2, 0), (1, 0, 2), (1, 3, 1)]),
        ("coat", [(0, 0, 5), (0, 1, 3), (1, 2, 1)]),
        ("crossvalidated", [(0, 3, 1), (0, 4, 1), (1, 3, 1), (2, 5, 1), (3, 88, 1)]),
    ],
)
def test_ratings_are_read(tmp_path: Path, name: str, ratings: list[tuple[object, object, float]]) -> None:
    """Who, what and how many points; every rated idea has features, all of them numbers."""
    data = read_public(name, unpacked(tmp_path, name))
    assert (
        list(data.ratings[["partner_id", "idea_id", "rating"]].itertuples(index=False, name=None)) == ratings
    )
    assert set(data.ratings["idea_id"]) <= set(data.ideas.index)
    assert not data.ideas.isna().any().any()
    assert (data.ideas.dtypes == "float64").all()


def test_genres_and_years_become_columns(tmp_path: Path) -> None:
    """A film has a 1 for each of its genres, or none, and its year; films that nobody rated are left out."""
    ideas = read_public("movielens-small", unpacked(tmp_path, "movielens-small")).ideas
    assert ideas.loc[10].to_dict() == {"Comedy": 1.0, "Drama": 1.0, "War": 0.0, "year": 0.6}
    assert ideas.loc[20].to_dict() == {"Comedy": 0.0, "Drama": 0.0, "War": 0.0, "year": 0.8}
    assert 30 not in ideas.index


def test_films_without_a_year_count_as_the_middle_one(tmp_path: Path) -> None:
    """Of 1960, 1980 and no year at all, the third is 1970."""
    folder = unpacked(tmp_path, "movielens-small")
    more = folder / "ratings.csv"
    more.write_text(more.read_text() + "2,30,2.0,400\n", encoding="utf-8")
    assert read_public("movielens-small", folder).ideas.loc[30, "year"] == 0.7


def test_dates_of_release_become_years(tmp_path: Path) -> None:
    """Films of 1 January 1995 are of 1995."""
    ideas = read_public("movielens-100k", unpacked(tmp_path, "movielens-100k")).ideas
    assert list(ideas["year"]) == [0.95, 0.95]


def test_jokes_become_topics(tmp_path: Path) -> None:
    """Every joke has as many numbers as there are topics, and jokes of different words differ."""
    data = read_public("jester", unpacked(tmp_path, "jester"))
    assert data.ideas.shape == (30, 20)
    assert data.ideas.loc[1].sub(data.ideas.loc[2]).abs().max() > 0.01
    assert data.ratings["rating"].max() == 30.5


def test_tags_of_questions_become_topics(tmp_path: Path) -> None:
    """Topics have length one, and are the same for the same tags; who answered twice did so last."""
    data = read_public("crossvalidated", unpacked(tmp_path, "crossvalidated"))
    assert data.ideas.shape == (N_QUESTIONS, 50)
    lengths = np.linalg.norm(data.ideas, axis=1)
    assert lengths == pytest.approx(np.append(np.ones(N_QUESTIONS - 1), 0.0))
    pd.testing.assert_series_equal(data.ideas.loc[0], data.ideas.loc[1], check_names=False, atol=1e-9)
    assert data.ideas.loc[0].sub(data.ideas.loc[2]).abs().max() > 0.1
    assert list(data.ratings["rated_at"]) == [100, 400, 200, 800, 600]


@pytest.mark.parametrize("content", [b"no archive", questions()[:2000], b""])
def test_broken_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    """What is no archive of arrays, or half of one, is refused in one line."""
    (tmp_path / "data.npz").write_bytes(content)
    with pytest.raises(InvalidInput, match="download"):
        read_public("crossvalidated", tmp_path)


def test_what_diners_said_is_theirs(tmp_path: Path) -> None:
    """Ids with and without their leading U are the same person; years of birth are left out."""
    data = read_public("restaurant", unpacked(tmp_path, "restaurant"))
    assert data.partners is not None
    said = data.partners.loc["U1077"]
    assert said["budget_low"] == 1.0
    assert said["cuisine_Thai"] == 1.0
    assert not any(name.startswith("birth") for name in data.partners.columns)
    assert set(data.ratings["partner_id"]) <= set(data.partners.index)


@pytest.mark.parametrize("name", sorted(FILES))
def test_missing_file_is_named(tmp_path: Path, name: str) -> None:
    """Without the first of its files a data set is refused by that file's name."""
    folder = unpacked(tmp_path, name)
    gone = next(iter(FILES[name]))
    (folder / gone).unlink()
    with pytest.raises(InvalidInput, match=gone.replace(".", r"\.")):
        read_public(name, folder)


def test_another_form_is_refused(tmp_path: Path) -> None:
    """A file whose columns we do not know is refused, not half read."""
    folder = unpacked(tmp_path, "movielens-small")
    (folder / "movies.csv").write_text("id,name\n1,x\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match="form"):
        read_public("movielens-small", folder)


def test_unknown_data_set_lists_the_known(tmp_path: Path) -> None:
    """A wrong name is answered with the right ones."""
    with pytest.raises(InvalidInput, match="movielens-small, movielens-100k, jester"):
        read_public("netflix", tmp_path)

"""What every recommender promises, inherited by the test class of each."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from recommender.errors import InvalidInput

N_IDEAS, N_PARTNERS = 12, 10


def checkerboard() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Even people rate even ideas 5 and odd ones 1, odd people the reverse; the diagonal is withheld."""
    rows = [
        (f"p{p}", f"c{p // 2}", f"i{i:02}", 5.0 if p % 2 == i % 2 else 1.0)
        for p in range(N_PARTNERS)
        for i in range(N_IDEAS)
        if p != i
    ]
    ratings = pd.DataFrame(rows, columns=["partner_id", "couple_id", "idea_id", "rating"])
    parity = np.array([[i % 2, 1 - i % 2] for i in range(N_IDEAS)], dtype=float)
    ideas = pd.DataFrame(parity, index=[f"i{i:02}" for i in range(N_IDEAS)], columns=["odd", "even"])
    return ratings, ideas


def pairs_of(partner: str, ideas: list[str]) -> pd.DataFrame:
    """Return the pairs of one partner with each idea."""
    return pd.DataFrame({"partner_id": partner, "idea_id": ideas})


class RecommenderContract:
    """Inherit and set ``make``."""

    @staticmethod
    def make() -> object:
        """Return a new recommender."""
        raise NotImplementedError

    def test_predict_before_fit_says_so(self) -> None:
        """Predicting before fitting raises scikit-learn's NotFittedError."""
        with pytest.raises(NotFittedError):
            self.make().predict(pairs_of("p0", ["i00"]))  # type: ignore[attr-defined]

    def test_fit_returns_self(self) -> None:
        """Fitting returns the recommender itself."""
        recommender = self.make()
        assert recommender.fit(*checkerboard()) is recommender  # type: ignore[attr-defined]

    def test_same_input_same_answer(self) -> None:
        """Two fits of the same ratings give the same predictions to the last bit."""
        ratings, ideas = checkerboard()
        pairs = pairs_of("p3", list(ideas.index))
        first, second = (self.make().fit(ratings, ideas).predict(pairs) for _ in range(2))  # type: ignore[attr-defined]
        np.testing.assert_array_equal(first, second)

    def test_refit_replaces(self) -> None:
        """Fitting again forgets the first ratings altogether."""
        ratings, ideas = checkerboard()
        pairs = pairs_of("p3", list(ideas.index))
        flipped = ratings.assign(rating=6 - ratings["rating"])
        refitted = self.make().fit(flipped, ideas).fit(ratings, ideas)  # type: ignore[attr-defined]
        fresh = self.make().fit(ratings, ideas)  # type: ignore[attr-defined]
        np.testing.assert_array_equal(refitted.predict(pairs), fresh.predict(pairs))

    def test_order_of_pairs_is_kept(self) -> None:
        """Predictions follow the pairs given, whatever their order."""
        ratings, ideas = checkerboard()
        recommender = self.make().fit(ratings, ideas)  # type: ignore[attr-defined]
        mixed = pd.DataFrame(
            {"partner_id": ["p1", "p4", "p1", "p9"], "idea_id": ["i05", "i00", "i02", "i11"]}
        )
        alone = [float(recommender.predict(mixed.iloc[[k]])[0]) for k in range(4)]
        np.testing.assert_allclose(recommender.predict(mixed), alone, atol=1e-12)

    def test_order_of_ratings_does_not_matter(self) -> None:
        """Shuffled ratings give the same predictions, but for the order of sums."""
        ratings, ideas = checkerboard()
        pairs = pairs_of("p3", list(ideas.index))
        shuffled = ratings.sample(frac=1, random_state=1)
        one = self.make().fit(ratings, ideas).predict(pairs)  # type: ignore[attr-defined]
        other = self.make().fit(shuffled, ideas).predict(pairs)  # type: ignore[attr-defined]
        np.testing.assert_allclose(one, other, atol=1e-6)

    def test_unknown_partner_gets_finite_scores(self) -> None:
        """A person without ratings gets a finite score for every idea."""
        ratings, ideas = checkerboard()
        scores = self.make().fit(ratings, ideas).predict(pairs_of("new", list(ideas.index)))  # type: ignore[attr-defined]
        assert scores.shape == (N_IDEAS,)
        assert np.isfinite(scores).all()

    def test_unknown_idea_is_refused(self) -> None:
        """An idea without features is named in the error."""
        ratings, ideas = checkerboard()
        recommender = self.make().fit(ratings, ideas)  # type: ignore[attr-defined]
        with pytest.raises(InvalidInput, match="no-such-idea"):
            recommender.predict(pairs_of("p0", ["no-such-idea"]))

    def test_no_pairs_no_scores(self) -> None:
        """An empty list of pairs gives an empty answer."""
        ratings, ideas = checkerboard()
        assert self.make().fit(ratings, ideas).predict(pairs_of("p0", [])).shape == (0,)  # type: ignore[attr-defined]

    def test_no_ratings_at_all(self) -> None:
        """Before any rating exists, fitting works and every score is finite."""
        ratings, ideas = checkerboard()
        recommender = self.make().fit(ratings.iloc[:0], ideas)  # type: ignore[attr-defined]
        assert np.isfinite(recommender.predict(pairs_of("p0", list(ideas.index)))).all()

    def test_missing_column_is_named(self) -> None:
        """Ratings without a needed column are refused by its name."""
        ratings, ideas = checkerboard()
        with pytest.raises(InvalidInput, match="rating"):
            self.make().fit(ratings.drop(columns="rating"), ideas)  # type: ignore[attr-defined]

    def test_rating_that_is_not_a_number_is_refused(self) -> None:
        """A rating of NaN is refused with its row."""
        ratings, ideas = checkerboard()
        ratings.loc[3, "rating"] = np.nan
        with pytest.raises(InvalidInput, match="row 3"):
            self.make().fit(ratings, ideas)  # type: ignore[attr-defined]


class LearnsTastes:
    """For recommenders that must solve the checkerboard."""

    @staticmethod
    def make() -> object:
        """Return a new recommender."""
        raise NotImplementedError

    @pytest.mark.parametrize("person", range(N_PARTNERS))
    def test_checkerboard(self, person: int) -> None:
        """The withheld idea of one's own parity ranks above every idea of the other parity."""
        ratings, ideas = checkerboard()
        recommender = self.make().fit(ratings, ideas)  # type: ignore[attr-defined]
        others = [f"i{i:02}" for i in range(N_IDEAS) if i % 2 != person % 2]
        scores = recommender.predict(pairs_of(f"p{person}", [f"i{person:02}", *others]))
        assert scores[0] > scores[1:].max() + 1e-9

"""The demo couple: a home of its own, made once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from recommender import service
from recommender.catalogue.library import Catalogue, load_catalogue
from recommender.service import Caller, Deployment, Settings, demo

Opening = Callable[[Settings], tuple[Deployment, Caller]]


@pytest.fixture(scope="session")
def shipped() -> Catalogue:
    """Read the catalogue that ships, once."""
    return load_catalogue()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return the settings of a real home."""
    return Settings.from_environment({"REKINDLE_HOME": str(tmp_path)})


@pytest.fixture
def open_demo(shipped: Catalogue, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opening]:
    """Return what opens the demo; whatever it opened is closed at the end."""
    monkeypatch.setattr("recommender.service.deployment.load_catalogue", lambda _folder: shipped)
    opened: list[Deployment] = []

    def opening(settings: Settings) -> tuple[Deployment, Caller]:
        deployment, caller = service.open_demo(settings)
        opened.append(deployment)
        return deployment, caller

    yield opening
    for deployment in opened:
        deployment.engine.dispose()


def partner(deployment: Deployment, caller: Caller, name: str) -> Caller:
    """Return a partner of the demo couple."""
    return service.partner_caller(deployment, caller, name)


def test_the_demo_leaves_a_real_database_alone(open_demo: Opening, settings: Settings) -> None:
    """A database beside the demo's keeps every byte, and no model is written beside it."""
    real = service.open_deployment(settings)
    service.create_couple(real, "Ana")
    real.engine.dispose()
    before = sha256((settings.home / "rekindle.sqlite3").read_bytes()).hexdigest()

    deployment, caller = open_demo(settings)
    service.get_plan(deployment, caller, service.coming_week(deployment, caller))
    deployment.engine.dispose()

    assert sha256((settings.home / "rekindle.sqlite3").read_bytes()).hexdigest() == before
    assert {path.name for path in settings.home.iterdir()} == {"rekindle.sqlite3", "demo"}


def test_a_second_start_finds_the_same_couple(open_demo: Opening, settings: Settings) -> None:
    """Opening the demo again gives the same couple with the same plan."""
    first, caller = open_demo(settings)
    week = service.coming_week(first, caller)
    plan = service.get_plan(first, caller, week)

    second, again = open_demo(settings)

    assert again == caller
    assert service.list_couples(second, limit=9) == (caller.couple_id,)
    assert service.get_plan(second, again, week) == plan


def test_the_demo_shows_three_suggestions_with_reasons(open_demo: Opening, settings: Settings) -> None:
    """There is one of each role, every one with reasons and with what is expected of it."""
    deployment, caller = open_demo(settings)

    plan = service.get_plan(deployment, caller, service.coming_week(deployment, caller))
    cards = service.plan_cards(deployment, service.see_week(deployment, caller, plan))

    assert [card.position for card in cards] == [1, 2, 3]
    assert {card.role for card in cards} == {"easy", "growth", "close"}
    for card in cards:
        *reasons, expected = card.sentences
        assert 1 <= len(reasons) <= 3
        assert expected.startswith("Expected ")


def test_both_have_lived_and_rated_four_dates(open_demo: Opening, settings: Settings) -> None:
    """Robin and Sam come with four rated dates, on four days before today."""
    deployment, caller = open_demo(settings)

    views = service.list_dates(deployment, partner(deployment, caller, "Sam"))

    assert len({view.date.starts_at.date() for view in views}) == 4
    assert all(view.mine and view.theirs for view in views)
    assert all(view.date.starts_at < deployment.clock() for view in views)


def test_a_demo_broken_off_is_made_anew(
    open_demo: Opening, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the first start was stopped half-way, the next one has a whole couple all the same."""
    with monkeypatch.context() as patch:
        patch.setattr(demo, "_live", _interrupted)
        with pytest.raises(KeyboardInterrupt):
            open_demo(settings)

    deployment, caller = open_demo(settings)

    assert len(service.list_dates(deployment, partner(deployment, caller, "Robin"))) == 4


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def test_the_demo_opens_where_sign_up_is_closed(open_demo: Opening, settings: Settings) -> None:
    """Closed sign-up keeps strangers out, not the demo."""
    deployment, caller = open_demo(replace(settings, signup="closed"))

    assert service.list_couples(deployment, limit=9) == (caller.couple_id,)


def test_the_demo_opens_on_a_catalogue_without_its_domains(
    catalogue: Catalogue, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a catalogue that lacks some of its domains, the demo's past is shorter and that is all."""
    monkeypatch.setattr("recommender.service.deployment.load_catalogue", lambda _folder: catalogue)

    deployment, caller = service.open_demo(settings)

    # All three ideas of the small catalogue are of one domain.
    n_past = int(catalogue.ideas[0].tags["domain"][0] in demo.PAST)
    assert len(service.list_dates(deployment, partner(deployment, caller, "Sam"))) == n_past
    deployment.engine.dispose()

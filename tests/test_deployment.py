"""Settings from the environment, and opening a deployment with them."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from recommender import service
from recommender.errors import InvalidInput, StoreError
from recommender.service import Settings


@pytest.fixture
def shipped(catalogue: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let deployments open with the small catalogue, which is quicker to read than the one we ship."""
    monkeypatch.setattr("recommender.service.deployment.load_catalogue", lambda _folder: catalogue)


@pytest.mark.usefixtures("shipped")
def test_a_new_home_is_its_owners_alone(tmp_path: Path) -> None:
    """The folder is made with access for nobody else, and the database in it is ready."""
    settings = Settings.from_environment({"REKINDLE_HOME": str(tmp_path / "deep" / "home")})

    deployment = service.open_deployment(settings)

    assert stat.S_IMODE(settings.home.stat().st_mode) == 0o700
    assert service.create_couple(deployment, "Robin").invite_code
    assert (settings.home / "rekindle.sqlite3").is_file()
    deployment.engine.dispose()


@pytest.mark.usefixtures("shipped")
def test_a_home_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    """Where a file stands in the way, the folder and the setting are named."""
    (tmp_path / "file").touch()

    with pytest.raises(StoreError, match="REKINDLE_HOME") as failure:
        service.open_deployment(Settings.from_environment({"REKINDLE_HOME": str(tmp_path / "file" / "home")}))

    assert str(tmp_path / "file" / "home") in str(failure.value)


@pytest.mark.usefixtures("shipped")
def test_opening_again_finds_what_was_there(tmp_path: Path) -> None:
    """A deployment closed and opened anew knows its couples."""
    settings = Settings.from_environment({"REKINDLE_HOME": str(tmp_path)})
    first = service.open_deployment(settings)
    token = service.create_couple(first, "Robin").token
    first.engine.dispose()

    second = service.open_deployment(settings)
    assert service.get_me(second, service.authenticate(second, token)).name == "Robin"
    second.engine.dispose()


def test_settings_come_from_the_environment() -> None:
    """Every variable is read, and the home folder is where the database is unless one is named."""
    settings = Settings.from_environment(
        {
            "REKINDLE_HOME": "/srv/home",
            "REKINDLE_DATABASE_URL": "postgresql+psycopg://host/db",
            "REKINDLE_OPERATOR_TOKEN": "0123456789abcdef",
            "REKINDLE_SIGNUP": "closed",
            "REKINDLE_CATALOGUE": "/srv/ideas",
            "REKINDLE_RATE_PER_MINUTE": "60",
            "REKINDLE_PROXIES": "1",
        }
    )

    assert settings == Settings(
        home=Path("/srv/home"),
        database_url="postgresql+psycopg://host/db",
        operator_token="0123456789abcdef",
        signup="closed",
        catalogue=Path("/srv/ideas"),
        rate_per_minute=60,
        proxies=1,
    )
    assert Settings.from_environment(settings.as_environment()) == settings


def test_an_empty_variable_is_one_not_set() -> None:
    """Nothing set and everything set to nothing are the same, and give no operator token."""
    names = ("HOME", "DATABASE_URL", "OPERATOR_TOKEN", "SIGNUP", "CATALOGUE", "RATE_PER_MINUTE", "PROXIES")

    settings = Settings.from_environment({f"REKINDLE_{name}": "" for name in names})

    assert settings == Settings.from_environment({})
    assert (settings.operator_token, settings.signup, settings.catalogue) == (None, "open", None)
    assert settings.home == Path.home() / ".rekindle"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("REKINDLE_OPERATOR_TOKEN", "short"),
        ("REKINDLE_SIGNUP", "maybe"),
        ("REKINDLE_RATE_PER_MINUTE", "-1"),
        ("REKINDLE_PROXIES", "one"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(variable: str, value: str) -> None:
    """A wrong value is refused by the variable's name, and a token is not repeated."""
    with pytest.raises(InvalidInput) as refusal:
        Settings.from_environment({variable: value})

    assert refusal.value.field == variable
    assert "short" not in refusal.value.problem.replace("too short", "")

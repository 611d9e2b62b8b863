"""A real Chromium: for tests of the pages, and for `make screenshots`."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Blueprint, Flask
from playwright.sync_api import Browser, Page, sync_playwright

from api.pages import PARTS
from tests.conftest import OPERATOR_TOKEN

MISSING = "Debian's chromium is not installed (apt-get install chromium)"

FILES = ("/settings/export", "/dates/<date_id>/date.ics")
"""What is no page but something to keep."""


def addresses(method: str) -> list[str]:
    """Return the rules of all pages that take a method, as the app has them."""
    app, pages = Flask("rules"), Blueprint("pages", __name__)
    for part in PARTS:
        part.add_to(pages)
    app.register_blueprint(pages)
    rules = (rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("pages."))
    return sorted(rule.rule for rule in rules if method in (rule.methods or ()))


def paths(**names: str) -> list[str]:
    """Return where every page is, with what stands in an address filled in; KeyError for what is not told."""
    named = re.compile(r"<(?:\w+:)?(\w+)>")
    shown = (rule for rule in addresses("GET") if rule not in FILES)
    return [named.sub(lambda found: names[found[1]], rule) for rule in shown]


def chromium() -> str | None:
    """Return the path of Debian's Chromium, if it is there."""
    return shutil.which("chromium")


@contextmanager
def browser() -> Iterator[Browser]:
    """Start Chromium, and yield it."""
    with sync_playwright() as playwright:
        path = chromium()
        assert path is not None, MISSING
        started = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        yield started
        started.close()


def press(page: Page, selector: str) -> None:
    """Click on what leads to another page, and wait for that."""
    with page.expect_navigation():
        page.click(selector)


def begin(page: Page, url: str, name: str) -> None:
    """Walk through the start, from a name to the first plan."""
    page.goto(url)
    page.fill("#name", name)
    press(page, "button.main")
    tell(page)


def tell(page: Page) -> None:
    """Walk through quiz, limits and times."""
    for question in page.query_selector_all("fieldset")[:8]:
        choice = question.query_selector("label.choice")
        assert choice is not None
        choice.click()
    press(page, "button.main")
    page.select_option("#alcohol_max", "none")
    press(page, "button.main")
    for weekday in (3, 6, 7):  # on Sunday at noon the next week begins, so there is always time left
        page.check(f"input[name=free{weekday}]", force=True)
    page.select_option("#time_zone", "Europe/Paris")
    press(page, "button.main")


def invitation(page: Page, url: str) -> str:
    """Return the link that an invitation holds."""
    page.goto(f"{url}/settings?open=invite")
    press(page, "text=Make an invitation")
    return page.inner_text(".copy >> nth=0")


def operate(page: Page, url: str) -> None:
    """Sign in as the operator."""
    page.goto(f"{url}/sign-in")
    page.fill("#token", OPERATOR_TOKEN)
    press(page, "button.main")


def say_yes_to_all(page: Page, url: str) -> None:
    """Mark each suggestion of the week with a yes."""
    page.goto(f"{url}/week")
    for card in range(3):
        press(page, f"form.marks >> nth={card} >> text=Yes")


def rate(page: Page, stars: int, note: str) -> None:
    """Fill in how it was, and keep it."""
    page.check(f"input[name=enjoyment][value='{stars}']", force=True)
    page.check("input[name=closeness][value='4']", force=True)
    page.fill("#note", note)
    press(page, "button.main")

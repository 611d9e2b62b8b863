"""``make screenshots``: the pictures of the README, taken of the app itself with a made-up couple."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests import browsing
from tests.conftest import OPERATOR_TOKEN
from tests.serving import served

OUT = Path(__file__).parent.parent / "docs" / "screenshots"
SIZES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1180, "height": 820}}


def main() -> None:
    """Take every page at both sizes, light and dark."""
    OUT.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as home,
        served(Path(home)) as it,
        browsing.browser() as chrome,
    ):
        for size in SIZES:
            for scheme in ("light", "dark"):
                _walk(chrome, it.url, size, scheme)


def _walk(browser: Browser, url: str, size: str, scheme: str) -> None:
    context = browser.new_context(viewport=SIZES[size], color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()

    def shoot(name: str) -> None:
        page.screenshot(path=OUT / f"{name}-{size}-{scheme}.png")

    page.goto(url)
    shoot("start")
    browsing.begin(page, url, "Robin")
    _join(browser, browsing.invitation(page, url))
    page.goto(f"{url}/week")
    shoot("week")
    page.click("text=Make it our date >> nth=0")
    page.goto(page.url)  # without the remark
    shoot("date")
    page.click("text=It happened already")
    shoot("rate")
    browsing.rate(page, 5, "We kept the crooked one.")
    page.goto(f"{url}/story")
    shoot("story")
    page.goto(f"{url}/sign-in")
    page.fill("#token", OPERATOR_TOKEN)
    page.click("button.main")
    shoot("operator")
    context.close()


def _join(browser: Browser, link: str) -> None:
    page: Page = browser.new_page()
    page.goto(link)
    page.fill("#name", "Sam")
    page.click("button.main")
    browsing.tell(page)
    page.close()


if __name__ == "__main__":
    main()

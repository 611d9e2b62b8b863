"""``make screenshots``: the pictures of the README, taken of the app itself with a made-up couple."""

from __future__ import annotations

import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page

from tests import browsing
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
    context = browser.new_context(
        viewport=SIZES[size],  # type: ignore[arg-type]
        color_scheme=scheme,  # type: ignore[arg-type]
        reduced_motion="reduce",
    )
    page = context.new_page()

    def shoot(name: str) -> None:
        path = OUT / f"{name}-{size}-{scheme}.png"
        page.mouse.move(0, 0)
        page.screenshot(path=path)
        with Image.open(path) as whole:  # 256 colours are enough, and a third of the bytes
            kept = whole.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=2)
            kept.save(path, optimize=True)

    page.goto(url)
    shoot("start")
    browsing.begin(page, url, "Robin")
    other = _joined(browser, browsing.invitation(page, url))
    page.goto(f"{url}/settings?open=goals")
    page.click("#goals .stack button")
    page.goto(f"{url}/week")
    shoot("week")
    page.click("text=Make it our date >> nth=0")
    page.goto(page.url)  # without the remark
    shoot("date")
    page.click("text=It happened already")
    shoot("rate")
    other.goto(page.url)
    browsing.rate(page, 5, "We kept the crooked one.")
    browsing.rate(other, 4, "The quiet after.")
    page.goto(f"{url}/story")
    shoot("story")
    browsing.operate(page, url)
    shoot("operator")
    context.close()


def _joined(browser: Browser, link: str) -> Page:
    page: Page = browser.new_page()
    page.goto(link)
    page.fill("#name", "Sam")
    page.click("button.main")
    browsing.tell(page)
    return page


if __name__ == "__main__":
    main()

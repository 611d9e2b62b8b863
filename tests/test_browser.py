"""The whole story in a real browser: two people, a served app, a real database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests import browsing
from tests.conftest import OPERATOR_TOKEN
from tests.serving import served

pytestmark = [
    pytest.mark.skipif(browsing.chromium() is None, reason=browsing.MISSING),
    pytest.mark.xdist_group("browser"),
]

PHONE, NARROW, DESK = ({"width": w, "height": h} for w, h in ((390, 844), (320, 640), (1280, 900)))
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
PRIVATE = ("/week", "/story", "/settings", "/quiz?again=1", "/limits?again=1", "/times?again=1")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve an empty Rekindle."""
    with served(tmp_path_factory.mktemp("home")) as it:
        yield it.url


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    """Start one Chromium for all."""
    with browsing.browser() as started:
        yield started


def violations(page: Page) -> list[str]:
    """Return what axe-core finds against a page, in words."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:150]}" for one in found]


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without"])
def test_the_whole_story(url: str, chrome: Browser, script: bool) -> None:
    """Start, join, quiz, plan, reveal, choose, rate, story, leave: two people, each with a browser."""
    ana = chrome.new_context(viewport=PHONE, java_script_enabled=script).new_page()
    bo = chrome.new_context(viewport=DESK, java_script_enabled=script).new_page()
    browsing.begin(ana, url, "Ana")
    assert ana.locator("article.idea").count() == 3
    link = browsing.invitation(ana, url)
    bo.goto(link)
    bo.fill("#name", "Bo")
    bo.click("button.main")
    browsing.tell(bo)
    assert bo.locator("article.idea").count() == 3
    browsing.say_yes_to_all(ana, url)
    bo.goto(f"{url}/week")
    assert bo.locator("text=You both said yes").count() == 0
    browsing.say_yes_to_all(bo, url)
    assert bo.locator("text=You both said yes").count() == 3
    bo.click("text=Make it our date >> nth=0")
    title = bo.inner_text("h1")
    ana.goto(f"{url}/week")
    ana.click("text=Chosen. See what to do")
    assert ana.inner_text("h1") == title
    for page, stars, note in ((ana, 5, "The one where we laughed"), (bo, 4, "Mine alone")):
        page.goto(ana.url if page is ana else bo.url)
        page.click("text=It happened already")
        browsing.rate(page, stars, note)
    assert "You: 4 of 5 · the other: 5 of 5" in bo.inner_text("main")
    assert "laughed" not in bo.inner_text("main")
    ana.goto(f"{url}/settings")
    ana.check("input[name=sure]", force=True)
    ana.click("#leave button")
    assert "You have left" in ana.inner_text("main")
    bo.goto(f"{url}/settings")
    assert "Ana" not in bo.inner_text("main")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_stands_in_anybody_s_way(url: str, chrome: Browser, scheme: str) -> None:
    """axe-core finds nothing on any page, light or dark."""
    page = chrome.new_context(viewport=PHONE, color_scheme=scheme).new_page()
    found = {}
    for path in ("/", "/join?code=ABCDE", "/sign-in", "/support", "/nowhere"):
        page.goto(url + path)
        found[path] = violations(page)
    browsing.begin(page, url, "Ana")
    for path in PRIVATE:
        page.goto(url + path)
        found[path] = violations(page)
    browsing.invitation(page, url)
    found["invitation"] = violations(page)
    page.goto(f"{url}/settings")
    page.click("#calendar button")
    found["calendar"] = violations(page)
    page.goto(f"{url}/week")
    page.click("summary >> nth=0")
    found["swap"] = violations(page)
    page.click("text=Make it our date >> nth=0")
    found["date"] = violations(page)
    page.click("text=It happened already")
    found["rate"] = violations(page)
    browsing.rate(page, 5, "A good one")
    found["story"] = violations(page)
    page.goto(f"{url}/sign-in")
    page.fill("#token", OPERATOR_TOKEN)
    page.click("button.main")
    found["operator"] = violations(page)
    page.goto(f"{url}/operator/models/prior")
    found["model"] = violations(page)
    assert {path: told for path, told in found.items() if told} == {}


def test_the_keyboard_is_enough(url: str, chrome: Browser) -> None:
    """From the start to a chosen date without a pointer: Tab, Space, Enter and letters."""
    page = chrome.new_context(viewport=DESK).new_page()
    page.goto(url)

    def tab_to(selector: str) -> None:
        for _ in range(150):
            page.keyboard.press("Tab")
            if page.evaluate("s => document.activeElement.matches(s)", selector):
                return
        raise AssertionError(f"Tab never comes to {selector}")

    tab_to("#name")
    page.keyboard.type("Ana")
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('Quick choices')")
    tab_to("input[name=tonight]")
    page.keyboard.press("Space")
    assert page.is_checked("input[name=tonight] >> nth=0")
    for heading in ("Your limits", "Your time and means", "Your week"):
        tab_to("button.main")
        page.keyboard.press("Enter")
        page.wait_for_selector(f"h1:has-text('{heading}')")
    tab_to("button.main")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=What to do")


def test_nothing_is_wider_than_a_small_phone(url: str, chrome: Browser) -> None:
    """At 320 pixels no page scrolls sideways, and every target is tall enough for a thumb."""
    page = chrome.new_context(viewport=NARROW).new_page()
    browsing.begin(page, url, "Ana")
    for path in ("/", "/support", *PRIVATE):
        page.goto(url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"], path
        low = page.evaluate(
            "[...document.querySelectorAll('button, .button, .choice, summary, nav a, select')]"
            ".filter(e => e.offsetParent && e.getBoundingClientRect().height < 44).map(e => e.outerHTML)"
        )
        assert low == [], path


def test_no_page_asks_another_host(url: str, chrome: Browser) -> None:
    """Everything that the pages load comes from us, and the browser reports no breach of the policy."""
    page = chrome.new_context(viewport=PHONE).new_page()
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    browsing.begin(page, url, "Ana")
    for path in PRIVATE:
        page.goto(url + path)
    assert [address for address in asked if not address.startswith(url)] == []
    assert said == []

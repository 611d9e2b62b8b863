"""The whole story in a real browser: two people, a served app, a real database."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route

from tests import browsing
from tests.browsing import press
from tests.serving import served

pytestmark = [
    pytest.mark.skipif(browsing.chromium() is None, reason=browsing.MISSING),
    pytest.mark.xdist_group("browser"),
]

PHONE, NARROW, DESK = ({"width": w, "height": h} for w, h in ((390, 844), (320, 640), (1280, 900)))
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
FIRST_LOAD_BYTES = 60_000
PARTS = (("calendar", "Make an address"), ("sessions", "Sign in on"), ("sessions", "Make a key"))
"""Parts of the settings, with what is shown once when it is made there."""

UNFOLD = "document.querySelectorAll('details').forEach(folded => folded.open = true)"
TOO_LOW = """[...document.querySelectorAll('button, .button, .choice, summary, nav a, select, input')]
    .filter(e => e.checkVisibility() && !e.closest('.choice input') && e.getBoundingClientRect().height < 44)
    .map(e => e.outerHTML)"""
TO_OPERATE = """() => {
    const shown = [...document.querySelectorAll(
        'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')]
        .filter(e => e.checkVisibility() && e.tabIndex >= 0);
    shown.forEach((e, at) => e.dataset.at = e.type === 'radio' ? `radio ${e.name}` : at);
    return [...new Set(shown.map(e => e.dataset.at))];
}"""
HERE = """() => {
    const here = document.activeElement, told = here.closest('.choice') ? here.nextElementSibling : here;
    return [here.dataset.at ?? null, getComputedStyle(told).outlineStyle !== 'none'];
}"""


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


def every_page(ana: Page, bo: Page, operator: Page, url: str) -> Iterator[tuple[str, Page]]:
    """Walk over every page that the app has, in each state that looks different, and yield it with a name.

    What the app has and nobody comes by is an error.
    """
    met: set[str] = set()

    def at(name: str, page: Page) -> tuple[str, Page]:
        met.add(page.url.removeprefix(url).partition("?")[0].partition("#")[0])
        page.evaluate(UNFOLD)
        return name, page

    for path in ("/", "/join?code=ABCDE", "/sign-in", "/sign-in?link=x", "/support", "/nowhere", "/docs"):
        ana.goto(url + path)
        yield at(path, ana)
    ana.goto(url)
    ana.fill("#name", "Ana")
    press(ana, "button.main")
    for step in ("choices", "limits", "times"):
        yield at(f"start: {step}", ana)
        press(ana, "button.main")
    yield at("a week alone", ana)
    ana.goto(f"{url}/story")
    yield at("no story yet", ana)
    link = browsing.invitation(ana, url)
    yield at("invitation", ana)
    ana.goto(f"{url}/settings")
    yield at("settings alone", ana)
    bo.goto(link)
    yield at("joining", bo)
    bo.fill("#name", "Bo")
    press(bo, "button.main")
    browsing.tell(bo)
    ana.goto(f"{url}/settings?open=goals")
    press(ana, "#goals .stack button")
    for opened, made in PARTS:
        ana.goto(f"{url}/settings?open={opened}")
        yield at(f"settings: {opened}", ana)
        press(ana, f"text={made}")
        yield at(made, ana)
    for path in ("/quiz?again=1", "/limits?again=1", "/times?again=1"):
        ana.goto(url + path)
        yield at(path, ana)
    for person in (ana, bo):
        browsing.say_yes_to_all(person, url)
        yield at("a marked week", person)
    press(bo, "text=Make it our date >> nth=0")
    yield at("a date, with a remark", bo)
    named = {"date_id": bo.url.rpartition("/")[2].partition("?")[0], "version": "prior"}
    for person in (ana, bo):
        person.goto(f"{url}/dates/{named['date_id']}")
        press(person, "text=It happened already")
        yield at("rating", person)
        browsing.rate(person, 4, "A good one")
        yield at("the story", person)
    bo.goto(f"{url}/dates/{named['date_id']}")
    yield at("a date that was", bo)
    bo.goto(f"{url}/dates/{named['date_id']}/rate")
    yield at("rating again", bo)
    bo.goto(f"{url}/week")
    named["week"] = re.search(r"/week/([^/]+)/", bo.content())[1]  # type: ignore[index]
    yield at("a chosen week", bo)
    bo.goto(f"{url}/week/{named['week']}")
    yield at("a week by its name", bo)
    bo.goto(f"{url}/settings?open=two")
    bo.select_option("#weeks", "2")
    press(bo, "#two button")
    bo.goto(f"{url}/week")
    yield at("a break", bo)
    browsing.operate(operator, url)
    yield at("operator", operator)
    press(operator, "text=Retrain from all feedback")
    operator.route("**/operator", _once)
    operator.goto(f"{url}/operator")
    yield at("a run", operator)
    operator.unroute("**/operator", _once)
    operator.goto(f"{url}/operator")
    operator.wait_for_selector("text=Ratings: ", timeout=60_000)
    yield at("a run that is over", operator)
    operator.goto(f"{url}/operator/models/prior")
    yield at("a model", operator)
    assert set(browsing.paths(**named)) - met == set()


def _once(route: Route) -> None:
    """Answer without the wish to come again, which would take the page away while it is looked at."""
    answer = route.fetch()
    route.fulfill(response=answer, headers={k: v for k, v in answer.headers.items() if k != "refresh"})


def three(chrome: Browser, **options: object) -> list[Page]:
    """Return pages of three browsers that know nothing of each other."""
    return [chrome.new_context(**options).new_page() for _ in range(3)]  # type: ignore[arg-type]


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
    press(bo, "button.main")
    browsing.tell(bo)
    assert bo.locator("article.idea").count() == 3
    before = ana.goto(f"{url}/week") and ana.locator("article.idea h2").all_inner_texts()
    ana.click("article summary >> nth=0")
    press(ana, "text=It is too far >> nth=0")
    after = ana.locator("article.idea h2").all_inner_texts()
    assert [old == new for old, new in zip(before or (), after, strict=True)] == [False, True, True]
    browsing.say_yes_to_all(ana, url)
    bo.goto(f"{url}/week")
    assert bo.locator("text=You both said yes").count() == 0
    browsing.say_yes_to_all(bo, url)
    assert bo.locator("text=You both said yes").count() == 3
    press(bo, "text=Make it our date >> nth=0")
    title = bo.inner_text("h1")
    ana.goto(f"{url}/week")
    press(ana, "text=Chosen. See what to do")
    assert ana.inner_text("h1") == title
    for page, stars, note in ((ana, 5, "The one where we laughed"), (bo, 4, "Mine alone")):
        press(page, "text=It happened already")
        browsing.rate(page, stars, note)
    assert page.url.startswith(f"{url}/story")
    assert "You: 4 of 5 · Ana: 5 of 5" in bo.inner_text("main")
    assert "laughed" not in bo.inner_text("main")
    press(bo, "text=Take it back")
    assert "5 of 5" not in bo.inner_text("main")
    ana.goto(f"{url}/settings?open=leave")
    ana.check("input[name=sure]", force=True)
    press(ana, "#leave button")
    assert "You have left" in ana.inner_text("main")
    bo.goto(f"{url}/settings")
    assert "Ana" not in bo.inner_text("main")


@pytest.mark.parametrize(("scheme", "size"), [("light", PHONE), ("dark", DESK)], ids=["light", "dark"])
def test_nothing_stands_in_anybody_s_way(url: str, chrome: Browser, scheme: str, size: object) -> None:
    """axe-core finds nothing on any page, light or dark."""
    pages = three(chrome, color_scheme=scheme, viewport=size)
    found = {name: violations(page) for name, page in every_page(*pages, url)}
    assert {name: told for name, told in found.items() if told} == {}


def test_a_small_phone_and_no_other_host(url: str, chrome: Browser) -> None:
    """At 320 pixels no page scrolls sideways, every target suits a thumb, and everything comes from us."""
    pages, asked, said = three(chrome, viewport=NARROW), [], []
    for page in pages:
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
    for name, page in every_page(*pages, url):
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"], name
        assert "/docs" in page.url or page.evaluate(TOO_LOW) == [], name
    assert [address for address in asked if not address.startswith(url)] == []
    assert [text for text in said if "404 (NOT FOUND)" not in text] == []  # no breach of the policy either


def test_the_keyboard_comes_everywhere(url: str, chrome: Browser) -> None:
    """On every page Tab reaches everything that can be operated, and shows where it is."""
    for name, page in every_page(*three(chrome, viewport=DESK), url):
        page.mouse.click(0, 0)
        wanted, come = set(page.evaluate(TO_OPERATE)), set()
        for _ in range(2 * len(wanted) + 10):
            page.keyboard.press("Tab")
            here, told = page.evaluate(HERE)
            assert told or here is None, (name, page.evaluate("document.activeElement.outerHTML"))
            come.add(here)
        assert wanted - come == set(), name


@pytest.fixture
def tab_to() -> Callable[[Page, str], None]:
    """Return how to come to an element by the Tab key alone."""

    def go(page: Page, selector: str) -> None:
        for _ in range(150):
            page.keyboard.press("Tab")
            if page.evaluate("s => document.activeElement.matches(s)", selector):
                return
        raise AssertionError(f"Tab never comes to {selector}")

    return go


def test_the_keyboard_is_enough(url: str, chrome: Browser, tab_to: Callable[[Page, str], None]) -> None:
    """Start, swap, choose, rate, take back, set a goal, leave: by Tab, Space, Enter, letters."""
    page = chrome.new_context(viewport=DESK).new_page()
    page.goto(url)

    def enter(selector: str, then: str) -> None:
        tab_to(page, selector)
        page.keyboard.press("Enter")
        page.wait_for_selector(f"text={then}")

    tab_to(page, "#name")
    page.keyboard.type("Ana")
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('Quick choices')")
    tab_to(page, "input[name=tonight]")
    page.keyboard.press("Space")
    assert page.is_checked("input[name=tonight] >> nth=0")
    for heading in ("Your limits", "Your time and means", "Your week"):
        enter("button.main", heading)
    enter("article summary", "It is too far")
    enter("button[value=too_far]", "Nothing is held against")
    enter("article button.main", "What to do")
    enter("main a.button:not(.main)", "How was it?")
    tab_to(page, "input[name=enjoyment]")
    page.keyboard.press("ArrowRight")
    enter("button.main", "You: 2 of 5")
    enter("form[action$=unrate] button", "Taken back")
    enter("nav a[href='/settings']", "Where you are signed in")
    enter("#goals summary", "Something small")
    enter("form[action$=goals] button", "The plan will lift")
    enter("#leave summary", "Yes, delete what is mine")
    tab_to(page, "input[name=sure]")
    page.keyboard.press("Space")
    enter("#leave button", "You have left")


def test_the_week_comes_in_few_bytes(url: str, chrome: Browser) -> None:
    """To a browser that has never been here the week is less than 60 KB, headers and typefaces included."""
    page = chrome.new_context(viewport=PHONE).new_page()
    browsing.begin(page, url, "Ana")
    network = page.context.new_cdp_session(page)
    received: list[int] = []
    network.on("Network.loadingFinished", lambda told: received.append(told["encodedDataLength"]))
    network.send("Network.enable")
    network.send("Network.clearBrowserCache")
    page.goto(f"{url}/week", wait_until="networkidle")
    assert len(received) >= 4  # the page, its style, two typefaces
    assert sum(received) < FIRST_LOAD_BYTES


def test_a_run_is_followed_without_a_script(url: str, chrome: Browser) -> None:
    """The operator's page comes anew by itself until the run is over."""
    page = chrome.new_context(viewport=DESK, java_script_enabled=False).new_page()
    browsing.operate(page, url)
    page.click("text=Retrain from all feedback")
    page.wait_for_selector("progress")
    page.wait_for_selector("text=Ratings: ", timeout=60_000)

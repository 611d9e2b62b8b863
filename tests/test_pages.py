"""The pages by their promises: who sees what, forms that are safe, words that stay words."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from time import sleep

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import TestResponse

from api.app import create_app
from recommender.service import Deployment
from tests.api_world import shipped_catalogue, with_shipped_catalogue
from tests.browsing import addresses, paths
from tests.conftest import OPERATOR_TOKEN, Clock

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
SUGGESTION = re.compile(r'name="suggestion" value="([0-9A-Z]{26})"')
HOSTILE = '<script>alert("x")</script> \u202eevil\u202c 🎈'


class Person:
    """Someone at a browser that keeps its cookies."""

    def __init__(self, app: Flask) -> None:
        self.browser: FlaskClient = app.test_client()

    def see(self, path: str, status: int = 200) -> str:
        """Return a page's text."""
        answer = self.browser.get(path, headers={"Accept": "text/html"})
        assert answer.status_code == status, answer.text
        return answer.text

    def send(self, path: str, form: dict[str, object] | None = None, seen: str | None = None) -> str:
        """Send a form as found on the page ``seen``, and return the page it leads to."""
        token = TOKEN.search(self.see(seen or path))
        assert token is not None, "the page has no form"
        answer = self.browser.post(path, data={**(form or {}), "csrf_token": token[1]}, follow_redirects=True)
        assert answer.status_code == 200, answer.text
        return answer.text


@pytest.fixture
def app(deployment: Deployment) -> Flask:
    """The app over the shipped catalogue and a database of its own."""
    return create_app(with_shipped_catalogue(deployment))


@pytest.fixture
def ana(app: Flask) -> Person:
    """Ana, who has begun."""
    person = Person(app)
    person.send("/start", {"name": "Ana"}, seen="/")
    return person


@pytest.fixture
def bo(app: Flask, ana: Person) -> Iterator[Person]:
    """Bo, who has joined Ana."""
    code = re.search(r"code=([A-Z0-9]{10})", ana.send("/settings/invite", seen="/settings"))
    assert code is not None
    person = Person(app)
    person.send("/join", {"name": "Bo", "code": code[1]}, seen=f"/join?code={code[1]}")
    yield person


@pytest.fixture
def model(deployment: Deployment) -> str:
    """Register a model that was judged, and return its version."""
    registry, version = deployment.registry, "20261101T120000-0a1b2c3d"
    promise = {"bias": 0.0, "rmse": 0.82, "coverage_90": 0.9, "pairwise_accuracy": 0.708}
    manifest = {"created_at": "2026-11-01T12:00:00+00:00", "n_ratings": 7, "verdict": "not worse"}
    parameters = registry.load("prior").parameters
    registry.register(version, parameters, {**manifest, "promise": promise}, f"# Model {version} <b>\n")
    return version


def suggestions(page: str) -> list[str]:
    """Return the ids of the suggestions on a page, each once."""
    return list(dict.fromkeys(SUGGESTION.findall(page)))


class TestStart:
    """Two minutes from a name to a plan."""

    def test_from_a_name_to_three_cards(self, app: Flask) -> None:
        """A name, a few choices, limits and times lead to three suggestions."""
        person = Person(app)
        assert "Quick choices" in person.send("/start", {"name": "Ana"}, seen="/")
        assert "Your limits" in person.send("/quiz", {"tonight": "in", "next": "1"})
        assert "Your time and means" in person.send("/limits", {"touch_max": "none", "next": "1"})
        form = {"free5": "on", "start5": "20:00", "minutes5": "120", "time_zone": "Europe/Paris", "next": "1"}
        week = person.send("/times", form)
        assert len(suggestions(week)) == 3
        assert "Friday" in week

    def test_what_was_set_is_shown_again(self, ana: Person) -> None:
        """Choices, limits and times stand in their forms when the pages are opened later."""
        ana.send("/quiz", {"tonight": "out"})
        ana.send("/limits", {"alcohol_max": "none", "hazards_never": ["height"]})
        ana.send("/times", {"budget_max": "12,5", "children": "on", "free3": "on", "start3": "18:15"})
        assert re.search(r'name="tonight" value="out"\s+checked', ana.see("/quiz?again=1"))
        limits = ana.see("/limits?again=1")
        assert re.search(r'value="height"\s+checked', limits)
        assert re.search(r'id="alcohol_max".*?value="none" selected', limits, re.DOTALL)
        times = ana.see("/times?again=1")
        assert 'value="12.5"' in times
        assert 'value="18:15"' in times
        assert re.search(r'name="children"\s+checked', times)

    def test_ten_choices_at_the_start_and_the_rest_later(self, ana: Person) -> None:
        """The start asks ten pairs; the settings ask all, and what a page does not ask stays as it was."""
        assert ana.see("/quiz").count("<fieldset") == 10
        assert ana.see("/quiz?again=1").count("<fieldset") == 16
        ana.send("/quiz", {"pulse": "2", "tonight": "out"})
        ana.send("/quiz", {"tonight": "in", "next": "1"})
        every = ana.see("/quiz?again=1")
        assert re.search(r'name="tonight" value="in"\s+checked', every)
        assert re.search(r'name="pulse" value="2"\s+checked', every)

    def test_a_name_is_needed(self, app: Flask) -> None:
        """Without one the page says so and nothing begins."""
        person = Person(app)
        assert "A name, please" in person.send("/start", {"name": " "}, seen="/")
        assert person.browser.get("/week").status_code == 303

    def test_a_bad_number_is_told_and_nothing_changes(self, ana: Person) -> None:
        """Words where a number belongs are answered in words, and what was kept stays."""
        ana.send("/times", {"budget_max": "30"})
        assert "written in digits" in ana.send("/times", {"budget_max": "plenty"})
        assert 'value="30"' in ana.see("/times?again=1")

    def test_a_used_invitation_is_refused_in_words(self, app: Flask) -> None:
        """A code that is no longer good leads to a calm page, not to a couple."""
        stranger = Person(app)
        token = TOKEN.search(stranger.see("/join?code=AAAAABBBBB"))
        assert token is not None
        answer = stranger.browser.post(
            "/join", data={"csrf_token": token[1], "code": "AAAAABBBBB", "name": "Cy"}
        )
        assert answer.status_code == 404
        assert "not valid (any more)" in answer.text


class TestWeek:
    """Marking, swapping, choosing."""

    def test_marks_stay_hidden_until_both_are_done(self, ana: Person, bo: Person) -> None:
        """What Ana says shows on Ana's page only; when both have marked all, both see what both like."""
        week = ana.see("/week")
        path = re.search(r'action="(/week/[^/]+)/mark"', week)
        assert path is not None
        before = bo.see("/week")
        for one in suggestions(week):
            ana.send(f"{path[1]}/mark", {"suggestion": one, "word": "yes"}, seen="/week")
        assert TOKEN.sub("", bo.see("/week")) == TOKEN.sub("", before)
        for one in suggestions(week):
            page = bo.send(f"{path[1]}/mark", {"suggestion": one, "word": "yes"}, seen="/week")
        assert page.count("You both said yes.") == 3
        assert ana.see("/week").count("You both said yes.") == 3

    def test_a_swap_brings_another_idea(self, ana: Person) -> None:
        """One of the three gives way, and the other two stay."""
        week = ana.see("/week")
        path = re.search(r'action="(/week/[^/]+)/swap"', week)
        assert path is not None
        first, *rest = suggestions(week)
        after = ana.send(f"{path[1]}/swap", {"suggestion": first, "reason": "too_tired"}, seen="/week")
        assert first not in suggestions(after)
        assert set(rest) < set(suggestions(after))

    def test_choosing_leads_to_what_to_do(self, ana: Person) -> None:
        """A chosen suggestion has a page with steps, versions and questions, and the week names it."""
        week = ana.see("/week")
        path = re.search(r'action="(/week/[^/]+)/choose"', week)
        assert path is not None
        page = ana.send(f"{path[1]}/choose", {"suggestion": suggestions(week)[0]}, seen="/week")
        for heading in ("What to do", "Make it yours", "Plan B", "To ask each other"):
            assert heading in page
        file = re.search(r'href="(/dates/[0-9A-Z]{26}/date\.ics)"', page)
        assert file is not None
        answer = ana.browser.get(file[1])
        assert (answer.mimetype, answer.data[:15]) == ("text/calendar", b"BEGIN:VCALENDAR")
        assert "You have a date" in ana.see("/week")

    def test_a_small_ritual_is_kept_by_two(self, ana: Person, bo: Person) -> None:
        """It counts when both have said so, and before that nobody sees the other's word."""
        week = ana.see("/week")
        path = re.search(r'action="(/week/[^/]+/keep)"', week)
        ritual = re.search(r'name="ritual" value="([0-9A-Z]{26})"', week)
        assert path is not None and ritual is not None
        before = bo.see("/week")
        assert "Kept for you" in ana.send(path[1], {"ritual": ritual[1]}, seen="/week")
        assert TOKEN.sub("", bo.see("/week")) == TOKEN.sub("", before)
        assert "It counts" in bo.send(path[1], {"ritual": ritual[1]}, seen="/week")

    @pytest.mark.parametrize("path", ["/week", "/story"])
    def test_a_planned_week_is_one_look(self, deployment: Deployment, ana: Person, path: str) -> None:
        """Once a week is planned, a page takes two connections: for who looks, and for all they see."""
        ana.see("/week")
        lent: list[object] = []
        event.listen(deployment.engine, "checkout", lambda connection, *_: lent.append(connection))
        ana.see(path)
        assert len(lent) == 2

    def test_no_such_week(self, ana: Person) -> None:
        """A week that the year has not is a calm page."""
        assert "no such week" in ana.see("/week/2026-W99", 404)


class TestAfterwards:
    """Rating, blind until both have, and taking it back."""

    @pytest.fixture
    def date(self, ana: Person, clock: Clock) -> str:
        """Return the path of a date that lies behind them."""
        week = ana.see("/week")
        path = re.search(r'action="(/week/[^/]+)/choose"', week)
        assert path is not None
        ana.send(f"{path[1]}/choose", {"suggestion": suggestions(week)[0]}, seen="/week")
        link = re.search(r'href="(/dates/[0-9A-Z]{26})"', ana.see("/week"))
        assert link is not None
        clock.wait(days=7)
        return link[1]

    def test_the_week_asks_and_the_story_keeps(self, ana: Person, date: str) -> None:
        """The week asks how it was; once told, it asks no more, and the line stands in the story."""
        assert f'href="{date}/rate"' in ana.see("/week")
        form = {"enjoyment": "5", "closeness": "4", "again": "yes", "note": "The moon"}
        story = ana.send(f"{date}/rate", form)
        assert "You: 5 of 5" in story
        assert "The moon" in story
        assert f'href="{date}/rate"' not in ana.see("/week")

    def test_blind_until_both_have_rated(self, ana: Person, bo: Person, date: str) -> None:
        """Bo sees nothing of Ana's rating before rating, then the stars and never the line."""
        ana.send(f"{date}/rate", {"enjoyment": "2", "note": "Between us: no"})
        assert "2 of 5" not in bo.see("/story")
        story = bo.send(f"{date}/rate", {"enjoyment": "4"})
        assert "<bdi>Ana</bdi>: 2 of 5" in story
        assert "Between us" not in story

    def test_taken_back(self, ana: Person, date: str) -> None:
        """One tap undoes a rating."""
        ana.send(f"{date}/rate", {"enjoyment": "3"})
        assert "You: 3 of 5" not in ana.send(f"{date}/unrate", seen="/story")

    def test_stars_are_needed(self, ana: Person, date: str) -> None:
        """Without them the page asks again and keeps nothing."""
        assert "One tap is enough" in ana.send(f"{date}/rate", {"note": "nice"})
        assert "nice" not in ana.see("/story")

    def test_what_both_enjoy_is_drawn_and_told(self, ana: Person, bo: Person, date: str) -> None:
        """The mean of both ratings stands beside its bar, in words."""
        ana.send(f"{date}/rate", {"enjoyment": "5"})
        story = bo.send(f"{date}/rate", {"enjoyment": "4"})
        assert "What you both enjoy" in story
        assert "4.5 of 5" in story

    def test_how_new_each_date_was(self, ana: Person, clock: Clock) -> None:
        """It is told in words beside its bar, the newest first; the very first was all new."""
        for _ in range(2):
            week = ana.see("/week")
            path = re.search(r'action="(/week/[^/]+)/choose"', week)
            assert path is not None
            ana.send(f"{path[1]}/choose", {"suggestion": suggestions(week)[0]}, seen="/week")
            clock.wait(days=7)
            link = re.findall(r'href="(/dates/[0-9A-Z]{26})/rate"', ana.see("/week"))[0]
            ana.send(f"{link}/rate", {"enjoyment": "4"})
        told = re.findall(r"<span>(new ground|a new turn|an old friend)</span>", ana.see("/story"))
        assert len(told) == 2
        assert told[1] == "new ground"

    @pytest.mark.usefixtures("ana")
    def test_the_work_is_shared_turn_about(self, bo: Person, clock: Clock) -> None:
        """Each of two dates a week apart says who does what, and the two take turns."""
        first = []
        for _ in range(2):
            week = bo.see("/week")
            path = re.search(r'action="(/week/[^/]+)/choose"', week)
            assert path is not None
            date = bo.send(f"{path[1]}/choose", {"suggestion": suggestions(week)[0]}, seen="/week")
            told = re.search(
                r"Who does what</h2><p><bdi>(\w+)</bdi> gets things ready.* <bdi>(\w+)</bdi> brings", date
            )
            assert told is not None
            assert {told[1], told[2]} == {"Ana", "Bo"}
            first.append(told[1])
            clock.wait(days=7)
        assert len(set(first)) == 2

    def test_goals_stand_in_the_story(self, ana: Person) -> None:
        """With how far along they are, and no word of failing."""
        assert "What you set out to do" not in ana.see("/story")
        ana.send("/settings/goals", {"practice": "ritual", "times": "2", "weeks": "4"}, seen="/settings")
        assert "0 of 2" in ana.see("/story")


class TestSettings:
    """What can be set, taken out and left."""

    def test_name_and_dial(self, ana: Person) -> None:
        """Both are kept, and shown again."""
        page = ana.send("/settings/me", {"name": "Anna", "freshness": "80"}, seen="/settings")
        assert 'value="Anna"' in page
        assert 'value="80"' in page

    def test_goals_come_and_go(self, ana: Person) -> None:
        """A goal stands in settings and week until it is let go."""
        ana.send("/settings/goals", {"practice": "ritual", "times": "2", "weeks": "4"}, seen="/settings")
        assert re.search(r"A ritual of your own</dt>.*?<span>0 of 2", ana.see("/week"), re.S)
        settings = ana.send("/settings/goals/0/end", seen="/settings")
        assert "A ritual of your own:" not in settings and "nothing yet" in settings

    def test_a_pause_leaves_them_alone(self, ana: Person) -> None:
        """In a pause there is no plan; ended, there is one again."""
        ana.send("/settings/pause", {"weeks": "2"}, seen="/settings")
        assert "taking a break" in ana.see("/week")
        ana.send("/settings/pause", {"weeks": ""}, seen="/settings")
        assert len(suggestions(ana.see("/week"))) == 3

    def test_the_calendar_address_works(self, ana: Person) -> None:
        """The address on the page is a calendar that can be read without signing in."""
        page = ana.send("/settings/calendar", seen="/settings")
        path = re.search(r"http://localhost(/v1/calendar/[\w-]+\.ics)", page)
        assert path is not None
        assert ana.browser.get(path[1]).data.startswith(b"BEGIN:VCALENDAR")

    def test_an_invitation_can_be_ended_while_there_is_one(self, app: Flask, ana: Person) -> None:
        """Where there is none nothing is offered to be ended; an ended one opens nothing."""
        assert "End the one before" not in ana.see("/settings")
        code = re.search(r"code=([A-Z0-9]{10})", ana.send("/settings/invite", seen="/settings"))
        assert code is not None
        assert "End the one before" in ana.see("/settings")
        assert "End the one before" not in ana.send("/settings/invite/end", seen="/settings")
        stranger = Person(app)
        token = TOKEN.search(stranger.see("/join"))
        assert token is not None
        form = {"csrf_token": token[1], "code": code[1], "name": "Cy"}
        assert stranger.browser.post("/join", data=form).status_code == 404

    @pytest.mark.parametrize(
        "part", ["you", "two", "goals", "week", "calendar", "sessions", "leave", "invite"]
    )
    def test_a_part_of_the_settings_is_unfolded(self, ana: Person, part: str) -> None:
        """Whoever comes for one part finds it open, and only that."""
        page = ana.see(f"/settings?open={part}")
        assert re.findall(r'<details[^>]* id="(\w+)" open>', page) == [part]

    def test_leaving_takes_a_tick_and_is_at_once(self, ana: Person) -> None:
        """Without the tick nothing happens; with it the cookie opens nothing any more."""
        assert "Tick the box" in ana.send("/settings/leave", seen="/settings")
        assert "You have left" in ana.send("/settings/leave", {"sure": "on"}, seen="/settings")
        assert ana.browser.get("/week").status_code == 303

    def test_export_is_a_file(self, ana: Person) -> None:
        """Everything kept about Ana comes as JSON, and is not cached."""
        answer = ana.browser.get("/settings/export")
        assert answer.json is not None
        assert "Ana" in answer.text
        assert answer.headers["Cache-Control"] == "no-store"


NOTE = (HOSTILE * 200)[:5000]


def filled(rule: str) -> str:
    """Return an address with something in every place of its rule."""
    return re.sub(r"<(int:)?(\w+)>", lambda found: "0" if found[1] else "2026-W48", rule)


class TestSafety:
    """Forms that only our pages can send, headers, hostile words, strangers."""

    @pytest.fixture
    def everything(self, app: Flask, ana: Person, model: str) -> dict[str, TestResponse]:
        """Return every page there is, by its path, as two people with hostile names and words see them."""
        seen = {path: ana.browser.get(path) for path in ("/settings", "/week")}  # while Ana is alone
        seen |= {f"alone {path}": answer for path, answer in seen.items()}
        code = re.search(r"code=([A-Z0-9]{10})", ana.send("/settings/invite", seen="/settings"))
        assert code is not None
        invited = ana.browser.get("/settings")
        bo = Person(app)
        bo.send("/join", {"name": "<b>Bo \u202e🎈", "code": code[1]}, seen=f"/join?code={code[1]}")
        ana.send("/settings/me", {"name": '"><script>Ana', "freshness": "50"}, seen="/settings")
        ana.send("/settings/goals", {"practice": "ritual", "times": "2", "weeks": "4"}, seen="/settings")
        ana.send("/log", {"title": '<img src=x onerror="x">', "on": "2026-11-20"}, seen="/story")
        own = re.search(r'href="/dates/([0-9A-Z]{26})/rate"', ana.see("/story"))
        week = ana.see("/week")
        assert own is not None
        for person in (bo, ana):
            person.send(f"/dates/{own[1]}/rate", {"enjoyment": "4", "note": NOTE})
        ana.send(f"/dates/{own[1]}/unrate", seen="/story")
        asks = ana.browser.get("/week")
        ana.send(f"/dates/{own[1]}/rate", {"enjoyment": "4", "note": NOTE})
        chosen = ana.send("/week/2026-W48/choose", {"suggestion": suggestions(week)[0]}, seen="/week")
        date = re.search(r'action="/dates/([0-9A-Z]{26})/skip"', chosen)
        assert date is not None
        token = TOKEN.search(chosen)
        assert token is not None
        every = paths(date_id=date[1], week="2026-W48", version=model)
        seen |= {path: ana.browser.get(path) for path in every}
        seen |= {"/week": asks, "invited /settings": invited, "own": ana.browser.get(f"/dates/{own[1]}")}
        shown_once = ("/settings/link", "/settings/key", "/settings/calendar")
        seen |= {path: ana.browser.post(path, data={"csrf_token": token[1]}) for path in shown_once}
        seen["more places /settings"] = ana.browser.get("/settings")
        seen |= {path: ana.browser.get(f"{path}?again=1") for path in ("/quiz", "/limits", "/times")}
        seen["/sign-in"] = Person(app).browser.get("/sign-in?link=x")
        seen["/nowhere"] = ana.browser.get("/nowhere", headers={"Accept": "text/html"})
        stranger, operator = Person(app), Person(app)
        seen["/"] = stranger.browser.get("/")
        operator.send("/sign-in", {"token": OPERATOR_TOKEN})
        seen |= {path: operator.browser.get(path) for path in every if path.startswith("/operator")}
        assert {answer.status_code for answer in seen.values()} == {200, 404}
        return seen

    def test_every_form_needs_its_token(self, ana: Person) -> None:
        """Each page that takes a form refuses one without a token, and nothing changes."""
        for path in map(filled, addresses("POST")):
            answer = ana.browser.post(path, data={"name": "x"})
            assert answer.status_code == 400, path
            assert "no longer good" in answer.text

    def test_strangers_are_shown_the_door(self, app: Flask) -> None:
        """Without signing in every page but the open ones leads to the start."""
        stranger = Person(app)
        told = {rule: stranger.browser.get(filled(rule)) for rule in addresses("GET")}
        shut = {rule for rule, answer in told.items() if answer.status_code == 303}
        assert told.keys() - shut == {"/", "/join", "/sign-in", "/support"}
        assert {told[rule].headers["Location"] for rule in shut} == {"/"}

    def test_no_page_runs_or_fetches_anything(self, everything: dict[str, TestResponse]) -> None:
        """Pages hold no script, no inline style and nothing from another host; the policy allows none."""
        for path, answer in everything.items():
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'self'" in policy and "unsafe" not in policy, path
            assert not re.search(r"<script|<style|<[^>]*\s(?:style|on\w+)=", answer.text), path
            assert not re.search(r'(?:src|<link[^>]*href)="https?:', answer.text), path
            assert answer.headers["Cache-Control"] == "no-store", path

    def test_every_form_that_is_shown_works(self, everything: dict[str, TestResponse]) -> None:
        """Each form of each page is sent to a page of ours that takes forms, with the token it asks for."""
        taken = [re.compile(re.sub(r"<[^>]+>", "[^/]+", rule)) for rule in addresses("POST")]
        sent: set[int] = set()
        for path, answer in everything.items():
            for attributes, inside in re.findall(r"<form([^>]*)>(.*?)</form>", answer.text, re.DOTALL):
                to = re.search(r'action="([^"]+)"', attributes)
                meant = html.unescape(to[1]) if to else path.partition("?")[0]
                found = [at for at, rule in enumerate(taken) if rule.fullmatch(meant)]
                assert 'method="post"' in attributes and found, (path, meant)
                assert inside.count('name="csrf_token"') == 1, (path, meant)
                sent |= set(found)
        unseen = {rule.pattern for at, rule in enumerate(taken) if at not in sent}
        assert unseen == set(), "a page must show how to send it"

    def test_cookie_is_out_of_reach(self, app: Flask) -> None:
        """Scripts cannot read it, other sites cannot send it, and over TLS it travels over TLS only."""
        plain = app.test_client().get("/").headers["Set-Cookie"]
        assert "HttpOnly" in plain and "SameSite=Lax" in plain and "Secure" not in plain
        over_tls = app.test_client().get("/", base_url="https://localhost").headers["Set-Cookie"]
        assert "Secure" in over_tls and over_tls.startswith("__Host-rekindle=") and "Path=/" in over_tls

    def test_forms_work_over_tls(self, app: Flask) -> None:
        """Over TLS a form is taken from our own page and from no other site's, and browsers stay with TLS."""
        browser, home = app.test_client(), "https://localhost"
        page = browser.get("/", base_url=home)
        token = TOKEN.search(page.text)
        assert token is not None
        form = {"name": "Ana", "csrf_token": token[1]}

        def begun(referrer: str) -> int:
            return browser.post("/start", data=form, base_url=home, headers={"Referer": referrer}).status_code

        assert page.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
        assert (
            page.headers["Referrer-Policy"] == "same-origin"
        )  # so that the form below can say where it is from
        assert (begun("https://elsewhere.example/"), begun(f"{home}/")) == (400, 303)

    def test_signing_in_elsewhere_and_out(self, app: Flask, ana: Person) -> None:
        """A link signs another browser in once, a kept key does too, and the last place is not lost."""
        assert "signed in nowhere else" in ana.send("/sign-out", seen="/settings")
        link = re.search(r"/sign-in\?link=([\w-]+)", ana.send("/settings/link", seen="/settings"))
        assert link is not None
        phone, late = Person(app), Person(app)
        assert "This week" in phone.send("/sign-in", {"link": link[1]}, seen=f"/sign-in?link={link[1]}")
        assert "not good (any more)" in late.send("/sign-in", {"link": link[1]}, seen="/sign-in")
        key = re.search(r'<p class="copy">([\w-]{43})</p>', ana.send("/settings/key", seen="/settings"))
        assert key is not None
        assert "signed out here" in ana.send("/sign-out", seen="/settings")
        assert "This week" in ana.send("/sign-in", {"token": key[1]})
        assert "signed in here only" in ana.send("/settings/sessions/others", seen="/settings")
        assert phone.browser.get("/week").status_code == 303

    def test_hostile_words_are_words(self, everything: dict[str, TestResponse]) -> None:
        """Tags, directions and balloons in names, titles and a long note show as text on every page."""
        for path, answer in everything.items():
            assert "<script" not in answer.text and "<img src=x" not in answer.text, path
            assert "<b>" not in answer.text, path
        story = everything["/story"].text
        assert html.escape(NOTE).replace("&#x27;", "&#39;").replace("&quot;", "&#34;") in story
        for path in ("/settings", "/story"):
            assert "&lt;b&gt;Bo \u202e🎈" in everything[path].text, path
        assert "&lt;img src=x" in everything["/week"].text

    def test_a_note_may_be_long_and_not_longer(self, ana: Person) -> None:
        """5,000 characters are kept as they are; one more is answered by a remark, not by an error."""
        ana.send("/log", {"title": "A walk", "on": "2026-11-20"}, seen="/story")
        link = re.search(r'href="(/dates/[0-9A-Z]{26})/rate"', ana.see("/story"))
        assert link is not None
        assert "note" in ana.send(f"{link[1]}/rate", {"enjoyment": "4", "note": "x" * 5001})
        assert "x" * 5000 in ana.send(f"{link[1]}/rate", {"enjoyment": "4", "note": "x" * 5000})

    def test_unknown_addresses_speak_to_whoever_asks(self, app: Flask) -> None:
        """A browser gets a page, a program problem details, and under /v1 both get problem details."""
        browser = app.test_client()
        html = {"Accept": "text/html"}
        assert "<h1>Nothing here</h1>" in browser.get("/nowhere", headers=html).text
        told = "application/problem+json"
        assert browser.get("/nowhere", headers={"Accept": "application/json"}).mimetype == told
        assert browser.get("/v1/nowhere", headers=html).mimetype == told

    def test_assets_may_be_kept_for_a_year(self, app: Flask) -> None:
        """Their address changes with their content, so caches never serve an old one."""
        browser = app.test_client()
        address = re.search(r'href="(/static/rekindle\.css\?v=\w{10})"', browser.get("/").text)
        assert address is not None
        with browser.get(address[1]) as answer:
            assert "max-age=31536000" in answer.headers["Cache-Control"]


class TestOperator:
    """Models, behind the operator's own key."""

    @pytest.fixture
    def operator(self, app: Flask) -> Person:
        """Whoever runs the service, signed in."""
        person = Person(app)
        person.send("/sign-in", {"token": OPERATOR_TOKEN})
        return person

    def test_models_and_cards(self, operator: Person) -> None:
        """The prior serves, and its card can be read."""
        assert "<strong>now</strong>" in operator.see("/operator")
        assert "prior" in operator.see("/operator/models/prior")

    def test_a_model_is_let_serve_and_left_again(self, operator: Person, model: str) -> None:
        """Its figures stand beside it; one tap makes it serve, one brings the prior back; both are noted."""
        page = operator.see("/operator")
        assert '<td class="number">0.82</td><td class="number">71 %</td><td>not worse</td>' in page
        assert "Pairs in order, model by model" in page
        page = operator.send("/operator/promote", {"version": model}, seen="/operator")
        assert f"{model} serves from now on" in page
        assert re.search(rf"{model}</a>.*<strong>now</strong>.*Let it serve", page, re.DOTALL)
        page = operator.send("/operator/rollback", seen="/operator")
        assert "prior serves again" in page
        assert f"{model} — chosen on the operator" in page

    def test_feedback_and_catalogue_are_counted(self, operator: Person, ana: Person) -> None:
        """Ratings by week of their coming in, and ideas by where they are from."""
        assert re.search(r"week of 23 November.*?<span>0</span>", operator.see("/operator"), re.S)
        story = ana.send("/log", {"title": "A walk", "on": "2026-11-20"}, seen="/story")
        link = re.search(r'href="(/dates/[0-9A-Z]{26})/rate"', story)
        assert link is not None
        ana.send(f"{link[1]}/rate", {"enjoyment": "4"})
        page = operator.see("/operator")
        assert re.search(r"week of 23 November.*?<span>1</span>", page, re.S)
        assert page.count("week of") == 8
        assert re.search(r"Rekindle&#39;s own|Rekindle's own", page)
        assert f'<td class="number">{len(shipped_catalogue().ideas)}</td>' in page
        assert f"Ideas: {len(shipped_catalogue().ideas)}." in page

    def test_retraining_says_what_came_of_it(self, operator: Person) -> None:
        """The page tells how a run goes and what came of it; without feedback nothing changes."""
        page = operator.send("/operator/retrain", seen="/operator")
        assert 'role="status"' in page
        for _ in range(300):
            if "Nothing to learn from" in page:
                break
            assert "<progress" in page
            sleep(0.1)
            page = operator.see("/operator")
        assert "Nothing to learn from: no rating of a catalogue idea yet." in page
        assert page.count("Let it serve") == 0

    def test_a_run_under_way_is_looked_at_anew(self, deployment: Deployment, operator: Person) -> None:
        """While a run goes on the page asks the browser to come again; an interrupted one says so."""
        with deployment.registry.runs.running(deployment.clock(), lambda _run: None) as progress:
            progress.tell(step=1, n_passes=4)
            page = operator.browser.get("/operator")
            assert page.headers["Refresh"] == "3"
            assert "Fitting the earlier feedback, pass 4." in page.text
        page = operator.browser.get("/operator")
        assert "Refresh" not in page.headers
        assert "It was interrupted while fitting the earlier feedback." in page.text

    def test_partners_have_no_business_there(self, ana: Person, operator: Person) -> None:
        """A partner sees a calm refusal, and the operator none of a couple's pages."""
        ana.see("/operator", 403)
        operator.see("/week", 403)
        assert operator.browser.get("/").headers["Location"] == "/operator"
        assert ana.browser.get("/").headers["Location"] == "/week"

    def test_a_wrong_key_opens_nothing(self, app: Flask) -> None:
        """It is said, and the page asks again."""
        assert "not valid" in Person(app).send("/sign-in", {"token": "x" * 40})

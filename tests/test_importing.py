"""Ideas from elsewhere: read row by row, looked at first, taken in once, shown only where they fit."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time
from pathlib import Path
from time import sleep

import pytest
from click.testing import CliRunner

from api.app import create_app
from recommender.catalogue.taxonomy import DERIVED
from recommender.cli import main
from recommender.domain import Boundaries, Circumstances, Idea, Plan, Slot
from recommender.errors import InvalidInput
from recommender.service import (
    Deployment,
    ImportOrder,
    ImportReport,
    get_plan,
    import_ideas,
    list_sources,
    put_boundaries,
    refreshed,
    review_idea,
    update_couple,
    withdraw_idea,
    withdraw_source,
)
from recommender.service.shelf import Shelf, stocked
from recommender.store import reading
from recommender.store.ideas import read_revision
from tests.api_world import Person, shipped_catalogue, with_shipped_catalogue
from tests.conftest import OPERATOR_TOKEN, WEEK, Clock, Two, join

WALKS = """id,title,pitch,typical_cost,minutes
canal,A walk by the canal,Count the herons and name each after an uncle.,0,60
bowl,Pottery wheel for two,Book an evening at the open studio and make one crooked bowl.,40,120
"""


@pytest.fixture
def d(deployment: Deployment) -> Deployment:
    """Return a deployment over the shipped ideas that looks for imported ones whenever it is asked."""
    shipped = with_shipped_catalogue(deployment)
    shelf = Shelf(shipped.catalogue, shipped.engine, shipped.registry, look_seconds=0.0)
    return replace(shipped, shelf=shelf, plan_settings=replace(shipped.plan_settings, exploration=0.0))


def take(d: Deployment, text: str, name: str = "walks.csv", **options: object) -> ImportReport:
    """Import a text, and write it unless told otherwise."""
    order = ImportOrder(name, **{"source": "city", "apply": True, **options})  # type: ignore[arg-type]
    return import_ideas(d, io.BytesIO(text.encode()), order)


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    """Return how many rows were new, changed, as before and broken."""
    return report.n_new, report.n_changed, report.n_same, report.n_broken


def fresh(d: Deployment) -> Deployment:
    """Return the deployment with the imported ideas as the database has them this very moment."""
    stock = stocked(shipped_catalogue(), d.engine, d.registry, d.clock())
    return replace(d, catalogue=stock.catalogue, table=stock.models.table, models=stock.models, shelf=None)


def idea(d: Deployment, idea_id: str) -> Idea:
    """Return an idea as the deployment has it now."""
    return fresh(d).catalogue.idea(idea_id)


def offered(d: Deployment) -> set[str]:
    """Return the ids of the imported ideas that can be proposed now."""
    return {one.idea_id for one in fresh(d).catalogue.ideas if one.source != "rekindle"}


def soon(holds: Callable[[], bool]) -> bool:
    """Return whether something comes true within ten seconds."""
    for _ in range(100):
        if holds():
            return True
        sleep(0.1)
    return False


def event(title: str, starts: str, ends: str, **further: object) -> str:
    """Return a schema.org event as JSON-LD."""
    told = {"@type": "Event", "name": title, "startDate": starts, "endDate": ends, **further}
    return json.dumps({"@context": "https://schema.org", **told})


def calendar(*lines: str) -> str:
    """Return an iCalendar file with one event."""
    return "\r\n".join(
        ("BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR", "")
    )


class TestRows:
    """What goes in, what is left out, and what a second time changes."""

    def test_a_preview_writes_nothing(self, d: Deployment) -> None:
        """It says what would be taken in, how sure the guesses are, and leaves the catalogue as it was."""
        report = take(d, WALKS, apply=False)
        assert counts(report) == (2, 0, 0, 0)
        assert report.n_to_review == 2
        assert {shown.idea.title for shown in report.shown} == {
            "A walk by the canal",
            "Pottery wheel for two",
        }
        assert all(0 < sure <= 1 for shown in report.shown for sure in shown.confidence.values())
        assert offered(d) == set()
        assert list_sources(d) == ()

    def test_broken_rows_are_named_and_the_others_go_in(self, d: Deployment) -> None:
        """Each fault has its line, field, value and what to do; every other row is taken in."""
        rows = (
            WALKS
            + "x,,No title,5,30\ny,Swim,In a lake,-3,60\nz,Row,A boat,5,soon\n"
            + 'q,"A quoted, title","Two\nlines",0,45\n'
        )
        report = take(d, rows)
        assert counts(report) == (3, 0, 0, 3)
        found = {(fault.line, fault.field) for fault in report.faults}
        assert found == {(4, "title"), (5, "typical_cost"), (6, "minutes")}
        assert all(fault.remedy for fault in report.faults)
        assert offered(d) == {"city_canal", "city_bowl", "city_q"}

    def test_a_second_time_changes_nothing(self, d: Deployment) -> None:
        """The same file again finds everything as it was, and nobody's catalogue is rebuilt."""
        take(d, WALKS)
        with reading(d.engine) as connection:
            before = read_revision(connection)
        assert counts(take(d, WALKS)) == (0, 0, 2, 0)
        with reading(d.engine) as connection:
            assert read_revision(connection) == before

    def test_a_changed_row_takes_the_place_of_the_old(self, d: Deployment) -> None:
        """Only the row that says something else is written."""
        take(d, WALKS)
        assert counts(take(d, WALKS.replace(",0,60", ",0,75"))) == (0, 1, 1, 0)
        assert idea(d, "city_canal").minutes == 75

    def test_what_a_file_no_longer_names_stays_unless_it_replaces(self, d: Deployment) -> None:
        """Rows that are gone stay; with `replace` they are withdrawn, and come back with the row."""
        take(d, WALKS)
        shorter = "\n".join(WALKS.splitlines()[:2]) + "\n"
        take(d, shorter)
        assert offered(d) == {"city_canal", "city_bowl"}
        assert take(d, shorter, replace=True).n_withdrawn == 1
        assert offered(d) == {"city_canal"}
        take(d, WALKS)
        assert offered(d) == {"city_canal", "city_bowl"}

    def test_what_the_operator_withdrew_stays_withdrawn(self, d: Deployment) -> None:
        """Importing it again does not bring it back."""
        take(d, WALKS)
        withdraw_idea(d, "city_bowl")
        assert take(d, WALKS).n_withheld == 1
        assert offered(d) == {"city_canal"}

    def test_sources_live_side_by_side(self, d: Deployment) -> None:
        """Two sources may use one id; withdrawing one leaves the other, and our own ideas, alone."""
        take(d, WALKS)
        take(d, WALKS, source="coach")
        assert offered(d) == {"city_canal", "city_bowl", "coach_canal", "coach_bowl"}
        assert withdraw_source(d, "city") == 2
        assert offered(d) == {"coach_canal", "coach_bowl"}
        assert [one.source for one in list_sources(d)] == ["city", "coach"]
        assert len(fresh(d).catalogue.ideas) == len(shipped_catalogue().ideas) + 2

    def test_near_duplicates_are_told(self, d: Deployment) -> None:
        """A preview names the idea of ours that a new one repeats."""
        ours = shipped_catalogue().ideas[0]
        out = io.StringIO()
        row = [ours.title, ours.pitch, "|".join(ours.steps)]
        csv.writer(out).writerows([["title", "pitch", "steps"], row])
        (pair,) = take(d, out.getvalue(), apply=False).alike
        assert pair.like_id == ours.idea_id
        assert pair.likeness > 0.9

    @pytest.mark.parametrize("source", ["rekindle", "City", "a b", "", "-x", "x" * 80])
    def test_a_source_needs_a_name_of_its_own(self, d: Deployment, source: str) -> None:
        """Ours cannot be taken, and others are small letters, digits and hyphens."""
        with pytest.raises(InvalidInput, match="source"):
            take(d, WALKS, source=source)

    def test_an_unknown_format_lists_the_known(self, d: Deployment) -> None:
        """A file whose name tells nothing is refused with what there is."""
        with pytest.raises(InvalidInput, match="csv, json, yaml, jsonld, html, ics"):
            take(d, WALKS, name="walks.docx")

    def test_memory_does_not_grow_with_the_file(self, d: Deployment) -> None:
        """Six thousand rows take at most 4 MB more than two thousand: ids, and not ideas, are held."""
        peaks = []
        for n_rows, source in ((200, "warm"), (2000, "two"), (6000, "six")):
            file = io.BytesIO(complete_rows(n_rows).encode())
            tracemalloc.start()
            report = import_ideas(d, file, ImportOrder("big.csv", source, apply=True))
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
            assert counts(report) == (n_rows - n_rows // 100, 0, 0, n_rows // 100)
        assert peaks[2] - peaks[1] < 4_000_000


def complete_rows(n_rows: int, like: Idea | None = None, leaving: str = "") -> str:
    """Return a CSV of ideas that leave nothing to guess, every hundredth without a title.

    ``like`` lends its tags; ``leaving`` names a facet to leave out.
    """
    like = like or shipped_catalogue().ideas[3]
    tags = {name: "|".join(values) for name, values in like.tags.items() if name not in (*DERIVED, leaving)}
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["id", "title", "pitch", "typical_cost", "minutes", *tags])
    for number in range(n_rows):
        title = "" if number % 100 == 99 else f"Walk number {number}"
        writer.writerow([f"r{number}", title, "Go and see.", like.typical_cost, like.minutes, *tags.values()])
    return out.getvalue()


class TestFormats:
    """The same idea from every format."""

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("a.json", json.dumps([{"id": "canal", "title": "A walk by the canal", "minutes": 60}])),
            ("a.yaml", "- id: canal\n  title: A walk by the canal\n  minutes: 60\n"),
            ("a.tsv", "id\ttitle\tminutes\ncanal\tA walk by the canal\t60\n"),
            ("a.csv", "external_id;name;minutes\ncanal;A walk by the canal;60\n"),
        ],
    )
    def test_rows_of_fields(self, d: Deployment, name: str, text: str) -> None:
        """CSV with commas, semicolons or tabs, JSON and YAML tell the same."""
        assert counts(take(d, text, name)) == (1, 0, 0, 0)
        found = idea(d, "city_canal")
        assert (found.title, found.minutes, found.source) == ("A walk by the canal", 60, "city")

    def test_given_tags_win_over_guesses(self, d: Deployment) -> None:
        """What the file says is kept and needs no review; the rest is marked as guessed."""
        take(d, "id,title,touch,domain\ncanal,A walk by the canal,none,nature|animals\n")
        found = idea(d, "city_canal")
        assert found.tags["touch"] == ("none",)
        assert set(found.tags["domain"]) == {"nature", "animals"}
        assert "touch" not in found.guessed
        assert "talk_depth" in found.guessed

    def test_a_schema_org_event(self, d: Deployment) -> None:
        """It exists from its start to its end, in its own time zone."""
        text = event("Lantern walk", "2026-11-28T18:00:00+01:00", "2026-11-28T20:00:00+01:00")
        assert counts(take(d, text, "e.jsonld")) == (1, 0, 0, 0)
        (found,) = (one for one in fresh(d).catalogue.ideas if one.title == "Lantern walk")
        (span,) = found.spans
        assert span.starts == datetime(2026, 11, 28, 17, tzinfo=UTC)
        assert found.minutes == 120

    def test_events_in_a_web_page(self, d: Deployment) -> None:
        """JSON-LD in the head of a page is found."""
        text = event("Lantern walk", "2026-11-28T18:00+01:00", "2026-11-28T20:00+01:00")
        html = f'<html><head><script type="application/ld+json">{text}</script></head></html>'
        assert counts(take(d, html, "e.html")) == (1, 0, 0, 0)

    def test_a_calendar_with_a_series(self, d: Deployment) -> None:
        """A weekly event is one idea with several times, without those that were taken out."""
        text = calendar(
            "UID:tango@example.org",
            "SUMMARY:Tango in the park",
            "DTSTART:20261127T180000Z",
            "DTEND:20261127T200000Z",
            "RRULE:FREQ=WEEKLY;COUNT=4",
            "EXDATE:20261204T180000Z",
        )
        assert counts(take(d, text, "c.ics")) == (1, 0, 0, 0)
        (found,) = (one for one in fresh(d).catalogue.ideas if one.source == "city")
        assert [span.starts.day for span in found.spans] == [27, 11, 18]

    def test_called_off_means_gone(self, d: Deployment) -> None:
        """An event that is cancelled later is withdrawn."""
        told = ("UID:x@example.org", "SUMMARY:Tango", "DTSTART:20261127T180000Z", "DTEND:20261127T200000Z")
        take(d, calendar(*told), "c.ics")
        assert len(offered(d)) == 1
        assert take(d, calendar(*told, "STATUS:CANCELLED"), "c.ics").n_withdrawn == 1
        assert offered(d) == set()

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("a.csv", ""),
            ("a.csv", "pitch\nNo title column\n"),
            ("a.json", "{"),
            ("a.yaml", "- [" * 60),
            ("a.jsonld", "{}"),
            ("a.ics", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"),
            ("a.ics", calendar("SUMMARY:x", "DTSTART:20261127T180000Z", "RRULE:FREQ=SOMETIMES")),
            ("a.csv", "\x00\x01\x02"),
        ],
    )
    def test_a_file_that_is_none_takes_nothing_in(self, d: Deployment, name: str, text: str) -> None:
        """It is told what is wrong, and no traceback is seen."""
        report = take(d, text, name)
        assert report.n_new == 0
        assert report.faults

    def test_a_yaml_bomb_and_deep_nesting_are_refused(self, d: Deployment) -> None:
        """Neither aliases of aliases nor 100,000 levels break the process."""
        deep = "[" * 100_000 + "]" * 100_000
        assert take(d, deep, "a.yaml").faults
        assert take(d, deep, "a.json").faults


class TestPlans:
    """Imported ideas in a couple's week."""

    FRIDAY = Slot(5, time(18), 240)

    @pytest.fixture
    def two(self, d: Deployment) -> Two:
        """Two people who are free on Friday evenings in Paris."""
        both = join(d, "Ana", "Bo")
        circumstances = Circumstances(slots=(self.FRIDAY,), time_zone="Europe/Paris")
        update_couple(d, both.robin, circumstances=circumstances)
        return both

    def only(self, d: Deployment, *ids: str) -> Deployment:
        """Return the deployment with some imported ideas and nothing else to propose."""
        stock = fresh(d)
        mask = [one.idea_id in ids for one in stock.table.ideas]
        return replace(stock, table=replace(stock.table, offered=stock.table.offered & mask))

    def reviewed_event(self, d: Deployment, starts: str, ends: str) -> str:
        """Import an event, say what it asks for, confirm the rest as guessed, and return its id."""
        take(d, event("Lantern walk", starts, ends), "e.jsonld")
        (idea_id,) = offered(d)
        said = {"lead_time": "now", "season": "any", "time_of_day": "any", "talk_depth": "chatty"}
        said |= {"weather": "any", "place": "event", "hazard": "none", "mobility": "step_free"}
        review_idea(d, idea_id, {facet: [value] for facet, value in said.items()})
        return idea_id

    def shown(self, plan: Plan) -> Sequence[str]:
        """Return the ids of a plan's ideas."""
        return [s.idea_id for s in plan.suggestions]

    def test_an_event_is_proposed_when_it_is(self, d: Deployment, two: Two) -> None:
        """Its suggestion starts when the event does, inside their free time."""
        starts = "2026-11-27T19:15:00+01:00"
        idea_id = self.reviewed_event(d, starts, "2026-11-27T20:45:00+01:00")
        plan = get_plan(self.only(d, idea_id), two.robin, WEEK)
        assert self.shown(plan) == [idea_id]
        assert plan.suggestions[0].starts_at == datetime.fromisoformat(starts)

    @pytest.mark.parametrize(
        ("starts", "ends"),
        [
            ("2026-11-26T19:15:00+01:00", "2026-11-26T20:45:00+01:00"),
            ("2026-11-27T21:15:00+01:00", "2026-11-27T23:45:00+01:00"),
            ("2026-12-04T19:15:00+01:00", "2026-12-04T20:45:00+01:00"),
        ],
        ids=["on a Thursday", "longer than they have", "the week after"],
    )
    def test_an_event_at_another_time_is_not(self, d: Deployment, two: Two, starts: str, ends: str) -> None:
        """What they cannot be at is never in their plan."""
        idea_id = self.reviewed_event(d, starts, ends)
        assert self.shown(get_plan(self.only(d, idea_id), two.robin, WEEK)) == []

    def test_what_is_over_is_gone_by_itself(self, d: Deployment, clock: Clock) -> None:
        """After its last day nobody needs to withdraw it."""
        self.reviewed_event(d, "2026-11-27T19:15:00+01:00", "2026-11-27T20:45:00+01:00")
        clock.wait(days=7)
        assert offered(d) == set()

    def test_a_guess_never_passes_a_boundary(self, d: Deployment, two: Two) -> None:
        """However harmless the guess, an unconfirmed facet keeps an idea from whoever has a limit on it."""
        anytime = {
            "touch": "none",
            "season": "any",
            "time_of_day": "any",
            "setting": "indoor",
            "lead_time": "now",
            "talk_depth": "chatty",
        }
        like = next(
            it
            for it in shipped_catalogue().ideas
            if all(it.tags[facet] == (value,) for facet, value in anytime.items())
            and "touch" not in it.tags["connection"]
        )
        take(d, complete_rows(1, like, leaving="touch"))
        served = self.only(d, "city_r0")
        assert idea(d, "city_r0").guessed == ("touch",)
        later = WEEK.next()
        assert self.shown(get_plan(served, two.robin, later)) == ["city_r0"]
        put_boundaries(served, two.sam, Boundaries(touch_max="affectionate"))
        assert self.shown(get_plan(served, two.robin, later)) == []
        review_idea(d, "city_r0", {"touch": ["none"]})
        confirmed = self.only(d, "city_r0")
        assert self.shown(get_plan(confirmed, two.robin, later.next())) == ["city_r0"]


class TestOperator:
    """Over HTTP and on the command line."""

    def test_preview_apply_and_sources(self, d: Deployment) -> None:
        """The same report as everywhere; what was taken in is in the catalogue of the next request."""
        app = create_app(d)
        operator = Person(app, OPERATOR_TOKEN)
        sent = {"format": "csv", "source": "city", "content": WALKS + "x,,No title,5,30\n"}
        preview = operator("POST", "/v1/operator/ideas", sent).json
        assert (preview["applied"], preview["n_new"], preview["n_broken"]) == (False, 2, 1)
        assert preview["faults"][0]["line"] == 4
        assert operator("GET", "/v1/ideas/city_canal").status_code == 404
        assert operator("POST", "/v1/operator/ideas", {**sent, "apply": True}).json["n_new"] == 2
        assert soon(lambda: operator("GET", "/v1/ideas/city_canal").status_code == 200)
        assert operator("GET", "/v1/ideas/city_canal").json["source"] == "city"
        (source,) = operator("GET", "/v1/operator/sources").json["sources"]
        assert (source["n_offered"], source["n_to_review"]) == (2, 2)

    def test_another_worker_sees_it(self, d: Deployment) -> None:
        """A second process on the same database offers what the first took in."""
        other = replace(d, shelf=Shelf(d.catalogue, d.engine, d.registry, look_seconds=0.0))
        assert "city_canal" not in refreshed(other).catalogue.by_id
        take(d, WALKS)
        assert soon(lambda: "city_canal" in refreshed(other).catalogue.by_id)

    def test_partners_may_not(self, d: Deployment) -> None:
        """A partner's token opens none of it."""
        app = create_app(d)
        token = Person(app)("POST", "/v1/couples", {"name": "Ana"}).json["token"]
        sent = {"format": "csv", "source": "city", "content": WALKS}
        assert Person(app, token)("POST", "/v1/operator/ideas", sent).status_code == 403

    def test_on_the_command_line(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A preview says to add --apply; then sources, review and withdraw do what they say."""
        monkeypatch.setenv("REKINDLE_HOME", str(tmp_path / "home"))
        file = tmp_path / "walks.csv"
        file.write_text(WALKS)

        def run(*words: str) -> str:
            result = CliRunner().invoke(main, ["ideas", *words])
            assert result.exit_code == 0, result.output
            return str(result.output)

        assert "Nothing is written yet" in run("import", str(file))
        assert "2 rows: 2 new. 2 to review." in run("import", str(file), "--apply")
        assert "2 rows: 2 as before. 0 to review." in run("import", str(file), "--apply")
        assert "Confirmed: walks_canal." in run("review", "walks_canal")
        assert "Confirmed: 1 idea." in run("review", "walks")
        assert "Withdrawn: walks_bowl." in run("withdraw", "walks_bowl")
        (source,) = json.loads(run("sources", "--json"))
        assert (source["n_offered"], source["n_to_review"], source["n_withdrawn"]) == (1, 0, 1)

"""The catalogue loads, says what is wrong and where, and serves everybody."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from recommender.catalogue.bundled import data_folder
from recommender.catalogue.checks import check_catalogue, coverage_faults
from recommender.catalogue.coverage import Coverage, Headline, coverage, headline
from recommender.catalogue.ideas import load_ideas, read_ideas
from recommender.catalogue.library import Catalogue, load_catalogue
from recommender.catalogue.rules import IMPOSSIBLE
from recommender.catalogue.taxonomy import DERIVED, Taxonomy, load_taxonomy
from recommender.catalogue.wording import reading_ease
from recommender.errors import CatalogueError, NotFound

GOOD: dict[str, Any] = {
    "id": "two-chairs",
    "title": "Two chairs",
    "pitch": "Carry two chairs to a place in your home where nobody sits, and see what you notice.",
    "steps": [
        "Carry two chairs to the oddest spot you can find.",
        "Sit for five minutes.",
        "Tell each other what you saw.",
    ],
    "typical_cost": 0,
    "minutes": 20,
    "tags": {
        "place": ["home"],
        "setting": "indoor",
        "together": "in_person",
        "time_of_day": ["any"],
        "season": ["any"],
        "weather": "any",
        "lead_time": "now",
        "kit": "household",
        "kids": "welcome",
        "energy": "low",
        "mobility": "step_free",
        "sensory": "quiet",
        "hazard": ["none"],
        "food": ["none"],
        "alcohol": "none",
        "visibility": "private",
        "screen": "phone_free",
        "domain": ["home_project"],
        "novelty": "twist",
        "arousal": "calm",
        "interaction": "shared",
        "challenge": "easy",
        "play": "light",
        "creativity": "none",
        "talk_depth": "chatty",
        "touch": "none",
        "connection": ["attention"],
        "need": "both",
        "practice": ["novelty_learning"],
        "who_leads": "together",
        "company": "just_two",
        "repeat": "repeatable",
    },
    "versions": {"shorter": "One chair, two minutes each."},
    "plan_b": "No chairs to spare? Sit on the floor.",
    "prompts": {
        "light": "What is the best thing in this corner?",
        "deeper": "Where did you hide as a child?",
    },
}
NOTES = {"consent_note": "Only if you both like.", "safety": "Keep a hand on the rail."}

Write = Callable[..., Path]


@pytest.fixture(scope="module")
def taxonomy() -> Taxonomy:
    """Return the taxonomy that ships."""
    return load_taxonomy(data_folder() / "taxonomy.yaml")


@pytest.fixture(scope="module")
def shipped() -> Catalogue:
    """Return the catalogue that ships."""
    return load_catalogue()


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write ideas, or the text of an idea file, into a catalogue of their own; returns its folder."""
    for name in ("taxonomy.yaml", "quiz.yaml"):
        shutil.copy(data_folder() / name, tmp_path)
    (tmp_path / "ideas").mkdir()

    def write_ideas(*ideas: Mapping[str, Any] | str, name: str = "some.yaml") -> Path:
        text = ideas[0] if isinstance(ideas[0], str) else yaml.safe_dump(list(ideas), sort_keys=False)
        (tmp_path / "ideas" / name).write_text(text, encoding="utf-8")
        return tmp_path

    return write_ideas


def changed(tags: Mapping[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """Return the good idea with some fields and tags replaced."""
    idea = deepcopy(GOOD) | fields
    idea["tags"] |= tags or {}
    return idea


def without(field: str, tag: str | None = None) -> dict[str, Any]:
    """Return the good idea without a field, or without a tag of it."""
    idea = deepcopy(GOOD)
    if tag is None:
        del idea[field]
    else:
        del idea[field][tag]
    return idea


def said(folder: Path) -> list[str]:
    """Return the faults of a catalogue, each as "field: problem"."""
    return [f"{fault.field}: {fault.problem}" for fault in check_catalogue(folder)]


class TestLoading:
    """Sound files in."""

    def test_idea_is_read_whole(self, write: Write) -> None:
        """Every field of an entry arrives, and every facet has a value, in the taxonomy's order."""
        idea = load_catalogue(write(GOOD)).idea("two-chairs")
        assert (idea.title, idea.minutes, idea.typical_cost) == ("Two chairs", 20, 0)
        assert idea.steps[1] == "Sit for five minutes."
        assert idea.versions == {"shorter": "One chair, two minutes each."}
        assert idea.prompts.deeper == "Where did you hide as a child?"
        assert idea.consent_note is None
        assert list(idea.tags)[:3] == ["cost", "duration", "place"]
        assert len(idea.tags) == 34
        assert idea.tags["season"] == ("any",)
        assert idea.tags["setting"] == ("indoor",)

    @pytest.mark.parametrize(
        ("cost", "tag"),
        [
            (0, "free"),
            (0.5, "low"),
            (15, "low"),
            (15.5, "mid"),
            (40, "mid"),
            (41, "high"),
            (100, "high"),
            (101, "splurge"),
        ],
    )
    def test_cost_tag_follows_from_the_cost(self, write: Write, cost: float, tag: str) -> None:
        """The bands of cost are those that the taxonomy describes, upper ends included."""
        assert load_catalogue(write(changed(typical_cost=cost))).ideas[0].tags["cost"] == (tag,)

    @pytest.mark.parametrize(
        ("minutes", "tag"),
        [
            (20, "micro"),
            (21, "short"),
            (60, "short"),
            (61, "evening"),
            (180, "evening"),
            (181, "half_day"),
            (300, "half_day"),
            (301, "day"),
            (720, "day"),
            (721, "overnight"),
        ],
    )
    def test_duration_tag_follows_from_the_minutes(self, write: Write, minutes: int, tag: str) -> None:
        """The bands of duration are those that the taxonomy describes, upper ends included."""
        assert load_catalogue(write(changed(minutes=minutes))).ideas[0].tags["duration"] == (tag,)

    def test_bands_are_the_values_of_their_facets(self, taxonomy: Taxonomy) -> None:
        """Every derived tag is a value of its facet, in the same order."""
        for facet, bands in DERIVED.items():
            assert tuple(name for name, _ in bands) == taxonomy.facets[facet].names

    def test_ideas_are_sorted_across_files(self, write: Write, taxonomy: Taxonomy) -> None:
        """Ideas come by id, whatever file they stand in."""
        write(changed(id="c-idea"), changed(id="a-idea"), name="first.yaml")
        folder = write(changed(id="b-idea"), name="second.yml")
        ids = [idea.idea_id for idea in load_ideas(folder / "ideas", taxonomy)]
        assert ids == ["a-idea", "b-idea", "c-idea"]

    def test_unknown_idea_is_not_found(self, write: Write) -> None:
        """Asking for an idea that is not there says so by its name."""
        with pytest.raises(NotFound, match="no idea 'three-chairs'"):
            load_catalogue(write(GOOD)).idea("three-chairs")

    def test_facet_ranks_its_values(self, taxonomy: Taxonomy) -> None:
        """An ordinal facet counts its values from the least demanding."""
        touch = taxonomy.facets["touch"]
        assert touch.names == ("none", "incidental", "affectionate", "sustained", "intimate")
        assert (touch.rank("none"), touch.rank("intimate")) == (0, 4)
        assert touch.values[2].label == "affectionate touch"

    def test_loading_imports_nothing_heavy(self) -> None:
        """A process that loads the catalogue has neither scikit-learn nor pandas in it."""
        code = (
            "import sys; from recommender.catalogue.library import load_catalogue; load_catalogue();"
            "import recommender.catalogue.checks, recommender.catalogue.search;"
            "print(sorted({'sklearn', 'pandas', 'scipy'} & set(sys.modules)))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=Path.cwd(), capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == "[]"


class TestHash:
    """What the content hash stands for."""

    def test_how_it_is_written_does_not_matter(self, write: Write) -> None:
        """Other files, another order of entries and of keys give the same hash."""
        versions = {"quiet": "Whisper.", "shorter": "One chair each."}
        one = load_catalogue(write(changed(versions=versions), changed(id="other"))).content_hash
        turned = dict(reversed(changed(versions=dict(reversed(versions.items()))).items()))
        turned["tags"] = dict(reversed(GOOD["tags"].items()))
        assert load_catalogue(write(changed(id="other"), turned)).content_hash == one

    def test_one_word_matters(self, write: Write) -> None:
        """Another step gives another hash."""
        one = load_catalogue(write(GOOD)).content_hash
        steps = [*GOOD["steps"][:2], "Tell each other what you heard."]
        assert load_catalogue(write(changed(steps=steps))).content_hash != one

    def test_quiz_matters(self, write: Write) -> None:
        """Another label in the quiz gives another hash."""
        folder = write(GOOD)
        one = load_catalogue(folder).content_hash
        quiz = folder / "quiz.yaml"
        quiz.write_text(quiz.read_text(encoding="utf-8").replace("Brisk", "Quick"), encoding="utf-8")
        assert load_catalogue(folder).content_hash != one

    def test_order_of_facets_matters(self, write: Write) -> None:
        """Facets in another order give another hash, since features follow it."""
        folder = write(GOOD)
        one = load_catalogue(folder).content_hash
        path = folder / "taxonomy.yaml"
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        content["facets"] = dict(reversed(content["facets"].items()))
        path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")
        assert load_catalogue(folder).content_hash != one


class TestBrokenFiles:
    """Whatever is wrong is named, never a traceback."""

    def test_error_names_file_line_idea_field_and_remedy(self, write: Write) -> None:
        """A wrong tag is told with its place and with the closest tag there is."""
        text = yaml.safe_dump([changed({"touch": "incidentel"})], sort_keys=False)
        line = text.splitlines().index("    touch: incidentel") + 1
        with pytest.raises(CatalogueError) as caught:
            load_catalogue(write(text))
        where = f"some.yaml:{line} two-chairs tags.touch"
        assert str(caught.value).endswith(
            f"{where}: there is no tag 'incidentel' → did you mean 'incidental'?"
        )

    def test_error_counts_the_others(self, write: Write) -> None:
        """With three faults the message gives the first and says that there are two more."""
        with pytest.raises(CatalogueError, match=r"and 2 more: `rekindle ideas check` lists them"):
            load_catalogue(write(changed({"touch": "hug", "novelty": "old"}, minutes=0)))

    @pytest.mark.parametrize(
        ("idea", "fault"),
        [
            (without("plan_b"), "plan_b: is missing"),
            (changed(colour="red"), "colour: is not a field we know"),
            (changed(title=7), "title: 7 is not text"),
            (changed(title="  "), "title: '  ' does not fit"),
            (changed(minutes="20"), "minutes: '20' does not fit"),
            (changed(minutes=True), "minutes: True does not fit"),
            (changed(typical_cost=-1), "typical_cost: -1 does not fit"),
            (changed(typical_cost=float("nan")), "typical_cost: nan does not fit"),
            (changed(id="Two chairs"), "id: 'Two chairs' does not fit"),
            (changed(id="two_chairs"), "id: 'two_chairs' does not fit"),
            (changed(versions={"longer": "All day."}), "versions.longer: 'longer' does not fit"),
            (changed(prompts={"light": "Which?"}), "prompts.deeper: is missing"),
            (changed(tags={"mood": "good"}), "tags.mood: there is no facet 'mood'"),
            (changed({"place": ["home", "moon"]}), "tags.place: there is no tag 'moon'"),
            (without("tags", "touch"), "tags.touch: is missing"),
            (changed({"touch": ["none"]}), "tags.touch: takes one value, not a list"),
            (changed({"place": "home"}), "tags.place: takes a list"),
            (changed({"place": []}), "tags.place: is empty"),
            (changed({"place": ["home", "home"]}), "tags.place: names a tag twice"),
            (changed({"hazard": ["none", "dark"]}), "tags.hazard: 'none' stands with others"),
            (changed({"season": ["winter", "any"]}), "tags.season: 'any' stands with others"),
            (changed({"cost": "free"}), "tags.cost: is derived"),
        ],
    )
    def test_wrong_entry_is_named(self, write: Write, idea: dict[str, Any], fault: str) -> None:
        """Each way to get an entry wrong is one fault, by its field, and keeps the catalogue from loading."""
        folder = write(idea)
        assert said(folder) == [fault]
        with pytest.raises(CatalogueError, match=r"some\.yaml:"):
            load_catalogue(folder)

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("", "is not a list"),
            ("id: two-chairs", "is not a list"),
            ("- just a word", "is not an idea"),
            ("- id: a\n  id: b\n", "is given twice"),
            ("- id: [a\n", "is not valid YAML"),
            ("- id: &a x\n- &b {id: y}\n- *b\n", "repeats a part by an anchor"),
            ("- id: 2026-99-99\n", "cannot be read"),
            ("- id: !!python/object:os.system {}\n", "is not text"),
            ("- id: \u0000\n", "is not valid YAML"),
            ("[" * 1000 + "]" * 1000, "is not valid YAML"),
            ("---\n- id: a\n---\n- id: b\n", "is not valid YAML"),
        ],
    )
    def test_odd_yaml_is_named(self, write: Write, text: str, problem: str) -> None:
        """Files that are not a list of ideas give a named error, whatever is in them."""
        folder = write(text)
        assert problem in "; ".join(fault.problem for fault in check_catalogue(folder))
        with pytest.raises(CatalogueError, match=r"some\.yaml"):
            load_catalogue(folder)

    def test_key_given_twice_names_the_idea(self, write: Write) -> None:
        """A tag given twice is told with the idea it is in and the second one's line."""
        text = yaml.safe_dump([GOOD], sort_keys=False)
        line = text.splitlines().index("    touch: none") + 1
        folder = write(text.replace("    touch: none\n", "    touch: none\n    touch: incidental\n"))
        (fault,) = check_catalogue(folder)
        assert (fault.line, fault.idea_id, fault.field) == (line + 1, "two-chairs", "tags.touch")

    def test_bytes_that_are_not_text(self, write: Write) -> None:
        """A file in another encoding is named."""
        folder = write(GOOD)
        (folder / "ideas" / "some.yaml").write_bytes(b"- id: caf\xe9\n")
        with pytest.raises(CatalogueError, match="not UTF-8"):
            load_catalogue(folder)

    def test_id_used_twice(self, write: Write) -> None:
        """The second idea with an id is at fault, and the file of the first is named."""
        write(GOOD, name="first.yaml")
        folder = write(GOOD, name="second.yaml")
        with pytest.raises(CatalogueError, match=r"second.yaml:1 .*also the id of an idea in .*first.yaml"):
            load_catalogue(folder)

    def test_every_fault_of_every_file_is_reported(self, write: Write) -> None:
        """Checking goes on after a broken file and a broken idea."""
        write("- id: [", name="a.yaml")
        write(changed(minutes=0, id="b-idea"), name="b.yaml")
        folder = write(changed({"touch": "hug"}, id="c-idea"), name="c.yaml")
        assert [Path(fault.file).name for fault in check_catalogue(folder)] == ["a.yaml", "b.yaml", "c.yaml"]

    @pytest.mark.parametrize("name", ["taxonomy.yaml", "quiz.yaml", "ideas/some.yaml"])
    def test_missing_file_is_named(self, write: Write, name: str) -> None:
        """A catalogue that lacks a file says which."""
        folder = write(GOOD)
        (folder / name).unlink()
        with pytest.raises(CatalogueError, match=name.split("/")[0]):
            load_catalogue(folder)

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("      intimate: {", "      close: {"),
            ("  touch:\n    kind: ordinal\n    tier: gate", "  touch:\n    kind: ordinal\n    tier: ranking"),
            ("  touch:\n", "  contact:\n"),
        ],
    )
    def test_taxonomy_must_keep_what_boundaries_speak_of(self, write: Write, old: str, new: str) -> None:
        """A taxonomy that renames a gate's value, its tier or the gate itself does not load."""
        folder = write(GOOD)
        path = folder / "taxonomy.yaml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
        with pytest.raises(CatalogueError, match=r"facets\.touch"):
            load_catalogue(folder)

    def test_taxonomy_may_add(self, write: Write) -> None:
        """A taxonomy with one more place loads, and ideas may use it."""
        folder = write(changed({"place": ["boat"]}))
        path = folder / "taxonomy.yaml"
        text = path.read_text(encoding="utf-8").replace(
            "      yard: {", "      boat: {label: on a boat, means: On board.}\n      yard: {"
        )
        path.write_text(text, encoding="utf-8")
        assert load_catalogue(folder).ideas[0].tags["place"] == ("boat",)


class TestChecks:
    """What loads and still is not right."""

    def test_good_idea_has_no_fault(self, write: Write) -> None:
        """An idea that keeps every rule passes."""
        assert check_catalogue(write(GOOD)) == []

    @pytest.mark.parametrize(
        ("tags", "field"),
        [
            ({"weather": "snow", "season": ["spring"], "place": ["nature"], "setting": "outdoor"}, "weather"),
            (
                {"weather": "snow", "season": ["winter", "summer"], "place": ["nature"], "setting": "either"},
                "weather",
            ),
            ({"weather": "dry"}, "weather"),
            ({"together": "remote_only", "place": ["venue"]}, "together"),
            ({"together": "remote_only", "place": ["home"], "touch": "sustained"}, "together"),
            ({"place": ["online"], "screen": "tool"}, "place"),
            ({"kids": "asleep", "place": ["home", "venue"], "time_of_day": ["evening"]}, "kids"),
            ({"kids": "asleep", "time_of_day": ["midday"]}, "kids"),
            ({"touch": "intimate"}, "kids"),
            ({"talk_depth": "repair", "practice": ["repair"]}, "kids"),
            ({"place": ["online"], "together": "remote_only"}, "screen"),
            (
                {
                    "talk_depth": "repair",
                    "practice": ["repair"],
                    "kids": "sitter",
                    "interaction": "competitive",
                },
                "talk_depth",
            ),
            ({"place": ["nature"]}, "setting"),
            ({"setting": "outdoor"}, "setting"),
            ({"food": ["meal_out"], "place": ["venue"]}, "food"),
            ({"kit": "buy"}, "kit"),
            ({"alcohol": "central"}, "alcohol"),
            ({"talk_depth": "none_needed", "practice": ["honest_talk"]}, "talk_depth"),
            ({"talk_depth": "repair", "kids": "asleep"}, "talk_depth"),
            ({"connection": ["touch"]}, "touch"),
            ({"practice": ["consent_touch"]}, "touch"),
            ({"energy": "rest", "mobility": "strenuous"}, "energy"),
            ({"company": "with_friends"}, "visibility"),
            ({"domain": ["arts_crafts"]}, "creativity"),
            ({"novelty": "familiar"}, "novelty"),
            ({"repeat": "once", "practice": ["ritual"]}, "repeat"),
        ],
    )
    def test_impossible_combination(self, write: Write, tags: dict[str, Any], field: str) -> None:
        """Tags that contradict each other are one fault, at the facet that gives way."""
        (fault,) = check_catalogue(write(changed(tags, **NOTES)))
        assert fault.field == f"tags.{field}"
        assert "cannot go with" in fault.problem

    def test_meal_out_is_not_at_home(self, write: Write) -> None:
        """A bought sit-down meal needs another place than home, and that is all that is wrong."""
        assert said(write(changed({"food": ["meal_out"]}, typical_cost=30))) == [
            "tags.food: food meal_out cannot go with place home"
        ]

    def test_rules_speak_of_words_that_exist(self, taxonomy: Taxonomy) -> None:
        """Every facet and value in the table of rules is in the taxonomy."""
        for rule in IMPOSSIBLE:
            for condition in (rule.one, rule.other):
                facet, relation, *values = condition.split()
                assert relation in {"has", "lacks", "only"}
                assert set(values) <= set(taxonomy.facets[facet].names)

    def test_remote_needs_an_apart_version(self, write: Write) -> None:
        """An idea that works over a call must say how."""
        remote = {"together": "remote_ok"}
        assert said(write(changed(remote))) == ["versions: lacks apart"]
        assert said(write(changed(remote, versions={"apart": "Two chairs, two rooms, one call."}))) == []

    @pytest.mark.parametrize(
        "tags",
        [
            {"touch": "affectionate"},
            {"talk_depth": "tender"},
            {"who_leads": "surprise"},
            {"hazard": ["blindfold"]},
        ],
    )
    def test_consent_note_is_asked_for(self, write: Write, tags: dict[str, Any]) -> None:
        """Touch, tender talk, surprise and blindfold need a consent note and nothing else."""
        (fault,) = check_catalogue(write(changed(tags)))
        assert fault.field == "consent_note"
        assert check_catalogue(write(changed(tags, consent_note=NOTES["consent_note"]))) == []

    @pytest.mark.parametrize(
        ("hazard", "notes"),
        [
            ("fire", ["safety"]),
            ("speed", ["safety"]),
            ("water", ["consent_note", "safety"]),
            ("height", ["consent_note", "safety"]),
            ("dark", []),
            ("strangers", []),
        ],
    )
    def test_notes_that_a_hazard_asks_for(self, write: Write, hazard: str, notes: list[str]) -> None:
        """Fire and speed need a safety line, water and height a consent note as well, others neither."""
        faults = check_catalogue(write(changed({"hazard": [hazard]})))
        assert [fault.field for fault in faults] == notes

    @pytest.mark.parametrize(
        ("fields", "fault"),
        [
            ({"title": "Two chairs!"}, "title: says '!'"),
            ({"plan_b": "Ask your Wife for a rug."}, "plan_b: says 'Wife'"),
            ({"steps": [*GOOD["steps"][:2], "Tell him."]}, "steps.2: says 'him'"),
            ({"versions": {"quiet": "Hum along to Spotify."}}, "versions.quiet: says 'Spotify'"),
            ({"plan_b": "Pour a glass of wine."}, "plan_b: says 'wine'"),
            ({"steps": GOOD["steps"][:2]}, "steps: has 2 steps"),
            ({"steps": ["Sit."] * 6}, "steps: has 6 steps"),
            ({"pitch": "Carry two chairs. Sit on them."}, "pitch: is not one sentence"),
            ({"pitch": "Carry two chairs"}, "pitch: is not one sentence"),
            ({"pitch": "Carry two chairs. Sit"}, "pitch: is not one sentence"),
            ({"pitch": f"{'a ' * 80}."}, "pitch: has 161 characters"),
        ],
    )
    def test_wording(self, write: Write, fields: dict[str, Any], fault: str) -> None:
        """Banned words, too few or many steps, and pitches that are long or not one sentence are named."""
        assert said(write(changed(**fields))) == [fault]

    @pytest.mark.parametrize("text", ["Share the chair there.", "Sip ginger beer.", "Open the shed."])
    def test_words_that_only_look_banned(self, write: Write, text: str) -> None:
        """Words that hold a banned one inside them pass."""
        assert check_catalogue(write(changed(plan_b=text))) == []

    def test_wine_is_fine_where_alcohol_is_optional(self, write: Write) -> None:
        """The names of drinks are only banned where the idea says that alcohol plays no part."""
        fields = {"plan_b": "Pour a glass of wine or juice."}
        assert check_catalogue(write(changed({"alcohol": "optional", "food": ["snack"]}, **fields))) == []

    def test_hard_reading_is_named(self, write: Write) -> None:
        """Long words in long sentences fall below the reading ease asked for."""
        hard = "Individually anticipate considerable unfamiliarity regarding architectural peculiarities"
        (fault,) = check_catalogue(
            write(changed(steps=[f"{hard} number {n}." for n in range(3)], plan_b=hard))
        )
        assert "reading ease" in fault.problem

    def test_reading_ease_is_flesch(self) -> None:
        """Six words in two sentences with nine syllables score 206.835 - 1.015 * 3 - 84.6 * 1.5 = 76.89."""
        # carry 2, two 1, chairs 1; sit 1, down 1, together 3.
        assert reading_ease("Carry two chairs. Sit down together.") == pytest.approx(76.89)

    def test_near_duplicate_is_named(self, write: Write) -> None:
        """An idea that repeats another's sentences is at fault; one with words of its own is not."""
        copy = changed(id="two-stools", title="Two stools")
        other = changed(
            id="window-quiz",
            title="Window quiz",
            pitch="Guess who passes next.",
            steps=["Look out.", "Bet a biscuit on the next colour of coat.", "Pay up."],
        )
        (fault,) = check_catalogue(write(GOOD, copy, other))
        assert fault.idea_id == "two-stools"
        assert "alike with two-chairs" in fault.problem


class TestCoverage:
    """How many ideas carry each tag."""

    def test_counts(self, write: Write, taxonomy: Taxonomy) -> None:
        """Of three ideas one leaves the home and one is not free, so one is free and at home."""
        out = changed(
            {"place": ["home", "nature"], "setting": "outdoor", "kids": "sitter"}, id="out", minutes=90
        )
        dear = changed({"together": "remote_ok", "mobility": "walking"}, id="dear", typical_cost=12)
        entries, _ = read_ideas(write(GOOD, out, dear) / "ideas", taxonomy)
        ideas = [entry.idea for entry in entries]
        rows = {(row.facet, row.value): row for row in coverage(ideas, taxonomy)}
        assert rows["place", "home"] == Coverage("place", "home", 3, 1.0, 1)
        assert rows["place", "nature"] == Coverage("place", "nature", 1, pytest.approx(1 / 3), 0)
        assert rows["place", "road"] == Coverage("place", "road", 0, 0, 0)
        assert rows["cost", "free"].n_ideas == 2
        assert headline(ideas) == Headline(
            n_ideas=3,
            n_free=2,
            n_at_home=3,
            n_free_at_home=1,
            n_remote=1,
            n_micro=2,
            n_seated_or_step_free=2,
            n_kids_welcome=2,
        )

    def test_rows_follow_the_taxonomy(self, taxonomy: Taxonomy) -> None:
        """There is a row for every tag, in order, and an empty catalogue has shares of 0."""
        rows = coverage([], taxonomy)
        assert [row.value for row in rows[:5]] == ["free", "low", "mid", "high", "splurge"]
        assert len(rows) == sum(len(facet.names) for facet in taxonomy.facets.values())
        assert {row.share for row in rows} == {0}

    def test_too_few_are_named(self, write: Write, taxonomy: Taxonomy) -> None:
        """With a single idea every practice, domain, season, time of day and headline figure falls short."""
        entries, _ = read_ideas(write(GOOD) / "ideas", taxonomy)
        faults = [str(fault) for fault in coverage_faults(entries, taxonomy, "ideas")]
        named = ("practice", "domain", "season", "time_of_day")
        n_tags = sum(len(taxonomy.facets[name].names) for name in named)
        assert len(faults) == n_tags + 8
        assert "ideas tags.practice: only 0 ideas carry repair → write more, up to 25" in faults
        assert "ideas: only 1 ideas → write more, up to 600" in faults
        assert "ideas: only 1 free at home → write more, up to 100" in faults


class TestShipped:
    """The catalogue that comes with Rekindle."""

    def test_has_no_fault(self) -> None:
        """Every check passes on our own data."""
        assert [str(fault) for fault in check_catalogue(data_folder())] == []

    def test_serves_everybody(self, shipped: Catalogue) -> None:
        """Couples apart, with little time, in a wheelchair or with children find at least ten ideas each."""
        counts = headline(shipped.ideas)
        assert min(counts.n_remote, counts.n_micro, counts.n_seated_or_step_free, counts.n_kids_welcome) >= 10

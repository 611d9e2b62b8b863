"""``rekindle …``: what each command prints, where, and how it refuses."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from recommender.catalogue.bundled import data_folder, models_folder
from recommender.catalogue.library import Catalogue, load_catalogue
from recommender.cli import main
from recommender.cli.output import print_table
from recommender.learning.registry import PRIOR_VERSION, Registry
from recommender.service import Settings, authenticate, library, list_sessions, open_deployment
from recommender.service import deployment as deployments
from tests.serving import AHEAD

WEEK = str(AHEAD)
MODEL = "20261101T120000-0a1b2c3d"

Run = Callable[..., Result]


@pytest.fixture(scope="session")
def shipped() -> Catalogue:
    """Read the catalogue that ships, once."""
    return load_catalogue()


@pytest.fixture
def home(tmp_path: Path, migrated: Path, shipped: Catalogue, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point the environment at a home with an empty database, and read the shipped catalogue only once."""
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(migrated, home / "rekindle.sqlite3")
    for name in ("DATABASE_URL", "OPERATOR_TOKEN", "SIGNUP", "CATALOGUE"):
        monkeypatch.delenv(f"REKINDLE_{name}", raising=False)
    monkeypatch.setenv("REKINDLE_HOME", str(home))
    for reader in (deployments, library):
        monkeypatch.setattr(
            reader, "load_catalogue", lambda folder: load_catalogue(folder) if folder else shipped
        )
    return home


@pytest.fixture
def run(home: Path) -> Run:
    """Run a command line that must end well, in `home`."""

    def running(*words: str, code: int = 0, **more: Any) -> Result:
        result = CliRunner().invoke(main, words, **more)
        assert result.exit_code == code, result.output
        return result

    return running


@pytest.fixture
def ana_and_bo(run: Run) -> str:
    """Make a couple on the command line, and return its id."""
    joined = json.loads(run("couples", "create", "Ana", "--json").stdout)
    run("couples", "join", joined["invite_code"], "Bo")
    return str(joined["couple_id"])


@pytest.fixture
def model(home: Path) -> str:
    """Register a model that is as good as the prior, and return its version."""
    registry = Registry(home / "models", models_folder() / PRIOR_VERSION)
    manifest = {"created_at": "2026-11-01T12:00:00+00:00", "n_ratings": 7, "verdict": "not worse"}
    registry.register(MODEL, registry.load(PRIOR_VERSION).parameters, manifest, f"# Model {MODEL}\n")
    return MODEL


def choose(run: Run, number: str = "1") -> str:
    """Choose from the week's plan, and return the date's id."""
    chosen = json.loads(run("choose", number, "--week", WEEK, "--json").stdout)
    return str(chosen["date"]["date_id"])


def refused(*words: str) -> str:
    """Run a command line that must be refused, and return the one line said on stderr."""
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert isinstance(result.exception, SystemExit)  # nothing got past the edge
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    return result.stderr


def commands(group: click.Group, *path: str) -> Iterator[tuple[str, ...]]:
    """Yield the words of every command under a group."""
    for name, command in group.commands.items():
        yield (*path, name)
        if isinstance(command, click.Group):
            yield from commands(command, *path, name)


# Help


@pytest.mark.parametrize("words", [(), *commands(main)], ids=" ".join)
def test_every_verb_has_help(words: tuple[str, ...]) -> None:
    """Each command says in a sentence what it does."""
    result = CliRunner().invoke(main, [*words, "--help"])

    usage, said = result.stdout.split("\n\n")[:2]
    assert result.exit_code == 0
    assert usage.startswith(f"Usage: {' '.join(('rekindle', *words))}")
    assert said.startswith("  ")
    assert said.strip()[0].isupper()
    assert "." in said


# Suggestions


def test_without_a_couple_the_demo_answers(run: Run, home: Path) -> None:
    """Where there is no couple yet, three suggestions are for the demo's, as stderr says."""
    result = run("suggest")

    assert [line[:2] for line in result.stdout.splitlines() if line[:1].isdigit()] == ["1.", "2.", "3."]
    assert result.stdout.count("Expected ") == 3
    assert "demo couple" in result.stderr
    assert "rekindle couples create" in result.stderr
    assert json.loads(run("couples", "list", "--json").stdout) == []


def test_what_is_no_terminal_is_plain(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a pipe there is no escape code even where colour is forced, and no line is broken."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "20")

    plan = json.loads(run("suggest", "--json").stdout)
    shown = run("suggest").stdout

    assert "\x1b" not in shown
    for suggestion in plan["suggestions"]:
        assert f"\n   {suggestion['idea']['pitch']}\n" in shown


def test_letters_that_stdout_lacks_do_not_end_it(home: Path) -> None:
    """Where stdout can hold ASCII only, other letters become question marks."""
    result = CliRunner(charset="ascii").invoke(main, ["suggest", "--week", WEEK])

    assert result.exit_code == 0
    assert "   ? Expected" in result.stdout


@pytest.mark.parametrize("named", [True, False])
def test_a_couple_is_named_or_the_only_one(run: Run, ana_and_bo: str, named: bool) -> None:
    """The plan of a couple is the same whether it is named or is the only one there."""
    words = [ana_and_bo] if named else []

    plan = json.loads(run("suggest", *words, "--week", WEEK, "--json").stdout)

    assert plan["week"] == WEEK
    assert len(plan["suggestions"]) == 3
    assert plan == json.loads(run("suggest", "--week", WEEK, "--json").stdout)


def test_among_several_couples_one_must_be_named(run: Run, ana_and_bo: str) -> None:
    """With two couples, the refusal says how to find their names."""
    run("couples", "create", "Cleo")

    assert "rekindle couples list" in refused("suggest")


# Couples


def test_a_new_couple_gets_its_token_and_code_whole(run: Run) -> None:
    """Id, token and code each stand unbroken on a line of their own, and stderr says what to do next."""
    result = run("couples", "create", "Ana")

    facts = dict(line.rsplit(maxsplit=1) for line in result.stdout.splitlines()[1:])
    assert [name.strip() for name in facts] == ["couple", "token", "invite code"]
    assert run("couples", "join", facts["  invite code"], "Bo").exit_code == 0
    assert f"rekindle couples join {facts['  invite code']}" in result.stderr


def test_a_name_is_printed_as_it_is(run: Run) -> None:
    """Square brackets in a name are text and not markup."""
    assert "Ana [bold]" in run("couples", "create", "Ana [bold]").stdout


def test_closed_sign_up_does_not_keep_the_host_out(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sits at the machine makes couples as its operator."""
    monkeypatch.setenv("REKINDLE_SIGNUP", "closed")

    run("couples", "create", "Ana")


def test_whoever_lost_their_key_gets_another(run: Run, ana_and_bo: str) -> None:
    """The host makes a partner a key; it opens that partner's account, who sees that it was made."""
    made = json.loads(run("couples", "key", "--partner", "Bo", "--json").stdout)
    shown = run("couples", "key", "--partner", "Bo")

    deployment = open_deployment(Settings.from_environment(os.environ))
    caller = authenticate(deployment, made["token"])
    labels = [session.label for session in list_sessions(deployment, caller).sessions]
    deployment.engine.dispose()
    assert (caller.couple_id, labels.count("made by the host")) == (ana_and_bo, 2)
    assert "/sign-in" in shown.stderr


def test_couples_are_listed(run: Run, ana_and_bo: str) -> None:
    """The list has each couple, as a table and as JSON."""
    assert ana_and_bo in run("couples", "list").stdout.split()
    assert json.loads(run("couples", "list", "--json").stdout) == [ana_and_bo]


def test_an_export_is_one_partners_own(run: Run, ana_and_bo: str) -> None:
    """The export of a partner, however their name is typed, is JSON and holds their name only."""
    exported = run("couples", "export", "--partner", "bO")

    assert json.loads(exported.stdout)["me"]["name"] == "Bo"
    assert "Ana" not in exported.stdout
    assert exported.stderr == ""


def test_partners_of_one_name_are_told_apart_by_id(run: Run) -> None:
    """Where both go by a name, the refusal lists their ids, and an id does."""
    first = json.loads(run("couples", "create", "Ana", "--json").stdout)
    second = json.loads(run("couples", "join", first["invite_code"], "ana", "--json").stdout)

    assert second["partner_id"] in refused("couples", "export", "--partner", "Ana")
    exported = json.loads(run("couples", "export", "--partner", second["partner_id"]).stdout)
    assert exported["me"]["name"] == "ana"


def test_a_couple_is_erased_when_confirmed(run: Run, ana_and_bo: str) -> None:
    """A plain return keeps the couple; a yes erases it."""
    run("couples", "delete", ana_and_bo, input="\n", code=1)
    assert json.loads(run("couples", "list", "--json").stdout) == [ana_and_bo]

    run("couples", "delete", ana_and_bo, input="y\n")
    assert json.loads(run("couples", "list", "--json").stdout) == []


# Choosing and rating


def test_a_suggestion_is_chosen_by_its_number(run: Run, ana_and_bo: str) -> None:
    """The number in the plan stands for the suggestion, and the date is told in the couple's words."""
    second = json.loads(run("suggest", "--week", WEEK, "--json").stdout)["suggestions"][1]

    chosen = run("choose", "2", "--week", WEEK)

    assert second["idea"]["title"] in chosen.stdout
    assert second["starts_at"][11:16] in chosen.stdout
    assert "rekindle rate" in chosen.stderr


def test_a_suggestion_is_chosen_by_its_id(run: Run, ana_and_bo: str) -> None:
    """The suggestion_id of the JSON stands for the suggestion."""
    third = json.loads(run("suggest", "--week", WEEK, "--json").stdout)["suggestions"][2]

    chosen = json.loads(run("choose", third["suggestion_id"], "--week", WEEK, "--json").stdout)

    assert chosen["date"]["idea_id"] == third["idea"]["idea_id"]


def test_a_date_is_told_in_the_couples_time(run: Run, home: Path) -> None:
    """What `choose` prints is the time that `suggest` printed, not that of Greenwich."""
    from recommender import service
    from recommender.domain import Circumstances

    couple_id = json.loads(run("couples", "create", "Ana", "--json").stdout)["couple_id"]
    opened = service.open_deployment(service.Settings.from_environment({"REKINDLE_HOME": str(home)}))
    caller = service.partner_caller(opened, service.host_caller(opened, couple_id), "Ana")
    service.update_couple(opened, caller, circumstances=Circumstances(time_zone="Asia/Tokyo"))
    opened.engine.dispose()

    starts_at = json.loads(run("suggest", "--week", WEEK, "--json").stdout)["suggestions"][0]["starts_at"]

    assert starts_at.endswith("+09:00")
    assert starts_at[11:16] in run("choose", "1", "--week", WEEK).stdout


def test_marks_are_told_once_both_have_marked_all(run: Run, ana_and_bo: str) -> None:
    """Each partner marks by number; cards say what both like after the last mark, and not before."""
    for number, word in (("1", "yes"), ("2", "yes"), ("3", "not_this_time")):
        before = run("mark", number, word, "--partner", "Ana", "--week", WEEK).stdout
    for number in "123":
        after = run("mark", number, "yes", "--partner", "Bo", "--week", WEEK).stdout
    body = json.loads(run("suggest", "--week", WEEK, "--json").stdout)

    assert "you both said" not in before
    assert after.count("you both said yes") == 2
    assert [(s["mine"], s["both"]) for s in body["suggestions"]] == [
        (None, "yes"),
        (None, "yes"),
        (None, None),
    ]
    assert body["marked"] is True


def test_a_ritual_is_confirmed_by_its_number(run: Run, ana_and_bo: str) -> None:
    """Rituals stand below the plan; the second partner's word keeps one, and the plan says so."""
    plan = run("suggest").stdout
    one = run("keep", "1", "--partner", "Ana").stdout
    both = json.loads(run("keep", "1", "--partner", "Bo", "--json").stdout)

    assert "Or in a few minutes" in plan
    assert " · kept" not in plan
    assert one.startswith("Confirmed by Ana: ")
    assert "kept" not in one
    assert (both["mine"], both["kept"]) == (True, True)
    assert run("suggest").stdout.count(" · kept") == 1
    assert "no ritual '9'" in refused("keep", "9", "--partner", "Ana")


def test_a_rating_is_kept_for_who_gave_it(run: Run, ana_and_bo: str) -> None:
    """A rating is confirmed in words, and stands in that partner's export."""
    date_id = choose(run)

    said = run("rate", date_id, "--partner", "Ana", "--enjoyment", "4", "--again")

    (rating,) = json.loads(run("couples", "export", "--partner", "Ana").stdout)["ratings"]
    assert said.stdout.startswith("Noted for Ana: ")
    assert (rating["date_id"], rating["enjoyment"], rating["again"]) == (date_id, 4, True)


def test_a_rating_as_json(run: Run, ana_and_bo: str) -> None:
    """With --json the date comes back with one's own rating and without the other's."""
    words = ("rate", choose(run), "--partner", "Bo", "--enjoyment", "2", "--closeness", "5", "--json")

    view = json.loads(run(*words).stdout)

    assert (view["mine"]["enjoyment"], view["mine"]["closeness"], view["theirs"]) == (2, 5, None)


def test_everyone_is_planned_for(run: Run, ana_and_bo: str) -> None:
    """One command plans for every couple; what it made is what they are shown."""
    cleo = json.loads(run("couples", "create", "Cleo", "--json").stdout)["couple_id"]

    told = run("plan", "--all", "--week", WEEK).stdout
    again = run("plan", "--all", "--week", WEEK).stdout

    assert re.fullmatch(r"Planned for 2 couples in \d+ s; 0 had a plan, 0 pause\.\n", told)
    assert "Planned for 0 couples" in again
    assert "; 2 had a plan, 0 pause." in again
    for couple_id in (ana_and_bo, cleo):
        assert len(json.loads(run("suggest", couple_id, "--week", WEEK, "--json").stdout)["suggestions"]) == 3


# Models


def test_retraining_on_nothing_says_so(run: Run) -> None:
    """Without feedback no model is made, in words and in JSON."""
    assert "nothing to learn from" in run("retrain").stdout
    assert json.loads(run("retrain", "--json").stdout)["version"] is None


def test_retraining_keeps_its_talk_out_of_the_json(run: Run, ana_and_bo: str) -> None:
    """With ratings it reports a new model on stdout, and its progress on stderr."""
    for week in ("2026-W46", "2026-W47", WEEK):
        date = json.loads(run("choose", "1", "--week", week, "--json").stdout)["date"]["date_id"]
        for name, enjoyment in (("Ana", "5"), ("Bo", "3")):
            run("rate", date, "--partner", name, "--enjoyment", enjoyment)

    result = run("retrain", "--json")

    report = json.loads(result.stdout)
    assert report["n_ratings"] == 6
    told = [json.loads(line) for line in result.stderr.splitlines()]
    assert [run["step"] for run in told] == sorted(run["step"] for run in told)
    assert (told[0]["state"], told[0]["doing"]) == ("running", "reading the feedback")
    assert (told[-1]["state"], told[-1]["step"], told[-1]["of"]) == ("finished", 5, 5)
    assert report["version"] in run("models", "list").stdout


def test_models_are_listed_with_the_one_that_serves(run: Run, model: str) -> None:
    """The list has the prior, which serves, and the other; in words and in JSON."""
    listed = json.loads(run("models", "list", "--json").stdout)

    assert [(m["version"], m["current"]) for m in listed] == [(PRIOR_VERSION, True), (model, False)]
    head, prior, other = (line.split() for line in run("models", "list").stdout.splitlines()[1:])
    assert head == ["model", "serves", "ratings", "made", "verdict"]
    assert prior[:3] == [PRIOR_VERSION, "yes", "0"]
    assert other[:3] == [model, "7", "2026-11-01"]


def test_health_and_pruning_in_words(run: Run, model: str) -> None:
    """Before any date of its own nothing is concluded; pruning names what it deleted."""
    assert "not enough to tell: no date of its own was rated by both yet" in run("models", "health").stdout
    assert json.loads(run("models", "health", "--json").stdout)["n_dates"] == 0
    assert run("models", "prune").stdout == "Nothing to delete.\n"
    assert run("models", "prune", "--keep", "0").stdout == f"Deleted {model}.\n"
    assert model not in run("models", "list").stdout


def test_a_card_is_shown_as_it_was_written(run: Run, model: str) -> None:
    """In a pipe the card is its own Markdown."""
    assert run("models", "show", model).stdout == f"# Model {model}\n\n"


def test_a_model_is_promoted_and_taken_back(run: Run, model: str) -> None:
    """Promoting moves the pointer, and rolling back moves it to where it was."""
    assert run("models", "promote", model, "--reason", "try it").stdout == f"Now serving {model}.\n"
    assert run("models", "rollback").stdout == f"Now serving {PRIOR_VERSION}.\n"
    assert "nothing came before" in refused("models", "rollback")


# Ideas


@pytest.fixture
def own_catalogue(tmp_path: Path) -> Path:
    """Copy the catalogue's taxonomy and quiz, with one file of ideas that is broken on line 3."""
    folder = tmp_path / "own"
    (folder / "ideas").mkdir(parents=True)
    for name in ("taxonomy.yaml", "quiz.yaml"):
        shutil.copy(data_folder() / name, folder)
    (folder / "ideas" / "games.yaml").write_text("- idea_id: chess\n  title: Chess\n  pitch: [\n")
    return folder


def test_the_shipped_catalogue_has_no_fault(run: Run) -> None:
    """The check of what ships ends with 0 and an empty list."""
    result = run("ideas", "check", "--json")

    assert json.loads(result.stdout) == []
    assert result.stderr == "No fault found.\n"


@pytest.mark.parametrize("by", ["option", "environment"])
def test_faults_are_listed(run: Run, own_catalogue: Path, by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check of a broken catalogue ends with 1 and names file and line, however the folder is named."""
    words = ["--folder", str(own_catalogue)] if by == "option" else []
    if by == "environment":
        monkeypatch.setenv("REKINDLE_CATALOGUE", str(own_catalogue))

    result = run("ideas", "check", *words, code=1)

    assert f"{own_catalogue / 'ideas' / 'games.yaml'}:" in result.stdout
    assert "fault" in result.stderr
    faults = json.loads(run("ideas", "check", *words, "--json", code=1).stdout)
    assert any(fault["file"].endswith("games.yaml") for fault in faults)


def test_stats_count_every_idea(run: Run, shipped: Catalogue) -> None:
    """The headline counts the catalogue's ideas, in words and in JSON."""
    told = json.loads(run("ideas", "stats", "--json").stdout)

    assert told["headline"]["n_ideas"] == len(shipped.ideas)
    assert {"facet", "value", "n_ideas", "share", "n_free_at_home"} <= told["coverage"][0].keys()
    assert f"  ideas                {len(shipped.ideas)}\n" in run("ideas", "stats").stdout


def test_ideas_are_found_by_words(run: Run, shipped: Catalogue) -> None:
    """An idea's own title finds it; as many as asked for are shown."""
    idea = shipped.ideas[0]

    found = json.loads(run("ideas", "search", idea.title, "--json").stdout)

    assert idea.idea_id in {one["idea_id"] for one in found}
    assert idea.title in run("ideas", "search", idea.title).stdout
    assert len(json.loads(run("ideas", "search", "a", "--limit", "2", "--json").stdout)) == 2


def test_a_search_without_a_find_says_so(run: Run) -> None:
    """Nothing is on stdout but an empty JSON list, and stderr says what to try."""
    result = run("ideas", "search", "xylophagous")

    assert (result.stdout, result.stderr) == ("", "No idea holds all of these words; try fewer.\n")
    assert json.loads(run("ideas", "search", "xylophagous", "--json").stdout) == []


# The database


def test_an_upgrade_of_what_is_current_changes_nothing(run: Run, ana_and_bo: str) -> None:
    """An up-to-date database stays as it is."""
    assert run("db", "upgrade").stdout == "The database is up to date.\n"
    assert json.loads(run("couples", "list", "--json").stdout) == [ana_and_bo]


def test_a_backup_brings_everything_back(run: Run, ana_and_bo: str, tmp_path: Path) -> None:
    """What was deleted after a backup is there again once it is restored; the copy is one file, unchanged."""
    copy = tmp_path / "copies" / "monday.sqlite3"
    copy.parent.mkdir()
    run("db", "backup", str(copy))
    blob = copy.read_bytes()
    run("couples", "delete", ana_and_bo, "--yes")

    run("db", "restore", str(copy), input="y\n")

    assert json.loads(run("couples", "list", "--json").stdout) == [ana_and_bo]
    assert [path.name for path in copy.parent.iterdir()] == [copy.name]
    assert copy.read_bytes() == blob
    assert blob[18:20] == b"\1\1"  # SQLite's mark of a file that needs no journal beside it to be read


def test_a_damaged_database_is_replaced_and_kept(
    run: Run, ana_and_bo: str, home: Path, tmp_path: Path
) -> None:
    """The command that a damaged database asks for works on it, and keeps it beside the restored one."""
    copy = tmp_path / "copy.sqlite3"
    run("db", "backup", str(copy))
    (home / "rekindle.sqlite3").write_bytes(b"not a database, " * 999)

    assert "rekindle db restore" in refused("suggest")
    run("db", "restore", str(copy), "--yes")

    assert json.loads(run("couples", "list", "--json").stdout) == [ana_and_bo]
    assert (home / "rekindle.sqlite3.damaged").read_bytes().startswith(b"not a database")


@pytest.mark.parametrize("content", [b"not a database, " * 999, b""])
def test_what_is_no_copy_is_not_restored(run: Run, ana_and_bo: str, tmp_path: Path, content: bytes) -> None:
    """A file that is no database of ours is refused by name, and the database stays as it is."""
    copy = tmp_path / "copy.sqlite3"
    copy.write_bytes(content)

    assert str(copy) in refused("db", "restore", str(copy), "--yes")
    assert json.loads(run("couples", "list", "--json").stdout) == [ana_and_bo]
    assert [path.name for path in (tmp_path / "home").glob(".*")] == []


def test_the_database_is_not_copied_onto_itself(home: Path) -> None:
    """A backup onto the database, or a restoration from it, is refused."""
    database = str(home / "rekindle.sqlite3")

    assert "is the database itself" in refused("db", "backup", database)
    assert "is the database itself" in refused("db", "restore", database, "--yes")


def test_a_backup_into_no_folder_is_refused(home: Path, tmp_path: Path) -> None:
    """Where the folder is missing, it says so."""
    assert "check that the folder is there" in refused("db", "backup", str(tmp_path / "none" / "copy"))


def test_a_database_that_is_no_file_is_not_copied(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that is in memory alone is refused, and the message says where to name another."""
    monkeypatch.setenv("REKINDLE_DATABASE_URL", "sqlite:///:memory:")

    assert "check REKINDLE_DATABASE_URL" in refused("db", "backup", str(tmp_path / "copy"))


# Refusals


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (("suggest", "--week", "2026-W99"), "write one like 2026-W48"),
        (("suggest", "01KB2C3D4E5F6G7H8J9KAMBNCQ"), "rekindle couples list"),
        (("choose", "1"), "rekindle couples create"),
        (("couples", "join", "NOSUCHCODE", "Bo"), "ask your partner for a new one"),
        (("couples", "create", " "), "name"),
        (("models", "show", "nonesuch"), "rekindle models list"),
        (("models", "promote", "../../etc", "--reason", "x"), "rekindle models list"),
        (("ideas", "stats", "--folder", "/nonesuch"), "rekindle ideas stats --help"),
        (("sugest",), "rekindle --help"),
        (("--nonesuch",), "rekindle --help"),
        (("couples", "frob"), "rekindle couples --help"),
        (("rate", "X", "--enjoyment", "3"), "rekindle rate --help"),
        (("plan",), "--all"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_bad_input_is_refused_in_a_line(home: Path, words: tuple[str, ...], remedy: str) -> None:
    """Whatever was typed wrong, one line says what to do."""
    assert remedy in refused(*words)


def test_a_stranger_is_refused_with_who_there_is(ana_and_bo: str) -> None:
    """A name that is neither partner's is answered with both names."""
    said = refused("rate", "X", "--partner", "Zoe", "--enjoyment", "3")

    assert "'Zoe'" in said
    assert "Ana or Bo" in said


@pytest.mark.parametrize("number", ["9", "0", "3.5", "good"])
def test_a_rating_off_the_scale_is_refused(ana_and_bo: str, number: str) -> None:
    """Only 1 to 5 will do."""
    said = refused("rate", "X", "--partner", "Ana", "--enjoyment", number)

    assert number in said
    assert "--enjoyment" in said


def test_a_date_of_others_cannot_be_rated(run: Run, ana_and_bo: str) -> None:
    """The date of another couple is no date of theirs; it says how to find theirs."""
    date_id = choose(run)
    cleo = json.loads(run("couples", "create", "Cleo", "--json").stdout)["couple_id"]

    said = refused("rate", date_id, "--couple", cleo, "--partner", "Cleo", "--enjoyment", "3")

    assert "rekindle couples export --partner Cleo" in said


def test_a_number_that_is_not_in_the_plan_is_refused(ana_and_bo: str) -> None:
    """A plan has no fourth suggestion; it says how to see the three."""
    assert f"rekindle suggest --week {WEEK}" in refused("choose", "4", "--week", WEEK)


def test_a_broken_catalogue_is_refused(own_catalogue: Path, home: Path, monkeypatch: Any) -> None:
    """A broken file of ideas is named with its line, whichever command needs it."""
    assert "games.yaml:" in refused("ideas", "stats", "--folder", str(own_catalogue))

    monkeypatch.setenv("REKINDLE_CATALOGUE", str(own_catalogue))
    assert "games.yaml:" in refused("suggest")


@pytest.mark.parametrize("fault", ["corrupt", "missing"])
def test_a_model_that_cannot_be_read_is_refused(
    run: Run, ana_and_bo: str, model: str, home: Path, fault: str
) -> None:
    """A damaged or missing model file is named with the remedy, and the remedy works."""
    run("models", "promote", model, "--reason", "try it")
    arrays = home / "models" / model / "arrays.npz"
    arrays.write_bytes(b"nonsense") if fault == "corrupt" else arrays.unlink()

    said = refused("suggest", "--week", WEEK)

    assert str(arrays) in said
    assert "rekindle models rollback" in said
    run("models", "rollback")
    run("suggest", "--week", WEEK)


def test_a_locked_database_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another program writes, it says to try again."""
    path = home / "rekindle.sqlite3"
    monkeypatch.setenv("REKINDLE_DATABASE_URL", f"sqlite:///{path}?timeout=0")
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")

        assert "try again in a moment" in refused("couples", "create", "Ana")


def test_a_read_only_database_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that cannot be written to is named."""
    path = home / "rekindle.sqlite3"
    # Opened read-only instead of made so: whoever runs the tests may be root, whom no mode stops.
    monkeypatch.setenv("REKINDLE_DATABASE_URL", f"sqlite:///file:{path}?mode=ro&uri=true")

    said = refused("couples", "create", "Ana")

    assert "cannot be written to" in said
    assert str(path) in said


def test_a_home_that_cannot_be_made_is_refused(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a file stands in the home's way, it says to name another."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("REKINDLE_HOME", str(tmp_path / "file" / "home"))

    assert "REKINDLE_HOME" in refused("suggest")


def test_a_folder_that_cannot_be_made_is_refused(home: Path, tmp_path: Path) -> None:
    """Before a simulation begins, the folder for its results is made, or named with what is in its way."""
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / "results"

    assert f"{folder}: Not a directory" in refused("simulate", "--out", str(folder))


# Tables


def test_titles_of_columns_stay_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Titles stand whole over their columns, numbers to the right, and no cell is markup."""
    print_table("Year", ("policy", "repeats in 12 weeks"), [("[red]cosine", 3), ("x", 12)])

    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == [
        "Year",
        "policy       repeats in 12 weeks",
        "[red]cosine                    3",
        "x                             12",
    ]


ID = "sit-at-the-back-of-a-couples-evening"


def shown(monkeypatch: pytest.MonkeyPatch, columns: int) -> list[str]:
    """Print a table on a terminal of so many columns, and return its lines without their looks."""
    screen = Screen()
    monkeypatch.setattr("sys.stdout", screen)
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    row = ("Sit at the back of it, sit at the back of it", 120, ID)
    print_table("Found", ("title", "minutes", "idea"), [row])
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() for line in screen.getvalue().splitlines()]
    assert max(map(len, lines)) <= columns
    return lines


@pytest.mark.parametrize("columns", [80, 120])
def test_words_stay_whole_on_a_terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    """Where the screen has 80 columns or more, titles are on one line and no id is broken."""
    lines = shown(monkeypatch, columns)

    assert lines[1].split() == ["title", "minutes", "idea"]
    assert any(line.endswith(f" {ID}") for line in lines)


def test_nothing_is_cut_on_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where words do not fit, they are broken and every letter is there."""
    lines = shown(monkeypatch, 40)

    starts = lines[1].index("idea")
    assert "".join(line[starts:] for line in lines[3:]) == ID


class Screen(io.StringIO):
    """A terminal that keeps what is written on it."""

    def isatty(self) -> bool:
        """Say that it is one."""
        return True

"""Files meant to harm: bombs, depths, endless rules, bytes that are no text. None gets through."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest

from recommender.catalogue.importers.drafts import Broken, Draft, Intake
from recommender.catalogue.importers.formats import format_of, read_drafts
from recommender.catalogue.importers.limits import OCCURRENCES_MOST
from tests.api_world import shipped_catalogue

BOMB = "- &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"- &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
EVENT = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:A walk\r\nDTSTART:{start}\r\n{rule}\r\n" + (
    "END:VEVENT\r\nEND:VCALENDAR\r\n"
)


MARCH = "20260301T190000Z"


def read(name: str, content: bytes) -> list[Draft | Broken]:
    """Return all that a file holds."""
    intake = Intake(name, shipped_catalogue().taxonomy, UTC, datetime(2026, 11, 23, tzinfo=UTC))
    return list(read_drafts(io.BytesIO(content), format_of(name), intake))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("return.csv", "ti\rtle,pitch\nA walk,Go\n"),
        ("long.csv", "title\n" + "x" * 1_100_000 + "\n"),
        ("bomb.yaml", BOMB),
        ("tags.yaml", '[{"title": "A walk", "tags": {"domain": ["a": 5], "play": {"b": []}, "touch": 3}}]'),
        ("tags.json", '[{"title": "A walk", "tags": {"domain": [["a"], {}], "play": {}, "touch": null}}]'),
        ("deep.yaml", "[" * 5000),
        ("tag.yaml", "- !!python/object/apply:os.system [touch /tmp/owned]\n"),
        ("deep.json", "[" * 100_000),
        ("long.json", '[{"title": "' + "x" * 2_000_000 + '"}]'),
        ("number.json", '[{"title": "A walk", "minutes": 1e999}]'),
        ("digits.json", '[{"title": "A walk", "minutes": ' + "9" * 10_000 + "}]"),
    ],
)
def test_what_is_meant_to_harm_is_a_fault(name: str, text: str) -> None:
    """Nothing of it comes in, and every fault says what to do."""
    found = read(name, text.encode())

    assert found
    for one in found:
        assert isinstance(one, Broken)
        assert all(fault.remedy for fault in one.faults)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("deep.jsonld", '{"a":' * 50_000 + "1" + "}" * 50_000),
        ("deep.html", '<script type="application/ld+json">' + "[" * 50_000 + "</script>"),
        ("open.html", "<div>" * 50_000),
        ("entity.html", '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><p>&x;</p>'),
        (
            "never.ics",
            EVENT.format(start="20260301T190000Z", rule="RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"),
        ),
        ("zone.ics", EVENT.format(start="99991231T235959Z", rule="DURATION:P9999999D")),
        ("bytes.ics", "\0\0BEGIN:VCALENDAR\r\n\x1b[31m"),
    ],
)
def test_what_holds_nothing_gives_nothing(name: str, text: str) -> None:
    """It is read to its end, and no idea comes of it."""
    assert not [one for one in read(name, text.encode()) if isinstance(one, Draft)]


def test_an_endless_event_ends() -> None:
    """An event of every day for ever comes in once, with no more of its times than are looked at."""
    (found,) = read("forever.ics", EVENT.format(start=MARCH, rule="RRULE:FREQ=DAILY").encode())

    assert isinstance(found, Draft)
    assert 0 < len(found.spans) <= OCCURRENCES_MOST

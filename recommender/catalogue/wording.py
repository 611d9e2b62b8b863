"""How an idea's sentences read: banned words, sentence counts, reading ease."""

from __future__ import annotations

import re
from collections.abc import Iterator

from recommender.catalogue.documents import Place
from recommender.catalogue.faults import Fault
from recommender.catalogue.ideas import Entry
from recommender.domain import Idea

PITCH_LENGTH = 160
STEPS = range(3, 6)
EASE_MIN = 70.0
"""Flesch's "fairly easy", 70 to 80, is the seventh school year: about twelve years old."""

GENDERED = "he she his her hers him himself herself husband wife boyfriend girlfriend bride"
DRINKS = "wine beer champagne prosecco whisky vodka gin rum cocktail cocktails"
BRANDS = (
    "airbnb amazon disney facebook facetime frisbee google ikea instagram jenga lego minecraft netflix"
    " nintendo pictionary playstation polaroid scrabble sellotape spotify starbucks tiktok tupperware uber"
    " whatsapp xbox youtube"
)


def _any_word(words: str) -> re.Pattern[str]:
    return re.compile(rf"\b({'|'.join(words.split())})\b", re.IGNORECASE)


BANNED: tuple[tuple[re.Pattern[str], str], ...] = (
    (_any_word(GENDERED), "say you, they, your partner or each of you"),
    (_any_word(BRANDS), "name the thing, not the brand"),
    (re.compile("!"), "end it with a full stop"),
)
# Ginger beer and rice-wine vinegar are no drinks of that kind.
ALCOHOL = re.compile(rf"(?<!ginger )(?<!root )\b({'|'.join(DRINKS.split())})\b(?! vinegar)", re.IGNORECASE)


def texts(idea: Idea) -> Iterator[tuple[Place, str]]:
    """Yield every text of an idea with the place of its field."""
    yield ("title",), idea.title
    yield ("pitch",), idea.pitch
    yield from ((("steps", number), step) for number, step in enumerate(idea.steps))
    yield from ((("versions", name), text) for name, text in idea.versions.items())
    yield ("plan_b",), idea.plan_b
    yield ("prompts", "light"), idea.prompts.light
    yield ("prompts", "deeper"), idea.prompts.deeper
    if idea.consent_note:
        yield ("consent_note",), idea.consent_note
    if idea.safety:
        yield ("safety",), idea.safety


def wording_faults(entry: Entry) -> Iterator[Fault]:
    """Yield what is wrong with the sentences of one idea."""
    idea = entry.idea
    yield from _banned(entry)
    if len(idea.steps) not in STEPS:
        yield entry.fault(("steps",), f"has {len(idea.steps)} steps", "make them three to five")
    if len(idea.pitch) > PITCH_LENGTH:
        yield entry.fault(
            ("pitch",), f"has {len(idea.pitch)} characters", f"bring it to {PITCH_LENGTH} or fewer"
        )
    if len(re.findall(r"[.?…](?=\s|$)", idea.pitch)) != 1 or idea.pitch[-1] not in ".?…":
        yield entry.fault(("pitch",), "is not one sentence", "make it one, with a full stop at its end")
    ease = reading_ease(" ".join(text if text[-1] in ".?…" else f"{text}." for _, text in texts(idea)))
    if ease < EASE_MIN:
        problem = f"the texts have a reading ease of {ease:.0f}, below {EASE_MIN:.0f}"
        yield entry.fault((), problem, "shorten sentences, choose shorter words")


def _banned(entry: Entry) -> Iterator[Fault]:
    banned = BANNED
    if entry.idea.tags.get("alcohol") == ("none",):
        banned = (*BANNED, (ALCOHOL, "leave alcohol out of it, or tag alcohol optional"))
    for place, text in texts(entry.idea):
        for pattern, remedy in banned:
            if match := pattern.search(text):
                yield entry.fault(place, f"says {match.group()!r}", remedy)


def reading_ease(text: str) -> float:
    """Return Flesch's reading ease: 206.835 - 1.015 words per sentence - 84.6 syllables per word.

    A sentence ends at . ? ! … : or ; before a space. Syllables are counted as groups of vowels,
    without a silent final e; good to a few points.

    References
    ----------
    Flesch, R. (1948). A new readability yardstick. Journal of Applied Psychology 32(3), 221-233.

    Examples
    --------
    Two sentences of two one-syllable words: 206.835 - 1.015 * 2 - 84.6 * 1.

    >>> round(reading_ease("Sit down. Lie back."), 3)
    120.205
    """
    words = re.findall(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*", text)
    sentences = len(re.findall(r"[.?!…:;]+(?=\s|$)", text))
    if not words:
        return 206.835
    syllables = sum(count_syllables(word) for word in words)
    return 206.835 - 1.015 * len(words) / max(sentences, 1) - 84.6 * syllables / len(words)


def count_syllables(word: str) -> int:
    """Return about how many syllables an English word has, at least 1.

    Examples
    --------
    >>> [count_syllables(word) for word in ("time", "table", "kettle", "candles", "the", "hoped")]
    [1, 2, 2, 2, 1, 1]
    """
    word = word.casefold()
    groups = len(re.findall(r"[aeiouyàáâäèéêëíïóôöúûü]+", word))
    silent = re.search(r"[^aeiouy](?<!l)es?$|[^aeiouytd]ed$|[aeiouy]les?$", word)
    soft = re.search(r"(?:[sxz]|[cs]h|c|g)es$", word)
    return max(groups - bool(silent and not soft), 1)

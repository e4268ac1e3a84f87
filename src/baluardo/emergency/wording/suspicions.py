"""What in a text for phones is probably a mistake, or would not be believed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from baluardo.emergency.problem import Gravity

_PLACEHOLDER: Final = re.compile(
    r"\{[^{}]{0,60}\}|[{}]|\[[A-Z_ ]{3,60}\]|\[ *\]|<[A-Z_ ]{2,60}>|_{3,}|\.{4,}|\?{2,}|"
    # Streets and squares are named after the twentieth of a month.
    r"\bX{2,}\b(?! (?:settembre|giugno|aprile|secolo))|\b(?:TBD|TODO|lorem|ipsum|asdf)\b",
    re.IGNORECASE,
)
_TEST: Final = re.compile(
    r"\b(?:test|tests|testing|prova|prove tecniche|dummy|sample)\b", re.IGNORECASE
)
_ADDRESS: Final = re.compile(
    r"\b(?:[a-z][a-z0-9+.-]{1,15}://|www\.)\S+|"
    r"\b(?:[\w-]+\.)+(?:it|eu|com|org|net|info|gov|edu|int|ly|gl|me|io|app|link|to|cc|de|fr|si)\b"
    r"(?:/\S*)?",
    re.IGNORECASE,
)
_SHORTENERS: Final = (
    *("bit.ly", "t.co", "goo.gl", "tinyurl.com", "ow.ly", "is.gd", "cutt.ly", "rb.gy", "t.ly"),
    *("buff.ly", "rebrand.ly", "shorturl.at", "tiny.cc", "lnkd.in", "s.id", "v.gd"),
)
_NUMERIC: Final = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\Z")
_TELEPHONE: Final = re.compile(r"(?<![\w.,:/-])\+?\d(?:[ /-]?\d){6,}(?![\w:]|[.,]\d)")
_PREMIUM: Final = re.compile(r"\+?(?:39)?(?:89[2459]|144|166|199)\d{3,}\Z")
_DATE: Final = re.compile(r"\d{1,4}([./-])\d{1,2}\1\d{1,4}\Z")
LONGEST_LOOKED: Final = 4_000
"""Characters: no text that can be broadcast is so long."""
LEAST_LETTERS: Final = 40
CAPITALS: Final = 0.7
"""Share from which a text counts as all capitals. Our choice."""

Suspicion = tuple[Gravity, str, str, str]
"""Gravity, code, Italian and English sentence."""


def suspicions(text: str, language: str, *, real: bool) -> Iterator[Suspicion]:
    """Yield what is suspicious in a text; whether it is a warning or stops it, and why.

    language: the text's; words of other languages that mean nothing bad in it are not looked for.
    real: whether it is for the public; what is not may well speak of a test.
    """
    text = text[:LONGEST_LOOKED]
    yield from _leftovers(text)
    if real:
        yield from _test_words(text, language)
    for found in _ADDRESS.finditer(text):
        yield from _of_address(found[0].rstrip(".,;:!?)'\""))
    yield from _of_telephones(text)
    letters = [character for character in text if character.isalpha()]
    capitals = sum(character.isupper() for character in letters)
    if len(letters) > LEAST_LETTERS and capitals > CAPITALS * len(letters):
        yield (
            Gravity.WARNING,
            "text.capitals",
            "Il testo è quasi tutto in maiuscolo: si legge male.",
            "The text is nearly all capitals: it is hard to read.",
        )
    if not any(character in ".!?\u2026" for character in text.strip()[-3:]):
        yield (
            Gravity.WARNING,
            "text.unfinished",
            "Il testo non finisce con un punto: è completo?",
            "The text does not end with a full stop: is it whole?",
        )


def _leftovers(text: str) -> Iterator[Suspicion]:
    found = _PLACEHOLDER.search(text)
    if found:
        yield (
            Gravity.ERROR,
            "text.placeholder",
            f"Il testo contiene ancora un segnaposto ({_shown(found[0])}): riempilo.",
            f"The text still holds a placeholder ({_shown(found[0])}): fill it in.",
        )


def _test_words(text: str, language: str) -> Iterator[Suspicion]:
    found = _TEST.search(text)
    if found and not (found[0].lower().startswith("prov") and language[:2] not in ("it", "")):
        yield (
            Gravity.WARNING,
            "text.test-word",
            f"Il testo contiene «{found[0]}»: è rimasto da una prova?",
            f"The text holds “{found[0]}”: was it left from a test?",
        )


def _of_address(address: str) -> Iterator[Suspicion]:
    scheme, _, behind = address.rpartition("://")
    authority = re.split(r"[/?#]", behind, maxsplit=1)[0]
    host = authority.rpartition("@")[2].lower()
    name = host.partition(":")[0].removeprefix("www.")
    if name in _SHORTENERS:
        yield (
            Gravity.ERROR,
            "text.short-link",
            "Un indirizzo abbreviato non dice dove porta: scrivi quello intero.",
            "A shortened link does not say where it leads: write the whole one.",
        )
    if "@" in authority or _NUMERIC.match(host) or "xn--" in host or not host.isascii():
        yield (
            Gravity.ERROR,
            "text.strange-link",
            f"L'indirizzo {_shown(address)} non si riconosce: scrivi il nome di un sito noto.",
            f"The link {_shown(address)} cannot be recognised: write the name of a known site.",
        )
    if scheme and scheme.lower() != "https":
        yield (
            Gravity.WARNING,
            "text.plain-link",
            "Un indirizzo non comincia con https: chi lo apre può essere ingannato.",
            "A link does not begin with https: who opens it can be deceived.",
        )


def _of_telephones(text: str) -> Iterator[Suspicion]:
    for found in _TELEPHONE.finditer(text):
        if _DATE.match(found[0]):
            continue
        if _PREMIUM.match(re.sub(r"\D", "", found[0])):
            yield (
                Gravity.ERROR,
                "text.premium-number",
                f"Il numero {found[0]} costa caro: scrivine uno gratuito.",
                f"The number {found[0]} is a premium one: write one that is free.",
            )
        else:
            yield (
                Gravity.WARNING,
                "text.telephone",
                f"Il testo dà il numero {found[0]}: regge le chiamate di tutti gli avvisati?",
                f"The text gives the number {found[0]}: can it bear calls from everybody warned?",
            )


def _shown(text: str) -> str:
    """Return a piece of a text for a sentence: short, and nothing that hides or turns it."""
    plain = "".join(c if unicodedata.category(c)[0] != "C" else "\ufffd" for c in text)
    return plain if len(plain) <= 40 else f"{plain[:37]}..."

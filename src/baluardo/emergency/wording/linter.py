"""What a text for phones costs on the air, and what in it would not be read as it was meant."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from baluardo.emergency.broadcast.alphabet import Alphabet, alphabet_of, is_gsm7
from baluardo.emergency.broadcast.message import Coding
from baluardo.emergency.broadcast.pages import (
    MOST_PAGES,
    count_pages,
)
from baluardo.emergency.channels import Channel
from baluardo.emergency.problem import Gravity, Problem
from baluardo.emergency.wording.suspicions import suspicions
from baluardo.emergency.wording.transliteration import clusters, offer_for, transliterated
from baluardo.terms import Bilingual

LONG_PAGES: Final = 4
"""Phones show some lines at a glance: what takes more is said so. Our choice."""
MOST_OFFENDERS: Final = 200


@dataclass(frozen=True, slots=True)
class Offender:
    """One character that makes a text UCS-2."""

    at: int
    """Its place in the text, from 0."""
    character: str
    """With the accents written behind it, if any."""
    offer: str | None
    """What to write in its place: nothing where it is empty; None if there is no offer."""


@dataclass(frozen=True, slots=True)
class Linted:
    """A text that was looked at."""

    coding: Alphabet
    pages: int
    characters: int
    left_on_page: int
    """Characters for which the last page has room."""
    offenders: tuple[Offender, ...]
    transliterated: str | None
    """The text with every offer taken; None where there is nothing to offer."""
    problems: tuple[Problem, ...]


def lint(
    text: str, language: str, channel: Channel = Channel.PUBLIC, *, additional: bool = False
) -> Linted:
    """Return what a text in a language costs and what is wrong with it; it never raises.

    channel: on those of exercises and tests a text may speak of one. additional: not the country's
    first language; where its octet names no language, each page bears it and holds less.
    """
    alphabet = alphabet_of(text)
    coding = Coding.of(alphabet, language, additional=additional)
    pages, left = count_pages(text, coding)
    found = (each for each in clusters(text) if not is_gsm7(each[1]))
    offenders = tuple(
        Offender(place, cluster, offer_for(cluster))
        for place, cluster in islice(found, MOST_OFFENDERS)
    )
    offered = transliterated(text)
    return Linted(
        alphabet,
        pages,
        len(text),
        left,
        offenders,
        None if offered == text else offered,
        tuple(_problems(text, language, channel, coding, pages, offered)),
    )


def _problems(
    text: str, language: str, channel: Channel, coding: Coding, pages: int, offered: str
) -> Iterator[Problem]:
    if not text.strip():
        yield _error(
            "text.empty",
            "Il testo per i telefoni è vuoto.",
            "The text for phones is empty.",
            language,
        )
        return
    limit = coding.page_characters * MOST_PAGES
    if pages > MOST_PAGES:
        yield _error(
            "text.too-long",
            f"Il testo occupa {pages} pagine; il massimo è {MOST_PAGES} ({limit} caratteri).",
            f"The text takes {pages} pages; {MOST_PAGES} are the most ({limit} characters).",
            language,
        )
    elif pages > LONG_PAGES:
        yield _warning(
            "text.long",
            f"Il testo occupa {pages} pagine: pochi lo leggeranno tutto.",
            f"The text takes {pages} pages: few will read it all.",
            language,
        )
    if coding.alphabet is Alphabet.UCS2 and alphabet_of(offered) is Alphabet.GSM7:
        yield _warning(
            "text.ucs2",
            "Alcuni caratteri raddoppiano la lunghezza; si possono sostituire.",
            "Some characters double the length; they can be replaced.",
            language,
        )
    if any(ord(character) > 0xFFFF for character in text):
        yield _error(
            "text.beyond-ucs2",
            "Un carattere non può essere trasmesso: toglilo.",
            "A character cannot be broadcast: take it out.",
            language,
        )
    if "\r" in text or "\f" in text:
        yield _error(
            "text.breaks",
            "Il testo contiene ritorni a capo che i telefoni non mostrano: usa righe semplici.",
            "The text holds line breaks that phones do not show: use plain ones.",
            language,
        )
    if any(_is_hidden(character) for character in text):
        yield _error(
            "text.hidden",
            "Il testo contiene caratteri invisibili o che cambiano direzione: toglili.",
            "The text holds characters that are invisible or turn its direction: take them out.",
            language,
        )
    real = channel is Channel.PUBLIC
    for gravity, code, italian, english in suspicions(text, language, real=real):
        yield Problem(code, gravity, Bilingual(it=italian, en=english), "broadcast", language)


def _is_hidden(character: str) -> bool:
    if character in "\n\t\r\f":  # the tabulator has an offer, the others a sentence of their own
        return False
    return unicodedata.category(character) in ("Cc", "Cf", "Co", "Cs", "Cn")


def _error(code: str, italian: str, english: str, language: str) -> Problem:
    return Problem(code, Gravity.ERROR, Bilingual(it=italian, en=english), "broadcast", language)


def _warning(code: str, italian: str, english: str, language: str) -> Problem:
    return Problem(code, Gravity.WARNING, Bilingual(it=italian, en=english), "broadcast", language)

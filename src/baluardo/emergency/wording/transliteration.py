"""Characters that GSM 7 bit lacks, and what to write in their place so that a text stays short."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from baluardo.emergency.broadcast.alphabet import is_gsm7

_OFFERS: Final = {
    "\u2018": "'",
    "\u2019": "'",
    "\u201a": ",",
    "\u201b": "'",
    "\u2032": "'",
    "\u00b4": "'",
    "\u201c": '"',
    "\u201d": '"',
    "\u201e": '"',
    "\u00ab": '"',
    "\u00bb": '"',
    "\u2033": '"',
    "\u2010": "-",
    "\u2011": "-",
    "\u2012": "-",
    "\u2013": "-",
    "\u2014": "-",
    "\u2212": "-",
    "\u2026": "...",
    "\u00a0": " ",
    "\u202f": " ",
    "\u2009": " ",
    "\u2022": "-",
    "\t": " ",
    "\u00b0": " gradi",
    "\u00d7": "x",
    "\u2192": "->",
    "\u2264": "<=",
    "\u2265": ">=",
    "\u010d": "c",
    "\u0161": "s",
    "\u017e": "z",
    "\u010c": "C",
    "\u0160": "S",
    "\u017d": "Z",
    "\u1e9e": "SS",
    "\u0152": "OE",
    "\u0153": "oe",
    "\u0142": "l",
    "\u0141": "L",
    "`": "'",
    "\u00e1": "\u00e0",
    "\u00ed": "\u00ec",
    "\u00f3": "\u00f2",
    "\u00fa": "\u00f9",
}
"""Ours. Slovene and French are understood without their marks."""

_GRAVE, _ACUTE = "\u0300", "\u0301"
_CLUSTER: Final = re.compile(r"[^\u0300-\u036f][\u0300-\u036f]*|[\u0300-\u036f]+", re.DOTALL)
_HIDDEN: Final = ("Cc", "Cf")


def offer_for(character: str) -> str | None:
    """Return what to write in place of a character; None if nothing of GSM 7 bit would do.

    character: with the marks that follow it. A capital with an accent becomes the letter and an
    apostrophe, as Italian writes it where capitals have none.
    """
    character = unicodedata.normalize("NFC", character)
    if is_gsm7(character):
        return character
    if character in _OFFERS:
        return _OFFERS[character]
    if unicodedata.category(character[0]) in _HIDDEN:
        return ""
    # What is only another form of letters (a ligature, a raised figure) becomes those.
    parts = unicodedata.normalize("NFKD", character)
    plain = "".join(part for part in parts if not unicodedata.combining(part))
    if not plain or not all(map(is_gsm7, plain)):
        return None
    accented = any(part in (_GRAVE, _ACUTE) for part in parts)
    return f"{plain}'" if accented and plain.isupper() else plain


def clusters(text: str) -> Iterator[tuple[int, str]]:
    """Yield each character with the accents written behind it, and its place in the text."""
    for found in _CLUSTER.finditer(text):
        yield found.start(), found[0]


def transliterated(text: str) -> str:
    """Return a text with every offer taken; what has none stays."""
    if all(map(is_gsm7, text)):
        return text
    # Of 20 °C the sign says nothing that the letter does not.
    plain = text.replace("\u00b0C", "C")
    offers = ((each, offer_for(each)) for _, each in clusters(plain))
    return "".join(each if offer is None else offer for each, offer in offers)

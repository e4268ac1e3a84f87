"""GSM 7 bit and the octets that name a coding, against 3GPP's tables and libosmogsm."""

from __future__ import annotations

import osmocom
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.emergency.broadcast.alphabet import (
    BASIC,
    EXTENSION,
    Alphabet,
    alphabet_of,
    packed,
    septets_of,
    text_of_septets,
    text_of_ucs2,
    ucs2_of,
    unpacked,
)
from baluardo.emergency.broadcast.message import Coding
from baluardo.errors import InvalidInputError

GSM7 = st.text(alphabet=BASIC.replace("\x1b", "") + "".join(EXTENSION))
SEPTETS = st.binary(max_size=93).map(lambda octets: bytes(each & 0x7F for each in octets))
OSMOCOM_DIFFERS = frozenset("¤§¿\f")
"""libosmogsm 1.7.0 has other codes for these; TS 23.038, 6.2.1 has 24, 5F, 60 and 1B 0A."""
LATIN = "".join(
    c
    for c in BASIC + "".join(EXTENSION)
    if ord(c) < 256 and c != "\x1b" and c not in OSMOCOM_DIFFERS
)


def test_codes_of_the_table() -> None:
    """Corners and traps of TS 23.038, 6.2.1."""
    assert len(BASIC) == 128
    codes = {"@": 0x00, "$": 0x02, "à": 0x7F, "É": 0x1F, "Ç": 0x09, "_": 0x11, "¤": 0x24}
    codes |= {"§": 0x5F, "¿": 0x60, "¡": 0x40, "ñ": 0x7D, "Δ": 0x10, "Ξ": 0x1A, "\n": 0x0A, "A": 65}
    for character, code in codes.items():
        assert septets_of(character) == bytes([code])
    assert septets_of("€[\f") == b"\x1b\x65\x1b\x3c\x1b\x0a"


def test_published_packing() -> None:
    """The usual example of packed septets."""
    assert packed(septets_of("hellohello")).hex() == "e8329bfd4697d9ec37"


def test_italian_letters() -> None:
    assert alphabet_of("àèéìòùÉ perché così") is Alphabet.GSM7
    for character in "ÀÈÌÒÙ\u2019\u201c\u201d\u2013\u2026":
        assert alphabet_of(character) is Alphabet.UCS2
        with pytest.raises(InvalidInputError, match="cannot be written in GSM 7 bit"):
            septets_of(character)


@osmocom.needs_osmocom
@pytest.mark.parametrize("character", LATIN)
def test_osmocom_has_the_same_codes(character: str) -> None:
    assert osmocom.septets(character) == septets_of(character)


@osmocom.needs_osmocom
@given(septets=SEPTETS)
def test_osmocom_packs_alike(septets: bytes) -> None:
    assert osmocom.packed(septets) == packed(septets)


@osmocom.needs_osmocom
@given(text=st.text(alphabet=LATIN, min_size=1, max_size=120))
def test_osmocom_encodes_alike(text: str) -> None:
    assert osmocom.encoded(text) == packed(septets_of(text))


@osmocom.needs_osmocom
@given(text=st.text(alphabet="Attenzione: perché così è più, là! 0123456789@[]{}", max_size=90))
def test_osmocom_reads_ours(text: str) -> None:
    septets = septets_of(text)
    assert osmocom.decoded(packed(septets), len(septets)) == text


@given(text=GSM7)
def test_texts_come_back(text: str) -> None:
    septets = septets_of(text)
    assert unpacked(packed(septets), len(septets)) == septets
    assert text_of_septets(septets) == text


@given(octets=st.binary(max_size=120))
def test_any_septets_are_shown(octets: bytes) -> None:
    assert len(text_of_septets(octets)) <= len(octets)


def test_unknown_behind_an_escape() -> None:
    """6.2.1.1: the character of the default alphabet, or a blank."""
    assert text_of_septets(b"\x1bA\x1b\x1bB\x1b") == "A B"


def test_septets_that_are_not_there() -> None:
    with pytest.raises(InvalidInputError, match="2 octets do not hold 3 septets"):
        unpacked(b"ab", 3)


@given(text=st.text(alphabet=st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"])))
def test_ucs2_comes_back(text: str) -> None:
    assert text_of_ucs2(ucs2_of(text)) == text


def test_beyond_sixteen_bits() -> None:
    with pytest.raises(InvalidInputError, match="cannot be broadcast"):
        ucs2_of("🌊")


SCHEMES = {
    0x00: (Alphabet.GSM7, "de"),
    0x01: (Alphabet.GSM7, "en"),
    0x02: (Alphabet.GSM7, "it"),
    0x03: (Alphabet.GSM7, "fr"),
    0x0E: (Alphabet.GSM7, "pl"),
    0x0F: (Alphabet.GSM7, ""),
    0x10: (Alphabet.GSM7, ""),
    0x11: (Alphabet.UCS2, ""),
    0x20: (Alphabet.GSM7, "cs"),
    0x24: (Alphabet.GSM7, "is"),
    0x40: (Alphabet.GSM7, ""),
    0x48: (Alphabet.UCS2, ""),
    0x5A: (Alphabet.UCS2, ""),
    0xF1: (Alphabet.GSM7, ""),
}
"""TS 23.038, section 5."""
UNREADABLE = (0x12, 0x25, 0x30, 0x44, 0x60, 0x68, 0x80, 0x90, 0xE0, 0xF5)


@pytest.mark.parametrize(("octet", "said"), SCHEMES.items())
def test_schemes(octet: int, said: tuple[Alphabet, str]) -> None:
    coding = Coding(octet)
    assert (coding.alphabet, coding.language) == said


@pytest.mark.parametrize("octet", UNREADABLE)
def test_schemes_that_carry_no_text(octet: int) -> None:
    with pytest.raises(InvalidInputError, match="carries no text"):
        _ = Coding(octet).alphabet


@pytest.mark.parametrize(
    ("alphabet", "language", "additional", "octet", "room"),
    [
        (Alphabet.GSM7, "it", False, 0x02, 93),
        (Alphabet.GSM7, "en", True, 0x01, 93),
        (Alphabet.GSM7, "sl", False, 0x0F, 93),
        (Alphabet.GSM7, "sl", True, 0x10, 90),
        (Alphabet.UCS2, "it", False, 0x48, 41),
        (Alphabet.UCS2, "sl", True, 0x11, 40),
    ],
)
def test_chosen_schemes(
    alphabet: Alphabet, language: str, additional: bool, octet: int, room: int
) -> None:
    coding = Coding.of(alphabet, language, additional=additional)
    assert (coding.dcs, coding.page_characters) == (octet, room)
    assert coding.alphabet is alphabet
    assert coding.name_shown == alphabet.name_shown

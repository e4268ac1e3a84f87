"""Texts cut into pages: limits, escapes at a page's end, fillers, and what phones read of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.emergency.broadcast import alphabet, data_coding
from baluardo.emergency.broadcast.alphabet import (
    BASIC,
    EXTENSION,
    Alphabet,
    alphabet_of,
    packed,
    septets_of,
    text_of_septets,
    unpacked,
)
from baluardo.emergency.broadcast.message import (
    PAGE_OCTETS,
    BroadcastMessage,
    Coding,
    SerialNumber,
)
from baluardo.emergency.broadcast.pages import (
    MOST_GSM7,
    MOST_UCS2,
    cb_data,
    count_pages,
    pages_of,
    read_cb_data,
    text_of_pages,
)
from baluardo.errors import InvalidInputError

GSM7 = Coding.of(Alphabet.GSM7, "it")
UCS2 = Coding.of(Alphabet.UCS2, "it")
LETTERS = "".join(c for c in BASIC if c not in "\r\x1b") + "".join(EXTENSION)
gsm7_texts = st.text(LETTERS, min_size=1, max_size=600)
ucs2_texts = st.text(
    st.characters(max_codepoint=0xFFFF, exclude_categories=("Cs",), exclude_characters="\r"),
    min_size=1,
    max_size=615,
)


def read(text: str, coding: Coding, language: str = "") -> tuple[str, str]:
    return text_of_pages(pages_of(text, coding, language), coding)


def test_limits_are_those_of_the_standard() -> None:
    assert (MOST_GSM7, MOST_UCS2) == (1_395, 615)
    for coding, most, letter in ((GSM7, 1_395, "a"), (UCS2, 615, "\u010d")):
        pages = pages_of(letter * most, coding)
        assert len(pages) == 15
        assert all(len(page) == 83 for page in pages)
        assert read(letter * most, coding)[0] == letter * most
        assert count_pages(letter * most, coding) == (15, 0)
        with pytest.raises(InvalidInputError, match=f"16 pages, and 15 are the most: {most:,}"):
            pages_of(letter * (most + 1), coding)
        assert count_pages(letter * (most + 1), coding)[0] == 16


def test_known_octets() -> None:
    # "hellohello" is an example that many descriptions of the packing use.
    assert packed(septets_of("hellohello")).hex() == "e8329bfd4697d9ec37"
    page = pages_of("hellohello", GSM7)[0]
    assert page[:9].hex()[:16] == "e8329bfd4697d9ec37"[:16]
    assert page[-1] == 9
    # The rest is carriage returns: 0x0D again and again, seven bits each.
    assert unpacked(page[:-1], 93)[10:] == b"\r" * 83


@pytest.mark.parametrize("character", EXTENSION)
@pytest.mark.parametrize("before", [90, 91, 92, 93])
def test_an_escape_is_never_cut_from_what_it_escapes(before: int, character: str) -> None:
    text = "a" * before + character + "bc"
    for page in pages_of(text, GSM7):
        septets = unpacked(page[:-1], 93)
        filled = septets.rstrip(b"\r")
        assert filled[-1] != alphabet.ESCAPE
    assert read(text, GSM7)[0] == text
    pages, left = count_pages(text, GSM7)
    assert len(pages_of(text, GSM7)) == pages
    assert len(pages_of(text + "x" * left, GSM7)) == pages
    assert len(pages_of(text + "x" * (left + 1), GSM7)) == pages + 1


def test_escapes_make_the_limit_come_sooner() -> None:
    assert len(pages_of("\u20ac" * 46 * 15, GSM7)) == 15
    with pytest.raises(InvalidInputError, match="16 pages"):
        pages_of("\u20ac" * (46 * 15 + 1), GSM7)


@given(gsm7_texts)
def test_gsm7_is_read_as_it_was_written(text: str) -> None:
    assert alphabet_of(text) is Alphabet.GSM7
    assert read(text, GSM7) == (text, "")
    assert text_of_septets(septets_of(text)) == text


@given(gsm7_texts, st.sampled_from(("sl", "hr", "ro")))
def test_gsm7_with_its_language_is_read_as_it_was_written(text: str, language: str) -> None:
    coding = Coding.of(Alphabet.GSM7, language, additional=True)
    assert coding.dcs == data_coding.GSM7_INDICATED
    assert read(text, coding, language) == (text, language)


@given(ucs2_texts)
def test_ucs2_is_read_as_it_was_written(text: str) -> None:
    assert read(text, UCS2) == (text, "")
    coding = Coding.of(Alphabet.UCS2, "sl", additional=True)
    if len(text) <= 600:
        assert read(text, coding, "sl") == (text, "sl")


@given(st.integers(1, 93))
def test_used_octets_and_fillers(size: int) -> None:
    page = pages_of("b" * size, GSM7)[0]
    assert page[-1] == (7 * size + 7) // 8
    assert unpacked(page[:-1], 93) == b"b" * size + b"\r" * (93 - size)
    if size <= 41:
        page = pages_of("\u010d" * size, UCS2)[0]
        assert page[-1] == 2 * size
        assert page[2 * size : -1] == "\r".encode("utf-16-be") * (41 - size)


@given(st.binary(max_size=200).map(lambda octets: bytes(each & 0x7F for each in octets)))
def test_packing_is_undone(septets: bytes) -> None:
    assert unpacked(packed(septets), len(septets)) == septets


def test_phones_show_what_they_do_not_know_as_the_standard_says() -> None:
    assert text_of_septets(b"\x1b\x41") == "A"
    assert text_of_septets(b"a\x1b") == "a"
    assert text_of_septets(b"\x1b\x1bA") == " A"
    assert text_of_septets(b"\xe1") == "a"


@pytest.mark.parametrize("text", ["", "a\rb", "\r"])
def test_empty_texts_and_carriage_returns_are_refused(text: str) -> None:
    for coding in (GSM7, UCS2):
        with pytest.raises(InvalidInputError):
            pages_of(text, coding)


@pytest.mark.parametrize("text", ["\U0001f525", "a\ud83d", "\udd25"])
def test_what_ucs2_cannot_write_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match=r"cannot be broadcast.*Leave it out"):
        pages_of(text, UCS2)
    with pytest.raises(InvalidInputError, match="cannot be written in GSM 7 bit"):
        pages_of(text, GSM7)


def test_schemes_of_languages() -> None:
    for language, dcs in (("de", 0), ("en", 1), ("it", 2), ("fr", 3), ("cs", 0x20), ("sl", 0x0F)):
        assert Coding.of(Alphabet.GSM7, language).dcs == dcs
    assert Coding.of(Alphabet.UCS2, "it").dcs == 0x48
    assert Coding.of(Alphabet.UCS2, "it", additional=True).dcs == 0x11
    assert Coding(0x02).language == "it"
    assert Coding(0x48).name_shown == "UCS-2"


@given(st.integers(0, 255))
def test_every_scheme_is_read_or_refused(dcs: int) -> None:
    try:
        assert Coding(dcs).page_characters in (93, 90, 41, 40)
    except InvalidInputError as problem:
        assert str(dcs) in str(problem)


@given(st.integers(0, 0xFFFF))
def test_serial_numbers_are_sixteen_bits(value: int) -> None:
    serial = SerialNumber.of_int(value)
    assert serial.to_int() == value
    assert serial.update_number == value % 16


@pytest.mark.parametrize("fields", [(4, 0, 0), (0, 1_024, 0), (0, 0, 16), (-1, 0, 0)])
def test_serial_numbers_that_do_not_fit_are_refused(fields: tuple[int, int, int]) -> None:
    with pytest.raises(InvalidInputError, match="is not between"):
        SerialNumber(*fields)
    with pytest.raises(InvalidInputError, match="no serial number"):
        SerialNumber.of_int(65_536)


@given(gsm7_texts, st.binary(max_size=20))
def test_cb_data_are_read_as_they_were_written(text: str, behind: bytes) -> None:
    pages = pages_of(text, GSM7)
    octets = cb_data(pages)
    assert len(octets) == 1 + 83 * len(pages)
    assert read_cb_data(octets + behind) == (pages, behind)
    with pytest.raises(InvalidInputError, match="cut off"):
        read_cb_data(octets[:-1])


@pytest.mark.parametrize("pages", [(), (b"",), (b"x" * 82,), (b"x" * 82 + b"\x53",)])
def test_what_is_no_page_is_refused(pages: tuple[bytes, ...]) -> None:
    with pytest.raises(InvalidInputError):
        text_of_pages(pages, GSM7)


@given(gsm7_texts)
def test_stored_messages_are_read_as_they_were_written(text: str) -> None:
    message = BroadcastMessage(
        *(4_370, SerialNumber(1, 7, 3), GSM7, "it", text, pages_of(text, GSM7), b"\x02\x00ab"),
        *(5.0, 0),
    )
    assert BroadcastMessage.of_octets(message.octets()) == message
    assert all(len(page) == PAGE_OCTETS + 1 for page in message.pages)
    with pytest.raises(InvalidInputError):
        BroadcastMessage.of_octets(message.octets()[:-1])

"""Texts cut into pages and back, one by one and in a batch."""

from __future__ import annotations

import osmocom
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from baluardo.emergency.broadcast.alphabet import (
    BASIC,
    EXTENSION,
    Alphabet,
    alphabet_of,
    septets_of,
)
from baluardo.emergency.broadcast.batch import encode_batch
from baluardo.emergency.broadcast.message import BroadcastMessage, Coding, SerialNumber
from baluardo.emergency.broadcast.pages import (
    MOST_GSM7,
    MOST_PAGES,
    MOST_UCS2,
    cb_data,
    count_pages,
    pages_of,
    read_cb_data,
    text_of_pages,
)
from baluardo.errors import InvalidInputError

CHARACTERS = (BASIC + "".join(EXTENSION)).replace("\x1b", "").replace("\r", "")
TEXTS = st.text(alphabet=CHARACTERS, min_size=1, max_size=690) | st.text(
    alphabet=st.characters(
        max_codepoint=0xFFFF, exclude_categories=["Cs"], exclude_characters="\r"
    ),
    min_size=1,
    max_size=600,
)
GSM7_IT = Coding.of(Alphabet.GSM7, "it")
UCS2 = Coding.of(Alphabet.UCS2, "it")


@pytest.mark.parametrize("additional", [False, True])
@given(text=TEXTS)
@example(text="a" * 92 + "€")
@example(text="a" * 7)
@example(text="@" * 94)
@example(text="È\n")
def test_texts_come_back(additional: bool, text: str) -> None:
    coding = Coding.of(alphabet_of(text), "sl", additional=additional)
    pages = pages_of(text, coding, "sl")
    assert all(len(page) == 83 and page[-1] <= 82 for page in pages)
    assert text_of_pages(pages, coding) == (text, "sl" if additional else "")
    assert len(pages) == count_pages(text, coding)[0]


def test_limits() -> None:
    assert (MOST_GSM7, MOST_UCS2) == (1_395, 615)
    assert len(pages_of("e" * MOST_GSM7, GSM7_IT)) == MOST_PAGES
    assert len(pages_of("È" * MOST_UCS2, UCS2)) == MOST_PAGES
    with pytest.raises(InvalidInputError, match="takes 16 pages, and 15 are the most: 1,395"):
        pages_of("e" * (MOST_GSM7 + 1), GSM7_IT)
    with pytest.raises(InvalidInputError, match="615 characters in UCS-2"):
        pages_of("È" * (MOST_UCS2 + 1), UCS2)
    with pytest.raises(InvalidInputError, match="without a text"):
        pages_of("", GSM7_IT)
    with pytest.raises(InvalidInputError, match="line feed alone"):
        pages_of("a\r\nb", GSM7_IT)


def test_escape_stays_with_what_it_escapes() -> None:
    pages = pages_of("a" * 92 + "€b", GSM7_IT)
    assert [text_of_pages([page], GSM7_IT)[0] for page in pages] == ["a" * 92, "€b"]
    assert count_pages("a" * 92 + "€b", GSM7_IT) == (2, 90)


def test_used_octets_and_filler() -> None:
    (page,) = pages_of("ab", GSM7_IT)
    assert page[-1] == 2
    assert page[:3] == bytes(
        [0x61 | (0x62 & 1) << 7, 0x62 >> 1 | (0x0D & 3) << 6, 0x0D >> 2 | 0x0D << 5 & 0xE0]
    )
    (page,) = pages_of("È", UCS2)
    assert page == b"\x00\xc8" + b"\x00\x0d" * 40 + b"\x02"


def test_language_in_front_of_each_page() -> None:
    """TS 23.038, section 5: two letters and a carriage return, or two septets in two octets."""
    coding = Coding.of(Alphabet.GSM7, "sl", additional=True)
    (page,) = pages_of("x" * 90, coding, "sl")
    assert page[:-1] == osmocom_or_none("sl\r" + "x" * 90, page[:-1])
    coding = Coding.of(Alphabet.UCS2, "sl", additional=True)
    (page,) = pages_of("š" * 40, coding, "sl")
    assert page == b"\x73\x36" + b"\x01\x61" * 40 + b"\x52"
    with pytest.raises(InvalidInputError, match="two letters"):
        pages_of("š", coding, "")


def osmocom_or_none(text: str, otherwise: bytes) -> bytes:
    return otherwise if osmocom.NAME is None else osmocom.encoded(text)


@osmocom.needs_osmocom
@given(
    text=st.text(alphabet="Attenzione! Perché così è già più 012@{}[]", min_size=1, max_size=250)
)
def test_osmocom_fills_pages_alike(text: str) -> None:
    septets = septets_of(text)
    pages = pages_of(text, GSM7_IT)
    start = 0
    for page in pages:
        shown = text_of_pages([page], GSM7_IT)[0]
        count = len(septets_of(shown))
        assert page[:-1] == osmocom.encoded(shown + "\r" * (93 - count))
        start += count
    assert start == len(septets)


@settings(max_examples=50)
@given(texts=st.lists(TEXTS, max_size=8))
@example(texts=["a" * 92 + "€b", "È", "\f", "a" * 1_395, "È" * 615, "a"])
def test_batch_gives_the_same_octets(texts: list[str]) -> None:
    alone = [pages_of(text, Coding.of(alphabet_of(text), "it")) for text in texts]
    assert encode_batch(texts) == alone


@pytest.mark.parametrize("text", ["", "a\r", "a" * 1_396, "È" * 616, "🌊", "[" * 698])
def test_batch_refuses_alike(text: str) -> None:
    with pytest.raises(InvalidInputError) as alone:
        pages_of(text, Coding.of(alphabet_of(text), "it"))
    with pytest.raises(InvalidInputError) as together:
        encode_batch(["a", text])
    assert str(together.value) == str(alone.value)


def test_cb_data() -> None:
    """TS 23.041, 9.4.2.2.5: how many pages, then each with its count; the area behind."""
    pages = pages_of("a" * 100, GSM7_IT)
    octets = cb_data(pages)
    assert octets[0] == 2
    assert len(octets) == 1 + 2 * 83
    assert read_cb_data(octets + b"area") == (pages, b"area")
    for broken in (b"", b"\0", b"\x10" + bytes(83 * 16), octets[:-1], b"\x01" + b"\xff" * 83):
        with pytest.raises(InvalidInputError):
            read_cb_data(broken)


@given(scope=st.integers(0, 3), code=st.integers(0, 1_023), update=st.integers(0, 15))
def test_serial_numbers_come_back(scope: int, code: int, update: int) -> None:
    serial = SerialNumber(scope, code, update)
    assert SerialNumber.of_int(serial.to_int()) == serial


def test_serial_number_of_the_standard() -> None:
    """9.4.1.2.1: two bits of scope, ten of code, four of update."""
    assert SerialNumber(1, 0x155, 3).to_int() == 0b01_0101010101_0011
    for wrong in ((4, 0, 0), (0, 1_024, 0), (0, 0, 16), (-1, 0, 0)):
        with pytest.raises(InvalidInputError):
            SerialNumber(*wrong)
    with pytest.raises(InvalidInputError):
        SerialNumber.of_int(1 << 16)


def message() -> BroadcastMessage:
    return BroadcastMessage(
        *(4_383, SerialNumber(1, 7, 2), Coding(0x11), "sl", "Potres!"),
        *(pages_of("Potres!", Coding(0x11), "sl"), b"\2\0ab", 5.0, 0),
    )


def test_messages_are_stored() -> None:
    assert BroadcastMessage.of_octets(message().octets()) == message()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"message_id":4383', b'"message_id":true'),
        (b'"broadcasts":0', b'"broadcasts":-1'),
        (b'"repetition_s":5.0', b'"repetition_s":0'),
        (b'"pages":["', b'"pages":["A'),
        (b'"area"', b'"zone"'),
    ],
)
def test_stored_messages_that_are_none(old: bytes, new: bytes) -> None:
    octets = message().octets()
    assert old in octets
    with pytest.raises(InvalidInputError, match="The stored message"):
        BroadcastMessage.of_octets(octets.replace(old, new))


@osmocom.needs_osmocom
def test_osmocom_takes_pages_and_serial_numbers() -> None:
    """Behind its header of four octets: tag and value of TS 48.049, 8.2.1, page by page."""
    text = "Attenzione: perché è così! " * 8
    made = BroadcastMessage(
        *(4_370, SerialNumber(1, 0x155, 3), GSM7_IT, "it", text),
        *(pages_of(text, GSM7_IT), b"", 5.0, 7),
    )
    octets = osmocom.write_replace(made)[4:]
    assert octets.startswith(b"\x0e\x11\x12\x03\x55\x53")  # identifier, then new serial number
    pages = b"".join(b"\x01" + page[-1:] + page[:-1] for page in made.pages)
    assert octets.endswith(pages)
    before = octets[: -len(pages)]
    assert before.endswith(bytes([0x13, len(made.pages), 0x0C, 0x02]))  # pages, coding scheme

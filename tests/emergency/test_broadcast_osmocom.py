"""Whole pages against libosmogsm, which shares no code with ours; alone and in a batch."""

from __future__ import annotations

import osmocom
from hypothesis import given
from hypothesis import strategies as st

from baluardo.emergency.broadcast.alphabet import Alphabet, septets_of
from baluardo.emergency.broadcast.batch import encode_batch
from baluardo.emergency.broadcast.message import BroadcastMessage, Coding, SerialNumber
from baluardo.emergency.broadcast.pages import pages_of, text_of_pages

ITALIAN = Coding.of(Alphabet.GSM7, "it")
TEXTS = st.text(alphabet="Attenzione! Perché così è già più 012@{}[]", min_size=1, max_size=250)


@osmocom.needs_osmocom
@given(text=TEXTS)
def test_osmocom_fills_pages_alike(text: str) -> None:
    pages = pages_of(text, ITALIAN)
    assert encode_batch([text]) == [pages]
    shown = [text_of_pages([page], ITALIAN)[0] for page in pages]
    assert "".join(shown) == text
    for page, part in zip(pages, shown, strict=True):
        count = len(septets_of(part))
        assert page[:-1] == osmocom.encoded(part + "\r" * (93 - count))


@osmocom.needs_osmocom
def test_osmocom_begins_pages_with_a_language_alike() -> None:
    coding = Coding.of(Alphabet.GSM7, "sl", additional=True)
    (page,) = pages_of("x" * 90, coding, "sl")
    assert page[:-1] == osmocom.encoded("sl\r" + "x" * 90)


@osmocom.needs_osmocom
def test_osmocom_takes_pages_and_serial_numbers() -> None:
    """Behind its header of four octets: tag and value of TS 48.049, 8.2.1, page by page."""
    text = "Attenzione: perché è così! " * 8
    made = BroadcastMessage(
        *(4_370, SerialNumber(1, 0x155, 3), ITALIAN, "it", text),
        *(pages_of(text, ITALIAN), b"", 5.0, 7),
    )
    octets = osmocom.write_replace(made)[4:]
    assert octets.startswith(b"\x0e\x11\x12\x03\x55\x53")  # identifier, then new serial number
    pages = b"".join(b"\x01" + page[-1:] + page[:-1] for page in made.pages)
    assert octets.endswith(pages)
    before = octets[: -len(pages)]
    assert before.endswith(bytes([0x13, len(made.pages), 0x0C, 0x02]))  # pages, coding scheme

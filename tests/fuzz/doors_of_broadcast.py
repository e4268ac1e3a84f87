"""Doors of cell broadcast: what a phone hears, triggers, stored messages.

Pages, areas and countries' profiles by themselves are in `doors_of_cap`.
"""

from __future__ import annotations

from door import Door

from baluardo.emergency.broadcast.alphabet import Alphabet
from baluardo.emergency.broadcast.geometry import (
    AirArea,
    AirCircle,
    AirPolygon,
    encode_area,
)
from baluardo.emergency.broadcast.message import BroadcastMessage, Coding, SerialNumber
from baluardo.emergency.broadcast.pages import cb_data, pages_of, read_cb_data
from baluardo.emergency.broadcast.receiving import ReceivingPhone, language_of, text_of
from baluardo.emergency.broadcast.trigger import Named, read_trigger, trigger_page
from baluardo.emergency.wording.linter import lint
from baluardo.errors import InvalidInputError

TEXT = "Terremoto a Norcia [PG]: esci all'aperto, perché è più sicuro. €" * 3
AREA = AirArea(
    (
        AirPolygon(((42.0, 13.0), (43.0, 13.0), (43.0, 14.0), (42.0, 14.5))),
        AirCircle(42.79, 13.09, 20.0),
    ),
    30,
)
CODINGS = (
    Coding.of(Alphabet.GSM7, "it"),
    Coding.of(Alphabet.GSM7, "sl", additional=True),
    Coding.of(Alphabet.UCS2, "it"),
    Coding.of(Alphabet.UCS2, "sl", additional=True),
)


def stored() -> BroadcastMessage:
    pages = pages_of(TEXT, CODINGS[0])
    return BroadcastMessage(
        *(4_370, SerialNumber(1, 7, 0), CODINGS[0], "it", TEXT, pages, encode_area(AREA), 5.0, 0)
    )


def heard(octets: bytes) -> None:
    """What a phone hears: a coding scheme, CB data, an area behind them."""
    coding = octets[0] if octets else 0
    pages, area = read_cb_data(octets[1:])
    text = text_of(coding, pages)
    assert len(language_of(coding, pages)) in (0, 2)
    assert len(text) <= 15 * 93
    phone = ReceivingPhone(frozenset({4_370}), (42.8, 13.1))
    shown = phone.shows(4_370, 0x4070, area, 0.0)
    assert not phone.shows(4_370, 0x4070, area, 1.0) or not shown
    lint(text, "it")


def triggered(octets: bytes) -> None:
    named = read_trigger(octets)
    assert read_trigger(trigger_page(named)) == named


def kept(octets: bytes) -> None:
    message = BroadcastMessage.of_octets(octets)
    assert BroadcastMessage.of_octets(message.octets()) == message


_REFUSED = (InvalidInputError,)

DOORS = (
    Door(
        "broadcast.cb-data",
        heard,
        _REFUSED,
        lambda: [
            bytes([each.dcs]) + cb_data(pages_of(TEXT, each, "sl")) + encode_area(AREA)
            for each in CODINGS
        ],
    ),
    Door(
        "broadcast.trigger",
        triggered,
        _REFUSED,
        lambda: [trigger_page((Named(4_370, SerialNumber(1, 7, 0)),) * 3)],
    ),
    Door("broadcast.stored", kept, _REFUSED, lambda: [stored().octets()]),
)

"""The geo-fencing trigger, octet by octet."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.emergency.broadcast.message import SerialNumber
from baluardo.emergency.broadcast.trigger import (
    MOST_NAMED,
    TRIGGER_IDENTIFIER,
    Named,
    read_trigger,
    trigger_page,
)
from baluardo.errors import InvalidInputError

NUMBERS = st.integers(0, 0xFFFF)


@given(ids=st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=MOST_NAMED))
def test_triggers_come_back(ids: list[tuple[int, int]]) -> None:
    named = tuple(Named(number, SerialNumber.of_int(serial)) for number, serial in ids)
    assert read_trigger(trigger_page(named)) == named


def test_a_trigger() -> None:
    """ATIS-0700041, 5.1.6: type 2, six octets, then the message's identifier and serial number."""
    assert TRIGGER_IDENTIFIER == 4_400
    page = trigger_page((Named(4_370, SerialNumber.of_int(0x5553)),))
    assert page == b"\x20\xc0\x11\x12\x55\x53" + bytes(76) + b"\x06"
    assert MOST_NAMED == 20


@pytest.mark.parametrize(
    "page",
    [
        b"",
        b"\x20\xc0\x11\x12\x55\x53" + bytes(76),
        b"\x10\xc0\x11\x12\x55\x53" + bytes(76) + b"\x06",
        b"\x20\xc0\x11\x12\x55\x53" + bytes(76) + b"\x53",
        b"\x20\xe0\x11\x12\x55\x53" + bytes(76) + b"\x07",
        b"\x21\x40\x11\x12\x55\x53" + bytes(76) + b"\x06",
    ],
    ids=["nothing", "no count", "another type", "count beyond", "odd length", "length beyond"],
)
def test_pages_that_are_none(page: bytes) -> None:
    with pytest.raises(InvalidInputError, match="geo-fencing trigger"):
        read_trigger(page)


@pytest.mark.parametrize("count", [0, 21])
def test_no_trigger_names_none_or_too_many(count: int) -> None:
    with pytest.raises(InvalidInputError, match="1 to 20"):
        trigger_page((Named(4_370, SerialNumber(0, 0, 0)),) * count)

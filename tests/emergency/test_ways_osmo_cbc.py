"""OsmoCBC's REST interface, against a server that takes what osmo-cbc takes and nothing else.

Written from osmo-cbc 0.5.1: the user manual's chapter "ECBE REST interface", `cbc.schema.json` and
`smscb.schema.json`, and the ranges, statuses and nesting of `src/rest_api.c`, `src/rest_it_op.c`
and `src/smscb_message_fsm.c` where the two schemas differ from them (the schemas say
`"serial_nr": number`, the program takes `{"serial_nr_encoded": number}` only; so with `payload`).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import jsonschema
import pytest

from baluardo.emergency.broadcast.message import Coding, SerialNumber
from baluardo.emergency.broadcast.pages import pages_of
from baluardo.emergency.channels import Channel
from baluardo.emergency.ways.osmo_cbc import OsmoCbc
from baluardo.emergency.ways.way import Order, OrderKind, Receipt
from baluardo.errors import ConflictError, InvalidInputError, SourceError
from emergency.way_world import Taken, message, order, taking
from trust.community import NOW

SERIAL: Final = {
    "oneOf": [
        {
            "type": "object",
            "properties": {
                "serial_nr_encoded": {"type": "integer", "minimum": 0, "maximum": 65535}
            },
            "required": ["serial_nr_encoded"],
            "additionalProperties": False,
        },
        {
            "type": "object",
            "properties": {"serial_nr_decoded": {"type": "object"}},
            "required": ["serial_nr_decoded"],
            "additionalProperties": False,
        },
    ]
}
PAYLOAD: Final = {
    "type": "object",
    "properties": {
        "payload_encoded": {
            "type": "object",
            "properties": {
                "dcs": {"type": "integer", "minimum": 0, "maximum": 255},
                "pages": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": 15,
                    "items": {"type": "string", "pattern": "^([0-9a-f]{2}){1,82}$"},
                },
            },
            "required": ["dcs", "pages"],
            "additionalProperties": False,
        }
    },
    "required": ["payload_encoded"],
    "additionalProperties": False,
}
SCHEMA: Final = {
    "type": "object",
    "properties": {
        "cbe_name": {"type": "string"},
        "category": {"enum": ["normal", "high_priority", "background"]},
        "repetition_period": {"type": "integer", "minimum": 1, "maximum": 4095},
        "num_of_bcast": {"type": "integer", "minimum": 0, "maximum": 65535},
        "warning_period_sec": {"type": "integer", "minimum": 0, "maximum": 3600},
        "scope": {
            "type": "object",
            "properties": {"scope_plmn": {"type": "object"}},
            "required": ["scope_plmn"],
        },
        "smscb_message": {
            "type": "object",
            "properties": {
                "message_id": {"type": "integer", "minimum": 0, "maximum": 65535},
                "serial_nr": SERIAL,
                "payload": PAYLOAD,
            },
            "required": ["message_id", "serial_nr", "payload"],
            "additionalProperties": False,
        },
    },
    "required": ["cbe_name", "repetition_period", "scope", "smscb_message"],
    "additionalProperties": False,
}
API = "/api/ecbe/v1/message"


class Centre:
    """What osmo-cbc keeps: one message for each identifier."""

    def __init__(self) -> None:
        self.standing: dict[int, dict[str, Any]] = {}
        self.log: list[str] = []
        self.fails: list[int] = []

    def answer(
        self, method: str, path: str, _headers: dict[str, str], body: bytes
    ) -> tuple[int, bytes]:
        self.log.append(f"{method} {path}")
        if self.fails:
            return self.fails.pop(0), b""
        if method == "POST" and path == API:
            return self._create(body)
        if method == "DELETE" and path.startswith(f"{API}/"):
            known = self.standing.pop(int(path.rpartition("/")[2]), None)
            return (200, b"OK") if known else (404, b"Unknown message ID")
        return 404, b""

    def _create(self, body: bytes) -> tuple[int, bytes]:
        try:
            said = json.loads(body)
            jsonschema.validate(said, SCHEMA)
        except (ValueError, jsonschema.ValidationError) as problem:
            return 400, str(problem).encode()
        number = said["smscb_message"]["message_id"]
        if number in self.standing:
            return 409, b"Could not allocate"
        self.standing[number] = said
        return 201, b"Created"


@pytest.fixture
def server() -> Iterator[Taken]:
    with taking() as server:
        yield server


@pytest.fixture
def centre(server: Taken) -> Centre:
    centre = Centre()
    server.answer = centre.answer
    return centre


def way(server: Taken) -> OsmoCbc:
    channels = frozenset({Channel.EXERCISE, Channel.TEST})
    return OsmoCbc("cbc", server.address, channels, whole_network=True, gsm=True, clock=lambda: NOW)


def send(out: OsmoCbc, *orders: Order) -> list[Receipt]:
    async def all_of_them() -> list[Receipt]:
        return [await out.send(each) for each in orders]

    return asyncio.run(all_of_them())


TWO = (message(4381, 7), message(4394, 7))
CANCEL = order(
    key="cc" * 32,
    kind=OrderKind.CANCEL,
    messages=tuple(replace(each, serial=SerialNumber(1, 7, 1), broadcasts=0) for each in TWO),
)


def test_both_languages_stand_until_a_cancel_takes_their_place(
    server: Taken, centre: Centre
) -> None:
    out = way(server)
    (receipt,) = send(out, order(messages=TWO))
    assert "2 messages on the air in the centre's whole network" in receipt.detail.en
    assert sorted(centre.standing) == [4381, 4394]
    said = centre.standing[4381]
    assert said["category"] == "normal"
    assert said["repetition_period"] == 5  # of 1.883 s: ten seconds
    encoded = said["smscb_message"]["payload"]["payload_encoded"]
    assert [bytes.fromhex(page) for page in encoded["pages"]] == [
        page[:82] for page in message().pages
    ]
    assert said["smscb_message"]["serial_nr"] == {"serial_nr_encoded": 1 << 14 | 7 << 4}
    centre.log.clear()
    (cancelled,) = send(out, CANCEL)
    assert "Taken off the air" in cancelled.detail.en
    delete, post = (f"DELETE {API}/4381", f"DELETE {API}/4394"), f"POST {API}"
    assert centre.log == [*delete, post, post]
    assert serial(centre, 4381) == serial(centre, 4394) == 1 << 14 | 7 << 4 | 1
    assert centre.standing[4381]["num_of_bcast"] == 96  # 900 s / (5 * 1.883 s), rounded up
    centre.log.clear()
    send(out, CANCEL)
    assert centre.log == []
    send(way(server), CANCEL)  # another process, which knows of nothing
    assert sorted(centre.standing) == [4381, 4394]


def serial(centre: Centre, number: int) -> int:
    """The serial number of what stands under an identifier."""
    found = centre.standing[number]["smscb_message"]["serial_nr"]["serial_nr_encoded"]
    assert isinstance(found, int)
    return found


def test_the_same_order_again_changes_nothing(server: Taken, centre: Centre) -> None:
    out = way(server)
    send(out, order(messages=TWO), order(messages=TWO))
    assert centre.log == [f"POST {API}"] * 2
    before = dict(centre.standing)
    send(way(server), order(messages=TWO))  # another process, which knows of nothing
    assert centre.standing == before


def test_a_newer_warning_takes_the_identifier_and_survives_the_older_ones_cancel(
    server: Taken, centre: Centre
) -> None:
    out = way(server)
    newer = order(key="bb" * 32, warning="w2", messages=(message(4381, 8),), starts=NOW + 1.0)
    _, receipt, cancelled = send(out, order(messages=TWO), newer, CANCEL)
    assert "1 took the place of others" in receipt.detail.en
    assert "newer warning already" in cancelled.detail.en
    assert serial(centre, 4381) == 1 << 14 | 8 << 4
    assert serial(centre, 4394) == 1 << 14 | 7 << 4 | 1
    with pytest.raises(ConflictError, match="a newer warning is broadcast"):
        send(out, order(key="dd" * 32, warning="w0", messages=TWO))


def test_it_is_broadcast_no_longer_than_it_holds(server: Taken, centre: Centre) -> None:
    send(way(server), order(expires=NOW + 60.0))
    assert centre.standing[4381]["num_of_bcast"] == 7  # 60 s / (5 * 1.883 s), rounded up


def test_peers_of_lte_count_seconds(server: Taken, centre: Centre) -> None:
    channels = frozenset({Channel.EXERCISE})
    lte = OsmoCbc("cbc", server.address, channels, whole_network=True, clock=lambda: NOW)
    send(lte, order(expires=NOW + 60.0))
    said = centre.standing[4381]
    assert (said["repetition_period"], said["num_of_bcast"]) == (10, 6)


def test_what_fills_up_the_last_page(server: Taken, centre: Centre) -> None:
    """Carriage returns stay, as GSM 7 bit needs them; those behind UCS-2 do not."""
    for text, coding, used in (("PROVA", 0x02, 82), ("ПРОБА", 0x48, 10)):
        pages = pages_of(text, Coding(coding))
        made = replace(message(), text=text, coding=Coding(coding), pages=pages)
        send(way(server), order(messages=(made,)))
        (page,) = centre.standing[4381]["smscb_message"]["payload"]["payload_encoded"]["pages"]
        assert bytes.fromhex(page) == pages[0][:used]


def test_what_is_refused_and_what_is_tried_again(server: Taken, centre: Centre) -> None:
    out = way(server)
    centre.fails = [503]
    with pytest.raises(SourceError, match="status 503"):
        send(out, order())
    centre.fails = [400]
    with pytest.raises(ConflictError, match="refuses the message 4381"):
        send(out, order())
    centre.fails = [500]
    with pytest.raises(SourceError, match="status 500"):
        send(out, CANCEL)
    centre.log.clear()
    with pytest.raises(ConflictError, match="does not serve the channel public"):
        send(out, order(Channel.PUBLIC))
    with pytest.raises(ConflictError, match="no message"):
        send(out, order(messages=()))
    assert centre.log == []


def test_a_whole_network_must_be_meant() -> None:
    with pytest.raises(InvalidInputError, match="whole_network = true"):
        OsmoCbc("cbc", "http://127.0.0.1:12345", frozenset({Channel.TEST}))

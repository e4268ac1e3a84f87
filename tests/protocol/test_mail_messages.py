"""Requests and answers about written messages: there and back, out of bounds, injured."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mail_material import (
    ANNA,
    ANSWERS,
    BRUNO,
    OF_DEVICES,
    OF_EDGES,
    ORDERER,
    REQUESTS,
)
from protocol_material import italy

from baluardo.errors import BaluardoError, CertificateError, InvalidInputError, SignatureError
from baluardo.protocol.mail_answers import Begun, ConversationTold, Ordered, Published, read_answer
from baluardo.protocol.mail_fields import LARGEST_ITEM, LARGEST_PACKAGE, LARGEST_REQUEST
from baluardo.protocol.mail_items import Collected, ItemKind, MailItem
from baluardo.protocol.mail_notice import NOTICE_TYPE, MailNotice, verify_notice
from baluardo.protocol.mail_requests import (
    AnyRequest,
    Begin,
    Collect,
    Commit,
    Conversation,
    Devices,
    Packages,
    Publish,
    Send,
    Taken,
    read_device_request,
    read_request,
)
from baluardo.protocol.messages import MailAnswer, MailRequest, encode
from baluardo.trust.envelope import Envelope, add_signature, sign
from baluardo.trust.strict_json import parse_json, write_json
from trust.community import NOW

PHONE, LAPTOP, HERS = f"{ANNA}/phone", f"{ANNA}/laptop", f"{BRUNO}/phone"
GROUP, ID = "ab" * 32, "0c" * 16


@functools.cache
def notice() -> MailNotice:
    return MailNotice(GROUP, 2**53 - 1, "cd" * 32, italy().identity("authority/roma").uri, 1_700)


@functools.cache
def signed() -> Envelope:
    return notice().sign(italy().credential("authority/roma"))


def again(value: object) -> object:
    """Take a value through JSON."""
    return parse_json(write_json(value), 1 << 22, "It")


@given(REQUESTS)
def test_every_request_there_and_back(request: AnyRequest) -> None:
    assert read_request(again(request.to_object())) == request


@given(st.data())
def test_a_browser_asks_what_is_a_devices_to_ask(data: st.DataObject) -> None:
    theirs = data.draw(st.one_of(list(OF_DEVICES.values())))
    assert read_device_request(theirs.to_object()) == theirs
    edges = data.draw(st.one_of(list(OF_EDGES.values())))
    with pytest.raises(InvalidInputError, match="kind must be one of"):
        read_device_request(edges.to_object())


@given(st.data())
def test_every_answer_there_and_back(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(list(ANSWERS)))
    asked = data.draw({**OF_DEVICES, **OF_EDGES}[kind])
    answer = data.draw(ANSWERS[kind])
    assert read_answer(asked, again(answer.to_object())) == answer


@given(REQUESTS, st.data())
@settings(deadline=None)
def test_injured_requests(request: AnyRequest, data: st.DataObject) -> None:
    payload = write_json(request.to_object())
    at = data.draw(st.integers(0, len(payload) - 1))
    length = data.draw(st.sampled_from([0, 1, 4]))
    injured = payload[:at] + data.draw(st.binary(max_size=3)) + payload[at + length :]
    try:
        read = read_request(parse_json(injured, 1 << 20, "It"))
    except BaluardoError as refusal:
        assert str(refusal).isprintable()
    else:
        assert read_request(again(read.to_object())) == read


def test_a_notice_there_and_back_by_its_orderer_alone() -> None:
    assert verify_notice(signed(), italy().verifier(), NOW) == notice()
    ordered = Ordered(signed())
    asked = Commit(GROUP, 1, b"x", (), b"", ())
    assert read_answer(asked, again(ordered.to_object())) == ordered
    item = MailItem(7, HERS, ItemKind.COMMIT, GROUP, 1, b"x", signed())
    collected = Collected((item,), more=True)
    assert read_answer(Collect(), again(collected.to_object())) == collected
    body = json.loads(signed().payload)
    assert body == {
        "group": GROUP,
        "epoch": "9007199254740991",
        "commit": "cd" * 32,
        "orderer": notice().orderer,
        "at": 1_700,
    }
    assert signed().payload_type == NOTICE_TYPE


def test_a_notice_that_somebody_else_has_signed() -> None:
    with pytest.raises(InvalidInputError, match="orders no commits"):
        notice().sign(italy().credential("office/roma"))
    for path in ("office/roma", "authority/milano"):
        forged = sign(notice().to_octets(), NOTICE_TYPE, italy().credential(path))
        with pytest.raises(CertificateError, match="not the orderer"):
            verify_notice(forged, italy().verifier(), NOW)
    both = add_signature(signed(), italy().credential("office/roma"))
    with pytest.raises(CertificateError, match="not the orderer"):
        verify_notice(both, italy().verifier(), NOW)
    spaced = sign(notice().to_octets() + b" ", NOTICE_TYPE, italy().credential("authority/roma"))
    with pytest.raises(InvalidInputError, match="one written form"):
        verify_notice(spaced, italy().verifier(), NOW)
    other = sign(notice().to_octets(), "application/x", italy().credential("authority/roma"))
    with pytest.raises(SignatureError):
        verify_notice(other, italy().verifier(), NOW)


def test_the_largest_of_each_fits_its_frame() -> None:
    octets = bytes(LARGEST_ITEM)
    devices = tuple(f"{ANNA}/{'d' * 60}{number}" for number in range(16))
    sent = Send(ID, GROUP, devices, octets).to_object()
    assert len(write_json(sent)) < LARGEST_REQUEST
    encode(MailRequest(1, PHONE, italy_attendance(), sent))
    item = MailItem(7, HERS, ItemKind.COMMIT, GROUP, 1, octets, signed())
    encode(MailAnswer(1, Collected((item,), more=False).to_object()))


def italy_attendance() -> Envelope:
    """Return an envelope as large as an attendance may be."""
    return sign(bytes(1_024), "application/vnd.baluardo.attendance+json", italy().credential(PHONE))


@pytest.mark.parametrize("make", [
    lambda: Publish((b"x",) * 17, b""),
    lambda: Publish((b"",), b""),
    lambda: Publish((bytes(LARGEST_PACKAGE + 1),), b""),
    lambda: Publish((), bytes(LARGEST_PACKAGE + 1)),
    lambda: Devices(()),
    lambda: Devices((ANNA, ANNA)),
    lambda: Devices((ANNA, BRUNO, "person/carlo")),
    lambda: Devices((PHONE,)),
    lambda: Packages(()),
    lambda: Packages((PHONE, PHONE)),
    lambda: Packages((ANNA,)),
    lambda: Packages(("office/roma",)),
    lambda: Packages(tuple(f"{ANNA}/d{number}" for number in range(17))),
    lambda: Conversation("office/roma"),
    lambda: Conversation("person/../x"),
    lambda: Begin(ANNA, "ab" * 31, ""),
    lambda: Begin(ANNA, "AB" * 32, ""),
    lambda: Begin(ANNA, GROUP, GROUP),
    lambda: Begin(ANNA, GROUP, "ab"),
    lambda: Commit(GROUP, -1, b"x", (), b"", ()),
    lambda: Commit(GROUP, 2**53, b"x", (), b"", ()),
    lambda: Commit(GROUP, 1, b"", (), b"", ()),
    lambda: Commit(GROUP, 1, bytes(LARGEST_ITEM + 1), (), b"", ()),
    lambda: Commit(GROUP, 1, b"x", (PHONE, PHONE), b"", ()),
    lambda: Commit(GROUP, 1, b"x", (), b"w", ()),
    lambda: Commit(GROUP, 1, b"x", (), b"", (PHONE,)),
    lambda: Commit(GROUP, 1, b"x", (PHONE, HERS), b"w", ("person/carlo/x",)),
    lambda: Send("ab", GROUP, (PHONE,), b"x"),
    lambda: Send(ID, GROUP, (), b"x"),
    lambda: Send(ID, GROUP, (PHONE,), b""),
    lambda: Send(ID, GROUP, (PHONE,), bytes(LARGEST_ITEM + 1)),
    lambda: Taken(-1, GROUP),
    lambda: Taken(1, ""),
    lambda: Taken(1, GROUP.upper()),
    lambda: Published(33),
    lambda: ConversationTold("", 0, "spiffe://italia.example/office/roma"),
    lambda: Begun("", ORDERER),
    lambda: MailItem(1, HERS, ItemKind.COMMIT, GROUP, 1, b"x", None),
    lambda: MailItem(1, HERS, ItemKind.MESSAGE, GROUP, 1, b"x", signed()),
    lambda: MailItem(1, BRUNO, ItemKind.MESSAGE, GROUP, 1, b"x", None),
    lambda: MailNotice(GROUP, 1, "ab", ORDERER, 1),
])  # fmt: skip
def test_out_of_bounds(make: Callable[[], object]) -> None:
    with pytest.raises(InvalidInputError):
        make()


@pytest.mark.parametrize("value", [
    None, [], {}, {"kind": "read"}, {"kind": 7}, {"kind": "taken"}, {"kind": "taken", "upto": 1},
    {"kind": "taken", "upto": 1.0, "items": GROUP}, {"kind": "taken", "upto": 1, "items": 5},
    {"kind": "taken", "upto": True, "items": GROUP}, {"kind": "taken", "items": GROUP},
    {"kind": "taken", "upto": 1, "items": GROUP, "more": 1},
    {"kind": "collect", "device": PHONE}, {"kind": "attend", "site": "office/roma"},
    {"kind": "publish", "packages": ["!"], "last_resort": ""},
    {"kind": "publish", "packages": [7], "last_resort": ""},
    {"kind": "publish", "packages": [], "last_resort": None},
    {"kind": "devices", "people": [7]}, {"kind": "devices", "people": ANNA},
    *({"kind": "commit", "group": GROUP, "epoch": epoch, "octets": "eA==", "to": [], "welcome": "",
       "added": []} for epoch in (1, "01", "-1", "1e3", "", " 1", "9007199254740992", "\u0661")),
])  # fmt: skip
def test_what_is_no_request(value: object) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        read_request(value)
    assert str(refusal.value).isprintable()


def test_no_sentence_shows_ciphertext() -> None:
    fields = Send(ID, GROUP, (PHONE,), b"x").to_object()
    for octets in ("hush!", 7, "aHVzaA"):
        with pytest.raises(InvalidInputError) as refusal:
            read_request({**fields, "octets": octets})
        assert str(octets) not in str(refusal.value)

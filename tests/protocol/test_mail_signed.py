"""A device's word under a request: there and back, of others, and as the pages write it.

Run as `PYTHONPATH=. python protocol/test_mail_signed.py` in tests/ to write the vectors anew.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mail_material import ANNA, BRUNO, OF_DEVICES, OF_EDGES
from protocol_material import italy

from baluardo.errors import BaluardoError, InvalidInputError, SignatureError
from baluardo.protocol.mail_fields import CHALLENGE_OCTETS, LARGEST_REQUEST
from baluardo.protocol.mail_items import ItemKind, MailItem, digest_of, name_of
from baluardo.protocol.mail_requests import (
    AnyRequest,
    Begin,
    Commit,
    Packages,
    Publish,
    Send,
    Taken,
    read_device_request,
)
from baluardo.protocol.mail_signed import (
    SIGNED_KINDS,
    SIGNED_TYPE,
    Word,
    sign_request,
    signed_octets,
    split_word,
    verify_request,
)
from baluardo.trust.base64_text import to_base64
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.digest import digest_256
from baluardo.trust.envelope import LONGEST_SIGNATURE, pre_authentication_encoding
from baluardo.trust.strict_json import parse_json, write_json
from trust.community import NOW

FILE: Final = Path(__file__).parents[2] / "web/src/calls/signalling/mailSigning.vectors.json"
PHONE, LAPTOP, HERS = f"{ANNA}/phone", f"{ANNA}/laptop", f"{BRUNO}/phone"
GROUP, OTHER_GROUP, ID = "ab" * 32, "cd" * 32, "0c" * 16
CHALLENGE, OTHER_CHALLENGE = "0f" * CHALLENGE_OCTETS, "1e" * CHALLENGE_OCTETS

ASKED: Final[tuple[AnyRequest, ...]] = (
    Publish((b"one", b"two"), b"last"),
    Publish((), b""),
    Packages((LAPTOP, HERS)),
    Begin(BRUNO, GROUP, OTHER_GROUP),
    Commit(GROUP, 2**53 - 1, b"commit", (HERS,), b"welcome", (LAPTOP,)),
    Send(ID, GROUP, (HERS, LAPTOP), bytes(range(256))),
    Taken(2**53 - 1, OTHER_GROUP),
)
BROUGHT: Final = tuple(
    MailItem(number, HERS, ItemKind.MESSAGE, GROUP, 1_790_000_000_000, octets, None)
    for number, octets in ((3, b"one"), (7, bytes(range(256))))
)


def vectors() -> dict[str, Any]:
    """Return what a device signs under requests of each kind."""
    uri = italy().identity(PHONE).uri
    told = []
    for number, request in enumerate(ASKED, 1):
        payload = signed_octets(request.to_object(), uri, CHALLENGE, number)
        message = pre_authentication_encoding(SIGNED_TYPE, payload)
        told.append(
            {
                "request": request.to_object(),
                "number": number,
                "payload": payload.decode(),
                "message": digest_256(message).hex(),
            }
        )
    return {
        "type": SIGNED_TYPE,
        "kinds": sorted(SIGNED_KINDS),
        "device": uri,
        "challenge": CHALLENGE,
        "asked": told,
        "brought": {
            "items": [each.to_object() for each in BROUGHT],
            "name": name_of(b"".join(map(digest_of, BROUGHT))),
        },
    }


@functools.cache
def device(path: str) -> Credential:
    """Return a device, the same each time."""
    return italy().credential(path)


def signed(request: AnyRequest = ASKED[-1], number: int = 1) -> dict[str, Any]:
    """Return a request with the phone's word under it."""
    return sign_request(request.to_object(), device(PHONE), CHALLENGE, number)


def believe(value: object, who: str = PHONE) -> None:
    """Read a request, and verify it as one of a device."""
    _, word = split_word(value)
    assert word is not None
    request = read_device_request(value)
    verify_request(request.to_object(), word, device(who).chain, italy().verifier(), NOW)


def test_the_pages_vectors_are_what_is_signed() -> None:
    assert json.loads(FILE.read_text()) == vectors()


def test_every_kind_that_changes_something_is_signed_and_read_as_before() -> None:
    assert {each.kind for each in ASKED} == SIGNED_KINDS
    kinds = {each.kind for each in (*OF_DEVICES, *OF_EDGES)}
    assert kinds - SIGNED_KINDS == {
        *("devices", "conversation", "challenge"),
        *("collect", "attend", "leave"),
    }
    for request in ASKED:
        value = parse_json(write_json(signed(request)), LARGEST_REQUEST, "It")
        assert read_device_request(value) == request
        believe(value)


def test_a_word_is_of_one_request_one_device_one_challenge_and_one_number() -> None:
    whole = signed(Taken(7, GROUP), 3)
    word: dict[str, Any] = whole["signed"]
    for changed in (
        {**whole, "upto": 8},
        {**whole, "signed": {**word, "number": 4}},
        {**whole, "signed": {**word, "challenge": OTHER_CHALLENGE}},
        {**signed(Begin(BRUNO, GROUP, "")), "signed": word},
        {**whole, "signed": {**word, "signature": to_base64(bytes(3_309))}},
    ):
        with pytest.raises(SignatureError, match=r"has not signed this request.*Nothing was done"):
            believe(changed)
    with pytest.raises(SignatureError, match=f"{LAPTOP} has not signed"):
        believe(whole, LAPTOP)


def test_what_only_looks_bears_no_word() -> None:
    word = signed()["signed"]
    for request in ({"kind": "devices", "people": [ANNA]}, {"kind": "challenge"}):
        assert split_word(request)[1] is None
        with pytest.raises(InvalidInputError, match="unknown field 'signed'"):
            read_device_request({**request, "signed": word})


def test_the_largest_word_leaves_room_for_the_largest_request() -> None:
    word = Word(CHALLENGE, 2**53 - 1, bytes(LONGEST_SIGNATURE))
    assert len(write_json({"signed": word.to_object()})) < 8 << 10


@pytest.mark.parametrize(
    "changed",
    [
        {"challenge": "0F" * CHALLENGE_OCTETS},
        {"challenge": "0f"},
        {"number": 0},
        {"number": 1.5},
        {"number": True},
        {"number": 2**53},
        {"signature": ""},
        {"signature": "x"},
        {"signature": to_base64(bytes(LONGEST_SIGNATURE + 1))},
        {"chain": []},
    ],
)
def test_words_out_of_bounds_are_refused(changed: dict[str, Any]) -> None:
    whole = signed()
    word: dict[str, Any] = whole["signed"]
    with pytest.raises(InvalidInputError):
        read_device_request({**whole, "signed": {**word, **changed}})


@pytest.mark.parametrize("word", [None, [], "word", 5, {}])
def test_what_is_no_word_is_refused(word: object) -> None:
    with pytest.raises(InvalidInputError):
        read_device_request({**signed(), "signed": word})


@given(st.data())
@settings(deadline=None)
def test_an_injured_request_is_not_believed(data: st.DataObject) -> None:
    asked = data.draw(st.sampled_from(ASKED))
    payload = write_json(signed(asked))
    at = data.draw(st.integers(0, len(payload) - 1))
    injured = payload[:at] + data.draw(st.binary(max_size=3)) + payload[at + 1 :]
    try:
        value = parse_json(injured, LARGEST_REQUEST, "It")
        _, word = split_word(value)
        request = read_device_request(value)
        if word is not None:
            believe(value)
            assert request == asked
    except BaluardoError as refusal:
        assert str(refusal).isprintable()


if __name__ == "__main__":
    FILE.write_text(json.dumps(vectors(), indent=1, ensure_ascii=False) + "\n")

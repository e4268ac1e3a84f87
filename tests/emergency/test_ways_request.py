"""The signed request to the operator and its receipt: what must hold, and what must not pass."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from baluardo.emergency.channels import Channel
from baluardo.emergency.ways.receipt import BeamReceipt, Outcome, read_receipt
from baluardo.emergency.ways.request import (
    LONGEST_SPAN_S,
    REQUEST_TYPE,
    BeamRequest,
    KnownRequests,
    read_request,
    sender_identity,
    sign_request,
)
from baluardo.emergency.ways.way import LARGEST_ALERT, OrderArea, OrderKind
from baluardo.errors import (
    CertificateError,
    ConflictError,
    ExpiredError,
    InvalidInputError,
    SignatureError,
)
from baluardo.terms import Bilingual, Precedence
from baluardo.trust.envelope import Envelope, add_signature, sign
from baluardo.trust.identity import Identity
from emergency.way_world import ALERT, AREA, KEY, OPERATOR, community, operator, order, sender
from trust.community import NOW, make_community

NAME = "italia.example"
PERMITTED = {channel: frozenset({sender_identity(NAME, channel)}) for channel in Channel}
DETAIL = Bilingual(it="Tre satelliti.", en="Three satellites.")


def read(envelope: Envelope, now: float = NOW + 1.0) -> BeamRequest:
    return read_request(envelope, community().verifier(), now, PERMITTED)


@pytest.mark.parametrize("channel", Channel)
def test_what_is_signed_is_what_is_read(channel: Channel) -> None:
    signed = sign_request(order(channel), sender(channel))
    request = read(Envelope.of_json(signed.to_json()))
    assert request == BeamRequest.of_order(order(channel))
    assert (request.key, request.alert, request.area) == (KEY, ALERT, AREA)
    (message,), (sent,) = request.messages, order().messages
    assert message.pages == tuple(sent.pages)
    assert message.message_id == sent.message_id
    assert (message.text, message.language) == (sent.text, sent.language)


def test_only_what_is_real_takes_beams_from_others() -> None:
    public, exercise, test = (BeamRequest.of_order(order(channel)) for channel in Channel)
    assert public.precedence is Precedence.FLASH_OVERRIDE
    assert public.precedence > exercise.precedence > test.precedence
    assert public.share > exercise.share > test.share


def test_the_same_order_is_the_same_request() -> None:
    one, other = (sign_request(order(), sender(Channel.EXERCISE)) for _ in range(2))
    assert one.payload == other.payload


@pytest.mark.parametrize("other", [Channel.EXERCISE, Channel.TEST])
def test_a_drill_never_asks_on_the_public_channel(other: Channel) -> None:
    with pytest.raises(InvalidInputError, match="does not send on the channel public"):
        sign_request(order(Channel.PUBLIC), sender(other))
    forced = sign(
        BeamRequest.of_order(order(Channel.PUBLIC)).to_octets(), REQUEST_TYPE, sender(other)
    )
    with pytest.raises(CertificateError, match="may not ask on the channel public"):
        read(forced)


def test_who_is_not_named_may_not_ask() -> None:
    signed = sign_request(order(), sender(Channel.EXERCISE))
    verifier = community().verifier()
    with pytest.raises(CertificateError, match="may not ask"):
        read_request(signed, verifier, NOW, {})
    stranger = community().credential("authority/roma")
    with pytest.raises(CertificateError, match="may not ask"):
        read(sign(signed.payload, REQUEST_TYPE, stranger))
    foreign = make_community(name="other.example").credential("sender/exercise")
    with pytest.raises(CertificateError):
        read(sign(signed.payload, REQUEST_TYPE, foreign))


def test_two_who_sign_are_refused() -> None:
    signed = sign_request(order(), sender(Channel.EXERCISE))
    with pytest.raises(CertificateError, match="by one alone"):
        read(add_signature(signed, sender(Channel.PUBLIC)))


def test_nothing_of_it_can_be_altered() -> None:
    signed = sign_request(order(), sender(Channel.EXERCISE))
    louder = signed.payload.replace(b'"exercise"', b'"public"')
    with pytest.raises(SignatureError):
        read(replace(signed, payload=louder))
    with pytest.raises(SignatureError, match="expected"):
        read(sign(signed.payload, "application/cap+xml", sender(Channel.EXERCISE)))


def test_its_time() -> None:
    signed = sign_request(order(), sender(Channel.EXERCISE))
    with pytest.raises(ExpiredError, match="over"):
        read(signed, NOW + 3_600.0)
    early = sign_request(
        order(starts=NOW + 1_000.0, expires=NOW + 2_000.0), sender(Channel.EXERCISE)
    )
    with pytest.raises(ExpiredError, match="later than now"):
        read(early)
    with pytest.raises(InvalidInputError, match="two days"):
        BeamRequest.of_order(order(expires=NOW + LONGEST_SPAN_S + 1.0))


def test_one_written_form() -> None:
    octets = BeamRequest.of_order(order()).to_octets()
    assert BeamRequest.of_octets(octets).to_octets() == octets
    with pytest.raises(InvalidInputError, match="one written form"):
        BeamRequest.of_octets(json.dumps(json.loads(octets)).encode())
    with pytest.raises(InvalidInputError, match="unknown field"):
        BeamRequest.of_octets(json.dumps({**json.loads(octets), "more": 1}).encode())


def test_a_replay_is_known_and_another_request_under_its_key_is_refused() -> None:
    known = KnownRequests()
    request = BeamRequest.of_order(order())
    assert known.is_new(request, NOW)
    assert not known.is_new(request, NOW + 1.0)
    with pytest.raises(ConflictError, match="this key"):
        known.is_new(BeamRequest.of_order(order(kind=OrderKind.CANCEL)), NOW + 2.0)


def test_a_release_that_was_held_back_until_after_its_cancel_is_refused() -> None:
    known = KnownRequests()
    cancel = order(key="cc" * 32, kind=OrderKind.CANCEL, starts=NOW + 60.0, expires=NOW + 120.0)
    assert known.is_new(BeamRequest.of_order(cancel), NOW + 60.0)
    for late in (NOW + 61.0, NOW + 3_000.0):  # the release holds for longer than its cancel
        with pytest.raises(ConflictError, match="was cancelled"):
            known.is_new(BeamRequest.of_order(order()), late)
    other = order(key="0d" * 32, warning="w2")
    assert known.is_new(BeamRequest.of_order(other), NOW + 61.0)


def test_the_memory_of_replays_forgets_only_what_is_refused_anyway() -> None:
    known = KnownRequests(most=2)
    requests = [BeamRequest.of_order(order(key=f"{n:064x}")) for n in range(3)]
    assert known.is_new(requests[0], NOW)
    assert known.is_new(requests[1], NOW)
    with pytest.raises(ConflictError, match="Too many"):
        known.is_new(requests[2], NOW)
    assert not known.is_new(requests[0], NOW)
    later = BeamRequest.of_order(order(key="ff" * 32, starts=NOW + 3_600, expires=NOW + 7_200))
    assert known.is_new(later, NOW + 3_600.0)
    with pytest.raises(ExpiredError):
        read(sign_request(order(), sender(Channel.EXERCISE)), NOW + 3_600.0)


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("key", "XYZ", "hexadecimal"),
        ("warning", "", "warning"),
        ("level", "a b", "level"),
        ("alert", b"", "alert"),
        ("alert", b"x" * (LARGEST_ALERT + 1), "alert"),
        ("expires", NOW, "expires after"),
        ("expires", float("inf"), "finite"),
        ("repetition_s", 0.0, "repetition_s"),
    ],
)
def test_impossible_orders(field: str, value: object, why: str) -> None:
    with pytest.raises(InvalidInputError, match=why):
        order(**{field: value})


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        (("851e8053fffffff", "851e8053fffffff"), "ascending"),
        (("nonsense",), "hexadecimal"),
    ],
)
def test_impossible_cells(cells: tuple[str, ...], why: str) -> None:
    with pytest.raises(InvalidInputError, match=why):
        OrderArea(cells=cells)


def test_area_of_an_outline() -> None:
    ring = [[12.0, 42.0], [13.0, 42.0], [13.0, 43.0], [12.0, 42.0]]
    outline = {"type": "MultiPolygon", "coordinates": [[ring]]}
    assert OrderArea.of_outline(outline, reversed(AREA.cells)) == AREA
    with pytest.raises(InvalidInputError, match="MultiPolygon"):
        OrderArea.of_outline({"coordinates": [[["x"]]]}, ())
    with pytest.raises(InvalidInputError, match="degrees"):
        OrderArea.of_outline({"coordinates": [[[[200.0, 0.0], [0.0, 0.0], [1.0, 1.0]]]]}, ())


def receipt(outcome: Outcome = Outcome.ACCEPTED) -> tuple[Envelope, Envelope]:
    """A request and its receipt."""
    asked = sign_request(order(), sender(Channel.EXERCISE))
    made = BeamReceipt.of_request(BeamRequest.of_order(order()), outcome, NOW + 2.0, DETAIL)
    return asked, made.sign(operator())


def believe(asked: Envelope, answer: Envelope) -> BeamReceipt:
    identity = Identity.of_path(NAME, OPERATOR)
    return read_receipt(answer, community().verifier(), NOW + 3.0, asked, identity)


def test_a_receipt_is_for_one_request_and_from_the_operator() -> None:
    asked, answer = receipt()
    taken = believe(asked, Envelope.of_json(answer.to_json()))
    assert (taken.at, taken.detail, taken.key) == ((NOW + 2.0) * 1_000, DETAIL, KEY)
    other = sign_request(order(key="0b" * 32), sender(Channel.EXERCISE))
    with pytest.raises(CertificateError, match="another request"):
        believe(other, answer)
    with pytest.raises(CertificateError, match="and is not"):
        believe(asked, sign(answer.payload, answer.payload_type, sender(Channel.EXERCISE)))
    with pytest.raises(SignatureError):
        believe(asked, replace(answer, payload=answer.payload.replace(b"Tre", b"Sei")))


def test_a_signed_refusal_is_final() -> None:
    with pytest.raises(ConflictError, match="The operator refuses: Three satellites"):
        believe(*receipt(Outcome.REFUSED))

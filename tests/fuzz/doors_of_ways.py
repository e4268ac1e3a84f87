"""Doors of the ways out of a warning: requests, receipts, and the file of subscribers."""

from __future__ import annotations

import functools

from door import Door
from good_alerts import alert_octets
from material import italy, member, only, verifier

from baluardo.emergency.cap.alert import CAP_TYPE
from baluardo.emergency.cap.reading import read_alert
from baluardo.emergency.channels import Channel
from baluardo.emergency.ways.air_message import AirMessage
from baluardo.emergency.ways.receipt import RECEIPT_TYPE, BeamReceipt, Outcome, read_receipt
from baluardo.emergency.ways.request import (
    REQUEST_TYPE,
    BeamRequest,
    read_request,
    sender_identity,
)
from baluardo.emergency.ways.subscribers import read_subscribers
from baluardo.emergency.ways.way import OrderArea, OrderKind
from baluardo.errors import (
    CertificateError,
    ConflictError,
    InvalidInputError,
    ProfileError,
    SignatureError,
)
from baluardo.protocol.site_warnings import read_site_warning
from baluardo.terms import Bilingual, Precedence
from baluardo.trust.envelope import Envelope, sign

SENDER, OPERATOR = "sender/exercise", "authority/operator"
SUBSCRIBERS = b"""
[[subscribers]]
name = "radio-uno"
url = "https://cap.radio.example:8443/in?token=1"
channels = ["public"]

[[subscribers]]
name = "sala-prove"
url = "http://[fd00::5]:8080/cap"
channels = ["exercise", "test"]
form = "cap"
private = true
"""


@functools.cache
def requests() -> tuple[BeamRequest, ...]:
    now = italy().now
    message = AirMessage(
        4381, 0x4070, 0x02, "it", "PROVA", (b"\x0d" * 82, b"\x01" * 83), b"\x02\x00", 10.0, 0
    )
    area = OrderArea(((((12.0, 42.0), (13.0, 42.5), (13.0, 43.0)),),), ("851e8053fffffff",))
    made = BeamRequest(
        "0a" * 32,
        "w1",
        OrderKind.RELEASE,
        Channel.EXERCISE,
        "level-1",
        b"<alert/>",
        (message, message),
        area,
        now,
        now + 3_600.0,
        10.0,
        Precedence.PRIORITY,
        0.25,
    )
    bare = BeamRequest(
        *("0b" * 32, "w1", OrderKind.CANCEL, Channel.EXERCISE, "level-1", b"<alert/>", ()),
        *(OrderArea(), now, now + 60.5, 1.883, Precedence.ROUTINE, 1.0),
    )
    return made, bare


@functools.cache
def signed() -> tuple[Envelope, ...]:
    return tuple(sign(each.to_octets(), REQUEST_TYPE, member(SENDER)) for each in requests())


@functools.cache
def receipts() -> tuple[BeamReceipt, ...]:
    detail = Bilingual("Sei satelliti.", "Six satellites.")
    return tuple(
        BeamReceipt.of_request(requests()[0], each, italy().now, detail) for each in Outcome
    )


def asked(octets: bytes) -> None:
    """Nothing comes out but what the sender has signed."""
    permitted = {Channel.EXERCISE: frozenset({sender_identity(italy().name, Channel.EXERCISE)})}
    only(*requests())(
        read_request(Envelope.of_json(octets), verifier(), italy().now + 1.0, permitted)
    )


def stated(octets: bytes) -> None:
    """The payload alone, as if a sender signed whatever it was given."""
    assert BeamRequest.of_octets(octets).to_octets() == octets


def answered(octets: bytes) -> None:
    """Nothing comes out but what the operator has accepted."""
    only(receipts()[0])(
        read_receipt(
            Envelope.of_json(octets),
            verifier(),
            italy().now + 2.0,
            signed()[0],
            italy().identity(OPERATOR),
        )
    )


def said(octets: bytes) -> None:
    """The payload alone, as if an operator signed whatever it was given."""
    assert BeamReceipt.of_octets(octets).to_octets() == octets


def subscribed(octets: bytes) -> None:
    for each in read_subscribers(octets, "subscribers.toml"):
        assert each.channels
        assert each.target.shown.isprintable()


_UNTRUE = (InvalidInputError, CertificateError, SignatureError, ProfileError)


def told() -> list[bytes]:
    sender = member(SENDER)
    return [sign(each, CAP_TYPE, sender).to_json() for each in alert_octets()[:2]]


def shown(octets: bytes) -> None:
    """Nothing is shown at a site but what the channel's sender has signed."""
    found = read_site_warning(Envelope.of_json(octets), verifier(), italy().now)
    assert found.channel is Channel.EXERCISE
    assert found.alert in [read_alert(each, "the alert") for each in alert_octets()[:2]]


DOORS = (
    Door("ways.own-sites", shown, _UNTRUE, told),
    Door("ways.request", asked, _UNTRUE, lambda: [each.to_json() for each in signed()]),
    Door(
        "ways.request-stated",
        stated,
        (InvalidInputError,),
        lambda: [each.to_octets() for each in requests()],
    ),
    Door(
        "ways.receipt",
        answered,
        (*_UNTRUE, ConflictError),
        lambda: [sign(receipts()[0].to_octets(), RECEIPT_TYPE, member(OPERATOR)).to_json()],
    ),
    Door(
        "ways.receipt-stated",
        said,
        (InvalidInputError,),
        lambda: [each.to_octets() for each in receipts()],
    ),
    Door("ways.subscribers", subscribed, (InvalidInputError,), lambda: [SUBSCRIBERS]),
)

"""The signed request to the satellite operator. Pure.

We command no beam: the operator schedules them (contract). What we can do is ask in a form that
nobody else can forge, alter, or take for another: an exercise's key can never ask on the public
channel, a request counts once, and what the operator answers is signed over the request's very
octets. Format: docs/protocols/warning.md, "Request to the operator".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from baluardo.emergency.channels import Channel
from baluardo.emergency.ways.air_message import AirMessage
from baluardo.emergency.ways.way import (
    LARGEST_ALERT,
    LONGEST_NAME,
    MOST_CELLS,
    MOST_MESSAGES,
    MOST_POINTS,
    Order,
    OrderArea,
    OrderKind,
    Ring,
)
from baluardo.errors import CertificateError, ConflictError, ExpiredError, InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.terms import Precedence
from baluardo.trust.base64_text import to_base64
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.verification import Peer, Verifier
from baluardo.trust.digest import digest_256
from baluardo.trust.envelope import LARGEST_PAYLOAD, Envelope, sign, verify
from baluardo.trust.identity import Identity, Kind
from baluardo.trust.strict_json import JsonObject, write_json

REQUEST_TYPE: Final = "application/vnd.baluardo.beam-request+json"
MOST_KNOWN: Final = 4_096
LONGEST_SPAN_S: Final = 2 * 86_400.0
"""From release to expiry: whoever remembers requests until they expire needs an end."""
AHEAD_S: Final = 300.0
"""By which a sender's clock may be ahead of the operator's."""

PRECEDENCE: Final = {
    Channel.PUBLIC: Precedence.FLASH_OVERRIDE,
    Channel.EXERCISE: Precedence.PRIORITY,
    Channel.TEST: Precedence.ROUTINE,
}
"""Our choice: only what is real takes a beam from commercial traffic."""
SHARE: Final = {Channel.PUBLIC: 1.0, Channel.EXERCISE: 0.25, Channel.TEST: 0.1}
"""Of the beams for phones that look at a cell, the part that is asked for. Our choice."""

Kinds = TypeVar("Kinds", bound=StrEnum)

_FIELDS: Final = (
    "key",
    "warning",
    "kind",
    "channel",
    "level",
    "alert",
    "messages",
    "cells",
    "polygons",
    "from",
    "until",
    "repetition_s",
    "precedence",
    "share",
)


def sender_identity(community: str, channel: Channel) -> Identity:
    """Return who alone sends on a channel: each channel has a key of its own."""
    return Identity(community, Kind.SENDER, channel.value)


def check_sender(credential: Credential, channel: Channel) -> None:
    """Return if this credential is the channel's; InvalidInputError if it is another's."""
    wanted = sender_identity(credential.identity.community, channel)
    if credential.identity != wanted:
        raise InvalidInputError(
            f"{credential.identity} does not send on the channel {channel.value}, only {wanted} "
            "does: nothing was signed."
        )


@dataclass(frozen=True, slots=True)
class BeamRequest:
    """What the operator is asked: which messages, where, from when to when, how urgent."""

    key: str
    warning: str
    kind: OrderKind
    channel: Channel
    level: str
    alert: bytes
    messages: tuple[AirMessage, ...]
    area: OrderArea
    starts: float
    until: float
    repetition_s: float
    precedence: Precedence
    share: float
    """Of the beams for phones that look at a cell: above 0, at most 1."""

    def __post_init__(self) -> None:
        """Refuse what an order refuses, and what is no share."""
        self._check_as_order()
        if not 0.0 < self.share <= 1.0:
            raise InvalidInputError(f"share {self.share} is not above 0 and at most 1.")
        if self.until - self.starts > LONGEST_SPAN_S:
            raise InvalidInputError("A request holds for two days at most.")

    def _check_as_order(self) -> None:
        Order(
            self.key,
            self.warning,
            "operator",
            self.kind,
            self.channel,
            self.level,
            self.alert,
            (),
            self.area,
            self.starts,
            self.until,
            self.repetition_s,
        )

    @classmethod
    def of_order(cls, order: Order, share: float | None = None) -> BeamRequest:
        """Return what an order asks for; the same order is always the same request."""
        return cls(
            order.key,
            order.warning,
            order.kind,
            order.channel,
            order.level,
            order.alert,
            tuple(AirMessage.of(each) for each in order.messages),
            order.area,
            order.starts,
            order.expires,
            order.repetition_s,
            PRECEDENCE[order.channel],
            SHARE[order.channel] if share is None else share,
        )

    def to_octets(self) -> bytes:
        """Return the one written form."""
        return write_json(
            {
                "key": self.key,
                "warning": self.warning,
                "kind": self.kind.value,
                "channel": self.channel.value,
                "level": self.level,
                "alert": to_base64(self.alert),
                "messages": [each.to_object() for each in self.messages],
                "cells": list(self.area.cells),
                "polygons": [
                    [[list(point) for point in ring] for ring in rings]
                    for rings in self.area.polygons
                ],
                "from": self.starts,
                "until": self.until,
                "repetition_s": self.repetition_s,
                "precedence": self.precedence.dsn,
                "share": self.share,
            }
        )

    @classmethod
    def of_octets(cls, octets: bytes) -> BeamRequest:
        """Read the written form; InvalidInputError for any other."""
        fields = JsonObject.parse(octets, LARGEST_PAYLOAD, "The request")
        fields.only(_FIELDS)
        request = cls(
            fields.text("key", 96),
            fields.text("warning", LONGEST_NAME),
            one_of(fields, "kind", OrderKind),
            one_of(fields, "channel", Channel),
            fields.text("level", LONGEST_NAME),
            fields.octets("alert", LARGEST_ALERT),
            tuple(AirMessage.of_object(each) for each in fields.items("messages", MOST_MESSAGES)),
            OrderArea(_polygons(fields), _cells(fields)),
            fields.number("from"),
            fields.number("until"),
            fields.number("repetition_s"),
            Precedence.of(fields.text("precedence", 32)),
            fields.number("share"),
        )
        if request.to_octets() != octets:
            raise InvalidInputError("The request is not in its one written form: refused.")
        return request


def sign_request(order: Order, credential: Credential, share: float | None = None) -> Envelope:
    """Return the request of an order, signed by the sender of its channel.

    InvalidInputError for the credential of another channel, or an order too large to send.
    """
    check_sender(credential, order.channel)
    return sign(BeamRequest.of_order(order, share).to_octets(), REQUEST_TYPE, credential)


def read_request(
    envelope: Envelope,
    verifier: Verifier,
    now: float,
    permitted: Mapping[Channel, frozenset[Identity]],
) -> BeamRequest:
    """Return what is asked, for the operator: genuine, permitted on its channel, and in time.

    permitted: who may ask on which channel; whoever is not named may not. ExpiredError for a
    request whose time is over or has not come, CertificateError for one signed by somebody else;
    InvalidInputError, SignatureError or ProfileError as `envelope.verify`. Whether it came before,
    `KnownRequests` tells.
    """
    signer = only_signer(verify(envelope, verifier, now, REQUEST_TYPE).signers)
    request = BeamRequest.of_octets(envelope.payload)
    if signer.identity not in permitted.get(request.channel, frozenset()):
        raise CertificateError(
            f"{signer.identity} may not ask on the channel {request.channel.value}: refused, "
            "nothing is broadcast."
        )
    if request.until <= now:
        raise ExpiredError("This request is for a time that is over: refused.")
    if request.starts > now + AHEAD_S:
        raise ExpiredError("This request is for later than now: refused. Compare the clocks.")
    return request


class KnownRequests:
    """What was asked and has not expired: the same again is known, and nothing is forgotten early.

    A request that is past its end is refused for that, so that forgetting it then lets none in.
    What was cancelled stays cancelled: a release that somebody held back until after its cancel is
    refused, even if it never came before.
    """

    def __init__(self, most: int = MOST_KNOWN) -> None:
        """Remember at most so many."""
        self._most = most
        self._known: dict[str, tuple[bytes, float]] = {}
        self._cancelled: dict[tuple[Channel, str], float] = {}

    def is_new(self, request: BeamRequest, now: float) -> bool:
        """Remember a request that `read_request` gave; False if it was taken before.

        ConflictError for another request under a known key, for the release of what was cancelled,
        or when too many are in force.
        """
        octets = digest_256(request.to_octets())
        self._forget(now)
        known = self._known.get(request.key)
        if known is not None:
            if known[0] != octets:
                raise ConflictError("Another request has this key: refused, nothing is broadcast.")
            return False
        about = (request.channel, request.warning)
        if request.kind is OrderKind.RELEASE and about in self._cancelled:
            raise ConflictError("This warning was cancelled: refused, nothing is broadcast.")
        if len(self._known) >= self._most:
            raise ConflictError("Too many requests are in force: refused, nothing is broadcast.")
        if request.kind is OrderKind.CANCEL:
            # No release from before this cancel can hold for longer.
            self._cancelled[about] = request.starts + LONGEST_SPAN_S
        self._known[request.key] = (octets, request.until)
        return True

    def _forget(self, now: float) -> None:
        self._known = {key: each for key, each in self._known.items() if each[1] > now}
        self._cancelled = {each: end for each, end in self._cancelled.items() if end > now}


def only_signer(signers: tuple[Peer, ...]) -> Peer:
    """Return the one who signed; CertificateError if there are several."""
    if len(signers) != 1:
        raise CertificateError("A request or a receipt is signed by one alone: refused.")
    return signers[0]


def one_of(fields: JsonObject, name: str, kind: type[Kinds]) -> Kinds:
    """Return the member of an enumeration that a field names."""
    value = fields.text(name, LONGEST_NAME)
    try:
        return kind(value)
    except ValueError:
        raise InvalidInputError(
            f"{fields.what}: {name} {quoted(value)} is none of {', '.join(kind)}."
        ) from None


def _cells(fields: JsonObject) -> tuple[str, ...]:
    cells = fields.items("cells", MOST_CELLS)
    texts = tuple(each for each in cells if isinstance(each, str))
    if len(texts) != len(cells):
        raise fields.wrong("cells", "a list of H3 cells")
    return texts


def _polygons(fields: JsonObject) -> tuple[tuple[Ring, ...], ...]:
    found = []
    for rings in fields.items("polygons", MOST_POINTS):
        if not isinstance(rings, list):
            raise fields.wrong("polygons", "a list of lists of rings")
        found.append(tuple(_ring(ring, fields) for ring in rings))
    return tuple(found)


def _ring(ring: object, fields: JsonObject) -> Ring:
    if not isinstance(ring, list):
        raise fields.wrong("polygons", "a list of lists of rings")
    points = []
    for point in ring:
        if not isinstance(point, list) or len(point) != 2:
            raise fields.wrong("polygons", "rings of points: longitude, latitude")
        lon, lat = point
        if not all(isinstance(n, int | float) and not isinstance(n, bool) for n in (lon, lat)):
            raise fields.wrong("polygons", "rings of points: longitude, latitude")
        points.append((float(lon), float(lat)))
    return tuple(points)

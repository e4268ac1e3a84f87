"""Warnings on their way to the pages and telephones of sites.

A site is sent each alert that holds in an envelope of its channel's sender, and which of them
hold: what is not among those holds no more. Whoever is in between can keep a warning back, which a
channel that is silent shows, and make none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Final

from baluardo.emergency.cap.alert import CAP_TYPE, Alert, MessageType
from baluardo.emergency.cap.reading import read_alert
from baluardo.emergency.channels import Channel
from baluardo.errors import InvalidInputError, SignatureError
from baluardo.protocol.frames import FrameType
from baluardo.protocol.message_fields import texts
from baluardo.trust.certificates.verification import Verifier
from baluardo.trust.digest import digest
from baluardo.trust.envelope import Envelope, verify
from baluardo.trust.identity import Kind
from baluardo.trust.strict_json import JsonObject

MOST_HELD: Final = 64
"""Warnings at once that a site is told of; the newest."""
CANCEL_SHOWN: Final = 900.0
"""Seconds for which a cancel stands where its warning stood, for whoever has read that one."""

_DIGEST = re.compile(r"[0-9a-f]{64,128}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class SiteWarning:
    """One alert under the signature of its channel's sender; nothing of it is believed yet."""

    type: ClassVar[FrameType] = FrameType.SITE_WARNING

    envelope: Envelope

    def to_fields(self) -> dict[str, object]:
        """Return the payload's fields."""
        return {"envelope": self.envelope.to_object()}

    @classmethod
    def of_fields(cls, fields: JsonObject) -> SiteWarning:
        """Read the payload's fields; errors as `Envelope.of_object`."""
        fields.only(("envelope",))
        return cls(Envelope.of_object(fields.fields.get("envelope")))


@dataclass(frozen=True, slots=True)
class WarningsHold:
    """Which warnings hold by now, by `digest_of` their alerts; every other holds no more."""

    type: ClassVar[FrameType] = FrameType.WARNINGS_HOLD

    digests: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse what is out of bounds."""
        if len(self.digests) > MOST_HELD or not all(map(_DIGEST.match, self.digests)):
            raise InvalidInputError(f"digests: at most {MOST_HELD}, in small hexadecimal digits.")

    def to_fields(self) -> dict[str, object]:
        """Return the payload's fields."""
        return {"digests": list(self.digests)}

    @classmethod
    def of_fields(cls, fields: JsonObject) -> WarningsHold:
        """Read the payload's fields."""
        fields.only(("digests",))
        return cls(texts(fields, "digests", MOST_HELD))


@dataclass(frozen=True, slots=True)
class HeldWarning:
    """An alert that its channel's sender has signed."""

    digest: str
    channel: Channel
    alert: Alert

    @property
    def until(self) -> float:
        """When it holds no more, POSIX seconds: a cancel some time after it was sent."""
        if self.alert.message_type is MessageType.CANCEL:
            return self.alert.sent.timestamp() + CANCEL_SHOWN
        ends = [info.expires.timestamp() for info in self.alert.infos if info.expires is not None]
        return max(ends, default=self.alert.sent.timestamp())


def digest_of(alert: bytes) -> str:
    """Return by what an alert's octets are named here."""
    return digest(alert).hex()


def read_site_warning(envelope: Envelope, verifier: Verifier, now: float) -> HeldWarning:
    """Return what a sender of one channel has signed, and nobody else.

    Errors as `trust.envelope.verify`; SignatureError for another signer, InvalidInputError for an
    alert that is none, or has the status of another channel.
    """
    verified = verify(envelope, verifier, now, CAP_TYPE)
    channel = _channel(tuple(peer.identity.path for peer in verified.signers))
    alert = read_alert(verified.payload, "The warning")
    if alert.status is not channel.status:
        raise InvalidInputError(
            f"A warning of the channel {channel.value} has the status {channel.status.value}, not "
            f"{alert.status.value}: refused."
        )
    return HeldWarning(digest_of(verified.payload), channel, alert)


def _channel(signers: tuple[str, ...]) -> Channel:
    for channel in Channel:
        if signers == (f"{Kind.SENDER.value}/{channel.value}",):
            return channel
    raise SignatureError("A warning is signed by the sender of its channel, and nobody else.")

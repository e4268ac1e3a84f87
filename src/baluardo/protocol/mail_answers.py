"""What the post office for written messages answers, by the kind of request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from baluardo.calls.bodies import check_device, person_of
from baluardo.errors import InvalidInputError
from baluardo.protocol.mail_fields import (
    CHALLENGE_OCTETS,
    GROUP_ID_OCTETS,
    LARGEST_PACKAGE,
    MOST_DEVICES,
    MOST_KNOWN,
    MOST_PACKAGES,
    check_challenge,
    check_epoch,
    check_group,
    check_octets,
    check_orderer,
    ciphertext,
    epoch_of,
    truth,
)
from baluardo.protocol.mail_items import Collected
from baluardo.protocol.mail_requests import (
    AnyRequest,
    Attend,
    Begin,
    Challenge,
    Collect,
    Commit,
    Conversation,
    Devices,
    Leave,
    Packages,
    Publish,
    Send,
    Taken,
)
from baluardo.protocol.message_fields import check_count, whole
from baluardo.trust.base64_text import to_base64
from baluardo.trust.envelope import Envelope
from baluardo.trust.identity import LONGEST_URI
from baluardo.trust.strict_json import JsonObject


class MailRefusal(StrEnum):
    """Why something is not done."""

    UNAVAILABLE = "unavailable"
    """The authority is out of reach, or has too much to do: ask again later."""
    DENIED = "denied"
    """The device is not believed to sit there, or may not."""
    MALFORMED = "malformed"
    FULL = "full"
    """A mailbox is full, or an allowance is used up."""
    STALE = "stale"
    """Another commit ended this epoch, or another group stands."""
    UNKNOWN = "unknown"
    """There is no such person, device or conversation, for the one who asks."""
    CHALLENGE = "challenge"
    """It was signed under another challenge than stands, or its number was used: sign anew."""


@dataclass(frozen=True, slots=True)
class Published:
    """Answers `Publish`."""

    held: int
    """One-time packages that are kept of the device."""

    def __post_init__(self) -> None:
        """Refuse what is out of bounds."""
        if not 0 <= self.held <= MOST_PACKAGES:
            raise InvalidInputError(f"held: from 0 to {MOST_PACKAGES}.")

    def to_object(self) -> dict[str, object]:
        """Return the answer as a JSON value."""
        return {"held": self.held}

    @classmethod
    def of_fields(cls, fields: JsonObject) -> Published:
        """Read the fields."""
        fields.only(("held",))
        return cls(whole(fields, "held"))


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """A device that has published, and whose certificate is in force."""

    device: str
    """`person/anna.rossi/phone`."""
    packages: int
    """One-time packages that are left of it."""

    def __post_init__(self) -> None:
        """Refuse what is out of bounds."""
        check_device("device", self.device)
        check_count("packages", self.packages)

    def to_object(self) -> dict[str, object]:
        """Return the device as a JSON value."""
        person = person_of(self.device)
        return {"person": person, "device": self.device, "packages": self.packages}

    @classmethod
    def of_object(cls, value: object) -> KnownDevice:
        """Read a JSON value."""
        fields = JsonObject.of(value, "A device")
        fields.only(("person", "device", "packages"))
        known = cls(fields.text("device", LONGEST_URI), whole(fields, "packages"))
        if fields.text("person", LONGEST_URI) != person_of(known.device):
            raise fields.wrong("person", "whose device it is")
        return known


@dataclass(frozen=True, slots=True)
class DevicesTold:
    """Answers `Devices`."""

    devices: tuple[KnownDevice, ...]

    def to_object(self) -> dict[str, object]:
        """Return the answer as a JSON value."""
        return {"devices": [each.to_object() for each in self.devices]}

    @classmethod
    def of_fields(cls, fields: JsonObject) -> DevicesTold:
        """Read the fields."""
        fields.only(("devices",))
        return cls(tuple(map(KnownDevice.of_object, fields.items("devices", MOST_KNOWN))))


@dataclass(frozen=True, slots=True)
class ClaimedPackage:
    """A key package of one device."""

    device: str
    octets: bytes
    last_resort: bool
    """Whether others get the same one too."""

    def __post_init__(self) -> None:
        """Refuse what is out of bounds."""
        check_device("device", self.device)
        check_octets("octets", self.octets, LARGEST_PACKAGE)

    def to_object(self) -> dict[str, object]:
        """Return the package as a JSON value."""
        octets = to_base64(self.octets)
        return {"device": self.device, "octets": octets, "last_resort": self.last_resort}

    @classmethod
    def of_object(cls, value: object) -> ClaimedPackage:
        """Read a JSON value."""
        fields = JsonObject.of(value, "A package")
        fields.only(("device", "octets", "last_resort"))
        octets = ciphertext(fields, "octets", LARGEST_PACKAGE)
        return cls(fields.text("device", LONGEST_URI), octets, truth(fields, "last_resort"))


@dataclass(frozen=True, slots=True)
class Claimed:
    """Answers `Packages`; of a device that has none there is none."""

    packages: tuple[ClaimedPackage, ...]

    def to_object(self) -> dict[str, object]:
        """Return the answer as a JSON value."""
        return {"packages": [each.to_object() for each in self.packages]}

    @classmethod
    def of_fields(cls, fields: JsonObject) -> Claimed:
        """Read the fields."""
        fields.only(("packages",))
        return cls(tuple(map(ClaimedPackage.of_object, fields.items("packages", MOST_DEVICES))))


@dataclass(frozen=True, slots=True)
class ConversationTold:
    """Answers `Conversation`."""

    group: str
    """Empty if none stands."""
    epoch: int
    """The one that the next commit ends; 0 if no group stands."""
    orderer: str
    """SPIFFE URI of whoever orders commits."""

    def __post_init__(self) -> None:
        """Refuse what is out of bounds."""
        if self.group:
            check_group("group", self.group)
        check_epoch(self.epoch)
        check_orderer(self.orderer)

    def to_object(self) -> dict[str, object]:
        """Return the answer as a JSON value."""
        return {"group": self.group, "epoch": str(self.epoch), "orderer": self.orderer}

    @classmethod
    def of_fields(cls, fields: JsonObject) -> ConversationTold:
        """Read the fields."""
        fields.only(("group", "epoch", "orderer"))
        group, orderer = fields.text("group", LONGEST_URI), fields.text("orderer", LONGEST_URI)
        return cls(group, epoch_of(fields), orderer)


@dataclass(frozen=True, slots=True)
class Begun:
    """Answers `Begin`: the group stands."""

    group: str
    orderer: str

    def __post_init__(self) -> None:
        """Refuse what is out of bounds."""
        check_group("group", self.group)
        check_orderer(self.orderer)

    def to_object(self) -> dict[str, object]:
        """Return the answer as a JSON value."""
        return {"group": self.group, "orderer": self.orderer}

    @classmethod
    def of_fields(cls, fields: JsonObject) -> Begun:
        """Read the fields."""
        fields.only(("group", "orderer"))
        return cls(fields.text("group", 2 * GROUP_ID_OCTETS), fields.text("orderer", LONGEST_URI))


@dataclass(frozen=True, slots=True)
class Ordered:
    """Answers `Commit`: it was named (`mail_notice`)."""

    notice: Envelope

    def to_object(self) -> dict[str, object]:
        """Return the answer as a JSON value."""
        return {"notice": self.notice.to_object()}

    @classmethod
    def of_fields(cls, fields: JsonObject) -> Ordered:
        """Read the fields; errors as `Envelope.of_object`."""
        fields.only(("notice",))
        return cls(Envelope.of_object(fields.fields.get("notice")))


@dataclass(frozen=True, slots=True)
class Stored:
    """Answers `Send`: it lies in the mailboxes, on the disk."""

    at: int
    """When it came there, POSIX milliseconds."""

    def __post_init__(self) -> None:
        """Refuse what is out of bounds."""
        check_count("at", self.at)

    def to_object(self) -> dict[str, object]:
        """Return the answer as a JSON value."""
        return {"at": self.at}

    @classmethod
    def of_fields(cls, fields: JsonObject) -> Stored:
        """Read the fields."""
        fields.only(("at",))
        return cls(whole(fields, "at"))


@dataclass(frozen=True, slots=True)
class Challenged:
    """Answers `Challenge`."""

    challenge: str
    """Of this device at this channel; 32 octets, hexadecimal."""

    def __post_init__(self) -> None:
        """Refuse what is out of bounds."""
        check_challenge(self.challenge)

    def to_object(self) -> dict[str, object]:
        """Return the answer as a JSON value."""
        return {"challenge": self.challenge}

    @classmethod
    def of_fields(cls, fields: JsonObject) -> Challenged:
        """Read the fields."""
        fields.only(("challenge",))
        return cls(fields.text("challenge", 2 * CHALLENGE_OCTETS))


@dataclass(frozen=True, slots=True)
class Done:
    """Answers `Taken`, `Attend` and `Leave`."""

    def to_object(self) -> dict[str, object]:
        """Return the answer as a JSON value."""
        return {}

    @classmethod
    def of_fields(cls, fields: JsonObject) -> Done:
        """Read the fields: none."""
        fields.only(())
        return cls()


AnyAnswer = (
    Published
    | DevicesTold
    | Claimed
    | ConversationTold
    | Begun
    | Ordered
    | Stored
    | Challenged
    | Done
    | Collected
)

_ANSWERS: Final[dict[type[AnyRequest], Callable[[JsonObject], AnyAnswer]]] = {
    Publish: Published.of_fields,
    Devices: DevicesTold.of_fields,
    Packages: Claimed.of_fields,
    Conversation: ConversationTold.of_fields,
    Begin: Begun.of_fields,
    Commit: Ordered.of_fields,
    Send: Stored.of_fields,
    Taken: Done.of_fields,
    Challenge: Challenged.of_fields,
    Collect: Collected.of_fields,
    Attend: Done.of_fields,
    Leave: Done.of_fields,
}


def read_answer(request: AnyRequest, value: object) -> AnyAnswer:
    """Return the answer to a request, of a parsed JSON value; nothing signed in it is genuine yet.

    InvalidInputError if it is none, CertificateError or ProfileError from certificates within.
    """
    return _ANSWERS[type(request)](JsonObject.of(value, "The answer"))

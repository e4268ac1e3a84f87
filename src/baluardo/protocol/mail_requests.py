"""What is asked of the post office for written messages: by a device, and by its edge alone.

The edge checks bounds by the same code before it forwards. Octets are base64 with padding (as
`opaque` of calls and the parts of envelopes are), devices `person/NAME/DEVICE`, epochs decimal
digits as text. What is encrypted stays so: nothing here looks into it. The device's own word under
what changes something (`mail_signed`) is no part of what is read here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, Self, TypeVar

from baluardo.errors import InvalidInputError
from baluardo.protocol.mail_fields import (
    DIGEST_OCTETS,
    LARGEST_ITEM,
    LARGEST_PACKAGE,
    LONGEST_KIND,
    MESSAGE_ID_OCTETS,
    MOST_DEVICES,
    PACKAGES_AT_ONCE,
    check_devices,
    check_epoch,
    check_group,
    check_hex,
    check_octets,
    check_people,
    check_person,
    ciphertext,
    epoch_of,
    paths,
)
from baluardo.protocol.mail_signed import split_word
from baluardo.protocol.message_fields import check_count, whole
from baluardo.trust.base64_text import to_base64
from baluardo.trust.identity import LONGEST_URI
from baluardo.trust.strict_json import JsonObject


@dataclass(frozen=True, slots=True)
class Publish:
    """Key packages of the asking device, for others to add it by."""

    kind: ClassVar[str] = "publish"

    packages: tuple[bytes, ...]
    """To be given out once each."""
    last_resort: bytes
    """Given out when the others are gone, as often as it takes; empty: the one that is kept."""

    def __post_init__(self) -> None:
        """Refuse what is out of bounds."""
        if len(self.packages) > PACKAGES_AT_ONCE:
            raise InvalidInputError(f"packages: at most {PACKAGES_AT_ONCE} at once.")
        for each in self.packages:
            check_octets("packages", each, LARGEST_PACKAGE)
        check_octets("last_resort", self.last_resort, LARGEST_PACKAGE, least=0)

    def to_object(self) -> dict[str, object]:
        """Return the request as a JSON value."""
        packages = [to_base64(each) for each in self.packages]
        last_resort = to_base64(self.last_resort)
        return {"kind": self.kind, "packages": packages, "last_resort": last_resort}

    @classmethod
    def of_fields(cls, fields: JsonObject) -> Publish:
        """Read the fields."""
        fields.only(("kind", "packages", "last_resort"))
        packages = tuple(
            ciphertext(JsonObject({"packages": each}, fields.what), "packages", LARGEST_PACKAGE)
            for each in fields.items("packages", PACKAGES_AT_ONCE)
        )
        return cls(packages, ciphertext(fields, "last_resort", LARGEST_PACKAGE))


@dataclass(frozen=True, slots=True)
class Devices:
    """Which devices of people can be written to."""

    kind: ClassVar[str] = "devices"

    people: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse what is out of bounds."""
        if not 1 <= len(self.people) <= 2 or len(set(self.people)) != len(self.people):
            raise InvalidInputError("people: one or two, each once.")
        for each in self.people:
            check_person("people", each)

    def to_object(self) -> dict[str, object]:
        """Return the request as a JSON value."""
        return {"kind": self.kind, "people": list(self.people)}

    @classmethod
    def of_fields(cls, fields: JsonObject) -> Devices:
        """Read the fields."""
        fields.only(("kind", "people"))
        return cls(paths(fields, "people", 2))


@dataclass(frozen=True, slots=True)
class Packages:
    """A key package of each of these devices."""

    kind: ClassVar[str] = "packages"

    devices: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse what is out of bounds."""
        check_devices("devices", self.devices)
        if not self.devices:
            raise InvalidInputError("devices: at least one.")

    def to_object(self) -> dict[str, object]:
        """Return the request as a JSON value."""
        return {"kind": self.kind, "devices": list(self.devices)}

    @classmethod
    def of_fields(cls, fields: JsonObject) -> Packages:
        """Read the fields."""
        fields.only(("kind", "devices"))
        return cls(paths(fields, "devices", MOST_DEVICES))


@dataclass(frozen=True, slots=True)
class Conversation:
    """Which group stands for the asking person and another one."""

    kind: ClassVar[str] = "conversation"

    other: str

    def __post_init__(self) -> None:
        """Refuse what is out of bounds."""
        check_person("other", self.other)

    def to_object(self) -> dict[str, object]:
        """Return the request as a JSON value."""
        return {"kind": self.kind, "other": self.other}

    @classmethod
    def of_fields(cls, fields: JsonObject) -> Conversation:
        """Read the fields."""
        fields.only(("kind", "other"))
        return cls(fields.text("other", LONGEST_URI))


@dataclass(frozen=True, slots=True)
class Begin:
    """Lets a new group stand for two people, if the one it takes the place of still does."""

    kind: ClassVar[str] = "begin"

    other: str
    group: str
    instead: str
    """The group whose place it takes; empty if none stands."""

    def __post_init__(self) -> None:
        """Refuse what is out of bounds."""
        check_person("other", self.other)
        check_group("group", self.group)
        if self.instead:
            check_group("instead", self.instead)
        if self.instead == self.group:
            raise InvalidInputError("instead: a group does not take its own place.")

    def to_object(self) -> dict[str, object]:
        """Return the request as a JSON value."""
        fields = {"other": self.other, "group": self.group, "instead": self.instead}
        return {"kind": self.kind, **fields}

    @classmethod
    def of_fields(cls, fields: JsonObject) -> Begin:
        """Read the fields."""
        fields.only(("kind", "other", "group", "instead"))
        return cls(
            fields.text("other", LONGEST_URI),
            fields.text("group", LONGEST_URI),
            fields.text("instead", LONGEST_URI),
        )


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit that is to end an epoch, with the welcome of those whom it adds."""

    kind: ClassVar[str] = "commit"

    group: str
    epoch: int
    """The epoch that it ends."""
    octets: bytes
    to: tuple[str, ...]
    """Devices that were members before, without the one that asks."""
    welcome: bytes
    """Empty if nobody is added."""
    added: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse what is out of bounds."""
        check_group("group", self.group)
        check_epoch(self.epoch)
        check_octets("octets", self.octets, LARGEST_ITEM)
        check_octets("welcome", self.welcome, LARGEST_ITEM, least=0)
        check_devices("to", self.to)
        check_devices("added", self.added)
        check_people("to, added", (*self.to, *self.added), 2)
        if bool(self.welcome) != bool(self.added):
            raise InvalidInputError("welcome: there is one if, and only if, devices are added.")

    def to_object(self) -> dict[str, object]:
        """Return the request as a JSON value."""
        return {
            "kind": self.kind,
            "group": self.group,
            "epoch": str(self.epoch),
            "octets": to_base64(self.octets),
            "to": list(self.to),
            "welcome": to_base64(self.welcome),
            "added": list(self.added),
        }

    @classmethod
    def of_fields(cls, fields: JsonObject) -> Commit:
        """Read the fields."""
        fields.only(("kind", "group", "epoch", "octets", "to", "welcome", "added"))
        return cls(
            fields.text("group", LONGEST_URI),
            epoch_of(fields),
            ciphertext(fields, "octets", LARGEST_ITEM),
            paths(fields, "to", MOST_DEVICES),
            ciphertext(fields, "welcome", LARGEST_ITEM),
            paths(fields, "added", MOST_DEVICES),
        )


@dataclass(frozen=True, slots=True)
class Send:
    """A message to devices of a conversation."""

    kind: ClassVar[str] = "send"

    id: str
    """Drawn by the sender: the same again is delivered once. 16 octets, hexadecimal."""
    group: str
    to: tuple[str, ...]
    octets: bytes

    def __post_init__(self) -> None:
        """Refuse what is out of bounds."""
        check_hex("id", self.id, MESSAGE_ID_OCTETS)
        check_group("group", self.group)
        check_devices("to", self.to)
        check_people("to", self.to, 2)
        if not self.to:
            raise InvalidInputError("to: at least one device.")
        check_octets("octets", self.octets, LARGEST_ITEM)

    def to_object(self) -> dict[str, object]:
        """Return the request as a JSON value."""
        return {
            "kind": self.kind,
            "id": self.id,
            "group": self.group,
            "to": list(self.to),
            "octets": to_base64(self.octets),
        }

    @classmethod
    def of_fields(cls, fields: JsonObject) -> Send:
        """Read the fields."""
        fields.only(("kind", "id", "group", "to", "octets"))
        return cls(
            fields.text("id", LONGEST_URI),
            fields.text("group", LONGEST_URI),
            paths(fields, "to", MOST_DEVICES),
            ciphertext(fields, "octets", LARGEST_ITEM),
        )


@dataclass(frozen=True, slots=True)
class Taken:
    """The device keeps everything up to a number, as it was brought: it leaves the mailbox."""

    kind: ClassVar[str] = "taken"

    upto: int
    items: str
    """What it was brought, by `mail_items.name_of`: where that is not what lies in the mailbox,
    nothing leaves it."""

    def __post_init__(self) -> None:
        """Refuse what is out of bounds."""
        check_count("upto", self.upto)
        check_hex("items", self.items, DIGEST_OCTETS)

    def to_object(self) -> dict[str, object]:
        """Return the request as a JSON value."""
        return {"kind": self.kind, "upto": self.upto, "items": self.items}

    @classmethod
    def of_fields(cls, fields: JsonObject) -> Taken:
        """Read the fields."""
        fields.only(("kind", "upto", "items"))
        return cls(whole(fields, "upto"), fields.text("items", 2 * DIGEST_OCTETS))


@dataclass(frozen=True, slots=True)
class _Bare:
    """A request that says nothing but its kind."""

    kind: ClassVar[str]

    def to_object(self) -> dict[str, object]:
        """Return the request as a JSON value."""
        return {"kind": self.kind}

    @classmethod
    def of_fields(cls, fields: JsonObject) -> Self:
        """Read the fields: none but the kind."""
        fields.only(("kind",))
        return cls()


@dataclass(frozen=True, slots=True)
class Challenge(_Bare):
    """Under what the device is to sign what it asks, until it attends anew."""

    kind: ClassVar[str] = "challenge"


@dataclass(frozen=True, slots=True)
class Collect(_Bare):
    """What waits in the device's mailbox, the oldest first; nothing leaves it by that."""

    kind: ClassVar[str] = "collect"


@dataclass(frozen=True, slots=True)
class Attend(_Bare):
    """The device sits at this edge: its attendance comes along, and is remembered."""

    kind: ClassVar[str] = "attend"


@dataclass(frozen=True, slots=True)
class Leave(_Bare):
    """The device sits at this edge no more."""

    kind: ClassVar[str] = "leave"


DeviceRequest = (
    Publish | Devices | Packages | Conversation | Begin | Commit | Send | Taken | Challenge
)
"""What a browser may ask."""
EdgeRequest = Collect | Attend | Leave
"""What its edge asks by itself."""
AnyRequest = DeviceRequest | EdgeRequest

_OF_DEVICES: Final[dict[str, Callable[[JsonObject], DeviceRequest]]] = {
    Publish.kind: Publish.of_fields,
    Devices.kind: Devices.of_fields,
    Packages.kind: Packages.of_fields,
    Conversation.kind: Conversation.of_fields,
    Begin.kind: Begin.of_fields,
    Commit.kind: Commit.of_fields,
    Send.kind: Send.of_fields,
    Taken.kind: Taken.of_fields,
    Challenge.kind: Challenge.of_fields,
}
_OF_ANY: Final[dict[str, Callable[[JsonObject], AnyRequest]]] = {
    **_OF_DEVICES,
    Collect.kind: Collect.of_fields,
    Attend.kind: Attend.of_fields,
    Leave.kind: Leave.of_fields,
}

_R = TypeVar("_R", bound=AnyRequest)


def read_device_request(value: object) -> DeviceRequest:
    """Return what a browser asks, of a parsed JSON value; InvalidInputError if it is nothing."""
    return _read(value, _OF_DEVICES)


def read_request(value: object) -> AnyRequest:
    """Return what a device or its edge asks; InvalidInputError if it is nothing."""
    return _read(value, _OF_ANY)


def _read(value: object, readers: Mapping[str, Callable[[JsonObject], _R]]) -> _R:
    fields, _ = split_word(value)
    reader = readers.get(fields.text("kind", LONGEST_KIND))
    if reader is None:
        raise fields.wrong("kind", f"one of {', '.join(readers)}")
    return reader(fields)

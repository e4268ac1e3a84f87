"""What lies in a device's mailbox, as it is handed out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from baluardo.calls.bodies import check_device
from baluardo.errors import InvalidInputError
from baluardo.protocol.mail_fields import (
    GROUP_ID_OCTETS,
    LARGEST_ITEM,
    LONGEST_KIND,
    MOST_ITEMS,
    check_group,
    check_octets,
    ciphertext,
    truth,
)
from baluardo.protocol.message_fields import check_count, whole
from baluardo.trust.base64_text import to_base64
from baluardo.trust.digest import digest_256
from baluardo.trust.envelope import Envelope
from baluardo.trust.identity import LONGEST_URI
from baluardo.trust.strict_json import JsonObject, write_json


class ItemKind(StrEnum):
    """What lies in a mailbox."""

    MESSAGE = "message"
    COMMIT = "commit"
    WELCOME = "welcome"


@dataclass(frozen=True, slots=True)
class MailItem:
    """One thing that lies in a mailbox."""

    number: int
    """Rises with every item of this mailbox, and is never used again."""
    sender: str
    """The device that sent it, as the authority knows it: `from`."""
    kind: ItemKind
    group: str
    at: int
    """When it came there, POSIX milliseconds."""
    octets: bytes
    notice: Envelope | None
    """With a commit."""

    def __post_init__(self) -> None:
        """Refuse what is out of bounds."""
        check_count("number", self.number)
        check_device("from", self.sender)
        check_group("group", self.group)
        check_count("at", self.at)
        check_octets("octets", self.octets, LARGEST_ITEM)
        if (self.notice is None) != (self.kind is not ItemKind.COMMIT):
            raise InvalidInputError("notice: with a commit, and only with one.")

    def to_object(self) -> dict[str, object]:
        """Return the item as a JSON value, which a browser is told as it is."""
        return {
            "number": self.number,
            "from": self.sender,
            "kind": self.kind.value,
            "group": self.group,
            "at": self.at,
            "octets": to_base64(self.octets),
            "notice": None if self.notice is None else self.notice.to_object(),
        }

    @classmethod
    def of_object(cls, value: object) -> MailItem:
        """Read a JSON value; errors as `Envelope.of_object`."""
        fields = JsonObject.of(value, "An item")
        fields.only(("number", "from", "kind", "group", "at", "octets", "notice"))
        try:
            kind = ItemKind(fields.text("kind", LONGEST_KIND))
        except ValueError:
            raise fields.wrong("kind", ", ".join(ItemKind)) from None
        notice = fields.fields.get("notice", "")
        return cls(
            whole(fields, "number"),
            fields.text("from", LONGEST_URI),
            kind,
            fields.text("group", 2 * GROUP_ID_OCTETS),
            whole(fields, "at"),
            ciphertext(fields, "octets", LARGEST_ITEM),
            None if notice is None else Envelope.of_object(notice),
        )


def digest_of(item: MailItem) -> bytes:
    """Return what stands for an item as it is handed out: SHA-256 of its canonical JSON."""
    return digest_256(write_json(item.to_object()))


def name_of(digests: bytes) -> str:
    """Return by what `taken` names items: SHA-256 of their digests in their order, hexadecimal."""
    return digest_256(digests).hex()


@dataclass(frozen=True, slots=True)
class Collected:
    """Answers `Collect`."""

    items: tuple[MailItem, ...]
    """The oldest first; they stay in the mailbox until they are taken."""
    more: bool
    """Whether others wait beyond them."""

    def __post_init__(self) -> None:
        """Refuse numbers that do not rise."""
        numbers = [each.number for each in self.items]
        if numbers != sorted(set(numbers)):
            raise InvalidInputError("items: their numbers must rise.")

    def to_object(self) -> dict[str, object]:
        """Return the answer as a JSON value."""
        return {"items": [each.to_object() for each in self.items], "more": self.more}

    @classmethod
    def of_fields(cls, fields: JsonObject) -> Collected:
        """Read the fields; errors as `Envelope.of_object`."""
        fields.only(("items", "more"))
        items = tuple(map(MailItem.of_object, fields.items("items", MOST_ITEMS)))
        return cls(items, truth(fields, "more"))

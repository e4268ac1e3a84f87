"""What is told after a commit: that something happened. What it was stands in the database.

An event that is lost delays (until the next one, or the next look at the database), never decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from baluardo.errors import InvalidInputError
from baluardo.trust.strict_json import JsonObject, write_json

LARGEST_EVENT: Final = 1_024
MOST_ENTRIES: Final = 1 << 53


class EventKind(StrEnum):
    """What has changed."""

    LOG = "log"
    """Entries were written."""
    LISTS = "lists"
    """A revocation list was published."""
    POLICY = "policy"
    """Another policy is in force."""
    BREAK_GLASS = "break-glass"
    """Somebody has broken the glass."""
    CARDS = "cards"
    """A site's tunnel card came, or was taken out of the directory."""
    MAIL = "mail"
    """Something came into mailboxes. No entry of the log tells of it."""
    WARNINGS = "warnings"
    """A warning was released or cancelled: something is to go out."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened."""

    kind: EventKind
    authority: str
    """Name of the authority that did it, so that it knows its own."""
    size: int
    """Entries in the log by then."""

    def to_octets(self) -> bytes:
        """Return it as strict JSON."""
        return write_json({"kind": self.kind.value, "authority": self.authority, "size": self.size})

    @classmethod
    def of_octets(cls, octets: bytes) -> Event:
        """Read one; InvalidInputError if it is none."""
        fields = JsonObject.parse(octets, LARGEST_EVENT, "The event")
        fields.only(("kind", "authority", "size"))
        try:
            kind = EventKind(fields.text("kind", 32))
        except ValueError:
            raise InvalidInputError("The event is of a kind that is not known here.") from None
        size = fields.number("size")
        if not size.is_integer() or not 0 <= size <= MOST_ENTRIES:
            raise fields.wrong("size", "a whole number of entries")
        return cls(kind, fields.text("authority", 120), int(size))

"""A broadcast message as it travels to whoever puts it on the air: octets, nothing to interpret."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from baluardo.emergency.broadcast.message import BroadcastMessage
from baluardo.errors import InvalidInputError
from baluardo.trust.base64_text import of_either_base64, to_base64
from baluardo.trust.strict_json import JsonObject

MOST_PAGES: Final = 15
"""3GPP TS 23.041, 9.4.1.2.4: four bits, and 0 counts as 1."""
PAGE_OCTETS: Final = 82
"""Of content (9.4.1.2.5)."""
LONGEST_PAGE: Final = PAGE_OCTETS + 1
"""With how many of them are used, as a CB data element has it (9.4.2.2.5)."""
LARGEST_AREA: Final = 1_024
"""Warning-area coordinates: ten bits count the octets of each part."""
LONGEST_TEXT: Final = 1_395
LONGEST_LANGUAGE: Final = 16
SIXTEEN_BITS: Final = 0xFFFF
LONGEST_REPETITION_S: Final = 86_400.0

_FIELDS = (
    "message_id",
    "serial",
    "dcs",
    "language",
    "text",
    "pages",
    "area",
    "repetition_s",
    "broadcasts",
)


@dataclass(frozen=True, slots=True)
class AirMessage:
    """One message in one language."""

    message_id: int
    serial: int
    """Sixteen bits: geographical scope, message code and update number (9.4.1.2.1)."""
    dcs: int
    """Data coding scheme (TS 23.038, 5)."""
    language: str
    text: str
    pages: tuple[bytes, ...]
    area: bytes
    """Warning-area coordinates with their length; empty if phones are to show it everywhere."""
    repetition_s: float
    broadcasts: int
    """How many are planned; 0 means until it expires."""

    def __post_init__(self) -> None:
        """Refuse what no network could broadcast; InvalidInputError names the field."""
        for field, most in (
            ("message_id", SIXTEEN_BITS),
            ("serial", SIXTEEN_BITS),
            ("dcs", 0xFF),
            ("broadcasts", SIXTEEN_BITS),
        ):
            if not 0 <= getattr(self, field) <= most:
                raise InvalidInputError(f"A message's {field} is a whole number from 0 to {most}.")
        if not 0 < len(self.pages) <= MOST_PAGES:
            raise InvalidInputError(f"A message has 1 to {MOST_PAGES} pages.")
        if any(not 0 < len(page) <= LONGEST_PAGE for page in self.pages):
            raise InvalidInputError(f"A page has 1 to {LONGEST_PAGE} octets.")
        if len(self.area) > LARGEST_AREA:
            raise InvalidInputError(f"Warning-area coordinates have at most {LARGEST_AREA} octets.")
        if not (math.isfinite(self.repetition_s) and self.repetition_s > 0.0):
            raise InvalidInputError("A message's repetition_s is above 0.")
        if self.repetition_s > LONGEST_REPETITION_S:
            raise InvalidInputError("A message is repeated at least once a day.")

    @classmethod
    def of(cls, message: BroadcastMessage) -> AirMessage:
        """Return the message as it travels."""
        return cls(
            message.message_id,
            message.serial.to_int(),
            message.coding.dcs,
            message.language,
            message.text,
            message.pages,
            message.area,
            message.repetition_s,
            message.broadcasts,
        )

    def to_object(self) -> dict[str, object]:
        """Return the message as a JSON value."""
        return {
            "message_id": self.message_id,
            "serial": self.serial,
            "dcs": self.dcs,
            "language": self.language,
            "text": self.text,
            "pages": [to_base64(page) for page in self.pages],
            "area": to_base64(self.area),
            "repetition_s": self.repetition_s,
            "broadcasts": self.broadcasts,
        }

    @classmethod
    def of_object(cls, value: object) -> AirMessage:
        """Read a JSON value; InvalidInputError says what is wrong with it."""
        fields = JsonObject.of(value, "A message of the request")
        fields.only(_FIELDS)
        return cls(
            whole(fields, "message_id"),
            whole(fields, "serial"),
            whole(fields, "dcs"),
            fields.text("language", LONGEST_LANGUAGE),
            fields.text("text", LONGEST_TEXT),
            tuple(_page(each, fields) for each in fields.items("pages", MOST_PAGES)),
            fields.octets("area", LARGEST_AREA),
            fields.number("repetition_s"),
            whole(fields, "broadcasts"),
        )


def whole(fields: JsonObject, name: str) -> int:
    """Return a whole number that is written as one."""
    value = fields.fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise fields.wrong(name, "a whole number")
    return value


def _page(value: object, fields: JsonObject) -> bytes:
    if not isinstance(value, str) or len(value) > (LONGEST_PAGE + 2) // 3 * 4:
        raise fields.wrong("pages", "a list of pages in base64")
    return of_either_base64(value)

"""A message of cell broadcast as values: serial number, coding scheme, pages."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from baluardo.emergency.broadcast.alphabet import Alphabet
from baluardo.emergency.broadcast.data_coding import (
    GSM7_INDICATED,
    LISTED,
    UCS2,
    UCS2_INDICATED,
    UNSPECIFIED,
    read_scheme,
)
from baluardo.errors import InvalidInputError
from baluardo.trust.base64_text import of_either_base64, to_base64
from baluardo.trust.strict_json import JsonObject, write_json

PAGE_OCTETS: Final = 82
"""Content of a page (3GPP TS 23.041, 9.4.2.2.5)."""
MOST_PAGES: Final = 15
MESSAGE_CODES: Final = 1_024
UPDATE_NUMBERS: Final = 16
_LARGEST_JSON: Final = 64 * 1024
_LONGEST_TEXT: Final = 1_395
_LARGEST_AREA: Final = 1_024


@dataclass(frozen=True, slots=True)
class SerialNumber:
    """Which message, and which edition of it (3GPP TS 23.041, 9.4.1.2.1)."""

    geographical_scope: int
    """0 cell, shown at once; 1 network; 2 location or tracking area; 3 cell."""
    message_code: int
    update_number: int

    def __post_init__(self) -> None:
        """Refuse what does not fit into its bits."""
        for field, count in (
            ("geographical_scope", 4),
            ("message_code", MESSAGE_CODES),
            ("update_number", UPDATE_NUMBERS),
        ):
            value = getattr(self, field)
            if not 0 <= value < count:
                raise InvalidInputError(f"{field} {value} is not between 0 and {count - 1}.")

    def to_int(self) -> int:
        """Return its sixteen bits."""
        return self.geographical_scope << 14 | self.message_code << 4 | self.update_number

    @classmethod
    def of_int(cls, value: int) -> SerialNumber:
        """Read its sixteen bits; InvalidInputError for more."""
        if not 0 <= value <= 0xFFFF:
            raise InvalidInputError(f"{value} is no serial number of 16 bits.")
        return cls(value >> 14, value >> 4 & 0x3FF, value & 0xF)


@dataclass(frozen=True, slots=True)
class Coding:
    """The data coding scheme of a message (3GPP TS 23.038, section 5)."""

    dcs: int

    @classmethod
    def of(cls, alphabet: Alphabet, language: str, *, additional: bool = False) -> Coding:
        """Return the scheme of a text in a language (its primary tag, "it").

        additional: broadcast under the identifier of additional languages, where a phone must be
        told the language to choose by it; where no octet says it, each page begins with it.
        """
        if alphabet is Alphabet.GSM7:
            unlisted = GSM7_INDICATED if additional else UNSPECIFIED
            return cls(LISTED.get(language, unlisted))
        return cls(UCS2_INDICATED if additional else UCS2)

    @property
    def alphabet(self) -> Alphabet:
        """Which alphabet its pages are in; InvalidInputError for none that is read here."""
        return read_scheme(self.dcs)[0]

    @property
    def language(self) -> str:
        """The language that the octet names; empty where it names none."""
        return read_scheme(self.dcs)[1]

    @property
    def indicated(self) -> bool:
        """Whether each page begins with the language."""
        return self.dcs in (GSM7_INDICATED, UCS2_INDICATED)

    @property
    def name_shown(self) -> str:
        """What people call its alphabet."""
        return self.alphabet.name_shown

    @property
    def page_characters(self) -> int:
        """How many characters a page holds (of GSM 7 bit: septets)."""
        if self.alphabet is Alphabet.GSM7:
            return 90 if self.indicated else 93
        return 40 if self.indicated else 41


@dataclass(frozen=True, slots=True)
class BroadcastMessage:
    """What is broadcast under one message identifier, in one language."""

    message_id: int
    serial: SerialNumber
    coding: Coding
    language: str
    """Primary tag, such as "it"."""
    text: str
    pages: tuple[bytes, ...]
    """Each 82 octets of content and one that counts those used (9.4.2.2.5)."""
    area: bytes
    """Warning-area coordinates with their length; empty if phones are to show it everywhere."""
    repetition_s: float
    broadcasts: int
    """How many are planned; 0 means until it expires."""

    def octets(self) -> bytes:
        """Return it as it is stored: one JSON text."""
        return write_json(
            {
                "message_id": self.message_id,
                "serial": self.serial.to_int(),
                "dcs": self.coding.dcs,
                "language": self.language,
                "text": self.text,
                "pages": [to_base64(page) for page in self.pages],
                "area": to_base64(self.area),
                "repetition_s": self.repetition_s,
                "broadcasts": self.broadcasts,
            }
        )

    @classmethod
    def of_octets(cls, octets: bytes) -> BroadcastMessage:
        """Read what `octets` has written; InvalidInputError says what is wrong with it."""
        fields = JsonObject.parse(octets, _LARGEST_JSON, "The stored message")
        fields.only((*cls.__slots__, "dcs"))
        pages = tuple(_stored_page(each) for each in fields.items("pages", MOST_PAGES))
        if not pages:
            raise fields.wrong("pages", "at least one page")
        repetition_s = fields.number("repetition_s")
        if not (math.isfinite(repetition_s) and repetition_s > 0.0):
            raise fields.wrong("repetition_s", "above 0")
        return cls(
            _whole(fields, "message_id", 0xFFFF),
            SerialNumber.of_int(_whole(fields, "serial", 0xFFFF)),
            Coding(_whole(fields, "dcs", 0xFF)),
            fields.text("language", 16),
            fields.text("text", _LONGEST_TEXT),
            pages,
            fields.octets("area", _LARGEST_AREA),
            repetition_s,
            _whole(fields, "broadcasts", 0xFFFF),
        )


def _whole(fields: JsonObject, name: str, most: int) -> int:
    value = fields.fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise fields.wrong(name, f"a whole number from 0 to {most}")
    return value


def _stored_page(value: object) -> bytes:
    page = of_either_base64(value) if isinstance(value, str) and len(value) <= 112 else b""
    if len(page) != PAGE_OCTETS + 1:
        raise InvalidInputError(
            f"The stored message: each page is {PAGE_OCTETS + 1} octets in base64."
        )
    return page

"""The alphabets of cell broadcast: GSM 7 bit with its extension, and UCS-2 (3GPP TS 23.038).

Texts that GSM 7 bit can write take 7 bits a character; one character that it cannot write makes
the whole text UCS-2, which takes 16.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted

BASIC: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The default alphabet by its codes (TS 23.038, 6.2.1)."""
EXTENSION: Final = {
    "\f": 0x0A,
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}
"""Characters behind an escape (6.2.1.1): each takes two septets."""
ESCAPE: Final = 0x1B
CARRIAGE_RETURN: Final = 0x0D

_SEPTETS: Final[dict[str, bytes]] = {
    **{character: bytes([code]) for code, character in enumerate(BASIC) if code != ESCAPE},
    **{character: bytes([ESCAPE, code]) for character, code in EXTENSION.items()},
}
_BEYOND_UCS2: Final = re.compile("[\ud800-\udfff\U00010000-\U0010ffff]")
"""Characters beyond 16 bits, emoji too, and halves of them."""

_BEHIND_ESCAPE: Final = {code: character for character, code in EXTENSION.items()}


class Alphabet(Enum):
    """How the characters of a message are written."""

    GSM7 = "gsm-7"
    UCS2 = "ucs-2"

    @property
    def name_shown(self) -> str:
        """What people call it."""
        return "GSM-7" if self is Alphabet.GSM7 else "UCS-2"


def is_gsm7(character: str) -> bool:
    """Tell whether GSM 7 bit can write a character."""
    return character in _SEPTETS


def alphabet_of(text: str) -> Alphabet:
    """Return the shortest alphabet that can write a text."""
    return Alphabet.GSM7 if _SEPTETS.keys() >= set(text) else Alphabet.UCS2


def septets_of(text: str) -> bytes:
    """Return a text in septets, one an octet; InvalidInputError names what cannot be written."""
    try:
        return b"".join([_SEPTETS[character] for character in text])
    except KeyError as missing:
        raise InvalidInputError(
            f"{quoted(missing.args[0])} cannot be written in GSM 7 bit."
        ) from None


def text_of_septets(septets: bytes) -> str:
    """Return the text of septets, of which the lower seven bits count.

    What no table knows behind an escape is shown as the default alphabet has it, as phones do
    (6.2.1.1); an escape with nothing behind it is nothing.
    """
    characters, escaped = [], False
    for septet in septets:
        code = septet & 0x7F
        if escaped:
            # An escape behind an escape announces a table that was never defined: a blank.
            characters.append(_BEHIND_ESCAPE.get(code, " " if code == ESCAPE else BASIC[code]))
            escaped = False
        elif code == ESCAPE:
            escaped = True
        else:
            characters.append(BASIC[code])
    return "".join(characters)


def packed(septets: bytes) -> bytes:
    """Return septets packed into octets, the first in the lowest bits (6.1.2.2)."""
    value = 0
    for place, septet in enumerate(septets):
        value |= (septet & 0x7F) << 7 * place
    return value.to_bytes((7 * len(septets) + 7) // 8, "little")


def unpacked(octets: bytes, count: int) -> bytes:
    """Return so many septets of packed octets; InvalidInputError if there are not so many."""
    if not 0 <= 7 * count <= 8 * len(octets):
        raise InvalidInputError(f"{len(octets)} octets do not hold {count} septets.")
    value = int.from_bytes(octets, "little")
    return bytes(value >> 7 * place & 0x7F for place in range(count))


def ucs2_of(text: str) -> bytes:
    """Return a text in UCS-2, big-endian; InvalidInputError for characters beyond its 16 bits."""
    beyond = _BEYOND_UCS2.search(text)
    if beyond:
        raise InvalidInputError(
            f"{quoted(beyond[0])} cannot be broadcast: UCS-2 knows 16 bits a character. "
            "Leave it out."
        )
    return text.encode("utf-16-be")


def text_of_ucs2(octets: bytes) -> str:
    """Return the text of UCS-2 octets, as phones read it: what is no character becomes U+FFFD."""
    return octets.decode("utf-16-be", "replace")

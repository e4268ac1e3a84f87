"""The octet that says how a message of cell broadcast is written (3GPP TS 23.038, section 5)."""

from __future__ import annotations

from typing import Final

from baluardo.emergency.broadcast.alphabet import Alphabet
from baluardo.errors import InvalidInputError

LISTED: Final = {
    **{
        language: code
        for code, language in enumerate(
            ("de", "en", "it", "fr", "es", "nl", "sv", "da", "pt", "fi", "no", "el", "tr", "hu")
        )
    },
    "pl": 0x0E,
    "cs": 0x20,
    "he": 0x21,
    "ar": 0x22,
    "ru": 0x23,
    "is": 0x24,
}
"""Languages that the octet itself names, in GSM 7 bit (coding groups 0000 and 0010)."""
UNSPECIFIED: Final = 0x0F
"""GSM 7 bit, language not said (group 0000)."""
GSM7_INDICATED: Final = 0x10
"""GSM 7 bit; each page begins with two letters of language and a carriage return (group 0001)."""
UCS2_INDICATED: Final = 0x11
"""UCS-2; each page begins with two septets of language, filled up to two octets (group 0001)."""
UCS2: Final = 0x48
"""UCS-2, uncompressed, without a message class, language not said (group 01xx)."""

_NAMED: Final = {code: language for language, code in LISTED.items()}


def read_scheme(octet: int) -> tuple[Alphabet, str]:
    """Return the alphabet and the language of an octet, empty where it names none.

    InvalidInputError for schemes that carry no text to show: compressed, 8 bit, reserved.
    """
    if octet in _NAMED:
        return Alphabet.GSM7, _NAMED[octet]
    if octet in (UNSPECIFIED, GSM7_INDICATED):
        return Alphabet.GSM7, ""
    if octet == UCS2_INDICATED:
        return Alphabet.UCS2, ""
    general = octet >> 5 == 0b010  # group 01xx without compression
    if general and octet & 0b1100 == 0b0000:
        return Alphabet.GSM7, ""
    if general and octet & 0b1100 == 0b1000:
        return Alphabet.UCS2, ""
    if octet & 0b1111_0100 == 0b1111_0000:  # group 1111 with a message class
        return Alphabet.GSM7, ""
    raise InvalidInputError(f"Data coding scheme {octet} carries no text that is read here.")

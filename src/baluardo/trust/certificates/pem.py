"""Text armour of DER (RFC 7468), read strictly and within bounds."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

from baluardo.errors import CertificateError

CERTIFICATE: Final = "CERTIFICATE"
REVOCATION_LIST: Final = "X509 CRL"
REQUEST: Final = "CERTIFICATE REQUEST"

_BLOCK: Final = re.compile(
    r"-----BEGIN ([A-Z0-9 ]{1,40})-----\s([A-Za-z0-9+/=\s]*)-----END ([A-Z0-9 ]{1,40})-----\s*",
    re.ASCII,
)


def armour(der: bytes, label: str) -> str:
    """Return one block: its label and 64 characters of base64 a line."""
    whole = base64.b64encode(der).decode()
    body = "\n".join(whole[place : place + 64] for place in range(0, len(whole), 64))
    return f"-----BEGIN {label}-----\n{body}\n-----END {label}-----\n"


def blocks(text: bytes | str, most_octets: int) -> list[tuple[str, bytes]]:
    """Return label and DER of every block; CertificateError unless the text is nothing but blocks.

    At most `most_octets` are looked at; a longer text is refused.
    """
    if len(text) > most_octets:
        raise CertificateError(f"This is longer than the {most_octets} octets it may have.")
    try:
        whole = text.decode("ascii") if isinstance(text, bytes) else text
    except UnicodeDecodeError:
        raise CertificateError("This is no PEM: it holds octets that are not ASCII.") from None
    found, position = [], len(whole) - len(whole.lstrip())
    while position < len(whole):
        match = _BLOCK.match(whole, position)
        if match is None or match[1] != match[3]:
            raise CertificateError(
                "This is no PEM: -----BEGIN NAME-----, lines of base64, -----END NAME-----, and "
                "nothing else."
            )
        found.append((match[1], _der(match[2])))
        position = match.end()
    return found


def _der(body: str) -> bytes:
    try:
        return base64.b64decode("".join(body.split()), validate=True)
    except (binascii.Error, ValueError):
        raise CertificateError("A PEM block is no base64.") from None

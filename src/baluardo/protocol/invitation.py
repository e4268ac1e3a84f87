"""The invitation to a first contact: where to go, whom to trust there, and a secret to be let in.

It travels by hand: a text, a link, or a QR code. The root's fingerprint in it is what the one who
is invited starts from, so a server that only pretends is found out; the secret works once.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import segno

from baluardo.errors import InvalidInputError
from baluardo.foreign_input import printable
from baluardo.protocol.web_address import check_address
from baluardo.trust.base64_text import of_base64url, to_base64url
from baluardo.trust.certificates.dates import LATEST
from baluardo.trust.identity import LONGEST_URI, Identity
from baluardo.trust.secret import Secret
from baluardo.trust.strict_json import JsonObject, write_json
from baluardo.trust.suites import PROFILES

VERSION: Final = 1
PREFIX: Final = "baluardo-invitation:"
LONGEST_TEXT: Final = 2_048
"""Characters; a QR code of version 40 holds 2,331 octets at error correction M (ISO/IEC 18004)."""
MOST_ADDRESSES: Final = 4
ROOT_OCTETS: Final = 32
SECRET_OCTETS: Final = 16
QUIET_ZONE: Final = 4
"""Modules of white around a QR code (ISO/IEC 18004)."""

_FIELDS: Final = (
    "v",
    "addresses",
    "community",
    "profile",
    "root",
    "identity",
    "expires",
    "secret",
)


@dataclass(frozen=True, slots=True)
class Invitation:
    """What one who is invited holds before anything else."""

    addresses: tuple[str, ...]
    """Of the authority's pages, the one to try first in front."""
    identity: Identity
    """Who they are to be, and of which community."""
    profile: str
    root: bytes
    """SHA-256 of the certificate of a root in force, 32 octets: name the oldest one, as newer ones
    follow from it."""
    expires: float
    """POSIX seconds."""
    secret: Secret
    """16 octets; never shown."""

    def __post_init__(self) -> None:
        """Refuse what leads nowhere."""
        if not 1 <= len(self.addresses) <= MOST_ADDRESSES:
            raise InvalidInputError(f"An invitation names 1 to {MOST_ADDRESSES} addresses.")
        for address in self.addresses:
            check_address("An invitation's address", address)
        if self.profile not in PROFILES:
            raise InvalidInputError(f"The profiles are {', '.join(PROFILES)}.")
        if len(self.root) != ROOT_OCTETS or len(self.secret) != SECRET_OCTETS:
            raise InvalidInputError(
                f"An invitation holds a fingerprint of {ROOT_OCTETS} octets and a secret of "
                f"{SECRET_OCTETS}."
            )
        if not (math.isfinite(self.expires) and 0 < self.expires <= LATEST):
            raise InvalidInputError("An invitation expires after 1970, before the year 10000.")

    @property
    def community(self) -> str:
        """The community that invites."""
        return self.identity.community

    def to_text(self) -> str:
        """Return the text that is handed over. It holds the secret: do not log it."""
        body = {
            "v": VERSION,
            "addresses": list(self.addresses),
            "community": self.community,
            "profile": self.profile,
            "root": self.root.hex(),
            "identity": self.identity.path,
            "expires": self.expires,
            "secret": to_base64url(self.secret.reveal()),
        }
        return PREFIX + to_base64url(write_json(body))

    def link(self, site_url: str) -> str:
        """Return a link for a browser: what stands behind `#` is sent to no server."""
        check_address("site_url", site_url)
        return f"{site_url}/enrol#{self.to_text()}"

    @classmethod
    def of_text(cls, text: str) -> Invitation:
        """Read the text; InvalidInputError says what is wrong, and shows nothing of it."""
        stripped = text.strip()
        if len(stripped) > LONGEST_TEXT or not stripped.startswith(PREFIX):
            raise InvalidInputError(
                f"This is no invitation: it begins with {PREFIX} and has at most {LONGEST_TEXT:,} "
                "characters. Copy it whole."
            )
        try:
            octets = of_base64url(stripped.removeprefix(PREFIX))
            fields = JsonObject.parse(octets, LONGEST_TEXT, "The invitation")
        except InvalidInputError:
            raise InvalidInputError(
                "This invitation cannot be read: it was cut or altered. Copy it whole, or ask for "
                "a new one."
            ) from None
        return _of_fields(fields)


def _of_fields(fields: JsonObject) -> Invitation:
    fields.only(_FIELDS)
    if fields.number("v") != VERSION:
        raise InvalidInputError(
            "This invitation is of a later form. Take a newer program, or ask for another."
        )
    addresses = []
    for each in fields.items("addresses", MOST_ADDRESSES):
        if not isinstance(each, str):
            raise fields.wrong("addresses", "a list of addresses")
        addresses.append(each)
    return Invitation(
        tuple(addresses),
        Identity.of_path(fields.text("community", 63), fields.text("identity", LONGEST_URI)),
        fields.text("profile", 32),
        _root(fields),
        fields.number("expires"),
        _secret(fields),
    )


def _root(fields: JsonObject) -> bytes:
    text = fields.text("root", 2 * ROOT_OCTETS)
    try:
        root = bytes.fromhex(text)
    except ValueError:
        root = b""
    if root.hex() != text:
        raise fields.wrong("root", f"{ROOT_OCTETS} octets in small hexadecimal digits")
    return root


def _secret(fields: JsonObject) -> Secret:
    """Return the secret; no sentence may quote it."""
    text = fields.fields.get("secret")
    try:
        if isinstance(text, str) and len(text) <= 2 * SECRET_OCTETS:
            return Secret(of_base64url(text))
    except InvalidInputError:
        pass
    raise InvalidInputError("The invitation: secret must be base64url. Copy it whole.")


def qr_svg(text: str, title: str) -> str:
    """Return a text as a QR code in SVG, with a title for screen readers.

    Black on white whatever the page's colours, as cameras want it; no style attribute, which the
    pages' content security policy refuses. InvalidInputError for more than a code holds.
    """
    side, path = qr_path(text)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" role="img" '
        f'shape-rendering="crispEdges"><title>{html.escape(printable(title))}</title>'
        f'<path fill="#fff" d="M0 0h{side}v{side}H0z"/><path fill="#000" d="{path}"/></svg>'
    )


def qr_path(text: str) -> tuple[int, str]:
    """Return a QR code as the side of its square, quiet zone included, and an SVG path."""
    try:
        code = segno.make_qr(text, error="m", boost_error=False)
    except segno.DataOverflowError:
        raise InvalidInputError("This text is longer than a QR code holds.") from None
    side = len(code.matrix) + 2 * QUIET_ZONE
    rows = enumerate(code.matrix, start=QUIET_ZONE)
    return side, "".join(part for y, row in rows for part in _runs(row, y))


def _runs(row: bytearray, y: int) -> Iterator[str]:
    """Yield each run of dark modules as a closed rectangle."""
    x = QUIET_ZONE
    for dark, run in groupby(row):
        width = len(list(run))
        if dark:
            yield f"M{x} {y}h{width}v1h-{width}z"
        x += width

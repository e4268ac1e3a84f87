"""Where the authorities of a country are, and what their pages and log are known by: signed.

A member learns it before it has a channel, from whoever answers at an address: so it is believed
under the authority's certificate alone, and the same goes for what a channel brings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from baluardo.errors import CertificateError, InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.protocol.message_fields import (
    LONGEST_NAME,
    check_count,
    check_line,
    texts,
    whole,
)
from baluardo.protocol.policy_statement import DIGEST_OCTETS
from baluardo.protocol.web_address import LONGEST_ADDRESS, check_address
from baluardo.trust.base64_text import to_base64
from baluardo.trust.certificates.certificate import LARGEST_CHAIN
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.verification import Verifier
from baluardo.trust.envelope import Envelope, sign, verify
from baluardo.trust.identity import Kind
from baluardo.trust.issuing.layout import MOST_VKEY_OCTETS
from baluardo.trust.strict_json import JsonObject, write_json

WHEREABOUTS_TYPE: Final = "application/vnd.baluardo.whereabouts+json"
LARGEST_WHEREABOUTS: Final = 1 << 18
MOST_ADDRESSES: Final = 16
LOG_VKEY: Final = "log.vkey"
PAGES: Final = "pages.pem"
STATED: Final = frozenset({LOG_VKEY, PAGES})
"""Files of the public half that nothing speaks for but this statement."""

_CHANNEL = re.compile(r"(?:\[[0-9a-f:]+\]|[a-z0-9.-]+):([0-9]{1,5})\Z", re.ASCII)
_FIELDS: Final = ("addresses", "channels", "domain", "log_vkey", "pages", "policy", "policy_digest")


@dataclass(frozen=True, slots=True)
class StatedWhereabouts:
    """What an authority states of itself and of the others of its country."""

    addresses: tuple[str, ...]
    """Web addresses of the authorities."""
    channels: tuple[str, ...]
    """`HOST:PORT` of their channel doors."""
    domain: str
    """Of the state's pages."""
    log_vkey: bytes
    """The key that verifies the log's checkpoints, as text (`public/log.vkey`)."""
    pages: bytes
    """Root of the browser authority (`public/pages.pem`); empty where there is none."""
    policy: int
    """Number of the policy in force."""
    policy_digest: bytes
    """SHA-384 of that policy's one written form, 48 octets."""

    def __post_init__(self) -> None:
        """Refuse what leads nowhere."""
        check_places(self.addresses, self.channels, self.domain)
        if len(self.log_vkey) > MOST_VKEY_OCTETS or len(self.pages) > LARGEST_CHAIN:
            raise InvalidInputError("The log's key or the pages' root is larger than it may be.")
        check_count("policy", self.policy)
        if len(self.policy_digest) != DIGEST_OCTETS:
            raise InvalidInputError(f"A policy's digest has {DIGEST_OCTETS} octets.")

    def files(self) -> dict[str, bytes]:
        """Return what it says of the public half, by path."""
        told = {LOG_VKEY: self.log_vkey, PAGES: self.pages}
        return {path: octets for path, octets in told.items() if octets}

    def sign(self, credential: Credential) -> Envelope:
        """Return it signed; InvalidInputError unless an authority signs."""
        if credential.identity.kind is not Kind.AUTHORITY:
            raise InvalidInputError(
                f"{credential.identity} is no authority: where authorities are, it cannot state."
            )
        body = {
            "addresses": list(self.addresses),
            "channels": list(self.channels),
            "domain": self.domain,
            "log_vkey": to_base64(self.log_vkey),
            "pages": to_base64(self.pages),
            "policy": self.policy,
            "policy_digest": to_base64(self.policy_digest),
        }
        return sign(write_json(body), WHEREABOUTS_TYPE, credential)


def read_whereabouts(envelope: Envelope, verifier: Verifier, now: float) -> StatedWhereabouts:
    """Return what an authority states; SignatureError or CertificateError if none does."""
    verified = verify(envelope, verifier, now, WHEREABOUTS_TYPE)
    for signer in verified.signers:
        if signer.identity.kind is not Kind.AUTHORITY:
            raise CertificateError(
                f"{signer.identity} states where authorities are, and is none: refused."
            )
    try:
        fields = JsonObject.parse(verified.payload, LARGEST_WHEREABOUTS, "The statement")
        fields.only(_FIELDS)
        return StatedWhereabouts(
            texts(fields, "addresses", MOST_ADDRESSES),
            texts(fields, "channels", MOST_ADDRESSES),
            fields.text("domain", LONGEST_NAME),
            fields.octets("log_vkey", MOST_VKEY_OCTETS),
            fields.octets("pages", LARGEST_CHAIN),
            whole(fields, "policy"),
            fields.octets("policy_digest", DIGEST_OCTETS),
        )
    except InvalidInputError as problem:
        raise CertificateError(f"This does not state where authorities are: {problem}") from None


def check_places(addresses: tuple[str, ...], channels: tuple[str, ...], domain: str) -> None:
    """Refuse addresses and channel doors that lead nowhere; InvalidInputError names the first."""
    if max(len(addresses), len(channels)) > MOST_ADDRESSES:
        raise InvalidInputError(f"At most {MOST_ADDRESSES} addresses are named.")
    for address in addresses:
        check_address("addresses", address)
    for each in channels:
        found = _CHANNEL.match(each)
        if found is None or len(each) > LONGEST_ADDRESS or not 1 <= int(found[1]) <= 65_535:
            raise InvalidInputError(f"channels {quoted(each)}: HOST:PORT.")
    check_line("domain", domain, LONGEST_NAME)

"""JSON Web Encryption, compact (RFC 7516), as far as key files need it: two ways to reach the key.

`PBES2-HS512+A256KW` wraps a content key under a passphrase (RFC 7518 section 4.8); `dir` means that
the content key itself is a token's (section 4.5), named in `kid`. The content is always A256GCM
(section 5.3), the protected header as it travels is its associated octets. Unknown header fields
are refused, which RFC 7516 permits for a profile of it, and which leaves no room for `zip`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from baluardo.errors import CustodyError, InvalidInputError
from baluardo.trust.base64_text import of_base64url, to_base64url
from baluardo.trust.primitives import aead, keywrap
from baluardo.trust.strict_json import JsonObject, write_json

MOST_OCTETS: Final = 65_536
MOST_HEADER: Final = 2_048
ENCRYPTION: Final = "A256GCM"
ROUNDS: Final = (100_000, 10_000_000)
"""Fewest and most rounds of PBKDF2 that a reader accepts: fewer protect too little, more would
hold the reader up for as long as whoever wrote the file likes. Our choice."""
SALT_OCTETS: Final = (8, 64)
"""At least 8 by RFC 7518 section 4.8.1.1."""


class Algorithm(Enum):
    """How the content key is reached, by its name in RFC 7518."""

    PBES2 = "PBES2-HS512+A256KW"
    DIRECT = "dir"


@dataclass(frozen=True, slots=True)
class Header:
    """What the protected header says."""

    algorithm: Algorithm
    content_type: str
    """Media type of what is sealed."""
    salt: bytes = b""
    """With PBES2 alone."""
    rounds: int = 0
    """With PBES2 alone."""
    key_uri: str = ""
    """With DIRECT alone: a PKCS#11 URI (RFC 7512)."""

    def __post_init__(self) -> None:
        """Refuse what a reader would refuse."""
        if self.algorithm is Algorithm.PBES2 and not ROUNDS[0] <= self.rounds <= ROUNDS[1]:
            raise InvalidInputError(
                f"Rounds of PBKDF2: {ROUNDS[0]:,} to {ROUNDS[1]:,}, not {self.rounds:,}."
            )

    def protected(self) -> bytes:
        """Return the header as it travels: it is the associated octets of the content."""
        fields: dict[str, object] = {
            "alg": self.algorithm.value,
            "enc": ENCRYPTION,
            "cty": self.content_type,
        }
        if self.algorithm is Algorithm.PBES2:
            fields |= {"p2s": to_base64url(self.salt), "p2c": self.rounds}
        else:
            fields |= {"kid": self.key_uri}
        return to_base64url(write_json(fields)).encode()

    @property
    def salt_input(self) -> bytes:
        """What PBKDF2 takes as salt: the algorithm's name, a zero, the salt (section 4.8.1.1)."""
        return self.algorithm.value.encode() + b"\0" + self.salt


@dataclass(frozen=True, slots=True)
class Jwe:
    """A sealed message in its parts."""

    header: Header
    protected: bytes
    """The header as it travels."""
    wrapped_key: bytes
    """The content key under the passphrase; empty with DIRECT."""
    nonce: bytes
    ciphertext: bytes
    """With its tag at the end, as AES-GCM gives and takes it."""

    def compact(self) -> bytes:
        """Return the five parts joined by dots (RFC 7516 section 7.1)."""
        end = len(self.ciphertext) - aead.TAG_OCTETS
        parts = (self.wrapped_key, self.nonce, self.ciphertext[:end], self.ciphertext[end:])
        return b".".join((self.protected, *(to_base64url(part).encode() for part in parts)))

    @classmethod
    def of_compact(cls, octets: bytes) -> Jwe:
        """Read the five parts; CustodyError for anything else. Nothing is opened yet."""
        if len(octets) > MOST_OCTETS:
            raise CustodyError(f"It is larger than {MOST_OCTETS:,} octets; no sealed key is.")
        parts = octets.split(b".")
        if len(parts) != 5:
            raise CustodyError("It is no sealed key: a JWE has five parts (RFC 7516).")
        try:
            protected, *rest = (of_base64url(part.decode("ascii", "replace")) for part in parts)
            header = _header(protected)
            wrapped, nonce, ciphertext, tag = rest
        except InvalidInputError as problem:
            raise CustodyError(f"It is no sealed key that can be opened: {problem}") from None
        lengths = (_wrapped_octets(header.algorithm), aead.NONCE_OCTETS, aead.TAG_OCTETS)
        if (len(wrapped), len(nonce), len(tag)) != lengths:
            raise CustodyError("It is no whole sealed key: a part of it has a wrong length.")
        return cls(header, parts[0], wrapped, nonce, ciphertext + tag)


def _header(octets: bytes) -> Header:
    fields = JsonObject.parse(octets, MOST_HEADER, "The header")
    algorithm = _algorithm(fields)
    if fields.text("enc", 32) != ENCRYPTION:
        raise fields.wrong("enc", ENCRYPTION)
    content_type = fields.text("cty", 64)
    if algorithm is Algorithm.DIRECT:
        fields.only(("alg", "enc", "cty", "kid"))
        return Header(algorithm, content_type, key_uri=fields.text("kid", 512))
    fields.only(("alg", "enc", "cty", "p2s", "p2c"))
    salt = of_base64url(fields.text("p2s", 2 * SALT_OCTETS[1]))
    if not SALT_OCTETS[0] <= len(salt) <= SALT_OCTETS[1]:
        raise fields.wrong("p2s", f"base64url of {SALT_OCTETS[0]} to {SALT_OCTETS[1]} octets")
    return Header(algorithm, content_type, salt=salt, rounds=_rounds(fields))


def _algorithm(fields: JsonObject) -> Algorithm:
    name = fields.text("alg", 32)
    for algorithm in Algorithm:
        if algorithm.value == name:
            return algorithm
    raise fields.wrong("alg", " or ".join(a.value for a in Algorithm))


def _rounds(fields: JsonObject) -> int:
    rounds = fields.number("p2c")
    if not rounds.is_integer() or not ROUNDS[0] <= rounds <= ROUNDS[1]:
        raise fields.wrong("p2c", f"a whole number from {ROUNDS[0]:,} to {ROUNDS[1]:,}")
    return int(rounds)


def _wrapped_octets(algorithm: Algorithm) -> int:
    whole = aead.KEY_OCTETS + keywrap.WRAP_OVERHEAD
    return whole if algorithm is Algorithm.PBES2 else 0

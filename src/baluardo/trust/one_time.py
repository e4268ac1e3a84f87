"""Secrets that are shown once: to invite somebody, to keep a session, to break the glass.

Whoever made one shows its text and keeps its digest alone; whoever brings the text back is judged
by the digest. Secrets of 128 bits and more need no slow hash: nobody can try so many.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from baluardo.errors import InvalidInputError
from baluardo.trust.base64_text import of_base64url, to_base64url
from baluardo.trust.primitives.hashing import random_octets, same_octets, sha256
from baluardo.trust.secret import Secret

SECRET_OCTETS: Final = 16
SESSION_OCTETS: Final = 32
DIGEST_OCTETS: Final = 32
CODE_CHARACTERS: Final = 26
"""Of five bits each: 130 bits, of which the first two are zero."""
LONGEST_TYPED: Final = 256
"""Characters that anybody may type for a code, separators included. Our choice."""

_LENGTHS: Final = frozenset({22, 43})
"""Characters of base64url that 16 and 32 octets have."""
_GROUP: Final = 5
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's Base32: no I, L, O or U; what looks like a digit is read as that digit."""
_ALIKE: Final = {"O": 0, "I": 1, "L": 1}
_VALUES: Final = {
    written: value
    for character, value in [*zip(_ALPHABET, range(32), strict=True), *_ALIKE.items()]
    for written in (character, character.lower())
}
_SEPARATORS: Final = re.compile(r"[\s\u2010-\u2015\u2212-]+")
"""What a person or a program puts between groups: blanks, and hyphens of every kind."""


@dataclass(frozen=True, slots=True)
class OneTimeSecret:
    """A secret just made; only its digest may be kept."""

    secret: Secret
    digest: bytes = field(init=False)
    """SHA-256 of the octets that the text stands for, 32 octets."""

    def __post_init__(self) -> None:
        """Derive the digest."""
        object.__setattr__(self, "digest", sha256(self.secret.reveal()))

    @classmethod
    def make(cls) -> OneTimeSecret:
        """Return a new secret of 128 bits."""
        return cls(Secret(random_octets(SECRET_OCTETS)))

    def text(self) -> str:
        """Reveal what its holder brings back, base64url: 22 characters, or 43 for a session."""
        return to_base64url(self.secret.reveal())

    def typable(self) -> str:
        """Reveal a secret of 128 bits as a code that a person can type; `digest_of_code` reads it.

        26 characters of Crockford's Base32 in groups of five, the last of six.
        """
        if len(self.secret) != SECRET_OCTETS:
            raise InvalidInputError(f"A code that is typed stands for {SECRET_OCTETS} octets.")
        number = int.from_bytes(self.secret.reveal(), "big")
        shifts = range(5 * (CODE_CHARACTERS - 1), -1, -5)
        code = "".join(_ALPHABET[number >> shift & 31] for shift in shifts)
        starts = range(0, CODE_CHARACTERS - _GROUP - 1, _GROUP)
        return "-".join([*(code[at : at + _GROUP] for at in starts), code[len(starts) * _GROUP :]])


def session_token() -> OneTimeSecret:
    """Return a new secret of 256 bits, which is shown at every request of a session."""
    return OneTimeSecret(Secret(random_octets(SESSION_OCTETS)))


def emergency_code() -> OneTimeSecret:
    """Return a new secret of 128 bits, which is printed and typed (`OneTimeSecret.typable`)."""
    return OneTimeSecret.make()


def digest_of(text: str) -> bytes:
    """Return the digest of a text that was brought back, 32 octets.

    InvalidInputError if it cannot be the text of such a secret.
    """
    if len(text) not in _LENGTHS:
        raise InvalidInputError("This is no one-time secret: it does not have the length of one.")
    try:
        return sha256(of_base64url(text))
    except InvalidInputError:
        raise InvalidInputError(
            "This is no one-time secret: it has characters that none has. Copy it once more."
        ) from None


def digest_of_code(typed: str) -> bytes:
    """Return the digest of a code that was typed, 32 octets.

    Small letters, any hyphens and blanks, O for 0 and I or L for 1 are all understood.
    InvalidInputError if it cannot be a code.
    """
    if len(typed) > LONGEST_TYPED:
        raise InvalidInputError("This is no emergency code: it is too long.")
    code = _SEPARATORS.sub("", typed)
    number = 0
    for character in code:
        if character not in _VALUES:
            raise InvalidInputError(
                "This is no emergency code: it has a character that none has. Look at the page."
            )
        number = number << 5 | _VALUES[character]
    if len(code) != CODE_CHARACTERS or number >> (8 * SECRET_OCTETS):
        raise InvalidInputError(
            f"This is no emergency code: one has {CODE_CHARACTERS} characters, the first of them "
            "0 to 7. Look at the page."
        )
    return sha256(number.to_bytes(SECRET_OCTETS, "big"))


def matches(digest: bytes, text: str) -> bool:
    """Tell, in a time that does not depend on the digest, whether a text has this digest.

    A text that cannot be a secret at all matches nothing.
    """
    try:
        return same_octets(digest, digest_of(text))
    except InvalidInputError:
        return False


def code_matches(digest: bytes, typed: str) -> bool:
    """Tell the same of a code that was typed."""
    try:
        return same_octets(digest, digest_of_code(typed))
    except InvalidInputError:
        return False

"""Signed notes and verifier keys (C2SP signed-note), with the signature types of this house.

A key's type is 0xff, which signed-note reserves for types without a byte of their own, followed by
an identifier: there is a byte for ML-DSA-44 only, and no profile lists that (docs/decisions/0005).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from baluardo.errors import InvalidInputError, LogError, ProfileError
from baluardo.foreign_input import quoted
from baluardo.trust.base64_text import of_base64, to_base64
from baluardo.trust.primitives.hashing import sha256
from baluardo.trust.primitives.signing import VerifyingKey
from baluardo.trust.suites import SignatureAlgorithm

MOST_NOTE_OCTETS: Final = 1_048_576
MOST_SIGNATURES: Final = 64
"""Signed-note asks for at least 16; 64 post-quantum ones with their base64 are 400 kB."""
MOST_NAME_OCTETS: Final = 255
"""What a cosigned message can carry (C2SP tlog-cosignature)."""
KEY_ID_OCTETS: Final = 4
MOST_VKEY_CHARACTERS: Final = 8_192

_DASH: Final = "\u2014"
_RESERVED_TYPE: Final = b"\xff"
_IDENTIFIERS: Final[dict[SignatureAlgorithm, bytes]] = {
    SignatureAlgorithm.ML_DSA_65: b"baluardo.it/subtree-v1/ML-DSA-65",
    SignatureAlgorithm.ML_DSA_87: b"baluardo.it/subtree-v1/ML-DSA-87",
}
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: whose it says it is, and the octets that its type defines."""

    name: str
    key_id: bytes
    octets: bytes

    @property
    def line(self) -> str:
        """The line as it stands in a note, with its end."""
        return f"{_DASH} {self.name} {to_base64(self.key_id + self.octets)}\n"

    @classmethod
    def of_line(cls, line: str) -> NoteSignature:
        """Read a line without its end; LogError if it is none."""
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != _DASH or not _good_name(parts[1]):
            raise LogError(f"{quoted(line)} is no signature line of a signed note.")
        try:
            octets = of_base64(parts[2])
        except InvalidInputError:
            octets = b""
        if len(octets) <= KEY_ID_OCTETS:
            raise LogError(f"{quoted(line)} is no signature line of a signed note.")
        return cls(parts[1], octets[:KEY_ID_OCTETS], octets[KEY_ID_OCTETS:])


@dataclass(frozen=True, slots=True)
class Note:
    """A text, which ends with a line's end, and its signatures; nothing in it is verified yet."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def octets(self) -> bytes:
        """Return the note as it stands in a file."""
        return (self.text + "\n" + "".join(s.line for s in self.signatures)).encode()

    @classmethod
    def of_octets(cls, octets: bytes) -> Note:
        """Read a note; LogError says what is wrong."""
        if len(octets) > MOST_NOTE_OCTETS:
            raise LogError(f"A signed note has at most {MOST_NOTE_OCTETS:,} octets.")
        try:
            whole = octets.decode()
        except UnicodeDecodeError:
            raise LogError("A signed note is text in UTF-8; this is not.") from None
        text, blank, lines = whole.rpartition("\n\n")
        if not blank or not lines.endswith("\n") or _CONTROL.search(whole):
            raise LogError("This is no signed note: text, an empty line, signature lines.")
        signatures = lines[:-1].split("\n")
        if len(signatures) > MOST_SIGNATURES:
            raise LogError(f"A signed note has at most {MOST_SIGNATURES} signatures.")
        return cls(text + "\n", tuple(NoteSignature.of_line(line) for line in signatures))

    def signed(self, *signatures: NoteSignature) -> Note:
        """Return the note with further signatures, each key's newest in the place of its older."""
        new = {(s.name, s.key_id) for s in signatures}
        kept = tuple(s for s in self.signatures if (s.name, s.key_id) not in new)
        return Note(self.text, kept + signatures)


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A name and the ML-DSA key that signs under it: a log's or a witness's."""

    name: str
    key: VerifyingKey

    def __post_init__(self) -> None:
        """Refuse names that no signature line carries, and keys that sign no notes."""
        if not _good_name(self.name):
            raise InvalidInputError(
                f"{quoted(self.name)} cannot name a key: 1 to {MOST_NAME_OCTETS} octets without "
                "spaces and '+', such as example.it/log."
            )
        if self.key.algorithm not in _IDENTIFIERS:
            raise InvalidInputError(f"{self.key.algorithm.value} keys sign no checkpoints.")

    @property
    def typed_key(self) -> bytes:
        """Signature type and key, as key ids and verifier keys hold them."""
        return _RESERVED_TYPE + _IDENTIFIERS[self.key.algorithm] + self.key.raw()

    @property
    def key_id(self) -> bytes:
        """Four octets that find this key's lines (signed-note's recommended key ID)."""
        return key_id(self.name, self.typed_key)

    def owns(self, signature: NoteSignature) -> bool:
        """Tell whether a line says that it is by this key; it may still be a lie."""
        return signature.name == self.name and signature.key_id == self.key_id

    def require_profile(self, log: VerifierKey) -> None:
        """Return if this witness signs with what the log's profile asks for; ProfileError."""
        if self.key.algorithm is not log.key.algorithm:
            raise ProfileError(
                f"The witness {quoted(self.name)} signs with {self.key.algorithm.value}, and the "
                f"profile of the log {quoted(log.name)} asks for {log.key.algorithm.value}."
            )

    @property
    def text(self) -> str:
        """The key as one word that people hand to each other (signed-note's vkey)."""
        return f"{self.name}+{self.key_id.hex()}+{to_base64(self.typed_key)}"

    @classmethod
    def of_text(cls, text: str) -> VerifierKey:
        """Read a verifier key; InvalidInputError says what is wrong."""
        word = text.strip()
        name, _, rest = word.partition("+")
        shown_id, _, encoded = rest.partition("+")
        try:
            octets = of_base64(encoded) if len(text) <= MOST_VKEY_CHARACTERS else b""
        except InvalidInputError:
            octets = b""
        if not octets:
            raise InvalidInputError(f"{quoted(word)} is no verifier key: NAME+ID+KEY in one word.")
        for algorithm, identifier in _IDENTIFIERS.items():
            start = _RESERVED_TYPE + identifier
            if octets.startswith(start):
                key = cls(name, VerifyingKey.of_raw(algorithm, octets[len(start) :]))
                if shown_id != key.key_id.hex():
                    raise InvalidInputError(f"The verifier key of {quoted(name)} was altered.")
                return key
        raise InvalidInputError(
            f"The verifier key of {quoted(name)} is of another kind than "
            f"{' or '.join(algorithm.value for algorithm in _IDENTIFIERS)}."
        )


def key_id(name: str, typed_key: bytes) -> bytes:
    """Return signed-note's recommended key ID of a name and a key with its type in front."""
    return sha256(name.encode() + b"\n" + typed_key)[:KEY_ID_OCTETS]


def _good_name(name: str) -> bool:
    return (
        len(name) > 0
        and "+" not in name
        and not any(c.isspace() or not c.isprintable() for c in name)
        and len(name.encode(errors="replace")) <= MOST_NAME_OCTETS
    )

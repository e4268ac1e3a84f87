"""Checkpoints: what a log had become at a time, signed by the log and cosigned by its witnesses.

The body is C2SP tlog-checkpoint's. What is signed, by log and witnesses alike, is the
`cosigned_message` of C2SP tlog-cosignature, by ML-DSA with the context of Label.SIGN_CHECKPOINT
(docs/decisions/0005): a statement that at that time this was the largest tree the signer knew.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from baluardo.errors import InvalidInputError, LogError, SignatureError
from baluardo.foreign_input import quoted
from baluardo.trust.audit.merkle import EMPTY_ROOT, HASH_OCTETS, MOST_LEAVES
from baluardo.trust.audit.note import MOST_NAME_OCTETS, Note, NoteSignature, VerifierKey
from baluardo.trust.base64_text import of_base64, to_base64
from baluardo.trust.labels import Label
from baluardo.trust.primitives.signing import SigningKey

MESSAGE_LABEL: Final = b"subtree/v1\n\x00"
"""First octets of every cosigned message (C2SP tlog-cosignature)."""
LATEST_TIME: Final = 2**63 - 1
"""Largest timestamp (C2SP tlog-cosignature)."""
_TIME_OCTETS: Final = 8

_BODY = re.compile(r"([^\n]+)\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]{43}=)\n\Z")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log by its origin, how many entries it has, and the root over them."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        """Refuse what no log can sign."""
        if not 0 < len(self.origin.encode(errors="replace")) <= MOST_NAME_OCTETS:
            raise InvalidInputError(f"An origin has 1 to {MOST_NAME_OCTETS} octets.")
        if not self.origin.isprintable():
            raise InvalidInputError(f"{quoted(self.origin)} cannot be a log's origin.")
        if not 0 <= self.size <= MOST_LEAVES or len(self.root) != HASH_OCTETS:
            raise InvalidInputError("A checkpoint has a size below 2^63 and a root of 32 octets.")
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise InvalidInputError("The checkpoint of an empty log has another root than it must.")

    @property
    def body(self) -> str:
        """The text of the note."""
        return f"{self.origin}\n{self.size}\n{to_base64(self.root)}\n"

    @classmethod
    def of_body(cls, text: str) -> Checkpoint:
        """Read the text of a note; LogError says what is wrong.

        Extension lines are refused: no signature here covers them.
        """
        match = _BODY.match(text)
        if match is None:
            raise LogError(
                "This is no checkpoint: three lines with origin, size and root, and nothing more."
            )
        try:
            return cls(match[1], int(match[2]), of_base64(match[3]))
        except InvalidInputError as problem:
            raise LogError(f"This is no checkpoint. {problem}") from None


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint with the time at which each verified key signed it."""

    checkpoint: Checkpoint
    note: Note
    signed_at: int
    """When the log signed, POSIX seconds."""
    witnesses: Mapping[str, int]
    """When each known witness cosigned, by its name."""

    def line_of(self, key: VerifierKey) -> NoteSignature:
        """Return the newest line of a key that has signed."""
        lines = [line for line in self.note.signatures if key.owns(line)]
        return max(lines, key=lambda line: line.octets[:_TIME_OCTETS])

    @property
    def size(self) -> int:
        """How many entries it covers."""
        return self.checkpoint.size

    @property
    def root(self) -> bytes:
        """The root over them."""
        return self.checkpoint.root


def cosigned_message(
    signer: str, timestamp: int, origin: str, start: int, end: int, root: bytes
) -> bytes:
    """Return the octets that a signer signs (C2SP tlog-cosignature, `cosigned_message`)."""
    name, log = signer.encode(), origin.encode()
    return b"".join(
        (
            MESSAGE_LABEL,
            len(name).to_bytes(1, "big") + name,
            timestamp.to_bytes(_TIME_OCTETS, "big"),
            len(log).to_bytes(1, "big") + log,
            start.to_bytes(8, "big"),
            end.to_bytes(8, "big"),
            root,
        )
    )


def sign_checkpoint(
    checkpoint: Checkpoint, name: str, key: SigningKey, timestamp: int
) -> NoteSignature:
    """Return the signature line of a log (`name` is the origin) or of a witness."""
    if not 0 <= timestamp <= LATEST_TIME:
        raise InvalidInputError(f"{timestamp} is no time that a checkpoint can carry.")
    owner = VerifierKey(name, key.public)
    message = cosigned_message(
        name, timestamp, checkpoint.origin, 0, checkpoint.size, checkpoint.root
    )
    signature = key.sign(message, Label.SIGN_CHECKPOINT)
    return NoteSignature(name, owner.key_id, timestamp.to_bytes(_TIME_OCTETS, "big") + signature)


def verify_signature(checkpoint: Checkpoint, signature: NoteSignature, key: VerifierKey) -> int:
    """Return the time that a line by this key tells; SignatureError if it is not genuine."""
    timestamp = int.from_bytes(signature.octets[:_TIME_OCTETS], "big")
    message = cosigned_message(
        key.name, timestamp, checkpoint.origin, 0, checkpoint.size, checkpoint.root
    )
    try:
        if timestamp > LATEST_TIME or not key.owns(signature):
            raise SignatureError("not by this key, or of an impossible time")
        key.key.verify(signature.octets[_TIME_OCTETS:], message, Label.SIGN_CHECKPOINT)
    except SignatureError:
        raise SignatureError(
            f"The signature of {key.name} on a checkpoint of {quoted(checkpoint.origin)} with "
            f"{checkpoint.size} entries is not genuine."
        ) from None
    return timestamp


def open_checkpoint(
    octets: bytes, log: VerifierKey, witnesses: Iterable[VerifierKey] = ()
) -> SignedCheckpoint:
    """Read a checkpoint and verify every signature of a known key on it.

    The log itself must have signed, under its origin; lines of unknown keys are ignored, as
    signed-note asks. LogError for a malformed checkpoint or another log's, SignatureError for a
    signature of a known key that is missing or not genuine.
    """
    note = Note.of_octets(octets)
    checkpoint = Checkpoint.of_body(note.text)
    if checkpoint.origin != log.name:
        raise LogError(
            f"This is a checkpoint of {quoted(checkpoint.origin)}, not of {quoted(log.name)}."
        )
    times = _times(checkpoint, note, log)
    if not times:
        raise SignatureError(f"The checkpoint is not signed by {log.name}, whose log it is of.")
    cosigned = {}
    for witness in witnesses:
        found = _times(checkpoint, note, witness)
        if found:
            cosigned[witness.name] = max(found)
    return SignedCheckpoint(checkpoint, note, max(times), cosigned)


def _times(checkpoint: Checkpoint, note: Note, key: VerifierKey) -> list[int]:
    return [verify_signature(checkpoint, s, key) for s in note.signatures if key.owns(s)]

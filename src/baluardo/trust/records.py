"""Numbered records under one key: AES-256-GCM whose nonces nobody chooses (RFC 5116 section 3.2).

A record is an 8-octet counter, the ciphertext and its tag; the nonce is 4 zero octets and the
counter. Each direction has a key of its own, derived from the common secret by role, so no nonce
ever meets a key twice. Records may be lost or come in another order; none passes twice (RFC 6479).
"""

from __future__ import annotations

import threading
from enum import Enum
from typing import Final

from baluardo.errors import InvalidInputError, SealError
from baluardo.trust.labels import Label
from baluardo.trust.primitives import aead
from baluardo.trust.primitives.hashing import derive
from baluardo.trust.replay import ReplayWindow
from baluardo.trust.secret import Secret

COUNTER_OCTETS: Final = 8
OVERHEAD_OCTETS: Final = COUNTER_OCTETS + aead.TAG_OCTETS
MOST_BLOCKS: Final = 2**36
"""Blocks of 16 octets under one key, 1 TiB: as in TLS 1.3 (RFC 8446 section 5.5), whoever tells its
records from noise has an advantage of 2^-57 at most (draft-irtf-cfrg-aead-limits, AES-GCM).
Each record has one at least, its tag's: no counter reaches this number either."""
LARGEST_RECORD: Final = 1 << 16
"""Octets of plaintext. Our choice."""
LEAST_SECRET_OCTETS: Final = 32

_BLOCK_OCTETS: Final = 16
_NONCE_HEAD = bytes(aead.NONCE_OCTETS - COUNTER_OCTETS)


class Role(Enum):
    """Which end one is; the two must not be the same, so who called is the initiator."""

    INITIATOR = b"initiator"
    RESPONDER = b"responder"

    @property
    def other(self) -> Role:
        """The role of the other end."""
        return Role.RESPONDER if self is Role.INITIATOR else Role.INITIATOR


class RecordSealer:
    """Seals what one end sends.

    The counter lives here: one secret, role and context make one sealer, once. A second one would
    use the nonces again, which ends all secrecy.
    """

    def __init__(self, secret: Secret, role: Role, context: bytes = b"") -> None:
        """Take the secret both ends share, such as a channel's export, and one's own role.

        Several streams under one secret have contexts of their own.
        """
        self._key = _key(secret, role, context)
        self._next = 0
        self._blocks = 0
        self._lock = threading.Lock()

    def seal(self, plaintext: bytes, associated: bytes = b"") -> bytes:
        """Return the next record; `associated` must be the same where it is opened.

        SealError once the key has sealed all it may: agree on a new secret.
        """
        if len(plaintext) > LARGEST_RECORD:
            raise InvalidInputError(f"A record has at most {LARGEST_RECORD:,} octets.")
        blocks = 1 + sum(-(-len(part) // _BLOCK_OCTETS) for part in (plaintext, associated))
        with self._lock:
            if self._blocks + blocks > MOST_BLOCKS:
                raise SealError(
                    "This key has sealed as much as it may. Nothing was sent: agree on a new key."
                )
            self._blocks += blocks
            counter = self._next
            self._next = counter + 1
        head = counter.to_bytes(COUNTER_OCTETS, "big")
        return head + aead.encrypt(self._key, _NONCE_HEAD + head, plaintext, associated)


class RecordOpener:
    """Opens what the other end sends, each record once."""

    def __init__(self, secret: Secret, role: Role, context: bytes = b"") -> None:
        """Take the secret and context both ends share and one's own role (not the sender's)."""
        self._key = _key(secret, role.other, context)
        self._window = ReplayWindow(MOST_BLOCKS)
        self._lock = threading.Lock()

    def open(self, record: bytes, associated: bytes = b"") -> bytes:
        """Return the plaintext; SealError if the record was altered, seen before, or is too old."""
        if not OVERHEAD_OCTETS <= len(record) <= OVERHEAD_OCTETS + LARGEST_RECORD:
            raise SealError("A record was dropped: it has an impossible length.")
        head, ciphertext = record[:COUNTER_OCTETS], record[COUNTER_OCTETS:]
        counter = int.from_bytes(head, "big")
        with self._lock:
            self._window.check(counter)  # cheap, and changes nothing
            plaintext = aead.decrypt(self._key, _NONCE_HEAD + head, ciphertext, associated)
            self._window.accept(counter)
        return plaintext


def _key(secret: Secret, sender: Role, context: bytes) -> Secret:
    if len(secret) < LEAST_SECRET_OCTETS:
        raise InvalidInputError(f"A secret of records has at least {LEAST_SECRET_OCTETS} octets.")
    return derive(secret, Label.RECORD_KEY, sender.value + b"/" + context, aead.KEY_OCTETS)

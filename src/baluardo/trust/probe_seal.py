"""Small datagrams that only one other end can have made: what measures a way may not be forged.

A sealed probe is a numbered record (`trust.records`): a counter of 8 octets, the payload under
AES-256-GCM, a tag of 16. Each direction has a key of its own, from the exchange of the two edges;
one key makes one `ProbeSeal` at the end that seals and one at the end that opens, once.
"""

from __future__ import annotations

from typing import Final

from baluardo.trust.records import OVERHEAD_OCTETS, RecordOpener, RecordSealer, Role
from baluardo.trust.secret import Secret

PROBE_OVERHEAD: Final = OVERHEAD_OCTETS
"""Octets that sealing adds: 24."""

_CONTEXT: Final = b"probe"


class ProbeSeal:
    """Seals or opens the probes of one direction."""

    __slots__ = ("_opener", "_sealer")

    def __init__(self, key: Secret) -> None:
        """Take the direction's key, 32 octets or more; InvalidInputError if it is shorter."""
        self._sealer = RecordSealer(key, Role.INITIATOR, _CONTEXT)
        self._opener = RecordOpener(key, Role.RESPONDER, _CONTEXT)

    def seal(self, payload: bytes) -> bytes:
        """Return the next sealed probe, 24 octets longer; SealError once the key is used up."""
        return self._sealer.seal(payload)

    def open(self, octets: bytes) -> bytes:
        """Return the payload; SealError if it was altered, of another key, or seen before."""
        return self._opener.open(octets)

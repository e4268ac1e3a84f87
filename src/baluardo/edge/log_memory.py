"""What an edge remembers of the authority's log: the newest checkpoint it has seen.

Two checkpoints of one size with different roots prove that the log was forked; the edge keeps the
first one, and whoever audits compares it with the log (`baluardo audit verify --checkpoint`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from baluardo.durable_files import FOR_ALL, write_durably
from baluardo.errors import LogError
from baluardo.foreign_input import read_file
from baluardo.trust.audit.checkpoint import SignedCheckpoint, open_checkpoint
from baluardo.trust.audit.note import MOST_NOTE_OCTETS, VerifierKey

FILE: Final = "checkpoint"


class LogMemory:
    """The newest checkpoint, on the disk."""

    def __init__(self, directory: Path, key: VerifierKey) -> None:
        """Read what is remembered; `key` is the log's. LogError, SignatureError if it is forged."""
        self._file = directory / FILE
        self._key = key
        self._held: SignedCheckpoint | None = None
        if self._file.exists():
            octets = read_file(self._file, MOST_NOTE_OCTETS, "The checkpoint")
            self._held = open_checkpoint(octets, key)

    @property
    def size(self) -> int:
        """Entries in the log as last seen; 0 for none."""
        return 0 if self._held is None else self._held.size

    def see(self, octets: bytes) -> None:
        """Remember a checkpoint if it is newer; an older one, of an authority behind, is let be.

        LogError if it has the size of the one remembered and tells another history; LogError or
        SignatureError if it is not genuine. What is remembered stays then.
        """
        seen, held = open_checkpoint(octets, self._key), self._held
        if held is not None and seen.size == held.size and seen.root != held.root:
            raise LogError(
                f"The authority has signed two different logs of {seen.size} entries: one of them "
                f"hides something. The one seen first is kept in {self._file}; show it to an "
                "auditor."
            )
        if held is None or seen.size > held.size:
            write_durably(self._file, octets, mode=FOR_ALL)
            self._held = seen

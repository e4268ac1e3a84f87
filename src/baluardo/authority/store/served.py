"""How far the log was when its service stopped: what came after that, a ceremony has written.

Without it, a log that is ahead of its database could be either of two things: a ceremony in the
directory, or a database that was exchanged for an older copy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from baluardo.durable_files import write_durably
from baluardo.foreign_input import read_file
from baluardo.trust.audit.record import Record
from baluardo.trust.issuing.register import Entry

FILE: Final = "served"
SERVING: Final = "serving"
LARGEST: Final = 32
CEREMONIAL: Final = frozenset(
    entry.value
    for entry in (
        Entry.ROOT_CREATED,
        Entry.ROOT_ROLLED,
        Entry.ISSUER_CREATED,
        Entry.LIST_PUBLISHED,
        Entry.PAGES_ROOT_CREATED,
        Entry.PAGE_ISSUED,
    )
)
"""What a ceremony writes, and a service never does without something else beside it."""


@dataclass(frozen=True, slots=True)
class Served:
    """The file in an authority's directory that tells it."""

    directory: Path

    def begin(self) -> None:
        """Say that a service is at work: if it stays so, nobody has stopped it properly."""
        self._write(SERVING)

    def end(self, size: int) -> None:
        """Say that all of a log of `size` entries is in the database, and the service stopped."""
        self._write(str(size))

    def allows(self, head: int, more: Sequence[bytes]) -> bool:
        """Tell whether what the log has `more` than a database of `head` entries may be taken."""
        path = self.directory / FILE
        if head == 0 and not path.exists():
            return True  # the first start
        said = (
            read_file(path, LARGEST, "The mark").decode("ascii", "replace") if path.exists() else ""
        )
        if said.isdecimal():
            return int(said) <= head
        return all(Record.of_entry(octets).kind in CEREMONIAL for octets in more)

    def _write(self, text: str) -> None:
        write_durably(self.directory / FILE, text.encode())

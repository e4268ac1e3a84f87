"""Where in the log each certificate stands that somebody may still show, by its fingerprint.

Held in memory: an entry of a certificate that nobody accepts any more is forgotten, and a start
reads no further back than such a one could be. Which that is tell the times at which this edge has
cosigned, kept in `Marks`: a record's own time is its author's word, and hides nobody else.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from baluardo.durable_files import FOR_ALL, write_durably
from baluardo.errors import LogError, SourceError, TargetError
from baluardo.foreign_input import read_file
from baluardo.trust.audit.reading import LogReader
from baluardo.trust.audit.record import Record
from baluardo.trust.audit.tiles import TILE_WIDTH
from baluardo.trust.certificates.dates import SKEW
from baluardo.trust.identity import DAY, LIFETIMES
from baluardo.trust.issuing.register import Entry

LONGEST_GRACE: Final = max(each.grace for each in LIFETIMES.values())
LONGEST_ACCEPTED: Final = max(each.life + each.grace for each in LIFETIMES.values()) + SKEW + DAY
"""Seconds after which no verifier takes a certificate; a day for entries that are out of order."""

MARK_EVERY: Final = 30 * DAY
MOST_MARKS: Final = 64

_ISSUED: Final = Entry.CERTIFICATE_ISSUED.value
_MARK: Final = _ISSUED.encode()
_LINE: Final = re.compile(r"(0|[1-9][0-9]{0,15}) (0|[1-9][0-9]{0,15})\Z", re.ASCII)
_MOST_MARK_OCTETS: Final = 40 * MOST_MARKS

logger = logging.getLogger("baluardo.edge.log_copy")


class CertificateIndex:
    """Indexes of entries by the SHA-256 of a certificate's DER, small hexadecimal digits."""

    def __init__(self) -> None:
        """Begin empty."""
        self._places: dict[str, tuple[int, float]] = {}
        """Index in the log, and when the certificate ends (POSIX s)."""

    @classmethod
    def read(cls, reader: LogReader, first: int = 0) -> CertificateIndex:
        """Read a log from an entry on; LogError if its entries do not lead to its root."""
        index = cls()
        for start in range(first - first % TILE_WIDTH, reader.size, TILE_WIDTH):
            places = range(start, min(start + TILE_WIDTH, reader.size))
            index.take(start, [reader.entry(place) for place in places])
        return index

    def find(self, fingerprint: str) -> int | None:
        """Return where a certificate stands; None if it is not known."""
        found = self._places.get(fingerprint)
        return None if found is None else found[0]

    def grown_from(self, size: int, now: float) -> CertificateIndex:
        """Return one to which entries from `size` on may be given, while this one stays.

        Without the certificates that have ended for everybody at `now` (POSIX s).
        """
        grown = CertificateIndex()
        if size:
            forgotten = now - LONGEST_GRACE - SKEW - DAY
            grown._places = {
                fingerprint: place
                for fingerprint, place in self._places.items()
                if place[1] >= forgotten
            }
        return grown

    def take(self, first: int, entries: Sequence[bytes]) -> None:
        """Take entries of the log, the first of them at index `first`."""
        for offset, entry in enumerate(entries):
            if _MARK not in entry:
                continue
            try:
                record = Record.of_entry(entry)
                fingerprint, ends = record.facts["fingerprint"], float(record.facts["not_after"])
            except (LogError, KeyError, TypeError, ValueError):  # nobody is shown by it
                continue
            if record.kind == _ISSUED and isinstance(fingerprint, str):
                self._places[fingerprint] = (first + offset, ends)


class Marks:
    """How far the log went at what time, one line of a file for every month; sizes only grow."""

    def __init__(self, path: Path) -> None:
        """Read them; a file that is torn or gone means that the whole log is read."""
        self._path = path
        self._marks: list[tuple[int, int]] = []
        """Entries, and when there were so many (POSIX s)."""
        try:
            lines = read_file(path, _MOST_MARK_OCTETS, "What it knows").decode().splitlines()
            found = [_LINE.match(line) for line in lines[:MOST_MARKS]]
        except (SourceError, UnicodeDecodeError):
            return
        marks = [(int(each[1]), int(each[2])) for each in found if each is not None]
        if len(marks) == len(found) and marks == sorted(marks):
            self._marks = marks

    def first(self, size: int, now: float) -> int:
        """Return the first of `size` entries by which somebody may be accepted at `now`."""
        if any(each > size for each, _ in self._marks):  # they are of another log
            return 0
        old = [each for each, at in self._marks if at < now - LONGEST_ACCEPTED]
        return max(old, default=0)

    def add(self, size: int, at: float) -> None:
        """Take note that the log has so many entries, if that is not known for this month."""
        before = self._marks[-1] if self._marks else (-1, -MARK_EVERY)
        if at - before[1] < MARK_EVERY or size < before[0]:
            return
        marks = [*self._marks, (size, int(at))][-MOST_MARKS:]
        try:
            text = "".join(f"{each} {time}\n" for each, time in marks)
            write_durably(self._path, text.encode(), mode=FOR_ALL)
        except TargetError as problem:  # the next start reads more than it has to
            logger.warning("%s", problem)
            return
        self._marks = marks

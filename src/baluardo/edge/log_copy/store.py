"""A copy of a log on the disk: verified before it is taken, never less than it was.

Entries are fetched, and everything else is computed from them, so what is taken leads from the
present copy to the root that the log has signed. The files are forced down first; then the witness
cosigns, and its memory is the copy's checkpoint, of which a second one is kept before anybody is
told. A crash in between, or a way that is lost, leaves files that nobody counts; the next attempt
goes on from them. A copy that was torn is fetched again, and must lead to what was cosigned.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from baluardo.durable_files import FOR_ALL, write_durably
from baluardo.edge.log_copy.index import CertificateIndex, Marks
from baluardo.edge.log_copy.uncounted import Fetch, Refusals, RefusedEntriesError, Uncounted
from baluardo.errors import LogError, SourceError, TargetError, TrustError
from baluardo.foreign_input import read_file
from baluardo.trust.audit.checkpoint import SignedCheckpoint, open_checkpoint
from baluardo.trust.audit.disk import Disk, shown
from baluardo.trust.audit.edge import Edge
from baluardo.trust.audit.evidence import MOST_EVIDENCE_OCTETS, ForkEvidence
from baluardo.trust.audit.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)
from baluardo.trust.audit.note import VerifierKey
from baluardo.trust.audit.reading import CHECKPOINT, LogReader
from baluardo.trust.audit.tiles import (
    ENTRIES,
    TILE_HEIGHT,
    TILE_WIDTH,
    Tile,
    TileHashes,
    bundle_of,
)
from baluardo.trust.audit.witness import Witness

WITNESS: Final = "witness"
"""Directory of the witness's memory, and of what it holds against the log."""
MOST_ENTRIES: Final = 1 << 22
"""Of a log that an edge copies: 2 GB of entries as they are, 135 MB of hashes. Our choice."""
MARKS: Final = "sizes"
"""How large the log was when (`index.Marks`)."""

logger = logging.getLogger("baluardo.edge.log_copy")


@dataclass(frozen=True, slots=True)
class LogEvidence:
    """What shows that a certificate was written down."""

    record: bytes
    """The entry as it stands in the log."""
    index: int
    proof: tuple[bytes, ...]
    """From the entry to the checkpoint's root."""
    checkpoint: bytes
    """A signed note, with the witness's line."""


@dataclass(frozen=True, slots=True)
class _Held:
    """One state of the copy; never changes."""

    edge: Edge
    root: bytes
    reader: LogReader
    note: bytes


class LogCopy:
    """A copy with its witness, in a directory that one process at a time uses.

    Threads may share it; `take` is called by one at a time.
    """

    def __init__(
        self, directory: Path, log: VerifierKey, witness: Witness, disk: Disk | None = None
    ) -> None:
        """Open it, or begin an empty one, in a directory that is there.

        `witness` watches this log with its memory in `directory / WITNESS`, and is closed with the
        copy.
        """
        self._directory, self._log, self._disk = directory, log, disk or Disk()
        self._witness = witness
        self._turn = threading.Lock()
        self._index, self._marks = CertificateIndex(), Marks(directory / MARKS)
        self._refusals = Refusals()
        try:
            self.fork = self._kept_fork()
            """What the log's own key was convicted of, for people; empty for nothing."""
            self._held = self._read()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let another process use it."""
        self._witness.close()

    @property
    def log(self) -> VerifierKey:
        """The key by which the log is known here."""
        return self._log

    @property
    def witness(self) -> VerifierKey:
        """The key of this edge as a witness."""
        return self._witness.key

    @property
    def size(self) -> int:
        """How many entries are here; 0 also for a copy that was torn."""
        return self._held.edge.size

    @property
    def checkpoint(self) -> bytes:
        """The cosigned checkpoint of what is here; empty before the first."""
        return self._held.note

    def evidence(self, fingerprint: str) -> LogEvidence | None:
        """Return what shows a certificate, by the SHA-256 of its DER in small hexadecimal digits.

        None if nothing here tells of it. LogError if the disk does not give back what was taken:
        the copy is then fetched again.
        """
        held, index = self._held, self._index.find(fingerprint)
        if index is None or index >= held.edge.size:
            return None
        try:
            record = held.reader.entry(index)
            proof = held.reader.inclusion_proof(index)
            verify_inclusion(leaf_hash(record), index, held.edge.size, proof, held.root)
        except LogError:
            self._give_up(held)
            raise
        return LogEvidence(record, index, proof, held.note)

    def consistency(self, old: int, size: int) -> tuple[bytes, ...]:
        """Return what shows that the log of `size` entries begins with that of `old`.

        InvalidInputError for sizes that are not here, LogError as `evidence`.
        """
        held = self._held
        try:
            proof = held.reader.consistency_proof(old, size)
            if 0 < old < size:
                roots = held.reader.root(old), held.reader.root(size)
                verify_consistency(old, size, proof, *roots)
        except LogError:
            self._give_up(held)
            raise
        return proof

    def take(self, offered: bytes, fetch: Fetch, now: float) -> bool:
        """Take what the log has become, and cosign it; tell whether there is anything new.

        An older checkpoint, of an authority that is behind, is let be. LogError or SignatureError
        if it is not the log's, if it cannot follow what is here (`fork` then tells what the log is
        convicted of), or if the disk refuses: what was here stays. What was fetched and did not
        lead to it is not fetched again before a pause, which grows (`Refusals`).
        """
        if self.fork:
            raise LogError(f"{self.fork} Nothing newer of it is taken here.")
        signed = open_checkpoint(offered, self._log)
        known = self._witness.last(self._log.name)
        self._accuse(known, signed)
        if signed.size > MOST_ENTRIES:
            raise LogError(
                f"The log has {signed.size:,} entries; at most {MOST_ENTRIES:,} fit here."
            )
        if known is not None and signed.size < known.size:
            return False
        held = self._held
        if held.note and signed.size == held.edge.size and signed.root == held.root:
            return False
        self._refusals.check(signed.root, now)
        try:
            self._grow(held, known, signed, fetch, now)
        except RefusedEntriesError:
            self._refusals.add(signed.root, now)
            raise
        except OSError as error:
            raise LogError(
                f"The copy of the log in {shown(self._directory)} cannot be written: "
                f"{error.strerror}. What was here before is safe. Make room or mend the disk."
            ) from None
        self._refusals.clear()
        return True

    def _grow(
        self,
        held: _Held,
        known: SignedCheckpoint | None,
        signed: SignedCheckpoint,
        fetch: Fetch,
        now: float,
    ) -> None:
        start = held.edge.size
        files = Uncounted(self._directory, self._disk, start, signed.size)
        at = min(now, signed.signed_at)
        edge, index = self._fetched(held.edge, at, fetch, files)
        if edge.root() != signed.root and files.found_any:
            # What was left here may be what is wrong: then nobody was refused anything.
            files.remove()
            files = Uncounted(self._directory, self._disk, start, signed.size)
            edge, index = self._fetched(held.edge, at, fetch, files)
        if edge.root() != signed.root:
            files.remove()
            self._convict(known, signed, fetch)
            raise RefusedEntriesError(
                f"The authority's entries {start} to {signed.size - 1} are not those that its "
                "log's checkpoint was signed for. Nothing was taken; it is asked again later."
            )
        for tile, octets in _partial(edge):
            files.write(tile, octets)
        files.sync()
        reader = LogReader(self._directory, signed.size, signed.root)
        note = self._cosigned(known, signed, reader, now)
        with self._turn:
            self._index, self._held = index, _Held(edge, signed.root, reader, note)
        self._marks.add(signed.size, max(now, signed.signed_at))
        with contextlib.suppress(OSError):  # they do no harm where they are
            files.remove_partial()

    def _fetched(
        self, edge: Edge, at: float, fetch: Fetch, files: Uncounted
    ) -> tuple[Edge, CertificateIndex]:
        """Return edge and index with everything that the files are for, complete ones written."""
        index = self._index.grown_from(edge.size, at)
        while edge.size < files.size:
            entries = files.entries(edge.size, fetch)
            index.take(edge.size, entries)
            edge, grown = edge.grown(entries)
            for tile, octets in grown:
                if tile.width == TILE_WIDTH:
                    files.write(tile, octets)
        return edge, index

    def _cosigned(
        self,
        known: SignedCheckpoint | None,
        signed: SignedCheckpoint,
        reader: LogReader,
        now: float,
    ) -> bytes:
        """Let the witness consider what is on the disk; it keeps what convicts the log."""
        proof: tuple[bytes, ...] = ()
        begins_with: bytes | None = None
        if known is not None and 0 < known.size < signed.size:
            proof, begins_with = reader.consistency_proof(known.size), reader.root(known.size)
        try:
            self._witness.consider(signed.note.octets(), proof, now, begins_with)
        except LogError:
            self.fork = self._kept_fork()
            raise
        note = self._witness.cosigned(self._log.name)
        try:
            self._keep(note)
        except TargetError as problem:
            raise LogError(str(problem)) from None
        return note

    def _keep(self, note: bytes) -> None:
        """Keep what was cosigned a second time (`OwnWitness.watch` goes back to it)."""
        write_durably(self._directory / CHECKPOINT, note, mode=FOR_ALL)

    def _convict(
        self, known: SignedCheckpoint | None, signed: SignedCheckpoint, fetch: Fetch
    ) -> None:
        """Raise if the authority's own hashes show that the log has two histories."""
        if known is None or not 0 < known.size < signed.size:
            return
        hashes = TileHashes(signed.size, fetch)
        try:
            proof = consistency_proof(known.size, signed.size, hashes)
            begins = Frontier.read(known.size, hashes).root()
        except LogError:
            return
        self._accuse(known, signed, proof, begins)

    def _accuse(
        self,
        known: SignedCheckpoint | None,
        signed: SignedCheckpoint,
        proof: tuple[bytes, ...] = (),
        begins: bytes = b"",
    ) -> None:
        """Have the evidence kept, and raise, if two checkpoints convict the log's key."""
        if known is None:
            return
        pair = known.note.octets(), signed.note.octets()
        try:
            ForkEvidence(*pair, begins, proof).verify(self._log)
        except LogError:
            return
        try:
            self._witness.consider(pair[1], proof, signed.signed_at, begins or None)
        finally:
            self.fork = self._kept_fork()

    def _kept_fork(self) -> str:
        for path in sorted((self._directory / WITNESS).glob("*.fork-*.json")):
            try:
                octets = read_file(path, MOST_EVIDENCE_OCTETS, "The evidence")
                return ForkEvidence.of_octets(octets).verify(self._log)
            except (TrustError, SourceError) as problem:
                logger.warning("%s: %s", shown(path), problem)
        return ""

    def _read(self) -> _Held:
        """Return what is on the disk, as far as it leads to what was cosigned."""
        signed = self._witness.last(self._log.name)
        if signed is None:
            return self._nothing()
        reader = LogReader(self._directory, signed.size, signed.root)
        try:
            edge = Edge.read(reader)
            if edge.root() != signed.root:
                raise LogError("It does not lead to what was cosigned.")
            first = self._marks.first(
                signed.size, min((signed.signed_at, *signed.witnesses.values()))
            )
            self._index = CertificateIndex.read(reader, first)
        except LogError as problem:
            logger.warning("The copy of the log is fetched again: %s", problem)
            return self._nothing()
        note = signed.note.octets()
        try:
            self._keep(note)
        except TargetError as problem:  # the first one is there
            logger.warning("%s", problem)
        return _Held(edge, signed.root, reader, note)

    def _nothing(self) -> _Held:
        reader = LogReader(self._directory, 0, EMPTY_ROOT)
        return _Held(Edge(0, [], []), EMPTY_ROOT, reader, b"")

    def _give_up(self, held: _Held) -> None:
        with self._turn:
            if self._held is held:
                logger.warning("The copy of the log was damaged; it is fetched again.")
                self._held = self._nothing()


def _partial(edge: Edge) -> list[tuple[Tile, bytes]]:
    """Return the tiles at the edge that are not complete, and the bundle."""
    number = edge.size // TILE_WIDTH
    files = []
    if edge.bundle:
        files.append((Tile(ENTRIES, number, len(edge.bundle)), bundle_of(edge.bundle)))
    for level, hashes in enumerate(edge.hashes):
        if hashes:
            place = (edge.size >> (TILE_HEIGHT * level)) // TILE_WIDTH
            files.append((Tile(level, place, len(hashes)), b"".join(hashes)))
    return files

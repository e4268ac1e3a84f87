"""The log on disk: one writer, groups committed in one step, and a crash at any instruction.

A commit writes new bundles and tiles as new files, forces them and their directories down, then
puts a new checkpoint in the place of the old: that is the moment at which the group is in the log.
What a checkpoint does not cover is nobody's: a crash leaves such files, the next commit overwrites
them. A checkpoint that was signed whole before the crash is put in place by the next start, so that
the log never signs two histories.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from baluardo.durable_files import Hold
from baluardo.errors import InvalidInputError, LogError, SourceError, TrustError
from baluardo.foreign_input import read_file
from baluardo.trust.audit.checkpoint import (
    Checkpoint,
    SignedCheckpoint,
    open_checkpoint,
    sign_checkpoint,
)
from baluardo.trust.audit.disk import Batch, Disk, shown, take_hold
from baluardo.trust.audit.edge import Edge
from baluardo.trust.audit.merkle import EMPTY_ROOT
from baluardo.trust.audit.note import MOST_NOTE_OCTETS, Note, VerifierKey
from baluardo.trust.audit.reading import CHECKPOINT, LogReader, read_checkpoint
from baluardo.trust.audit.tiles import (
    ENTRIES,
    MOST_ENTRY_OCTETS,
    TILE_HEIGHT,
    TILE_WIDTH,
    Tile,
    levels,
)
from baluardo.trust.primitives.signing import SigningKey

NEW_CHECKPOINT: Final = "checkpoint.new"
MOST_GROUP: Final = 65_536
"""Entries in one commit. Our choice."""
TIDIED: Final = 1 + MOST_GROUP // TILE_WIDTH
"""How many complete tiles back a start looks for partial ones that a crash left."""


class AuditLog:
    """A log opened by its one writer. Several threads may use it; commits come one by one."""

    def __init__(self, directory: Path, key: SigningKey, disk: Disk, hold: Hold) -> None:
        """Use `create` or `open`."""
        self.directory = directory
        self._key = key
        self._disk = disk
        self._hold = hold
        self._failed = False
        self._turn = threading.Lock()
        self._batch = Batch(directory, disk)
        self._signed = self._recover()
        self._reader = LogReader(directory, self._signed.size, self._signed.root)
        self._edge = Edge.read(self._reader)
        if self._edge.root() != self._signed.root:
            raise LogError(
                f"The log in {shown(directory)} does not lead to its own checkpoint: files were "
                "altered. Nothing was written. Compare it with a copy: baluardo audit verify."
            )
        self._tidy(self._last_completed())

    @classmethod
    def create(
        cls, directory: Path, origin: str, key: SigningKey, now: float, disk: Disk | None = None
    ) -> AuditLog:
        """Make a new log; `origin` is its name for ever, such as `marina.example/log`.

        LogError if the directory holds a log already, or cannot be written.
        """
        disk = disk or Disk()
        VerifierKey(origin, key.public)
        try:
            _make(directory, disk)
            hold = take_hold(directory, f"The log in {shown(directory)}")
            try:
                if (directory / CHECKPOINT).exists() or (directory / "tile").exists():
                    raise LogError(
                        f"There is a log in {shown(directory)} already; it was left alone."
                    )
                first = _signed_note(Checkpoint(origin, 0, EMPTY_ROOT), key, int(now))
                _publish(directory, first, disk)
            finally:
                hold.release()
        except OSError as error:
            raise LogError(f"{shown(directory)} cannot be written: {error.strerror}.") from None
        return cls.open(directory, key, disk)

    @classmethod
    def open(cls, directory: Path, key: SigningKey, disk: Disk | None = None) -> AuditLog:
        """Open a log for writing; LogError if another process writes it, or it was altered."""
        hold = take_hold(directory, f"The log in {shown(directory)}")
        try:
            return cls(directory, key, disk or Disk(), hold)
        except OSError as error:
            hold.release()
            raise LogError(f"{shown(directory)} cannot be read: {error.strerror}.") from None
        except BaseException:
            hold.release()
            raise

    def close(self) -> None:
        """Let another process write."""
        with self._turn:
            self._hold.release()

    def __enter__(self) -> AuditLog:
        """Return it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    @property
    def origin(self) -> str:
        """The log's name."""
        return self._signed.checkpoint.origin

    @property
    def size(self) -> int:
        """How many entries are in the log."""
        return self._signed.size

    @property
    def root(self) -> bytes:
        """The root over them."""
        return self._signed.root

    @property
    def checkpoint(self) -> SignedCheckpoint:
        """The newest checkpoint."""
        return self._signed

    @property
    def verifier_key(self) -> VerifierKey:
        """The key by which everybody else knows this log."""
        return VerifierKey(self.origin, self._key.public)

    def append(self, entries: Sequence[bytes], now: float) -> range:
        """Append a group and return its indexes; it is on the disk for good when this returns.

        InvalidInputError for an entry longer than 65,535 octets, and nothing is written. LogError
        if the disk refuses: whether the group is in the log is then decided when it is opened
        again, and until then nothing more is taken.
        """
        if len(entries) > MOST_GROUP or any(len(e) > MOST_ENTRY_OCTETS for e in entries):
            raise InvalidInputError(
                f"A group has at most {MOST_GROUP} entries of at most {MOST_ENTRY_OCTETS} octets."
            )
        with self._turn:
            self._check_open()
            start = self.size
            if entries:
                self._failed = True  # until it is done; also if this thread is interrupted
                try:
                    self._commit(entries, now)
                except OSError as error:
                    raise LogError(
                        f"The log in {shown(self.directory)} cannot be written: {error.strerror}. "
                        "What it had taken before is safe. Make room or mend the disk, then start "
                        "again."
                    ) from None
                self._failed = False
            return range(start, self.size)

    def entry(self, index: int) -> bytes:
        """Return one entry; InvalidInputError if there is none of that number.

        LogError if it is not the one that was taken: its file was altered.
        """
        return self._reader.entry(index)

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Yield the entries from `start` to before `stop` (default: all there are now)."""
        return self._reader.entries(start, stop)

    def inclusion_proof(self, index: int, size: int | None = None) -> tuple[bytes, ...]:
        """Return what shows an entry in the log of `size` entries (default: all)."""
        return self._reader.inclusion_proof(index, size)

    def consistency_proof(self, old: int, new: int | None = None) -> tuple[bytes, ...]:
        """Return what shows that the log of `new` entries (default: all) begins with the old."""
        return self._reader.consistency_proof(old, new)

    def _check_open(self) -> None:
        if not self._hold.held:
            raise LogError(f"The log in {shown(self.directory)} is closed.")
        if self._failed:
            raise LogError(
                f"The log in {shown(self.directory)} could not be written before and must be "
                "opened again; what it had taken is safe."
            )

    def _commit(self, entries: Sequence[bytes], now: float) -> None:
        edge, files = self._edge.grown(entries)
        for tile, octets in files:
            self._batch.write(self.directory / tile.path, octets)
        self._batch.sync()
        checkpoint = Checkpoint(self.origin, edge.size, edge.root())
        # Never earlier than before: the signed times order the checkpoints (see `witness`).
        time = max(int(now), self._signed.signed_at)
        note = _signed_note(checkpoint, self._key, time)
        _publish(self.directory, note, self._disk)
        self._edge = edge
        self._signed = SignedCheckpoint(checkpoint, note, time, {})
        self._reader = LogReader(self.directory, edge.size, checkpoint.root)
        self._tidy(tile for tile, _ in files if tile.width == TILE_WIDTH)

    def _tidy(self, completed: Iterable[Tile]) -> None:
        """Remove the partial forms of tiles that are complete and in the log."""
        with contextlib.suppress(OSError):  # they do no harm where they are
            for tile in completed:
                self._batch.remove(self.directory / f"{tile.path}.p")

    def _last_completed(self) -> Iterator[Tile]:
        for level in range(levels(self.size)):
            done = (self.size >> (TILE_HEIGHT * level)) // TILE_WIDTH
            for index in range(max(0, done - TIDIED), done):
                yield Tile(level, index)
                if level == 0:
                    yield Tile(ENTRIES, index)

    def _recover(self) -> SignedCheckpoint:
        """Return the newest checkpoint, after putting one in place that a crash left behind."""
        signed = self._own(read_checkpoint(self.directory, self._disk))
        left = self.directory / NEW_CHECKPOINT
        if not left.exists():
            return signed
        try:
            newer = self._own(read_file(left, MOST_NOTE_OCTETS))
        except (TrustError, SourceError):  # a crash cut it short: nobody can use it
            newer = signed
        if newer.checkpoint.origin != signed.checkpoint.origin or newer.size <= signed.size:
            self._disk.remove(left)
            return signed
        reader = LogReader(self.directory, newer.size)
        if (reader.root(), reader.root(signed.size)) != (newer.root, signed.root):
            raise LogError(
                f"The log in {shown(self.directory)} had signed {newer.size} entries before it was "
                "stopped, and they are not on the disk as they were. Nothing was written. "
                "Compare the log with a copy: baluardo audit verify."
            )
        # Whoever wrote it may have been stopped before its octets were forced down.
        self._disk.overwrite(left, newer.note.octets())
        self._disk.replace(left, self.directory / CHECKPOINT)
        self._disk.sync_directory(self.directory)
        return newer

    def _own(self, octets: bytes) -> SignedCheckpoint:
        origin = Checkpoint.of_body(Note.of_octets(octets).text).origin
        try:
            return open_checkpoint(octets, VerifierKey(origin, self._key.public))
        except InvalidInputError as problem:
            raise LogError(f"The log in {shown(self.directory)}: {problem}") from None


def _make(directory: Path, disk: Disk) -> None:
    """Make a directory and what is missing above it, every name forced down."""
    if not directory.parent.exists():
        _make(directory.parent, disk)
    disk.make_directory(directory)
    disk.sync_directory(directory.parent)


def _signed_note(checkpoint: Checkpoint, key: SigningKey, timestamp: int) -> Note:
    return Note(checkpoint.body, (sign_checkpoint(checkpoint, checkpoint.origin, key, timestamp),))


def _publish(directory: Path, note: Note, disk: Disk) -> None:
    """Put a checkpoint in the place of the one before: the commit."""
    disk.write(directory / NEW_CHECKPOINT, note.octets())
    disk.replace(directory / NEW_CHECKPOINT, directory / CHECKPOINT)
    disk.sync_directory(directory)

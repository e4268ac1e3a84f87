"""A capture of the wire on its way into a file."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from typing import Final

from baluardo.network.wire import pcapng
from baluardo.network.wire.engine import WireEngine

MOST_OCTETS: Final = 1_000_000_000
"""Of a file: who forgets a capture loses no disk."""
TICK_S: Final = 0.02
"""How often packets are taken out of the engine's ring, which holds 0.1 s of its fastest."""


class Capturing:
    """What passes some ports goes into a file, until it is ended.

    Blocks are written beyond the file's offset, which moves once they are whole. Whoever holds the
    same open file sees it, so that another process goes on there where this one was killed while it
    wrote.
    """

    def __init__(
        self,
        engine: WireEngine,
        ports: Sequence[str],
        descriptor: int,
        offset_ns: int,
        most_octets: int = MOST_OCTETS,
    ) -> None:
        """Begin; the descriptor is taken over. offset_ns: POSIX less CLOCK_MONOTONIC.

        A file that stands behind captures already gets one more section, and has to be readable.
        InvalidInputError for ports that there are not.
        """
        self._engine = engine
        self._ports = list(ports)
        self._numbers = {port: number for number, port in enumerate(ports)}
        self._offset_ns = offset_ns
        self._file, self._most = descriptor, most_octets
        self.packets = 0
        """How many the file holds."""
        self.problem = ""
        """Why it ended by itself: no room on the disk, say."""
        try:
            self._whole = os.lseek(descriptor, 0, os.SEEK_CUR)
            if self._whole:
                os.ftruncate(descriptor, self._whole)
                self.packets = pcapng.count_packets(descriptor, self._whole)
            engine.captured()  # what was left of another capture
            engine.capture(self._ports, on=True)
            self._write([pcapng.beginning(self._ports)])
        except BaseException:
            os.close(descriptor)
            raise

    def take(self) -> None:
        """Write what has passed since the last time."""
        taken = self._engine.captured()
        if self.problem:
            return
        blocks = [
            pcapng.packet(
                self._numbers[each.port],
                each.time_ns + self._offset_ns,
                each.octets,
                pcapng.INBOUND if each.way == "in" else pcapng.OUTBOUND,
            )
            for each in taken
            if each.port in self._numbers
        ]
        self.packets += self._write(blocks)

    def end(self) -> None:
        """Stop copying, write what is left, and close the file."""
        self._engine.capture(self._ports, on=False)
        self.take()
        try:
            os.close(self._file)
        except OSError as problem:
            self._failed(problem.strerror or str(problem))

    def _write(self, blocks: Sequence[bytes]) -> int:
        """Write as many blocks as fit, all of them whole or none; return how many."""
        fitting, room = 0, self._most - self._whole
        for each in blocks:
            room -= len(each)
            if room < 0:
                break
            fitting += 1
        try:
            self._append(b"".join(blocks[:fitting]))
        except OSError as problem:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._whole)
            self._failed(problem.strerror or str(problem))
            return 0
        if fitting < len(blocks):
            self._failed(f"its file may have {self._most:,} octets, and no further packet fits")
        return fitting

    def _append(self, octets: bytes) -> None:
        left, at = memoryview(octets), self._whole
        while left:
            written = os.pwrite(self._file, left, at)
            left, at = left[written:], at + written
        self._whole = os.lseek(self._file, at, os.SEEK_SET)

    def _failed(self, why: str) -> None:
        self.problem = f"The capture ended early: {why}."
        self._engine.capture(self._ports, on=False)

"""A capture of the wire on its way into a file."""

from __future__ import annotations

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
    """What passes some ports goes into a file, until it is ended."""

    def __init__(
        self,
        engine: WireEngine,
        ports: Sequence[str],
        descriptor: int,
        offset_ns: int,
        most_octets: int = MOST_OCTETS,
    ) -> None:
        """Begin; the descriptor is taken over. offset_ns: POSIX less CLOCK_MONOTONIC.

        A file with captures in it gets one more section.
        InvalidInputError for ports that there are not.
        """
        self._engine = engine
        self._ports = list(ports)
        self._numbers = {port: number for number, port in enumerate(ports)}
        self._offset_ns = offset_ns
        self._file = os.fdopen(descriptor, "wb")
        self._room = most_octets - os.fstat(descriptor).st_size
        self.packets = 0
        self.problem = ""
        """Why it ended by itself: no room on the disk, say."""
        try:
            engine.captured()  # what was left of another capture
            engine.capture(self._ports, on=True)
            self._write([pcapng.beginning(self._ports)])
        except BaseException:
            self._file.close()
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
            self._file.close()
        except OSError as problem:
            self._failed(problem.strerror or str(problem))

    def _write(self, blocks: Sequence[bytes]) -> int:
        """Write blocks, whole ones only; return how many."""
        fitting = 0
        for each in blocks:
            if len(each) > self._room:
                break
            self._room -= len(each)
            fitting += 1
        try:
            self._file.write(b"".join(blocks[:fitting]))
            self._file.flush()
        except OSError as problem:
            self._failed(problem.strerror or str(problem))
            return 0
        if fitting < len(blocks):
            self._failed("its file is as large as one may become")
        return fitting

    def _failed(self, why: str) -> None:
        self.problem = f"The capture ended early: {why}."
        self._engine.capture(self._ports, on=False)

"""AIS as it comes: from a receiver's TCP port, or sent to a UDP port here. A thin driver."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable

from baluardo.errors import InvalidInputError
from baluardo.fleet.tracks.ais import MOST_OCTETS, AisReader
from baluardo.fleet.tracks.heard import Heard

Take = Callable[[Heard], None]

LEAST_WAIT_S = 1.0
MOST_WAIT_S = 30.0
"""Between two attempts to connect: doubled each time, back to the least once something came."""

SILENT_S = 600.0
"""A receiver that says nothing for so long is connected to anew: the way may have gone silently."""

MOST_SENDERS = 256
"""Senders of datagrams whose open messages are kept apart; beyond them the oldest is forgotten."""


class Feed:
    """What was heard so far, for whoever shows it."""

    def __init__(self, take: Take, clock: Callable[[], float] = time.time) -> None:
        """`take` is called with every line, on the event loop; `clock` tells POSIX seconds."""
        self._take, self._clock = take, clock
        self.lines = 0
        self.too_long = 0
        """Lines that were thrown away unread, as they had no end."""
        self.problem: str | None = None
        """Why nothing comes; None while something does."""

    async def tcp(self, host: str, port: int) -> None:
        """Read from a receiver until cancelled; what breaks off is connected to again."""
        wait = LEAST_WAIT_S
        while True:
            try:
                reader, writer = await asyncio.open_connection(host, port, limit=2 * MOST_OCTETS)
            except OSError as problem:
                self.problem = f"{host} port {port}: {problem.strerror or problem}."
                await asyncio.sleep(wait)
                wait = min(2.0 * wait, MOST_WAIT_S)
                continue
            before = self.lines
            try:
                self.problem = None
                await self._read(reader)
                self.problem = f"{host} port {port} closed the connection."
            except OSError as problem:
                self.problem = f"{host} port {port}: {problem.strerror or problem}."
            except TimeoutError:
                self.problem = f"{host} port {port} was silent for {SILENT_S:g} s."
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
            wait = LEAST_WAIT_S if self.lines > before else min(2.0 * wait, MOST_WAIT_S)
            await asyncio.sleep(wait)

    async def udp(
        self, port: int, host: str = "127.0.0.1"
    ) -> tuple[asyncio.DatagramTransport, int]:
        """Listen for datagrams; return the transport, to be closed, and the port that it has.

        InvalidInputError where the port cannot be had.
        """
        loop = asyncio.get_running_loop()
        try:
            transport, _ = await loop.create_datagram_endpoint(
                lambda: _Datagrams(self), local_addr=(host, port)
            )
        except OSError as problem:
            raise InvalidInputError(
                f"UDP port {port} of {host} cannot be had: {problem.strerror or problem}."
            ) from None
        return transport, int(transport.get_extra_info("sockname")[1])

    def line(self, reader: AisReader, octets: bytes) -> None:
        """Take one line that came now."""
        self.lines += 1
        self._take(reader.take(octets, self._clock()))
        reader.given_up()

    async def _read(self, stream: asyncio.StreamReader) -> None:
        reader = AisReader()
        skipping = False
        while True:
            async with asyncio.timeout(SILENT_S):
                try:
                    octets = await stream.readuntil(b"\n")
                except asyncio.LimitOverrunError as error:
                    # A line without end: what is there is thrown away, and its rest with it.
                    await stream.read(max(error.consumed, 1))
                    self.too_long += not skipping
                    skipping = True
                    continue
                except asyncio.IncompleteReadError as error:
                    if error.partial and not skipping:
                        self.line(reader, error.partial)
                    return
            if not skipping:
                self.line(reader, octets)
            skipping = False


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._readers: dict[object, AisReader] = {}

    def datagram_received(self, data: bytes, addr: tuple[object, ...]) -> None:
        reader = self._readers.pop(addr[:2], None) or AisReader()
        self._readers[addr[:2]] = reader
        if len(self._readers) > MOST_SENDERS:
            del self._readers[next(iter(self._readers))]
        for line in data.splitlines():
            self._feed.line(reader, line)

"""AIS over real sockets: a receiver that breaks off, floods and lines without an end."""

import asyncio
import contextlib

import pytest

from baluardo.errors import InvalidInputError
from baluardo.fleet.tracks import feed as feed_module
from baluardo.fleet.tracks.feed import Feed
from baluardo.fleet.tracks.heard import Kind

SHIP = b"!AIVDM,1,1,,B,15M67FC000G?ufbE`FepT@3n00Sa,0*5C\r\n"
VOYAGE = (
    b"!AIVDM,2,1,3,B,55P5TL01VIaAL@7WKO@mBplU@<PDhh000000001S;AJ::4A80?4i@E53,0*3E\r\n",
    b"!AIVDM,2,2,3,B,1@0000000000000,2*55\r\n",
)


class Heard:
    """What a feed told, to be waited for."""

    def __init__(self):
        self.all, self._more = [], asyncio.Event()

    def __call__(self, heard):
        self.all.append(heard)
        self._more.set()

    async def until(self, count):
        async with asyncio.timeout(30):
            while len(self.all) < count:
                self._more.clear()
                await self._more.wait()
        return [h.kind for h in self.all]


@contextlib.asynccontextmanager
async def receiver(*turns):
    """Serve what each turn says to each connection in its order, and close it then."""
    left, writers = list(turns), []

    async def serve(_, writer):
        writers.append(writer)
        with contextlib.suppress(OSError):
            writer.write(left.pop(0) if left else b"")
            await writer.drain()
        if left:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        for writer in writers:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


@contextlib.asynccontextmanager
async def connected(feed, port):
    task = asyncio.create_task(feed.tcp("127.0.0.1", port))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def test_a_receiver_that_breaks_off_is_connected_to_again(monkeypatch):
    monkeypatch.setattr(feed_module, "LEAST_WAIT_S", 0.01)

    async def walk():
        heard = Heard()
        feed = Feed(heard, clock=lambda: 1e9)
        async with receiver(SHIP + VOYAGE[0], b"", SHIP) as port, connected(feed, port):
            kinds = await heard.until(3)
        assert kinds == [Kind.POSITION, Kind.PART, Kind.POSITION]
        assert heard.all[0].position.time == 1e9
        assert feed.problem is None

    asyncio.run(walk())


def test_lines_without_end_are_thrown_away_and_counted():
    async def walk():
        heard = Heard()
        feed = Feed(heard)
        flood = SHIP + b"A" * 100_000 + b"\n" + SHIP
        async with receiver(flood) as port, connected(feed, port):
            kinds = await heard.until(2)
        assert kinds == [Kind.POSITION, Kind.POSITION]
        assert feed.too_long == 1

    asyncio.run(walk())


def test_the_last_line_of_a_connection_needs_no_end(monkeypatch):
    monkeypatch.setattr(feed_module, "LEAST_WAIT_S", 0.01)

    async def walk():
        heard = Heard()
        async with receiver(SHIP.strip(), b"") as port, connected(Feed(heard), port):
            assert await heard.until(1) == [Kind.POSITION]

    asyncio.run(walk())


def test_nobody_there_is_a_problem_that_is_told(monkeypatch):
    monkeypatch.setattr(feed_module, "LEAST_WAIT_S", 0.01)

    async def walk():
        async with receiver() as port:
            pass
        feed = Feed(Heard())
        async with connected(feed, port), asyncio.timeout(30):
            while feed.problem is None:
                await asyncio.sleep(0.005)
        assert f"port {port}" in feed.problem

    asyncio.run(walk())


def test_datagrams_of_two_senders_do_not_mix():
    async def walk():
        heard = Heard()
        feed = Feed(heard)
        transport, port = await feed.udp(0)
        loop = asyncio.get_running_loop()
        senders = [
            (
                await loop.create_datagram_endpoint(
                    asyncio.DatagramProtocol, remote_addr=("127.0.0.1", port)
                )
            )[0]
            for _ in range(2)
        ]
        senders[0].sendto(VOYAGE[0])
        assert await heard.until(1) == [Kind.PART]
        senders[1].sendto(VOYAGE[1])
        assert (await heard.until(2))[1] is Kind.PART
        senders[0].sendto(VOYAGE[1] + SHIP)
        assert (await heard.until(4))[2:] == [Kind.STATIC, Kind.POSITION]
        for each in (*senders, transport):
            each.close()

    asyncio.run(walk())


def test_senders_without_number_are_bounded(monkeypatch):
    monkeypatch.setattr(feed_module, "MOST_SENDERS", 2)
    feed = Feed(lambda _: None)
    datagrams = feed_module._Datagrams(feed)
    for number in range(50):
        datagrams.datagram_received(VOYAGE[0], ("127.0.0.1", number))
    assert len(datagrams._readers) == 2
    assert feed.lines == 50


def test_a_port_that_is_taken_is_refused():
    async def walk():
        feed = Feed(lambda _: None)
        transport, port = await feed.udp(0)
        with pytest.raises(InvalidInputError, match=f"UDP port {port}"):
            await feed.udp(port)
        transport.close()

    asyncio.run(walk())

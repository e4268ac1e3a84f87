"""Serving on real sockets: floods, slow ones, copies of keys, and honest members all the while."""

from __future__ import annotations

import asyncio
import functools
import gc
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.errors import ChannelLostError, HandshakeError, InvalidInputError
from baluardo.trust.certificates.certificate import Chain
from baluardo.trust.certificates.verification import Peer, Verifier
from baluardo.trust.channel import carrier, connection, stream
from baluardo.trust.channel.connection import ChannelConnection
from baluardo.trust.channel.endpoint import Endpoint
from baluardo.trust.channel.presence import Presence
from baluardo.trust.channel.rationed_log import RationedLog
from baluardo.trust.channel.reconnect import Backoff, KeptChannel
from baluardo.trust.channel.server import ChannelServer, Limits, serve, source_of
from baluardo.trust.channel.stream import Channel, open_channel
from baluardo.trust.channel.tls import Role
from baluardo.trust.labels import Label
from trust.community import NOW, TestCommunity, make_community

LOGGER = "baluardo.trust.channel"


@functools.cache
def italy() -> TestCommunity:
    return make_community()


def endpoint(path: str) -> Endpoint:
    return Endpoint(italy().credential(path), italy().verifier(), lambda: NOW)


async def echo(channel: Channel) -> None:
    while octets := await channel.read():
        channel.write(octets)
        await channel.drain()


@asynccontextmanager
async def served(
    handler: Callable[[Channel], Awaitable[None]] = echo,
    limits: Limits | None = None,
    on_duplicate: Callable[[Peer, str, str], None] | None = None,
) -> AsyncIterator[ChannelServer]:
    server = await serve(
        endpoint("ship/bergamini"), handler, "127.0.0.1", 0, limits, on_duplicate=on_duplicate
    )
    async with server:
        yield server


async def reach(port: int, client: Endpoint, from_host: str | None = None) -> Channel:
    whom = italy().identity("ship/bergamini")
    return await open_channel("127.0.0.1", port, client, whom, from_host=from_host)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):  # a failure, not a measurement
        while not condition():
            await asyncio.sleep(0.001)


def test_much_goes_both_ways_with_both_ends_holding_each_other_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream, "MOST_UNREAD", 20_000)
    monkeypatch.setattr(carrier, "MOST_UNSENT", 20_000)
    sent = bytes(range(256)) * 8_000

    async def run() -> bytes:
        async with served() as server, await reach(server.port, endpoint("office/roma")) as channel:
            received = asyncio.create_task(channel.readexactly(len(sent)))
            for n in range(0, len(sent), 50_000):
                channel.write(sent[n : n + 50_000])
                await channel.drain()
            return await received

    assert asyncio.run(run()) == sent


def test_a_reader_that_stops_holds_the_writer_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MOST_UNREAD", 20_000)
    go = asyncio.Event()

    async def late(channel: Channel) -> None:
        await go.wait()
        total = 0
        while octets := await channel.read():
            total += len(octets)
        channel.write(str(total).encode())

    async def run() -> tuple[int, int]:
        async with served(late) as server:
            channel = await reach(server.port, endpoint("office/roma"))
            written = 0
            try:
                async with asyncio.timeout(0.3):
                    while True:
                        channel.write(bytes(65_536))
                        written += 65_536
                        await channel.drain()
            except TimeoutError:
                pass
            (held,) = server.channels
            unread = len(held._unread)
            go.set()
            await channel.close()
            return written, unread

    written, unread = asyncio.run(run())
    assert written < 64_000_000
    assert unread < 20_000 + 2 * 262_144


def test_what_was_written_before_closing_arrives() -> None:
    received: list[bytes] = []

    async def take(channel: Channel) -> None:
        while octets := await channel.read():
            received.append(octets)

    async def run() -> None:
        async with served(take) as server:
            channel = await reach(server.port, endpoint("office/roma"))
            channel.write(b"x" * 3_000_000)
            await channel.close()
            await until(lambda: not server.channels)

    asyncio.run(run())
    assert sum(map(len, received)) == 3_000_000


def test_a_cut_wire_is_lost_and_a_closed_channel_is_not() -> None:
    async def run() -> None:
        async with served() as server:
            client = endpoint("office/roma")
            cut = await reach(server.port, client)
            (held,) = server.channels
            held._carrier.abort()
            with pytest.raises(ChannelLostError, match="did not close"):
                await cut.read()
            with pytest.raises(ChannelLostError):
                cut.write(b"into the void")
            await cut.close()
            closed = await reach(server.port, client)
            assert closed.resumed
            await until(lambda: len(server.channels) == 1)
            await server.channels[0].close()
            assert await closed.read() == b""
            assert await closed.read() == b""
            with pytest.raises(ChannelLostError, match="after 0 of 5 octets"):
                await closed.readexactly(5)

    asyncio.run(run())


def test_a_key_that_has_sent_enough_ends_the_channel_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def run() -> None:
        async with served() as server:
            channel = await reach(server.port, endpoint("office/roma"))
            reading = asyncio.create_task(channel.read())
            await asyncio.sleep(0)
            monkeypatch.setattr(connection, "MOST_RECORDS", 3)
            with pytest.raises(ChannelLostError, match="as much as it may"):
                channel.write(bytes(5 * connection.RECORD))
            assert not channel.is_open
            async with asyncio.timeout(30):
                with pytest.raises(ChannelLostError, match="as much as it may"):
                    await reading

    asyncio.run(run())


def test_a_close_that_is_given_up_leaves_no_channel_open() -> None:
    go = asyncio.Event()

    async def deaf(_channel: Channel) -> None:
        await go.wait()

    async def run() -> None:
        async with served(deaf) as server:
            channel = await reach(server.port, endpoint("office/roma"))
            channel.write(bytes(30_000_000))
            closing = asyncio.create_task(channel.close())
            await asyncio.sleep(0.01)
            assert not closing.done()
            closing.cancel()
            with pytest.raises(asyncio.CancelledError):
                await closing
            await until(lambda: not channel.is_open)
            with pytest.raises(ChannelLostError):
                await channel.read()
            go.set()

    asyncio.run(run())


def test_who_gives_up_reading_loses_nothing() -> None:
    async def halves(channel: Channel) -> None:
        channel.write(b"first")
        await channel.read()
        channel.write(b"second")
        await channel.read()

    async def run() -> None:
        client = endpoint("office/roma")
        async with served(halves) as server, await reach(server.port, client) as channel:
            await until(lambda: len(channel._unread) == 5)
            reading = asyncio.create_task(channel.readexactly(11))
            await until(lambda: not channel._unread)
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
            channel.write(b"go on")
            async with asyncio.timeout(30):
                assert await channel.readexactly(11) == b"firstsecond"
            with pytest.raises(InvalidInputError, match="most -1"):
                await channel.read(-1)

    asyncio.run(run())


def test_a_channel_is_judged_each_minute_though_the_clock_is_set_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "JUDGE_AGAIN_SECONDS", 0.01)
    ahead = NOW + 3_600.0
    clock = [ahead]
    judged: list[float] = []

    class Watched(Verifier):
        def verify(self, chain: Chain, now: float) -> Peer:
            judged.append(now)
            return super().verify(chain, now)

    async def run() -> None:
        ship = endpoint("ship/bergamini")
        known = ship.verifier
        watched = Watched(known.anchors, known.revocations, known.list_grace)
        server = await serve(
            Endpoint(ship.credential, watched, lambda: clock[0]), echo, "127.0.0.1", 0
        )
        async with server, await reach(server.port, endpoint("office/roma")):
            await until(lambda: len(judged) >= 2)
            clock[0] = NOW
            judged.clear()
            await until(lambda: len(judged) >= 3)
        assert set(judged) == {NOW}

    asyncio.run(run())


def test_both_ends_of_a_real_channel_export_the_same() -> None:
    exported: list[bytes] = []

    async def tell(channel: Channel) -> None:
        exported.append(channel.export(Label.EXPORT_TUNNEL, b"round 1").reveal())
        await channel.read()

    async def run() -> None:
        async with served(tell) as server:
            for _ in range(2):
                async with await reach(server.port, endpoint("office/roma")) as channel:
                    exported.append(channel.export(Label.EXPORT_TUNNEL, b"round 1").reveal())
                    await until(lambda: len(exported) % 2 == 0)

    asyncio.run(run())
    assert exported[0] == exported[1] != exported[2] == exported[3]


class TestFlood:
    def test_ten_thousand_garbage_handshakes_leave_memory_flat_and_the_honest_served(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        hello = ChannelConnection(endpoint("office/roma"), Role.CLIENT, NOW).outgoing()
        garbage = [
            hello,  # the start of a handshake that is not gone on with
            hello[:700] + b"\x00" * 700,
            b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\xaa" * 600,
            b"SSH-2.0-OpenSSH_9.6\r\n",
            bytes(400),
            b"\x16\x03\x01",
            b"\x15\x03\x01\x00\x02\x02\x28",
            b"\xff" * 60_000,
        ]
        heard = 0
        peaks: list[int] = []

        async def knock(port: int, n: int) -> None:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(garbage[n % len(garbage)])
                if garbage[n % len(garbage)] in {hello, b"\x16\x03\x01"}:
                    writer.write_eof()
                await reader.read()
                writer.close()
            except OSError:
                pass

        async def flood(port: int, count: int) -> None:
            numbers = iter(range(count))

            async def worker() -> None:
                for n in numbers:
                    await knock(port, n)

            await asyncio.gather(*(worker() for _ in range(12)))

        async def honest(port: int, stop: asyncio.Event) -> int:
            client, heard = endpoint("office/roma"), 0
            while not stop.is_set() or heard < 3:
                async with await reach(port, client) as channel:
                    channel.write(b"hello")
                    assert await channel.readexactly(5) == b"hello"
                heard += 1
                await asyncio.sleep(0.05)
            return heard

        async def run() -> None:
            nonlocal heard
            async with served() as server:
                stop = asyncio.Event()
                serving = asyncio.create_task(honest(server.port, stop))
                await flood(server.port, 500)  # whatever is made once is made now
                gc.collect()
                before = _resident()
                for _ in range(4):
                    await flood(server.port, 2_500)
                    gc.collect()
                    peaks.append(_resident() - before)
                stop.set()
                heard = await serving
                await until(lambda: server.half_open == 0)

        with caplog.at_level(logging.CRITICAL, "asyncio"):
            asyncio.run(run())
        assert heard >= 3
        assert max(peaks) < 4_000_000
        assert len([r for r in caplog.records if r.levelno == logging.WARNING]) <= 2 * (30 + 1)

    def test_the_slow_make_room_and_hit_their_deadline(self) -> None:
        limits = Limits(half_open=30, half_open_from_one=6, handshake_seconds=2.0)

        async def run() -> None:
            async with served(limits=limits) as server:
                slow = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(12)]
                for reader, _ in slow[:6]:
                    assert await _rest(reader) == b""
                assert server.half_open == 6
                for _, writer in slow[6:]:
                    writer.write(b"\x16\x03\x01")
                async with await reach(server.port, endpoint("office/roma")) as channel:
                    channel.write(b"hello")
                    assert await channel.readexactly(5) == b"hello"
                for reader, _ in slow[6:]:  # the deadline, and nothing else
                    assert await _rest(reader) == b""
                await until(lambda: server.half_open == 0)
                for _, writer in slow:
                    writer.close()

        asyncio.run(run())

    def test_many_addresses_share_one_limit(self) -> None:
        limits = Limits(half_open=5, half_open_from_one=3)

        async def run() -> None:
            async with served(limits=limits) as server:
                writers = []
                for n in range(9):
                    _, writer = await asyncio.open_connection(
                        "127.0.0.1", server.port, local_addr=(f"127.0.0.{n + 10}", 0)
                    )
                    writer.write(b"\x16")
                    writers.append(writer)
                await until(lambda: server.half_open == 5)
                async with await reach(server.port, endpoint("office/roma")):
                    pass
                for writer in writers:
                    writer.close()

        asyncio.run(run())

    def test_the_oldest_of_those_that_hold_most_makes_room(self) -> None:
        limits = Limits(half_open=6, half_open_from_one=4)

        async def run() -> None:
            async with served(limits=limits) as server:
                readers, writers = [], []
                for place in (1, 10, 10, 10, 11, 11, 12):
                    reader, writer = await asyncio.open_connection(
                        "127.0.0.1", server.port, local_addr=(f"127.0.0.{place}", 0)
                    )
                    readers.append(reader)
                    writers.append(writer)
                assert await _rest(readers[1]) == b""
                assert server.half_open == 6
                assert server._sources["127.0.0.1"] == 1  # the oldest of all, and honest
                for writer in writers:
                    writer.close()

        asyncio.run(run())

    def test_one_certificate_does_not_take_every_place(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def run() -> None:
            async with served(limits=Limits(channels=3, channels_of_one=2)) as server:
                thief = endpoint("office/roma")
                async with await reach(server.port, thief), await reach(server.port, thief):
                    await until(lambda: len(server.channels) == 2)
                    with pytest.raises(ChannelLostError):
                        async with await reach(server.port, thief) as third:
                            await third.read()
                    async with await reach(server.port, endpoint("office/bari")) as honest:
                        honest.write(b"hello")
                        assert await honest.readexactly(5) == b"hello"

        with caplog.at_level(logging.WARNING, LOGGER):
            asyncio.run(run())
        assert [r.getMessage() for r in caplog.records] == [
            "Refused, from 127.0.0.1: 2 channels of office/roma are open."
        ]

    def test_more_channels_than_permitted_are_not_opened(self) -> None:
        async def run() -> None:
            async with served(limits=Limits(channels=1)) as server:
                async with await reach(server.port, endpoint("office/roma")):
                    await until(lambda: len(server.channels) == 1)
                    with pytest.raises(ChannelLostError):
                        await reach(server.port, endpoint("office/bari"))
                await until(lambda: not server.channels)
                async with await reach(server.port, endpoint("office/bari")):
                    pass

        asyncio.run(run())


async def _rest(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except ConnectionError:
        return b""


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4_096


def test_one_certificate_at_two_places_is_told(caplog: pytest.LogCaptureFixture) -> None:
    told: list[tuple[str, str, str]] = []

    def duplicate(peer: Peer, address: str, other: str) -> None:
        told.append((str(peer.identity), address, other))

    async def run() -> None:
        client = endpoint("office/roma")
        clone = Endpoint(client.credential, italy().verifier(), lambda: NOW)
        async with served(on_duplicate=duplicate) as server:
            async with (
                await reach(server.port, client, "127.0.0.1"),
                await reach(server.port, client, "127.0.0.1"),
            ):
                await until(lambda: len(server.channels) == 2)
                assert told == []
                async with await reach(server.port, clone, "127.0.0.2"):
                    await until(lambda: bool(told))
            await until(lambda: not server.channels)
            async with await reach(server.port, clone, "127.0.0.2"):
                await until(lambda: len(server.channels) == 1)

    with caplog.at_level(logging.WARNING, LOGGER):
        asyncio.run(run())
    assert told == [("office/roma", "127.0.0.2", "127.0.0.1")]
    assert [r.getMessage() for r in caplog.records] == [
        "office/roma is connected from 127.0.0.1 and from 127.0.0.2 with one certificate: it has "
        "moved, or its key has been copied."
    ]


def test_a_fault_of_who_is_told_of_copies_costs_the_peer_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def faulty(_peer: Peer, _address: str, _other: str) -> None:
        raise KeyError("a fault")

    async def run() -> None:
        client = endpoint("office/roma")
        async with (
            served(on_duplicate=faulty) as server,
            await reach(server.port, client, "127.0.0.1"),
            await reach(server.port, client, "127.0.0.2") as moved,
        ):
            moved.write(b"hello")
            assert await moved.readexactly(5) == b"hello"

    with caplog.at_level(logging.ERROR):
        asyncio.run(run())
    assert [r.getMessage() for r in caplog.records] == ["Who is to be told of copied keys failed."]


def test_a_kept_channel_comes_back_over_a_broken_way_by_resumption() -> None:
    async def run() -> list[bool]:
        resumed: list[bool] = []
        async with served() as server:
            client = endpoint("office/roma")

            async def use(channel: Channel) -> None:
                resumed.append(channel.resumed)
                channel.write(b"hello")
                assert await channel.readexactly(5) == b"hello"
                if len(resumed) < 4:
                    server.channels[0]._carrier.abort()
                await channel.read()

            async def at_once(_seconds: float) -> None:
                await asyncio.sleep(0.0)

            loop = asyncio.get_running_loop()
            kept = KeptChannel(
                lambda: reach(server.port, client),
                use,
                Backoff(Random()),  # noqa: S311  # waits are no secret
                loop.time,
                at_once,
            )
            kept.start()
            await until(lambda: len(resumed) == 4)
            assert kept.channel is not None
            await kept.close()
            assert kept.channel is None
            await until(lambda: not server.channels)
        return resumed

    assert asyncio.run(run()) == [False, True, True, True]


def test_a_handler_that_fails_ends_its_channel_and_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fails(channel: Channel) -> None:
        if channel.peer.identity.name == "bari":
            raise KeyError("a fault")
        await echo(channel)

    async def run() -> None:
        async with served(fails) as server:
            good = await reach(server.port, endpoint("office/roma"))
            async with await reach(server.port, endpoint("office/bari")) as bad:
                assert await bad.read() == b""
            good.write(b"still")
            assert await good.readexactly(5) == b"still"
            await good.close()

    with caplog.at_level(logging.ERROR, LOGGER):
        asyncio.run(run())
    assert [r.getMessage() for r in caplog.records] == ["The handler of office/bari failed."]


def test_a_server_that_closes_says_so_to_all() -> None:
    async def run() -> bytes:
        async with served() as server:
            channel = await reach(server.port, endpoint("office/roma"))
            await until(lambda: len(server.channels) == 1)
        return await channel.read()

    assert asyncio.run(run()) == b""


def test_who_was_accepted_but_not_told_of_before_a_server_closed_is_dropped() -> None:
    dropped = asyncio.Event()

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _rest(reader)
        writer.close()
        dropped.set()

    async def run() -> None:
        async with served() as server:
            pass
        late = carrier.Carrier(endpoint("ship/bergamini"), server, carrier.SERVER_KEEP_ALIVE)
        async with await asyncio.start_server(mute, "127.0.0.1", 0) as other_end:
            port = other_end.sockets[0].getsockname()[1]
            transport, _ = await asyncio.get_running_loop().create_connection(
                lambda: late, "127.0.0.1", port
            )
            assert transport.is_closing()
            assert server.half_open == 0
            await dropped.wait()
            await asyncio.sleep(0)

    asyncio.run(run())


def test_a_server_that_closes_lets_what_was_written_last_leave() -> None:
    much = 20_000_000

    async def gives(channel: Channel) -> None:
        channel.write(bytes(much))

    async def run() -> int:
        async with served(gives) as server:
            channel = await reach(server.port, endpoint("office/roma"))
            await until(lambda: len(channel._unread) > 0)
            closing = asyncio.create_task(server.close())
            received = 0
            while octets := await channel.read():
                received += len(octets)
            await closing
            return received

    assert asyncio.run(run()) == much


def test_who_is_refused_leaves_nothing_in_its_loop() -> None:
    async def call(port: int) -> None:
        with pytest.raises(HandshakeError, match="ship/doria is expected"):
            await open_channel(
                "127.0.0.1", port, endpoint("office/roma"), italy().identity("ship/doria")
            )

    async def run() -> None:
        async with served() as server:
            await asyncio.to_thread(lambda: asyncio.run(call(server.port)))

    asyncio.run(run())
    gc.collect()  # a socket that was left would warn now, and warnings are errors


def test_a_peer_that_goes_away_in_a_handshake_is_lost() -> None:
    async def run() -> None:
        async def goes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(100)
            writer.close()

        async with await asyncio.start_server(goes, "127.0.0.1", 0) as listening:
            port = listening.sockets[0].getsockname()[1]
            with pytest.raises((ChannelLostError, HandshakeError), match=r"went away|is gone"):
                await reach(port, endpoint("office/roma"))

    asyncio.run(run())


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unknown", "unknown"),
    ],
)
def test_sources_are_counted_by_address_or_by_network(address: str, source: str) -> None:
    assert source_of(address) == source


def test_a_log_takes_so_many_lines_a_minute_and_tells_the_rest(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log = RationedLog(logging.getLogger(LOGGER), 2)
    with caplog.at_level(logging.WARNING, LOGGER):
        for now, text in ((0, "a"), (1, "b"), (2, "c"), (59, "d"), (60, "e"), (130, "f")):
            log.warning(float(now), text)
    left_out = "2 more like it were not logged one by one."
    assert [r.getMessage() for r in caplog.records] == ["a", "b", left_out, "e", "f"]


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("ab"), st.sampled_from("xyz"))))
def test_presence_agrees_with_a_plain_list(moves: list[tuple[bool, str, str]]) -> None:
    presence, there = Presence(), []
    for arrives, who, place in moves:
        key = who.encode()
        if arrives:
            other = presence.arrive(key, place)
            others = {p for w, p in there if w == who and p != place}
            assert (other in others) if others else other is None
            there.append((who, place))
        elif (who, place) in there:
            presence.leave(key, place)
            there.remove((who, place))
    for who, place in there:
        presence.leave(who.encode(), place)
    assert not presence._places

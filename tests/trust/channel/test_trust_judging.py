"""Open channels judged again at once: who was revoked goes, with a reason, everybody else stays."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack

import pytest

from baluardo.errors import ClockError, HandshakeError
from baluardo.trust.certificates.revocation import Revocation
from baluardo.trust.channel.carrier import CLIENT_KEEP_ALIVE, SERVER_KEEP_ALIVE, KeepAlive
from baluardo.trust.channel.connection import MOST_PASSED
from baluardo.trust.channel.endpoint import Endpoint
from baluardo.trust.channel.server import JUDGED_AT_ONCE, ChannelServer, Limits, serve
from baluardo.trust.channel.stream import Channel, open_channel
from trust.community import NOW, TestCommunity, make_community

SHIPS = JUDGED_AT_ONCE + 3
PATIENCE = 60.0
"""Seconds: a failure, not a measurement."""


@pytest.fixture(scope="module")
def italy() -> TestCommunity:
    return make_community()


def endpoint(italy: TestCommunity, path: str) -> Endpoint:
    return Endpoint(italy.credential(path), italy.verifier(), lambda: NOW)


async def silent(channel: Channel) -> None:
    channel.say_farewell(lambda reason: b"FAREWELL " + reason.encode())
    while await channel.read():
        pass


async def opened(server: ChannelServer, italy: TestCommunity, client: Endpoint) -> Channel:
    whom = italy.identity("authority/service")
    return await open_channel("127.0.0.1", server.port, client, whom)


def revoked(italy: TestCommunity, *clients: Endpoint) -> TestCommunity:
    return italy.revoking({each.credential.chain.leaf.serial: Revocation(NOW) for each in clients})


def test_a_revoked_edge_is_put_out_at_once_and_reads_why_and_no_other(
    italy: TestCommunity, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        here = endpoint(italy, "authority/service")
        ships = [endpoint(italy, f"ship/s{number}") for number in range(SHIPS)]
        limits = Limits(half_open=64, half_open_from_one=64)
        async with AsyncExitStack() as stack, asyncio.timeout(PATIENCE):
            served = await serve(here, silent, "127.0.0.1", 0, limits)
            server = await stack.enter_async_context(served)
            channels = [
                await stack.enter_async_context(await opened(server, italy, ship)) for ship in ships
            ]
            assert await server.judge_again() == ()
            gone = ships[-1], ships[0]
            here.verifier.revocations = revoked(italy, *gone).revocations
            out = await server.judge_again()
            assert {peer.identity for peer in out} == {each.credential.identity for each in gone}
            assert len(server.channels) >= SHIPS - 2
            for channel in (channels[0], channels[-1]):
                said = b""
                while part := await channel.read():
                    said += part
                assert said.startswith(b"FAREWELL Certificate")
                assert b"was revoked" in said
            for channel in channels[1:-1]:
                channel.write(b"still here")
                assert channel.is_open
            assert await server.judge_again() == ()

    with caplog.at_level("WARNING"):
        asyncio.run(scenario())
    assert caplog.text.count("Refused, from 127.0.0.1: Certificate") == 2


def test_an_edge_judges_its_own_channel_again(italy: TestCommunity) -> None:
    """The authority's certificate was taken back: the edge that learns it leaves at once."""

    async def scenario() -> None:
        here, ship = endpoint(italy, "authority/service"), endpoint(italy, "ship/bergamini")
        async with await serve(here, silent, "127.0.0.1", 0) as server, asyncio.timeout(PATIENCE):
            channel = await opened(server, italy, ship)
            assert channel.judge_again()
            assert channel.is_open
            ship.verifier.revocations = revoked(italy, here).revocations
            assert not channel.judge_again()
            assert not channel.judge_again()
            with pytest.raises(HandshakeError, match="was revoked"):
                await channel.read()

    asyncio.run(scenario())


def test_nobody_is_judged_without_a_clock(italy: TestCommunity) -> None:
    def lost() -> float:
        raise ClockError("The clock is lost.")

    async def scenario() -> None:
        here, ship = endpoint(italy, "authority/service"), endpoint(italy, "ship/bergamini")
        async with await serve(here, silent, "127.0.0.1", 0) as server, asyncio.timeout(PATIENCE):
            await opened(server, italy, ship)
            while not server.channels:
                await asyncio.sleep(0.001)
            here.clock = lost
            assert len(await server.judge_again()) == 1

    asyncio.run(scenario())


def test_a_lost_way_is_noticed_in_seconds_by_the_edge_and_later_by_the_authority(
    italy: TestCommunity,
) -> None:
    """What the kernel was told, read back from both sockets."""

    async def scenario() -> None:
        here, ship = endpoint(italy, "authority/service"), endpoint(italy, "ship/bergamini")
        async with await serve(here, silent, "127.0.0.1", 0) as server, asyncio.timeout(PATIENCE):
            channel = await opened(server, italy, ship)
            while not server.channels:
                await asyncio.sleep(0.001)
            for end, wanted in (
                (channel, CLIENT_KEEP_ALIVE),
                (server.channels[0], SERVER_KEEP_ALIVE),
            ):
                transport = end._carrier._transport
                assert transport is not None
                told = transport.get_extra_info("socket")
                assert told.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
                for name, value in wanted.options:
                    if hasattr(socket, name):
                        found = told.getsockopt(socket.IPPROTO_TCP, getattr(socket, name))
                        assert found == value, name

    asyncio.run(scenario())
    assert dict(CLIENT_KEEP_ALIVE.options)["TCP_USER_TIMEOUT"] == 4_000
    assert dict(SERVER_KEEP_ALIVE.options)["TCP_USER_TIMEOUT"] == 35_000
    assert dict(KeepAlive(1, 2, 3).options)["TCP_KEEPIDLE"] == 1


def test_an_open_channel_shares_its_issuer_and_gives_back_what_its_buffers_grew_to(
    italy: TestCommunity,
) -> None:
    """What thousands of idle channels cost hangs on both."""

    async def echo(channel: Channel) -> None:
        while octets := await channel.read():
            channel.write(octets)
            await channel.drain()

    async def scenario() -> None:
        here, ship = endpoint(italy, "authority/service"), endpoint(italy, "ship/bergamini")
        async with await serve(here, echo, "127.0.0.1", 0) as server, asyncio.timeout(PATIENCE):
            channel = await opened(server, italy, ship)
            while not server.channels:
                await asyncio.sleep(0.001)
            for end, own in ((channel, ship), (server.channels[0], here)):
                held = own.verifier.revocations.lists[italy.issuer.key_id].issuer
                assert end.peer.chain.intermediates[0] is held
            tls = channel._core._tls
            assert tls is not None
            before = tls._from_ssl, tls._into_ssl
            sent = bytes(range(256)) * 64
            for _ in range(2 * MOST_PASSED // len(sent)):
                channel.write(sent)
                assert await channel.readexactly(len(sent)) == sent
            assert before[0] not in (tls._from_ssl, tls._into_ssl)
            assert before[1] not in (tls._from_ssl, tls._into_ssl)
            await channel.close()

    asyncio.run(scenario())

"""Events between authorities over a real NATS server, also one that dies and comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import pytest
from nats.aio.client import Client

from baluardo.authority.events.event import Event, EventKind
from baluardo.authority.events.jetstream import JetStreamBus
from nats_server import NatsServer

COMMUNITY = "italia.example"
WAIT = 60.0


@pytest.fixture
def server() -> Iterator[NatsServer]:
    """Return a server; skip where NATS is not installed."""
    with NatsServer() as running:
        yield running


class Hearing:
    """A bus, and what it has heard."""

    def __init__(self, url: str, name: str, community: str = COMMUNITY) -> None:
        """Make the bus."""
        self.bus = JetStreamBus(url, community, name)
        self.looked = 0
        self.own: list[int] = []
        self.bus.look = self._look
        self.bus.subscribe(lambda event: self.own.append(event.size))

    def _look(self) -> None:
        self.looked += 1

    def say(self, size: int) -> None:
        """Tell of an own act."""
        self.bus.publish(Event(EventKind.LOG, self.bus._name, size))


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what must come."""
    async with asyncio.timeout(WAIT):
        while not condition():
            await asyncio.sleep(0.01)


def run(server: NatsServer, story: Callable[[Hearing, Hearing], Awaitable[None]]) -> None:
    """Let two authorities of one country live through a story."""

    async def live() -> None:
        one, other = Hearing(server.url, "one"), Hearing(server.url, "other")
        async with one.bus.running(), other.bus.running():
            await story(one, other)

    asyncio.run(live())


def test_one_hears_what_the_other_did_and_not_its_own(server: NatsServer) -> None:
    async def story(one: Hearing, other: Hearing) -> None:
        await until(lambda: one.bus.problem is None and other.bus.problem is None)
        mine, theirs = one.looked, other.looked
        one.say(1)
        await until(lambda: other.looked == theirs + 1)
        assert one.looked == mine
        assert (one.own, other.own) == ([1], [])
        other.say(2)
        await until(lambda: one.looked == mine + 1)

    run(server, story)


def test_another_community_on_the_same_server_is_not_heard(server: NatsServer) -> None:
    async def live() -> None:
        one = Hearing(server.url, "one")
        other, foreign = Hearing(server.url, "other"), Hearing(server.url, "x", "svizzera.example")
        async with one.bus.running(), other.bus.running(), foreign.bus.running():
            await until(lambda: all(each.bus.problem is None for each in (one, other, foreign)))
            before = foreign.looked
            theirs = other.looked
            one.say(1)
            await until(lambda: other.looked > theirs)
            assert foreign.looked == before

    asyncio.run(live())


def test_server_that_dies_blocks_nobody_and_is_used_again(server: NatsServer) -> None:
    async def story(one: Hearing, other: Hearing) -> None:
        await until(lambda: one.bus.problem is None and other.bus.problem is None)
        await asyncio.to_thread(server.kill9)
        for size in range(3_000):  # more than may wait
            one.say(size)
        await until(lambda: len(one.own) == 3_000)  # the doors here are told all the same
        await until(lambda: one.bus.problem is not None and other.bus.problem is not None)
        before = other.looked
        await asyncio.to_thread(server.start_again)
        await until(lambda: one.bus.problem is None and other.bus.problem is None)
        await until(lambda: other.looked > before)  # it looks by itself, whatever it has missed
        before = other.looked
        one.say(5_000)
        await until(lambda: other.looked > before)

    run(server, story)


def test_bus_works_without_a_server_and_finds_it_when_it_comes(server: NatsServer) -> None:
    server.kill9()

    async def story(one: Hearing, other: Hearing) -> None:
        assert one.bus.problem is not None
        one.say(1)
        await until(lambda: one.own == [1])
        await asyncio.to_thread(server.start_again)
        await until(lambda: one.bus.problem is None and other.bus.problem is None)
        before = other.looked
        one.say(2)
        await until(lambda: other.looked > before)

    run(server, story)


def test_nonsense_on_the_subject_is_passed_over(server: NatsServer) -> None:
    async def story(one: Hearing, other: Hearing) -> None:
        await until(lambda: one.bus.problem is None and other.bus.problem is None)
        before = other.looked
        client = Client()
        await client.connect(server.url)
        for octets in (b"", b"{", b"\xff" * 900, b'{"kind":"log"}'):
            await client.publish(one.bus._subject, octets)
        await client.flush()
        await client.close()
        one.say(1)
        await until(lambda: other.looked > before)
        assert other.looked == before + 1

    run(server, story)


@pytest.mark.parametrize("url", ["nats://127.0.0.1:1", "nats://nowhere.invalid:4222"])
def test_address_where_nobody_answers_is_no_failure(url: str) -> None:
    async def live() -> None:
        alone = Hearing(url, "one")
        async with alone.bus.running():
            alone.say(1)
            await until(lambda: alone.own == [1])
            assert alone.bus.problem is not None

    asyncio.run(live())

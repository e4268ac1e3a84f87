"""Media of a call between two real edges: through both relays and WireGuard, and nowhere else."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from media_telephones import MediaBrowser, ServedTelephone, door_of, joined, so
from running_edges import HANGS_SECONDS, Pair, running_pair

from baluardo.calls.causes import Cause
from baluardo.calls.media_places import Claim
from baluardo.edge.calls.kept_room import KEPT_PORTS
from baluardo.edge.calls.port_pool import READY
from baluardo.edge.calls.relay_places import RelayPlaces
from baluardo.edge.configuration import EdgeConfiguration
from baluardo.network.tunnel.addresses import edge_address
from baluardo.stage.network.media_door import MediaDoor
from baluardo.stage.network.staged import why_no_tunnels
from baluardo.stage.prove.captures import judge_outside
from baluardo.terms import Precedence
from calls.relay.relay_ends import dtls, rtp
from calls.world import OVER, TALKING
from network.places import needs_namespaces

ANNA, BRUNO, CARLA = "person/anna", "person/bruno", "person/carla"
PACKETS = 50
PAYLOAD = b"a voice that is not to be heard."
NARROW_MBPS = 0.1
"""Less than one call takes."""

pytestmark = [
    needs_namespaces,
    pytest.mark.skipif(bool(why_no_tunnels()), reason=f"needs tunnels: {why_no_tunnels()}"),
]


@contextlib.asynccontextmanager
async def telephones(pair: Pair) -> AsyncIterator[tuple[ServedTelephone, ServedTelephone]]:
    """Serve both edges' telephones, with their doors for near ports."""
    async with contextlib.AsyncExitStack() as stack:
        served = []
        for edge in (pair.rome, pair.milan):
            door = MediaDoor(door_of(edge))
            door.start()
            stack.callback(door.close)
            telephone = await asyncio.to_thread(ServedTelephone, edge)
            stack.push_async_callback(lambda each=telephone: asyncio.to_thread(each.close))
            served.append(telephone)
        yield served[0], served[1]


def run(act: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(act, 2 * HANGS_SECONDS))


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Two edges that know each other."""
    with running_pair(tmp_path_factory.mktemp("m")) as pair:
        yield pair


async def ready(*telephones: ServedTelephone) -> None:
    """Wait until the network is up, and ports of its own stand ready."""
    for each in telephones:
        await so(lambda at=each: at.edge.service.run is not None and at.media.is_ready)


async def called(
    call: str, one: MediaBrowser, other: MediaBrowser, precedence: Precedence = Precedence.ROUTINE
) -> None:
    """Dial and answer, so that both talk."""
    person = other.device.rpartition("/")[0]
    await so(lambda: person in one.people)
    await one.dial(call, person, precedence)
    await so(lambda: other.state(call) == "incoming")
    await other.answer(call)
    await so(lambda: one.state(call) == other.state(call) == TALKING)


def voice(number: int) -> bytes:
    """A packet of audio whose payload is known."""
    return rtp(number, octets=0) + PAYLOAD + number.to_bytes(4, "big")


async def talk(call: str, one: MediaBrowser, other: MediaBrowser) -> None:
    """Send media both ways; all of it arrives as it was, and in its order."""
    for number in range(PACKETS):
        for here, there in ((one, other), (other, one)):
            for datagram in (dtls(number), voice(number)):
                here.send(call, datagram)
                async with asyncio.timeout(HANGS_SECONDS):
                    while (found := await there.read()) == here.check(call, there):
                        pass  # checks that were still under way
                assert found == datagram


def test_media_passes_both_relays_and_the_tunnel_and_is_not_heard_outside(
    pair: Pair, tmp_path: Path
) -> None:
    call = "1a" * 16

    async def act() -> None:
        async with telephones(pair) as (rome, milan), contextlib.AsyncExitStack() as stack:
            people = ((ANNA, rome), (BRUNO, milan))
            anna, bruno = [
                await stack.enter_async_context(
                    MediaBrowser(f"{person}/phone", at, pair.community).attending()
                )
                for person, at in people
            ]
            await ready(rome, milan)
            file = tmp_path / "wire.pcapng"
            pair.ways._wire.capture(file)
            await called(call, anna, bruno)
            places = [each.phone.calls[call].relay for each in (anna, bruno)]
            assert [each.address for each in places if each is not None] == ["127.0.0.1"] * 2
            await joined(call, anna, bruno)
            await talk(call, anna, bruno)
            count = pair.ways._wire.capture(None)

            inner = [edge_address(each.state.identity).packed for each in (pair.rome, pair.milan)]
            findings = judge_outside(file, count, (PAYLOAD, *inner))
            assert all(each.holds for each in findings), findings
            assert count > 4 * PACKETS  # what was said did go over the wire
            for each in (rome, milan):
                assert each.media.relay is not None
                (counts,) = each.media.relay.all_counts().values()
                assert counts.outward.delivered > 2 * PACKETS < counts.inward.delivered

    run(act())


def test_an_urgent_call_of_a_site_with_one_bearer_is_sent_twice_and_heard_once(pair: Pair) -> None:
    call = "2a" * 16

    async def act() -> None:
        async with telephones(pair) as (rome, milan), contextlib.AsyncExitStack() as stack:
            anna, bruno = [
                await stack.enter_async_context(
                    MediaBrowser(f"{person}/phone", at, pair.community).attending()
                )
                for person, at in ((ANNA, rome), (BRUNO, milan))
            ]
            await ready(rome, milan)
            await called(call, anna, bruno, Precedence.FLASH)
            await joined(call, anna, bruno)
            await talk(call, anna, bruno)
            assert rome.media.relay is not None
            assert milan.media.relay is not None
            # Rome has a dish and fibre: its network sends by both. Milan has a dish alone.
            await so(lambda: _copies(rome) == 0 and _copies(milan) >= PACKETS)

    run(act())


def _copies(at: ServedTelephone) -> int:
    assert at.media.relay is not None
    (counts,) = at.media.relay.all_counts().values()
    return counts.outward.copies_sent


def test_more_calls_at_once_than_ports_stand_ready_find_no_room_and_later_ones_do(
    pair: Pair,
) -> None:
    async def burst(places: RelayPlaces) -> list[bool]:
        """Open sessions in one go, as nothing else runs meanwhile; close them again."""
        names = [f"{number:032x}/caller/0" for number in range(READY + 8)]
        opened = [places.open(each, Claim(Precedence.ROUTINE)) is not None for each in names]
        for name, is_open in zip(names, opened, strict=True):
            if is_open:
                places.close(name)
        return opened

    async def act() -> None:
        async with telephones(pair) as (rome, _):
            for _ in range(2):
                await so(lambda: _far_ports(rome.media) == READY)
                opened = await asyncio.to_thread(rome.edge.do, burst(rome.media))
                assert opened == [True] * (READY - KEPT_PORTS) + [False] * (8 + KEPT_PORTS)

    run(act())


def _far_ports(places: RelayPlaces) -> int:
    pool = places._far._pool
    return 0 if pool is None or places.relay is None else len(pool[1])


def test_a_call_within_a_site_needs_no_network_and_new_calls_go_over_the_next_one(
    pair: Pair,
) -> None:
    first, within, second = "3a" * 16, "5a" * 16, "6a" * 16

    async def act() -> None:
        async with telephones(pair) as (rome, milan), contextlib.AsyncExitStack() as stack:
            anna, bruno, carla = [
                await stack.enter_async_context(
                    MediaBrowser(f"{person}/phone", at, pair.community).attending()
                )
                for person, at in ((ANNA, rome), (BRUNO, milan), (CARLA, rome))
            ]
            await ready(rome, milan)
            await called(first, anna, bruno)
            pair.rome.helper.process.kill()
            await so(lambda: pair.rome.service.run is None)
            await called(within, anna, carla)
            await joined(within, anna, carla)
            await talk(within, anna, carla)
            await asyncio.to_thread(pair.rome.lose_helper)
            await ready(rome, milan)
            await talk(within, anna, carla)
            assert rome.media.relay is not None
            sessions = (f"{first}/caller/0", f"{within}/caller/0", f"{within}/callee/0")
            # they keep their ports
            assert sorted(rome.media.relay.sessions) == sorted(sessions)
            await called(second, anna, bruno)
            await joined(second, anna, bruno)
            await talk(second, anna, bruno)

    run(act())


def test_a_call_that_is_dialled_without_a_network_goes_out_once_there_is_one(pair: Pair) -> None:
    call = "7a" * 16

    async def act() -> None:
        async with telephones(pair) as (rome, milan), contextlib.AsyncExitStack() as stack:
            anna, bruno = [
                await stack.enter_async_context(
                    MediaBrowser(f"{person}/phone", at, pair.community).attending()
                )
                for person, at in ((ANNA, rome), (BRUNO, milan))
            ]
            await ready(rome, milan)
            await so(lambda: BRUNO in anna.people)
            pair.rome.helper.process.kill()
            await so(lambda: pair.rome.service.run is None)
            await anna.dial(call, BRUNO, Precedence.ROUTINE)
            await asyncio.to_thread(pair.rome.lose_helper)
            await so(lambda: bruno.state(call) == "incoming")  # Milan has not barred Rome for it
            await bruno.answer(call)
            await so(lambda: anna.state(call) == bruno.state(call) == TALKING)
            await joined(call, anna, bruno)
            await talk(call, anna, bruno)

    run(act())


def _narrow(configuration: EdgeConfiguration) -> EdgeConfiguration:
    bearers = [replace(each, rate_up_mbps=NARROW_MBPS) for each in configuration.bearers]
    return replace(configuration, bearers=tuple(bearers))


def test_a_call_is_refused_where_the_path_carries_less_than_a_call(tmp_path: Path) -> None:
    call = "4a" * 16

    async def act(pair: Pair) -> None:
        async with telephones(pair) as (rome, milan), contextlib.AsyncExitStack() as stack:
            anna, bruno, carla = [
                await stack.enter_async_context(
                    MediaBrowser(f"{person}/phone", at, pair.community).attending()
                )
                for person, at in ((ANNA, rome), (BRUNO, milan), (CARLA, rome))
            ]
            await ready(rome, milan)
            await so(lambda: BRUNO in anna.people)
            await anna.dial(call, BRUNO, Precedence.ROUTINE)
            await so(lambda: anna.state(call) == OVER)
            assert anna.phone.calls[call].cause is Cause.NO_ROOM
            assert bruno.state(call) == ""
            assert rome.media.relay is not None
            assert rome.media.relay.sessions == ()  # what was opened for it was closed
            await called("5a" * 16, anna, carla)  # it takes nothing of the path

    with running_pair(tmp_path, change=_narrow) as pair:
        run(act(pair))

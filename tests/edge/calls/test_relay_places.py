"""The relay of an edge as its calls use it: sessions of real sockets, and what is refused."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from ipaddress import ip_network
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.calls.media_places import Claim, RelayPlace
from baluardo.calls.relay.addresses import Network
from baluardo.calls.relay.loop_thread import LoopThread
from baluardo.edge.calls.far_ports import FarPorts
from baluardo.edge.calls.kept_room import CALL_PORTS, KEPT_PORTS
from baluardo.edge.calls.near_ports import NearPorts
from baluardo.edge.calls.port_pool import READY, PortPool
from baluardo.edge.calls.promised_ports import NUMBERS, PromisedPorts
from baluardo.edge.calls.relay_places import RelayPlaces
from baluardo.edge.media_settings import LOOPBACK, LOOPBACK_NETWORKS
from baluardo.edge.tunnels.service import TunnelService
from baluardo.errors import LinkError
from baluardo.network.tunnel.addresses import edge_address
from baluardo.terms import Precedence
from baluardo.trust.identity import Identity
from calls.relay.relay_ends import dtls, opened, request, rtp

COMMUNITY = "rete.example"
ROME = Identity.of_path(COMMUNITY, "office/rome")
SHIP = Identity.of_path(COMMUNITY, "ship/bergamini")
CALL = "0a" * 16
CALLER, CALLEE = f"{CALL}/caller/0", f"{CALL}/callee/0"
HANGS_SECONDS = 60.0


def run(act: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(act, HANGS_SECONDS))


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(HANGS_SECONDS):
        while not true():
            await asyncio.sleep(0.002)


def places_at(address: str = LOOPBACK, sessions: int = 8) -> RelayPlaces:
    near, far = NearPorts(address), FarPorts(None, address)
    return RelayPlaces(ROME, near, far, lambda: LOOPBACK_NETWORKS, sessions=sessions)


@contextlib.asynccontextmanager
async def relaying(address: str = LOOPBACK, sessions: int = 8) -> AsyncIterator[RelayPlaces]:
    places = places_at(address, sessions)
    async with places.running():
        await until(lambda: places.relay is not None)
        yield places


def opened_session(places: RelayPlaces, session: str) -> tuple[RelayPlace, RelayPlace]:
    found = places.open(session, Claim(Precedence.ROUTINE))
    assert found is not None
    return found


def names(places: RelayPlaces) -> tuple[str, ...]:
    assert places.relay is not None
    return places.relay.sessions


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_both_sides_of_a_call_within_the_site_reach_each_other(address: str) -> None:
    async def act() -> None:
        async with relaying(address) as places:
            (near, far), (other_near, other_far) = (
                opened_session(places, each) for each in (CALLER, CALLEE)
            )
            assert {near.address, far.address, other_near.address, other_far.address} == {address}
            for session, place, own, other in (
                (CALLER, other_far, "anna", "bruno"),
                (CALLEE, far, "bruno", "anna"),
            ):
                places.set_other(session, place)
                places.expect(session, own, other)
            with opened(address) as anna, opened(address) as bruno:
                bruno.sendto(request("bruno", "anna"), (other_near.address, other_near.port))
                counts = places.relay
                assert counts is not None
                await until(lambda: counts.counts(CALLER).inward.received == 1)
                anna.sendto(request("anna", "bruno"), (near.address, near.port))
                assert bruno.recv(2_048) == request("anna", "bruno")
                for datagram in (dtls(), rtp(7)):
                    anna.sendto(datagram, (near.address, near.port))
                    assert bruno.recv(2_048) == datagram
                    bruno.sendto(datagram, (other_near.address, other_near.port))
                    assert anna.recv(2_048) == datagram
            places.close(CALLER)
            assert names(places) == (CALLEE,)
            places.close(CALLEE)
            assert names(places) == ()

    run(act())


def test_there_is_room_only_while_it_runs_and_nothing_is_raised_outside_of_that() -> None:
    async def act() -> None:
        places = places_at()
        assert places.open(CALLER, Claim(Precedence.FLASH)) is None
        async with places.running():
            await until(lambda: places.relay is not None)
            opened_session(places, CALLER)
        assert places.open(CALLEE, Claim(Precedence.FLASH)) is None
        places.expect(CALLER, "anna", "bruno")
        places.set_other(CALLER, RelayPlace("::1", 9))
        places.close(CALLER)

    run(act())


def test_a_full_relay_opens_no_more_until_one_is_closed() -> None:
    async def act() -> None:
        async with relaying(sessions=1) as places:
            near, _ = opened_session(places, CALLER)
            assert places.open(CALLEE, Claim(Precedence.FLASH_OVERRIDE)) is None
            assert names(places) == (CALLER,)
            places.close(CALLER)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
                free.bind((near.address, near.port))  # both ports were closed
            opened_session(places, CALLEE)

    run(act())


def test_what_the_relay_refuses_changes_no_session_and_is_not_raised() -> None:
    async def act() -> None:
        async with relaying() as places:
            opened_session(places, CALLER)
            for name in ("", "a session", "\u00e9", "x" * 129, CALLER):
                assert places.open(name, Claim(Precedence.ROUTINE)) is None
            for name in (CALLER, "unknown"):
                places.expect(name, "an na", "bruno")
                places.set_other(name, RelayPlace("2001:db8::1", 9))  # its socket is of IPv4
            places.close("unknown")
            assert names(places) == (CALLER,)

    run(act())


def test_an_address_that_this_machine_has_not_means_no_room() -> None:
    async def act() -> None:
        async with relaying("192.0.2.1") as places:
            assert places.open(CALLER, Claim(Precedence.ROUTINE)) is None
            assert names(places) == ()

    run(act())


def test_browsers_are_let_in_where_the_networks_say_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("baluardo.edge.calls.relay_places.LOOK_SECONDS", 0.01)
    allowed: list[Sequence[Network]] = [(ip_network("192.0.2.0/24"),)]

    async def act() -> None:
        near, far = NearPorts(LOOPBACK), FarPorts(None, LOOPBACK)
        places = RelayPlaces(ROME, near, far, lambda: allowed[0], sessions=2)
        async with places.running():
            await until(lambda: places.relay is not None)
            ours, _ = opened_session(places, CALLER)
            with opened() as other, opened() as anna:
                places.set_other(CALLER, RelayPlace(*other.getsockname()))
                places.expect(CALLER, "anna", "bruno")
                relay = places.relay
                assert relay is not None
                anna.sendto(request("anna", "bruno"), (ours.address, ours.port))
                await until(lambda: sum(relay.counts(CALLER).outward.dropped.values()) == 1)
                allowed[0] = LOOPBACK_NETWORKS
                other.setblocking(False)

                def passes() -> bool:
                    anna.sendto(request("anna", "bruno"), (ours.address, ours.port))
                    with contextlib.suppress(BlockingIOError):
                        return bool(other.recv(2_048))
                    return False

                await until(passes)

    run(act())


def test_only_the_address_of_a_sites_edge_is_its_relays() -> None:
    places = places_at()
    assert places.may_relay("ship/bergamini", str(edge_address(SHIP)))
    assert not places.may_relay("ship/bergamini", str(edge_address(SHIP) + 1))
    assert not places.may_relay("ship/doria", str(edge_address(SHIP)))
    assert not places.may_relay("office/rome", str(edge_address(ROME)))  # our own says nothing
    assert not places.may_relay("ship/bergamini", "127.0.0.1")


@given(st.text(max_size=300), st.text(max_size=60))
def test_no_name_of_a_site_breaks_the_question(site: str, address: str) -> None:
    assert not places_at().may_relay(site, address)
    assert not places_at().may_relay(site, str(edge_address(SHIP)))


def made_ports(seen: list[socket.socket]) -> Callable[[], Awaitable[socket.socket]]:
    async def make() -> socket.socket:
        await asyncio.sleep(0)
        port = opened()
        seen.append(port)
        return port

    return make


def test_a_pool_is_empty_when_all_is_taken_fills_again_and_closes_what_nobody_took() -> None:
    async def act() -> None:
        seen: list[socket.socket] = []
        pool = PortPool("a trial", made_ports(seen), ready=3, kept=0)
        assert pool.take(Claim(Precedence.ROUTINE)) is None
        filling = asyncio.create_task(pool.keep())
        await until(lambda: len(pool) == 3)
        taken = [pool.take(Claim(Precedence.ROUTINE)) for _ in range(4)]
        assert taken[3] is None
        assert taken[:3] == seen[:3]
        await until(lambda: len(pool) == 3)
        filling.cancel()
        await asyncio.gather(filling, return_exceptions=True)
        assert pool.take(Claim(Precedence.ROUTINE)) is None
        assert [each.fileno() < 0 for each in seen] == [False] * 3 + [True] * 3
        for each in seen[:3]:
            each.close()

    run(act())


@pytest.mark.parametrize("problem", [LinkError("not yet"), OSError("no address")])
def test_a_pool_goes_on_after_a_port_could_not_be_had(
    problem: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("baluardo.edge.calls.port_pool.AGAIN_SECONDS", 0.001)

    async def act() -> None:
        refusals = 5
        make = made_ports([])

        async def sometimes() -> socket.socket:
            nonlocal refusals
            if refusals:
                refusals -= 1
                raise problem
            return await make()

        pool = PortPool("a trial", sometimes, ready=2)
        filling = asyncio.create_task(pool.keep())
        await until(lambda: len(pool) == 2)
        assert refusals == 0
        filling.cancel()
        await asyncio.gather(filling, return_exceptions=True)

    run(act())


def test_urgent_calls_find_ports_where_others_have_taken_all_that_are_theirs() -> None:
    async def act() -> None:
        pool = PortPool("a trial", made_ports([]))
        filling = asyncio.create_task(pool.keep())
        await until(lambda: len(pool) == READY)

        def taken(precedence: Precedence) -> int:
            found = 0
            while (port := pool.take(Claim(precedence))) is not None:
                port.close()
                found += 1
            return found

        assert taken(Precedence.PRIORITY) == READY - KEPT_PORTS >= 4 * CALL_PORTS
        assert taken(Precedence.ROUTINE) == 0
        assert taken(Precedence.FLASH) == KEPT_PORTS - CALL_PORTS
        assert taken(Precedence.FLASH_OVERRIDE) == CALL_PORTS
        filling.cancel()
        await asyncio.gather(filling, return_exceptions=True)

    run(act())


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(Precedence), max_size=80), st.integers(2, 64))
def test_sessions_of_less_urgent_calls_keep_nobody_more_urgent_out(
    asked: list[Precedence], sessions: int
) -> None:
    async def act() -> None:
        async with relaying(sessions=sessions) as places:
            for number, precedence in enumerate(asked):
                places.open(f"{number:032x}/callee/0", Claim(precedence))
            if max(asked, default=Precedence.ROUTINE) < Precedence.IMMEDIATE and sessions >= 8:
                assert places.open(CALLEE, Claim(Precedence.IMMEDIATE)) is not None
            if Precedence.FLASH_OVERRIDE not in asked and sessions >= 16:
                assert places.open(CALLER, Claim(Precedence.FLASH_OVERRIDE)) is not None
            assert len(names(places)) <= sessions

    run(act())


@contextlib.asynccontextmanager
async def without_network() -> AsyncIterator[tuple[RelayPlaces, FarPorts]]:
    """Relay for a site that has tunnels, and no network at the moment."""
    far = FarPorts(cast("TunnelService", SimpleNamespace(run=None, identity=ROME)), LOOPBACK)
    places = RelayPlaces(ROME, NearPorts(LOOPBACK), far, lambda: LOOPBACK_NETWORKS, sessions=8)
    async with places.running():
        await until(lambda: places.relay is not None)
        yield places, far


async def bound_here(number: int) -> socket.socket:
    """Bind a promised port; loopback stands for the address within the tunnels."""
    port = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    port.bind(("::1", number))
    return port


def test_a_call_that_begins_without_a_network_names_no_port_that_is_not_its_sites() -> None:
    async def act() -> None:
        async with without_network() as (places, far):
            near, promised = opened_session(places, CALLER)
            ship = RelayPlaces(
                SHIP, NearPorts(LOOPBACK), FarPorts(None, LOOPBACK), tuple, sessions=1
            )
            assert ship.may_relay(ROME.path, promised.address)  # who may not is barred
            assert near.address == LOOPBACK
            assert names(places) == ()  # nobody knows where it leads
            places.expect(CALLER, "anna", "bruno")
            with opened("::1") as other, opened() as anna:
                places.set_other(CALLER, RelayPlace(*other.getsockname()[:2]))
                assert names(places) == ()
                keeping = asyncio.create_task(far.promised.keep(bound_here))  # it is there again
                await until(lambda: names(places) == (CALLER,))
                anna.sendto(request("anna", "bruno"), (near.address, near.port))
                datagram, source = other.recvfrom(2_048)
                assert datagram[1:] == request("anna", "bruno")  # behind the relays' octet
                assert source[1] == promised.port
                places.close(CALLER)
                assert names(places) == ()
                keeping.cancel()
                await asyncio.gather(keeping, return_exceptions=True)

    run(act())


def test_a_call_within_the_site_goes_on_without_a_network() -> None:
    async def act() -> None:
        async with without_network() as (places, far):
            (near, far_place), (other_near, other_far) = (
                opened_session(places, each) for each in (CALLER, CALLEE)
            )
            assert len({far_place.port, other_far.port}) == 2
            places.set_other(CALLEE, far_place)
            places.expect(CALLEE, "bruno", "anna")
            places.set_other(CALLER, other_far)
            places.expect(CALLER, "anna", "bruno")
            assert sorted(names(places)) == sorted((CALLER, CALLEE))
            keeping = asyncio.create_task(far.promised.keep(bound_here))  # it is there again
            with opened() as anna, opened() as bruno:
                counts = places.relay
                assert counts is not None
                bruno.sendto(request("bruno", "anna"), (other_near.address, other_near.port))
                await until(lambda: counts.counts(CALLER).inward.received == 1)
                anna.sendto(request("anna", "bruno"), (near.address, near.port))
                assert bruno.recv(2_048) == request("anna", "bruno")
                anna.sendto(rtp(7), (near.address, near.port))
                assert bruno.recv(2_048) == rtp(7)
            for number in (far_place.port, other_far.port):  # nothing was bound for it in vain
                (await bound_here(number)).close()
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)

    run(act())


def test_sessions_that_wait_count_and_leave_no_socket_behind() -> None:
    async def act() -> None:
        async with without_network() as (places, _):
            for _ in range(3):
                opened_names = [f"{number:032x}/caller/0" for number in range(9)]
                found = [
                    places.open(each, Claim(Precedence.FLASH_OVERRIDE)) for each in opened_names
                ]
                assert [each is not None for each in found] == [True] * 8 + [False]
                for each in opened_names[:8]:
                    places.close(each)
                for at in found[:8]:
                    assert at is not None
                    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
                        free.bind((at[0].address, at[0].port))
            assert len(places._waiting) == 0

    run(act())


def test_no_number_is_promised_twice_before_it_is_forgotten() -> None:
    ports = PromisedPorts()
    numbers = [ports.promise() for _ in NUMBERS]
    assert set(numbers) == set(NUMBERS)
    assert ports.promise() is None
    ports.forget(NUMBERS[7])
    assert ports.promise() == NUMBERS[7]


def test_a_relay_goes_on_where_the_question_for_networks_fails_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("baluardo.edge.calls.relay_places.LOOK_SECONDS", 0.005)
    monkeypatch.setattr("baluardo.edge.calls.relay_places.AGAIN_SECONDS", 0.005)
    asked = 0

    def networks() -> Sequence[Network]:
        nonlocal asked
        asked += 1
        if asked in (1, 3):  # before it is made, and while it runs
            raise KeyError("policy")
        return LOOPBACK_NETWORKS

    async def act() -> None:
        far = FarPorts(None, LOOPBACK)
        places = RelayPlaces(ROME, NearPorts(LOOPBACK), far, networks, sessions=2)
        async with places.running():
            await until(lambda: places.relay is not None)
            relay = places.relay
            opened_session(places, CALLER)
            await until(lambda: asked > 5)
            assert places.relay is relay
            places.close(CALLER)
            assert names(places) == ()

    run(act())
    assert caplog.text.count("KeyError: 'policy'") == 2


def test_a_relay_that_could_not_be_started_is_closed_and_made_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("baluardo.edge.calls.relay_places.AGAIN_SECONDS", 0.005)
    start, refused = threading.Thread.start, []

    def sometimes(thread: threading.Thread) -> None:
        if "relay" in thread.name and not refused:
            refused.append(thread.name)
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", sometimes)
    made: list[LoopThread] = []
    begin = LoopThread.__init__

    def counted(loop: LoopThread, sessions: int, seed: bytes) -> None:
        made.append(loop)
        begin(loop, sessions, seed)

    monkeypatch.setattr(LoopThread, "__init__", counted)

    async def act() -> None:
        async with relaying() as places:
            assert refused
            assert [each.closed for each in made] == [True, False]
            opened_session(places, CALLER)

    run(act())


def test_a_pool_goes_on_after_an_error_that_nobody_foresaw(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("baluardo.edge.calls.port_pool.AGAIN_SECONDS", 0.001)

    async def act() -> None:
        make, refusals = made_ports([]), 5

        async def sometimes() -> socket.socket:
            nonlocal refusals
            if refusals:
                refusals -= 1
                raise RuntimeError("once")
            return await make()

        pool = PortPool("a trial", sometimes, ready=2)
        filling = asyncio.create_task(pool.keep())
        await until(lambda: len(pool) == 2)
        filling.cancel()
        await asyncio.gather(filling, return_exceptions=True)

    run(act())
    assert caplog.text.count("RuntimeError: once") == 3  # and no more of them this minute

"""A call from dial to end with relays that run: what signalling tells them joins two browsers."""

from __future__ import annotations

import socket
from contextlib import ExitStack

import pytest
from relay_ends import LOOPBACK, SEED, dtls, opened, request, rtp, until

from baluardo.calls.bodies import End
from baluardo.calls.causes import Cause
from baluardo.calls.media_places import Claim, RelayPlace
from baluardo.calls.relay.engine import MediaRelay
from baluardo.calls.relay.sockets import open_pair
from calls.world import ANNA, BRUNO, CARLA, RELAYS, Relay, World, fragment_of

ANNAS = f"{ANNA}/phone"


class RunningRelay(Relay):
    """A relay of an edge on loopback, asked for exactly what its calls ask for."""

    def __init__(self, edge: str, running: MediaRelay) -> None:
        """Begin without sessions."""
        super().__init__(edge, 100)
        self.running = running

    def open(self, session: str, claim: Claim) -> tuple[RelayPlace, RelayPlace] | None:
        """Add it, on ports that the kernel chose."""
        near, far = open_pair("127.0.0.1", "::1")
        self.running.add(session, near, far, precedence=claim.precedence)
        return place_of(near), place_of(far)

    def expect(self, session: str, browser: str, other: str) -> None:
        """Pass it on."""
        self.running.expect(session, browser, other)

    def set_other(self, session: str, place: RelayPlace) -> None:
        """Pass it on."""
        self.running.set_other(session, place.address, place.port)

    def close(self, session: str) -> None:
        """Pass it on."""
        self.running.remove(session)

    def may_relay(self, site: str, address: str) -> bool:
        """Whether a site has it: all are on this machine."""
        return site in RELAYS and address == "::1"


class RelayedWorld(World):
    """The two sites with relays that run until `stack` closes."""

    def __init__(self, stack: ExitStack) -> None:
        """Begin."""
        self.stack = stack
        super().__init__(sessions=100)

    def relay_of(self, edge: str) -> Relay:
        """Start one."""
        return RunningRelay(edge, self.stack.enter_context(MediaRelay(SEED, LOOPBACK)))


def place_of(own: socket.socket) -> RelayPlace:
    """Where a socket is."""
    return RelayPlace(*own.getsockname()[:2])


def relay_of(world: World, device: str) -> MediaRelay:
    """The relay of a device's edge."""
    relay = world.relays[world.phones[device].edge]
    assert isinstance(relay, RunningRelay)
    return relay.running


@pytest.mark.parametrize(("callee", "late"), [(BRUNO, False), (BRUNO, True), (CARLA, True)])
def test_two_browsers_of_a_call_reach_each_other_where_signalling_told_them(
    callee: str, late: bool
) -> None:
    with ExitStack() as stack:
        world = RelayedWorld(stack)
        call = world.dial(ANNAS, callee)
        world.run(1)
        devices = [f"{callee}/laptop", f"{callee}/phone"]
        if late:  # not the one for which the caller's relay was prepared
            prepared = world.phones[ANNAS].calls[call].fragment
            devices.sort(key=lambda each: fragment_of(each, call) == prepared)
        answering = devices[0]
        world.phones[answering].answer(call, world.now)
        world.post()
        world.run(1)
        assert world.talking(call) == [ANNAS, answering]
        ends = {}
        for device in (ANNAS, answering):
            browser = stack.enter_context(opened())
            told = world.phones[device].calls[call].relay
            assert told is not None
            ends[device] = browser, (told.address, told.port)
        checks = {
            source: request(fragment_of(source, call), fragment_of(target, call))
            for source, target in ((ANNAS, answering), (answering, ANNAS))
        }

        def send(source: str, datagram: bytes) -> None:
            ends[source][0].sendto(datagram, ends[source][1])

        # Of each browser the first check shows it to its relay; the very first finds nobody yet.
        (callee_side,) = (n for n in relay_of(world, answering).sessions if "callee" in n)
        send(ANNAS, checks[ANNAS])
        until(lambda: relay_of(world, answering).counts(callee_side).inward.received == 1)
        send(answering, checks[answering])
        assert ends[ANNAS][0].recv(2_048) == checks[answering]
        send(ANNAS, checks[ANNAS])
        assert ends[answering][0].recv(2_048) == checks[ANNAS]
        for datagram in (dtls(), rtp(7)):
            for source, target in ((ANNAS, answering), (answering, ANNAS)):
                send(source, datagram)
                assert ends[target][0].recv(2_048) == datagram
        world.phones[ANNAS].end(call, End(Cause.HUNG_UP), world.now)
        world.post()
        world.run(1)
        for device in (ANNAS, answering):
            assert relay_of(world, device).sessions == ()


@pytest.mark.parametrize("named", ["", "callee"])
def test_a_browser_that_makes_its_media_anew_is_let_in_by_its_new_fragment(named: str) -> None:
    with ExitStack() as stack:
        world = RelayedWorld(stack)
        call = world.dial(ANNAS, BRUNO)
        world.run(1)
        brunos = f"{BRUNO}/phone"
        world.phones[brunos].answer(call, world.now)
        world.post()
        world.run(1)
        world.phones[ANNAS].renew(call, brunos if named else "", "annas/new", world.now)
        world.phones[brunos].renew(call, "", "brunos/new", world.now)
        world.post()
        world.run(1)
        (near,) = (n for n in relay_of(world, ANNAS).sessions if "caller" in n)
        browser, other = (stack.enter_context(opened()) for _ in range(2))
        places = []
        for device in (ANNAS, brunos):
            told = world.phones[device].calls[call].relay
            assert told is not None
            places.append((told.address, told.port))
        old = request(fragment_of(ANNAS, call), fragment_of(brunos, call))
        browser.sendto(old, places[0])
        browser.sendto(request("annas/new", fragment_of(brunos, call)), places[0])
        until(lambda: relay_of(world, ANNAS).counts(near).outward.received == 2)
        other.sendto(request("brunos/new", "annas/new"), places[1])
        (far,) = (n for n in relay_of(world, brunos).sessions if "callee" in n)
        until(lambda: relay_of(world, brunos).counts(far).outward.received == 1)
        browser.sendto(request("annas/new", "brunos/new"), places[0])
        assert other.recv(2_048) == request("annas/new", "brunos/new"), "and none of the old"
        browser.sendto(rtp(7), places[0])
        assert other.recv(2_048) == rtp(7)
        other.sendto(rtp(8), places[1])
        while (heard := browser.recv(2_048)) != rtp(8):
            assert heard == request("brunos/new", "annas/new")

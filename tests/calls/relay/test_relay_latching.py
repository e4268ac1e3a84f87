"""Who the browser is: the first right request from an allowed network, and who follows it."""

from __future__ import annotations

import socket
import time
from ipaddress import ip_network

import pytest
from relay_ends import (
    OTHER,
    SEED,
    SINGLE,
    Ends,
    attribute,
    dtls,
    opened,
    request,
    rtp,
    stun,
    until,
)

from baluardo.calls.relay.counts import Cause
from baluardo.calls.relay.engine import MediaRelay
from baluardo.calls.relay.forwarding import HOLD_NS
from baluardo.calls.relay.sockets import open_pair
from baluardo.errors import InvalidInputError


def outward_drops(ends: Ends, cause: Cause) -> int:
    return ends.counts().outward.dropped.get(cause, 0)


@pytest.mark.parametrize(
    ("address", "far_address"), [("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("127.0.0.1", "::1")]
)
def test_a_call_passes_both_ways(relay: MediaRelay, address: str, far_address: str) -> None:
    with Ends(relay, address=address, far_address=far_address) as ends:
        ends.show()
        for datagram in (rtp(1), dtls(), rtp(2, 1_200), stun(b"", 0x0101), rtp(3, 0)):
            assert ends.out(datagram) == SINGLE + datagram
            assert ends.inward(SINGLE + datagram) == datagram
        counts = ends.settled()
        assert counts.outward.delivered == 6
        assert counts.inward.delivered == 5
        assert counts.inward.delivered_octets == counts.inward.received_octets
        assert counts.outward.dropped == counts.inward.dropped == {}


def test_a_socket_of_both_families_serves_addresses_of_ipv4(relay: MediaRelay) -> None:
    near, far = open_pair("::", "::")
    relay.add("dual", near, far)
    relay.expect("dual", "near", "farside")
    with opened() as browser, opened() as other:
        relay.set_other("dual", *other.getsockname())
        browser.sendto(request(), ("127.0.0.1", near.getsockname()[1]))
        assert other.recv(2_048) == SINGLE + request()
        other.sendto(SINGLE + dtls(), ("127.0.0.1", far.getsockname()[1]))
        assert browser.recv(2_048) == dtls()


def test_nothing_passes_before_the_browser_has_shown_itself(relay: MediaRelay) -> None:
    with Ends(relay) as ends:
        for datagram in (rtp(1), dtls()):
            ends.browser.sendto(datagram, ends.near)
        ends.other.sendto(SINGLE + rtp(2), ends.far)
        until(lambda: outward_drops(ends, Cause.FOREIGN) == 2)
        until(lambda: ends.counts().inward.dropped == {Cause.NOWHERE: 1})
        ends.show()
        assert ends.out(rtp(3)) == SINGLE + rtp(3)


def test_requests_that_do_not_name_both_fragments_are_dropped(relay: MediaRelay) -> None:
    wrong = [
        request(browser="neat"),
        request(other="farsidf"),
        request(browser=OTHER, other="near"),
        request()[:-1],
        stun(attribute(0x0006, b"farside:near"), 0x0101),
        stun(b""),
    ]
    with Ends(relay) as ends:
        for datagram in wrong:
            ends.browser.sendto(datagram, ends.near)
        until(lambda: outward_drops(ends, Cause.WRONG_USER) == len(wrong))
        assert ends.counts().outward.delivered == 0


def test_nobody_passes_before_fragments_are_known(relay: MediaRelay) -> None:
    near, far = open_pair("127.0.0.1", "127.0.0.1")
    relay.add("early", near, far)
    with opened() as browser:
        for user in (b"", b":", b"a:b"):
            browser.sendto(stun(attribute(0x0006, user)), near.getsockname())
        until(lambda: relay.counts("early").outward.dropped == {Cause.WRONG_USER: 3})


def test_a_browser_outside_the_allowed_networks_is_dropped() -> None:
    with (
        MediaRelay(SEED, [ip_network("127.0.0.0/30"), ip_network("10.0.0.0/8")]) as relay,
        Ends(relay) as ends,
        opened("127.0.0.9") as stranger,
    ):
        stranger.sendto(request(), ends.near)
        until(lambda: outward_drops(ends, Cause.FORBIDDEN_NETWORK) == 1)
        relay.allow([ip_network("127.0.0.8/29")])
        stranger.sendto(request(), ends.near)
        assert ends.other.recv(2_048) == SINGLE + request()
        ends.browser.sendto(request(), ends.near)
        until(lambda: outward_drops(ends, Cause.FORBIDDEN_NETWORK) == 2)
        relay.allow([])
        # Those that have shown themselves stay.
        stranger.sendto(rtp(1), ends.near)
        assert ends.other.recv(2_048) == SINGLE + rtp(1)


def test_nobody_takes_over_a_call_that_is_carried(relay: MediaRelay) -> None:
    with Ends(relay) as ends, opened() as thief:
        ends.show()
        for number in range(20):
            thief.sendto(request(), ends.near)
            thief.sendto(rtp(number), ends.near)
            assert ends.out(rtp(number)) == SINGLE + rtp(number)
            assert ends.inward(SINGLE + rtp(number)) == rtp(number)
        until(lambda: outward_drops(ends, Cause.SOURCE_HELD) == 20)
        assert outward_drops(ends, Cause.FOREIGN) == 20
        thief.setblocking(False)
        with pytest.raises(BlockingIOError):
            thief.recv(2_048)


def test_a_browser_whose_network_changed_is_found_again(relay: MediaRelay) -> None:
    with Ends(relay) as ends, opened("127.0.0.2") as elsewhere:
        ends.show()
        time.sleep(HOLD_NS / 1e9 + 0.1)
        elsewhere.sendto(request(), ends.near)
        assert ends.other.recv(2_048) == SINGLE + request()
        ends.other.sendto(SINGLE + rtp(5), ends.far)
        elsewhere.settimeout(10.0)
        assert elsewhere.recv(2_048) == rtp(5)
        ends.browser.sendto(rtp(6), ends.near)
        until(lambda: outward_drops(ends, Cause.FOREIGN) == 1)


def test_a_restart_of_ice_moves_the_browser_at_once_and_only_once(relay: MediaRelay) -> None:
    with Ends(relay) as ends, opened() as fresh, opened() as thief:
        ends.show()
        relay.expect(ends.session, "again", "others")
        # Until the new fragments are named media passes as before, and the old ones are nobody's.
        assert ends.out(rtp(1)) == SINGLE + rtp(1)
        fresh.sendto(request(), ends.near)
        until(lambda: outward_drops(ends, Cause.WRONG_USER) == 1)
        renewed = request("again", "others")
        fresh.sendto(renewed, ends.near)
        assert ends.other.recv(2_048) == SINGLE + renewed
        thief.sendto(renewed, ends.near)
        until(lambda: outward_drops(ends, Cause.SOURCE_HELD) == 1)


def test_a_restart_of_ice_from_the_same_port_opens_no_door(relay: MediaRelay) -> None:
    with Ends(relay) as ends, opened() as thief:
        ends.show()
        relay.expect(ends.session, "again", "others")
        renewed = request("again", "others")
        assert ends.out(renewed) == SINGLE + renewed
        thief.sendto(renewed, ends.near)
        until(lambda: outward_drops(ends, Cause.SOURCE_HELD) == 1)


def test_the_far_side_takes_from_the_other_relay_alone(relay: MediaRelay) -> None:
    with Ends(relay) as ends, opened() as stranger, opened("127.0.0.2") as elsewhere:
        ends.show()
        for each in (stranger, elsewhere, ends.browser):
            each.sendto(SINGLE + rtp(1), ends.far)
        until(lambda: ends.counts().inward.dropped == {Cause.FOREIGN: 3})
        relay.set_other(ends.session, *stranger.getsockname())
        stranger.sendto(SINGLE + rtp(2), ends.far)
        assert ends.browser.recv(2_048) == rtp(2)
        ends.browser.sendto(rtp(3), ends.near)
        assert stranger.recv(2_048) == SINGLE + rtp(3)
        ends.other.sendto(SINGLE + rtp(4), ends.far)
        until(lambda: ends.counts().inward.dropped == {Cause.FOREIGN: 4})


def test_what_no_relay_frames_so_is_dropped(relay: MediaRelay) -> None:
    with Ends(relay) as ends:
        ends.show()
        bad = [b"", b"\0", rtp(1), b"\3" + rtp(1), b"\1" + dtls(), b"\2" + request(), b"\0" * 9]
        for datagram in bad:
            ends.other.sendto(datagram, ends.far)
        ends.other.sendto(SINGLE + bytes([0x80]) * 1_332, ends.far)
        until(lambda: ends.counts().inward.received == len(bad) + 1)
        dropped = ends.counts().inward.dropped
        assert dropped == {Cause.MALFORMED: len(bad), Cause.OVERSIZED: 1}
        longest = bytes([0x80]) * 1_331
        assert ends.inward(SINGLE + longest) == longest
        assert ends.out(longest) == SINGLE + longest
        ends.browser.sendto(longest + b"!", ends.near)
        until(lambda: outward_drops(ends, Cause.OVERSIZED) == 1)
        assert ends.settled().outward.delivered == 2


def test_impossible_sessions_are_refused(relay: MediaRelay) -> None:
    near, far = open_pair("127.0.0.1", "127.0.0.1")
    with near, far:
        for name in ("", "two words", "x" * 129, "caffè"):
            with pytest.raises(InvalidInputError, match="visible ASCII"):
                relay.add(name, near, far)
        with pytest.raises(InvalidInputError, match="shift_ms 101"):
            relay.add("call", near, far, shift_ms=101)
        with (
            socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stream,
            pytest.raises(InvalidInputError, match="near socket is not a UDP socket"),
        ):
            relay.add("call", stream, far)
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unbound,
            pytest.raises(InvalidInputError, match="far socket is not bound"),
        ):
            relay.add("call", near, unbound)
        with opened() as joined:
            joined.connect(near.getsockname())
            with pytest.raises(InvalidInputError, match="far socket is connected"):
                relay.add("call", near, joined)
        with pytest.raises(InvalidInputError, match="no session 'call'"):
            relay.expect("call", "near", "farside")
        # What was refused was not taken.
        assert near.fileno() >= 0
        assert relay.sessions == ()


def test_impossible_ends_are_refused(relay: MediaRelay) -> None:
    with Ends(relay) as ends:
        for fragment in ("abc", "a:cd", "x" * 257, "ab\ncd", "abcdé"):
            with pytest.raises(InvalidInputError, match="ICE fragment"):
                relay.expect(ends.session, fragment, OTHER)
        for address, port in (("::1", 5_000), ("here", 5_000), ("127.0.0.1", 0), ("224.0.0.1", 9)):
            with pytest.raises(InvalidInputError):
                relay.set_other(ends.session, address, port)
        ends.show()
        near, far = open_pair("127.0.0.1", "127.0.0.1")
        with near, far, pytest.raises(InvalidInputError, match="already"):
            relay.add(ends.session, near, far)
        networks = [ip_network(f"10.0.{k}.0/24") for k in range(65)]
        with pytest.raises(InvalidInputError, match="more than 64"):
            relay.allow(networks)
        assert ends.out(rtp(1)) == SINGLE + rtp(1)

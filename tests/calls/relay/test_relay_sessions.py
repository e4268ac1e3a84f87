"""Sessions that come and go under load, their precedence, their counts, silence and trouble."""

from __future__ import annotations

import resource
import socket
import struct
import threading
import time
from itertools import count

import pytest
from relay_ends import (
    LOOPBACK,
    SEED,
    SINGLE,
    Ends,
    adds_up,
    dtls,
    opened,
    request,
    rtp,
    until,
)

from baluardo.calls.relay.counts import Cause, Way
from baluardo.calls.relay.engine import MOST_REFUSALS, MediaRelay
from baluardo.calls.relay.sockets import open_pair
from baluardo.errors import InvalidInputError, LinkError
from baluardo.network.bearers.classes import class_of
from baluardo.terms import Precedence

MANY = 2_000
NOTED_S = 0.1
"""A gap is noted after sending: a moment after the receiver has it."""


def traffic_class(ends: Ends, datagram: bytes) -> int:
    """Send as the browser; return the octet of DSCP and ECN that the other relay sees."""
    ends.browser.sendto(datagram, ends.near)
    _, extra, _, _ = ends.other.recvmsg(2_048, 64)
    (_, _, value), *_ = extra
    return value[0] if len(value) == 1 else struct.unpack("=i", value)[0]


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_the_receiver_sees_the_precedence(relay: MediaRelay, address: str) -> None:
    with Ends(relay, address=address) as ends:
        ends.show()
        if address == "::1":
            ends.other.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS, 1)
        else:
            ends.other.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
        assert traffic_class(ends, rtp(0)) >> 2 == 0
        for precedence in (*Precedence, Precedence.ROUTINE):
            relay.set_precedence(ends.session, precedence)
            assert class_of(traffic_class(ends, rtp(1)) >> 2) is precedence


def test_a_session_is_added_with_its_precedence(relay: MediaRelay) -> None:
    near, far = open_pair("127.0.0.1", "127.0.0.1")
    relay.add("urgent", near, far, precedence=Precedence.FLASH)
    assert far.getsockopt(socket.IPPROTO_IP, socket.IP_TOS) == 24 << 2


def test_sessions_come_and_go_while_a_call_is_carried(relay: MediaRelay) -> None:
    stop, rounds = threading.Event(), count()

    def churn(name: str) -> None:
        while not stop.is_set():
            with Ends(relay, name, shift_ms=30) as ends:
                ends.show()
                for number in range(3):
                    ends.browser.sendto(rtp(number), ends.near)
                    ends.other.sendto(SINGLE + rtp(number), ends.far)
                final = relay.remove(name)
                assert adds_up(final.outward)
                assert adds_up(final.inward)
            next(rounds)

    with Ends(relay) as steady:
        steady.show()
        churners = [threading.Thread(target=churn, args=(f"churn{k}",)) for k in range(3)]
        for each in churners:
            each.start()
        for number in range(1_500):
            assert steady.out(rtp(number)) == SINGLE + rtp(number)
            assert steady.inward(SINGLE + rtp(number)) == rtp(number)
        stop.set()
        for each in churners:
            each.join()
        assert next(rounds) > 20
        assert steady.counts().outward.dropped == steady.counts().inward.dropped == {}
        assert relay.sessions == (steady.session,)


def test_two_thousand_sessions_each_carry_their_own() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * MANY + 200
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip(f"this process may open {hard} descriptors, not {wanted}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    try:
        with MediaRelay(SEED, LOOPBACK, sessions=MANY) as relay, opened() as one, opened() as other:
            places = []
            for number in range(MANY):
                near, far = open_pair("127.0.0.1", "127.0.0.1")
                relay.add(str(number), near, far)
                relay.expect(str(number), "near", "farside")
                relay.set_other(str(number), *other.getsockname())
                places.append((near.getsockname(), far.getsockname()))
            near, far = open_pair("127.0.0.1", "127.0.0.1")
            with near, far, pytest.raises(InvalidInputError, match="2000 sessions, no more"):
                relay.add("another", near, far)
            for number, (near_at, far_at) in enumerate(places):
                one.sendto(request(), near_at)
                datagram, came_from = other.recvfrom(2_048)
                assert (datagram, came_from) == (SINGLE + request(), far_at)
                other.sendto(SINGLE + rtp(number), far_at)
                assert one.recvfrom(2_048) == (rtp(number), near_at)
            used = time.thread_time()
            delivered = [each.inward.delivered for each in relay.all_counts().values()]
            assert delivered == [1] * MANY
            assert time.thread_time() - used < 5.0
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_an_idle_relay_sleeps() -> None:
    with MediaRelay(SEED, LOOPBACK) as relay, Ends(relay) as ends:
        ends.show()
        time.sleep(0.2)
        begin, used = time.monotonic(), time.process_time()
        time.sleep(1.0)
        assert (time.process_time() - used) / (time.monotonic() - begin) < 0.03


def test_counts_say_everything(relay: MediaRelay) -> None:
    with Ends(relay) as ends, opened() as stranger:
        began = time.monotonic_ns()
        ends.show()
        for number in range(10):
            ends.out(rtp(number))
        for number in range(4):
            ends.inward(SINGLE + dtls(number))
        stranger.sendto(rtp(1), ends.near)
        stranger.sendto(b"?", ends.far)
        until(lambda: ends.counts().inward.received == 5)
        until(lambda: ends.counts().outward.received == 12)
        counts = ends.settled()
        outward, inward = counts.outward, counts.inward
        assert outward.delivered == 11
        assert outward.delivered_octets == len(request()) + 10 * len(rtp(0))
        assert outward.received_octets == outward.delivered_octets + len(rtp(1))
        assert outward.dropped == {Cause.FOREIGN: 1}
        assert inward.delivered_octets == 4 * len(dtls())
        assert inward.dropped == {Cause.FOREIGN: 1}
        assert began < outward.last_heard_ns <= time.monotonic_ns()


def test_the_longest_gap_is_told_once(relay: MediaRelay) -> None:
    with Ends(relay) as ends:
        ends.show()
        time.sleep(NOTED_S)
        ends.counts()
        for pause in (0.0, 0.08, 0.02):
            time.sleep(pause)
            ends.out(rtp(1))
        time.sleep(NOTED_S)
        gap = ends.counts().outward.longest_gap_ns
        assert 0.075e9 <= gap < 5e9
        assert ends.counts().outward.longest_gap_ns == 0
        ends.out(rtp(2))
        ends.out(rtp(3))
        time.sleep(NOTED_S)
        # The second followed the first at once; the first, what came before this reading.
        assert 0 < ends.counts().outward.longest_gap_ns < 5e9
        assert ends.counts().inward.longest_gap_ns == 0


def test_who_is_silent_is_told_and_stays(relay: MediaRelay) -> None:
    with Ends(relay, "quiet") as quiet, Ends(relay, "lively") as lively:
        for ends in (quiet, lively):
            ends.show()
        assert relay.silences() == []
        time.sleep(1.1)
        lively.out(rtp(1))
        lively.inward(SINGLE + rtp(1))
        (silence,) = relay.silences(1.0)
        assert silence.session == "quiet"
        assert min(silence.near_s, silence.far_s) >= 1.0
        quiet.out(rtp(2))
        # One side that speaks does not hide that the other is silent.
        (silence,) = relay.silences(1.0)
        assert silence.near_s < silence.far_s
        quiet.inward(SINGLE + rtp(3))


def test_what_strangers_send_does_not_hide_silence(relay: MediaRelay) -> None:
    with Ends(relay) as ends, opened() as stranger:
        ends.show()
        time.sleep(0.2)
        for at in (ends.near, ends.far):
            stranger.sendto(rtp(1), at)
        until(lambda: ends.counts().outward.received == 2)
        (silence,) = relay.silences(0.2)
        assert min(silence.near_s, silence.far_s) >= 0.2


def test_a_broken_socket_is_told_by_name_and_burns_nothing(relay: MediaRelay) -> None:
    near, far = open_pair("127.0.0.1", "127.0.0.1")
    relay.add("broken", near, far)
    with Ends(relay) as ends:
        ends.show()
        with pytest.raises(OSError, match="not connected"):
            far.shutdown(socket.SHUT_RDWR)  # it is shut all the same
        until(lambda: relay.broken() != [])
        (broken,) = relay.broken()
        assert (broken.session, broken.side, broken.given_up) == ("broken", Way.IN, True)
        begin = time.process_time()
        time.sleep(0.5)
        assert time.process_time() - begin < 0.2
        assert ends.out(rtp(1)) == SINGLE + rtp(1)
        relay.remove("broken")
        assert relay.broken() == []


def test_a_far_side_that_refuses_every_write_is_told_until_it_takes_one(relay: MediaRelay) -> None:
    with Ends(relay) as ends:
        ends.show()
        # A broadcast address is refused to sockets that have not asked for broadcast.
        relay.set_other(ends.session, "127.255.255.255", 9)
        for number in range(MOST_REFUSALS):
            ends.browser.sendto(rtp(number), ends.near)
        until(lambda: ends.counts().outward.dropped == {Cause.UNSENT: MOST_REFUSALS})
        (broken,) = relay.broken()
        assert (broken.side, broken.given_up) == (Way.IN, False)
        assert "denied" in broken.reason
        assert ends.settled().outward.delivered == 1
        relay.set_other(ends.session, *ends.other.getsockname())
        assert ends.out(rtp(1)) == SINGLE + rtp(1)
        until(lambda: relay.broken() == [])


def test_it_ends_cleanly_and_once() -> None:
    relay = MediaRelay(SEED, LOOPBACK)
    near, far = open_pair("127.0.0.1", "127.0.0.1")
    relay.add("call", near, far, shift_ms=60)
    relay.start()
    with pytest.raises(InvalidInputError, match="started once"):
        relay.start()
    relay.close()
    relay.close()
    assert near.fileno() == far.fileno() == -1
    assert not any(each.name == "relay" for each in threading.enumerate())
    for refused in (
        lambda: relay.counts("call"),
        lambda: relay.allow(LOOPBACK),
        lambda: relay.add("call", near, far),
        relay.start,
    ):
        with pytest.raises(InvalidInputError, match="closed"):
            refused()


def test_sessions_stand_before_it_is_started() -> None:
    relay = MediaRelay(SEED, LOOPBACK)
    with Ends(relay) as ends:
        assert relay.counts(ends.session).outward.received == 0
        ends.browser.sendto(request(), ends.near)
        with relay:
            assert ends.other.recv(2_048) == SINGLE + request()
            assert ends.inward(SINGLE + rtp(1)) == rtp(1)


def test_impossible_relays_and_addresses_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="seed"):
        MediaRelay(b"short", LOOPBACK)
    for sessions in (0, 65_537):
        with pytest.raises(InvalidInputError, match="sessions are not between"):
            MediaRelay(SEED, LOOPBACK, sessions=sessions)
    with pytest.raises(InvalidInputError, match="no address"):
        open_pair("here", "127.0.0.1")
    with pytest.raises(LinkError, match=r"192\.0\.2\.1"):
        open_pair("127.0.0.1", "192.0.2.1")

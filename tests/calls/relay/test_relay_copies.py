"""Second copies: nothing is lost while one of two arrives, and no equal packet is lost for it."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from relay_ends import (
    BROWSER,
    FIRST,
    OTHER,
    SECOND,
    SINGLE,
    Ends,
    adds_up,
    dtls,
    opened,
    request,
    rtp,
    until,
)

from baluardo.calls.relay import copies as wheel
from baluardo.calls.relay.counts import Cause
from baluardo.calls.relay.engine import MediaRelay
from baluardo.calls.relay.sockets import open_pair

MILLISECOND = 1_000_000
PACKETS = 250


def test_media_goes_twice_and_nothing_else_does(relay: MediaRelay) -> None:
    with Ends(relay, shift_ms=100) as ends:
        ends.show()
        assert ends.out(dtls()) == SINGLE + dtls()
        begin = time.monotonic()
        assert ends.out(rtp(1)) == FIRST + rtp(1)
        report = bytes([0x81, 200]) + bytes(40)
        assert ends.out(report) == FIRST + report
        assert ends.other.recv(2_048) == SECOND + rtp(1)
        assert time.monotonic() - begin >= 0.1
        assert ends.other.recv(2_048) == SECOND + report
        assert ends.out(request()) == SINGLE + request()
        until(lambda: ends.counts().outward.copies_sent == 2)
        assert ends.settled().outward.delivered == 5
        relay.set_shift(ends.session, 0)
        assert ends.out(rtp(2)) == SINGLE + rtp(2)


def test_whichever_copy_comes_first_is_delivered_alone(relay: MediaRelay) -> None:
    with Ends(relay) as ends:
        ends.show()
        for number, marks in enumerate((FIRST + SECOND, SECOND + FIRST, SECOND, FIRST)):
            for mark in marks:
                ends.other.sendto(bytes([mark]) + rtp(number), ends.far)
            assert ends.browser.recv(2_048) == rtp(number)
        assert ends.inward(SINGLE + rtp(9)) == rtp(9)
        inward = ends.settled().inward
        assert inward.dropped == {Cause.COPY: 2}
        assert inward.delivered == 5


def test_equal_packets_that_are_no_copies_all_arrive(relay: MediaRelay) -> None:
    """A browser sends the same request again, and without RTX the same packet of media."""
    with Ends(relay, shift_ms=30) as ends:
        ends.show()
        for datagram in (request(), dtls(), rtp(1)):
            for _ in range(3):
                assert ends.inward(SINGLE + datagram) == datagram
        for _ in range(3):
            assert ends.inward(FIRST + rtp(2)) == rtp(2)
        for _ in range(3):
            ends.other.sendto(SECOND + rtp(2), ends.far)
        until(lambda: ends.counts().inward.dropped == {Cause.COPY: 3})
        assert ends.inward(SECOND + rtp(2)) == rtp(2)


def test_equal_packets_of_two_sessions_are_no_copies(relay: MediaRelay) -> None:
    with Ends(relay, "one") as one, Ends(relay, "two") as two:
        for ends in (one, two):
            ends.show()
        assert one.inward(FIRST + rtp(1)) == rtp(1)
        assert two.inward(SECOND + rtp(1)) == rtp(1)


def test_copies_before_the_browser_is_known_do_not_swallow_it(relay: MediaRelay) -> None:
    with Ends(relay) as ends:
        ends.other.sendto(FIRST + rtp(1), ends.far)
        until(lambda: ends.counts().inward.dropped == {Cause.NOWHERE: 1})
        ends.show()
        assert ends.inward(SECOND + rtp(1)) == rtp(1)


def test_copies_of_a_session_that_ended_go_nowhere(relay: MediaRelay) -> None:
    with Ends(relay, shift_ms=100) as ends:
        ends.show()
        assert ends.out(rtp(1)) == FIRST + rtp(1)
        counts = relay.remove(ends.session)
        assert adds_up(counts.outward)
        assert (counts.outward.delivered, counts.outward.copies_sent) == (2, 0)
        with Ends(relay, shift_ms=100) as following:
            following.show()
            time.sleep(0.15)
            for each in (ends.other, following.other):
                each.setblocking(False)
                with pytest.raises(BlockingIOError):
                    each.recv(2_048)


class LossyTunnel:
    """What joins two far sockets and loses what it is told to."""

    def __init__(self, loses: object) -> None:
        """`loses`: says of each datagram whether it is lost."""
        self.sides = opened(), opened()
        self.lost = 0
        self._loses = loses
        self._ends: dict[int, tuple[str, int]] = {}
        self._threads = [threading.Thread(target=self._carry, args=(k,)) for k in (0, 1)]

    def join(self, one: tuple[str, int], two: tuple[str, int]) -> None:
        """Carry between two far sockets; each sees a side of the tunnel as the other."""
        self._ends = {0: one, 1: two}
        for each in self._threads:
            each.start()

    def _carry(self, side: int) -> None:
        while (datagram := self.sides[side].recv(2_048)) != b"end":
            if self._loses(datagram):  # type: ignore[operator]
                self.lost += 1
            else:
                self.sides[1 - side].sendto(datagram, self._ends[1 - side])

    def close(self) -> None:
        """End both threads."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ending:
            for side, thread in zip(self.sides, self._threads, strict=True):
                ending.sendto(b"end", side.getsockname())
                thread.join()
                side.close()


def in_a_burst(datagram: bytes) -> bool:
    """Lose five of 25 first copies in a row, and five other second ones."""
    place = int.from_bytes(datagram[13:17], "big") % 25
    return (datagram[:1] == FIRST and place < 5) or (datagram[:1] == SECOND and 10 <= place < 15)


def test_a_lossy_tunnel_leaves_no_gap(relay: MediaRelay) -> None:
    """First copies are lost in bursts of five, second ones in others: every packet arrives once."""
    tunnel = LossyTunnel(in_a_burst)
    places = []
    for name in ("rome", "frigate"):
        near, far = open_pair("127.0.0.1", "127.0.0.1")
        places.append((near.getsockname(), far.getsockname()))
        relay.add(name, near, far, shift_ms=40)
        relay.expect(name, BROWSER, OTHER)
    for name, side in zip(("rome", "frigate"), tunnel.sides, strict=True):
        relay.set_other(name, *side.getsockname())
    tunnel.join(places[0][1], places[1][1])
    got: list[bytes] = []
    with opened() as rome, opened() as frigate:
        frigate.sendto(request(), places[1][0])
        until(lambda: relay.counts("frigate").outward.delivered == 1)
        rome.sendto(request(), places[0][0])
        until(lambda: relay.counts("rome").outward.delivered == 1)
        sent = [rtp(number) for number in range(PACKETS)]
        for datagram in sent:
            rome.sendto(datagram, places[0][0])
            time.sleep(0.004)
        until(lambda: relay.counts("frigate").inward.received == 2 * PACKETS * 4 // 5 + 1)
        frigate.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                got.append(frigate.recv(2_048))
    tunnel.close()
    media = [each for each in got if each[0] == 0x80]
    assert sorted(media) == sorted(sent)
    assert tunnel.lost == 2 * PACKETS // 5
    assert relay.counts("rome").outward.copies_sent == PACKETS
    # Three of five came twice, and no second time to the browser.
    inward = relay.counts("frigate").inward
    assert inward.dropped == {Cause.COPY: PACKETS * 3 // 5}
    assert adds_up(inward)


arrivals = st.lists(
    st.tuples(
        st.sampled_from([0, 1, MILLISECOND // 3, MILLISECOND, 40 * MILLISECOND, 400 * MILLISECOND]),
        st.sampled_from([MILLISECOND, 30 * MILLISECOND, 60 * MILLISECOND, 100 * MILLISECOND]),
    ),
    max_size=40,
)


@settings(deadline=None)  # the first call compiles
@given(steps=arrivals)
def test_every_copy_leaves_once_at_its_time(steps: list[tuple[int, int]]) -> None:
    copies, now = wheel.no_copies(16), 5_000_000_123
    waiting: dict[int, int] = {}
    for number, (pause, shift) in enumerate(steps):
        now += pause
        while (slot := wheel.take_due(copies, now)) != wheel.NONE:
            due = waiting.pop(int(copies.about[slot, wheel.ROW_OF]))
            assert due <= now
            assert copies.octets[slot, 0] == copies.about[slot, wheel.ROW_OF]
            wheel.give_back(copies, slot)
        assert all(now < due + wheel.TICK_NS for due in waiting.values())
        octets = np.full(20, number, np.uint8)
        kept = wheel.keep(copies, number, 1, octets, 20, now, shift)
        assert kept == (len(waiting) < 16)
        if kept:
            waiting[number] = now + shift
        if waiting:
            soonest = min(waiting.values())
            assert soonest <= wheel.next_time(copies) < soonest + wheel.TICK_NS
    now += 200 * MILLISECOND
    taken = 0
    while (slot := wheel.take_due(copies, now)) != wheel.NONE:
        wheel.give_back(copies, slot)
        taken += 1
    assert taken == len(waiting)
    assert wheel.next_time(copies) == wheel.NEVER


def test_copies_in_one_tick_leave_in_the_order_of_coming() -> None:
    copies, chance = wheel.no_copies(64), random.Random(1)  # noqa: S311 - nothing secret
    for number in range(50):
        octets = np.full(chance.randrange(12, 1_332), number, np.uint8)
        assert wheel.keep(copies, number, 1, octets, octets.size, 1_000 + number, 30 * MILLISECOND)
    order = []
    while (slot := wheel.take_due(copies, 50 * MILLISECOND)) != wheel.NONE:
        order.append(int(copies.about[slot, wheel.ROW_OF]))
        wheel.give_back(copies, slot)
    assert order == list(range(50))

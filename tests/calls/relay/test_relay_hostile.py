"""Sprayers: whatever they send, nothing of it passes and a call beside it is as it was."""

from __future__ import annotations

import contextlib
import random
import socket
import struct
import threading
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from relay_ends import (
    FIRST,
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

from baluardo.calls.relay.engine import MediaRelay
from baluardo.calls.relay.loop import MOST_FAILURES

SPRAYED = 4_000

user = st.sampled_from([b"farside:near", b"farside:nea", b"near:farside", b"", b":", b"\0" * 513])
hostile = st.one_of(
    st.binary(max_size=64),
    st.binary(min_size=1_300, max_size=1_400),
    st.builds(
        lambda first, rest: bytes([first]) + rest, st.integers(0, 255), st.binary(max_size=80)
    ),
    st.builds(
        lambda names, kind, cut: stun(b"".join(attribute(0x0006, each) for each in names), kind)[
            : -cut or None
        ],
        # The right name first would be the browser's own request.
        st.lists(user, max_size=3).filter(lambda names: names[:1] != [b"farside:near"]),
        st.sampled_from([0x0001, 0x0101, 0x0011, 0x0003]),
        st.integers(0, 30),
    ),
    st.sampled_from([rtp(1), dtls(), SINGLE + rtp(1), FIRST + rtp(1), request("nearer")]),
)


@settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(sprayed=st.lists(hostile, max_size=30))
def test_nothing_of_a_stranger_passes(relay: MediaRelay, sprayed: list[bytes]) -> None:
    session = f"call{len(relay.sessions)}"
    with Ends(relay, session) as ends, opened() as stranger:
        ends.show()
        for number, datagram in enumerate(sprayed):
            for at in (ends.near, ends.far):
                stranger.sendto(datagram, at)
            assert ends.out(rtp(number)) == SINGLE + rtp(number)
            assert ends.inward(SINGLE + rtp(number)) == rtp(number)
        until(lambda: ends.counts().inward.received == 2 * len(sprayed))
        until(lambda: ends.counts().outward.received == 2 * len(sprayed) + 1)
        counts = ends.settled()
        for way in (counts.outward, counts.inward):
            assert sum(way.dropped.values()) == len(sprayed)
    relay.remove(session)


def seen(ends: Ends, after_s: float = 0.0) -> int:
    """How many datagrams the relay has taken from both sockets."""
    time.sleep(after_s)
    counts = ends.counts()
    return counts.outward.received + counts.inward.received


def test_a_flood_leaves_a_call_untouched(relay: MediaRelay) -> None:
    chance = random.Random(3)  # noqa: S311 - it injures, it protects nothing
    with Ends(relay) as ends, Ends(relay, "beside") as beside:
        ends.show()
        beside.show()

        def spray(port: tuple[str, int]) -> None:
            with opened() as stranger:
                for _ in range(SPRAYED):
                    stranger.sendto(chance.randbytes(chance.randrange(200)), port)

        sprayers = [threading.Thread(target=spray, args=(at,)) for at in (ends.near, ends.far)]
        for each in sprayers:
            each.start()
        number = 0
        while any(each.is_alive() for each in sprayers) or number < 100:
            assert beside.out(rtp(number)) == SINGLE + rtp(number)
            assert beside.inward(SINGLE + rtp(number)) == rtp(number)
            number += 1
        for each in sprayers:
            each.join()
        assert beside.counts().outward.dropped == beside.counts().inward.dropped == {}
        # The flooded call goes on too; only what the kernel's full buffers lose is lost.
        until(lambda: seen(ends) == seen(ends, after_s=0.1))
        assert ends.out(rtp(1)) == SINGLE + rtp(1)
        assert ends.inward(SINGLE + rtp(1)) == rtp(1)
        counts = ends.settled()
        assert counts.outward.delivered == 2
        assert counts.inward.delivered == 1
        assert relay.broken() == []


def test_wrong_checksums_break_no_socket(relay: MediaRelay) -> None:
    """A socket seems to have something then and has not, as one that is broken does."""
    try:
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
    except PermissionError:
        pytest.skip("only root may send wrong checksums")
    with raw, Ends(relay) as ends:
        ends.show()
        payload = rtp(1)
        head = struct.pack(">HHHH", 9, ends.near[1], 8 + len(payload), 0xBAD)
        for _ in range(40 * MOST_FAILURES):
            raw.sendto(head + payload, ends.near)
        ends.other.setblocking(False)

        def passes() -> bool:
            # What the kernel's buffer has no room for is lost, until the flood has run off.
            ends.browser.sendto(rtp(2), ends.near)
            time.sleep(0.01)
            with contextlib.suppress(BlockingIOError):
                return ends.other.recv(2_048) == SINGLE + rtp(2)
            return False

        until(passes)
        assert relay.broken() == []
        assert ends.settled().outward.dropped == {}


def test_what_the_other_relay_makes_up_passes_or_is_counted(relay: MediaRelay) -> None:
    """The other edge is trusted to be itself, not to be sound."""
    chance = random.Random(4)  # noqa: S311 - it injures, it protects nothing
    with Ends(relay) as ends:
        ends.show()
        for _ in range(SPRAYED):
            ends.other.sendto(chance.randbytes(chance.randrange(60)), ends.far)
        until(lambda: ends.counts().inward.received > 0)
        assert ends.out(rtp(1)) == SINGLE + rtp(1)
        ends.browser.settimeout(0.3)
        got = []
        try:
            while True:
                got.append(ends.browser.recv(2_048))
        except TimeoutError:
            pass
        assert all(each[0] <= 3 or 20 <= each[0] <= 63 or 128 <= each[0] <= 191 for each in got)
        assert ends.settled().inward.delivered == len(got)

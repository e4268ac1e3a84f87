"""What waits for a neighbour, on a clock of its own: order, age, rate, and what was lost."""

from __future__ import annotations

import functools

from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.edge.calls.frames import MOST_FRAMES, Attends, Frame, Left, Said
from baluardo.edge.calls.outbox import (
    MESSAGE_SECONDS,
    MOST_ENTRIES,
    MOST_MESSAGES,
    MOST_SENT,
    RATE_SECONDS,
    Outbox,
    device_in,
    device_of,
)
from baluardo.trust.envelope import Envelope, sign
from trust.community import make_community

PHONE = "person/anna/phone"


@functools.cache
def attendance(device: str) -> Envelope:
    return sign(b"{}", "a", make_community().credential(device))


def said_at(
    outbox: Outbox, now: float, owed: dict[str, Attends | Left] | None = None
) -> list[Frame]:
    """All that may be said now over the newest channel; what was owed to it is taken out."""
    entries = {} if owed is None else owed
    frames: list[Frame] = []
    while (frame := outbox.next_frame(now, entries, is_newest=True)) is not None:
        outbox.said(frame, now)
        frames.append(frame)
        if not isinstance(frame, Said):
            del entries[next(iter(entries))]
    return frames


def test_messages_go_first_in_their_order_over_the_newest_channel() -> None:
    outbox = Outbox()
    owed: dict[str, Attends | Left] = {PHONE: Left(PHONE)}
    for each in (b"a", b"b"):
        outbox.say(Said(each), 0.0)
    assert outbox.next_frame(0.0, owed, is_newest=False) == Left(PHONE)
    assert outbox.next_frame(0.0, {}, is_newest=False) is None
    assert outbox.next_timer(0.0, {}, is_newest=False) is None
    assert said_at(outbox, 0.0, owed) == [Said(b"a"), Said(b"b"), Left(PHONE)]
    assert outbox.next_timer(0.0, owed, is_newest=True) is None


def test_a_site_hears_that_somebody_sits_here_before_it_hears_her_dial() -> None:
    outbox, laptop = Outbox(), PHONE.replace("phone", "laptop")
    owed: dict[str, Attends | Left] = {laptop: Left(laptop), PHONE: Left(PHONE)}
    outbox.say(Said(b"before"), 0.0)
    outbox.say(Said(b"dial"), 0.0, PHONE)

    frames: list[Frame] = []
    while (frame := outbox.next_frame(0.0, owed, is_newest=True)) is not None:
        outbox.said(frame, 0.0)
        frames.append(frame)
        if not isinstance(frame, Said):
            del owed[device_in(frame)]

    assert frames == [Said(b"before"), Left(PHONE), Said(b"dial"), Left(laptop)]


def test_a_message_waits_ten_seconds() -> None:
    outbox = Outbox()
    outbox.say(Said(b"old"), 0.0)
    outbox.say(Said(b"new"), 5.0)
    assert outbox.has_messages(MESSAGE_SECONDS)
    assert said_at(outbox, MESSAGE_SECONDS) == [Said(b"new")]
    outbox.say(Said(b"lost"), 20.0)
    assert not outbox.has_messages(20.0 + MESSAGE_SECONDS)


def test_the_newest_messages_are_kept() -> None:
    outbox = Outbox()
    messages = [Said(b"%d" % number) for number in range(MOST_MESSAGES + 3)]
    for each in messages:
        outbox.say(each, 0.0)
    assert said_at(outbox, 1.0) == messages[3:]


def test_an_attendance_is_of_the_device_that_signed_it() -> None:
    assert device_of(attendance(PHONE)) == PHONE


def test_a_long_roster_leaves_room_for_calls() -> None:
    outbox = Outbox()
    devices = [f"person/p{number}/phone" for number in range(MOST_ENTRIES + 7)]
    owed: dict[str, Attends | Left] = {device: Left(device) for device in devices}
    assert len(said_at(outbox, 0.0, owed)) == MOST_ENTRIES
    assert outbox.next_frame(1.0, {PHONE: Left(PHONE)}, is_newest=False) is None, "of all channels"
    outbox.say(Said(b"a"), 1.0)
    assert said_at(outbox, 1.0, owed) == [Said(b"a")]
    assert outbox.next_timer(1.0, owed, is_newest=True) == RATE_SECONDS
    assert said_at(outbox, RATE_SECONDS, owed) == [Left(each) for each in devices[MOST_ENTRIES:]]


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([0.0, 0.01, 1.0, 4.0]), st.integers(0, 300), st.booleans()),
        max_size=40,
    )
)
def test_never_more_than_half_of_what_a_neighbour_takes(
    steps: list[tuple[float, int, bool]],
) -> None:
    outbox, now, times = Outbox(), 0.0, list[float]()
    owed: dict[str, Attends | Left] = {}
    for wait, number, is_message in steps:
        now += wait
        for each in range(number):
            if is_message:
                outbox.say(Said(b"a"), now)
            else:
                device = f"person/p{each}/phone"
                owed[device] = Left(device)
        times += [now] * len(said_at(outbox, now, owed))
        assert sum(at > now - RATE_SECONDS for at in times) <= MOST_SENT <= MOST_FRAMES // 2
        timer = outbox.next_timer(now, owed, is_newest=True)
        assert timer is None or timer >= now

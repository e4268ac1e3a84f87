"""Events as octets, and within one process."""

from __future__ import annotations

import asyncio
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.authority.events.bus import Bus
from baluardo.authority.events.event import LARGEST_EVENT, Event, EventKind
from baluardo.errors import InvalidInputError

WAIT = 60.0


@given(
    kind=st.sampled_from(EventKind),
    authority=st.text(st.characters(codec="utf-8"), max_size=120),
    size=st.integers(0, 2**53 - 1),
)
def test_event_comes_back_as_it_went(kind: EventKind, authority: str, size: int) -> None:
    event = Event(kind, authority, size)
    assert Event.of_octets(event.to_octets()) == event


@given(octets=st.binary(max_size=LARGEST_EVENT + 10))
def test_anything_else_is_refused(octets: bytes) -> None:
    with pytest.raises(InvalidInputError):
        Event.of_octets(octets)


@given(data=st.data())
def test_altered_event_is_refused_or_another_event(data: st.DataObject) -> None:
    octets = bytearray(Event(EventKind.LISTS, "one", 12).to_octets())
    octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    try:
        event = Event.of_octets(bytes(octets))
    except InvalidInputError:
        return
    assert event.size >= 0
    assert Event.of_octets(event.to_octets()) == event


@pytest.mark.parametrize(
    "octets",
    [
        b'{"authority":"one","kind":"war","size":1}',
        b'{"authority":"one","kind":"log"}',
        b'{"authority":"one","kind":"log","size":-1}',
        b'{"authority":"one","kind":"log","size":0.5}',
        b'{"authority":"one","kind":"log","size":1,"more":1}',
        b"[]",
    ],
)
def test_what_is_no_event_is_refused(octets: bytes) -> None:
    with pytest.raises(InvalidInputError):
        Event.of_octets(octets)


def test_bus_passes_events_on_from_any_thread_in_order() -> None:
    async def run() -> list[int]:
        bus, heard, done = Bus(), list[int](), asyncio.Event()

        def hear(event: Event) -> None:
            assert threading.current_thread() is threading.main_thread()
            heard.append(event.size)
            if event.size == 99:
                done.set()

        bus.subscribe(hear)
        bus.publish(Event(EventKind.LOG, "one", 1_000))  # nobody is there yet
        async with bus.running():
            await asyncio.to_thread(
                lambda: [bus.publish(Event(EventKind.LOG, "one", size)) for size in range(100)]
            )
            await asyncio.wait_for(done.wait(), WAIT)
        bus.publish(Event(EventKind.LOG, "one", 1_000))
        await asyncio.sleep(0)
        return heard

    assert asyncio.run(run()) == list(range(100))


def test_subscriber_that_fails_keeps_nothing_from_the_others() -> None:
    async def run() -> list[int]:
        bus, heard, done = Bus(), list[int](), asyncio.Event()

        def fail(_event: Event) -> None:
            raise ZeroDivisionError

        def hear(event: Event) -> None:
            heard.append(event.size)
            done.set()

        bus.subscribe(fail)
        bus.subscribe(hear)
        async with bus.running():
            bus.publish(Event(EventKind.LOG, "one", 1))
            await asyncio.wait_for(done.wait(), WAIT)
        return heard

    assert asyncio.run(run()) == [1]

"""The running sky, on a virtual machine clock and a real event loop.

No test looks at a clock. Where a frame must not wait for its second, the second never comes.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from baluardo.errors import CatalogueError, SourceError, StageError
from baluardo.terms import Bilingual
from baluardo.twin import live as live_module
from baluardo.twin.catalogues import Loaded
from baluardo.twin.clock import Mode, Readings
from baluardo.twin.frame import Frame, decode_frame, encode_frame
from baluardo.twin.live import MOST_WAITING, STILL_AFTER_S, LiveSky
from baluardo.twin.sky.propagation import Propagator, positions_at
from baluardo.twin.sky.shells import default_catalogue
from baluardo.twin.sky.sky import Snapshot

NOON = 1_748_520_000.0
SMALL = default_catalogue().select(np.arange(7_500) % 10 == 0)
OTHER = default_catalogue().select(np.arange(7_500) % 10 == 1)

half_a_metre_km = 0.000_5
"""Half the spacing of float32 at 7,000 km."""


class VirtualClocks:
    """The machine's clocks: they start at noon and stand still until they are moved."""

    def __init__(self, started: float = NOON) -> None:
        self.elapsed = 0.0
        self._started = started

    def __call__(self) -> Readings:
        return Readings(self.elapsed, self._started + self.elapsed)


def run_live(
    scenario: Callable[[LiveSky], Awaitable[None]], clocks: VirtualClocks | None = None
) -> None:
    """Run a scenario beside a live sky of 750 satellites."""

    async def beside() -> None:
        live = LiveSky(Loaded(SMALL), read=clocks or VirtualClocks())
        running = asyncio.create_task(live.run())
        try:
            async with asyncio.timeout(60):
                await scenario(live)
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running

    asyncio.run(beside())


async def next_frame(frames: AsyncIterator[bytes]) -> Frame:
    return decode_frame(await anext(frames))


async def until(true: Callable[[], bool]) -> None:
    """Wait; `run_live` gives up in the end."""
    while not true():
        await asyncio.sleep(0.01)


@pytest.fixture
def no_beat(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the first frame and those of a changed clock come: the next beat is an hour away."""
    monkeypatch.setattr(live_module, "FRAME_SECONDS", 3_600.0)


def test_frames_show_the_positions_of_their_time() -> None:
    clocks = VirtualClocks()

    async def scenario(live: LiveSky) -> None:
        frames = live.frames()
        first = await next_frame(frames)
        clocks.elapsed += 3.5
        second = await next_frame(frames)
        for frame in (first, second):
            expected = positions_at(SMALL, [frame.sky_time])[0]
            np.testing.assert_allclose(frame.positions, expected, rtol=0, atol=half_a_metre_km)
            np.testing.assert_array_equal(frame.status, live.sky.statuses(expected))
        assert (first.rate, first.replay, first.paused) == (1.0, False, False)
        assert second.sequence == first.sequence + 1
        assert (first.sky_time, second.sky_time) == (NOON, NOON + 3.5)
        assert live.moment == second.sky_time

    run_live(scenario, clocks)


@pytest.mark.parametrize(
    ("now", "due"), [(0.0, 1.0), (0.3, 1.0), (0.94, 1.0), (0.96, 2.0), (1.0, 2.0), (7.5, 8.0)]
)
def test_frames_keep_to_whole_seconds_and_missed_ones_are_not_made_up_for(
    now: float, due: float
) -> None:
    clocks = VirtualClocks()
    live = LiveSky(Loaded(SMALL), read=clocks)
    clocks.elapsed = now
    assert live._next_due(0.0) == due


@pytest.mark.usefixtures("no_beat")
def test_a_change_of_the_clock_is_shown_at_once() -> None:
    async def scenario(live: LiveSky) -> None:
        frames = live.frames()
        await next_frame(frames)
        for day in range(1, 9):
            live.set_clock(rate=60.0, sky_time=NOON - day * 86_400.0)
            frame = await next_frame(frames)
            assert (frame.replay, frame.rate) == (True, 60.0)
            assert frame.sky_time == NOON - day * 86_400.0

    run_live(scenario)


def test_a_paused_sky_stands_while_its_frames_go_on() -> None:
    clocks = VirtualClocks()

    async def scenario(live: LiveSky) -> None:
        frames = live.frames()
        await next_frame(frames)
        live.set_clock(paused=True)
        stopped = await next_frame(frames)
        clocks.elapsed += 10.0
        again = await next_frame(frames)
        assert stopped.paused
        assert stopped.rate == 0.0
        assert again.sky_time == stopped.sky_time
        np.testing.assert_array_equal(again.positions, stopped.positions)

    run_live(scenario, clocks)


@pytest.mark.usefixtures("no_beat")
def test_a_change_while_a_frame_is_made_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = Propagator.positions
    begun, allowed = threading.Semaphore(0), threading.Semaphore(0)

    def slow(self: Propagator, times: list[float]) -> np.ndarray:
        begun.release()
        allowed.acquire(timeout=60)
        return quick(self, times)

    monkeypatch.setattr(Propagator, "positions", slow)

    async def scenario(live: LiveSky) -> None:
        frames = live.frames()
        allowed.release()
        await next_frame(frames)
        await until(lambda: begun.acquire(blocking=False))
        for day in range(1, 7):
            live.set_clock(sky_time=NOON)
            await until(lambda: begun.acquire(blocking=False))  # the frame of noon is being made
            live.set_clock(sky_time=NOON - day * 86_400.0, paused=True)
            allowed.release(2)
            frame = await next_frame(frames)
            assert frame.sky_time == NOON - day * 86_400.0
            await until(lambda: begun.acquire(blocking=False))

    run_live(scenario)


@pytest.mark.usefixtures("no_beat")
def test_changing_the_clock_all_the_time_does_not_stop_the_frames() -> None:
    async def scenario(live: LiveSky) -> None:
        await next_frame(live.frames())
        count = 0

        async def watch() -> None:
            nonlocal count
            async for _ in live.frames():
                count += 1

        watching = asyncio.create_task(watch())
        while count < 5:
            live.set_clock(sky_time=NOON)
            await asyncio.sleep(0.001)
        watching.cancel()

    run_live(scenario)


@pytest.mark.usefixtures("no_beat")
def test_changing_the_clock_all_the_time_does_not_flood_the_frames(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live_module, "LEAST_BETWEEN_FRAMES_S", 1_800.0)

    async def scenario(live: LiveSky) -> None:
        seen = (await next_frame(live.frames())).sequence
        for _ in range(500):
            live.set_clock(sky_time=NOON)
            await asyncio.sleep(0.001)
        assert (await next_frame(live.frames())).sequence == seen

    run_live(scenario)


def test_who_is_slow_misses_frames_and_gets_the_newest() -> None:
    async def scenario(live: LiveSky) -> None:
        slow, fast = live.frames(), live.frames()
        seen = (await next_frame(slow)).sequence
        await next_frame(fast)
        for _ in range(4):
            live.set_clock(sky_time=NOON)
            newest = await next_frame(fast)
        assert newest.sequence >= seen + 4
        assert (await next_frame(slow)).sequence >= newest.sequence

    run_live(scenario)


def test_a_new_catalogue_ends_the_streams_and_is_shown() -> None:
    async def scenario(live: LiveSky) -> None:
        frames = live.frames()
        await next_frame(frames)
        assert await live.exchange(lambda: Loaded(OTHER))
        assert [frame async for frame in frames] == []
        assert live.catalogue is OTHER
        frame = await next_frame(live.frames())
        expected = positions_at(OTHER, [frame.sky_time])[0]
        np.testing.assert_allclose(frame.positions, expected, rtol=0, atol=half_a_metre_km)

    run_live(scenario)


def test_the_same_catalogue_read_again_disturbs_nobody() -> None:
    clocks = VirtualClocks()

    async def scenario(live: LiveSky) -> None:
        frames = live.frames()
        live.set_clock(rate=60.0, sky_time=NOON - 100.0)
        before = await next_frame(frames)
        clocks.elapsed += 2.0
        notice = Bilingual(it="Copia vecchia.", en="An old copy.")
        again = SMALL.select(np.full(len(SMALL), True))  # equal, and another object
        assert await live.exchange(lambda: Loaded(again, (notice,)))
        assert live.catalogue is SMALL
        assert live.loaded == Loaded(SMALL, (notice,))
        after = await next_frame(frames)
        assert after.sequence > before.sequence
        assert (after.rate, after.replay) == (60.0, True)
        assert after.sky_time == before.sky_time + 120.0

    run_live(scenario, clocks)


@pytest.mark.parametrize("change", [{"source": "elsewhere"}, {"bstar": SMALL.bstar + 1e-6}])
def test_a_catalogue_that_differs_in_anything_is_another_one(change: dict[str, Any]) -> None:
    async def scenario(live: LiveSky) -> None:
        other = replace(SMALL, **change)
        assert await live.exchange(lambda: Loaded(other))
        assert live.catalogue is other

    run_live(scenario)


def test_reading_an_old_catalogue_again_does_not_turn_its_replay_back() -> None:
    async def scenario() -> None:
        clocks = VirtualClocks(NOON + 40 * 86_400.0)
        live = LiveSky(Loaded(replace(SMALL, ageless=False)), read=clocks)
        clocks.elapsed += 100.0
        before = live.sky_time()
        assert await live.exchange(lambda: Loaded(replace(SMALL, ageless=False)))
        assert live.sky_time() == before == SMALL.epoch + 100.0

    asyncio.run(scenario())


@pytest.mark.parametrize("error", [CatalogueError("Broken."), SourceError("Away.")])
def test_a_catalogue_that_cannot_be_used_leaves_the_one_in_use(error: Exception) -> None:
    def fail() -> Loaded:
        raise error

    async def scenario(live: LiveSky) -> None:
        frames = live.frames()
        await next_frame(frames)
        assert not await live.exchange(fail)
        assert live.catalogue is SMALL
        assert live.reload_problem == str(error)
        await next_frame(frames)
        assert await live.exchange(lambda: Loaded(OTHER))
        assert live.reload_problem is None

    run_live(scenario)


@pytest.mark.parametrize("error", [MemoryError(), ValueError("unforeseen")])
def test_loading_that_breaks_in_an_unforeseen_way_is_said_and_tried_again(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> Loaded:
        raise error

    async def scenario(live: LiveSky) -> None:
        assert not await live.exchange(fail)
        assert live.catalogue is SMALL
        assert (
            live.reload_problem == f"Loading failed ({type(error).__name__}); the log says where."
        )
        assert await live.exchange(lambda: Loaded(OTHER))

    run_live(scenario)
    assert caplog.records[0].exc_info is not None


def test_a_sky_whose_frames_fail_says_so_and_goes_on_when_they_do(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clocks = VirtualClocks()

    failures = 0

    def fail(_: Frame) -> bytes:
        nonlocal failures
        failures += 1
        raise ValueError("unforeseen")

    async def scenario(live: LiveSky) -> None:
        frames = live.frames()
        await next_frame(frames)
        assert not live.stands_still
        monkeypatch.setattr(live_module, "encode_frame", fail)
        await until(lambda: len(caplog.records) == 1)
        assert not live.stands_still
        clocks.elapsed += STILL_AFTER_S + 1.0
        assert live.stands_still
        seen = failures
        await until(lambda: failures >= seen + 2)
        monkeypatch.setattr(live_module, "encode_frame", encode_frame)
        await next_frame(frames)
        assert not live.stands_still

    run_live(scenario, clocks)
    assert [record.exc_info is not None for record in caplog.records] == [True]  # logged once


def test_a_catalogue_far_from_now_is_replayed() -> None:
    async def scenario() -> None:
        aged = Loaded(replace(SMALL, ageless=False))
        live = LiveSky(aged, read=VirtualClocks(NOON + 40 * 86_400.0))
        assert live.clock.mode is Mode.REPLAY
        assert not live.can_now()
        assert live.sky_time() == aged.catalogue.epoch

    asyncio.run(scenario())


def test_one_answer_serves_everybody_who_asks_the_same_in_a_moment() -> None:
    calls: list[float] = []

    async def scenario(live: LiveSky) -> None:
        await next_frame(live.frames())
        live.set_clock(paused=True)
        question = lambda snapshot: calls.append(snapshot.time) or len(calls)  # noqa: E731
        answers = await asyncio.gather(*(live.ask("q", question) for _ in range(50)))
        assert answers == [1] * 50
        assert await live.ask("q", question) == 1
        assert await live.ask("other", question) == 2
        live.set_clock(sky_time=NOON + 99.0)
        assert await live.ask("q", question) == 3
        assert calls[2] == NOON + 99.0

    run_live(scenario)


def test_the_snapshot_is_that_of_the_moment_shown() -> None:
    async def scenario(live: LiveSky) -> None:
        live.set_clock(sky_time=NOON + 5.0, paused=True)
        frame = await next_frame(live.frames())
        snapshot = await live.ask("s", lambda s: s)
        assert snapshot.time == live.moment == NOON + 5.0
        np.testing.assert_allclose(
            snapshot.positions, frame.positions, rtol=0, atol=half_a_metre_km
        )
        assert live.warm

    run_live(scenario)


def test_a_failing_question_fails_for_those_who_asked_it_only() -> None:
    async def scenario(live: LiveSky) -> None:
        await next_frame(live.frames())
        with pytest.raises(ZeroDivisionError):
            await live.ask("bad", lambda _: 1 // 0)
        assert await live.ask("good", lambda _: 7) == 7

    run_live(scenario)


def test_a_client_that_goes_away_leaves_the_answer_to_the_others() -> None:
    release = threading.Event()

    async def scenario(live: LiveSky) -> None:
        await next_frame(live.frames())
        live.set_clock(paused=True)
        first = asyncio.create_task(live.ask("q", lambda _: release.wait(60)))
        second = asyncio.create_task(live.ask("q", lambda _: release.wait(60)))
        await asyncio.sleep(0.05)
        first.cancel()
        await asyncio.sleep(0.05)
        release.set()
        assert await second

    run_live(scenario)


def test_questions_that_everybody_has_left_are_not_begun() -> None:
    release = threading.Event()
    begun: list[int] = []

    def question(number: int) -> Callable[[Snapshot], None]:
        return lambda _: begun.append(number)

    async def scenario(live: LiveSky) -> None:
        await next_frame(live.frames())
        live.set_clock(paused=True)
        busy = asyncio.create_task(live.ask("busy", lambda _: release.wait(60)))
        leaving = [asyncio.create_task(live.ask(n, question(n))) for n in range(MOST_WAITING - 1)]
        shared = asyncio.create_task(live.ask(0, question(0)))
        await asyncio.sleep(0.1)
        for asking in leaving:
            asking.cancel()
        await asyncio.gather(*leaving, return_exceptions=True)
        # There is room again, and one that was left can be asked anew.
        again = asyncio.create_task(live.ask(1, question(1)))
        await asyncio.sleep(0.05)
        release.set()
        await asyncio.gather(busy, shared, again)
        assert begun == [0, 1]

    run_live(scenario)


def test_an_answer_that_was_begun_is_kept_for_the_next_who_asks() -> None:
    begun, release = threading.Event(), threading.Event()

    def question(_: Snapshot) -> str:
        begun.set()
        release.wait(60)
        return "first"

    async def scenario(live: LiveSky) -> None:
        await next_frame(live.frames())
        live.set_clock(paused=True)
        asking = asyncio.create_task(live.ask("q", question))
        await until(begun.is_set)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        again = asyncio.create_task(live.ask("q", lambda _: "second"))
        await asyncio.sleep(0.05)
        release.set()
        assert await again == "first"

    run_live(scenario)


def test_a_long_answer_holds_up_neither_the_loop_nor_the_frames() -> None:
    """It takes until somebody on the loop, who has seen frames meanwhile, ends it."""
    begun, release = threading.Event(), threading.Event()

    def question(_: Snapshot) -> bool:
        begun.set()
        return release.wait(60)

    async def scenario(live: LiveSky) -> None:
        frames = live.frames()
        await next_frame(frames)
        asking = asyncio.create_task(live.ask("slow", question))
        await until(begun.is_set)
        for _ in range(3):
            await next_frame(frames)
        assert not asking.done()
        release.set()
        assert await asking

    run_live(scenario)


def test_too_many_questions_are_refused() -> None:
    release = threading.Event()

    async def scenario(live: LiveSky) -> None:
        await next_frame(live.frames())
        live.set_clock(paused=True)
        waiting = [
            asyncio.create_task(live.ask(i, lambda _: release.wait(60)))
            for i in range(MOST_WAITING)
        ]
        await asyncio.sleep(0.1)
        with pytest.raises(StageError, match="Too many"):
            await live.ask("one more", lambda _: 1)
        release.set()
        await asyncio.gather(*waiting)
        assert await live.ask("one more", lambda _: 1) == 1

    run_live(scenario)


def test_a_sky_that_has_stopped_says_so() -> None:
    async def scenario() -> None:
        live = LiveSky(Loaded(SMALL), read=VirtualClocks())
        frames = live.frames()
        running = asyncio.create_task(live.run())
        await anext(frames)
        with pytest.raises(StageError, match="running already"):
            await live.run()
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        with pytest.raises(StopAsyncIteration):
            await anext(frames)
        with pytest.raises(StageError, match="stopped"):
            await live.ask("q", lambda _: 1)
        assert live.stands_still

    asyncio.run(scenario())

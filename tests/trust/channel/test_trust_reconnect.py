"""Coming back: the table of waits, and a channel that is kept, on a clock of its own."""

from __future__ import annotations

import asyncio
import logging
from random import Random
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.errors import ChannelLostError, HandshakeError
from baluardo.trust.channel.reconnect import Backoff, KeptChannel, Pace
from baluardo.trust.channel.stream import Channel


class Longest(Random):
    """Always draws the upper end, so that the spans themselves can be seen."""

    def uniform(self, a: float, b: float) -> float:  # noqa: ARG002
        return b


def test_waits_double_to_a_minute() -> None:
    backoff = Backoff(Longest())
    assert [backoff.ended(0.0) for _ in range(9)] == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_the_refused_come_back_far_more_rarely() -> None:
    backoff = Backoff(Longest())
    assert [backoff.refused() for _ in range(8)] == [15, 30, 60, 120, 240, 480, 900, 900]


def test_a_stable_channel_begins_anew_and_a_brief_one_does_not() -> None:
    backoff = Backoff(Longest())
    assert [backoff.ended(lived) for lived in (0.0, 0.0, 59.9, 60.0, 0.0)] == [1, 2, 4, 1, 2]


def test_who_is_refused_after_a_stable_channel_begins_anew_too() -> None:
    backoff = Backoff(Longest())
    assert [backoff.ended(0.0) for _ in range(5)] == [1, 2, 4, 8, 16]
    assert [backoff.refused(lived) for lived in (59.9, 60.0, 0.0)] == [480, 15, 30]


@given(st.integers(), st.lists(st.booleans(), max_size=200))
def test_every_wait_is_within_its_cap(seed: int, refusals: list[bool]) -> None:
    pace = Pace()
    backoff = Backoff(Random(seed), pace)  # noqa: S311  # waits are no secret
    for refused in refusals:
        wait = backoff.refused() if refused else backoff.ended(0.0)
        assert 0.0 <= wait <= (pace.most_refused if refused else pace.most)


def test_waits_are_spread_over_their_whole_span() -> None:
    waits = []
    for seed in range(400):
        backoff = Backoff(Random(seed))  # noqa: S311
        for _ in range(7):
            wait = backoff.ended(0.0)
        waits.append(wait)
    quarters = [sum(15 * q <= w < 15 * (q + 1) for w in waits) for q in range(4)]
    assert min(quarters) > 60


class Script:
    """Opens channels that do as scripted, on a clock that only `sleep` and `live` move."""

    def __init__(self, steps: list[Any]) -> None:
        self.steps = steps
        self.now = 0.0
        self.slept: list[float] = []
        self.problems: list[str] = []
        self.kept: KeptChannel | None = None

    async def __aenter__(self) -> Script:
        return self

    async def __aexit__(self, *problem: object) -> None:
        return None

    async def opened(self) -> Channel:
        if not self.steps:
            raise asyncio.CancelledError
        if isinstance(self.steps[0], Exception):
            raise self.steps.pop(0)
        return cast("Channel", self)

    async def use(self, _channel: Channel) -> None:
        assert self.kept is not None
        assert self.kept.channel is not None
        lived, how = self.steps.pop(0)
        self.now += lived
        if how is not None:
            raise how

    async def sleep(self, seconds: float) -> None:
        assert self.kept is not None
        self.problems.append(self.kept.problem)
        self.slept.append(seconds)
        self.now += seconds


def test_a_kept_channel_comes_back_after_everything_but_its_closing() -> None:
    script = Script(
        [
            ChannelLostError("Nobody answers."),
            (5.0, ChannelLostError("The way is gone.")),
            HandshakeError("The other end refused us."),
            (100.0, HandshakeError("It is no longer accepted.")),
            (100.0, None),
            (1.0, ChannelLostError("Gone again.")),
        ]
    )
    kept = KeptChannel(
        script.opened, script.use, Backoff(Longest()), lambda: script.now, script.sleep
    )
    script.kept = kept
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(kept.run())
    assert script.slept == [1, 2, 60, 15, 1, 2]
    assert script.problems == [
        "Nobody answers.",
        "The way is gone.",
        "The other end refused us.",
        "It is no longer accepted.",
        "The channel was closed.",
        "Gone again.",
    ]


def test_a_fault_of_the_user_of_a_channel_is_not_hidden() -> None:
    script = Script([(1.0, KeyError("a fault"))])
    kept = KeptChannel(
        script.opened, script.use, Backoff(Longest()), lambda: script.now, script.sleep
    )
    script.kept = kept
    with pytest.raises(KeyError, match="a fault"):
        asyncio.run(kept.run())


def test_a_fault_of_a_kept_channel_that_nobody_awaits_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    script = Script([(1.0, KeyError("a fault"))])
    kept = KeptChannel(
        script.opened, script.use, Backoff(Longest()), lambda: script.now, script.sleep
    )
    script.kept = kept

    async def run() -> None:
        kept.start()
        async with asyncio.timeout(30):
            while not kept.problem:
                await asyncio.sleep(0)
        await kept.close()

    with caplog.at_level(logging.ERROR, "baluardo.trust.channel"):
        asyncio.run(run())
    assert kept.problem == "A fault ended it; the log tells which."
    assert [r.getMessage() for r in caplog.records] == ["A channel is no longer kept open."]

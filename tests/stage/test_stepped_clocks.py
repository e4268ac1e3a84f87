"""One edge's wall clock jumps under it, in a nation that really runs: libfaketime sets it.

The steps are an hour ahead, an hour back, and eight days ahead, where each office's certificate has
ended. Monotonic clocks stay as they are, as they do when a clock is set.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from staged_nation import Staged, staged_nation, until_true

from baluardo.stage.network import process
from baluardo.stage.network.process import Kept
from baluardo.stage.network.staged import why_no_tunnels
from baluardo.stage.prove.probing import Pinging
from baluardo.stage.prove.transfer import transfer
from baluardo.trust.identity import LIFETIMES, Kind
from network.places import needs_namespaces

LIBRARY: Final = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
pytestmark = [
    needs_namespaces,
    pytest.mark.skipif(bool(why_no_tunnels()), reason=f"needs tunnels: {why_no_tunnels()}"),
    pytest.mark.skipif(LIBRARY is None, reason="needs libfaketime"),
]

HOUR: Final = 3_600
DAY: Final = 86_400
BEYOND: Final = 8 * DAY
"""An office's certificate lives 7 days; it has no grace."""
PINGS: Final = 200
INTERVAL: Final = 0.05
SLEEP: Final = """\
import select, time
time.sleep = lambda seconds: select.select((), (), (), seconds) and None
"""
"""The library refuses Python's own sleep, until a moment of the monotonic clock: EINVAL."""


class SteppedClock:
    """The wall clock of one site's edge, ahead of the machine's by what a test says."""

    edge: Kept

    def __init__(self, file: Path) -> None:
        """Prepare, at the machine's time."""
        self._file = file
        self.set(0)
        (file.parent / "sitecustomize.py").write_text(SLEEP)

    def give(self, edge: Kept) -> None:
        """Have an edge start with the library that sets its clock."""
        self.edge = edge
        edge._environment = os.environ | {
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "PYTHONPATH": str(self._file.parent),
        }

    def set(self, ahead: int) -> None:
        """Step to so many seconds ahead of the machine's clock."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{ahead:+d}\n")
        new.replace(self._file)


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> SteppedClock:
    """Milan's; Rome's and Norcia's are right."""
    return SteppedClock(tmp_path_factory.mktemp("clock") / "ahead")


@pytest.fixture(scope="module")
def staged(clock: SteppedClock) -> Iterator[Staged]:
    """What is killed here over and over does not wait longer each time, as one that fails would."""
    start = Kept.start

    def started(kept: Kept) -> None:
        if kept.name == "milan edge":
            clock.give(kept)
        start(kept)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process, "LONGEST_AGAIN", process.AGAIN_SECONDS)
        patch.setattr(Kept, "start", started)
        with staged_nation() as staged:
            assert clock.edge.process is not None
            maps = Path(f"/proc/{clock.edge.process.pid}/maps").read_text()
            assert "libfaketime" in maps
            yield staged


async def lost(staged: Staged, clock: SteppedClock, *steps: int) -> int:
    """Ping between Milan and Rome through steps of Milan's clock; return how many were lost."""
    with staged.hosts(staged.milan) as hosts:
        pinging = Pinging(hosts, staged.nation.address(staged.rome), PINGS, INTERVAL)
        for ahead in steps:
            await asyncio.sleep(PINGS * INTERVAL / (len(steps) + 1))
            clock.set(ahead)
        return PINGS - len(await asyncio.to_thread(pinging.replies))


async def rounds_go_on(staged: Staged) -> None:
    """Have Rome lose its keys: nothing passes until it has agreed on others with Milan."""
    before = await staged.epoch(staged.milan, staged.rome)
    await staged.kill(staged.nation.network.sites["rome"].edge)
    assert await staged.answers(staged.rome, staged.milan)
    assert await staged.epoch(staged.milan, staged.rome) > before


async def problem(staged: Staged, words: str) -> None:
    """Wait until Milan tells of its network, or of a tunnel, in these words."""

    async def is_told() -> bool:
        told = await staged.nation.told(staged.milan)
        return any(words in each.get("problem", "") for each in (told, *told.get("tunnels", ())))

    await until_true(is_told)


def test_steps_reach_beyond_certificates_and_lists() -> None:
    office = LIFETIMES[Kind.OFFICE]
    assert office.life + office.grace < BEYOND - DAY / 2


def test_packets_flow_and_keys_are_exchanged_through_steps(
    staged: Staged, clock: SteppedClock
) -> None:
    """An authority has signed the time once: no step changes what is judged by."""
    assert staged.do(lost(staged, clock, HOUR, -HOUR, BEYOND)) < PINGS // 10
    for ahead in (BEYOND, HOUR, -HOUR):
        clock.set(ahead)
        staged.do(rounds_go_on(staged))
    clock.set(0)


def test_a_transfer_through_steps_arrives_whole(staged: Staged, clock: SteppedClock) -> None:
    async def carry() -> bool:
        with staged.hosts(staged.milan) as here, staged.hosts(staged.rome) as there:
            address = staged.nation.address(staged.rome)
            carrying = asyncio.to_thread(transfer, here, there, address, 8_000_000)
            task = asyncio.ensure_future(carrying)
            for ahead in (HOUR, -HOUR, BEYOND, 0):
                await asyncio.sleep(0.5)
                clock.set(ahead)
            return await task

    assert staged.do(carry())


def test_without_an_authority_steps_stop_nothing_that_is_rightful(
    staged: Staged, clock: SteppedClock
) -> None:
    """An edge that started from its disk while nobody signs the time goes by its own clock."""

    async def near() -> None:
        await staged.kill(clock.edge)
        assert await staged.answers(staged.milan, staged.rome)
        assert await lost(staged, clock, HOUR, -HOUR, BEYOND, 0) < PINGS // 10
        for ahead in (HOUR, -HOUR):
            clock.set(ahead)
            await rounds_go_on(staged)

    async def far() -> None:
        """So far ahead nobody's certificate is good: refused, and said why, until it is set."""
        clock.set(BEYOND)
        await staged.kill(clock.edge)
        await problem(staged, "the clock here is ahead")
        assert not await staged.answers(staged.rome, staged.milan, 2.0)
        clock.set(0)
        assert await staged.answers(staged.rome, staged.milan)

    with staged.authority_away():
        staged.do(near())
        staged.do(far())


def test_a_clock_turned_back_while_nothing_ran_is_not_believed(
    staged: Staged, clock: SteppedClock
) -> None:
    """The control: what is refused below the floor on the disk says so, and is mended by time."""

    async def turn_back() -> None:
        with staged.authority_away():
            clock.set(-HOUR)
            await staged.kill(clock.edge)
            await problem(staged, "the clock was turned back")
            assert not await staged.answers(staged.rome, staged.milan, 2.0)
            clock.set(0)
            assert await staged.answers(staged.rome, staged.milan)
        clock.set(-HOUR)
        await staged.kill(clock.edge)  # with an authority it asks for signed time
        assert await staged.answers(staged.rome, staged.milan)
        clock.set(0)

    staged.do(turn_back())


def test_a_revoked_site_stays_out_when_the_clock_goes_back(
    staged: Staged, clock: SteppedClock
) -> None:
    async def revoke() -> None:
        await staged.open_tunnels()
        assert await staged.answers(staged.milan, staged.norcia)
        await staged.nation.revoke(staged.norcia)

        async def is_out() -> bool:
            return not await staged.tunnel(staged.milan, staged.norcia)

        await until_true(is_out)
        for ahead in (-HOUR, BEYOND, -BEYOND):
            clock.set(ahead)
            assert not await staged.answers(staged.norcia, staged.milan, 3.0)
            assert await is_out()
        assert await staged.answers(staged.milan, staged.rome)

    staged.do(revoke())

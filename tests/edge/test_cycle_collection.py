"""Cycles are freed soon while they are new, and in the end wherever they stand."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from baluardo.edge import cycle_collection
from baluardo.edge.cycle_collection import CycleCollection, collect_cycles

GUARD_SECONDS = 30.0


class Knot:
    """Holds itself."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _by_hand() -> Iterator[None]:
    """Have nothing collected but by what is tested."""
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


def knot() -> tuple[Knot, weakref.ref[Knot]]:
    """Return an object in a cycle, and what tells whether it is there."""
    made = Knot()
    return made, weakref.ref(made)


def test_a_new_cycle_is_freed_and_what_is_held_is_set_aside() -> None:
    collection = CycleCollection()
    held, seen = knot()
    lost = knot()[1]
    collection.look_at_new()
    assert lost() is None
    assert seen() is held
    assert not any(each is held for each in gc.get_objects()), "nobody looks through it again"


def test_a_cycle_that_was_set_aside_is_freed_by_a_whole_look() -> None:
    collection = CycleCollection()
    held, lost = knot()
    collection.look_at_new()
    del held
    collection.look_at_new()
    assert lost() is not None
    collection.look_whole()
    assert lost() is None


def test_a_whole_look_is_due_by_growth_and_sooner_when_nobody_talks() -> None:
    collection = CycleCollection()
    stood = max(gc.get_freeze_count(), cycle_collection.LEAST)
    assert not collection.is_due(is_quiet=True)
    beyond = stood - gc.get_freeze_count() + stood // 2
    held: list[list[object]] = [[] for _ in range(beyond)]
    collection.look_at_new()
    assert collection.is_due(is_quiet=True)
    assert not collection.is_due(is_quiet=False)
    held += [[] for _ in range(stood)]
    collection.look_at_new()
    assert collection.is_due(is_quiet=False)
    collection.look_whole()
    assert not collection.is_due(is_quiet=True), "it counts from here"


def test_cycles_go_while_it_runs_and_nothing_stays_aside_after(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cycle_collection, "PART_SECONDS", 0.01)
    monkeypatch.setattr(cycle_collection, "WHOLE_SECONDS", 0.02)

    async def run() -> None:
        running = asyncio.create_task(collect_cycles(lambda: True))
        lost = knot()[1]
        async with asyncio.timeout(GUARD_SECONDS):
            while lost() is not None:
                await asyncio.sleep(0.01)
        assert gc.get_freeze_count() > 0
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(run())
    assert gc.get_freeze_count() == 0

"""The sender: once each, whatever dies in between; never another channel; never after its time."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest

from baluardo.emergency.channels import Channel
from baluardo.emergency.ways import sender as sending
from baluardo.emergency.ways.sender import LONGEST_WAIT_S, Sender
from baluardo.emergency.ways.way import Order, OrderKind, Receipt
from baluardo.errors import (
    ConflictError,
    InvalidInputError,
    SignatureError,
    SourceError,
    StoreError,
)
from baluardo.terms import Bilingual
from emergency import file_outbox
from emergency.file_outbox import NEVER, STEPS, FileOutbox
from emergency.way_world import order, taking
from trust.community import NOW

SECONDS = 60.0
ORDERS = 6
DETAIL = Bilingual(it="", en="")


def run(path: Path, address: str, step: str, number: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, file_outbox.__file__, str(path), address, step, str(number)]
    return subprocess.Popen(command)


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    path = tmp_path / "outbox.sqlite"
    outbox = FileOutbox(path)
    for number in range(ORDERS):
        outbox.put(number)
    outbox.close()
    return path


def settled(path: Path) -> dict[str, int]:
    outbox = FileOutbox(path)
    try:
        return outbox.settled()
    finally:
        outbox.close()


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_loses_nothing_and_repeats_nothing(step: str, filled: Path) -> None:
    """Three processes die there, the second one a step later; the last one lives."""
    with taking() as server:
        for number in (1, 2, 1):
            dying = run(filled, server.address, step, number)
            assert dying.wait(SECONDS) == -signal.SIGKILL
        assert run(filled, server.address, NEVER, 0).wait(SECONDS) == 0
        came = Counter(headers["webhook-id"] for _, _, headers, _ in server.asked)
    keys = {f"{number:064x}" for number in range(ORDERS)}
    assert set(came) == keys
    assert settled(filled) == dict.fromkeys(keys, 1)
    if step == "answered":
        assert max(came.values()) > 1, "what nobody knew of came again, under its key"
    order_by_warning = [int(headers["webhook-id"], 16) for _, _, headers, _ in server.asked]
    first = {each: order_by_warning.index(each) for each in range(ORDERS)}
    assert first[0] < first[1]
    assert first[2] < first[3]


def test_killed_while_the_other_end_works(filled: Path) -> None:
    """The subscriber has taken it, and nobody is left to be told: the same key comes again."""
    with taking() as server:
        processes: list[subprocess.Popen[bytes]] = []

        def kill(*_: object) -> tuple[int, bytes]:
            server.answer = lambda *_: (204, b"")
            os.kill(processes[0].pid, signal.SIGKILL)
            return 204, b""

        server.answer = kill
        processes.append(run(filled, server.address, NEVER, 0))
        assert processes[0].wait(SECONDS) == -signal.SIGKILL
        first = server.asked[0][2]["webhook-id"]
        assert run(filled, server.address, NEVER, 0).wait(SECONDS) == 0
        came = Counter(headers["webhook-id"] for _, _, headers, _ in server.asked)
    assert came[first] >= 2
    assert settled(filled) == {f"{number:064x}": 1 for number in range(ORDERS)}


@dataclass
class Box:
    """An outbox in memory, and everything that was noted."""

    orders: list[Order]
    again: dict[str, float] = field(default_factory=dict)
    noted: list[tuple[str, str, object]] = field(default_factory=list)
    broken: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def pending(self) -> Sequence[tuple[Order, float]]:
        return [(each, self.again.get(each.key, 0.0)) for each in self.orders]

    async def settle(self, key: str, receipt: Receipt) -> None:
        self._break()
        self._end(key)
        self._note("settled", key, receipt.way)

    async def failed(self, key: str, problem: str, again_at: float | None) -> None:
        self._break()
        if again_at is None:
            self._end(key)
        else:
            self.again[key] = again_at
        self._note("refused" if again_at is None else "failed", key, problem)

    def _break(self) -> None:
        if self.broken:
            self.broken -= 1
            raise StoreError("The disk is full.")

    def _end(self, key: str) -> None:
        self.orders = [each for each in self.orders if each.key != key]

    def _note(self, what: str, key: str, more: object) -> None:
        self.noted.append((what, key, more))
        self.changed.set()


class Way:
    """Does what it is told, and keeps what it was sent."""

    def __init__(self, name: str = "operator", *problems: Exception) -> None:
        self.name = name
        self.channels = frozenset({Channel.EXERCISE})
        self.problems = list(problems)
        self.sent: list[str] = []

    async def send(self, order: Order) -> Receipt:
        self.sent.append(order.key)
        await asyncio.sleep(0)
        if self.problems:
            raise self.problems.pop(0)
        return Receipt(self.name, NOW, DETAIL)


class Clock:
    """Goes on by a second at every look, so that nothing has to be waited for."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


def deliver(
    box: Box,
    *ways: Way,
    until: Callable[[], bool] | None = None,
    clock: Callable[[], float] = lambda: NOW,
) -> None:
    """Run a sender until the box is empty, or what is waited for holds."""

    async def scenario() -> None:
        box.changed = asyncio.Event()
        running = asyncio.create_task(Sender(Channel.EXERCISE, ways, box, clock).run())
        async with asyncio.timeout(SECONDS):
            while not (until() if until else not box.orders):
                box.changed.clear()
                await box.changed.wait()
        running.cancel()
        await asyncio.wait([running])

    asyncio.run(scenario())


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits take no time: the clock of these tests goes on by itself."""
    monkeypatch.setattr(sending, "FIRST_WAIT_S", 0.001)


def key(number: int) -> str:
    return f"{number:064x}"


def test_another_channel_is_refused_before_anything_is_sent() -> None:
    box, way = Box([order(Channel.PUBLIC), order(key=key(1))]), Way()
    deliver(box, way)
    assert way.sent == [key(1)]
    (refused,) = [each for each in box.noted if each[0] == "refused"]
    assert "on the channel exercise alone" in str(refused[2])
    with pytest.raises(InvalidInputError, match="does not serve"):
        Sender(Channel.PUBLIC, [way], box)
    with pytest.raises(InvalidInputError, match="named twice"):
        Sender(Channel.EXERCISE, [way, Way()], box)


@pytest.mark.usefixtures("quick")
def test_a_refusal_is_final_and_everything_else_is_tried_again() -> None:
    problems = [SourceError("Away."), SignatureError("Forged."), ValueError("a fault")]
    box, way = Box([order()]), Way("operator", *problems, ConflictError("Never."))
    deliver(box, way, clock=Clock())
    assert [what for what, _, _ in box.noted] == ["failed"] * 3 + ["refused"]
    assert box.noted[2][2] == "The way operator broke: ValueError."
    assert box.noted[3][2] == "Never."
    assert len(way.sent) == 4


def test_waits_grow_to_a_limit() -> None:
    box, way = Box([order(expires=NOW + 10_000.0)]), Way("operator", *[SourceError("Away.")] * 12)

    def clock() -> float:
        """Now, or when the order is due again."""
        return box.again.get(order().key, NOW)

    seen: list[float] = []

    def enough() -> bool:
        seen.append(clock())
        return not box.orders

    deliver(box, way, until=enough, clock=clock)
    times = list(dict.fromkeys(seen))
    waits = [later - earlier for earlier, later in pairwise(times)]
    assert waits[:7] == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0]
    assert max(waits) == LONGEST_WAIT_S[Channel.EXERCISE] == 30.0
    assert LONGEST_WAIT_S[Channel.PUBLIC] == 5.0


@pytest.mark.usefixtures("quick")
def test_it_gives_up_only_when_the_warning_expires() -> None:
    clock = Clock()
    box = Box([order(expires=NOW + 30.0)])
    way = Way("operator", *[SourceError("Away.")] * 1_000)
    deliver(box, way, clock=clock)
    *failures, last = box.noted
    assert {what for what, _, _ in failures} == {"failed"}
    assert last[0] == "refused"
    assert "expired before it could be sent" in str(last[2])
    assert clock.now >= NOW + 30.0


def test_one_way_that_fails_holds_up_no_other() -> None:
    box = Box([order(key=key(1), way="away"), order(key=key(2)), order(key=key(3), way="gone")])
    away, well = Way("away", *[SourceError("Away.")] * 100), Way()
    deliver(box, away, well, until=lambda: len(box.noted) >= 3)
    assert ("settled", key(2), "operator") in box.noted
    assert ("refused", key(3), "There is no way out gone for the channel exercise.") in box.noted


def test_many_orders_on_a_way_that_hangs_hold_up_no_other_way() -> None:
    class Hung(Way):
        async def send(self, order: Order) -> Receipt:
            self.sent.append(order.key)
            await asyncio.Event().wait()
            raise AssertionError

    stuck = [order(key=key(n), way="hung", warning=f"w{n}") for n in range(1, 200)]
    box = Box([*stuck, order(key=key(200), warning="w200")])
    hung, well = Hung("hung"), Way()
    deliver(box, hung, well, until=lambda: bool(box.noted))
    assert box.noted == [("settled", key(200), "operator")]
    assert len(hung.sent) == sending.MOST_AT_ONCE


def test_a_cancel_waits_for_its_release() -> None:
    release = order(key=key(1))
    box = Box([release])

    class Slow(Way):
        async def send(self, order: Order) -> Receipt:
            if order is release:
                cancel = release_cancelled()
                box.orders.append(cancel)
                await asyncio.sleep(0.05)
            return await super().send(order)

    way = Slow()
    deliver(box, way)
    assert way.sent == [key(1), key(2)]
    assert [what for what, _, _ in box.noted] == ["settled", "settled"]


def release_cancelled() -> Order:
    return order(key=key(2), kind=OrderKind.CANCEL)


def test_what_was_cancelled_before_it_went_out_alarms_nobody() -> None:
    other = order(key=key(3), warning="w2")
    box, way = Box([order(key=key(1)), other, release_cancelled()]), Way()
    deliver(box, way)
    assert sorted(way.sent) == [key(2), key(3)]
    assert box.noted[0] == ("refused", key(1), "It was cancelled before it had gone out.")


@pytest.mark.usefixtures("quick")
def test_an_outbox_that_breaks_loses_nothing() -> None:
    box, way = Box([order()], broken=2), Way()
    deliver(box, way)
    assert way.sent == [order().key] * 3
    assert [what for what, _, _ in box.noted] == ["settled"]
    withdrawn = Box([order(key=key(1)), release_cancelled()], broken=1)
    deliver(withdrawn, way := Way())
    assert way.sent == [key(2)]


def test_an_answer_of_the_outbox_that_is_old_sends_nothing_twice() -> None:
    """What is settled while the outbox is read still stands in what was read."""
    late = asyncio.Event()
    looks = []

    class Slow(Box):
        async def pending(self) -> Sequence[tuple[Order, float]]:
            found = await super().pending()
            looks.append(len(found))
            self.changed.set()
            if len(looks) == 2:
                late.set()
                while len(self.noted) < 2:  # the event is the sender's own
                    await asyncio.sleep(0)
                for _ in range(10):
                    await asyncio.sleep(0)
            return found

    class Late(Way):
        async def send(self, order: Order) -> Receipt:
            if order.key == key(2):
                await late.wait()
            return await super().send(order)

    box = Slow([order(key=key(1)), order(key=key(2), warning="w2")])
    way = Late()
    deliver(box, way, until=lambda: len(looks) >= 3)
    assert looks[:2] == [2, 1]
    assert way.sent == [key(1), key(2)]


def test_a_clock_that_was_put_back_keeps_nothing_waiting() -> None:
    box = Box([order()], again={order().key: NOW + 86_400.0})
    deliver(box, Way())
    assert [what for what, _, _ in box.noted] == ["settled"]

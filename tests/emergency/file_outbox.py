"""An outbox in an SQLite file, and a process that empties it and can be told where to die.

Run: python file_outbox.py OUTBOX ADDRESS STEP NUMBER; STEP is one of STEPS and NUMBER says at which
of them, from 1, the process kills itself as a pulled plug would.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from baluardo.emergency.channels import Channel
from baluardo.emergency.ways.posting import Target
from baluardo.emergency.ways.sender import Sender
from baluardo.emergency.ways.subscribers import Subscriber
from baluardo.emergency.ways.way import Order, Receipt
from baluardo.emergency.ways.webhook import Webhook
from emergency.way_world import order, sender  # after the path

STEPS = ("pending", "sending", "answered", "settled")
NEVER = "never"


class FileOutbox:
    """Orders by number; what is settled stays, with how often that was noted."""

    def __init__(self, path: Path) -> None:
        self._file = sqlite3.connect(path, isolation_level=None)
        self._file.execute("PRAGMA synchronous=FULL")
        self._file.execute(
            "CREATE TABLE IF NOT EXISTS orders"
            " (key TEXT PRIMARY KEY, number INTEGER, settled INTEGER DEFAULT 0, again REAL)"
        )
        self.emptied = asyncio.Event()

    def close(self) -> None:
        self._file.close()

    def put(self, number: int) -> None:
        self._file.execute(
            "INSERT INTO orders (key, number, again) VALUES (?, ?, 0)", (f"{number:064x}", number)
        )

    def settled(self) -> dict[str, int]:
        return dict(self._file.execute("SELECT key, settled FROM orders"))

    async def pending(self) -> Sequence[tuple[Order, float]]:
        rows = self._file.execute(
            "SELECT key, number, again FROM orders WHERE settled = 0 ORDER BY number"
        ).fetchall()
        if not rows:
            self.emptied.set()
        # Two orders about each warning, so that some have to wait for others.
        return [
            (order(key=key, way="webhook-radio", warning=f"w{number // 2}", expires=9e9), again)
            for key, number, again in rows
        ]

    async def settle(self, key: str, receipt: Receipt) -> None:
        assert receipt.way == "webhook-radio"
        self._file.execute("UPDATE orders SET settled = settled + 1 WHERE key = ?", (key,))

    async def failed(self, key: str, problem: str, again_at: float | None) -> None:
        assert again_at is not None, problem
        self._file.execute("UPDATE orders SET again = ? WHERE key = ?", (again_at, key))


class Mortal:
    """Dies at one step; before that, an outbox and a way like those it covers."""

    def __init__(self, outbox: FileOutbox, way: Webhook, step: str, number: int) -> None:
        self.outbox, self.way = outbox, way
        self.name, self.channels = way.name, way.channels
        self._step, self._left = step, number

    def _come_to(self, step: str) -> None:
        if step == self._step:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    async def pending(self) -> Sequence[tuple[Order, float]]:
        found = await self.outbox.pending()
        self._come_to("pending")
        return found

    async def send(self, order: Order) -> Receipt:
        self._come_to("sending")
        receipt = await self.way.send(order)
        self._come_to("answered")
        return receipt

    async def settle(self, key: str, receipt: Receipt) -> None:
        await self.outbox.settle(key, receipt)
        self._come_to("settled")

    async def failed(self, key: str, problem: str, again_at: float | None) -> None:
        await self.outbox.failed(key, problem, again_at)


async def empty(path: Path, address: str, step: str, number: int) -> None:
    """Send until nothing waits."""
    target = Target(address, private=True, answer_s=60.0)
    subscriber = Subscriber("radio", target, frozenset({Channel.EXERCISE}))
    outbox = FileOutbox(path)
    mortal = Mortal(outbox, Webhook(subscriber, sender, None), step, number)
    running = asyncio.create_task(Sender(Channel.EXERCISE, [mortal], mortal).run())
    await outbox.emptied.wait()
    running.cancel()
    await asyncio.wait([running])
    outbox.close()


if __name__ == "__main__":
    asyncio.run(empty(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])))

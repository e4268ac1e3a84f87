"""A storm: authorities write while processes, database and message server are killed at random.

Each act writes one row of a table and one entry of the log, both with the same random number, and
the writing process prints the number and the entry's index once it is acknowledged. Whatever was
printed must be there in the end, in both; what was not printed may be there, in both or in neither.

As a program (`python storm.py SECONDS`, with tests/ on the path) it prints what it counted; the
benchmark `authority_chaos.py` runs it so.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import insert, select

from authority.store.kept import Kept
from baluardo.authority.events.bus import Bus
from baluardo.authority.events.jetstream import JetStreamBus
from baluardo.authority.store import schema
from baluardo.authority.store.database import Database
from baluardo.authority.store.opening import open_store
from baluardo.authority.store.store import Store
from baluardo.authority.store.transaction import Transaction
from baluardo.errors import StoreError
from baluardo.trust.audit.record import Record
from baluardo.trust.audit.witness import Witness, cosign_directory, new_witness_key
from baluardo.trust.issuing.layout import Layout
from nats_server import NatsServer
from postgres import PostgresServer
from trust.community import NOW
from trust.fleet import ACCESS, COMMUNITY

TESTS = Path(__file__).parents[2]
KIND = "test.storm"
HANDS = 4
"""Threads of a writer; each waits for its act before it begins the next."""
PAUSE_SECONDS = 0.02
START_SECONDS = 60.0


def write(directory: Path, url: str, events: str, name: str, begun: float) -> None:
    """Write for ever, and print what was acknowledged: what a writing process does."""

    def clock() -> float:
        return NOW + time.time() - begun

    async def serve() -> None:
        bus = JetStreamBus(events, COMMUNITY, name) if events else Bus()
        store = await asyncio.to_thread(_opened, directory, url, name, clock, bus)
        if isinstance(bus, JetStreamBus):
            bus.look = store.look
        async with bus.running():
            os.write(1, b"open\n")
            hands = [threading.Thread(target=_hand, args=(store,)) for _ in range(HANDS)]
            for each in hands:
                each.start()
            await asyncio.Event().wait()

    asyncio.run(serve())


def _opened(directory: Path, url: str, name: str, clock: Callable[[], float], bus: Bus) -> Store:
    while True:
        try:
            return open_store(Layout(directory), url, name, ACCESS.unlock, clock, bus.publish)
        except StoreError:  # the database may be away just now
            time.sleep(PAUSE_SECONDS)


def _hand(store: Store) -> None:
    while True:
        number = os.urandom(8).hex()

        def do(transaction: Transaction, number: str = number) -> int:
            row = {"identity": number, "display_name": "", "enrolled": transaction.now}
            transaction.connection.execute(insert(schema.site), row)
            return transaction.log(KIND, {"number": number})

        try:
            index = store.act_blocking(do)
        except StoreError:  # nobody was told that it is there: nobody counts on it
            continue
        finally:
            time.sleep(PAUSE_SECONDS)
        os.write(1, f"{number} {index}\n".encode())  # whole, or not at all


class Writer:
    """One writing process; what it acknowledged is gathered, also after it was killed."""

    def __init__(self, kept: Kept, events: str, name: str, begun: float) -> None:
        """Prepare; `start` runs it."""
        self.kept, self.acknowledged = kept, dict[str, int]()
        script = Path(__file__)
        arguments = [str(kept.land.directory), kept.url, events, name, repr(begun)]
        self._command = [sys.executable, str(script), "write", *arguments]

    def start(self) -> None:
        """Start the process, and wait until it has opened its directory."""
        with (self.kept.land.directory.parent / "writers.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdout=subprocess.PIPE, stderr=log, env=_environment()
            )
        self._opened = threading.Event()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def wait(self) -> None:
        """Wait until it writes."""
        if not self._opened.wait(START_SECONDS) or self._process.poll() is not None:
            said = (self.kept.land.directory.parent / "writers.log").read_text()[-3_000:]
            raise AssertionError(f"a writer did not start, or ended by itself:\n{said}")

    def kill9(self) -> None:
        """Kill it at this instant."""
        self._process.kill()
        self._process.wait()
        self._reader.join()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                if line == b"open\n":
                    self._opened.set()
                elif line.endswith(b"\n"):
                    number, index = line.decode().split()
                    self.acknowledged[number] = int(index)
        self._opened.set()


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(TESTS)}


@dataclass
class Counted:
    """What a storm did, and what stood after it."""

    kills: Counter[str] = field(default_factory=Counter)
    acknowledged: int = 0
    unacknowledged: int = 0
    """Acts that are there, whole, although nobody was told so."""
    lost: int = 0
    """Acts that were acknowledged and are not there, or not where they were said to be."""
    entries: int = 0
    cosigned: int = 0
    """Checkpoints that the witness found to follow those before."""


@contextmanager
def scene(
    directory: Path, *, sqlite: bool
) -> Iterator[tuple[list[Kept], PostgresServer | None, NatsServer | None]]:
    """Give one authority on SQLite, or two on PostgreSQL that hear each other through NATS."""
    with ExitStack() as stack:
        if sqlite:
            yield [Kept.found(directory / "one")], None, None
            return
        postgres = stack.enter_context(PostgresServer())
        nats = stack.enter_context(NatsServer())
        first = Kept.found(directory / "one", postgres.fresh_database())
        yield [first, first.beside(directory / "two")], postgres, nats


def storm(directory: Path, seconds: float, seed: int, *, sqlite: bool) -> Counted:
    """Let it rage, look what is left, and return the counts.

    AssertionError if the log does not verify, or holds half of an act.
    """
    dice, counted, begun = random.Random(seed), Counted(), time.time()  # noqa: S311 - no secret
    directory.mkdir(exist_ok=True)
    with ExitStack() as stack:
        kept, postgres, nats = stack.enter_context(scene(directory, sqlite=sqlite))
        land = kept[0].land
        key = new_witness_key(land.profile)
        witness = stack.enter_context(
            Witness(directory / "witness", "witness.example", key, [land.log_vkey])
        )
        writers = [
            Writer(each, nats.url if nats else "", f"authority-{place}", begun)
            for place, each in enumerate(kept)
        ]
        for writer in writers:
            writer.start()
        try:
            _rage(dice, counted, seconds, writers, postgres, nats, witness)
        finally:
            for writer in writers:
                writer.kill9()
        _settle(kept, writers, witness, counted, begun)
    return counted


def _rage(
    dice: random.Random,
    counted: Counted,
    seconds: float,
    writers: Sequence[Writer],
    postgres: PostgresServer | None,
    nats: NatsServer | None,
    witness: Witness,
) -> None:
    servers = [each for each in (postgres, nats) if each is not None]
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        for writer in writers:
            writer.wait()
        time.sleep(dice.uniform(0.0, 1.0))
        victim = dice.choice([*writers, *servers])
        victim.kill9()
        counted.kills[type(victim).__name__] += 1
        if isinstance(victim, Writer):
            cosign_directory(witness, victim.kept.land.public.log, NOW)
            counted.cosigned += 1
            victim.start()
        else:
            time.sleep(dice.uniform(0.0, 0.5))
            victim.start_again()


def _settle(
    kept: Sequence[Kept],
    writers: Sequence[Writer],
    witness: Witness,
    counted: Counted,
    begun: float,
) -> None:
    """Open everything again, and compare what is there with what was acknowledged."""
    roots = set()
    kept[0].calendar.now = NOW + time.time() - begun
    for _ in range(2):  # the first to open has not seen what the last one writes
        for each in kept:
            with each.opened():
                pass
    for each in kept:
        roots.add(each.verify())
        cosign_directory(witness, each.land.public.log, NOW)
        counted.cosigned += 1
    assert len(roots) == 1
    records = [Record.of_entry(octets) for octets in kept[0].rows()]
    logged = {
        str(record.facts["number"]): index
        for index, record in enumerate(records)
        if record.kind == KIND
    }
    assert len(logged) == sum(record.kind == KIND for record in records)  # nothing twice
    database = Database(kept[0].url)
    with database.reading() as connection:
        rows = set(connection.scalars(select(schema.site.c.identity)))
    database.close()
    assert rows == logged.keys()  # whole or not at all
    for writer in writers:
        counted.acknowledged += len(writer.acknowledged)
        for number, index in writer.acknowledged.items():
            counted.lost += logged.get(number) != index
    counted.entries = len(records)
    counted.unacknowledged = len(logged) - counted.acknowledged + counted.lost


def main(arguments: Sequence[str]) -> int:
    """Write (`write DIRECTORY URL EVENTS NAME BEGUN`), or run storms and print the counts."""
    if arguments[0] == "write":
        directory, url, events, name, begun = arguments[1:]
        write(Path(directory), url, events, name, float(begun))
        return 0
    seconds, seed, lost = float(arguments[0]), int(arguments[1]), 0
    for sqlite in (True, False):
        with tempfile.TemporaryDirectory() as directory:
            counted = storm(Path(directory), seconds, seed, sqlite=sqlite)
        figures = {
            "database": "SQLite" if sqlite else "PostgreSQL",
            "authorities": 1 if sqlite else 2,
            "seconds": seconds,
            "kills": dict(counted.kills),
            "acknowledged": counted.acknowledged,
            "lost": counted.lost,
            "there_but_unacknowledged": counted.unacknowledged,
            "entries": counted.entries,
            "checkpoints_cosigned": counted.cosigned,
        }
        print(json.dumps(figures), flush=True)  # noqa: T201
        lost += counted.lost
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

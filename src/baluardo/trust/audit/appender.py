"""Group commit: many callers append at once, one thread writes, all wait for the same few fsyncs.

While one group is being forced down the next one gathers, so the disk's own speed sets the size of
the groups and nobody waits for a timer.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final

from baluardo.errors import InvalidInputError, LogError
from baluardo.trust.audit.openings import Openings
from baluardo.trust.audit.record import Disclosure
from baluardo.trust.audit.store import AuditLog
from baluardo.trust.audit.tiles import MOST_ENTRY_OCTETS

LARGEST_GROUP: Final = 4_096
"""Entries in one commit. Our choice: more would not be faster, and would wait longer."""
LARGEST_GROUP_OCTETS: Final = 8 * 1_048_576
MOST_WAITING: Final = 65_536
"""Entries that may wait; beyond it the disk does not keep up, and appending is refused."""
MOST_WAITING_OCTETS: Final = 64 * 1_048_576
"""Octets of entries and openings that may wait; 65,536 of the longest entries would be 4 GB."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    entry: bytes
    disclosures: Sequence[Disclosure]
    done: Future[int]

    @property
    def octets(self) -> int:
        """How much room it takes."""
        return len(self.entry) + sum(len(each.text) for each in self.disclosures)


class Appender:
    """Appends for any number of threads and tasks to one log; it owns the log until closed."""

    def __init__(
        self, log: AuditLog, clock: Callable[[], float], openings: Openings | None = None
    ) -> None:
        """Start the writing thread. `clock` tells POSIX seconds; `openings` keeps disclosures."""
        self._log = log
        self._clock = clock
        self._openings = openings
        self._waiting: list[_Waiting] = []
        self._waiting_octets = 0
        self._change = threading.Condition()
        self._closing = False
        self.groups = 0
        """Commits so far."""
        self._thread = threading.Thread(target=self._run, name="audit-appender", daemon=True)
        self._thread.start()

    def submit(self, entry: bytes, disclosures: Sequence[Disclosure] = ()) -> Future[int]:
        """Hand an entry over; the future gives its index once it is on the disk for good.

        A future that is cancelled before its turn comes is an entry that was not appended.
        `disclosures` are kept before the entry is in the log. InvalidInputError for an entry that
        is too long, LogError if the appender is closed or too many wait already; the future fails
        with LogError if the disk refuses.
        """
        if len(entry) > MOST_ENTRY_OCTETS:
            raise InvalidInputError(f"An entry has at most {MOST_ENTRY_OCTETS} octets.")
        if disclosures and self._openings is None:
            raise InvalidInputError("This appender has no place for openings.")
        waiting = _Waiting(entry, disclosures, Future())
        with self._change:
            if self._closing:
                raise LogError("The audit log is closed; the entry was not taken.")
            octets = self._waiting_octets + waiting.octets
            if len(self._waiting) >= MOST_WAITING or octets > MOST_WAITING_OCTETS:
                raise LogError(
                    f"{len(self._waiting)} entries wait for the audit log's disk already; this one "
                    "was not taken. What is not logged must not be done: try again later."
                )
            self._waiting.append(waiting)
            self._waiting_octets = octets
            self._change.notify()
        return waiting.done

    async def append(self, entry: bytes, disclosures: Sequence[Disclosure] = ()) -> int:
        """Append an entry and return its index once it is on the disk for good; as `submit`.

        A task that is cancelled stops waiting; its entry may be in the log all the same.
        """
        done = self.submit(entry, disclosures)
        return await asyncio.shield(asyncio.wrap_future(done))

    def close(self) -> None:
        """Write what waits, then close the log. Appending is refused from now on."""
        with self._change:
            self._closing = True
            self._change.notify()
        self._thread.join()
        self._log.close()

    def __enter__(self) -> Appender:
        """Return it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def _run(self) -> None:
        while taken := self._next_group():
            # From here on nobody can take an entry back; those who did are left out.
            group = [each for each in taken if each.done.set_running_or_notify_cancel()]
            try:
                if self._openings is not None:
                    self._openings.keep(each for one in group for each in one.disclosures)
                indexes = self._log.append([each.entry for each in group], self._clock())
            except Exception as problem:  # noqa: BLE001 - whatever it was, nobody may wait for ever
                for each in group:
                    each.done.set_exception(problem)
                continue
            self.groups += bool(group)
            for index, each in zip(indexes, group, strict=True):
                each.done.set_result(index)

    def _next_group(self) -> list[_Waiting]:
        """Wait for entries and take as many as one commit holds; empty when all is done."""
        with self._change:
            while not self._waiting and not self._closing:
                self._change.wait()
            octets = taken = 0
            for each in self._waiting[:LARGEST_GROUP]:
                octets += each.octets
                if taken and octets > LARGEST_GROUP_OCTETS:
                    break
                taken += 1
            group, self._waiting = self._waiting[:taken], self._waiting[taken:]
            self._waiting_octets -= sum(each.octets for each in group)
        return group

"""One writer: many acts, one commit, then the log, then the answers.

While one group of acts is being committed the next one gathers, so the disk's own speed sets the
size of the groups. An act is answered when its transaction is committed and its entries stand in
the tile log, whose checkpoint is signed; a crash in between leaves both to be finished by the next
start, and the act unanswered.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from baluardo.authority.store.commit import Act, Committer, SpoiltError
from baluardo.authority.store.database import first_line
from baluardo.authority.store.transaction import Transaction
from baluardo.errors import BaluardoError, StoreError
from baluardo.trust.audit.store import AuditLog
from baluardo.trust.issuing.register import Register

T = TypeVar("T")

LARGEST_GROUP: Final = 256
"""Acts in one transaction. Our choice: more would wait longer, and be no faster."""
MOST_WAITING: Final = 10_000
"""Acts that may wait; beyond it the disk does not keep up, and more are refused."""
PAUSE_SECONDS: Final = 1.0
"""How often other authorities' entries are looked for when no event tells of them."""
FAULT: Final = "the program failed; its log says why"

logger = logging.getLogger("baluardo.authority.store")


@dataclass(frozen=True, slots=True)
class _Waiting:
    act: Act
    done: Future[Any]


class Store:
    """An authority's database with its log, opened for one process."""

    def __init__(self, committer: Committer, closed: Callable[[int], None]) -> None:
        """Start the writer; use `opening.open_store`.

        `closed` is called at the end with the log's size, if all of it is in the database.
        """
        self.database = committer.database
        self.issuing = committer.issuing
        self.name = committer.name
        self._committer = committer
        self._when_closed = closed
        self._waiting: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._depth = threading.Semaphore(MOST_WAITING)
        self._gate = threading.Lock()
        self._closed = False
        self.problem: str | None = None
        """Why the last group was not done; None while all is well."""
        self.groups = 0
        self.acts = 0
        self._thread = threading.Thread(target=self._run, name="authority-writer", daemon=True)
        self._thread.start()

    @property
    def log(self) -> AuditLog:
        """The tile log: for reading."""
        return self._committer.log

    @property
    def register(self) -> Register:
        """Every certificate, as of the last transaction that went well here; for reading."""
        return self._committer.register

    @property
    def size(self) -> int:
        """Entries in the log that this process has mirrored and signed."""
        return self.log.size

    @property
    def is_writing(self) -> bool:
        """Tell whether the writer's thread is at work."""
        return self._thread.is_alive() and not self._closed

    def submit(self, do: Callable[[Transaction], T]) -> Future[T]:
        """Hand an act over; the future tells when it is on the disk and in the log, or refused."""
        if not self._depth.acquire(blocking=False):
            raise StoreError(
                f"{MOST_WAITING:,} acts wait for the disk already; nothing was done. Try again."
            )
        waiting = _Waiting(do, Future())
        if not self._enqueue(waiting):
            self._depth.release()
            raise StoreError("The authority is closing; nothing was done.")
        return waiting.done

    def _enqueue(self, waiting: _Waiting) -> bool:
        """Hand over, unless the writer was told to end: nothing may come after that."""
        with self._gate:
            if not self._closed:
                self._waiting.put(waiting)
            return not self._closed

    def act_blocking(self, do: Callable[[Transaction], T]) -> T:
        """Do it and wait: for threads and command lines."""
        return self.submit(do).result()

    async def act(self, do: Callable[[Transaction], T]) -> T:
        """Do it and wait. A task that is cancelled stops waiting; it may be done all the same."""
        return await asyncio.shield(asyncio.wrap_future(self.submit(do)))

    def read_blocking(self, do: Callable[[Connection], T]) -> T:
        """Look something up: for threads and command lines."""
        with self.database.reading() as connection:
            return do(connection)

    async def read(self, do: Callable[[Connection], T]) -> T:
        """Look something up, in a thread; StoreError if the database cannot be reached."""
        return await asyncio.to_thread(self.read_blocking, do)

    def follow_policy(self, follow: Callable[[], None]) -> None:
        """Have `follow` called whenever a commit has brought another policy, here or elsewhere.

        In the writer's thread, before whoever asked is answered. It is called again after the next
        commit if it raises.
        """
        self._committer.followers.append(follow)

    def look(self) -> None:
        """Take what other authorities have written, soon: an event has told of it."""
        if self._depth.acquire(blocking=False) and not self._enqueue(_Waiting(_nothing, Future())):
            self._depth.release()

    def close(self) -> None:
        """Do what waits, then let another process open the directory."""
        with self._gate:
            if self._closed:
                return
            self._closed = True
            self._waiting.put(None)
        self._thread.join()
        if self._committer.is_even:
            self._when_closed(self.log.size)
        self._committer.close()

    # What the writing thread does

    def _run(self) -> None:
        while (group := self._next_group()) is not None:
            taken = [each for each in group if each.done.set_running_or_notify_cancel()]
            try:
                self._do(taken)
            except Exception:  # a fault of the house's own; nobody may wait for ever
                logger.exception("The writer failed.")
                self._fail([each for each in taken if not each.done.done()], FAULT)
            finally:
                if group:
                    self._depth.release(len(group))

    def _next_group(self) -> list[_Waiting] | None:
        first = self._next(PAUSE_SECONDS)
        if first is None:
            return None
        group = first
        while len(group) < LARGEST_GROUP:
            try:
                more = self._waiting.get_nowait()
            except queue.Empty:
                break
            if more is None:
                self._waiting.put(None)
                break
            group.append(more)
        return group

    def _next(self, patience: float) -> list[_Waiting] | None:
        """Wait for an act; an empty group when it is time to look what others have done."""
        alone = self._committer.database.is_sqlite and self.problem is None
        try:
            first = self._waiting.get(timeout=None if alone else patience)
        except queue.Empty:
            return []
        return None if first is None else [first]

    def _do(self, group: list[_Waiting]) -> bool:
        """Do a group and answer it; False if it did not come through to database and log."""
        try:
            outcomes = self._committer.commit([each.act for each in group])
        except SpoiltError as spoilt:
            return self._do_apart(group, spoilt)
        except (BaluardoError, SQLAlchemyError) as problem:
            why = first_line(problem) if isinstance(problem, SQLAlchemyError) else str(problem)
            self._fail(group, why)
            return False
        self.problem = None
        self.groups += 1
        self.acts += len(group)
        for each, (result, refusal) in zip(group, outcomes, strict=True):
            if refusal is None:
                each.done.set_result(result)
            else:
                each.done.set_exception(refusal)
        return True

    def _do_apart(self, group: list[_Waiting], spoilt: SpoiltError) -> bool:
        """Do the acts of a group one by one, of which one has spoilt it."""
        if len(group) == 1:
            group[0].done.set_exception(spoilt.refusal())
            return True
        for place, each in enumerate(group):
            if not self._do([each]):  # then nothing comes through: nobody waits in turn
                self._fail(group[place + 1 :], self.problem or FAULT)
                return False
        return True

    def _fail(self, group: list[_Waiting], why: str) -> None:
        """Answer a group that did not come through: whether it is in the database is not known."""
        why = why.rstrip(".")
        if self.problem != why:
            logger.error("Nothing can be written: %s.", why)
        self.problem = why
        for each in group:
            each.done.set_exception(_unknown(why))


def _nothing(_transaction: Transaction) -> None:
    """Change nothing: the transaction around it takes what others have written."""


def _unknown(why: str) -> StoreError:
    return StoreError(
        f"This could not be acknowledged: {why}. It was done whole or not at all: look whether it "
        "was, then ask again if it was not."
    )

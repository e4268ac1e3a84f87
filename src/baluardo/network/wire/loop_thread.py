"""The thread in which the loop runs, and how it is told that something has changed."""

from __future__ import annotations

import os
import select
from threading import Thread
from typing import Final

from baluardo.errors import InvalidInputError, LinkError
from baluardo.network.links.memory import take_memory
from baluardo.network.links.real_time import ask_for_real_time, exact_timers
from baluardo.network.wire import loop
from baluardo.network.wire.buffers import used_first
from baluardo.network.wire.works import STOP, new_works

ANSWER_S: Final = 10.0
"""The loop answers within microseconds; who waits longer waits for nothing."""


class LoopThread:
    """The loop's works and its thread. Callers see to it that one at a time calls."""

    def __init__(self, mtu: int) -> None:
        """Make the works; nothing runs yet."""
        self.privileged = False
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._done = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self.works = new_works(mtu, self._wake, self._done)
        self._thread: Thread | None = None
        self._closed = False

    @property
    def running(self) -> bool:
        """Whether the loop runs."""
        return self._thread is not None

    def start(self) -> None:
        """Compile the loop and run it; return once it looks after its ports."""
        if self._closed or self._thread is not None:
            raise InvalidInputError("An engine is started once, before it is closed.")
        works, control = self.works, self.works.control
        take_memory((works.ring, used_first(works.pool), works.queues))
        control[STOP] = 1
        loop.run(works)  # compiled here, not by a thread of real-time priority
        control[STOP] = 0
        os.eventfd_read(self._done)
        self._thread = Thread(target=self._run, name="wire", daemon=True)
        self._thread.start()
        self._await_answer()

    def synchronise(self) -> None:
        """Have the loop look at the control block, and wait until it has."""
        if self._thread is not None:
            os.eventfd_write(self._wake, 1)
            self._await_answer()

    def close(self) -> None:
        """Stop the loop."""
        if self._closed:
            return
        self._closed = True
        self.works.control[STOP] = 1
        if self._thread is not None:
            os.eventfd_write(self._wake, 1)
            self._thread.join()
            self._thread = None
        os.close(self._wake)
        os.close(self._done)

    def _run(self) -> None:
        exact_timers()
        self.privileged = ask_for_real_time()
        loop.run(self.works)

    def _await_answer(self) -> None:
        # poll, not select: descriptors may be higher than 1,023.
        poll = select.poll()
        poll.register(self._done, select.POLLIN)
        if not poll.poll(ANSWER_S * 1e3):
            raise LinkError(f"The wire's loop did not answer within {ANSWER_S:g} s.")
        os.eventfd_read(self._done)

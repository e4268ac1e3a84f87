"""The thread in which the relay's loop runs, and how it is told what to take over."""

from __future__ import annotations

import os
import select
import struct
from threading import Thread
from typing import Final

from baluardo.calls.relay import loop
from baluardo.calls.relay import state as at
from baluardo.calls.relay.state import State, new_state
from baluardo.errors import InvalidInputError, LinkError
from baluardo.network.bearers.engine_state import EVENT_OCTETS
from baluardo.network.links.c_library import call
from baluardo.network.links.memory import take_memory
from baluardo.network.links.real_time import ask_for_real_time, exact_timers
from baluardo.network.links.system_calls import POLLIN

ANSWER_S: Final = 10.0
"""The loop answers within microseconds; who waits longer waits for nothing."""

_EPOLL_CTL_ADD: Final = 1


class LoopThread:
    """The loop's state and its thread. Callers see to it that one at a time calls."""

    def __init__(self, sessions: int, seed: bytes) -> None:
        """Make the state; nothing runs yet."""
        self.state: State = new_state(sessions, seed)
        self.real_time = False
        self.closed = False
        self._thread: Thread | None = None
        self._epoll = select.epoll()
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._done = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._watch_wake()
        control = self.state.control
        control[at.EPOLL], control[at.WAKE] = self._epoll.fileno(), self._wake
        control[at.DONE] = self._done

    def take_over(self, row: int) -> int:
        """Have the loop take a session's row; return 0, or errno where that failed."""
        self.state.control[at.TAKE] = row
        self.synchronise()
        return int(self.state.control[at.ANSWER])

    def synchronise(self) -> None:
        """Have the loop look at the control block, and wait until it has."""
        if self._thread is None:
            loop.answer(self.state)
        else:
            os.eventfd_write(self._wake, 1)
        self._await_answer()

    def start(self, real_time: bool) -> None:
        """Compile the loop and run it; return once it relays."""
        if self.closed or self._thread is not None:
            raise InvalidInputError("A relay is started once, before it is closed.")
        control = self.state.control
        control[at.STOP] = 1
        loop.run(self.state)  # compiled here, not by a thread of real-time priority
        self._await_answer()
        control[at.STOP] = 0
        thread = Thread(target=self._run, args=(real_time,), name="relay", daemon=True)
        thread.start()
        self._thread = thread  # one that could not be started has nothing to join
        self._await_answer()

    def close(self) -> bool:
        """Stop the loop; False where that was done before."""
        if self.closed:
            return False
        self.closed = True
        self.state.control[at.STOP] = 1
        if self._thread is not None:
            os.eventfd_write(self._wake, 1)
            self._thread.join()
            self._thread = None
        self._epoll.close()
        os.close(self._wake)
        os.close(self._done)
        return True

    def _run(self, real_time: bool) -> None:
        take_memory(self.state)
        exact_timers()
        self.real_time = real_time and ask_for_real_time()
        loop.run(self.state)

    def _watch_wake(self) -> None:
        # `select.epoll` would have events say the descriptor's number, which may be a row's.
        layout = "=IQ" if EVENT_OCTETS == 12 else "=I4xQ"
        call(
            "epoll_ctl",
            self._epoll.fileno(),
            _EPOLL_CTL_ADD,
            self._wake,
            struct.pack(layout, POLLIN, at.CONTROL_DATA),
            otherwise="The relay's loop could not be told of changes",
        )

    def _await_answer(self) -> None:
        # poll, not select: descriptors may be higher than 1,023.
        poll = select.poll()
        poll.register(self._done, select.POLLIN)
        if not poll.poll(ANSWER_S * 1e3):
            raise LinkError(f"The relay's loop did not answer within {ANSWER_S:g} s.")
        os.eventfd_read(self._done)

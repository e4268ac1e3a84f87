"""The thread that the engine's loop runs in, and how its state is changed between two turns."""

from __future__ import annotations

import contextlib
import os
import select
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final

from baluardo.errors import InvalidInputError
from baluardo.network.bearers import engine_state as at
from baluardo.network.bearers.engine_loop import serve
from baluardo.network.bearers.engine_state import NO_DESCRIPTOR, State
from baluardo.network.links.memory import take_memory
from baluardo.network.links.real_time import ask_for_real_time, exact_timers

_CLOSED: Final = "The engine is closed: make a new one."


class EngineThread:
    """Runs `serve` over a state; everybody else changes it through `between_turns` alone."""

    def __init__(self, state: State) -> None:
        """Take the state over; nothing runs yet."""
        self.state = state
        self.real_time = False
        self.broken: list[int] = []
        """Descriptors whose devices are gone: nobody waits for them any more."""
        self._changes: deque[tuple[Callable[[], None], Future[None]]] = deque()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closing = False
        self._epoll = select.epoll()
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        state.numbers[at.EPOLL_FD] = self._epoll.fileno()
        self.watch(self._wake, at.CONTROL)

    def check_open(self) -> None:
        """Refuse what comes after the end; InvalidInputError."""
        if self._closing:
            raise InvalidInputError(_CLOSED)

    def start(self, real_time: bool) -> None:
        """Begin, and return once the loop runs; InvalidInputError the second time."""
        self.check_open()
        if self._thread is not None:
            raise InvalidInputError("The engine was started before: it runs.")
        asked: Future[bool] = Future()
        self._thread = threading.Thread(
            target=self._run, args=(real_time, asked), name="site engine", daemon=True
        )
        self._thread.start()
        self.real_time = asked.result()

    def end(self) -> bool:
        """End the loop after the changes that wait; False where that was done before."""
        with self._lock:
            if self._closing:
                return False
            self._closing = True
        if self._thread is not None:
            os.eventfd_write(self._wake, 1)
            self._thread.join()
        self._epoll.close()
        os.close(self._wake)
        return True

    def between_turns(self, change: Callable[[], None]) -> None:
        """Make a change while the loop is not in compiled code; raise what it raises."""
        done: Future[None] = Future()
        with self._lock:
            self.check_open()
            self._changes.append((change, done))
            if self._thread is None:
                self._make_changes()
            else:
                os.eventfd_write(self._wake, 1)
        done.result()

    def watch(self, descriptor: int, what: int, which: int = 0, lane: int = 0) -> None:
        """Wait for a descriptor as well (only between turns); it may be watched already."""
        self.state = at.with_room_for(self.state, descriptor)
        self.state.failures[descriptor] = 0
        if self.state.source[descriptor, 0] == at.NOTHING:
            self._epoll.register(descriptor, select.EPOLLIN)
        self.state.source[descriptor] = what, which, lane

    def unwatch(self, descriptor: int) -> None:
        """Wait for it no more (only between turns)."""
        if self.state.source[descriptor, 0] != at.NOTHING:
            self._epoll.unregister(descriptor)
            self.state.source[descriptor] = at.NOTHING

    def _run(self, real_time: bool, asked: Future[bool]) -> None:
        take_memory(self.state)
        # One turn first: where the loop is still to be compiled, that is no real-time work.
        os.eventfd_write(self._wake, 1)
        try:
            self._serve_once()
        except BaseException as problem:
            asked.set_exception(problem)
            raise
        exact_timers()
        asked.set_result(real_time and ask_for_real_time())
        while not self._closing:
            self._serve_once()
        self._make_changes()

    def _serve_once(self) -> None:
        serve(self.state)
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._wake)
        self._give_up_broken()
        self._make_changes()

    def _make_changes(self) -> None:
        while self._changes:
            change, done = self._changes.popleft()
            try:
                change()
            except Exception as problem:  # noqa: BLE001 - raised again by who waits
                done.set_exception(problem)
            else:
                done.set_result(None)

    def _give_up_broken(self) -> None:
        """Wait no more for a descriptor whose device is gone: it would always seem ready."""
        descriptor = int(self.state.numbers[at.BROKEN])
        if descriptor != NO_DESCRIPTOR:
            self.state.numbers[at.BROKEN] = NO_DESCRIPTOR
            self.unwatch(descriptor)
            self.broken.append(descriptor)

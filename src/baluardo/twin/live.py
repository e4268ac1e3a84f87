"""The running sky: one frame every real second, and answers about the moment that it shows.

The event loop only keeps time. Frames are computed on one thread and answers on another, so that a
long question (or the first compilation) never holds up the globe; the compiled loops release the
interpreter's lock. Every question about one moment is answered once, however many screens ask.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from baluardo.errors import BaluardoError, StageError
from baluardo.twin.catalogues import Loaded
from baluardo.twin.clock import Dated, Mode, ReadClocks, Readings, SkyClock
from baluardo.twin.frame import Frame, encode_frame
from baluardo.twin.sky.catalogue import Catalogue
from baluardo.twin.sky.propagation import Propagator
from baluardo.twin.sky.sky import Sky, SkyOptions, Snapshot

logger = logging.getLogger(__name__)

T = TypeVar("T")
Question = Callable[[Snapshot], T]

FRAME_SECONDS = 1.0
LEAST_BETWEEN_FRAMES_S = 0.05
"""However often the clock is changed, frames come no faster than this."""
STILL_AFTER_S = 10.0
"""A sky that has had no new frame for so long stands still."""
MOST_WAITING = 256
"""Questions under way at once; more are refused, so that nobody can pile up work."""


@dataclass(frozen=True, slots=True, eq=False)
class Revision:
    """A catalogue in use, prepared; a new catalogue makes a new one with the next number."""

    number: int
    sky: Sky
    propagator: Propagator
    """The frame thread's own: SGP4 writes into its satellites, so that threads must not share."""


@dataclass(slots=True, eq=False)
class _Answer:
    """An answer that is or was worked out, and how many wait for it."""

    work: Future[Any]
    heard: asyncio.Future[Any]
    """The same on the event loop."""
    waiting: int = 0


def read_clocks() -> Readings:
    """Read the machine's clocks."""
    return Readings(time.monotonic(), time.time())


class LiveSky:
    """A sky that runs. Everything public is called on the event loop that runs `run`."""

    def __init__(
        self,
        loaded: Loaded,
        options: SkyOptions | None = None,
        read: ReadClocks = read_clocks,
    ) -> None:
        """Prepare a catalogue (about 0.1 s for 7,500 satellites) and start its clock."""
        self._options = options or SkyOptions()
        self._read = read
        self._loaded = loaded
        self._revision = self._prepare(loaded.catalogue, 1)
        self._clock = SkyClock.started(_dated(loaded.catalogue), read())
        self._frame_thread = ThreadPoolExecutor(1, thread_name_prefix="frames")
        self._answer_thread = ThreadPoolExecutor(1, thread_name_prefix="answers")
        self._load_thread = ThreadPoolExecutor(1, thread_name_prefix="catalogue")
        self._frame: bytes | None = None
        self._frame_number = 0
        self._frame_made = 0.0
        self._moment = self._clock.sky_time(read())
        self._revision_shown = 0
        self._news = asyncio.Event()
        self._hurry = asyncio.Event()
        self._answers: dict[Hashable, _Answer] = {}
        self._snapshot: tuple[int, float, Snapshot] | None = None
        self._running = self._stopped = False
        self._discarded = self._failing = self._warm = False
        self._reload_problem: str | None = None

    @property
    def catalogue(self) -> Catalogue:
        """The catalogue in use."""
        return self._revision.sky.catalogue

    @property
    def loaded(self) -> Loaded:
        """The catalogue in use with what was said when it was loaded."""
        return self._loaded

    @property
    def sky(self) -> Sky:
        """The sky in use."""
        return self._revision.sky

    @property
    def clock(self) -> SkyClock:
        """The clock as it stands."""
        return self._clock

    @property
    def reload_problem(self) -> str | None:
        """Why the latest attempt to load a newer catalogue failed; None if it did not."""
        return self._reload_problem

    @property
    def stands_still(self) -> bool:
        """True once it runs no more, and while it runs and makes no frames."""
        late = self._read().monotonic - self._frame_made > STILL_AFTER_S
        return self._stopped or (self._running and late)

    @property
    def warm(self) -> bool:
        """False until the first question has been answered: code is being compiled."""
        return self._warm

    @property
    def moment(self) -> float:
        """Sky time of the latest frame, POSIX seconds: what screens show and answers are about."""
        return self._moment

    def sky_time(self) -> float:
        """Return the sky time at this instant, POSIX seconds."""
        return self._clock.sky_time(self._read())

    def wall_time(self) -> float:
        """Return the real time, POSIX seconds."""
        return self._read().wall

    def can_now(self) -> bool:
        """Tell whether the catalogue allows the present to be shown."""
        return self._clock.dated.can_now(self._read().wall)

    def set_clock(
        self,
        mode: Mode | None = None,
        rate: float | None = None,
        paused: bool | None = None,
        sky_time: float | None = None,
    ) -> SkyClock:
        """Change the clock (see `SkyClock.changed`) and show the new moment at once."""
        self._clock = self._clock.changed(self._read(), mode, rate, paused, sky_time)
        self._moment = self.sky_time()
        self._hurry.set()
        return self._clock

    async def run(self) -> None:
        """Make frames until cancelled. A frame that fails is logged; the next one is tried."""
        if self._running:
            raise StageError("This live sky is running already.")
        self._running = True
        due = self._frame_made = self._read().monotonic
        try:
            while True:
                self._hurry.clear()
                await self._try_frame()
                due = self._next_due(due)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(max(0.0, due - self._read().monotonic)):
                        await self._hurry.wait()
                        await asyncio.sleep(LEAST_BETWEEN_FRAMES_S)
        finally:
            self._running, self._stopped = False, True
            self._news.set()
            for answer in self._answers.values():
                answer.heard.cancel()
            for thread in (self._frame_thread, self._answer_thread, self._load_thread):
                thread.shutdown(wait=False, cancel_futures=True)

    def _next_due(self, due: float) -> float:
        """Keep to the grid of whole seconds; beats that were missed are not made up for."""
        # A beat that is all but here counts as gone: timers may wake a little early.
        late = self._read().monotonic - due + LEAST_BETWEEN_FRAMES_S
        return due + max(0.0, late // FRAME_SECONDS + 1.0) * FRAME_SECONDS

    async def _try_frame(self) -> None:
        try:
            await self._make_frame()
        except Exception:  # the edge of the driver: whatever it was, the next frame may succeed
            if not self._failing:  # logged once, not every second
                logger.exception("A frame could not be made; the next ones are tried.")
            self._failing = True
        else:
            self._failing = False

    async def _make_frame(self) -> None:
        revision = self._revision
        readings = self._read()
        self._clock = self._clock.followed(readings)
        clock = self._clock
        sky_time = clock.sky_time(readings)
        number = self._frame_number + 1

        def compute() -> bytes:
            positions = revision.propagator.positions([sky_time])[0]
            status = revision.sky.statuses(positions)
            replay = clock.mode is Mode.REPLAY
            return encode_frame(
                Frame(sky_time, clock.speed, replay, clock.paused, number, positions, status)
            )

        loop = asyncio.get_running_loop()
        octets = await loop.run_in_executor(self._frame_thread, compute)
        if revision is not self._revision or (clock is not self._clock and not self._discarded):
            # What it shows was changed meanwhile. Make another one at once; but not for ever, or
            # somebody who keeps changing the clock would stop the show.
            self._discarded = True
            self._hurry.set()
            return
        self._discarded = False
        self._frame, self._frame_number, self._moment = octets, number, sky_time
        self._frame_made = self._read().monotonic
        self._revision_shown = revision.number
        self._tell()

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def frames(self) -> AsyncIterator[bytes]:
        """Yield the newest frame whenever there is a newer one than the last.

        Who is slow misses frames; nothing is queued. Ends when the catalogue is exchanged (the
        order of the satellites changes with it) or the sky stops.
        """
        revision, seen = self._revision.number, 0
        while revision == self._revision.number:
            news = self._news
            newer = seen != self._frame_number and self._revision_shown == revision
            if self._frame is not None and newer:
                seen = self._frame_number
                yield self._frame
                continue
            if news.is_set():
                return
            await news.wait()
            if not self._running:
                return

    async def ask(self, key: Hashable, question: Question[T]) -> T:
        """Answer a question about the moment that the screens show.

        `question` is called with that moment's snapshot on the answering thread. Equal keys share
        one answer until the moment changes; the question has to be a function of the key and the
        snapshot alone. A question that everybody who asked has left is not begun. StageError if
        too many are waiting or the sky has stopped.
        """
        if self._stopped:
            raise StageError("The sky has stopped.")
        revision, moment = self._revision, self._moment
        whole_key = (revision.number, moment, key)
        answer = self._answers.get(whole_key)
        if answer is None:
            self._forget_answers(revision.number, moment)
            if sum(not a.work.done() for a in self._answers.values()) >= MOST_WAITING:
                raise StageError("Too many questions are waiting for the sky; ask again shortly.")
            answer = self._answers[whole_key] = self._begin(revision, moment, question)
        answer.waiting += 1
        try:
            # Shielded: one client that goes away must not take the answer from the others.
            result: T = await asyncio.shield(answer.heard)
            return result
        finally:
            answer.waiting -= 1
            if not answer.waiting and answer.work.cancel():
                self._answers.pop(whole_key, None)

    def _forget_answers(self, revision: int, moment: float) -> None:
        """Drop answers about other moments, except those still being worked out."""
        self._answers = {
            key: answer
            for key, answer in self._answers.items()
            if not answer.work.done() or key[:2] == (revision, moment)  # type: ignore[index]
        }

    def _begin(self, revision: Revision, moment: float, question: Question[Any]) -> _Answer:
        def compute() -> Any:
            return question(self._snapshot_at(revision, moment))

        work = self._answer_thread.submit(compute)
        heard = asyncio.wrap_future(work)
        heard.add_done_callback(self._hear)
        return _Answer(work, heard)

    def _hear(self, answer: asyncio.Future[Any]) -> None:
        """Take note of an answer, and of a failure even if everyone who asked has gone away."""
        if not answer.cancelled() and answer.exception() is None:
            self._warm = True

    def _snapshot_at(self, revision: Revision, moment: float) -> Snapshot:
        """Return the moment's snapshot; on the answering thread only, which keeps the last one."""
        kept = self._snapshot
        if kept is not None and kept[:2] == (revision.number, moment):
            return kept[2]
        snapshot = revision.sky.snapshot(moment)
        self._snapshot = (revision.number, moment, snapshot)
        return snapshot

    async def exchange(self, load: Callable[[], Loaded]) -> bool:
        """Load the catalogue again and use it; tell whether that worked.

        `load` runs on a thread of its own. If it fails, the catalogue in use stays in use and
        `reload_problem` says why. If it brings the same catalogue, the screens stay open.
        """
        used = self._revision

        def work() -> tuple[Loaded, Revision]:
            loaded = load()
            if _same(loaded.catalogue, used.sky.catalogue):
                return replace(loaded, catalogue=used.sky.catalogue), used
            return loaded, self._prepare(loaded.catalogue, used.number + 1)

        try:
            loop = asyncio.get_running_loop()
            loaded, revision = await loop.run_in_executor(self._load_thread, work)
        except BaluardoError as error:
            self._reload_problem = str(error)
            logger.warning("The catalogue in use stays in use: %s", error)
            return False
        except Exception as error:  # the edge of the driver: the next attempt may succeed
            self._reload_problem = f"Loading failed ({type(error).__name__}); the log says where."
            logger.exception("The catalogue in use stays in use.")
            return False
        self._reload_problem = None
        clock = self._clock.with_catalogue(_dated(loaded.catalogue), self._read())
        changed = revision is not self._revision or clock != self._clock
        self._loaded, self._revision, self._clock = loaded, revision, clock
        if changed:
            self._moment = self.sky_time()
            self._tell()
            self._hurry.set()
        return True

    def _prepare(self, catalogue: Catalogue, number: int) -> Revision:
        return Revision(number, Sky(catalogue, self._options), Propagator(catalogue))


def _same(one: Catalogue, other: Catalogue) -> bool:
    """Tell whether two catalogues agree in everything, the words about them included."""
    return all(
        np.array_equal(value, vars(other)[name])
        if isinstance(value, np.ndarray)
        else value == vars(other)[name]
        for name, value in vars(one).items()
    )


def _dated(catalogue: Catalogue) -> Dated:
    return Dated(catalogue.epoch, catalogue.ageless)

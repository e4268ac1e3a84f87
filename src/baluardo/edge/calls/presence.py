"""Who sits at this edge and elsewhere, while it runs: seats, what browsers are shown, the file."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import Final

from baluardo.durable_files import write_durably
from baluardo.edge.calls.attendance import Attendance
from baluardo.edge.calls.browser_frames import attending_frame
from baluardo.edge.calls.people import People, Seen, octets_of
from baluardo.edge.calls.seat import CloseCode, Seat
from baluardo.edge.calls.shown_people import ShownPeople
from baluardo.edge.heard_card import named_serials
from baluardo.errors import BaluardoError, ClockError
from baluardo.trust.certificates.revocation import Revocations
from baluardo.trust.certificates.verification import SKEW, Verifier
from baluardo.trust.envelope import Envelope

FILE: Final = "people.json"
JUDGE_SECONDS: Final = 5.0
"""Between two looks whether everybody may still sit."""
TELL_SECONDS: Final = 300.0
"""For a site to tell of everybody anew: 20 kB each, over whatever way there is."""
OVERLAP_SECONDS: Final = 10.0
"""Between the first words over a channel at one end and its opening at the other."""
SHOW_SECONDS: Final = 0.2
"""Between two times that browsers are shown what has changed."""
SHOW_EACH_SECONDS: Final = 0.001
"""More for each browser: however many there are, showing takes a small part of the time."""
SHOWN_AT_ONCE: Final = 32
"""Browsers, before calls have their turn again."""
SAVE_SECONDS: Final = 5.0
"""Most that the file lags behind."""

logger = logging.getLogger("baluardo.edge.calls")


class Presence:
    """The people that an edge knows, and the seats of those who sit here."""

    def __init__(
        self,
        site: str,
        verifier: Verifier,
        clock: Callable[[], float],
        directory: Path,
        left: Callable[[str], None],
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """`left` is called with each device that may sit here no more; `steady` counts seconds."""
        self._verifier, self._clock, self._left = verifier, clock, left
        self._file, self._steady = directory / FILE, steady
        self.people = _read(site, self._file)
        self._seats: dict[str, Seat] = {}
        self._heard: dict[str, float] = {}
        """When each device elsewhere was last told of, by the steady counter."""
        self._opened: dict[str, list[float]] = {}
        """When sites began to tell of all: the oldest time that decides something yet, the last."""
        self._judged: Revocations | None = None
        self._named: frozenset[int] = frozenset()
        self._changed = asyncio.Event()
        self._shown = ShownPeople(self.people.view())
        self._saved = self.people.number

    def seat_of(self, device: str) -> Seat | None:
        """Return where a device sits here."""
        return self._seats.get(device)

    # Who comes and goes

    def sit(self, attendance: Attendance, envelope: Envelope) -> Seat:
        """Seat a device in place of itself; InvalidInputError if it cannot be."""
        self.people.attend(attendance, envelope)
        self._replace(attendance.device)
        seat = Seat(attendance.device, self._shown)
        self._seats[attendance.device] = seat
        seat.say(attending_frame(attendance.device))
        self._changed.set()
        return seat

    def rise(self, seat: Seat) -> bool:
        """Let a seat go; false if it is the device's no more."""
        if self._seats.get(seat.device) is not seat:
            return False
        del self._seats[seat.device]
        self.people.leave(seat.device)
        self._changed.set()
        return True

    def hear(self, attendance: Attendance) -> None:
        """Take who sits elsewhere; InvalidInputError if there is no room."""
        if self.people.hear(attendance):
            self._replace(attendance.device)
        if self.people.is_at(attendance.device, attendance.site):
            self._heard[attendance.device] = self._steady()
        self._changed.set()

    def left(self, site: str, device: str) -> None:
        """Take that a device has left another site."""
        if site != self.people.site and self.people.left(site, device):
            self._heard.pop(device, None)
            self._changed.set()

    def opened(self, site: str) -> None:
        """Take note that another site is about to tell who sits there, all of them.

        Nobody is forgotten yet: it may have begun to tell over a channel that opened before. What
        the oldest beginning decides is not put off by newer ones, of which the last is kept.
        """
        begun = self._opened.setdefault(site, [])
        del begun[1:]
        begun.append(self._steady())

    def close_all(self, code: CloseCode, sentence: str) -> None:
        """Close every seat."""
        for seat in self._seats.values():
            seat.close(code, sentence)

    def _replace(self, device: str) -> None:
        held = self._seats.pop(device, None)
        if held is not None:
            held.close(CloseCode.REPLACED, "This device has connected again elsewhere.")

    # What follows

    async def keep(self) -> None:
        """Show everybody what has changed, keep it, and judge who may still sit."""
        loop = asyncio.get_running_loop()
        saved_at = judged_at = loop.time()
        while True:
            try:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(JUDGE_SECONDS):
                        await self._changed.wait()
                self._changed.clear()
                is_news = self._verifier.revocations is not self._judged
                if is_news or loop.time() - judged_at >= JUDGE_SECONDS:
                    self.judge()
                    judged_at = loop.time()
                count = await self._show()
                if loop.time() - saved_at >= SAVE_SECONDS:
                    await self.save()
                    saved_at = loop.time()
                await asyncio.sleep(SHOW_SECONDS + SHOW_EACH_SECONDS * count)
            except Exception:
                logger.exception("Who sits here could not be told; it goes on.")
                await asyncio.sleep(SAVE_SECONDS)

    def judge(self) -> None:
        """Put off everybody whose certificate has run out or was taken back."""
        revocations = self._verifier.revocations
        if revocations is not self._judged:
            self._judged, self._named = revocations, named_serials(revocations)
        try:
            now = self._clock()
        except ClockError:
            now = -inf  # nobody new is let in meanwhile; who was taken back is known all the same

        def stands(each: Attendance) -> bool:
            return now <= each.not_after + SKEW and each.serials.isdisjoint(self._named)

        for device in self.people.judge(stands):
            self._heard.pop(device, None)
            seat = self._seats.pop(device, None)
            if seat is not None:
                sentence = "The certificate of this device has run out or was taken back."
                seat.close(CloseCode.NO_LONGER, sentence)
            self._left(device)
        self._forget_untold()

    def _forget_untold(self) -> None:
        """Forget who has left a site that could not say so: it has told of the others since."""
        now = self._steady()
        told = [site for site, begun in self._opened.items() if now >= begun[0] + TELL_SECONDS]
        for site in told:
            begun = self._opened[site]
            since = begun.pop(0) - OVERLAP_SECONDS
            if not begun:
                del self._opened[site]
            for device in self.people.devices_at(site):
                if self._heard.get(device, since) < since:
                    self.left(site, device)

    async def save(self) -> None:
        """Keep where people were seen, if that has changed."""
        number = self.people.number
        if number == self._saved:
            return
        try:
            await asyncio.to_thread(_write, self._file, self.people.seen)
        except BaluardoError as problem:
            logger.warning("Where people were seen is not kept. %s", problem)
        self._saved = number

    async def _show(self) -> int:
        """Show every browser what has changed, if anything has; return how many there are."""
        changed = self.people.take_changed()
        if not changed:
            return 0
        self._shown.change(changed)
        seats = list(self._seats.values())
        for number, seat in enumerate(seats, 1):
            seat.wake()
            if number % SHOWN_AT_ONCE == 0:
                await asyncio.sleep(0)
        return len(seats)


def _write(path: Path, people: dict[str, Seen]) -> None:
    # Ten thousand people take 100 ms to write, for which no call is to wait.
    write_durably(path, octets_of(people))


def _read(site: str, path: Path) -> People:
    try:
        return People.read(site, path)
    except BaluardoError as problem:
        logger.warning("Where people were seen is forgotten, as the file was damaged. %s", problem)
        return People(site)

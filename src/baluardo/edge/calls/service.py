"""The telephone of one edge while it runs: its switchboard driven, its browsers and neighbours.

What comes in is believed as far as its channel is: a WebSocket speaks for the device that has
attended over it, a neighbour for its site. Everything runs in one event loop. What one browser does
is bounded at the door, so whatever it says takes nothing from the others.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial
from math import inf
from pathlib import Path
from typing import Final, Protocol

from baluardo.calls.admission import Admission, CapacityRule, CeilingRule, Decision
from baluardo.calls.attempts import Attempts
from baluardo.calls.bodies import is_device, person_of
from baluardo.calls.call import Call
from baluardo.calls.call_rate import SiteRate
from baluardo.calls.causes import Cause
from baluardo.calls.events import Connected, Decided, Ended
from baluardo.calls.media_places import MediaPlaces
from baluardo.calls.receiver_reports import LegQuality, ReceiverReport
from baluardo.calls.switchboard import Outgoing, Switchboard, rate_of
from baluardo.edge.calls.attendance import verify_here, verify_there
from baluardo.edge.calls.browser_frames import MailAsk, call_frame, missed_frame
from baluardo.edge.calls.call_records import CallRecord, CallRecords
from baluardo.edge.calls.call_time import CallTime
from baluardo.edge.calls.decision_log import DecisionLog
from baluardo.edge.calls.kept_decisions import KeptDecisions
from baluardo.edge.calls.missed_book import MissedBook
from baluardo.edge.calls.missed_calls import Missed
from baluardo.edge.calls.presence import Presence
from baluardo.edge.calls.seat import CloseCode, Seat
from baluardo.errors import BaluardoError, InvalidInputError
from baluardo.terms import Precedence
from baluardo.trust.certificates.verification import Verifier
from baluardo.trust.channel.rationed_log import RationedLog
from baluardo.trust.envelope import Envelope

LINES_A_MINUTE: Final = 30
SEATS_AT_ONCE: Final = 10
SEAT_EVERY_SECONDS: Final = 6.0
"""Of one device: each time that it sits down every neighbour is told, 20 kB."""
REPORTS_AT_ONCE: Final = 16
REPORT_EVERY_SECONDS: Final = 1.0
"""Of one device: it may have four calls, and says how each sounds every five seconds."""
DISBELIEVED_AT_ONCE: Final = 50
DISBELIEVED_EVERY_SECONDS: Final = 1.0
"""Of one site: each costs the check of signatures. Honest edges differ now and then."""
AGAIN_SECONDS: Final = 1.0
"""After a failure of the driver, which is logged."""

logger = logging.getLogger("baluardo.edge.calls")


def nothing_known(site: str, slot: int) -> SiteRate | None:  # noqa: ARG001  # the rule's arguments
    """Return no rate for any path: room is not judged here."""
    return None


class OtherEdges(Protocol):
    """The way to other edges (`neighbours.Neighbours`); it calls back in the same event loop."""

    def say(self, site: str, message: bytes, speaker: str = "") -> None:
        """Have a call message brought to a site, after it was told that `speaker` sits here."""

    def tell_attendance(self, envelope: Envelope) -> None:
        """Tell who sits here now."""

    def tell_left(self, device: str) -> None:
        """Tell that a device sits here no more."""


class Mail(Protocol):
    """The way of written messages (`edge/mail/service.py`); it says to seats what comes."""

    def sit(self, seat: Seat, envelope: Envelope) -> None:
        """Take a browser that has attended."""

    def rise(self, seat: Seat) -> None:
        """Let a browser go; any number of times."""

    def ask(self, seat: Seat, asked: MailAsk) -> None:
        """Take an ask of a browser; InvalidInputError if it cannot even be answered."""


class CallService:
    """Switchboard, admission and people of one edge, from `running` on."""

    def __init__(
        self,
        site: str,
        verifier: Verifier,
        clock: Callable[[], float],
        directory: Path,
        ceiling: CeilingRule,
        capacity: CapacityRule = nothing_known,
        media: MediaPlaces | None = None,
        rate_bps: Callable[[Precedence], float] = rate_of,
    ) -> None:
        """`clock` is trusted time, or raises ClockError; where people were is kept in `directory`.

        Without a `capacity` no call is refused for room; `media` is what the site's relay does;
        `rate_bps` is what a call takes of a path.
        """
        self.site = site
        self.neighbours: OtherEdges | None = None
        """Set by who assembles the edge; without it only this site can be called."""
        self.mail: Mail | None = None
        """Likewise; without it nobody writes."""
        self._verifier, self._clock = verifier, clock
        self._time = CallTime(clock)
        self.presence = Presence(site, verifier, clock, directory, self._left)
        self._board = Switchboard(
            site,
            int(self._time.now(lambda: True) * 1_000),
            self.presence.people,
            Admission(capacity, ceiling),
            rate_bps,
            media,
        )
        self._records, self._decisions = CallRecords(), DecisionLog(logger)
        self._kept_decisions, self._ceiling = KeptDecisions(), ceiling
        self._missed = MissedBook(directory)
        self._log = RationedLog(logger, LINES_A_MINUTE)
        self._seatings = Attempts(SEATS_AT_ONCE, SEAT_EVERY_SECONDS)
        self._reports = Attempts(REPORTS_AT_ONCE, REPORT_EVERY_SECONDS)
        self._disbelieved = Attempts(DISBELIEVED_AT_ONCE, DISBELIEVED_EVERY_SECONDS)
        self._stirred = asyncio.Event()
        self._wakes_at = inf
        """Until when the timer sleeps, as calls go by time."""

    @property
    def records(self) -> tuple[CallRecord, ...]:
        """The last calls that are over, oldest first."""
        return self._records.records

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """The last decisions of admission, oldest first."""
        return self._kept_decisions.decisions

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls that go on, and those that ended just now."""
        return self._board.calls

    @property
    def is_quiet(self) -> bool:
        """Whether no call goes on."""
        return self._board.is_idle

    def connected_at(self, call: str) -> float | None:
        """Return when a call that goes on was answered, POSIX seconds; None if it was not."""
        return self._records.connected_at(call)

    def legs(self, call: str) -> tuple[LegQuality, ...]:
        """Return how devices of this site hear in a call that goes on."""
        return self._records.legs(call)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Drive the switchboard while inside."""
        driven = (self._keep_time(), self.presence.keep(), self._missed.keep())
        tasks = [asyncio.create_task(each) for each in driven]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.presence.close_all(CloseCode.GOING, "This edge stops; connect again.")
            await self.presence.save()
            await self._missed.save()
            self._decisions.settle()
            self._log.settle()

    # Browsers

    def sit(self, envelope: Envelope, challenge: str, origin: str) -> Seat:
        """Seat the browser that answers a challenge of ours with this; a TrustError if it does not.

        InvalidInputError likewise. A seat that the device had before is closed.
        """
        attendance = verify_here(
            envelope, self._verifier, self._clock(), self.site, challenge, origin
        )
        if not self._seatings.take(attendance.device, asyncio.get_running_loop().time()):
            raise InvalidInputError(f"{attendance.device} connects too often: wait a minute.")
        seat = self.presence.sit(attendance, envelope)
        missed = self._missed.calls.of(attendance.person, self.now())
        if missed:
            seat.say(missed_frame(each.fields() for each in missed))
        if self.mail is not None:
            self.mail.sit(seat, envelope)
        self._tell(lambda others: others.tell_attendance(envelope))
        self._board.hurry(attendance.device, self.now())
        self._carry()
        return seat

    def rise(self, seat: Seat) -> None:
        """Let go of a browser; its calls wait a while for it to come back."""
        if self.mail is not None:
            self.mail.rise(seat)
        if self.presence.rise(seat):
            self._left(seat.device)

    def hear(self, seat: Seat, octets: bytes) -> None:
        """Take a call message of a browser; InvalidInputError if it is none, or not its own."""
        if not seat.closed.is_set():
            self._hear(seat.device, octets)

    def ask(self, seat: Seat, asked: MailAsk) -> None:
        """Take what a browser asks about written messages; InvalidInputError as `Mail.ask`."""
        if self.mail is None:
            raise InvalidInputError("Nobody writes at this site.")
        if not seat.closed.is_set():
            self.mail.ask(seat, asked)

    def noted(self, seat: Seat, calls: Iterable[str]) -> None:
        """Take that a browser has kept some of the missed calls that it was told of."""
        if not seat.closed.is_set():
            self._missed.calls.told(person_of(seat.device), calls)

    def report(self, seat: Seat, call: str, report: ReceiverReport) -> None:
        """Take what a browser has received of a call, for its record and for who looks.

        InvalidInputError if it has no part in such a call, or says so too often. What comes before
        the answer, on hold, or when the call is over already says nothing and is left out.
        """
        if seat.closed.is_set():
            return
        if not self._reports.take(seat.device, asyncio.get_running_loop().time()):
            raise InvalidInputError("This device reports more often than calls are reported on.")
        found = [each for each in self._board.find(call) if seat.device in each.legs]
        if not found:
            raise InvalidInputError(f"{seat.device} has no part in this call: nothing was noted.")
        if any(each.talks(seat.device) for each in found):
            self._records.report(call, seat.device, report)

    # Neighbours

    def take_message(self, site: str, octets: bytes) -> None:
        """Take a call message of another edge; InvalidInputError if it is none, or not its own."""
        self._hear(site, octets)

    def take_attendance(self, site: str, envelope: Envelope) -> None:
        """Take the word of another edge that somebody sits there, if the envelope bears it out.

        InvalidInputError if that site has said too much that it did not.
        """
        try:
            attendance = verify_there(envelope, self._verifier, self._clock(), site)
            self.presence.hear(attendance)
        except BaluardoError as problem:
            # Clocks and lists of two edges differ: it may be a fault of neither.
            self._warn(f"Of {site} it is not believed who sits there. {problem}")
            if not self._disbelieved.take(site, asyncio.get_running_loop().time()):
                raise InvalidInputError(
                    "Too many are said to sit there of whom that is not believed."
                ) from None

    def take_left(self, site: str, device: str) -> None:
        """Take the word of another edge that a device sits there no more."""
        self.presence.left(site, device)

    def opened(self, site: str) -> None:
        """Ask a site at once of all calls with it; who sits there it is about to tell anew."""
        self.presence.opened(site)
        self._board.hurry(site, self.now())
        self._carry()

    def roster(self) -> list[Envelope]:
        """Return the attendances of everybody who sits here."""
        return self.presence.people.roster()

    # The switchboard

    def trusted_time(self) -> float:
        """Return the time that certificates are judged by, POSIX seconds; ClockError if unknown."""
        return self._clock()

    def now(self) -> float:
        """Return the time that calls go by, POSIX seconds."""
        return self._time.now(lambda: self._board.is_idle)

    def _hear(self, leg: str, octets: bytes) -> None:
        try:
            self._board.receive(leg, octets, self.now())
        finally:
            self._carry()

    def _left(self, device: str) -> None:
        self._tell(lambda others: others.tell_left(device))

    def _tell(self, say: Callable[[OtherEdges], None]) -> None:
        if self.neighbours is None:
            return  # what another edge should hear is said again, until that edge is given up
        try:
            say(self.neighbours)
        except BaluardoError as problem:
            self._warn(f"Other edges cannot be told. {problem}")

    def _carry(self) -> None:
        """Bring what is to be said on its way, and take note of what happened."""
        for message in self._board.outgoing():
            if not is_device(message.leg):
                self._tell(partial(_say, message))
            elif (seat := self.presence.seat_of(message.leg)) is not None:
                seat.say(call_frame(message.octets))
        while (event := self._board.next_event()) is not None:
            match event:
                case Decided():
                    self._decisions.write(event.decision)
                    self._kept_decisions.keep(event.decision)
                    self._keep_missed(event.decision)
                case Connected():
                    self._records.connected(event.call, event.at)
                case Ended():
                    self._keep_record(event)
        now = self.now()
        if self._board.next_timer(now) < self._wakes_at or self._wakes_at <= now:
            self._stirred.set()  # earlier than it sleeps for, or the time has leapt

    def _keep_missed(self, decision: Decision) -> None:
        """Take note of a call to somebody of this site who has no device connected.

        One that the caller may not make at all is no call that was missed.
        """
        request = decision.request
        allowed = decision.cause is Cause.NOBODY_THERE
        if allowed and request.precedence <= self._ceiling(request.person):
            missed = Missed(
                request.call,
                request.person,
                int(decision.at),
                request.precedence,
                request.emergency,
            )
            self._missed.calls.keep(request.callee, missed)

    def _keep_record(self, ended: Ended) -> None:
        call = self._board.call_of(ended.call, ended.side)
        if call is not None:
            self._records.ended(call, ended)

    async def _keep_time(self) -> None:
        """Call the switchboard whenever it wants to be called."""
        while True:
            try:
                self._board.handle_timer(self.now())
                self._carry()
                self._stirred.clear()
                now = self.now()
                self._wakes_at = self._board.next_timer(now)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(max(0.0, self._wakes_at - now)):
                        await self._stirred.wait()
            except Exception:
                logger.exception("The calls' timer failed; it goes on.")
                await asyncio.sleep(AGAIN_SECONDS)

    def _warn(self, sentence: str) -> None:
        self._log.warning(asyncio.get_running_loop().time(), sentence)


def _say(message: Outgoing, others: OtherEdges) -> None:
    others.say(message.leg, message.octets, message.caller)

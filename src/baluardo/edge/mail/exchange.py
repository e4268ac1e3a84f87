"""Written messages between the browsers of a site and the authority, as a pure core.

Browsers take turns, so one that asks much keeps nobody waiting. What the authority does not answer,
or cannot be asked, is answered here: every ask of a browser that stays has exactly one answer.
"""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass
from math import inf
from typing import Final

from baluardo.calls.attempts import Attempts
from baluardo.edge.calls.browser_frames import MailAsk, mailed_frame, unmailed_frame
from baluardo.edge.mail.correspondent import Ask, Correspondent, Standing, Wish, is_post
from baluardo.edge.mail.flights import Flight, Flights
from baluardo.edge.mail.post import BACK, post_of
from baluardo.errors import InvalidInputError
from baluardo.protocol.mail_answers import MailRefusal
from baluardo.protocol.mail_messages import MailAnswer, MailRequest, MailWaiting
from baluardo.protocol.mail_requests import (
    Attend,
    Leave,
    Taken,
    read_device_request,
)
from baluardo.trust.envelope import Envelope

MOST_UNANSWERED: Final = 8
"""Asks of one browser."""
ASKS_AT_ONCE: Final = 30
ASK_EVERY_SECONDS: Final = 1.0 / 3.0
"""Of one device, however often it connects."""
MOST_HELD: Final = 32 << 20
"""Octets of all asks that wait for their turn."""
LARGE: Final = 32 << 10
"""Asks beyond so many octets leave half of that room to smaller ones: texts are small."""
WAIT_SECONDS: Final = 60.0
"""For an ask to have its turn."""
AWAY: Final = (
    "This site has no way to an authority at the moment: ask again later. Nothing was done."
)
LOST: Final = (
    "The way to the authority was lost before it answered: ask again. What was done already is not "
    "done twice."
)
LATE: Final = "The authority did not answer in time: ask again."
CROWDED: Final = "This site has more to send than its way takes at the moment: ask again later."
TOO_MANY: Final = (
    f"A device has at most {MOST_UNANSWERED} asks without an answer, and {ASKS_AT_ONCE} in short "
    "order: wait, then ask again."
)

_FINAL: Final = (MailRefusal.DENIED, MailRefusal.MALFORMED, MailRefusal.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Said:
    """A frame for a browser."""

    seat: int
    frame: str


class MailExchange:
    """All browsers of a site and the channel; times are seconds of any steady counter."""

    def __init__(self) -> None:
        """Begin with nobody, and without a channel."""
        self._seats: dict[int, Correspondent] = {}
        self._by_device: dict[str, int] = {}
        self._is_open = False
        self._drawn = 0
        self._flights = Flights()
        self._leaving: dict[str, None] = {}
        """Devices of which the authority is to be told that they are gone."""
        self._asking: dict[int, None] = {}
        """Seats whose asks may be forwarded, in turn."""
        self._listening: dict[int, None] = {}
        """Seats without asks that are to be shown, or brought their post."""
        self._waits: deque[tuple[float, int]] = deque()
        """When asks of seats have waited for too long; some of them have had their turn."""
        self._rests: list[tuple[float, int]] = []
        """A heap: when seats may be tried again."""
        self._resting: dict[int, float] = {}
        """The last time in that heap of each of them."""
        self._said: deque[Said] = deque()
        self._held = 0
        self._rate = Attempts(ASKS_AT_ONCE, ASK_EVERY_SECONDS)

    @property
    def held(self) -> int:
        """Octets of asks that wait for their turn."""
        return self._held

    # Browsers

    def sit(self, device: str, attendance: Envelope, now: float) -> int:
        """Take a browser that has attended, in place of an earlier one; return its number."""
        earlier = self._by_device.get(device)
        if earlier is not None:
            self._forget(earlier)
        self._leaving.pop(device, None)
        self._drawn += 1
        self._seats[self._drawn] = Correspondent(self._drawn, device, attendance)
        self._by_device[device] = self._drawn
        self._queue(self._drawn, now)
        return self._drawn

    def rise(self, seat: int) -> None:
        """Let a browser go, and its asks with it."""
        who = self._seats.get(seat)
        if who is None:
            return
        self._forget(seat)
        del self._by_device[who.device]
        if self._is_open and (who.was_shown or who.standing is Standing.ASKED):
            self._leaving[who.device] = None

    def ask(self, seat: int, said: MailAsk, now: float) -> None:
        """Take an ask of a browser, to be answered in any case.

        InvalidInputError if its number does not follow on those before: no answer could name it.
        """
        who = self._seats.get(seat)
        if who is None:
            return
        if said.number <= who.last_number:
            raise InvalidInputError("An ask bears a higher number than those before it.")
        who.last_number = said.number
        who.ask_again(now)
        refusal = self._refusal(who, said, now)
        if refusal is not None:
            self._refuse(seat, said.number, *refusal)
            if said.request.get("kind") == "taken":
                who.not_took(now)
                self._queue(seat, now)
            return
        try:
            request = read_device_request(said.request)
        except InvalidInputError as problem:
            self._refuse(seat, said.number, MailRefusal.MALFORMED, str(problem))
            return
        until = now + WAIT_SECONDS
        taken = request.upto if isinstance(request, Taken) else 0
        who.waiting.append(Ask(said.number, said.request, taken, said.octets, until))
        self._waits.append((until, seat))
        self._held += said.octets
        self._queue(seat, now)

    def _refusal(
        self, who: Correspondent, said: MailAsk, now: float
    ) -> tuple[MailRefusal, str] | None:
        """Return why an ask is not to be forwarded; it counts in any case."""
        granted = self._rate.take(who.device, now)
        if not granted or who.unanswered >= MOST_UNANSWERED:
            return MailRefusal.FULL, TOO_MANY
        if not self._is_open:
            return MailRefusal.UNAVAILABLE, AWAY
        if who.standing is Standing.DENIED:
            return MailRefusal.DENIED, who.sentence
        room = MOST_HELD // 2 if said.octets > LARGE else MOST_HELD
        if self._held + said.octets > room:
            return MailRefusal.UNAVAILABLE, CROWDED
        return None

    # The channel

    def opened(self, now: float) -> None:
        """Begin with a channel to an authority, which knows of nobody here."""
        self.closed()
        self._is_open = True
        for seat in self._seats:
            self._queue(seat, now)

    def closed(self) -> None:
        """Take that the channel is gone: what was asked over it is answered with that."""
        self._is_open = False
        for flight in self._flights.end_all():
            if isinstance(flight.what, Ask):
                self._refuse(flight.seat, flight.what.number, MailRefusal.UNAVAILABLE, LOST)
        for seat, who in self._seats.items():
            for ask in who.waiting:
                self._refuse(seat, ask.number, MailRefusal.UNAVAILABLE, AWAY)
            who.cut_off()
        for each in (self._leaving, self._asking, self._listening, self._resting):
            each.clear()
        self._waits.clear()
        self._rests.clear()
        self._held = 0

    def next_message(self, now: float) -> MailRequest | None:
        """Return what the authority is to be told next; None for nothing, or not yet."""
        if not (self._is_open and self._flights.may_ask):
            return None
        if self._leaving:
            device = next(iter(self._leaving))
            del self._leaving[device]
            number = self._flights.begin(0, Leave(), now)
            return MailRequest(number, device, None, Leave().to_object())
        while (seat := self._turn()) is not None:
            who = self._seats[seat]
            wish = who.wish(now)
            if wish is not None:
                return self._told(who, wish, now)
            self._queue(seat, now)
        return None

    def _turn(self) -> int | None:
        """Return whose turn it is."""
        if self._asking or not self._flights.may_collect:
            return next(iter(self._asking), None)
        return next(iter(self._listening), None)

    def _told(self, who: Correspondent, wish: Wish, now: float) -> MailRequest:
        who.told(wish)
        number = self._flights.begin(who.seat, wish, now)
        self._asking.pop(who.seat, None)  # the others first
        self._listening.pop(who.seat, None)
        self._queue(who.seat, now)
        if isinstance(wish, Ask):
            self._held -= wish.octets
            return MailRequest(number, who.device, None, wish.request)
        shown = who.attendance if isinstance(wish, Attend) else None
        return MailRequest(number, who.device, shown, wish.to_object())

    def failed(self, message: MailRequest, now: float) -> None:
        """Take that what `next_message` returned could not be sent."""
        self.hear(MailAnswer(message.id, None, MailRefusal.UNAVAILABLE, CROWDED), now)

    def hear(self, message: MailAnswer | MailWaiting, now: float) -> None:
        """Take what the authority says; an answer that nobody waits for any more is left out."""
        if isinstance(message, MailWaiting):
            seat = self._by_device.get(message.device)
            if seat is not None:
                self._seats[seat].nudged()
                self._queue(seat, now)
            return
        flight = self._flights.end(message.id)
        if flight is not None:
            self._land(flight, message, now)

    def _land(self, flight: Flight, message: MailAnswer, now: float) -> None:
        who = self._seats.get(flight.seat)
        if who is None:
            return
        if isinstance(flight.what, Ask):
            self._answer(who, flight.what, message, now)
        elif is_post(flight.what):
            self._bring(who, message, now)
        elif message.answer is not None:
            self._shown(who)
        else:
            self._not_shown(who, message, now)
        self._queue(flight.seat, now)

    def _answer(self, who: Correspondent, ask: Ask, message: MailAnswer, now: float) -> None:
        who.flying -= 1
        if message.answer is None:
            refusal = message.refusal or MailRefusal.UNAVAILABLE
            if refusal is MailRefusal.DENIED:
                who.doubted(now)
            self._refuse_ask(who, ask, refusal, message.sentence, now)
            return
        if ask.taken:
            who.took(ask.taken)
        self._said.append(Said(who.seat, mailed_frame(ask.number, message.answer)))

    def _bring(self, who: Correspondent, message: MailAnswer, now: float) -> None:
        """Bring a browser what waits for it; what cannot be read is asked for again later."""
        try:
            if message.answer is None:
                raise InvalidInputError(message.sentence)
            post = post_of(message.answer)
        except InvalidInputError:
            if message.refusal is MailRefusal.DENIED:
                who.doubted(now)
            who.not_collected(now)
            return
        if post.frame:
            self._said.append(Said(who.seat, post.frame))
        who.collected(post.last, more=post.more)

    def _shown(self, who: Correspondent) -> None:
        """Take that a browser may ask now; one that waits because it could not is told so.

        Browsers are shown one after the other, so they do not all come back in one moment.
        """
        who.shown()
        if who.held_up:
            who.held_up = False
            self._said.append(Said(who.seat, BACK))

    def _not_shown(self, who: Correspondent, message: MailAnswer, now: float) -> None:
        refusal = message.refusal or MailRefusal.UNAVAILABLE
        who.not_shown(message.sentence, now, is_final=refusal in _FINAL)
        code = MailRefusal.DENIED if refusal in _FINAL else MailRefusal.UNAVAILABLE
        self._drop(who, code, message.sentence, now)

    # Time

    def next_timer(self) -> float | None:
        """Return when `handle_timer` is to be called; None: not by itself."""
        first = [each[0][0] for each in (self._waits, self._rests) if each]
        at = min([self._flights.next_timer(), *first])
        return at if at < inf else None

    def handle_timer(self, now: float) -> None:
        """Answer what has waited for too long, and try again where that is due."""
        while self._waits and self._waits[0][0] <= now:
            who = self._seats.get(self._waits.popleft()[1])
            while who is not None and who.waiting and who.waiting[0].until <= now:
                ask = who.waiting.popleft()
                self._held -= ask.octets
                self._refuse_ask(who, ask, MailRefusal.UNAVAILABLE, CROWDED, now)
                self._queue(who.seat, now)
        for number in self._flights.late(now):
            self.hear(MailAnswer(number, None, MailRefusal.UNAVAILABLE, LATE), now)
        while self._rests and self._rests[0][0] <= now:
            _, seat = heapq.heappop(self._rests)
            self._resting.pop(seat, None)
            self._queue(seat, now)

    def next_frame(self) -> Said | None:
        """Return what a browser is to be told next; None for nothing."""
        return self._said.popleft() if self._said else None

    # What all of these do

    def _queue(self, seat: int, now: float) -> None:
        """Put a seat where it belongs: behind the others, or where it stands there already."""
        who = self._seats.get(seat)
        if who is None or not self._is_open:
            return
        wish = who.wish(now)
        is_for_asks = isinstance(wish, Ask) or (isinstance(wish, Attend) and bool(who.waiting))
        place = None if wish is None else self._asking if is_for_asks else self._listening
        for each in (self._asking, self._listening):
            if each is not place:
                each.pop(seat, None)
        if place is not None:
            place.setdefault(seat)
        elif now < who.rests_until and self._resting.get(seat) != who.rests_until:
            self._resting[seat] = who.rests_until
            heapq.heappush(self._rests, (who.rests_until, seat))

    def _forget(self, seat: int) -> None:
        who = self._seats.pop(seat)
        self._held -= sum(each.octets for each in who.waiting)
        self._asking.pop(seat, None)
        self._listening.pop(seat, None)

    def _drop(self, who: Correspondent, refusal: MailRefusal, sentence: str, now: float) -> None:
        """Refuse everything of a browser that waits."""
        while who.waiting:
            ask = who.waiting.popleft()
            self._held -= ask.octets
            self._refuse_ask(who, ask, refusal, sentence, now)

    def _refuse_ask(
        self, who: Correspondent, ask: Ask, refusal: MailRefusal, sentence: str, now: float
    ) -> None:
        """Refuse what had been let in; a word of what was taken has gone with it."""
        if ask.taken:
            who.not_took(now)
        self._refuse(who.seat, ask.number, refusal, sentence)

    def _refuse(self, seat: int, ask: int, refusal: MailRefusal, sentence: str) -> None:
        who = self._seats.get(seat)
        if who is not None and refusal is MailRefusal.UNAVAILABLE:
            who.held_up = True
        self._said.append(Said(seat, unmailed_frame(ask, refusal.value, sentence)))

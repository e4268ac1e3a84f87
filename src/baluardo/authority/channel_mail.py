"""Written messages at the channel door: whose requests are answered, and who is told of post.

An edge asks for the devices that sit at it. Each is believed by its own signed attendance, which is
remembered for the channel until the device leaves, or attends elsewhere. What changes something
bears the device's own word besides. Nothing of what is asked is written to a log.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from sqlalchemy import Connection

from baluardo.authority.channel_guest import Guest
from baluardo.authority.context import Authority
from baluardo.authority.mail.asking import verify_word
from baluardo.authority.mail.boxes import boxes_after, collect, newest_arrival, take
from baluardo.authority.mail.conversations import begin, told_conversation
from baluardo.authority.mail.order import commit
from baluardo.authority.mail.packages import claim, known_devices, publish
from baluardo.authority.mail.rations import Rations
from baluardo.authority.mail.refusal import MailRefusedError, denied
from baluardo.authority.mail.seats import Seat, check_seat, note_seat, verify_seat
from baluardo.authority.mail.sending import send
from baluardo.authority.store.transaction import Transaction
from baluardo.errors import BaluardoError, ChannelError, InvalidInputError, StoreError, TrustError
from baluardo.protocol.mail_answers import AnyAnswer, Challenged, Done, MailRefusal
from baluardo.protocol.mail_requests import (
    AnyRequest,
    Attend,
    Begin,
    Challenge,
    Collect,
    Commit,
    Conversation,
    Devices,
    Leave,
    Packages,
    Publish,
    Send,
    Taken,
    read_request,
)
from baluardo.protocol.mail_signed import SIGNED_KINDS, split_word
from baluardo.protocol.messages import MailAnswer, MailRequest, MailWaiting, encode
from baluardo.protocol.network_policy import SITES
from baluardo.trust.certificates.revocation import Revocations

MAIL_AT_ONCE: Final = 32
"""Requests of one channel that are answered at the same time."""
LARGE_WAITING: Final = 4 << 20
"""Octets that may wait for a channel while another large answer is made for it."""
FRAMES_WAITING: Final = 128
"""Frames that wait for a channel beyond which it is told of post later."""
MOST_SEATS: Final = 20_000
"""Devices at one channel."""

logger = logging.getLogger("baluardo.authority.mail")


class ChannelMail:
    """Written messages as the guests of one door meet them."""

    def __init__(self, authority: Authority) -> None:
        """Begin; `start` learns what has come so far."""
        self._authority = authority
        self._rations = Rations(authority.clock)
        self._seats: dict[Guest, dict[str, Seat]] = {}
        self._where: dict[str, dict[Guest, None]] = {}
        self._untold: dict[Guest, dict[str, None]] = {}
        self._told = 0

    async def start(self) -> None:
        """Learn what has come so far; StoreError if that cannot be read."""
        self._told = await self._authority.store.read(newest_arrival)

    @property
    def has_seats(self) -> bool:
        """Whether anybody would be told of post."""
        return bool(self._where)

    # Requests

    def take(self, guest: Guest, message: MailRequest) -> None:
        """Answer a request soon; ChannelError if the other end is no site."""
        if guest.identity.kind not in SITES:
            raise ChannelError(f"{guest.identity} is no site: no device sits there.")
        if len(guest.mail) >= MAIL_AT_ONCE:
            sentence = "Too much is asked at once. Ask again in a moment."
            guest.send(MailAnswer(message.id, None, MailRefusal.UNAVAILABLE, sentence))
            return
        task = asyncio.get_running_loop().create_task(self._answered(guest, message))
        guest.mail.add(task)
        task.add_done_callback(guest.mail.discard)

    async def _answered(self, guest: Guest, message: MailRequest) -> None:
        try:
            await self._answer(guest, message)
        except BaluardoError as problem:
            guest.send(_refused(message.id, problem))
        except Exception:
            logger.exception("A request about written messages failed.")
            sentence = "The authority failed here; its log says why. Ask again later."
            guest.send(MailAnswer(message.id, None, MailRefusal.UNAVAILABLE, sentence))

    async def _answer(self, guest: Guest, message: MailRequest) -> None:
        request = read_request(message.request)
        if isinstance(request, Leave):
            self._forget(guest, message.device)
            guest.send(MailAnswer(message.id, Done().to_object()))
            return
        if message.attendance is not None:
            await self._attend(guest, message)
        seat = self._seat(guest, message.device)
        if seat is None:
            raise denied(f"That {message.device} sits there was not shown: nothing was done.")
        if request.kind in SIGNED_KINDS:
            await self._hear_word(seat, request, message)
        self._rations.take(seat.device, request)
        try:
            if isinstance(request, Collect | Packages):
                await self._answer_largely(guest, message.id, seat, request)
            else:
                answer = await self._done(seat, request)
                guest.send(MailAnswer(message.id, answer.to_object()))
        except MailRefusedError as refusal:
            # It has attended elsewhere, or was revoked; but perhaps here anew in the meantime.
            if refusal.code is MailRefusal.DENIED and self._seat(guest, message.device) is seat:
                self._forget(guest, message.device)
            raise

    async def _hear_word(self, seat: Seat, request: AnyRequest, message: MailRequest) -> None:
        """Return once the device itself has asked, for the first time; errors as `verify_word`."""
        self._rations.take_word(seat)
        _, word = split_word(message.request)
        verifier, now = self._authority.store.issuing.verifier(), self._authority.clock()
        word = await asyncio.to_thread(verify_word, request, word, seat, verifier, now)
        seat.freshness.use(word.number)

    async def _answer_largely(
        self, guest: Guest, asked: int, seat: Seat, request: Collect | Packages
    ) -> None:
        """Make one large answer at a time for a channel, and only when it has room for it."""
        async with guest.mail_turn:
            await guest.outbox.calm(LARGE_WAITING)
            answer = await self._done(seat, request)
            frame = await asyncio.to_thread(lambda: encode(MailAnswer(asked, answer.to_object())))
            guest.outbox.post(frame)

    async def _done(self, seat: Seat, request: AnyRequest) -> AnyAnswer:
        authority = self._authority
        store, orderer = authority.store, authority.identity.uri
        if isinstance(request, Publish):
            return await store.act(lambda t: publish(t, seat, request))
        if isinstance(request, Packages):
            spared = self._rations.spared(seat.person, request.devices)
            return await store.act(lambda t: claim(t, seat, request, spared))
        if isinstance(request, Begin):
            return await store.act(lambda t: begin(t, seat, request, orderer))
        if isinstance(request, Commit):
            return await store.act(lambda t: commit(t, seat, request, authority.credential))
        if isinstance(request, Send):
            return await store.act(lambda t: send(t, seat, request))
        if isinstance(request, Taken):
            await store.act(lambda t: take(t, seat, request))
            return Done()
        return await store.read(lambda connection: self._looked(connection, seat, request))

    def _looked(self, connection: Connection, seat: Seat, request: AnyRequest) -> AnyAnswer:
        """Answer what changes nothing, in a thread."""
        authority = self._authority
        register, now = authority.store.register, authority.clock()
        check_seat(connection, register, seat, now)
        if isinstance(request, Devices):
            return known_devices(connection, register, now, request)
        if isinstance(request, Conversation):
            return told_conversation(connection, seat, request, authority.identity.uri)
        if isinstance(request, Collect):
            return collect(connection, seat, authority.credential, now)
        if isinstance(request, Challenge):
            return Challenged(seat.freshness.challenge)
        if not isinstance(request, Attend):
            raise InvalidInputError("Nobody here answers this.")
        return Done()

    # Seats

    async def _attend(self, guest: Guest, message: MailRequest) -> None:
        """Believe that a device sits at a guest, by the attendance that came along."""
        authority, envelope = self._authority, message.attendance
        if envelope is None:
            return
        verifier = authority.store.issuing.verifier()
        site, now = guest.identity.path, authority.clock()
        try:
            seat = await asyncio.to_thread(
                verify_seat, envelope, verifier, now, site, message.device
            )
        except InvalidInputError as problem:
            raise denied(str(problem)) from None

        def note(transaction: Transaction) -> Seat:
            return note_seat(transaction, seat)

        noted = await authority.store.act(note)
        seats = self._seats.setdefault(guest, {})
        if message.device not in seats and len(seats) >= MOST_SEATS:
            raise denied(f"{MOST_SEATS:,} devices sit there already, which is as many as may be.")
        seats[message.device] = noted
        self._where.setdefault(message.device, {})[guest] = None

    def left(self, guest: Guest) -> None:
        """Forget who sat at a channel that has ended."""
        for device in tuple(self._seats.get(guest, ())):
            self._forget(guest, device)
        self._seats.pop(guest, None)
        self._untold.pop(guest, None)

    def judge(self, revocations: Revocations) -> None:
        """Forget whoever attended with a certificate that a list names: they must show it anew."""
        listed = {serial for held in revocations.lists.values() for serial in held.revoked}
        listed.update(serial for kept in revocations.kept.values() for serial in kept)
        for guest, seats in tuple(self._seats.items()):
            for device, seat in tuple(seats.items()):
                if not listed.isdisjoint(seat.attendance.serials):
                    self._forget(guest, device)

    def _seat(self, guest: Guest, device: str) -> Seat | None:
        return self._seats.get(guest, {}).get(device)

    def _forget(self, guest: Guest, device: str) -> None:
        self._seats.get(guest, {}).pop(device, None)
        self._untold.get(guest, {}).pop(device, None)
        guests = self._where.get(device, {})
        guests.pop(guest, None)
        if not guests:
            self._where.pop(device, None)

    # Post

    async def push(self) -> None:
        """Tell edges of what has come since; StoreError if that cannot be read."""
        since = self._told
        arrived = await self._authority.store.read(lambda c: boxes_after(c, since))
        for device, place in arrived:
            self._told = max(self._told, place)
            for guest in self._where.get(device, ()):
                self._untold.setdefault(guest, {})[device] = None
        self.tell()

    def tell(self) -> None:
        """Tell edges of post that they were not told of; one that reads slowly waits."""
        for guest, devices in tuple(self._untold.items()):
            while devices and guest.outbox.waiting < FRAMES_WAITING:
                guest.send(MailWaiting(devices.popitem()[0]))
            if not devices:
                del self._untold[guest]


def _refused(asked: int, problem: BaluardoError) -> MailAnswer:
    code = _code(problem)
    try:
        return MailAnswer(asked, None, code, str(problem))
    except InvalidInputError:
        return MailAnswer(asked, None, code, "The authority refuses this.")


_CODES: Final[tuple[tuple[type[BaluardoError], MailRefusal], ...]] = (
    (InvalidInputError, MailRefusal.MALFORMED),
    (StoreError, MailRefusal.UNAVAILABLE),
    (TrustError, MailRefusal.DENIED),
)


def _code(problem: BaluardoError) -> MailRefusal:
    if isinstance(problem, MailRefusedError):
        return problem.code
    found = (code for kind, code in _CODES if isinstance(problem, kind))
    return next(found, MailRefusal.UNAVAILABLE)

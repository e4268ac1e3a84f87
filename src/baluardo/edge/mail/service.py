"""Written messages of a site while it runs: browsers at their seats, the channel, and time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from baluardo.edge.calls.browser_frames import MailAsk
from baluardo.edge.calls.seat import Seat
from baluardo.edge.mail.exchange import MailExchange
from baluardo.errors import BaluardoError, ChannelLostError
from baluardo.protocol.mail_messages import MailAnswer, MailRequest, MailWaiting
from baluardo.trust.envelope import Envelope

AGAIN_SECONDS: Final = 1.0
"""After a failure of the driver, which is logged."""

Send = Callable[[MailRequest], Awaitable[None]]
"""Sends over the channel that is open, and returns when there is room for more; ChannelError."""

logger = logging.getLogger("baluardo.edge.mail")


class MailService:
    """Drives the exchange, from `running` on.

    One request at a time waits for the channel: whatever else an edge has to say to the authority
    comes behind one of them at most.
    """

    def __init__(self) -> None:
        """Begin with nobody, and without a channel."""
        self._exchange = MailExchange()
        self._seats: dict[int, Seat] = {}
        self._numbers: dict[Seat, int] = {}
        self._send: Send | None = None
        self._stirred = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Forward what browsers ask while inside."""
        speaking = asyncio.create_task(self._speak())
        try:
            yield
        finally:
            speaking.cancel()
            await asyncio.gather(speaking, return_exceptions=True)
            if self._timer is not None:
                self._timer.cancel()

    # Browsers

    def sit(self, seat: Seat, envelope: Envelope) -> None:
        """Take a browser that has attended, in place of an earlier one of its device."""
        number = self._exchange.sit(seat.device, envelope, self._now())
        self._seats[number], self._numbers[seat] = seat, number
        self._carry()

    def rise(self, seat: Seat) -> None:
        """Let a browser go, and what it has asked; any number of times."""
        number = self._numbers.pop(seat, None)
        if number is not None:
            del self._seats[number]
            self._exchange.rise(number)
            self._carry()

    def ask(self, seat: Seat, asked: MailAsk) -> None:
        """Take an ask of a browser, which is answered at its seat; errors as `MailExchange.ask`."""
        number = self._numbers.get(seat)
        if number is not None:
            self._exchange.ask(number, asked, self._now())
            self._carry()

    # The channel

    def opened(self, send: Send) -> None:
        """Begin with a channel to an authority."""
        self._send = send
        self._exchange.opened(self._now())
        self._carry()

    def closed(self) -> None:
        """Take that the channel has ended."""
        self._send = None
        self._exchange.closed()
        self._carry()

    def hear(self, message: MailAnswer | MailWaiting) -> None:
        """Take what the authority says over it."""
        self._exchange.hear(message, self._now())
        self._carry()

    # The exchange

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _carry(self) -> None:
        """Bring what is to be said on its way, and wake up in time."""
        while (said := self._exchange.next_frame()) is not None:
            seat = self._seats.get(said.seat)
            if seat is not None:
                seat.say_mail(said.frame)
        self._stirred.set()
        if self._timer is not None:
            self._timer.cancel()
        at = self._exchange.next_timer()
        loop = asyncio.get_running_loop()
        self._timer = None if at is None else loop.call_at(at, self._wake)

    def _wake(self) -> None:
        self._exchange.handle_timer(self._now())
        self._carry()

    async def _speak(self) -> None:
        """Say what there is to say to whichever authority there is."""
        while True:
            try:
                self._stirred.clear()
                send = self._send
                message = None if send is None else self._exchange.next_message(self._now())
                if send is None or message is None:
                    await self._stirred.wait()
                else:
                    await self._sent(send, message)
            except Exception:
                logger.exception("Written messages could not be forwarded; it goes on.")
                await asyncio.sleep(AGAIN_SECONDS)

    async def _sent(self, send: Send, message: MailRequest) -> None:
        with contextlib.suppress(ChannelLostError):  # the end of the channel is told as well
            try:
                await send(message)
            except ChannelLostError:
                raise
            except BaluardoError:
                self._exchange.failed(message, self._now())
                self._carry()

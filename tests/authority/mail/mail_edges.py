"""Edges' ends of real channels to an authority, and devices that sign what they ask over them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from authority.mail.post import attendance, taken
from authority.test_channel_door import HELLO, spoken
from baluardo.authority.context import Authority
from baluardo.protocol.driver import MessageChannel
from baluardo.protocol.mail_answers import AnyAnswer, MailRefusal, read_answer
from baluardo.protocol.mail_requests import AnyRequest, Attend, Challenge, Collect, Taken
from baluardo.protocol.mail_signed import SIGNED_KINDS, sign_request
from baluardo.protocol.messages import MailAnswer, MailRequest, MailWaiting, Message, Welcome
from baluardo.trust.envelope import Envelope
from edge.country import Country

ROME, SHIP = "office/rome", "ship/bergamini"
WAIT = 30.0


@dataclass
class Edge:
    """An edge's end of its channel, which says whatever a test likes."""

    messages: MessageChannel
    country: Country
    site: str
    numbers: Any = field(default_factory=lambda: count(1))
    nudged: list[str] = field(default_factory=list)
    challenges: dict[str, str] = field(default_factory=dict)
    """By device, as far as they were asked for."""
    signs: Any = field(default_factory=lambda: count(1))

    async def heard(self) -> Message:
        """Return the next message; nudges are noted too."""
        async with asyncio.timeout(WAIT):
            message = await self.messages.receive()
        assert message is not None
        if isinstance(message, MailWaiting):
            self.nudged.append(message.device)
        return message

    async def say(
        self, device: str, request: AnyRequest | dict[str, Any], shown: Envelope | None = None
    ) -> int:
        """Ask for a device, which signs what it is to sign; return the request's number."""
        value = request if isinstance(request, dict) else await self.signed(device, request, shown)
        number = next(self.numbers)
        await self.messages.send(MailRequest(number, device, shown, value))
        return number

    async def signed(
        self, device: str, request: AnyRequest, shown: Envelope | None = None
    ) -> dict[str, Any]:
        """Return a request as the device signs it here, or bare where it gets no challenge."""
        if request.kind not in SIGNED_KINDS:
            return request.to_object()
        if shown is not None or device not in self.challenges:
            told = await self.ask(device, Challenge(), shown)
            if isinstance(told, MailRefusal):
                return request.to_object()
            self.challenges[device] = told.challenge  # type: ignore[union-attr]
        credential = self.country.devices[device.split("/")[1]]
        challenge = self.challenges[device]
        return sign_request(request.to_object(), credential, challenge, next(self.signs))

    async def answer_to(self, number: int) -> MailAnswer:
        """Wait for the answer to a request."""
        while True:
            message = await self.heard()
            if isinstance(message, MailAnswer) and message.id == number:
                return message

    async def ask(
        self, device: str, request: AnyRequest, shown: Envelope | None = None
    ) -> AnyAnswer | MailRefusal:
        """Ask and return the answer, or the refusal's code."""
        answer = await self.answer_to(await self.say(device, request, shown))
        if answer.refusal is not None:
            assert answer.sentence.isprintable()
            return answer.refusal
        return read_answer(request, dict(answer.answer or {}))

    async def taking(self, device: str) -> Taken:
        """Return a device's word that it keeps what waits for it, which it is brought."""
        told: Any = await self.ask(device, Collect())
        return taken(told.items)

    def word(self, device: str, later: float = 0.0) -> Envelope:
        """Return a device's attendance here."""
        credential = self.country.devices[device.split("/")[1]]
        return attendance(credential, self.site, self.country.calendar.now + later)

    async def attend(self, device: str, later: float = 0.0) -> AnyAnswer | MailRefusal:
        """Let a device sit here."""
        self.challenges.pop(device, None)
        return await self.ask(device, Attend(), self.word(device, later))

    async def nudge(self, device: str) -> None:
        """Wait until post is told of."""
        while device not in self.nudged:
            await self.heard()
        self.nudged.remove(device)


@dataclass
class Sites:
    """Two sites of a country, and two people's devices."""

    country: Country
    places: dict[str, Path]

    @classmethod
    async def made(cls, country: Country, authority: Authority, directory: Path) -> Sites:
        """Enrol everybody."""
        await country.officers(authority)
        places = {site: await country.enrolled(authority, directory, site) for site in (ROME, SHIP)}
        return cls(country, places)

    @asynccontextmanager
    async def edge(self, authority: Authority, site: str = ROME) -> AsyncIterator[Edge]:
        """Open a site's channel."""
        state = self.country.open_edge(self.places[site])
        try:
            async with spoken(self.country, authority, state) as messages:
                await messages.send(HELLO)
                edge = Edge(messages, self.country, site)
                while not isinstance(await edge.heard(), Welcome):
                    pass
                yield edge
        finally:
            state.close()

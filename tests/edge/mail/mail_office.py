"""A site whose browsers write, and a stand-in for the authority at the other end of a channel."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

from baluardo.edge.calls.service import CallService
from baluardo.edge.mail.service import MailService
from baluardo.errors import ChannelError
from baluardo.protocol.driver import MessageChannel
from baluardo.protocol.messages import MailAnswer, MailRequest, MailWaiting, Message
from baluardo.trust.channel.endpoint import Endpoint
from baluardo.trust.channel.server import ChannelServer, serve
from baluardo.trust.channel.stream import Channel, open_channel
from edge.calls.call_browsers import ROME, Browser, call_service, italy, member, now, served_calls
from edge.country import until

AUTHORITY = "authority/roma"
GROUP = "0a" * 32
LETTER = "bm9ib2R5IHNoYWxsIHJlYWQgdGhpcyBpbiBhIGxvZyE="
"""Base64 of what stands for ciphertext."""
TAKEN: dict[str, object] = {"kind": "taken", "items": "0b" * 32}
"""That something was kept, but not yet up to where: which items they are no edge looks at."""

Answer = Mapping[str, object] | None
Rule = Callable[[MailRequest], Answer]


def send_request(*to: str, octets: str = LETTER, number: int = 1) -> dict[str, object]:
    """Return a request to send something."""
    identifier = f"{number:032x}"
    return {"kind": "send", "id": identifier, "group": GROUP, "to": list(to), "octets": octets}


def large(octets: int) -> str:
    """Return base64 of so many octets."""
    return base64.b64encode(bytes(octets)).decode()


def item(number: int, sender: str, octets: str = LETTER) -> dict[str, object]:
    """Return an item of a mailbox."""
    fields = {"from": sender, "kind": "message", "group": GROUP, "at": 5, "notice": None}
    return {"number": number, **fields, "octets": octets}


class Writer(Browser):
    """A browser that writes."""

    drawn = 0

    async def ask(self, request: Mapping[str, object]) -> int:
        """Ask something; return its number."""
        self.drawn += 1
        await self.say({"type": "mail", "ask": self.drawn, "request": dict(request)})
        return self.drawn

    async def answer(self, request: Mapping[str, object]) -> dict[str, Any]:
        """Ask something, and return the frame that answers it."""
        asked = await self.ask(request)
        await until(lambda: asked in self.mailed or self.code)
        return self.mailed[asked]

    @property
    def mailed(self) -> dict[int, dict[str, Any]]:
        """Answers by number."""
        return {each["ask"]: each for each in self.of_type("mailed")}

    @property
    def posts(self) -> list[dict[str, Any]]:
        """Post that was brought."""
        return self.of_type("post")

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        """Return the frames of a type."""
        frames: list[dict[str, Any]] = self.frames
        return [each for each in frames if each["type"] == kind]


class StandIn:
    """The authority's end of a channel: it notes every request, and answers by a rule."""

    def __init__(self) -> None:
        """Begin by answering everything, with no post for anybody."""
        self.asked: list[MailRequest] = []
        self.boxes: dict[str, list[dict[str, object]]] = {}
        self.rule: Rule = self.by_the_book
        self.channels: list[MessageChannel] = []

    def by_the_book(self, request: MailRequest) -> Answer:
        """Answer as an authority would, more or less."""
        box = self.boxes.setdefault(request.device, [])
        if request.request["kind"] == "collect":
            return {"items": box, "more": False}
        if request.request["kind"] == "taken":
            upto: Any = request.request["upto"]
            box[:] = [each for each in box if each["number"] > upto]  # type: ignore[operator]
        return {}

    def kinds(self, device: str) -> list[str]:
        """Return what was asked for a device."""
        return [str(each.request["kind"]) for each in self.asked if each.device == device]

    async def say(self, message: Message) -> None:
        """Say something over the newest channel."""
        await self.channels[-1].send(message)

    async def bring(self, device: str, *items: dict[str, object]) -> None:
        """Put something into a mailbox, and tell."""
        self.boxes.setdefault(device, []).extend(items)
        await self.say(MailWaiting(device))

    async def serve(self, channel: Channel) -> None:
        """Answer one edge."""
        messages = MessageChannel(channel)
        self.channels.append(messages)
        with contextlib.suppress(ChannelError):
            while (message := await messages.receive()) is not None:
                assert isinstance(message, MailRequest)
                self.asked.append(message)
                answer = self.rule(message)
                if answer is not None:
                    await messages.send(MailAnswer(message.id, answer))


class MailSite:
    """A site that is served, the stand-in, and the browsers."""

    def __init__(
        self, service: CallService, mail: MailService, port: int, office: StandIn, there: int
    ) -> None:
        """Begin without a channel; `there` is the stand-in's port."""
        self.service, self.mail, self.port, self.office = service, mail, port, office
        self._there = there
        self.browsers: list[Writer] = []
        self._channel: Channel | None = None
        self._listening: asyncio.Task[None] | None = None

    def browser(self, device: str) -> Writer:
        """Return a browser that has not connected yet."""
        self.browsers.append(Writer(device, self.port))
        return self.browsers[-1]

    async def sits(self, device: str) -> Writer:
        """Return a browser that has attended."""
        browser = self.browser(device)
        await browser.attend()
        return browser

    async def connect(self) -> None:
        """Open a channel, as the edge's link does."""
        endpoint = Endpoint(member(ROME), italy().verifier(), now)
        self._channel = await open_channel(
            "127.0.0.1", self._there, endpoint, italy().identity(AUTHORITY)
        )
        messages = MessageChannel(self._channel)
        self._listening = asyncio.create_task(self._listen(messages))
        self.mail.opened(messages.send)

    async def cut(self) -> None:
        """Lose the channel."""
        if self._channel is not None and self._listening is not None:
            self._channel.cut()
            await self._listening
            self._channel = None

    async def _listen(self, messages: MessageChannel) -> None:
        try:
            while (message := await messages.receive()) is not None:
                assert isinstance(message, MailAnswer | MailWaiting)
                self.mail.hear(message)
        except ChannelError:
            pass
        finally:
            self.mail.closed()


@contextlib.asynccontextmanager
async def mail_site(directory: Path) -> AsyncIterator[MailSite]:
    """Serve Rome, connected with a stand-in, while inside."""
    office, service, mail = StandIn(), call_service(directory), MailService()
    service.mail = mail
    endpoint = Endpoint(italy().credential(AUTHORITY), italy().verifier(), now)
    server: ChannelServer = await serve(endpoint, office.serve, "127.0.0.1", 0)
    async with server, mail.running(), served_calls(service) as port:
        site = MailSite(service, mail, port, office, server.port)
        await site.connect()
        try:
            yield site
        finally:
            for each in site.browsers:
                await each.close()
            await site.cut()

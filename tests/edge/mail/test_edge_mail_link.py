"""Written messages and an edge's channel: one waits for it at a time; a long one is no silence."""

from __future__ import annotations

import asyncio

from baluardo.edge.calls.browser_frames import MailAsk
from baluardo.edge.calls.seat import Seat
from baluardo.edge.calls.shown_people import ShownPeople
from baluardo.edge.mail.service import MailService
from baluardo.errors import ChannelError, ChannelLostError
from baluardo.protocol.driver import MessageChannel
from baluardo.protocol.messages import MailAnswer, MailRequest, encode
from baluardo.trust.channel.endpoint import Endpoint
from baluardo.trust.channel.server import serve
from baluardo.trust.channel.stream import Channel, open_channel
from edge.calls.call_browsers import italy, member, now
from edge.calls.neighbour_sites import PHONE, TABLET, attendance
from edge.country import until
from edge.mail.mail_office import AUTHORITY, large

DEVICES: dict[str, object] = {"kind": "devices", "people": ["person/anna"]}


def test_half_a_message_is_a_sign_of_life() -> None:
    async def scenario() -> None:
        frame = encode(MailAnswer(1, {"octets": large(300 << 10)}))
        whole = asyncio.Event()

        async def talk(channel: Channel) -> None:
            channel.write(frame[:1_000])
            await whole.wait()
            channel.write(frame[1_000:])
            await channel.close()

        endpoint = Endpoint(italy().credential(AUTHORITY), italy().verifier(), now)
        server = await serve(endpoint, talk, "127.0.0.1", 0)
        own = Endpoint(member("office/rome"), italy().verifier(), now)
        async with (
            server,
            await open_channel(
                "127.0.0.1", server.port, own, italy().identity(AUTHORITY)
            ) as channel,
        ):
            messages = MessageChannel(channel)
            receiving = asyncio.create_task(messages.receive())
            await until(lambda: messages.octets_heard)
            assert not receiving.done()
            whole.set()
            assert isinstance(await receiving, MailAnswer)
            assert messages.octets_heard == len(frame)

    asyncio.run(scenario())


class Way:
    """A channel that takes one message when the test lets it, and notes what waits for it."""

    def __init__(self) -> None:
        """Begin stuck."""
        self.waiting: list[MailRequest] = []
        self.sent: list[MailRequest] = []
        self.problem: Exception | None = None
        self._free = asyncio.Event()

    async def send(self, message: MailRequest) -> None:
        """Send, once that is possible."""
        self.waiting.append(message)
        await self._free.wait()
        self._free.clear()
        self.waiting.remove(message)
        if self.problem is not None:
            raise self.problem
        self.sent.append(message)

    def free(self) -> None:
        """Let one message leave."""
        self._free.set()


def test_one_message_of_mail_waits_for_the_channel_at_a_time() -> None:
    async def scenario() -> None:
        mail, way = MailService(), Way()
        seats = [Seat(each, ShownPeople([])) for each in (PHONE, TABLET)]
        async with mail.running():
            mail.opened(way.send)
            for seat in seats:
                mail.sit(seat, attendance(PHONE))
                mail.ask(seat, MailAsk(1, DEVICES, 100))
            await until(lambda: way.waiting)
            for count in (1, 2):
                assert len(way.waiting) == 1
                way.free()
                await until(lambda count=count: len(way.sent) == count)
            assert [each.device for each in way.sent] == [PHONE, TABLET]

    asyncio.run(scenario())


def test_what_the_channel_does_not_take_is_answered_and_the_way_goes_on() -> None:
    async def scenario() -> None:
        mail, way = MailService(), Way()
        seat = Seat(PHONE, ShownPeople([]))
        async with mail.running():
            mail.opened(way.send)
            mail.sit(seat, attendance(PHONE))
            await until(lambda: way.waiting)
            way.free()
            await until(lambda: way.sent)
            mail.hear(MailAnswer(way.sent[0].id, {}))
            await until(lambda: way.waiting)
            assert way.waiting[0].request == {"kind": "collect"}
            way.problem = ChannelError("Too many wait.")
            way.free()
            await until(lambda: not way.waiting)
            # It is tried again after a while, and asks go on meanwhile.
            way.problem = None
            mail.ask(seat, MailAsk(1, DEVICES, 100))
            await until(lambda: way.waiting)
            assert way.waiting[0].request == DEVICES
            # The channel ends while a message waits for it.
            way.problem = ChannelLostError("Lost.")
            way.free()
            await until(lambda: not way.waiting)
            mail.closed()
            other = Way()
            mail.opened(other.send)
            await until(lambda: other.waiting)
            assert other.waiting[0].attendance == attendance(PHONE)

    asyncio.run(scenario())

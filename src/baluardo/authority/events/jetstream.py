"""Events between the authorities of one country, by NATS JetStream.

It makes them quick, nothing depends on it: what an event tells of stands in the database, which
every authority looks at each second. While the server is away, events are dropped.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import ConsumerConfig, DeliverPolicy, RetentionPolicy, StreamConfig
from nats.js.client import JetStreamContext
from nats.js.errors import APIError

from baluardo.authority.events.bus import Bus
from baluardo.authority.events.event import LARGEST_EVENT, Event, EventKind
from baluardo.errors import InvalidInputError

STREAM: Final = "BALUARDO"
KEPT_SECONDS: Final = 3_600.0
"""Events older than this say nothing that the database does not."""
MOST_WAITING: Final = 1_000
PUBLISH_SECONDS: Final = 2.0
AGAIN_SECONDS: Final = 1.0

logger = logging.getLogger("baluardo.authority.events")


class JetStreamBus(Bus):
    """A bus whose own events reach the other authorities too, and theirs this one."""

    def __init__(self, url: str, community: str, name: str) -> None:
        """Prepare; set `look` before `running`."""
        super().__init__()
        self._url = url
        self._subject = f"baluardo.{community.replace('.', '-')}.events"
        self._name = name
        self.look: Callable[[], None] = _nobody
        """Called when another authority tells that something happened."""
        self._outgoing: asyncio.Queue[Event] = asyncio.Queue(MOST_WAITING)
        self._problem: str | None = "not connected yet"

    @property
    def problem(self) -> str | None:
        """Why other authorities are not told; None while they are."""
        return self._problem

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Deliver while inside; never fails for want of a server."""
        async with super().running():
            task = asyncio.create_task(self._keep())
            try:
                yield
            finally:
                await _ended(task)

    def _deliver(self, event: Event) -> None:
        super()._deliver(event)
        if event.authority == self._name:
            with suppress(asyncio.QueueFull):
                self._outgoing.put_nowait(event)

    async def _keep(self) -> None:
        """Stay connected for as long as the program runs."""
        while True:
            try:
                await self._session()
            except (NatsError, APIError, OSError, ValueError, KeyError) as problem:
                # The last two: what answers there is no NATS server.
                self._say(str(problem) or type(problem).__name__)
            await asyncio.sleep(AGAIN_SECONDS)

    async def _session(self) -> None:
        """Connect, hear and tell until the connection ends."""
        lost = asyncio.Event()

        async def ended() -> None:
            lost.set()

        async def failed(_problem: Exception) -> None:
            """What matters ends the connection; the rest is the library's talk."""

        client = await nats.connect(
            self._url,
            allow_reconnect=False,
            connect_timeout=2,
            max_reconnect_attempts=1,
            ping_interval=5,
            max_outstanding_pings=2,
            closed_cb=ended,
            disconnected_cb=ended,
            error_cb=failed,
        )
        try:
            await self._serve(client, lost)
        finally:
            with suppress(NatsError, OSError, TimeoutError):
                await client.close()

    async def _serve(self, client: Client, lost: asyncio.Event) -> None:
        stream = client.jetstream(timeout=PUBLISH_SECONDS)
        await stream.add_stream(
            StreamConfig(
                name=STREAM,
                subjects=["baluardo.*.events"],
                retention=RetentionPolicy.LIMITS,
                max_age=KEPT_SECONDS,
                max_msg_size=LARGEST_EVENT,
            )
        )
        await stream.subscribe(
            self._subject,
            cb=self._hear,
            config=ConsumerConfig(deliver_policy=DeliverPolicy.NEW),
            ordered_consumer=True,
        )
        self._say(None)
        self.look()  # what was told while we were away
        ended = asyncio.create_task(lost.wait())
        try:
            while not ended.done():
                await self._tell_next(stream, ended)
        finally:
            ended.cancel()
        self._say("the connection ended")

    async def _tell_next(self, stream: JetStreamContext, ended: asyncio.Task[bool]) -> None:
        waiting = asyncio.create_task(self._outgoing.get())
        try:
            await asyncio.wait({waiting, ended}, return_when=asyncio.FIRST_COMPLETED)
            if waiting.done():
                await stream.publish(self._subject, waiting.result().to_octets())
        finally:
            waiting.cancel()

    async def _hear(self, message: Msg) -> None:
        try:
            event = Event.of_octets(message.data)
        except InvalidInputError:
            return
        if event.authority == self._name:
            return
        if event.kind is EventKind.MAIL:  # the log, in which `look` looks, tells nothing of it
            self._deliver(event)
        else:
            self.look()

    def _say(self, problem: str | None) -> None:
        if problem != self._problem:
            if problem is None:
                logger.info("Other authorities are told of events.")
            else:
                logger.warning("Other authorities are told of nothing until NATS is back.")
        self._problem = problem


async def _ended(task: asyncio.Task[None]) -> None:
    """End a task, also where code within it takes a cancellation for something else.

    asyncio.wait_for does so before Python 3.12, when what it waits for comes at the same moment.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=AGAIN_SECONDS)


def _nobody() -> None:
    """Nothing looks before there is a store."""

"""The satellite operator, played: it takes signed requests, and schedules the twin's beams.

In reality this is another company's control room (contract). What comes in is judged as it would be
there: genuine, by the key of its channel, not seen before; only then does it reach a beam.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from baluardo.authority.warnings.sky import BeamForecast, BeamNow, OnAir, Reach
from baluardo.emergency.area.atlas import Atlas
from baluardo.emergency.area.warned_area import WarnedArea
from baluardo.emergency.beams.contacts import DWELL_S, PhoneContacts
from baluardo.emergency.beams.forecast import ReachForecast
from baluardo.emergency.beams.phones import Phones
from baluardo.emergency.cap.alert import Alert, MessageType
from baluardo.emergency.cap.reading import read_alert
from baluardo.emergency.channels import Channel
from baluardo.emergency.ways.request import (
    BeamRequest,
    KnownRequests,
    read_request,
    sender_identity,
    sign_request,
)
from baluardo.emergency.ways.way import Order, OrderKind, Receipt
from baluardo.errors import BaluardoError, SourceError
from baluardo.stage.emergency.schedule import HANDSETS, BeamSchedule, Broadcast, Floats
from baluardo.terms import Bilingual
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.verification import Verifier
from baluardo.trust.envelope import Envelope
from baluardo.twin.paths.phone_contacts import phone_contacts
from baluardo.twin.sky.sky import Sky

USUAL_OCTETS: Final = 600.0
"""Of a warning that is only looked at: two languages of three pages."""
CURVE_POINTS: Final = 61
CANCEL_SECONDS: Final = 900.0
"""For how long a cancel stays on the air: phones that look seldom look by then."""
LOOKS_EVERY_S: Final = 1.0

logger = logging.getLogger("baluardo.stage.emergency")


@dataclass(frozen=True, slots=True)
class Taken:
    """A request that was judged to be genuine, and is in the schedule."""

    request: BeamRequest
    at: float
    """POSIX seconds."""
    detail: Bilingual


class TwinOperator:
    """A way out named `twin`, and what the desk is told of its beams."""

    name = "twin"

    def __init__(
        self,
        sky: Callable[[], Sky],
        sky_time: Callable[[], float],
        atlas: Callable[[], Atlas],
        channels: frozenset[Channel],
        phones: Phones | None = None,
        ground_lost: Callable[[Floats, Floats], Floats] | None = None,
        clock: Callable[[], float] = time.time,
        handsets: int = HANDSETS,
    ) -> None:
        """Take the sky, its time and the places; `admit` says whose requests are taken."""
        self.channels = channels
        self._sky, self._sky_time, self._atlas, self._clock = sky, sky_time, atlas, clock
        self._known = KnownRequests()
        self._credential: Callable[[Channel], Credential] | None = None
        self._verifier: Callable[[], Verifier] | None = None
        self._community = ""
        self.schedule = BeamSchedule(self._contacts, phones, ground_lost, handsets)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="beams")
        self.scheduled: dict[str, float] = {}
        """When a request was in the schedule, by its key: `time.monotonic`."""

    def admit(
        self,
        community: str,
        credential: Callable[[Channel], Credential] | None,
        verifier: Callable[[], Verifier],
    ) -> None:
        """Take requests of a community's senders from now on.

        credential: by which `send` signs, where customer and operator share a process.
        """
        self._community, self._credential, self._verifier = community, credential, verifier

    # A way out

    async def send(self, order: Order) -> Receipt:
        """Sign the order as its channel's sender, and hand it to the operator's side."""
        if self._credential is None:
            raise SourceError("The twin's operator has no customer in this process.")
        credential = self._credential(order.channel)
        taken = await self.judge(sign_request(order, credential).to_json())
        return Receipt(self.name, taken.at, taken.detail)

    async def judge(self, octets: bytes) -> Taken:
        """Judge what came, and put it into the schedule; errors as `read_request`."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._judge, octets)

    def _judge(self, octets: bytes) -> Taken:
        if self._verifier is None:
            raise SourceError("The twin's operator has no customer yet.")
        now, envelope = self._clock(), Envelope.of_json(octets)
        permitted = {
            channel: frozenset({sender_identity(self._community, channel)})
            for channel in self.channels
        }
        request = read_request(envelope, self._verifier(), now, permitted)
        if self._known.is_new(request, now):
            self._schedule(request)
            # Whoever asked need not wait for the forecast; it comes before the first dwell is over.
            self._thread.submit(self._foresee, request.key)
        self.scheduled.setdefault(request.key, time.monotonic())
        broadcast = self.schedule.find(request.key)
        wait = 0.0 if broadcast is None else max(0.0, broadcast.began - self._sky_time())
        detail = Bilingual(
            it=f"Nel piano dei fasci: il primo intervallo comincia tra {wait:.1f} s.",
            en=f"In the plan of beams: its first dwell begins in {wait:.1f} s.",
        )
        return Taken(request, now, detail)

    def _schedule(self, request: BeamRequest) -> None:
        alert = read_alert(request.alert, "The request's alert")
        now = self._sky_time()
        replaces = [each.identifier for each in alert.references]
        if request.kind is OrderKind.CANCEL:
            withdrawn = (e for e in self.schedule.active if e.request.warning == request.warning)
            replaces += [each.identifier for each in withdrawn]
        self.schedule.take(
            request,
            self._warned(alert, request),
            alert.infos[0].severity,
            alert.identifier,
            replaces if alert.message_type is not MessageType.ALERT else (),
            now,
        )

    def _foresee(self, key: str) -> None:
        broadcast = self.schedule.find(key)
        try:
            if broadcast is not None:
                self.schedule.foresee(broadcast)
        except BaluardoError as problem:
            logger.warning("No forecast could be made: %s", problem)

    def _warned(self, alert: Alert, request: BeamRequest) -> WarnedArea:
        if any(info.areas for info in alert.infos):
            return WarnedArea.of_alert(alert, self._atlas())
        told = self.schedule.broadcasts
        return next(each.warned for each in told if each.request.warning == request.warning)

    # What is told of it

    async def preview(self, warned: WarnedArea) -> BeamForecast:
        """Return what would be if a warning for this area were released now."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._preview, warned)

    def _preview(self, warned: WarnedArea) -> BeamForecast:
        made, told, contacts = self.schedule.preview(warned, USUAL_OCTETS, self._sky_time())
        busy = made.warned_beams.sum(axis=1)
        lit = busy.nonzero()[0]
        names = self._sky().catalogue.names
        order = list(dict.fromkeys(made.satellite.tolist()))
        return BeamForecast(
            satellites=tuple(names[contacts.satellites[s]] for s in order),
            beams_at_once=int(busy.max(initial=0)),
            first_s=float(lit[0] * made.dwell_s) if lit.size else None,
            time_to_95_s=told.time_to_95_of_able_s,
            curve=_thinned(told),
        )

    def reach(self, warning: str) -> Reach | None:
        """Return how far a warning has come; None if it never was on the air."""
        return self._thread.submit(self._reach, warning).result()

    def _reach(self, warning: str) -> Reach | None:
        found = [
            each
            for each in self.schedule.broadcasts
            if each.request.warning == warning and each.request.kind is OrderKind.RELEASE
        ]
        if not found:
            return None
        self.schedule.advance(self._sky_time())
        broadcast, names = found[-1], self._sky().catalogue.names
        counted = broadcast.curve(self.schedule.phones)
        told = broadcast.foreseen
        own = set(broadcast.warned.cells.names)
        reached = counted.by_cell[-1].tolist()
        shares = zip(broadcast.warned.cells.names, reached, strict=True)
        busy, of = self.schedule.load()
        on_air = broadcast.ended is None
        beams = [each for each in self.schedule.shining() if each.cell in own] if on_air else []
        return Reach(
            at=self._clock(),
            share=float(counted.share[-1]),
            curve=_points(counted.times_s, counted.share),
            forecast=() if told is None else _thinned(told),
            time_to_95_s=None if told is None else told.time_to_95_of_able_s,
            cells=tuple((name, share if share == share else 0.0) for name, share in shares),  # noqa: PLR0124
            beams=tuple(
                BeamNow(names[each.satellite], each.cell, self._clock() + DWELL_S) for each in beams
            ),
            busy=busy,
            of=of,
        )

    def on_air(self, lat_deg: float, lon_deg: float) -> list[OnAir]:
        """Return what a phone at a place receives: of every warning whose beams sweep its cell."""
        return self._thread.submit(self._on_air, lat_deg, lon_deg).result()

    def _on_air(self, lat_deg: float, lon_deg: float) -> list[OnAir]:
        self.schedule.advance(self._sky_time())
        found = []
        for each in self.schedule.active:
            if each.lit and each.warned.contains(lat_deg, lon_deg):
                found += [_heard(each, k) for k in range(len(each.request.messages))]
        return found

    # Running

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Play the schedule until left."""
        task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            self._thread.shutdown(wait=True, cancel_futures=True)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(LOOKS_EVERY_S)
            try:
                await asyncio.get_running_loop().run_in_executor(self._thread, self._look)
            except BaluardoError as problem:
                logger.warning("The twin's beams could not be played: %s", problem)

    def _look(self) -> None:
        """Play what is due, and take what has expired off the air."""
        now, sky_now = self._clock(), self._sky_time()
        self.schedule.advance(sky_now)
        for each in list(self.schedule.active):
            over = now >= each.request.until
            if each.request.kind is OrderKind.CANCEL:
                over = over or now >= each.request.starts + CANCEL_SECONDS
            if over:
                self.schedule.end(each, sky_now)

    def _contacts(
        self, lat_deg: Floats, lon_deg: Floats, start: float, dwells: int
    ) -> PhoneContacts:
        found = phone_contacts(
            self._sky(), lat_deg, lon_deg, start=start, dwells=dwells, dwell_s=DWELL_S
        )
        return PhoneContacts.of(found)


def _heard(broadcast: Broadcast, place: int) -> OnAir:
    message = broadcast.request.messages[place]
    return OnAir(
        warning=broadcast.request.warning,
        channel=broadcast.request.channel.value,
        message_id=message.message_id,
        serial=message.serial,
        language=message.language,
        pages=message.pages,
        area=message.area,
        coding=message.dcs,
        cancel=broadcast.request.kind is OrderKind.CANCEL,
    )


def _thinned(told: ReachForecast) -> tuple[tuple[float, float], ...]:
    return _points(told.times_s, told.share)


def _points(times_s: Floats, share: Floats) -> tuple[tuple[float, float], ...]:
    """Return a curve in points that a page can draw."""
    step = max(1, (len(times_s) - 1) // (CURVE_POINTS - 1))
    chosen = sorted({*range(0, len(times_s), step), len(times_s) - 1})
    return tuple((float(times_s[k]), round(float(share[k]), 4)) for k in chosen)

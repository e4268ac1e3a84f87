"""Where receivers of AIS say that platforms of ours are: followed, told with how sure that is.

AIS is signed by nobody, so what it says is *observed*: it moves a symbol on the page, and a
position that cannot be is told and not believed. Plans keep to the missions.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from baluardo.console.part import StatusItem
from baluardo.errors import InvalidInputError, StageError
from baluardo.fleet.platform import PlatformKind
from baluardo.fleet.tracks.estimate import Estimator
from baluardo.fleet.tracks.estimated import Estimate
from baluardo.fleet.tracks.feed import Feed
from baluardo.fleet.tracks.heard import Heard
from baluardo.fleet.tracks.verdicts import Verdict
from baluardo.terms import Bilingual

OLDEST_S: Final = 1_800.0
"""Estimates are fitted for half an hour; of an older report the mission says more."""

DOUBT_S: Final = 600.0
"""A report that is not believed is told for so long."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where AIS comes from: a port to connect to, or one here to listen on."""

    way: Literal["tcp", "udp"]
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Observation:
    """What reports say of a platform now."""

    estimate: Estimate | None
    """None where nothing is believed, or only what is too old."""
    doubt: Bilingual | None
    """Why the last report was not believed, while that is fresh."""


class Observed:
    """Follows the platforms whose MMSI is known. To be used on the event loop."""

    def __init__(
        self,
        kinds: Mapping[str, PlatformKind],
        receiver: Receiver | None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Prepare; `kinds` are the platforms by MMSI. Nothing is heard before `listening`."""
        self._estimators = {mmsi: Estimator(kind) for mmsi, kind in kinds.items()}
        self._doubts: dict[str, tuple[float, Bilingual]] = {}
        self._receiver, self._clock = receiver, clock
        self._feed = Feed(self.take, clock)

    def take(self, heard: Heard) -> None:
        """Take in what a line gave; others' ships are nobody's here."""
        report = heard.position
        if report is None or (estimator := self._estimators.get(report.platform)) is None:
            return
        now = self._clock()
        taken = estimator.take(report, now)
        # Receivers that hear the same ship repeat each other: nothing is wrong with that.
        if not taken.believed and taken.reason and taken.verdict is not Verdict.REPEATED:
            self._doubts[report.platform] = now, taken.reason

    def of(self, mmsi: str | None, moment: float) -> Observation:
        """Return what is known of a platform at a moment, POSIX seconds."""
        estimator = self._estimators.get(mmsi or "")
        if mmsi is None or estimator is None:
            return Observation(None, None)
        estimate = None
        with contextlib.suppress(InvalidInputError):
            estimate = estimator.at(moment)
        when, doubt = self._doubts.get(mmsi, (-DOUBT_S, None))
        return Observation(
            estimate if estimate is not None and estimate.age_s <= OLDEST_S else None,
            doubt if self._clock() - when <= DOUBT_S else None,
        )

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Hear what comes while inside. StageError where the port cannot be had."""
        receiver = self._receiver
        if receiver is None:
            yield
            return
        if receiver.way == "udp":
            try:
                transport, _ = await self._feed.udp(receiver.port, receiver.host)
            except InvalidInputError as problem:
                raise StageError(str(problem)) from None
            try:
                yield
            finally:
                transport.close()
            return
        task = asyncio.create_task(self._feed.tcp(receiver.host, receiver.port))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def status(self) -> list[StatusItem]:
        """Return what is wrong with the receiver."""
        problem = self._feed.problem
        if problem is None:
            return []
        text = {"it": f"Ricevitore AIS: {problem}", "en": f"AIS receiver: {problem}"}
        return [StatusItem("fleet-receiver", "warning", text)]

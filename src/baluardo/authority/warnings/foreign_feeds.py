"""Watching the feeds of others for as long as the authority runs: a driver."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from baluardo.authority.warnings.desk import WarningDesk
from baluardo.authority.warnings.feed_settings import FeedSettings
from baluardo.authority.warnings.foreign_alerts import ForeignAlert, end_of
from baluardo.authority.warnings.foreign_areas import Outlines
from baluardo.emergency.cap.alert import Alert, Reference
from baluardo.emergency.cap.watching import MOST_WAIT_S, FeedWatcher, Judge, Judged, Round
from baluardo.errors import InvalidInputError, TrustError
from baluardo.trust.certificates.pinned import PinnedCertificate
from baluardo.trust.xml_signature import verify_xml

AT_ONCE: Final = 50
"""Alerts whose outlines are worked out before any of them is shown."""
OWN_FAULT: Final = "Reading this feed failed by a fault of this program, which is in its log."

logger: Final = logging.getLogger("baluardo.authority.warnings")


def judge_of(pinned: Sequence[PinnedCertificate], clock: Callable[[], float]) -> Judge:
    """Return what believes alerts with an XML signature by one of these, and no others."""

    def judge(octets: bytes) -> Judged:
        try:
            verified = verify_xml(octets, pinned, clock())
        except TrustError as problem:
            raise InvalidInputError(str(problem)) from None
        return Judged(verified.octets, verified.signer.subject)

    return judge


@contextlib.asynccontextmanager
async def watching_feeds(desk: WarningDesk, clock: Callable[[], float]) -> AsyncIterator[None]:
    """Watch every feed of the settings until left; none stops another, or whoever entered."""
    outlines = Outlines()
    tasks = [
        asyncio.create_task(_Watched(desk, feed, outlines, clock).run())
        for feed in desk.settings.feeds
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Watched:
    """One feed on its way into the desk."""

    def __init__(
        self,
        desk: WarningDesk,
        feed: FeedSettings,
        outlines: Outlines,
        clock: Callable[[], float],
    ) -> None:
        self._desk, self._feed, self._outlines, self._clock = desk, feed, outlines, clock
        self._followed = desk.foreign.feed(feed.name)
        self._said: str | None = None
        """The failure that was logged last; None while it goes well."""

    async def run(self) -> None:
        """Look until cancelled; whatever goes wrong here is this feed's alone."""
        while True:
            try:
                pinned = await asyncio.to_thread(self._feed.pinned, self._desk.directory)
                judge = judge_of(pinned, self._clock) if self._feed.signers else None
                watcher = FeedWatcher(self._feed.target, self._feed.every_s, judge)
                await watcher.watch(self._take, asyncio.Event())
            except Exception:  # the edge of the driver: whatever it was, later it may go well
                logger.exception("The feed %s could not be read.", self._feed.name)
                self._said = OWN_FAULT
                self._followed.fail(OWN_FAULT, self._clock())
            await asyncio.sleep(MOST_WAIT_S)

    async def _take(self, found: Round) -> None:
        if found.failure is not None:
            self._followed.fail(found.failure, self._clock())
        else:
            for first in range(0, len(found.alerts), AT_ONCE):
                some = found.alerts[first : first + AT_ONCE]
                taken = await asyncio.to_thread(self._foreign, some, found.signers)
                self._followed.take(taken, (), self._clock())
            self._followed.take((), found.problems, self._clock())
        self._log(found.failure)

    def _foreign(
        self, alerts: Sequence[Alert], signers: Mapping[Reference, str]
    ) -> list[ForeignAlert]:
        found = []
        for each in alerts:
            # Files beside the text may be megabytes, and the desk shows none.
            infos = tuple(replace(info, resources=()) for info in each.infos)
            alert = replace(each, infos=infos)
            over = end_of(alert) <= self._clock()
            areas = () if over else self._outlines.of_alert(alert, self._desk.atlas)
            found.append(ForeignAlert(alert, areas, signers.get(alert.reference)))
        return found

    def _log(self, failure: str | None) -> None:
        """Log each change once: a feed that is away for a day must not fill the log."""
        if failure == self._said:
            return
        self._said = failure
        if failure is None:
            logger.info("The feed %s is read again.", self._feed.name)
        else:
            logger.warning("The feed %s cannot be read: %s", self._feed.name, failure)

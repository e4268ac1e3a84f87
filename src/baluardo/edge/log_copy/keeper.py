"""Keeps an edge's copy of the log near to the authority's, for as long as the edge runs.

It looks when an authority was found, when news have come, every so often, and when somebody asks
for a certificate that the copy does not tell of. One look at a time; who asks meanwhile waits for
its end.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from baluardo.calls.attempts import Attempts
from baluardo.edge.alarms import LOG_COPY
from baluardo.edge.link import Link
from baluardo.edge.log_copy.asking import AuthorityLog
from baluardo.edge.log_copy.store import WITNESS, LogCopy, LogEvidence
from baluardo.edge.news import Known
from baluardo.edge.state import EdgeState
from baluardo.errors import BaluardoError, LogError, UnknownError
from baluardo.protocol.whereabouts import LOG_VKEY
from baluardo.trust.audit.note import VerifierKey
from baluardo.trust.audit.reading import CHECKPOINT
from baluardo.trust.issuing.own_witness import OwnWitness

LOG: Final = "log"
KEY: Final = "witness.jwe"
EVERY_SECONDS: Final = 600.0
"""Between two looks where nothing else calls for one."""
AGAIN_SECONDS: Final = 10.0
"""At least, between two looks that nobody waits for."""
NOTICE_SECONDS: Final = 0.5
"""After which a new channel and news are noticed."""
ASKED_AT_ONCE: Final = 4
ASKED_EVERY_SECONDS: Final = 10.0
"""Looks at the authority's log on behalf of browsers, of all together: anybody may cause one."""

NO_LOG: Final = (
    "This site has no copy of the authority's log yet: nobody's certificate can be shown to stand "
    "in it. It is fetched when an authority is reached."
)

logger = logging.getLogger("baluardo.edge.log_copy")


class LogKeeper:
    """The copy of the log of a running edge, and the edge as its witness."""

    def __init__(self, state: EdgeState, link: Link) -> None:
        """Take the edge's state; nothing is opened before it runs, so nothing can stop the edge."""
        self._state, self._link = state, link
        self._directory = state.directory / LOG
        self.copy: LogCopy | None = None
        """None before the log's key is known, and while the disk does not give it."""
        self._source: AuthorityLog | None = None
        self._looking: asyncio.Task[bool] | None = None
        self._asked = Attempts(ASKED_AT_ONCE, ASKED_EVERY_SECONDS)
        self._looked_at = -EVERY_SECONDS
        self._seen: Known | None = None
        """What was known at the last look."""
        self._was_connected = False
        self._problem = ""
        """Of the last look: one that stays the same is told once."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Look after the log while inside."""
        self._source = AuthorityLog(self._state, self._link)
        task = asyncio.get_running_loop().create_task(self._run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self._source.close()
            if self._looking is not None:
                await asyncio.gather(self._looking, return_exceptions=True)
            if self.copy is not None:
                self.copy.close()

    def opened(self) -> LogCopy:
        """Return the copy; LogError if there is nothing in it yet."""
        if self.copy is None or not self.copy.checkpoint:
            raise LogError(NO_LOG)
        return self.copy

    async def evidence(self, fingerprint: str) -> LogEvidence:
        """Return what shows a certificate; an authority is asked once if it is not here.

        UnknownError if the log does not tell of it as far as is known, LogError without a copy.
        """
        found = await self._find(fingerprint)
        if found is None and await self.look_for_somebody():
            found = await self._find(fingerprint)
        if found is None:
            self.opened()
            raise UnknownError(
                "The copy of the log at this site does not tell of this certificate: whoever shows "
                "it is not to be believed, or was enrolled while no authority could be reached."
            )
        return found

    async def consistency(self, old: int, size: int) -> tuple[bytes, ...]:
        """Return what leads from one size of the log to another; as `LogCopy.consistency`."""
        copy = self.opened()
        if size > copy.size:
            await self.look_for_somebody()
        return await asyncio.to_thread(copy.consistency, old, size)

    async def look_for_somebody(self) -> bool:
        """Look now if that may be; tell whether the copy has grown."""
        now = asyncio.get_running_loop().time()
        if not self._link.connected or not (self._is_looking or self._asked.take("", now)):
            return False
        try:
            return await self.look()
        except BaluardoError as problem:
            logger.info("%s", problem)
            return False

    async def look(self) -> bool:
        """Take what the log has become; tell whether anything was new. LogError if it cannot be."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.get_running_loop().create_task(self._look())
        return await asyncio.shield(self._looking)

    @property
    def _is_looking(self) -> bool:
        return self._looking is not None and not self._looking.done()

    async def _find(self, fingerprint: str) -> LogEvidence | None:
        with contextlib.suppress(LogError):  # it was damaged, and is fetched again
            return await asyncio.to_thread(self.opened().evidence, fingerprint)
        return None

    async def _run(self) -> None:
        """Look whenever it is due, until cancelled; whatever goes wrong, go on."""
        while True:
            pause = AGAIN_SECONDS
            try:
                await self._open()
                if self._is_due():
                    await self.look()
                pause, self._problem = NOTICE_SECONDS, ""
            except BaluardoError as problem:
                level = logging.DEBUG if str(problem) == self._problem else logging.WARNING
                logger.log(level, "The log was not copied: %s", problem)
                self._problem = str(problem)
            except Exception:
                logger.exception("The copy of the log failed at something.")
            await asyncio.sleep(pause)

    async def _open(self) -> None:
        """Open the copy once the log's key is known."""
        vkey = self._state.known.heard.get(LOG_VKEY)
        if self.copy is not None or vkey is None:
            return
        log = VerifierKey.of_text(vkey.decode(errors="replace").strip())

        try:
            self.copy = await asyncio.to_thread(self._opened, log)
        except BaluardoError as problem:
            self._state.alarms.raise_log_copy(str(problem))
            raise
        self._state.alarms.raised.pop(LOG_COPY, None)
        self._judge()

    def _opened(self, log: VerifierKey) -> LogCopy:
        """Open what is on the disk, the witness's key first; errors as `OwnWitness`, `LogCopy`."""
        state, memory = self._state, self._directory / WITNESS
        name = f"{state.identity.community}/{state.identity.path}"
        profile = state.verifier.anchors.profile
        own = OwnWitness.open(self._directory / KEY, name, profile, state.access, memory)
        witness = own.watch(memory, log, self._directory / CHECKPOINT)
        return LogCopy(self._directory, log, witness)

    def _is_due(self) -> bool:
        now, connected = asyncio.get_running_loop().time(), self._link.connected
        is_new = connected and not self._was_connected
        self._was_connected = connected
        if self.copy is None or not connected or self.copy.fork:
            return False
        since = now - self._looked_at
        news = self._seen is not self._state.known or not self.copy.checkpoint
        return is_new or since >= EVERY_SECONDS or (news and since >= AGAIN_SECONDS)

    async def _look(self) -> bool:
        if self.copy is None or self._source is None:
            raise LogError(NO_LOG)
        self._looked_at, self._seen = asyncio.get_running_loop().time(), self._state.known
        offered = await self._source.checkpoint()
        try:
            return await asyncio.to_thread(
                self.copy.take, offered, self._source.tile, self._state.clock()
            )
        finally:
            self._judge()

    def _judge(self) -> None:
        if self.copy is not None and self.copy.fork:
            self._state.alarms.raise_forked_log(self.copy.fork)

"""Files of the authority's log, over the channel that the edge has anyway.

The channel is there wherever the edge can do anything with an authority, and it has found the one
that answers; HTTP may lead nowhere from a site. So HTTP is asked for one thing alone: a bundle that
is larger than what a channel forwards. What comes is believed in neither case.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import CancelledError, Future
from typing import Final

from baluardo.edge.link import Link
from baluardo.edge.state import EdgeState
from baluardo.edge.web import API, AuthorityWeb
from baluardo.errors import BaluardoError, LogError
from baluardo.protocol.messages import ApiAnswer, ApiRequest
from baluardo.trust.audit.note import MOST_NOTE_OCTETS
from baluardo.trust.audit.reading import CHECKPOINT
from baluardo.trust.audit.tiles import (
    ENTRIES,
    MOST_BUNDLE_OCTETS,
    TILE_WIDTH,
    Tile,
    bundle_of,
    entries_of,
    hashes_of,
)

LOG: Final = f"{API}/public/log/"
OK: Final = 200
NOT_FOUND: Final = 404


class AuthorityLog:
    """The log of whichever authority is connected. `tile` may be called in any other thread."""

    def __init__(self, state: EdgeState, link: Link) -> None:
        """Ask over a link; to be made within the event loop."""
        self._state, self._link = state, link
        self._loop = asyncio.get_running_loop()
        self._web = AuthorityWeb()
        self._asked: Future[bytes] | None = None
        self._closed = False

    async def close(self) -> None:
        """Give up what is being asked; whoever waits for it gets a LogError."""
        self._closed = True
        if self._asked is not None:
            self._asked.cancel()
        await self._web.close()

    async def checkpoint(self) -> bytes:
        """Return the newest checkpoint, not verified; LogError if none comes."""
        octets = await self._file(CHECKPOINT)
        if len(octets) > MOST_NOTE_OCTETS:
            raise LogError("The authority's checkpoint is larger than any.")
        return octets

    def tile(self, tile: Tile) -> bytes:
        """Return a tile or bundle, not verified; LogError if it cannot be had."""
        if self._closed:
            raise LogError("The edge stops: the log is copied further at its next start.")
        self._asked = asyncio.run_coroutine_threadsafe(self._tile(tile), self._loop)
        try:
            return self._asked.result()
        except CancelledError:
            raise LogError("The edge stops: the log is copied further at its next start.") from None

    async def _tile(self, tile: Tile) -> bytes:
        if tile.width == TILE_WIDTH:
            return await self._file(tile.path)
        try:
            return await self._file(tile.path)
        except _MissingError:  # it was completed meanwhile
            octets = await self._file(tile.full.path)
        if tile.level == ENTRIES:
            return bundle_of(entries_of(octets, tile.full)[: tile.width])
        return b"".join(hashes_of(octets, tile.full)[: tile.width])

    async def _file(self, path: str) -> bytes:
        host = self._state.whereabouts.host

        def asked(number: int) -> ApiRequest:
            return ApiRequest(number, "GET", f"{LOG}{path}", "", {}, b"", host)

        try:
            answer = await self._link.request(asked)
        except BaluardoError as problem:
            raise LogError(f"The authority's log cannot be asked for: {problem}") from None
        if answer.status == OK:
            return answer.body
        if answer.status == NOT_FOUND:
            raise _MissingError(f"The authority's log has no {path}.")
        return await self._over_http(path, answer)

    async def _over_http(self, path: str, answer: ApiAnswer) -> bytes:
        for address in self._state.whereabouts.web:
            try:
                return await self._web.public_file(address, f"log/{path}", MOST_BUNDLE_OCTETS)
            except BaluardoError:
                continue
        raise LogError(f"The authority answers with status {answer.status} for its log's {path}.")


class _MissingError(LogError):
    """The authority has no such file."""

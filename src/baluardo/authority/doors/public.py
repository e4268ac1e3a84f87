"""The public half, for anybody: roots, issuers, lists and the log, in one piece or file by file.

Only the names of `trust.issuing.layout.Public` lead anywhere, and no step of a path may be a link.
"""

from __future__ import annotations

import asyncio
import os
import re
import threading
from pathlib import Path
from stat import S_ISREG
from typing import Final, NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from baluardo.authority.context import Authority
from baluardo.authority.doors.door import PREFIX
from baluardo.errors import InvalidInputError, UnknownError
from baluardo.protocol.public_bundle import PublicBundle, check_files
from baluardo.trust.audit.note import MOST_NOTE_OCTETS
from baluardo.trust.audit.reading import CHECKPOINT
from baluardo.trust.audit.tiles import MOST_BUNDLE_OCTETS
from baluardo.trust.certificates.revocation_list import LARGEST_LIST
from baluardo.trust.digest import digest

FOR_EVER: Final = "public, max-age=31536000, immutable"
ASK_AGAIN: Final = "no-cache"
"""Kept, but not used again without asking whether it is still the same."""
NEVER_KEPT: Final = "no-store"

_CHECKPOINT: Final = f"log/{CHECKPOINT}"
_TILE = re.compile(
    r"log/tile/(?:entries|[0-9]{1,2})/(?:x[0-9]{3}/){0,6}[0-9]{3}(?P<part>\.p/[0-9]{1,3})?\Z",
    re.ASCII,
)
_SEAL: Final = re.compile(r"seals/[a-z0-9][a-z0-9._-]{0,62}\.pem\Z", re.ASCII)
"""For outsiders, who pin it: members have no use for it, so bundles hold none."""
_LARGEST: Final = max(LARGEST_LIST, MOST_BUNDLE_OCTETS, MOST_NOTE_OCTETS)
_TYPES: Final = {
    ".pem": "application/x-pem-file",
    ".crl": "application/pkix-crl",
    ".json": "application/json",
    ".vkey": "text/plain; charset=utf-8",
}


class Tagged(NamedTuple):
    """Octets, and the entity tag by which a client asks whether they are still the same."""

    octets: bytes
    tag: str

    @classmethod
    def of(cls, octets: bytes) -> Tagged:
        """Make the tag of some octets."""
        return cls(octets, f'"{digest(octets).hex()[:32]}"')


class PublicFiles:
    """An authority's public directory as anybody may read it."""

    def __init__(self, directory: Path) -> None:
        """Read below a directory; nothing is read yet."""
        self._directory = directory
        self._bundle: tuple[object, Tagged] | None = None
        self._turn = threading.Lock()

    def file(self, path: str) -> bytes:
        """Return a file's octets; UnknownError for every name that is none of the public half."""
        if path != _CHECKPOINT and not _TILE.match(path) and not _SEAL.match(path):
            try:
                check_files({path: b""})
            except InvalidInputError:
                raise _unknown() from None
        try:
            return _read(self._directory, path.split("/"))
        except OSError:
            raise _unknown() from None

    def bundle(self) -> Tagged:
        """Return all but the log as one JSON text; made anew, once, when a file has changed."""
        with self._turn:
            state = self._state()
            if self._bundle is None or self._bundle[0] != state:
                octets = PublicBundle.of_public(self._directory).to_octets()
                self._bundle = (state, Tagged.of(octets))
            return self._bundle[1]

    def _state(self) -> object:
        return sorted(
            (file.name, (told := file.stat()).st_mtime_ns, told.st_size, told.st_ino)
            for pattern in ("*", "anchors/*", "links/*", "issuers/*", "lists/*")
            for file in self._directory.glob(pattern)
            if file.is_file()
        )


def public_router(authority: Authority) -> APIRouter:
    """Return the door to the public half."""
    router = APIRouter(prefix=PREFIX, tags=["public"])
    files = PublicFiles(authority.layout.public.directory)

    @router.head("/public/bundle", include_in_schema=False)
    @router.get("/public/bundle", response_class=Response)
    async def bundle(request: Request) -> Response:
        found = await asyncio.to_thread(files.bundle)
        return _answer(request, found, "application/json", ASK_AGAIN)

    @router.head("/public/{path:path}", include_in_schema=False)
    @router.get("/public/{path:path}", response_class=Response)
    async def file(request: Request, path: str) -> Response:
        found = Tagged.of(await asyncio.to_thread(files.file, path))
        tile = _TILE.match(path)
        if tile is not None:
            keep = ASK_AGAIN if tile["part"] else FOR_EVER
            return _answer(request, found, "application/octet-stream", keep)
        if path == _CHECKPOINT:
            return _answer(request, found, "text/plain; charset=utf-8", NEVER_KEPT)
        kind = _TYPES.get(Path(path).suffix, "application/octet-stream")
        return _answer(request, found, kind, ASK_AGAIN)

    return router


def _answer(request: Request, found: Tagged, kind: str, keep: str) -> Response:
    octets, tag = found
    headers = {"ETag": tag, "Cache-Control": keep}
    asked = request.headers.get("if-none-match", "")
    if asked.strip() == "*" or tag in [
        each.strip().removeprefix("W/") for each in asked.split(",")
    ]:
        return Response(status_code=304, headers=headers)
    return Response(octets, media_type=kind, headers=headers)


def _read(directory: Path, steps: list[str]) -> bytes:
    """Return a regular file's octets, following no link below the directory; OSError."""
    *folders, name = steps
    held = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for folder in folders:
            inner = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=held)
            os.close(held)
            held = inner
        with os.fdopen(
            os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=held), "rb"
        ) as file:
            if not S_ISREG(os.fstat(file.fileno()).st_mode):
                raise FileNotFoundError(name)
            octets = file.read(_LARGEST + 1)
    finally:
        os.close(held)
    if len(octets) > _LARGEST:
        raise FileNotFoundError(name)
    return octets


def _unknown() -> UnknownError:
    return UnknownError("The public half has no such file.")

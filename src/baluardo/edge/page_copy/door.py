"""Where browsers get the signed list of the pages, and the files that stand at fixed addresses."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from baluardo.console.pages import MEDIA_TYPES
from baluardo.edge.page_copy.judgement import SignedPages
from baluardo.errors import SourceError

LIST: Final = "/api/calls/pages"
FIXED: Final = ("phone-worker.js", "phone.webmanifest", "phone-icon.svg", "404.html")
"""The guard must stand at the root: a service worker answers below its own address alone."""
NEVER_KEPT: Final = {"cache-control": "no-store"}


def page_copy_router(edge: Path, static: Path) -> APIRouter:
    """Return the door of an edge's directory; `static` is where the pages were built."""
    signed = SignedPages(edge)
    router = APIRouter(include_in_schema=False)

    @router.get(LIST)
    async def listed() -> Response:
        """Answer with the list, or with nothing: then nobody has signed these pages."""
        try:
            octets = signed.octets()
        except SourceError as problem:
            raise HTTPException(503, str(problem)) from None
        if not octets:
            return Response(status_code=204, headers=NEVER_KEPT)
        return Response(octets, media_type="application/json", headers=NEVER_KEPT)

    def add(name: str) -> None:
        file = static / name

        async def fixed() -> Response:
            if not file.is_file():
                raise HTTPException(404, "There is no such file.")
            headers = {"content-type": MEDIA_TYPES[file.suffix], **NEVER_KEPT}
            return Response(file.read_bytes(), headers=headers)

        router.add_api_route(f"/{name}", fixed, methods=["GET", "HEAD"])

    for name in FIXED:
        add(name)
    return router

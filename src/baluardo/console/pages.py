"""The built pages on disk: found once, served from memory's list, so no address can leave it."""

from __future__ import annotations

import gzip
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
}
"""What the console serves, and as what; anything else in the folder is not served."""

_COMPRESSED_ALREADY = frozenset({".png", ".woff2"})
_WORTH_COMPRESSING_BYTES = 1_024

NOT_BUILT = (
    "The pages of this console have not been built yet. Run `make run` in the project's folder: "
    "it builds them and starts the console.\n"
)
NOT_FOUND_PAGE = "404.html"


class BuiltPages:
    """The files of one build. Names under `assets/` carry a hash of what they hold."""

    def __init__(self, folder: Path) -> None:
        """List the servable files below `folder`; an absent folder gives an empty list."""
        self._files = {
            path.relative_to(folder).as_posix(): path
            for path in (sorted(folder.rglob("*")) if folder.is_dir() else ())
            if path.is_file() and not path.is_symlink() and path.suffix in MEDIA_TYPES
        }
        self._compressed: dict[str, bytes] = {}

    def page(self, entry: str, status: int = 200) -> Response:
        """Return an HTML page, never cached; a sentence if the pages are not built."""
        path = self._files.get(entry)
        if path is None:
            return PlainTextResponse(NOT_BUILT, 503, {"cache-control": "no-store"})
        return Response(
            path.read_bytes(),
            status,
            {"cache-control": "no-store", "content-type": MEDIA_TYPES[".html"]},
        )

    def asset(self, name: str, request: Request) -> Response | None:
        """Return a file under `assets/`, cached for ever; None if the build has no such file."""
        key = f"assets/{name}"
        path = self._files.get(key)
        if path is None:
            return None
        headers = {
            "cache-control": "public, max-age=31536000, immutable",
            "content-type": MEDIA_TYPES[path.suffix],
        }
        body = path.read_bytes()
        if path.suffix not in _COMPRESSED_ALREADY and len(body) >= _WORTH_COMPRESSING_BYTES:
            headers["vary"] = "accept-encoding"
            if "gzip" in request.headers.get("accept-encoding", ""):
                headers["content-encoding"] = "gzip"
                if key not in self._compressed:
                    self._compressed[key] = gzip.compress(body, 6)
                body = self._compressed[key]
        return Response(body, headers=headers)

    def not_found(self) -> Response:
        """Return the page that says there is no such page."""
        if NOT_FOUND_PAGE in self._files:
            return self.page(NOT_FOUND_PAGE, 404)
        return PlainTextResponse("There is no such page.\n", 404, {"cache-control": "no-store"})

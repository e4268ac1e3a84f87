"""The console's door: who may ask, how large a question may be, what a browser may do with a page.

A console listens on the machine's own address, so its first enemy is another page in the same
browser. Three checks keep that page out: the Host header has to name this console (a page that
points its own name at 127.0.0.1 fails here), anything that changes state has to come from our own
origin and be JSON (a form on a foreign page fails here), and a WebSocket has to come from our own
origin (browsers apply no same-origin rule to those). A request without an Origin header comes from
no web page, since browsers always send one where it matters; it is let through.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 1_048_576
"""Largest request body. Nothing the console takes is near it; uploads will set their own limit."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

NO_FORMS_TYPES = frozenset({"application/json", "application/octet-stream"})
"""What a form on a foreign page cannot send (Fetch standard, CORS-safelisted request-header); the
second is for machines that send what is sealed."""

WORKER_POLICY = "default"
"""The Trusted Types policy of a page's workers: it passes the address of one worker script of
ours and nothing else, the map's on the globe, that of the calls on the telephone. It has to be the
one called `default`, because the map library starts its worker by a plain string.
"""

GUARD_POLICY = "guard"
"""Passes the address of one script: the service worker that answers from an installed copy."""

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        f"trusted-types {WORKER_POLICY} {GUARD_POLICY}",
    )
)

_UNUSED_FEATURES = (
    "accelerometer",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "midi",
    "payment",
    "serial",
    "usb",
)

_MICROPHONE = "microphone"
MICROPHONE_PAGES = frozenset({"/phone"})
"""The telephone asks for it, and then the person is asked; no other page can."""

SECURITY_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "permissions-policy": ", ".join(
        f"{feature}=()" for feature in (*_UNUSED_FEATURES, _MICROPHONE)
    ),
    "x-frame-options": "DENY",
}
"""On every response, whatever it is, but for the pages that hear."""

MICROPHONE_HEADERS = SECURITY_HEADERS | {
    "permissions-policy": SECURITY_HEADERS["permissions-policy"].replace(
        f"{_MICROPHONE}=()", f"{_MICROPHONE}=(self)"
    )
}
"""On the pages that hear, and on every page of an installed copy, whose list has one set."""

logger = logging.getLogger(__name__)


class Refusal(Exception):  # noqa: N818 - control flow inside this module, never shown by its name
    """A request is turned away at the door: HTTP status and a sentence that says why."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


def host_name(host_header: str) -> str:
    """Return the name in a Host header, lower case and without the port; "" if it is malformed."""
    try:
        parts = urlsplit(f"//{host_header}")
        _ = parts.port  # raises where the port is no number
    except ValueError:
        return ""
    if parts.path or parts.query or parts.fragment or parts.username is not None:
        return ""
    # urlsplit leaves an IPv6 zone after "%" as it was written.
    return (parts.hostname or "").lower()


def same_origin(origin: str, scheme: str, host_header: str) -> bool:
    """Tell whether an Origin header names the scheme, host and port that a request was sent to.

    `scheme` is "http" or "https". Browsers write an origin in one way only (RFC 6454, 6.2), with
    the port where the Host header has it, so nothing has to be taken apart.
    """
    return origin.lower() == f"{scheme}://{host_header}".lower()


class Door:
    """ASGI middleware: turns foreign requests away and puts the headers on every response."""

    def __init__(
        self, app: ASGIApp, allowed_hosts: Sequence[str], max_body_bytes: int = MAX_BODY_BYTES
    ) -> None:
        self._app = app
        self._hosts = frozenset(host_name(host) or host.lower() for host in allowed_hosts)
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or WebSocket."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False
        received = 0
        overflow: Refusal | None = None

        async def limited_receive() -> Message:
            """Count the body as it arrives: a chunked body announces no length."""
            nonlocal received, overflow
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max_body_bytes:
                overflow = self._too_large()
                raise overflow
            return message

        async def guarded_send(message: Message) -> None:
            nonlocal started
            if overflow is not None and not started:
                return  # the framework's own words for a body that broke off
            if message["type"] == "http.response.start":
                started = True
                _add_headers(message, scope["path"])
            await send(message)

        try:
            self._check_http(scope)
            await self._app(scope, limited_receive, guarded_send)
            if overflow is not None and not started:
                await _answer(send, overflow)
        except Refusal as refusal:
            await _answer(send, refusal)
        except Exception:  # the edge of the server: logged once, answered without detail
            logger.exception("%s %s failed", scope["method"], scope["path"])
            if started:
                raise
            await _answer(send, Refusal(500, "The console failed here; its log says why."))

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            headers = Headers(scope=scope)
            self._check_host(headers)
            _check_origin(scope, headers)
        except Refusal as refusal:
            logger.warning("WebSocket %s refused: %s", scope["path"], refusal.sentence)
            await receive()  # the connect message; closing before it is a protocol error
            await send({"type": "websocket.close", "code": 1008, "reason": refusal.sentence[:120]})
            return
        await self._app(scope, receive, send)

    def _check_http(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        self._check_host(headers)
        if headers.get("sec-fetch-site") == "cross-site" and (
            headers.get("sec-fetch-mode") != "navigate"
        ):
            raise Refusal(403, "Another site's page may not read from this console.")
        if scope["method"] in SAFE_METHODS:
            return
        _check_origin(scope, headers)
        media_type = headers.get("content-type", "").split(";")[0].strip().lower()
        if media_type not in NO_FORMS_TYPES:
            raise Refusal(415, "A request that changes something has to be application/json.")
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()):
            raise Refusal(400, "The Content-Length header is not a number.")
        if len(length) > 15 or int(length) > self._max_body_bytes:
            raise self._too_large()

    def _check_host(self, headers: Headers) -> None:
        if host_name(headers.get("host", "")) not in self._hosts:
            raise Refusal(
                421, "This console does not answer under that name; use the address it printed."
            )

    def _too_large(self) -> Refusal:
        return Refusal(413, f"The request is larger than {self._max_body_bytes} bytes.")


def _check_origin(scope: Scope, headers: Headers) -> None:
    origin = headers.get("origin")
    scheme = "https" if scope["scheme"] in {"https", "wss"} else "http"
    if origin is not None and not same_origin(origin, scheme, headers.get("host", "")):
        raise Refusal(403, "Only the console's own pages may ask for this.")


def _add_headers(message: Message, path: str = "") -> None:
    headers = MutableHeaders(scope=message)
    hears = path in MICROPHONE_PAGES
    for name, value in (MICROPHONE_HEADERS if hears else SECURITY_HEADERS).items():
        headers[name] = value
    headers.setdefault("cache-control", "no-store")


async def _answer(send: Send, refusal: Refusal) -> None:
    body = json.dumps({"detail": refusal.sentence}).encode()
    start: Message = {
        "type": "http.response.start",
        "status": refusal.status,
        "headers": [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
        ],
    }
    _add_headers(start)
    await send(start)
    await send({"type": "http.response.body", "body": body})

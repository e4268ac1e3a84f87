"""The HTTP interface over channels: a message becomes a call of the application in process.

A person's device is known by its certificate. A browser whose edge has forwarded its request is
known by its cookie; which edge that was is known by the edge's certificate.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote

from starlette.types import ASGIApp, Message, Scope

from baluardo.authority.acts.invitations import PAGES
from baluardo.authority.context import Authority
from baluardo.authority.doors.door import CLIENT, EDGE, PREFIX, PRINCIPAL
from baluardo.authority.principal import Principal
from baluardo.console.security import host_name
from baluardo.errors import InvalidInputError
from baluardo.protocol.forwarding import ANSWER_HEADERS, LARGEST_BODY
from baluardo.protocol.messages import ApiAnswer, ApiRequest
from baluardo.trust.certificates.verification import Peer
from baluardo.trust.identity import Identity, Kind

ANSWER_SECONDS: Final = 30.0
"""A request that takes longer is given up; what it did by then stands."""
_BROWSERS_OWN: Final = frozenset({"cookie", "origin"})
"""Headers that mean something only where a browser sits at the other end."""

logger = logging.getLogger("baluardo.authority.channel")


class ApiOverChannel:
    """Answers requests of channels by the authority's own application."""

    def __init__(self, authority: Authority, app: ASGIApp) -> None:
        """Take the application that has every door below /api/authority."""
        self._authority = authority
        self._app = app

    async def answer(self, request: ApiRequest, peer: Peer) -> ApiAnswer:
        """Return the answer to one request of a peer; never raises for what the request holds."""
        identity = peer.identity
        refusal = self._refusal(request, identity)
        if refusal is not None:
            return refused(request.id, *refusal)
        gathered = _Gathered()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._app(
                    self._scope(request, peer), _Body(request.body).receive, gathered.send
                )
        except TimeoutError:
            return refused(request.id, 503, "This took too long. Look whether it was done.")
        except Exception:
            logger.exception("%s %s for %s failed.", request.method, request.path, identity)
            return refused(request.id, 500, "The authority failed here; its log says why.")
        return gathered.answer(request)

    def _refusal(self, request: ApiRequest, identity: Identity) -> tuple[int, str] | None:
        if not request.path.startswith(f"{PREFIX}/"):
            return 404, "There is nothing at this address."
        if identity.kind is Kind.PERSON:
            return None
        if identity.kind not in PAGES:
            return 403, f"{identity} has no pages, so it forwards no browser's requests."
        # A session is good at the host it was made at: no edge may speak for another one's pages.
        settings = self._authority.settings
        name = f"{identity.name}.{settings.domain}"
        if name in settings.page_hosts:
            return 421, f"{name} has the authority's own pages: no edge speaks for them."
        if host_name(request.host) != name:
            return 421, f"{identity} forwards requests to {name} alone."
        return None

    def _scope(self, request: ApiRequest, peer: Peer) -> Scope:
        identity = peer.identity
        person = identity.kind is Kind.PERSON
        origin = request.headers.get("origin", "")
        headers = [
            (name.encode(), value.encode())
            for name, value in request.headers.items()
            if not (person and name in _BROWSERS_OWN)
        ]
        host = self._host if person else request.host
        headers.append((b"host", host.encode()))
        headers.append((b"content-length", str(len(request.body)).encode()))
        scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": "http" if origin.startswith("http://") else "https",
            "path": unquote(request.path),
            "raw_path": request.path.encode(),
            "query_string": request.query.encode(),
            "root_path": "",
            "headers": headers,
            "client": (identity.path, 0),  # no address of a network: nobody is taken for local
            "server": (host_name(host), None),
            "state": {},
        }
        if person:
            scope[PRINCIPAL] = self._principal(peer)
        else:
            scope[EDGE], scope[CLIENT] = identity, request.client
        return scope

    def _principal(self, peer: Peer) -> Principal:
        person = peer.identity.name
        grant = self._authority.policy.grant_of(person)
        return Principal(person, grant, device=peer.identity, expires=peer.not_after)

    @property
    def _host(self) -> str:
        return self._authority.settings.page_hosts[0]


class _Body:
    """A body that is there as a whole."""

    def __init__(self, octets: bytes) -> None:
        self._octets: bytes | None = octets

    async def receive(self) -> Message:
        if self._octets is None:  # who waits for the client to go away waits until it is cancelled
            await asyncio.Event().wait()
        octets, self._octets = self._octets or b"", None
        return {"type": "http.request", "body": octets, "more_body": False}


class _Gathered:
    """An answer as it comes, no more of it than a message carries."""

    def __init__(self) -> None:
        self._status = 0
        self._headers: list[tuple[str, str]] = []
        self._body = bytearray()
        self._too_large = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = [
                (name.decode("latin-1").lower(), value.decode("latin-1"))
                for name, value in message.get("headers", ())
            ]
        elif message["type"] == "http.response.body" and not self._too_large:
            part = message.get("body", b"")
            self._too_large = len(self._body) + len(part) > LARGEST_BODY
            if not self._too_large:
                self._body += part

    def answer(self, request: ApiRequest) -> ApiAnswer:
        if 300 <= self._status < 400:
            return refused(request.id, 404, "There is nothing at this address.")
        try:
            if self._too_large:
                raise InvalidInputError(f"more than {LARGEST_BODY:,} octets")
            headers = _once(self._headers)
            return ApiAnswer(request.id, self._status, headers, bytes(self._body))
        except InvalidInputError as problem:
            logger.warning("The answer to %s %s is not carried: %s", *_named(request), problem)
            return refused(request.id, 502, "The authority's answer does not fit into a message.")


def refused(asked: int, status: int, sentence: str) -> ApiAnswer:
    """Return an answer that says why there is none."""
    body = json.dumps({"detail": sentence}).encode()
    return ApiAnswer(asked, status, {"content-type": "application/json"}, body)


def _once(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the headers that are carried; InvalidInputError for one that stands twice."""
    found: dict[str, str] = {}
    for name, value in headers:
        if name in ANSWER_HEADERS:
            if name in found:
                raise InvalidInputError(f"the header {name} stands twice")
            found[name] = value
    return found


def _named(request: ApiRequest) -> tuple[str, str]:
    return request.method, request.path

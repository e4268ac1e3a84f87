"""Who asks: the session behind a browser's cookie, found before any door is reached.

The cookie's name begins with `__Host-`: a browser takes it over a secure way alone, for this host
and all of its pages, and another name of the same domain cannot set it (RFC 6265bis section
4.1.3.2). A request over a channel of trust comes with its principal already found.
"""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from typing import Final

from fastapi import Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from baluardo.authority.acts.sessions import SEEN_SECONDS, Opened, Session, find_session, mark_seen
from baluardo.authority.context import Authority
from baluardo.authority.doors.door import PREFIX, PRINCIPAL, host_of
from baluardo.errors import InvalidInputError, StoreError
from baluardo.trust.one_time import digest_of

COOKIE: Final = "__Host-baluardo"
LONGEST_COOKIES: Final = 8_192
SIGHT: Final = ("/api/fleet", "/api/sky", "/api/paths")
"""Other parts', which ask here who may see which platform (`doors.fleet`)."""


class Who:
    """ASGI middleware: puts who asks into the scope, and takes cookies back that open nothing."""

    def __init__(self, app: ASGIApp, authority: Authority) -> None:
        """Stand in front of an application."""
        self._app, self._authority = app, authority

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] not in {"http", "websocket"} or PRINCIPAL in scope:
            await self._app(scope, receive, send)
            return
        scope[PRINCIPAL] = None
        token = _token(scope) if _concerns(scope["path"]) else ""
        if not token:
            await self._app(scope, receive, send)
            return
        try:
            session = await self._find(token, host_of(scope))
        except StoreError as problem:
            await JSONResponse({"detail": str(problem)}, 503)(scope, receive, send)
            return
        if session is None:
            await self._app(scope, receive, _taking_back(send))
            return
        scope[PRINCIPAL] = session.principal
        await self._app(scope, receive, send)

    async def _find(self, token: str, host: str) -> Session | None:
        authority = self._authority
        try:
            digest = digest_of(token)
        except InvalidInputError:
            return None
        now = authority.clock()
        found = await authority.store.read(
            lambda connection: find_session(connection, authority, digest, host, now)
        )
        if found is not None and now - found.seen >= SEEN_SECONDS:
            session_id = found.principal.session
            await authority.store.act(lambda transaction: mark_seen(transaction, session_id))
        return found


def give_cookie(response: Response, opened: Opened, now: float) -> None:
    """Let the browser keep a session's token, out of reach of scripts."""
    _set(response, opened.token.text(), max(0, int(opened.principal.expires - now)))


def take_cookie_back(response: Response) -> None:
    """Let the browser forget the token."""
    _set(response, "", 0)


def _set(response: Response, value: str, max_age: int) -> None:
    response.set_cookie(
        COOKIE, value, max_age=max_age, path="/", secure=True, httponly=True, samesite="strict"
    )


def _concerns(path: str) -> bool:
    """Tell whether who asks matters: pages and their files are the same for everybody."""
    return path.startswith((f"{PREFIX}/", "/metrics", *SIGHT))


def _token(scope: Scope) -> str:
    """Return the token in the cookie; empty where there is none, or more than one."""
    header = "; ".join(Headers(scope=scope).getlist("cookie"))
    if not 0 < len(header) <= LONGEST_COOKIES or header.count(f"{COOKIE}=") != 1:
        return ""
    try:
        found = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    return "" if found is None else found.value


def _taking_back(send: Send) -> Send:
    """Let a browser forget a token that opens nothing, unless the answer brings another."""

    async def taking_back(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            if not headers.getlist("set-cookie"):
                answer = Response()
                take_cookie_back(answer)
                headers.append("set-cookie", answer.headers["set-cookie"])
        await send(message)

    return taking_back

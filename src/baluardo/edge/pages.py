"""The pages of a site, and its browsers' requests forwarded to the authority.

A browser's cookie says who asks; it is the authority that knows, the edge passes it on and keeps
nothing of it. Without an authority the pages are there all the same, and say so.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import JSONResponse, Response

from baluardo.console.app import STATIC, create_console
from baluardo.console.authority_pages import SITE_PAGES
from baluardo.console.client_address import plain_address
from baluardo.console.part import ConsolePage, ConsolePart, Level, StatusItem
from baluardo.console.warnings_in_force import WarningInForce
from baluardo.edge.calls.door import call_router
from baluardo.edge.calls.evidence_door import evidence_router
from baluardo.edge.calls.record_pages import RECORDS_PAGE, calls_status, records_router
from baluardo.edge.calls.service import CallService
from baluardo.edge.calls.through_tunnels import ThroughTunnels
from baluardo.edge.link import Link
from baluardo.edge.log_copy.keeper import LogKeeper
from baluardo.edge.page_copy.door import page_copy_router
from baluardo.edge.state import EdgeState
from baluardo.edge.tunnels.service import TunnelService
from baluardo.edge.tunnels.status import network_router, network_status
from baluardo.errors import ChannelError, InvalidInputError
from baluardo.protocol.forwarding import METHODS, REQUEST_HEADERS
from baluardo.protocol.messages import ApiAnswer, ApiRequest, NoticeLevel

NETWORK_PAGE: Final = ConsolePage(
    "/network", "site-network.html", {"it": "Rete cifrata", "en": "Encrypted network"}
)
PHONE_PAGE: Final = ConsolePage("/phone", "phone.html", {"it": "Telefono", "en": "Telephone"})
_LEVELS: Final[dict[NoticeLevel, Level]] = {
    NoticeLevel.INFORMATION: "ok",
    NoticeLevel.WARNING: "notice",
    NoticeLevel.ALARM: "warning",
}


def edge_pages(
    state: EdgeState,
    link: Link,
    static: Path = STATIC,
    tunnels: TunnelService | None = None,
    calls: CallService | None = None,
    neighbours: ThroughTunnels | None = None,
    log: LogKeeper | None = None,
    beneath: Sequence[ConsolePart] = (),
) -> FastAPI:
    """Return the application of a site; link, tunnels and calls run for as long as it does.

    beneath: what calls need while they run.
    """

    @asynccontextmanager
    async def running() -> AsyncIterator[None]:
        link.start()
        if tunnels is not None:
            tunnels.start()
        try:
            yield
        finally:
            if tunnels is not None:
                await tunnels.close()
            await link.close()

    async def status() -> list[StatusItem]:
        network = [] if tunnels is None else network_status(tunnels)
        return [_standing(link), *_alarms(state), *_notices(link), *network]

    async def warnings() -> list[WarningInForce]:
        held = state.warnings.holding()
        return [WarningInForce.of(each.channel, each.alert, each.until) for each in held]

    part = ConsolePart(
        name="edge",
        router=_forwarding(link),
        pages=SITE_PAGES,
        status=status,
        warnings=warnings,
        lifespan=running,
    )
    parts = [part, *beneath]
    if tunnels is not None:
        router = network_router(tunnels)
        parts.append(ConsolePart(name="tunnels", router=router, pages=(NETWORK_PAGE,)))
    if calls is not None:
        parts.append(
            ConsolePart(
                name="calls",
                router=call_router(calls),
                pages=(PHONE_PAGE,),
                lifespan=calls.running,
            )
        )
        copied = page_copy_router(state.directory, static)
        parts.append(ConsolePart(name="page copy", router=copied))
        parts.append(_records(calls))
    if neighbours is not None:
        parts.append(ConsolePart(name="neighbours", lifespan=neighbours.running))
    if log is not None:
        router = evidence_router(state, log)
        parts.append(ConsolePart(name="log", router=router, lifespan=log.running))
    return create_console(parts, (state.whereabouts.host,), static)


def _records(calls: CallService) -> ConsolePart:
    async def status() -> list[StatusItem]:
        return calls_status(calls)

    return ConsolePart(
        name="call records", router=records_router(calls), pages=(RECORDS_PAGE,), status=status
    )


def _forwarding(link: Link) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.api_route("/api/authority/{path:path}", methods=[*METHODS, "HEAD"])
    async def forward(request: Request, path: str) -> Response:  # noqa: ARG001  # as it was sent
        body = await request.body()
        method = "GET" if request.method == "HEAD" else request.method

        def asked(number: int) -> ApiRequest:
            return _asked(request, method, body, number)

        asked(0)  # what cannot be asked is refused, whether there is an authority or not
        try:
            answer = await link.request(asked)
        except ChannelError as problem:
            return JSONResponse({"detail": str(problem)}, 503)
        return _answer(answer)

    return router


def _asked(request: Request, method: str, body: bytes, number: int) -> ApiRequest:
    """Return a browser's request as it is forwarded; InvalidInputError if it is none for that."""
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        if name in REQUEST_HEADERS:
            if name in headers:
                raise InvalidInputError(f"The header {name} stands twice in the request: refused.")
            headers[name] = value
    return ApiRequest(
        number,
        method,
        request.scope["raw_path"].decode("latin-1").partition("?")[0],
        request.scope["query_string"].decode("latin-1"),
        headers,
        body,
        request.headers.get("host", "").lower(),
        plain_address("" if request.client is None else request.client.host),
    )


def _answer(answer: ApiAnswer) -> Response:
    return Response(answer.body, answer.status, dict(answer.headers))


def _standing(link: Link) -> StatusItem:
    if link.connected:
        return StatusItem(
            "edge-link",
            "ok",
            {
                "it": f"Autorità raggiunta: {link.address}",
                "en": f"Authority reached: {link.address}",
            },
        )
    return StatusItem(
        "edge-link",
        "warning",
        {
            "it": "Nessuna autorità raggiungibile: il sito lavora da solo.",
            "en": "No authority can be reached: the site works by itself.",
        },
    )


def _alarms(state: EdgeState) -> list[StatusItem]:
    return [
        StatusItem(f"alarm-{about}", "warning", sentence.by_language())
        for about, sentence in state.alarms.raised.items()
    ]


def _notices(link: Link) -> list[StatusItem]:
    return [
        StatusItem(f"notice-{place}", _LEVELS[notice.level], notice.text.by_language())
        for place, notice in enumerate(link.notices)
    ]

"""Behind a proxy: its word on who asks and over what, and nothing else."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

from baluardo.console.client_address import is_loopback, plain_address
from baluardo.console.proxy import BehindProxy


async def who(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with what the request is taken for."""
    request = Request(scope)
    told = {"client": request.client and request.client.host, "scheme": request.url.scheme}
    await JSONResponse(told)(scope, receive, send)


def ask(*headers: tuple[str, str]) -> httpx.Response:
    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(BehindProxy(who), client=("127.0.0.1", 5))
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            return await client.get("/", headers=list(headers))

    return asyncio.run(asked())


FOR, PROTO = "x-forwarded-for", "x-forwarded-proto"


@pytest.mark.parametrize(
    ("hops", "client"),
    [
        (["198.51.100.7"], "198.51.100.7"),
        (["127.0.0.1, 198.51.100.7"], "198.51.100.7"),
        (["127.0.0.1", "198.51.100.7"], "198.51.100.7"),
        (["2001:db8::7"], "2001:db8::7"),
        (["fe80::1%eth0"], "fe80::1"),
    ],
)
def test_the_last_hop_is_who_asks(hops: list[str], client: str) -> None:
    answer = ask(*((FOR, each) for each in hops), (PROTO, "https"))
    assert answer.json() == {"client": client, "scheme": "https"}


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(FOR, "198.51.100.7")],
        [(PROTO, "https")],
        [(FOR, ""), (PROTO, "https")],
        [(FOR, "198.51.100.7,"), (PROTO, "https")],
        [(FOR, "unknown"), (PROTO, "https")],
        [(FOR, "198.51.100.7"), (PROTO, "ftp")],
        [(FOR, "198.51.100.7"), (PROTO, "https"), (PROTO, "http")],
        [(FOR, "198.51.100.7"), (PROTO, "http, https")],
    ],
)
def test_what_has_not_come_through_the_proxy_is_refused(headers: list[tuple[str, str]]) -> None:
    answer = ask(*headers)
    assert answer.status_code == 400
    assert "behind a proxy" in answer.json()["detail"]


def test_a_stream_that_has_not_come_through_it_is_refused() -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(dict(message))

    scope: dict[str, Any] = {"type": "websocket", "headers": [], "path": "/"}
    asyncio.run(BehindProxy(who)(scope, receive, send))
    assert [each["type"] for each in sent] == ["websocket.close"]


@given(st.text(max_size=60))
def test_any_text_is_an_address_in_its_one_form_or_none(text: str) -> None:
    found = plain_address(text)
    assert plain_address(found) == found
    assert not is_loopback(text) or is_loopback(found)
